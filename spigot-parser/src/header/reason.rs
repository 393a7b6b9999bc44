//! The Reason header, which says why a request is sent or a session ends (RFC 3326).

use std::borrow::Cow;

use super::parametrized::{Parametrized, param_accessors};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{decimal, is_token, prefix, token, write_quoted};
use crate::{ErrorKind, HeaderName, ParseError, StatusCode, params};

/// A Reason header: a protocol, a cause in the numbers of this protocol, and a text for a human.
///
/// ```text
/// Reason           = "Reason" HCOLON reason-value *(COMMA reason-value)
/// reason-value     = protocol *(SEMI reason-params)
/// protocol         = "SIP" / "Q.850" / token
/// reason-params    = protocol-cause / reason-text / reason-extension
/// protocol-cause   = "cause" EQUAL cause
/// cause            = 1*DIGIT
/// reason-text      = "text" EQUAL quoted-string
/// reason-extension = generic-param
/// ```
///
/// The grammar is that of [RFC 3326 §2](https://www.rfc-editor.org/rfc/rfc3326#section-2). A text of one word
/// is accepted without quotes, which some gateways leave out.
///
/// A message may have several. [RFC 9366 §3](https://www.rfc-editor.org/rfc/rfc9366#section-3):
///
/// > If the registered protocol for the Reason value specifies what it means for multiple values to occur in
/// > one message, more than one value for that protocol MAY be present. Otherwise, there MUST be only one
/// > value per protocol provided (e.g., one SIP and another Q.850). An implementation is free to ignore
/// > Reason values that it does not understand.
///
/// Several values of one protocol are therefore read, and the reader has to know what they mean. Two values
/// are equal if their protocols and parameters are equal.
///
/// ```
/// use spigot_parser::StatusCode;
/// use spigot_parser::header::Reason;
///
/// let reason: Reason = "SIP ;cause=200 ;text=\"Call completed elsewhere\"".parse()?;
/// assert_eq!((reason.protocol(), reason.status()), ("SIP", Some(StatusCode::OK)));
/// assert_eq!(reason.text().unwrap(), "Call completed elsewhere");
///
/// assert_eq!(Reason::q850(16).with_text("Terminated")?.to_string(), "Q.850;cause=16;text=\"Terminated\"");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Reason {
    text: Parametrized,
}

impl Reason {
    /// The protocol whose causes are SIP status codes.
    pub const SIP: &str = "SIP";
    /// The protocol whose causes are those of ITU-T Q.850.
    pub const Q850: &str = "Q.850";

    /// Creates a reason of `protocol`, without a cause.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if it is no token.
    pub fn new(protocol: &str) -> Result<Reason, ParseError> {
        match is_token(protocol) {
            true => Ok(Reason {
                text: Parametrized::bare(protocol),
            }),
            false => Err(ParseError::new(
                ErrorKind::Token,
                0,
                "a protocol, which is a token",
            )),
        }
    }

    /// Creates a reason whose cause is a SIP status code.
    pub fn sip(status: StatusCode) -> Reason {
        Reason::caused(Reason::SIP, u32::from(status.as_u16()))
    }

    /// Creates a reason whose cause is one of ITU-T Q.850.
    pub fn q850(cause: u8) -> Reason {
        Reason::caused(Reason::Q850, u32::from(cause))
    }

    fn caused(protocol: &str, cause: u32) -> Reason {
        let bare = Parametrized::bare(protocol);
        let text = Reason { text: bare.clone() }.with_cause(cause);
        text.unwrap_or(Reason { text: bare })
    }

    /// Returns the protocol, which is compared without case.
    pub fn protocol(&self) -> &str {
        self.text.value()
    }

    /// Reports whether the protocol is `protocol`, compared without case.
    pub fn is_of(&self, protocol: &str) -> bool {
        self.protocol().eq_ignore_ascii_case(protocol)
    }

    /// Returns the cause, in the numbers of the protocol.
    pub fn cause(&self) -> Option<u32> {
        decimal(self.param("cause").flatten()?.as_bytes(), u32::MAX)
    }

    /// Returns the cause as a status code, if the protocol is SIP.
    pub fn status(&self) -> Option<StatusCode> {
        let cause = self.cause().filter(|_| self.is_of(Reason::SIP))?;
        StatusCode::from_u16(u16::try_from(cause).ok()?)
    }

    /// Returns the text without its quotes.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        self.params().value("text")
    }

    /// Sets the cause.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyParams`].
    pub fn with_cause(self, cause: u32) -> Result<Reason, ParseError> {
        self.with_param("cause", Some(&cause.to_string()))
    }

    /// Sets the text, which is quoted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if it holds control characters, [`ErrorKind::TooManyParams`].
    pub fn with_text(self, text: &str) -> Result<Reason, ParseError> {
        if text.chars().any(|c| c.is_ascii_control() && c != '\t') {
            return fault(0, "a text without control characters");
        }
        let mut quoted = String::with_capacity(text.len() + 2);
        write_quoted(text, &mut quoted);
        self.with_param("text", Some(&quoted))
    }
}

param_accessors!(Reason);

impl TypedHeader for Reason {
    const NAME: HeaderName = HeaderName::REASON;
    const SHAPE: Shape = Shape::List;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let (_, end) = prefix(text, token("a protocol"))?;
        let text = Parametrized::scan(value, end, |param| {
            let is = |name: &str| param.name(text).eq_ignore_ascii_case(name);
            let value = param.value(text);
            if is("cause")
                && value
                    .and_then(|value| decimal(value.as_bytes(), u32::MAX))
                    .is_none()
            {
                return fault(param.at(), "a cause, which is a number below 2^32");
            }
            match is("text") && !value.is_some_and(|value| param.is_token || value.starts_with('"')) {
                true => fault(param.at(), "a text in quotes"),
                false => Ok(()),
            }
        })?;
        Ok(Reason { text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

impl PartialEq for Reason {
    fn eq(&self, other: &Reason) -> bool {
        self.is_of(other.protocol()) && params::agree(self.params(), other.params(), |_| true)
    }
}

text_traits!(Reason);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn several_reasons_of_several_protocols() {
        let request = Request::parse(
            "BYE sip:a SIP/2.0\r\nReason: sip;cause=600;text=\"Busy, everywhere\", Q.850 ; cause = 17\r\n\
             Reason: STIR;cause=436, STIR;text=one;x\r\n\r\n",
        )
        .unwrap();
        let all: Vec<Reason> = request.headers().all().collect::<Result<_, _>>().unwrap();
        assert_eq!(
            all.iter().map(Reason::cause).collect::<Vec<_>>(),
            [Some(600), Some(17), Some(436), None]
        );
        assert_eq!(all[0].status().map(|status| status.as_u16()), Some(600));
        assert_eq!(
            (all[0].text().unwrap(), all[3].text().unwrap()),
            ("Busy, everywhere".into(), "one".into())
        );
        assert!(all[1].is_of("q.850") && all[1].status().is_none());
        assert_eq!(all[1], Reason::q850(17));
        assert_ne!(all[1], Reason::q850(16));
    }

    #[test]
    fn a_cause_may_be_no_status() {
        let status = |text: &str| text.parse::<Reason>().unwrap().status();
        assert_eq!(status("SIP;cause=0"), None);
        assert_eq!(status("SIP;cause=70000"), None);
        assert_eq!(Reason::sip(StatusCode::OK).to_string(), "SIP;cause=200");
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            (";cause=1", 0),
            ("SIP cause=200", 4),
            ("SIP;cause", 9),
            ("SIP;cause=x", 10),
            ("SIP;cause=\"200\"", 10),
            ("SIP;cause=4294967296", 10),
            ("SIP;text", 8),
            ("SIP;text=[::1]", 9),
            ("SIP;text=Call completed", 14),
            ("SIP;text=\"a", 9),
            ("SIP;cause=1;cause=2", 12),
        ] {
            assert_eq!(text.parse::<Reason>().unwrap_err().offset(), offset, "{text}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let reason = Reason::q850(16);
        for evil in testing::EVIL {
            assert!(Reason::new(evil).is_err(), "{evil:?}");
            assert!(reason.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
            assert_eq!(
                reason.clone().with_text(evil).is_err(),
                evil.chars().any(char::is_control),
                "{evil:?}"
            );
        }
        assert!(Reason::new("").is_err() && reason.with_param("cause", Some("a")).is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            protocol in testing::token(), cause: u32, text in testing::line(), q850: u8, value in testing::param_value(),
        ) {
            let reason = Reason::new(&protocol).unwrap()
                .with_cause(cause).unwrap()
                .with_text(&text).unwrap()
                .with_param("x", value.as_deref()).unwrap();
            prop_assert_eq!((reason.protocol(), reason.cause(), reason.text().unwrap()), (&*protocol, Some(cause), text.into()));
            testing::assert_round_trip(&reason);
            prop_assert_eq!(Reason::q850(q850).cause(), Some(u32::from(q850)));
            testing::assert_round_trip(&Reason::q850(q850));
        }
    }
}
