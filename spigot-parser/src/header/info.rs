//! The Alert-Info, Call-Info and Error-Info headers, which are URIs with more about a call (RFC 3261 §20.4,
//! §20.9, §20.18).
//!
//! Each is `<absoluteURI>` with parameters. A URI without brackets is accepted, too: it ends before the first
//! `;` or blank and has no comma. A value that is no URI, such as the name of a ring tone, is an error;
//! `Headers::get` returns its text.

use super::parametrized::{Parametrized, check_token, param_accessors};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::params::{self, ParamSpan};
use crate::{HeaderName, ParseError, Uri};

macro_rules! infos {
    ($($(#[$doc:meta])* $type:ident, $name:ident, $check:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type {
            text: Parametrized,
            uri: Uri,
        }

        impl $type {
            /// Creates a header of `<uri>`, without parameters.
            pub fn new(uri: Uri) -> Self {
                $type { text: Parametrized::bare(format!("<{uri}>")), uri }
            }

            /// Returns the URI.
            pub fn uri(&self) -> &Uri {
                &self.uri
            }
        }

        param_accessors!($type);

        impl TypedHeader for $type {
            const NAME: HeaderName = HeaderName::$name;
            const SHAPE: Shape = Shape::List;

            fn parse(value: Field<'_>) -> Result<Self, ParseError> {
                let (uri, end) = uri(value)?;
                let text = Parametrized::scan(value, end, |param| $check(value.as_str(), param))?;
                Ok($type { text, uri })
            }

            fn write(&self, out: &mut String) {
                out.push_str(self.text.as_str());
            }
        }

        /// Compares the URI and the parameters, whether or not there are brackets.
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.uri == other.uri && params::agree(self.params(), other.params(), |_| true)
            }
        }

        impl std::convert::From<Uri> for $type {
            fn from(uri: Uri) -> Self {
                Self::new(uri)
            }
        }

        text_traits!($type);
    )*};
}

infos! {
    /// An Alert-Info header: another ring tone for the callee, or another ringback tone for the caller.
    ///
    /// [RFC 3261 §20.4](https://www.rfc-editor.org/rfc/rfc3261#section-20.4), with the grammar of §25.1:
    ///
    /// ```text
    /// Alert-Info  = "Alert-Info" HCOLON alert-param *(COMMA alert-param)
    /// alert-param = LAQUOT absoluteURI RAQUOT *( SEMI generic-param )
    /// ```
    ///
    /// The user should be able to disable it, and it should be used only if it comes from a trusted element.
    ///
    /// ```
    /// use spigot_parser::header::AlertInfo;
    ///
    /// let alert: AlertInfo = "<http://www.example.com/sounds/moo.wav>;appearance=1".parse()?;
    /// assert_eq!((alert.uri().scheme(), alert.param("appearance")), ("http", Some(Some("1"))));
    /// assert_eq!(AlertInfo::new("urn:alert:service:call-waiting".parse()?).to_string(), "<urn:alert:service:call-waiting>");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    AlertInfo, ALERT_INFO, accept_any;

    /// A Call-Info header: more about the caller, in a request, or about the callee, in a response.
    ///
    /// [RFC 3261 §20.9](https://www.rfc-editor.org/rfc/rfc3261#section-20.9), with the grammar of §25.1:
    ///
    /// ```text
    /// Call-Info  = "Call-Info" HCOLON info *(COMMA info)
    /// info       = LAQUOT absoluteURI RAQUOT *( SEMI info-param)
    /// info-param = ( "purpose" EQUAL ( "icon" / "info" / "card" / token ) ) / generic-param
    /// ```
    ///
    /// It should be shown only if it comes from an authenticated and trusted element.
    ///
    /// ```
    /// use spigot_parser::header::CallInfo;
    ///
    /// let info: CallInfo = "<http://www.example.com/alice/photo.jpg> ;purpose=icon".parse()?;
    /// assert_eq!((info.uri().scheme(), info.purpose()), ("http", Some(CallInfo::ICON)));
    ///
    /// let info = CallInfo::new("http://www.example.com/alice/".parse()?).with_purpose(CallInfo::INFO)?;
    /// assert_eq!(info.to_string(), "<http://www.example.com/alice/>;purpose=info");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    CallInfo, CALL_INFO, check_purpose;

    /// An Error-Info header: more about why a request failed, such as a page to show or a SIP URI of an
    /// announcement.
    ///
    /// [RFC 3261 §20.18](https://www.rfc-editor.org/rfc/rfc3261#section-20.18), with the grammar of §25.1:
    ///
    /// ```text
    /// Error-Info = "Error-Info" HCOLON error-uri *(COMMA error-uri)
    /// error-uri  = LAQUOT absoluteURI RAQUOT *( SEMI generic-param )
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::ErrorInfo;
    ///
    /// let error: ErrorInfo = "<sip:not-in-service-recording@atlanta.example>".parse()?;
    /// assert_eq!(error.uri().user(), Some("not-in-service-recording"));
    /// assert_eq!(ErrorInfo::new("https://example.com/why".parse()?).to_string(), "<https://example.com/why>");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ErrorInfo, ERROR_INFO, accept_any;
}

impl CallInfo {
    /// The purpose of an image of the caller or the callee.
    pub const ICON: &'static str = "icon";
    /// The purpose of a description, such as a web page.
    pub const INFO: &'static str = "info";
    /// The purpose of a business card, such as a vCard.
    pub const CARD: &'static str = "card";

    /// Returns the purpose of the URI: one of the constants of this type, or another token.
    ///
    /// Compare it without case.
    pub fn purpose(&self) -> Option<&str> {
        self.param("purpose").flatten()
    }

    /// Reports whether the purpose of the URI is `purpose`, compared without case.
    pub fn is_for(&self, purpose: &str) -> bool {
        self.purpose().is_some_and(|it| it.eq_ignore_ascii_case(purpose))
    }

    /// Sets the purpose.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `purpose` is no token,
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    pub fn with_purpose(self, purpose: &str) -> Result<Self, ParseError> {
        self.with_param("purpose", Some(purpose))
    }
}

fn accept_any(_: &str, _: ParamSpan) -> Result<(), ParseError> {
    Ok(())
}

fn check_purpose(text: &str, param: ParamSpan) -> Result<(), ParseError> {
    match param.name(text).eq_ignore_ascii_case("purpose") {
        true => check_token(param, "a purpose, which is a token"),
        false => Ok(()),
    }
}

/// Parses the URI at the beginning of a value, and returns the offset after it, brackets included.
fn uri(field: Field<'_>) -> Result<(Uri, usize), ParseError> {
    let text = field.as_str();
    let (start, end, after) = match text.strip_prefix('<') {
        Some(rest) => match rest.find('>') {
            Some(length) => (1, 1 + length, 2 + length),
            None => return fault(text.len(), "`>` after the URI"),
        },
        None => match text.find([';', ' ', '\t', ',']) {
            Some(end) if text[end..].starts_with(',') => {
                return fault(end, "`<` and `>` around a URI that holds `,`");
            }
            end => {
                let end = end.unwrap_or(text.len());
                (0, end, end)
            }
        },
    };
    let uri = Uri::parse(field.narrow(&text[start..end])).map_err(|error| error.shifted(start))?;
    Ok((uri, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use crate::{ErrorKind, Request};
    use proptest::prelude::*;

    #[test]
    fn a_list_of_uris() {
        let request = Request::parse(
            "INVITE sip:a.example SIP/2.0\r\nCall-Info: <http://a.example/x,y;z> ;purpose=icon,\r\n <http://a.example/> ;Purpose=Info\r\n\r\n",
        )
        .unwrap();
        let infos: Result<Vec<CallInfo>, _> = request.headers().all().collect();
        let infos = infos.unwrap();
        assert_eq!(infos[0].uri().as_str(), "http://a.example/x,y;z");
        assert!(infos[0].is_for("ICON") && infos[1].is_for(CallInfo::INFO) && !infos[1].is_for("card"));
        assert_eq!(infos.len(), 2);
    }

    #[test]
    fn brackets_may_be_missing() {
        let bare: AlertInfo = "http://a.example/?b=c ; info=alert-external".parse().unwrap();
        assert_eq!(bare.uri().as_str(), "http://a.example/?b=c");
        assert_eq!(
            bare,
            "<http://a.example/?b=c>;INFO=alert-external".parse().unwrap()
        );
        assert_eq!(
            bare.with_param("x", None).unwrap().to_string(),
            "http://a.example/?b=c;info=alert-external;x"
        );
        assert_ne!("sip:a;x".parse::<ErrorInfo>(), "<sip:a;x>".parse());
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("Bellcore-dr1", 12),
            (";info=x", 0),
            ("<http://a", 9),
            ("<>", 1),
            ("<Bellcore-dr1>", 13),
            ("<http://a b>", 9),
            ("\"x\" <http://a>", 0),
            ("http://a,b", 8),
            ("http://a b", 9),
            ("<http://a>x", 10),
            ("<http://a>;", 11),
            ("<http://a>;purpose", 18),
            ("<http://a>;purpose=\"icon\"", 19),
            ("<http://a>;purpose=icon;Purpose=x", 24),
            ("<http://a>\r\n", 10),
        ] {
            let error = text.parse::<CallInfo>().unwrap_err();
            assert_eq!(error.offset(), offset, "{text:?}: {error}");
        }
        assert!("<http://a>;purpose".parse::<ErrorInfo>().is_ok());
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let info = CallInfo::new("http://a.example".parse().unwrap());
        for evil in testing::EVIL {
            assert!(info.clone().with_purpose(evil).is_err(), "{evil:?}");
            assert!(info.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
            assert!(info.clone().with_param(evil, None).is_err(), "{evil:?}");
        }
        let error = info.with_purpose("a b").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value);
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            uri in testing::uri(), purpose in testing::token(), value in testing::param_value()
        ) {
            let info = CallInfo::new(uri.clone()).with_purpose(&purpose).unwrap();
            prop_assert_eq!((info.uri(), info.purpose()), (&uri, Some(purpose.as_str())));
            let info = info.with_param("x", value.as_deref()).unwrap();
            testing::assert_round_trip(&info);
            testing::assert_round_trip(&info.without_param("purpose").unwrap());
            testing::assert_round_trip(&AlertInfo::new(uri.clone()).with_param("x", value.as_deref()).unwrap());
            testing::assert_round_trip(&ErrorInfo::new(uri).with_param("x", value.as_deref()).unwrap());
        }

        #[test]
        fn what_comes_without_brackets_parses_to_itself(uri in "(https?|sip):[a-z./?=]{1,12}", param in "(;[a-z]{1,4}){0,1}") {
            if let Ok(info) = format!("{uri}{param}").parse::<AlertInfo>() {
                testing::assert_round_trip(&info);
                testing::assert_round_trip(&info.with_param("y", Some("z")).unwrap());
            }
        }
    }
}
