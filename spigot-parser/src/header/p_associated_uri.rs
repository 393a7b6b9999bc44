//! The P-Associated-URI header, which lists the other addresses of a registered user (RFC 7315 §4.1).

use bytestring::ByteString;

use super::address::check_brackets;
use super::{Field, Shape, TypedHeader, elements, text_traits};
use crate::grammar::Span;
use crate::{HeaderName, NameAddr, ParseError};

/// A P-Associated-URI header: the user's addresses besides the one that was registered.
///
/// The list may be empty.
///
/// ```text
/// P-Associated-URI = "P-Associated-URI" HCOLON [p-aso-uri-spec] *(COMMA p-aso-uri-spec)
/// p-aso-uri-spec   = name-addr *(SEMI ai-param)
/// ai-param         = generic-param
/// ```
///
/// The grammar is that of [RFC 7315 §5.1](https://www.rfc-editor.org/rfc/rfc7315#section-5.1). Two values are
/// equal if they have equal addresses in the same order.
///
/// ```
/// use spigot_parser::NameAddr;
/// use spigot_parser::header::PAssociatedUri;
///
/// let others: PAssociatedUri = "<sip:user2@example.com>, <sip:user3@example.com>;x=1".parse()?;
/// let users: Vec<String> = others.addresses().map(|address| address.uri().to_string()).collect();
/// assert_eq!(users, ["sip:user2@example.com", "sip:user3@example.com"]);
/// assert!("".parse::<PAssociatedUri>()?.is_empty());
///
/// let others = PAssociatedUri::new(["sip:user2@example.com".parse::<NameAddr>()?]);
/// assert_eq!(others.to_string(), "<sip:user2@example.com>");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct PAssociatedUri {
    text: ByteString,
}

impl PAssociatedUri {
    /// Creates a list of the given addresses, adding brackets where there are none.
    pub fn new(addresses: impl IntoIterator<Item = NameAddr>) -> PAssociatedUri {
        let mut text = String::new();
        for address in addresses {
            if !text.is_empty() {
                text.push_str(", ");
            }
            match check_brackets(&address) {
                Ok(()) => text.push_str(address.as_str()),
                Err(_) => text.push_str(address.with_uri(address.uri().clone()).as_str()),
            }
        }
        PAssociatedUri { text: text.into() }
    }

    /// Returns the addresses in their order.
    pub fn addresses(&self) -> impl Iterator<Item = NameAddr> + '_ {
        address_elements(&self.text)
            .filter_map(|element| NameAddr::parse(Field::within(&self.text, element)).ok())
    }

    /// Reports whether the list is empty.
    pub fn is_empty(&self) -> bool {
        address_elements(&self.text).next().is_none()
    }
}

/// Returns the elements, leaving out the first one if it is empty.
fn address_elements(text: &str) -> impl Iterator<Item = &str> + '_ {
    let empty = usize::from(elements(text).next().is_some_and(str::is_empty));
    elements(text).skip(empty)
}

impl TypedHeader for PAssociatedUri {
    const NAME: HeaderName = HeaderName::P_ASSOCIATED_URI;
    const SHAPE: Shape = Shape::Joined;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        for element in address_elements(text) {
            let address = NameAddr::parse(value.narrow(element));
            address
                .and_then(|address| check_brackets(&address))
                .map_err(|error| error.shifted(Span::within(text, element).start()))?;
        }
        Ok(PAssociatedUri { text: value.share() })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

impl PartialEq for PAssociatedUri {
    fn eq(&self, other: &PAssociatedUri) -> bool {
        self.addresses().count() == other.addresses().count()
            && self
                .addresses()
                .zip(other.addresses())
                .all(|(left, right)| left == right)
    }
}

text_traits!(PAssociatedUri);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::header::testing;
    use proptest::prelude::*;

    fn others(text: &str) -> PAssociatedUri {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_first_may_be_missing() {
        for (text, count) in [
            ("", 0),
            (",<sip:a>", 1),
            ("<sip:a>,<sip:b>", 2),
            ("A <sip:a,b@c>;x=\",\"", 1),
        ] {
            assert_eq!(
                (others(text).addresses().count(), others(text).is_empty()),
                (count, count == 0),
                "{text}"
            );
        }
        let lines = "OPTIONS sip:a SIP/2.0\r\nP-Associated-URI:\r\nP-Associated-URI: <sip:b>\r\nP-Associated-URI: <sip:c>\r\n\r\n";
        let request = Request::parse(lines).unwrap();
        let all = request.headers().typed::<PAssociatedUri>().unwrap().unwrap();
        assert_eq!(all, others("<sip:b>, <sip:c>"));
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_is() {
        for (text, offset) in [
            ("sip:a", 0),
            ("<sip:a>,", 8),
            (",,<sip:a>", 1),
            ("<sip:a>, sip:b", 9),
            ("<sip:a>, <sip:b", 15),
            ("<sip:a>;", 8),
            ("<sip:a>\r\n", 7),
        ] {
            assert_eq!(
                text.parse::<PAssociatedUri>().unwrap_err().offset(),
                offset,
                "{text}"
            );
        }
    }

    #[test]
    fn order_counts() {
        assert_eq!(others("A <sip:a>,<sip:b>"), others("<sip:a> , <sip:B>"));
        assert_ne!(others("<sip:a>,<sip:b>"), others("<sip:b>,<sip:a>"));
        assert_ne!(others("<sip:a>,<sip:b>"), others("<sip:a>"));
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            uris in prop::collection::vec((testing::uri(), testing::line(), testing::param_value()), 0..4), bare: bool
        ) {
            let mut addresses: Vec<NameAddr> = uris
                .iter()
                .map(|(uri, display, value)| {
                    let address = NameAddr::new(uri.clone()).with_display_name(display).unwrap();
                    address.with_param("x", value.as_deref()).unwrap()
                })
                .collect();
            if bare {
                addresses.push("sip:a@b;x=1".parse().unwrap());
            }
            let built = PAssociatedUri::new(addresses.clone());
            prop_assert_eq!(built.addresses().collect::<Vec<_>>(), addresses);
            if !built.is_empty() {
                testing::assert_round_trip(&built);
            }
        }
    }
}
