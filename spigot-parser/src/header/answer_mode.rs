//! The Answer-Mode and Priv-Answer-Mode headers, which ask for a call to be answered automatically or by the
//! user (RFC 5373 §2).

use super::parametrized::{Parametrized, check_flag, param_accessors};
use super::{Field, Shape, TypedHeader, text_traits};
use crate::grammar::{is_token, prefix, token};
use crate::{ErrorKind, HeaderName, ParseError, params};

const EXPECTED: &str = "an answer mode, which is a token";

macro_rules! answer_modes {
    ($($(#[$doc:meta])* $type:ident, $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type {
            text: Parametrized,
        }

        impl $type {
            /// Creates the mode `Auto`: the call is answered without waiting for the user.
            pub fn auto() -> Self {
                $type { text: Parametrized::bare("Auto") }
            }

            /// Creates the mode `Manual`: the call is answered when the user does so.
            pub fn manual() -> Self {
                $type { text: Parametrized::bare("Manual") }
            }

            /// Creates a header with the mode `mode`.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Token`] if it is no token.
            pub fn new(mode: &str) -> Result<Self, ParseError> {
                match is_token(mode) {
                    true => Ok($type { text: Parametrized::bare(mode) }),
                    false => Err(ParseError::new(ErrorKind::Token, 0, EXPECTED)),
                }
            }

            /// Returns the mode as written.
            ///
            /// A mode other than `Auto` and `Manual` is to be ignored (RFC 5373 §2).
            pub fn mode(&self) -> &str {
                self.text.value()
            }

            /// Reports whether the mode is `Auto`: answer without waiting for the user.
            pub fn is_auto(&self) -> bool {
                self.mode().eq_ignore_ascii_case("Auto")
            }

            /// Reports whether the mode is `Manual`: answer when the user does so.
            pub fn is_manual(&self) -> bool {
                self.mode().eq_ignore_ascii_case("Manual")
            }

            /// Reports whether the call is to be rejected if it cannot be answered in this mode (`require`).
            pub fn is_required(&self) -> bool {
                self.params().contains("require")
            }

            /// Adds `require`: the call is to be rejected if it cannot be answered in this mode.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::TooManyParams`].
            pub fn required(self) -> Result<Self, ParseError> {
                self.with_param("require", None)
            }
        }

        param_accessors!($type);

        impl TypedHeader for $type {
            const NAME: HeaderName = HeaderName::$name;
            const SHAPE: Shape = Shape::Single;

            fn parse(value: Field<'_>) -> Result<Self, ParseError> {
                let text = value.as_str();
                let (_, end) = prefix(text, token(EXPECTED))?;
                let text = Parametrized::scan(value, end, |param| {
                    match param.name(text).eq_ignore_ascii_case("require") {
                        true => check_flag(param),
                        false => Ok(()),
                    }
                })?;
                Ok($type { text })
            }

            fn write(&self, out: &mut String) {
                out.push_str(self.text.as_str());
            }
        }

        /// Compares the mode without case, and all parameters.
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.mode().eq_ignore_ascii_case(other.mode())
                    && params::agree(self.params(), other.params(), |_| true)
            }
        }

        text_traits!($type);
    )*};
}

answer_modes! {
    /// An Answer-Mode header: how the caller would like the call to be answered.
    ///
    /// [RFC 5373 §2](https://www.rfc-editor.org/rfc/rfc5373#section-2):
    ///
    /// ```text
    /// Answer-Mode       = "Answer-Mode" HCOLON answer-mode-value *(SEMI answer-mode-param)
    /// answer-mode-value = "Manual" / "Auto" / token
    /// answer-mode-param = "require" / generic-param
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::AnswerMode;
    ///
    /// let mode: AnswerMode = "Auto;require".parse()?;
    /// assert!(mode.is_auto() && mode.is_required());
    /// assert_eq!(AnswerMode::manual().required()?.to_string(), "Manual;require");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    AnswerMode, ANSWER_MODE;

    /// A Priv-Answer-Mode header: how a privileged caller wants the call to be answered, whatever the callee
    /// has set.
    ///
    /// It needs a stricter authorization than [`AnswerMode`] (RFC 5373 §4.1).
    ///
    /// [RFC 5373 §2](https://www.rfc-editor.org/rfc/rfc5373#section-2):
    ///
    /// ```text
    /// Priv-Answer-Mode = "Priv-Answer-Mode" HCOLON answer-mode-value *(SEMI answer-mode-param)
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::PrivAnswerMode;
    ///
    /// assert!("auto".parse::<PrivAnswerMode>()?.is_auto());
    /// assert_eq!(PrivAnswerMode::auto().to_string(), "Auto");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    PrivAnswerMode, PRIV_ANSWER_MODE;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn modes_have_no_case() {
        let mode = |text: &str| text.parse::<AnswerMode>().unwrap();
        assert_eq!(mode("AUTO ; Require"), AnswerMode::auto().required().unwrap());
        assert!(mode("manual").is_manual() && !mode("manual").is_required());
        assert!(!mode("later").is_auto() && !mode("later").is_manual());
        assert_ne!(mode("Auto"), mode("Auto;require"));
        assert_ne!(mode("Auto"), mode("Manual"));
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            (";require", 0),
            ("Auto require", 5),
            ("Auto;", 5),
            ("Auto,Manual", 4),
            ("Auto;require=yes", 13),
            ("Auto;require;require", 13),
            ("\"Auto\"", 0),
            ("Auto\r\n", 4),
        ] {
            let errors = (
                text.parse::<AnswerMode>().unwrap_err().offset(),
                text.parse::<PrivAnswerMode>().unwrap_err().offset(),
            );
            assert_eq!(errors, (offset, offset), "{text:?}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        for evil in testing::EVIL {
            assert!(
                AnswerMode::new(evil).is_err() && PrivAnswerMode::new(evil).is_err(),
                "{evil:?}"
            );
            assert!(
                AnswerMode::auto().with_param("x", Some(evil)).is_err(),
                "{evil:?}"
            );
            assert!(PrivAnswerMode::auto().with_param(evil, None).is_err(), "{evil:?}");
        }
        assert!(
            AnswerMode::new("a;b").is_err() && AnswerMode::auto().with_param("require", Some("1")).is_err()
        );
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(name in testing::token(), value in testing::param_value()) {
            for mode in [AnswerMode::auto(), AnswerMode::manual(), AnswerMode::new(&name).unwrap()] {
                testing::assert_round_trip(&mode);
                let mode = mode.required().unwrap().with_param("x", value.as_deref()).unwrap();
                prop_assert!(mode.is_required());
                testing::assert_round_trip(&mode);
                testing::assert_round_trip(&mode.without_param("require").unwrap());
            }
            for mode in [PrivAnswerMode::auto(), PrivAnswerMode::manual(), PrivAnswerMode::new(&name).unwrap()] {
                testing::assert_round_trip(&mode.required().unwrap().with_param("x", value.as_deref()).unwrap());
            }
        }
    }
}
