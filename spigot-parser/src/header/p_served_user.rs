//! The P-Served-User header: the user that an application server serves (RFC 5502, RFC 8498).

use super::address::{addresses, check_param, checked};
use super::fault;
use crate::grammar::Span;
use crate::{NameAddr, ParseError};

addresses! {
    /// A P-Served-User header: the user whom an application server serves, and the side of the call.
    ///
    /// ```text
    /// P-Served-User            = "P-Served-User" HCOLON PServedUser-value *(SEMI served-user-param)
    /// served-user-param        = sessioncase-param / registration-state-param / generic-param
    /// PServedUser-value        = name-addr / addr-spec
    /// sessioncase-param        = "sescase" EQUAL ("orig"/"term")/ orig-cdiv
    /// registration-state-param = "regstate" EQUAL ("unreg" / "reg")
    /// orig-cdiv                = "orig-cdiv"
    /// ```
    ///
    /// The grammar is that of [RFC 8498 §6.2](https://www.rfc-editor.org/rfc/rfc8498#section-6.2). A request
    /// has at most one. `sescase` and `orig-cdiv` exclude each other. Two values are equal if their URIs,
    /// session cases, registration states and the other parameters that both have are equal.
    ///
    /// ```
    /// use spigot_parser::header::{PServedUser, SessionCase};
    ///
    /// let served: PServedUser = "<sip:user@example.com>; sescase=term; regstate=unreg".parse()?;
    /// assert_eq!((served.session_case(), served.is_registered()), (Some(SessionCase::Terminating), Some(false)));
    ///
    /// let served = PServedUser::new("sip:user@example.com".parse()?).with_session_case(SessionCase::Diverted)?;
    /// assert_eq!(served.with_registered(true)?.to_string(), "<sip:user@example.com>;orig-cdiv;regstate=reg");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    PServedUser, P_SERVED_USER, Single, check, &["sescase", "regstate", "orig-cdiv"];
}

checked! {
    PServedUser, check;
}

/// The side of a call that a user is served on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionCase {
    /// `sescase=orig`: the user calls.
    Originating,
    /// `sescase=term`: the user is called.
    Terminating,
    /// `orig-cdiv`: the user diverted the call, and so calls the next user (RFC 8498 §4).
    Diverted,
}

impl PServedUser {
    /// Returns the side of the call.
    pub fn session_case(&self) -> Option<SessionCase> {
        if self.param("orig-cdiv").is_some() {
            return Some(SessionCase::Diverted);
        }
        match self.param("sescase")?? {
            case if case.eq_ignore_ascii_case("orig") => Some(SessionCase::Originating),
            _ => Some(SessionCase::Terminating),
        }
    }

    /// Reports whether the user is registered (`regstate`).
    pub fn is_registered(&self) -> Option<bool> {
        Some(self.param("regstate")??.eq_ignore_ascii_case("reg"))
    }

    /// Sets the side of the call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    pub fn with_session_case(self, case: SessionCase) -> Result<PServedUser, ParseError> {
        match case {
            SessionCase::Originating => self
                .without_param("orig-cdiv")?
                .with_param("sescase", Some("orig")),
            SessionCase::Terminating => self
                .without_param("orig-cdiv")?
                .with_param("sescase", Some("term")),
            SessionCase::Diverted => self.without_param("sescase")?.with_param("orig-cdiv", None),
        }
    }

    /// Sets the `regstate`: whether the user is registered.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    pub fn with_registered(self, registered: bool) -> Result<PServedUser, ParseError> {
        self.with_param("regstate", Some(if registered { "reg" } else { "unreg" }))
    }
}

fn check(address: &NameAddr) -> Result<(), ParseError> {
    let one_of = |words: [&'static str; 2]| {
        move |value: Option<&str>| {
            value.is_some_and(|value| words.iter().any(|word| word.eq_ignore_ascii_case(value)))
        }
    };
    check_param(address, "sescase", "`orig` or `term`", one_of(["orig", "term"]))?;
    check_param(address, "regstate", "`reg` or `unreg`", one_of(["reg", "unreg"]))?;
    check_param(address, "orig-cdiv", "no value of `orig-cdiv`", |value| {
        value.is_none()
    })?;
    let mut cases = address
        .params()
        .filter(|(name, _)| one_of(["sescase", "orig-cdiv"])(Some(name)));
    match cases.nth(1) {
        Some((second, _)) => fault(Span::within(address.as_str(), second).start(), "one session case"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    fn served(text: &str) -> PServedUser {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_forms_of_the_rfcs() {
        for (text, case, registered) in [
            (
                "<sip:user@example.com>; orig-cdiv; regstate=reg",
                Some(SessionCase::Diverted),
                Some(true),
            ),
            (
                "<sip:user@example.com>; orig-cdiv",
                Some(SessionCase::Diverted),
                None,
            ),
            (
                "sip:user@example.com;SESCASE=Orig;regstate=UNREG",
                Some(SessionCase::Originating),
                Some(false),
            ),
            ("<sip:bob@example.com>; term; regstate=reg", None, Some(true)),
        ] {
            assert_eq!(
                (served(text).session_case(), served(text).is_registered()),
                (case, registered),
                "{text}"
            );
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("<sip:a>;sescase", 15),
            ("<sip:a>;sescase=both", 16),
            ("<sip:a>;sescase=\"orig\"", 16),
            ("<sip:a>;regstate=x", 17),
            ("<sip:a>;orig-cdiv=1", 18),
            ("<sip:a>;sescase=orig;x;orig-cdiv", 23),
            ("<sip:a>;orig-cdiv;sescase=term", 18),
            ("<sip:a>,<sip:b>", 7),
        ] {
            let error = text.parse::<PServedUser>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
        }
        for evil in testing::EVIL {
            for name in ["sescase", "regstate", "orig-cdiv", "x"] {
                assert!(
                    served("<sip:a>").with_param(name, Some(evil)).is_err(),
                    "{evil:?}"
                );
            }
        }
        assert!(
            served("<sip:a>;orig-cdiv")
                .with_param("sescase", Some("orig"))
                .is_err()
        );
        let address: NameAddr = "<sip:a>;sescase=x".parse().unwrap();
        assert!(PServedUser::try_from(address).is_err());
    }

    #[test]
    fn whom_and_how_make_a_difference() {
        assert_eq!(served("A <sip:a>;sescase=ORIG;x"), served("<sip:a>;sescase=orig"));
        for other in [
            "<sip:a>",
            "<sip:a>;sescase=term",
            "<sip:a>;orig-cdiv",
            "<sip:a>;sescase=orig;regstate=reg",
        ] {
            assert_ne!(served("<sip:a>;sescase=orig"), served(other));
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            uri in testing::uri(), display in testing::line(), cases in prop::collection::vec(0usize..3, 1..4), registered: bool,
            value in testing::param_value()
        ) {
            let all = [SessionCase::Originating, SessionCase::Terminating, SessionCase::Diverted];
            let mut built = PServedUser::new(uri).with_display_name(&display).unwrap().with_registered(registered).unwrap();
            for case in cases {
                built = built.with_session_case(all[case]).unwrap();
                prop_assert_eq!(built.session_case(), Some(all[case]));
            }
            prop_assert_eq!(built.is_registered(), Some(registered));
            testing::assert_round_trip(&built.with_param("x", value.as_deref()).unwrap());
        }
    }
}
