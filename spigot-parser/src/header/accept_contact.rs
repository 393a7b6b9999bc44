//! The Accept-Contact and Reject-Contact headers, which select among the callee's contacts (RFC 3841 §9.2).

use super::feature::feature_accessors;
use super::parametrized::{Parametrized, check_flag, param_accessors};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::params::{self, ParamSpan};
use crate::{HeaderName, ParseError};

macro_rules! preferences {
    ($($(#[$doc:meta])* $type:ident, $name:ident, $check:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type {
            text: Parametrized,
        }

        impl $type {
            /// Creates the value `*`, to which features are added.
            pub fn new() -> Self {
                $type { text: Parametrized::bare("*") }
            }
        }

        impl Default for $type {
            fn default() -> Self {
                Self::new()
            }
        }

        param_accessors!($type);
        feature_accessors!($type);

        impl TypedHeader for $type {
            const NAME: HeaderName = HeaderName::$name;
            const SHAPE: Shape = Shape::List;

            fn parse(value: Field<'_>) -> Result<Self, ParseError> {
                let text = value.as_str();
                if !text.starts_with('*') {
                    return fault(0, "`*`");
                }
                let text = Parametrized::scan(value, 1, |param| $check(text, param))?;
                Ok($type { text })
            }

            fn write(&self, out: &mut String) {
                out.push_str(self.text.as_str());
            }
        }

        /// Compares the parameters in any order.
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                params::agree(self.params(), other.params(), |_| true)
            }
        }

        text_traits!($type);
    )*};
}

preferences! {
    /// An Accept-Contact header: features that the caller wants a contact to have.
    ///
    /// [RFC 3841 §9.2](https://www.rfc-editor.org/rfc/rfc3841#section-9.2), with the grammar of §10:
    ///
    /// ```text
    /// Accept-Contact = ("Accept-Contact" / "a") HCOLON ac-value *(COMMA ac-value)
    /// ac-value       = "*" *(SEMI ac-params)
    /// ac-params      = feature-param / req-param / explicit-param / generic-param
    /// req-param      = "require"
    /// explicit-param = "explicit"
    /// ```
    ///
    /// > Despite the BNF, there MUST NOT be more than one req-param or explicit-param in an ac-params.
    /// > Furthermore, there can only be one instance of any feature tag in feature-param.
    ///
    /// ```
    /// use spigot_parser::header::AcceptContact;
    ///
    /// let accept: AcceptContact = "*;audio;mobility=\"mobile\";require".parse()?;
    /// assert!(accept.is_required() && !accept.is_explicit() && accept.feature("audio").is_some());
    ///
    /// let accept = AcceptContact::new().with_feature_text("+sip.instance", "urn:uuid:0")?.explicit()?;
    /// assert_eq!(accept.to_string(), "*;+sip.instance=\"<urn:uuid:0>\";explicit");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    AcceptContact, ACCEPT_CONTACT, check_flags;

    /// A Reject-Contact header: features that the caller does not want a contact to have.
    ///
    /// A contact that has all of them is not tried.
    ///
    /// [RFC 3841 §9.2](https://www.rfc-editor.org/rfc/rfc3841#section-9.2), with the grammar of §10:
    ///
    /// ```text
    /// Reject-Contact = ("Reject-Contact" / "j") HCOLON rc-value *(COMMA rc-value)
    /// rc-value       = "*" *(SEMI rc-params)
    /// rc-params      = feature-param / generic-param
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::{FeatureValue, RejectContact};
    ///
    /// let reject: RejectContact = "*;actor=\"msg-taker\";video".parse()?;
    /// assert_eq!(reject.features().count(), 2);
    ///
    /// let reject = RejectContact::new().with_feature_values("actor", [FeatureValue::Token("msg-taker").into()])?;
    /// assert_eq!(reject.to_string(), "*;actor=\"msg-taker\"");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    RejectContact, REJECT_CONTACT, accept_any;
}

impl AcceptContact {
    /// Reports whether contacts without the features are not tried at all (`require`).
    pub fn is_required(&self) -> bool {
        self.params().contains("require")
    }

    /// Reports whether a contact has to declare the features (`explicit`).
    ///
    /// If so, a contact that says nothing about a feature counts as lacking it.
    pub fn is_explicit(&self) -> bool {
        self.params().contains("explicit")
    }

    /// Adds `require`: contacts without the features are not tried.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    pub fn required(self) -> Result<Self, ParseError> {
        self.with_param("require", None)
    }

    /// Adds `explicit`: a contact that says nothing about a feature counts as lacking it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    pub fn explicit(self) -> Result<Self, ParseError> {
        self.with_param("explicit", None)
    }
}

fn check_flags(text: &str, param: ParamSpan) -> Result<(), ParseError> {
    let name = param.name(text);
    match name.eq_ignore_ascii_case("require") || name.eq_ignore_ascii_case("explicit") {
        true => check_flag(param),
        false => Ok(()),
    }
}

fn accept_any(_: &str, _: ParamSpan) -> Result<(), ParseError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::header::{FeatureValue, testing};
    use proptest::prelude::*;

    #[test]
    fn values_are_a_list_and_so_are_features() {
        let request = Request::parse(
            "INVITE sip:a.example SIP/2.0\r\na: *;audio;require, *;methods=\"INVITE,BYE\";x\r\nAccept-Contact: *\r\n\r\n",
        )
        .unwrap();
        let all: Result<Vec<AcceptContact>, _> = request.headers().all().collect();
        let all = all.unwrap();
        assert_eq!(all.len(), 3);
        assert!(all[0].is_required() && !all[1].is_required());
        assert_eq!(all[1].feature("Methods").unwrap().values().count(), 2);
        assert_eq!(all[1].features().count(), 1, "x is no feature");
        assert_eq!(all[2], AcceptContact::default());
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("audio", 0),
            ("<sip:a@b>;audio", 0),
            ("*audio", 1),
            ("*;", 2),
            ("* ;require;Require", 11),
            ("*;require=yes", 10),
            ("*;explicit=\"TRUE\"", 11),
            ("*;audio;audio", 8),
            ("*,*", 1),
            ("*;a=\"", 4),
            ("*;audio\r\n", 7),
        ] {
            let error = text.parse::<AcceptContact>().unwrap_err();
            assert_eq!(error.offset(), offset, "{text:?}: {error}");
        }
        assert!("*;require=yes".parse::<RejectContact>().is_ok());
        for (text, offset) in [("", 0), ("**", 1), ("*;video;VIDEO", 8)] {
            assert_eq!(
                text.parse::<RejectContact>().unwrap_err().offset(),
                offset,
                "{text:?}"
            );
        }
    }

    #[test]
    fn order_does_not_count() {
        let accept = |text: &str| text.parse::<AcceptContact>().unwrap();
        assert_eq!(accept("*;audio;require"), accept("* ; Require;AUDIO"));
        assert_ne!(accept("*;audio;require"), accept("*;audio"));
        assert_ne!(accept("*;actor=\"a\""), accept("*;actor=\"b\""));
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let (accept, reject) = (AcceptContact::new(), RejectContact::new());
        for evil in testing::EVIL {
            assert!(accept.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
            assert!(accept.clone().with_feature(evil).is_err(), "{evil:?}");
            assert!(accept.clone().with_feature_text(evil, "a").is_err(), "{evil:?}");
            assert!(
                accept
                    .clone()
                    .with_feature_values(evil, [FeatureValue::Boolean(true).into()])
                    .is_err(),
                "{evil:?}"
            );
            assert!(
                accept
                    .clone()
                    .with_feature_values("actor", [FeatureValue::Token(evil).into()])
                    .is_err(),
                "{evil:?}"
            );
            assert!(reject.clone().with_feature(evil).is_err(), "{evil:?}");
            assert!(reject.clone().with_param(evil, None).is_err(), "{evil:?}");
        }
        for evil in ["a\r\nVia: b", "a\n", "\0"] {
            assert!(accept.clone().with_feature_text("+a", evil).is_err(), "{evil:?}");
        }
        assert!(
            accept.clone().with_feature("require").is_err()
                && accept.with_param("require", Some("1")).is_err()
        );
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            name in "\\+[a-z][a-z0-9!'.%-]{0,8}", text in testing::line(), number: i32, value in testing::param_value()
        ) {
            let values = [FeatureValue::AtMost(number.into()).into(), (FeatureValue::Boolean(false), false).into()];
            let accept = AcceptContact::new().with_feature_text(&name, &text).unwrap();
            prop_assert_eq!(accept.feature(&name).unwrap().text().unwrap(), text.as_str());
            let accept = accept.with_feature_values("class", values).unwrap().with_feature("audio").unwrap();
            prop_assert!(accept.feature("class").unwrap().values().eq(values));
            let accept = accept.required().unwrap().explicit().unwrap().with_param("x", value.as_deref()).unwrap();
            prop_assert!(accept.is_required() && accept.is_explicit());
            testing::assert_round_trip(&accept);
            testing::assert_round_trip(&accept.without_param("require").unwrap());
            let reject = RejectContact::new().with_feature(&name).unwrap().with_feature_text("description", &text).unwrap();
            testing::assert_round_trip(&reject);
            testing::assert_round_trip(&reject.with_feature_values("events", values).unwrap().with_param("x", value.as_deref()).unwrap());
            testing::assert_round_trip(&RejectContact::default());
        }
    }
}
