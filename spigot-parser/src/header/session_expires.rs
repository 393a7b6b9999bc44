//! The Session-Expires and Min-SE headers, which limit a session without refreshes (RFC 4028 §4, §5).

use super::parametrized::{Parametrized, param_accessors};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{decimal, number, prefix};
use crate::params::{self, ParamSpan};
use crate::{HeaderName, ParseError};

/// The smallest Min-SE, in seconds.
const LEAST: u32 = 90;

/// The side of a transaction that refreshes the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refresher {
    /// The client, which sent the request.
    Uac,
    /// The server, which answered the request.
    Uas,
}

impl Refresher {
    /// Returns the value of the `refresher` parameter.
    pub fn as_str(self) -> &'static str {
        match self {
            Refresher::Uac => "uac",
            Refresher::Uas => "uas",
        }
    }

    fn parse(text: &str) -> Option<Refresher> {
        [Refresher::Uac, Refresher::Uas]
            .into_iter()
            .find(|refresher| refresher.as_str().eq_ignore_ascii_case(text))
    }
}

macro_rules! intervals {
    ($($(#[$doc:meta])* $type:ident, $name:ident, $check:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type {
            text: Parametrized,
        }

        impl $type {
            /// Returns the time in seconds, as its sender wrote it.
            pub fn seconds(&self) -> u32 {
                // The parser has checked that the value is a number.
                decimal(self.text.value().as_bytes(), u32::MAX).unwrap_or(u32::MAX)
            }
        }

        param_accessors!($type);

        impl TypedHeader for $type {
            const NAME: HeaderName = HeaderName::$name;
            const SHAPE: Shape = Shape::Single;

            fn parse(value: Field<'_>) -> Result<Self, ParseError> {
                let text = value.as_str();
                let (_, end) = prefix(text, number(u32::MAX, "a number of seconds below 2^32"))?;
                let text = Parametrized::scan(value, end, |param| $check(text, param))?;
                Ok($type { text })
            }

            fn write(&self, out: &mut String) {
                out.push_str(self.text.as_str());
            }
        }

        /// Compares the seconds and the parameters.
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.seconds() == other.seconds() && params::agree(self.params(), other.params(), |_| true)
            }
        }

        text_traits!($type);
    )*};
}

intervals! {
    /// A Session-Expires header: the time after which a session ends without a refresh, and the side that
    /// refreshes it.
    ///
    /// [RFC 4028 §4](https://www.rfc-editor.org/rfc/rfc4028#section-4):
    ///
    /// ```text
    /// Session-Expires = ("Session-Expires" / "x") HCOLON delta-seconds *(SEMI se-params)
    /// se-params       = refresher-param / generic-param
    /// refresher-param = "refresher" EQUAL ("uas" / "uac")
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::{Refresher, SessionExpires};
    ///
    /// let session: SessionExpires = "1800;refresher=uas".parse()?;
    /// assert_eq!((session.seconds(), session.refresher()), (1800, Some(Refresher::Uas)));
    /// assert_eq!(SessionExpires::new(4000).with_refresher(Refresher::Uac)?.to_string(), "4000;refresher=uac");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    SessionExpires, SESSION_EXPIRES, check_refresher;

    /// A Min-SE header: the shortest session time that is accepted.
    ///
    /// In a request, this holds for the elements that forward and answer it; in a 422 response, for its
    /// sender.
    ///
    /// [RFC 4028 §5](https://www.rfc-editor.org/rfc/rfc4028#section-5):
    ///
    /// ```text
    /// Min-SE = "Min-SE" HCOLON delta-seconds *(SEMI generic-param)
    /// ```
    ///
    /// > When present in a request or response, its value MUST NOT be less than 90 seconds.
    ///
    /// A smaller value is read as it is, but cannot be built.
    ///
    /// ```
    /// use spigot_parser::header::MinSe;
    ///
    /// assert_eq!("120".parse::<MinSe>()?.seconds(), 120);
    /// assert_eq!(MinSe::new(3600)?.to_string(), "3600");
    /// assert!(MinSe::new(89).is_err());
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    MinSe, MIN_SE, accept_any;
}

impl SessionExpires {
    /// Creates a session time of `seconds` seconds.
    ///
    /// A server answers 422 if it is too short, and may require 90 seconds or more (RFC 4028 §5, §6).
    pub fn new(seconds: u32) -> SessionExpires {
        SessionExpires {
            text: Parametrized::bare(seconds.to_string()),
        }
    }

    /// Returns the side that refreshes the session, if it is given.
    pub fn refresher(&self) -> Option<Refresher> {
        self.param("refresher")?.and_then(Refresher::parse)
    }

    /// Sets the time.
    pub fn with_seconds(self, seconds: u32) -> SessionExpires {
        SessionExpires {
            text: self.text.with_value(&seconds.to_string()),
        }
    }

    /// Sets the side that refreshes the session.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    pub fn with_refresher(self, refresher: Refresher) -> Result<SessionExpires, ParseError> {
        self.with_param("refresher", Some(refresher.as_str()))
    }
}

impl MinSe {
    /// Creates a minimum of `seconds` seconds.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if that is less than 90.
    pub fn new(seconds: u32) -> Result<MinSe, ParseError> {
        if seconds < LEAST {
            return fault(0, "90 seconds or more");
        }
        Ok(MinSe {
            text: Parametrized::bare(seconds.to_string()),
        })
    }
}

fn accept_any(_: &str, _: ParamSpan) -> Result<(), ParseError> {
    Ok(())
}

fn check_refresher(text: &str, param: ParamSpan) -> Result<(), ParseError> {
    let known = param.value(text).and_then(Refresher::parse).is_some();
    match param.name(text).eq_ignore_ascii_case("refresher") && !known {
        true => fault(param.at(), "`uac` or `uas`"),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn seconds_and_who_refreshes() {
        let session: SessionExpires = "0090 ; Refresher = UAC;x".parse().unwrap();
        assert_eq!(
            (session.seconds(), session.refresher()),
            (90, Some(Refresher::Uac))
        );
        assert_eq!(session, "90;x;refresher=uac".parse().unwrap());
        assert_ne!(session, "90;x".parse().unwrap());
        assert_ne!(session, "91;x;refresher=uac".parse().unwrap());
        assert_eq!(
            session
                .with_seconds(1800)
                .with_refresher(Refresher::Uas)
                .unwrap()
                .to_string(),
            "1800;refresher=uas;x"
        );
        assert_eq!("60".parse::<MinSe>().unwrap().seconds(), 60);
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("x", 0),
            ("-1", 0),
            ("4294967296", 0),
            ("1800 refresher=uac", 5),
            ("1800;", 5),
            ("1800;refresher", 14),
            ("1800;refresher=", 15),
            ("1800;refresher=me", 15),
            ("1800;refresher=\"uac\"", 15),
            ("1800;refresher=uac;refresher=uas", 19),
            ("1800,1900", 4),
            ("1800\r\n", 4),
        ] {
            let error = text.parse::<SessionExpires>().unwrap_err();
            assert_eq!(error.offset(), offset, "{text:?}: {error}");
        }
        assert_eq!(
            "1800;refresher=me".parse::<MinSe>().map(|min| min.seconds()),
            Ok(1800)
        );
        for (text, offset) in [("", 0), ("90;", 3), ("90x", 2), ("9 0", 2)] {
            assert_eq!(text.parse::<MinSe>().unwrap_err().offset(), offset, "{text:?}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let (session, min) = (SessionExpires::new(1800), MinSe::new(90).unwrap());
        for evil in testing::EVIL {
            assert!(session.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
            assert!(
                session.clone().with_param("refresher", Some(evil)).is_err(),
                "{evil:?}"
            );
            assert!(min.clone().with_param(evil, None).is_err(), "{evil:?}");
            assert!(min.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
        }
        assert!(session.with_param("refresher", None).is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(seconds: u32, other in 90u32.., uac: bool, value in testing::param_value()) {
            let refresher = if uac { Refresher::Uac } else { Refresher::Uas };
            let session = SessionExpires::new(seconds).with_refresher(refresher).unwrap();
            let session = session.with_param("x", value.as_deref()).unwrap();
            prop_assert_eq!((session.seconds(), session.refresher()), (seconds, Some(refresher)));
            testing::assert_round_trip(&session);
            testing::assert_round_trip(&session.clone().with_seconds(other));
            testing::assert_round_trip(&session.without_param("refresher").unwrap());
            let min = MinSe::new(other).unwrap().with_param("x", value.as_deref()).unwrap();
            prop_assert_eq!(min.seconds(), other);
            testing::assert_round_trip(&min);
        }
    }
}
