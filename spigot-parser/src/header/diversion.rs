//! The Diversion header, which says who diverted a call, and why (RFC 5806).

use std::borrow::Cow;

use super::address::{addresses, check_brackets, check_param, checked};
use super::parametrized::token_or_quoted;
use crate::grammar::{decimal, is_quoted, is_token};
use crate::{NameAddr, ParseError};

addresses! {
    /// A Diversion header: one party that diverted the call, and its reason.
    ///
    /// The party that diverted the call last comes first.
    ///
    /// ```text
    /// Diversion         = "Diversion" HCOLON diversion-params *(COMMA diversion-params)
    /// diversion-params  = name-addr *(SEMI (diversion-reason / diversion-counter / diversion-limit /
    ///                     diversion-privacy / diversion-screen / diversion-extension))
    /// diversion-reason  = "reason" EQUAL ( "unknown" / "user-busy" / "no-answer" / "unavailable" / "unconditional" /
    ///                     "time-of-day" / "do-not-disturb" / "deflection" / "follow-me" / "out-of-service" / "away" /
    ///                     token / quoted-string )
    /// diversion-counter = "counter" EQUAL 1*2DIGIT
    /// diversion-limit   = "limit" EQUAL 1*2DIGIT
    /// diversion-privacy = "privacy" EQUAL ( "full" / "name" / "uri" / "off" / token / quoted-string )
    /// diversion-screen  = "screen" EQUAL ( "yes" / "no" / token / quoted-string )
    /// ```
    ///
    /// The grammar is that of [RFC 5806 §4](https://www.rfc-editor.org/rfc/rfc5806#section-4) with its
    /// erratum 3177. Two values are equal if their URIs and the parameters that both have are equal.
    ///
    /// ```
    /// use spigot_parser::header::Diversion;
    ///
    /// let text = "\"Bob\" <sip:+19195551002@example.com>;reason=user-busy;counter=2;privacy=off;screen=yes";
    /// let diversion: Diversion = text.parse()?;
    /// assert_eq!(diversion.reason().as_deref(), Some(Diversion::USER_BUSY));
    /// assert_eq!((diversion.counter(), diversion.limit()), (Some(2), None));
    ///
    /// let diversion = Diversion::new("sip:bob@example.com".parse()?).with_reason(Diversion::NO_ANSWER)?.with_counter(1)?;
    /// assert_eq!(diversion.to_string(), "<sip:bob@example.com>;reason=no-answer;counter=1");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    Diversion, DIVERSION, List, check, &[];
}

checked! {
    Diversion, check;
}

macro_rules! reasons {
    ($($name:ident $value:literal $doc:literal;)*) => {
        impl Diversion {
            $(#[doc = concat!("The reason `", $value, "`: ", $doc)]
            pub const $name: &str = $value;)*
        }
    };
}

reasons! {
    UNKNOWN "unknown" "the reason is unknown.";
    USER_BUSY "user-busy" "the user was in another call.";
    NO_ANSWER "no-answer" "nobody answered.";
    UNAVAILABLE "unavailable" "the user could not be reached.";
    UNCONDITIONAL "unconditional" "every call is diverted.";
    TIME_OF_DAY "time-of-day" "calls are diverted at this time of day.";
    DO_NOT_DISTURB "do-not-disturb" "the user accepts no calls.";
    DEFLECTION "deflection" "the user diverted the call when it came.";
    FOLLOW_ME "follow-me" "the user is somewhere else.";
    OUT_OF_SERVICE "out-of-service" "the user's telephone is out of order.";
    AWAY "away" "the user is away.";
}

impl Diversion {
    /// Returns the reason without quotes: one of the constants of this type, or another text.
    ///
    /// Compare it without case.
    pub fn reason(&self) -> Option<Cow<'_, str>> {
        self.params().value("reason")
    }

    /// Returns how many times the party diverted the call (`counter`).
    pub fn counter(&self) -> Option<u8> {
        number(self.param("counter")?)
    }

    /// Returns how many diversions the party allows (`limit`).
    pub fn limit(&self) -> Option<u8> {
        number(self.param("limit")?)
    }

    /// Returns what to hide of the party, without quotes: `full`, `name`, `uri`, `off`, or another text.
    pub fn privacy(&self) -> Option<Cow<'_, str>> {
        self.params().value("privacy")
    }

    /// Returns whether the party was verified, without quotes: `yes`, `no`, or another text.
    pub fn screen(&self) -> Option<Cow<'_, str>> {
        self.params().value("screen")
    }

    /// Sets the reason, which is quoted if it is no token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it holds CR, LF or NUL.
    pub fn with_reason(self, reason: &str) -> Result<Diversion, ParseError> {
        self.with_param("reason", Some(&token_or_quoted(reason)?))
    }

    /// Sets the counter.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it is above 99.
    pub fn with_counter(self, counter: u8) -> Result<Diversion, ParseError> {
        self.with_param("counter", Some(&counter.to_string()))
    }

    /// Sets the limit.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it is above 99.
    pub fn with_limit(self, limit: u8) -> Result<Diversion, ParseError> {
        self.with_param("limit", Some(&limit.to_string()))
    }

    /// Sets the privacy, which is quoted if it is no token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it holds CR, LF or NUL.
    pub fn with_privacy(self, privacy: &str) -> Result<Diversion, ParseError> {
        self.with_param("privacy", Some(&token_or_quoted(privacy)?))
    }

    /// Sets the screen, which is quoted if it is no token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it holds CR, LF or NUL.
    pub fn with_screen(self, screen: &str) -> Result<Diversion, ParseError> {
        self.with_param("screen", Some(&token_or_quoted(screen)?))
    }
}

/// Parses a number of one or two digits.
fn number(value: Option<&str>) -> Option<u8> {
    let digits = value?;
    let number = if digits.len() <= 2 {
        decimal(digits.as_bytes(), 99)?
    } else {
        return None;
    };
    u8::try_from(number).ok()
}

fn check(address: &NameAddr) -> Result<(), ParseError> {
    check_brackets(address)?;
    for name in ["counter", "limit"] {
        check_param(address, name, "a number of one or two digits", |value| {
            number(value).is_some()
        })?;
    }
    for name in ["reason", "privacy", "screen"] {
        check_param(address, name, "a token or a quoted string", |value| {
            value.is_some_and(|value| is_token(value) || is_quoted(value))
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    fn diversion(text: &str) -> Diversion {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn what_it_says_is_read() {
        let full =
            diversion("<tel:+1>;Reason=\"call \\\"7\\\"\";COUNTER=07;limit=99;privacy=full;screen=no;x");
        assert_eq!(full.reason().unwrap(), "call \"7\"");
        assert_eq!((full.counter(), full.limit()), (Some(7), Some(99)));
        assert_eq!(
            (full.privacy().unwrap(), full.screen().unwrap()),
            ("full".into(), "no".into())
        );
        let bare = diversion("<tel:+1>");
        assert_eq!((bare.reason(), bare.counter(), bare.limit()), (None, None, None));
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("sip:a;reason=away", 0),
            ("<sip:a>;reason", 14),
            ("<sip:a>;reason=[::1]", 15),
            ("<sip:a>;counter=100", 16),
            ("<sip:a>;counter=001", 16),
            ("<sip:a>;limit=\"1\"", 14),
            ("<sip:a>;x;screen", 16),
            ("<sip:a>;reason=away;reason=away", 20),
            ("<sip:a>,<sip:b>", 7),
        ] {
            let error = text.parse::<Diversion>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
        }
        for evil in testing::EVIL {
            let bob = diversion("<sip:bob@a>");
            assert!(bob.clone().with_param("reason", Some(evil)).is_err(), "{evil:?}");
            if evil.contains(['\r', '\n', '\0']) {
                assert!(bob.clone().with_reason(evil).is_err(), "{evil:?}");
                assert!(bob.clone().with_privacy(evil).is_err(), "{evil:?}");
                assert!(bob.clone().with_screen(evil).is_err(), "{evil:?}");
                assert!(bob.with_display_name(evil).is_err(), "{evil:?}");
            }
        }
        assert!(
            diversion("<sip:a>").with_limit(100).is_err() && diversion("<sip:a>").with_counter(100).is_err()
        );
    }

    #[test]
    fn parameters_may_not_contradict() {
        assert_eq!(
            diversion("A <sip:a>;reason=AWAY"),
            diversion("<sip:a>;reason=away;counter=1")
        );
        assert_ne!(
            diversion("<sip:a>;reason=away"),
            diversion("<sip:a>;reason=unknown")
        );
        assert_ne!(diversion("<sip:a>"), diversion("<sip:b>"));
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            uri in testing::uri(), display in testing::line(), text in testing::line(), number in 0u8..100,
            value in testing::param_value()
        ) {
            let built = Diversion::new(uri).with_display_name(&display).unwrap().with_reason(&text).unwrap();
            let built = built.with_privacy(&text).unwrap().with_screen(&text).unwrap();
            let built = built.with_counter(number).unwrap().with_limit(number).unwrap();
            prop_assert_eq!(built.reason().unwrap(), text.as_str());
            prop_assert_eq!((built.counter(), built.limit()), (Some(number), Some(number)));
            testing::assert_round_trip(&built.with_param("x", value.as_deref()).unwrap());
        }
    }
}
