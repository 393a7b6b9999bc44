//! The Warning header, which gives details of what went wrong (RFC 3261 §20.43).

use std::borrow::Cow;

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{
    Span, TOKEN_OR_HOST, class, is_one_line, lws, number, quoted, unquote, whole, write_quoted,
};
use crate::host::Host;
use crate::{HeaderName, ParseError};

/// A Warning header: a code, the element that added the warning, and a text for a human.
///
/// [RFC 3261 §20.43](https://www.rfc-editor.org/rfc/rfc3261#section-20.43), with the grammar of §25.1:
///
/// ```text
/// Warning       = "Warning" HCOLON warning-value *(COMMA warning-value)
/// warning-value = warn-code SP warn-agent SP warn-text
/// warn-code     = 3DIGIT
/// warn-agent    = hostport / pseudonym
/// warn-text     = quoted-string
/// ```
///
/// ```
/// use spigot_parser::header::Warning;
///
/// let warning: Warning = "307 isi.edu \"Session parameter 'foo' not understood\"".parse()?;
/// assert_eq!((warning.code(), warning.agent()), (307, "isi.edu"));
/// assert_eq!(Warning::new(399, "example.com", "No \"such\" thing")?.to_string(), r#"399 example.com "No \"such\" thing""#);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Warning {
    text: ByteString,
    code: u16,
    agent: Span,
    quoted: Span,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $code:literal;)*) => {
        /// The codes of RFC 3261 §20.43; others can be registered.
        impl Warning {
            $($(#[$doc])* pub const $name: u16 = $code;)*
        }
    };
}

codes! {
    /// 300: a network protocol of the session description is not available.
    INCOMPATIBLE_NETWORK_PROTOCOL 300;
    /// 301: a format of network addresses in the session description is not available.
    INCOMPATIBLE_NETWORK_ADDRESS_FORMATS 301;
    /// 302: a transport protocol of the session description is not available.
    INCOMPATIBLE_TRANSPORT_PROTOCOL 302;
    /// 303: a unit of bandwidth in the session description was not understood.
    INCOMPATIBLE_BANDWIDTH_UNITS 303;
    /// 304: a media type of the session description is not available.
    MEDIA_TYPE_NOT_AVAILABLE 304;
    /// 305: a media format of the session description is not available.
    INCOMPATIBLE_MEDIA_FORMAT 305;
    /// 306: an attribute of a medium in the session description is not supported.
    ATTRIBUTE_NOT_UNDERSTOOD 306;
    /// 307: another parameter of the session description was not understood.
    PARAMETER_NOT_UNDERSTOOD 307;
    /// 330: multicast is not available.
    MULTICAST_NOT_AVAILABLE 330;
    /// 331: unicast is not available, mostly because of a firewall.
    UNICAST_NOT_AVAILABLE 331;
    /// 370: the session needs more bandwidth than there is.
    INSUFFICIENT_BANDWIDTH 370;
    /// 399: the text has the details, on which software must not act automatically.
    MISCELLANEOUS 399;
}

impl Warning {
    /// Creates the value `code agent "text"`, and quotes the text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `code` has not three digits, `agent` is neither a
    /// token nor a host with or without a port, or `text` holds CR, LF or NUL.
    pub fn new(code: u16, agent: &str, text: &str) -> Result<Warning, ParseError> {
        if !(100..=999).contains(&code) || !is_agent(agent) || !is_one_line(text) {
            return fault(
                0,
                "a code of three digits, a host or token, and a text without CR, LF or NUL",
            );
        }
        let mut value = format!("{code} {agent} ");
        write_quoted(text, &mut value);
        value.parse()
    }

    /// Returns the code, which has three digits.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// Returns the element that added the warning.
    pub fn agent(&self) -> &str {
        self.agent.of(&self.text)
    }

    /// Returns the text without its quotes.
    pub fn text(&self) -> Cow<'_, str> {
        unquote(self.quoted.of(&self.text))
    }
}

fn is_agent(agent: &str) -> bool {
    let with_port = |(host, port): (&str, &str)| {
        Host::parse(host).is_ok()
            && port.bytes().all(|octet| octet.is_ascii_digit())
            && port.parse::<u16>().is_ok()
    };
    crate::grammar::is_token(agent)
        || Host::parse(agent).is_ok()
        || agent.rsplit_once(':').is_some_and(with_port)
}

impl TypedHeader for Warning {
    const NAME: HeaderName = HeaderName::WARNING;
    const SHAPE: Shape = Shape::List;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let (code, (), agent, (), quoted) = whole(
            text,
            (
                number(999, "a code of three digits"),
                lws("a blank after the code"),
                class(&TOKEN_OR_HOST, "a host or a token"),
                lws("a blank after the agent"),
                quoted("a text in quotes"),
            ),
        )?;
        let (agent, quoted) = (Span::within(text, agent), Span::within(text, quoted));
        if text
            .as_bytes()
            .iter()
            .take_while(|octet| octet.is_ascii_digit())
            .count()
            != 3
        {
            return fault(0, "a code of three digits");
        }
        if !is_agent(agent.of(text)) {
            return fault(agent.start(), "a host or a token");
        }
        Ok(Warning {
            text: value.share(),
            code: code as u16,
            agent,
            quoted,
        })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

/// Compares code, agent and text; the agent is compared without case.
impl PartialEq for Warning {
    fn eq(&self, other: &Warning) -> bool {
        self.code == other.code
            && self.agent().eq_ignore_ascii_case(other.agent())
            && self.text() == other.text()
    }
}

text_traits!(Warning);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn three_parts_and_no_less() {
        assert_eq!(
            "301 [::1]:5060 \"\"".parse::<Warning>().unwrap().agent(),
            "[::1]:5060"
        );
        for text in [
            "",
            "1812 overture \"In Progress\"",
            "30 a \"b\"",
            "307 a b",
            "307 a",
            "307  \"b\"",
            "307 a \"b",
            "307 a \"b\" c",
            "307 a:b:c \"d\"",
            "307 a \"b\r\n\"",
        ] {
            assert!(text.parse::<Warning>().is_err(), "{text:?}");
        }
        assert!(Warning::new(99, "a", "b").is_err() && Warning::new(399, "a b", "c").is_err());
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        for evil in testing::EVIL
            .iter()
            .copied()
            .chain(["", "a b", "a:b:c", "a:65536"])
        {
            assert!(
                Warning::new(Warning::MISCELLANEOUS, evil, "a").is_err(),
                "{evil:?}"
            );
        }
        for evil in ["a\r\nVia: b", "a\n", "a\r", "\0"] {
            assert!(
                Warning::new(Warning::MISCELLANEOUS, "a", evil).is_err(),
                "{evil:?}"
            );
        }
        assert!(Warning::new(1000, "a", "b").is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            code in 100u16..=999, text in "[^\r\n\0]{0,30}",
            agent in prop_oneof![testing::token(), Just("example.com:5060".to_owned()), Just("[2001:db8::1]:5061".to_owned())]
        ) {
            let warning = Warning::new(code, &agent, &text).unwrap();
            prop_assert_eq!((warning.code(), warning.agent(), warning.text()), (code, agent.as_str(), text.as_str().into()));
            testing::assert_round_trip(&warning);
        }
    }
}
