//! The P-Visited-Network-ID header: the networks that a registration passed (RFC 7315 §4.3).

use std::borrow::Cow;

use super::parametrized::{Parametrized, param_accessors, token_or_quoted};
use super::{Field, Shape, TypedHeader, text_traits};
use crate::grammar::{prefix, quoted, token, unquote};
use crate::params;
use crate::{HeaderName, ParseError};

/// A P-Visited-Network-ID header: the name of one network that a request passed on the way to its home
/// network.
///
/// ```text
/// P-Visited-Network-ID = "P-Visited-Network-ID" HCOLON vnetwork-spec *(COMMA vnetwork-spec)
/// vnetwork-spec        = (token / quoted-string) *(SEMI vnetwork-param)
/// vnetwork-param       = generic-param
/// ```
///
/// The grammar is that of [RFC 7315 §5.3](https://www.rfc-editor.org/rfc/rfc7315#section-5.3). Two values are
/// equal if their names without quotes have the same octets, and the parameters that both have are equal.
///
/// ```
/// use spigot_parser::header::PVisitedNetworkId;
///
/// let network: PVisitedNetworkId = "\"Visited network number 1\"".parse()?;
/// assert_eq!(network.network(), "Visited network number 1");
/// assert_eq!(PVisitedNetworkId::new("other.example")?.to_string(), "other.example");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct PVisitedNetworkId {
    text: Parametrized,
}

impl PVisitedNetworkId {
    /// Creates a header for a network, whose name is quoted if it is no token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it holds CR, LF or NUL.
    pub fn new(network: &str) -> Result<PVisitedNetworkId, ParseError> {
        Ok(PVisitedNetworkId {
            text: Parametrized::bare(token_or_quoted(network)?.into_owned()),
        })
    }

    /// Returns the name of the network, without quotes.
    pub fn network(&self) -> Cow<'_, str> {
        unquote(self.text.value())
    }
}

param_accessors!(PVisitedNetworkId);

impl TypedHeader for PVisitedNetworkId {
    const NAME: HeaderName = HeaderName::P_VISITED_NETWORK_ID;
    const SHAPE: Shape = Shape::List;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        const NETWORK: &str = "a network: a token or a quoted string";
        let (_, end) = match value.as_str().starts_with('"') {
            true => prefix(value.as_str(), quoted(NETWORK))?,
            false => prefix(value.as_str(), token(NETWORK))?,
        };
        Ok(PVisitedNetworkId {
            text: Parametrized::scan(value, end, |_| Ok(()))?,
        })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

impl PartialEq for PVisitedNetworkId {
    fn eq(&self, other: &PVisitedNetworkId) -> bool {
        self.network() == other.network() && params::agree(self.params(), other.params(), |_| false)
    }
}

text_traits!(PVisitedNetworkId);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::header::testing;
    use proptest::prelude::*;

    fn network(text: &str) -> PVisitedNetworkId {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn networks_come_in_their_order() {
        let request = Request::parse(
            "REGISTER sip:a SIP/2.0\r\nP-Visited-Network-ID: other.net, \"Visited, number 1\" ; x\r\n\r\n",
        )
        .unwrap();
        let all: Vec<PVisitedNetworkId> = request.headers().all().collect::<Result<_, _>>().unwrap();
        assert_eq!(all, [network("other.net"), network("\"Visited, number 1\"")]);
        assert_eq!(all[1].param("x"), Some(None));
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("a b", 2),
            ("\"a", 0),
            ("\"a\"b", 3),
            ("a;", 2),
            ("[::1]", 0),
            ("a,b", 1),
            ("\"a\r\n\"", 0),
        ] {
            let error = text.parse::<PVisitedNetworkId>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
        }
        for evil in testing::EVIL {
            let set = PVisitedNetworkId::new(evil);
            assert_eq!(set.is_err(), evil.contains(['\r', '\n', '\0']), "{evil:?}");
            assert!(network("a").with_param("x", Some(evil)).is_err(), "{evil:?}");
        }
    }

    #[test]
    fn quotes_do_not_count_and_case_does() {
        assert_eq!(network("a;x"), network("\"a\""));
        assert_ne!(network("a"), network("A"));
        assert_ne!(network("a;x=1"), network("a;x=2"));
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(name in testing::line(), value in testing::param_value()) {
            let built = PVisitedNetworkId::new(&name).unwrap().with_param("x", value.as_deref()).unwrap();
            prop_assert_eq!(built.network(), name.as_str());
            testing::assert_round_trip(&built);
        }
    }
}
