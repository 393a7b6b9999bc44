//! The P-Asserted-Identity and P-Preferred-Identity headers, which identify a user in a trusted network (RFC
//! 3325).

use std::borrow::Cow;

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::{HeaderName, NameAddr, ParseError, Uri};

macro_rules! identities {
    ($($(#[$doc:meta])* $type:ident, $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type {
            address: NameAddr,
        }

        impl $type {
            /// Creates the identity `<uri>`, without display name.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Value`](crate::ErrorKind::Value) if the URI is none of `sip`, `sips` and `tel`.
            pub fn new(uri: Uri) -> Result<Self, ParseError> {
                match is_telephone(&uri) {
                    Some(_) => Ok($type { address: NameAddr::new(uri) }),
                    None => fault(0, "a SIP, SIPS or TEL URI"),
                }
            }

            /// Returns the address.
            pub fn name_addr(&self) -> &NameAddr {
                &self.address
            }

            /// Returns the URI.
            pub fn uri(&self) -> &Uri {
                self.address.uri()
            }

            /// Returns the display name without its quotes, or `None` if it is missing or empty.
            pub fn display_name(&self) -> Option<Cow<'_, str>> {
                self.address.display_name()
            }

            /// Sets the display name, which is written as a quoted string.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `name` holds CR, LF or NUL.
            pub fn with_display_name(self, name: &str) -> Result<Self, ParseError> {
                Ok($type { address: self.address.with_display_name(name)? })
            }

            /// Filters the values that count: the first one with a SIP or SIPS URI, and the first one with a
            /// TEL URI.
            ///
            /// A proxy does not forward the others.
            ///
            /// [RFC 5876 §4.5](https://www.rfc-editor.org/rfc/rfc5876#section-4.5):
            ///
            /// > ignore any URI with a scheme other than SIP, SIPS, or TEL; ignore a second or subsequent SIP
            /// > URI, a second or subsequent SIPS URI, or a second or subsequent TEL URI; and ignore a SIP
            /// > URI if a SIPS URI occurred earlier in the header field and vice versa.
            pub fn counting(values: impl IntoIterator<Item = Self>) -> impl Iterator<Item = Self> {
                let mut seen = [false; 2];
                values.into_iter().filter(move |value| {
                    let index = is_telephone(value.uri()).map(usize::from);
                    let seen = index.and_then(|index| seen.get_mut(index));
                    seen.is_some_and(|seen| !std::mem::replace(seen, true))
                })
            }
        }

        impl TypedHeader for $type {
            const NAME: HeaderName = HeaderName::$name;
            const SHAPE: Shape = Shape::List;

            fn parse(value: Field<'_>) -> Result<Self, ParseError> {
                Ok($type { address: address(value)? })
            }

            fn write(&self, out: &mut String) {
                out.push_str(self.address.as_str());
            }
        }

        /// Compares the URIs; display names do not count.
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.uri() == other.uri()
            }
        }

        text_traits!($type);
    )*};
}

identities! {
    /// A P-Asserted-Identity header: an identity of the sender that a trusted element has verified.
    ///
    /// The reader has to know whether the element that it comes from is trusted.
    ///
    /// ```text
    /// PAssertedID       = "P-Asserted-Identity" HCOLON PAssertedID-value *(COMMA PAssertedID-value)
    /// PAssertedID-value = name-addr / addr-spec
    /// ```
    ///
    /// The grammar is that of [RFC 3325 §9.1](https://www.rfc-editor.org/rfc/rfc3325#section-9.1). There are
    /// no header parameters: those after a URI without brackets belong to the URI, and nothing may follow a
    /// URI in brackets.
    ///
    /// > There may be one or two P-Asserted-Identity values. If there is one value, it MUST be a sip, sips,
    /// > or tel URI. If there are two values, one value MUST be a sip or sips URI and the other MUST be a tel
    /// > URI.
    ///
    /// Other combinations are read, and [`counting`](Self::counting) leaves them out, but they cannot be
    /// built.
    ///
    /// ```
    /// use spigot_parser::Request;
    /// use spigot_parser::header::PAssertedIdentity;
    ///
    /// let request = Request::parse(
    ///     "INVITE sip:a.example SIP/2.0\r\n\
    ///      P-Asserted-Identity: \"Cullen Jennings\" <sip:fluffy@cisco.example>, <sip:another@cisco.example>\r\n\
    ///      P-Asserted-Identity: tel:+14085264000\r\n\r\n",
    /// )?;
    /// let all = request.headers().all().collect::<Result<Vec<PAssertedIdentity>, _>>()?;
    /// let counting: Vec<_> = PAssertedIdentity::counting(all).map(|identity| identity.uri().to_string()).collect();
    /// assert_eq!(counting, ["sip:fluffy@cisco.example", "tel:+14085264000"]);
    ///
    /// let identity = PAssertedIdentity::new("sip:fluffy@cisco.example".parse()?)?.with_display_name("Cullen")?;
    /// assert_eq!(identity.to_string(), "\"Cullen\" <sip:fluffy@cisco.example>");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    PAssertedIdentity, P_ASSERTED_IDENTITY;

    /// A P-Preferred-Identity header: the identity that a user wants the network to assert.
    ///
    /// ```text
    /// PPreferredID       = "P-Preferred-Identity" HCOLON PPreferredID-value *(COMMA PPreferredID-value)
    /// PPreferredID-value = name-addr / addr-spec
    /// ```
    ///
    /// The grammar is that of [RFC 3325 §9.2](https://www.rfc-editor.org/rfc/rfc3325#section-9.2).
    ///
    /// ```
    /// use spigot_parser::header::PPreferredIdentity;
    ///
    /// let identity: PPreferredIdentity = "\"Cullen Jennings\" <sip:fluffy@cisco.example>".parse()?;
    /// assert_eq!(identity.display_name().unwrap(), "Cullen Jennings");
    /// assert_eq!(PPreferredIdentity::new("tel:+14085264000".parse()?)?.to_string(), "<tel:+14085264000>");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    PPreferredIdentity, P_PREFERRED_IDENTITY;
}

/// Returns whether the URI is a telephone number, or `None` if its scheme does not count.
fn is_telephone(uri: &Uri) -> Option<bool> {
    match uri {
        Uri::Sip(_) => Some(false),
        Uri::Tel(_) => Some(true),
        Uri::Other(_) => None,
    }
}

/// Parses `name-addr / addr-spec`.
///
/// An `addr-spec` with parameters gets brackets, so that the parameters stay those of the URI.
fn address(value: Field<'_>) -> Result<NameAddr, ParseError> {
    let text = value.as_str();
    let is_bare = !text.contains(['<', '"']);
    if is_bare && text.contains([';', '?']) {
        return Uri::parse(value).map(NameAddr::new);
    }
    let address = NameAddr::parse(value)?;
    match address.params().is_empty() {
        true => Ok(address),
        false => fault(
            text.len() - address.params().as_str().len(),
            "the end of the value",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn what_follows_a_bare_uri_is_the_uris() {
        let bare: PAssertedIdentity = "sip:+15551212@a.example;user=phone".parse().unwrap();
        assert_eq!(bare.uri().params().get("user"), Some(Some("phone")));
        assert_eq!(bare.to_string(), "<sip:+15551212@a.example;user=phone>");
        assert_eq!(
            bare,
            "\"A\" <sip:+15551212@a.example;user=phone>".parse().unwrap()
        );
        let tel: PPreferredIdentity = "tel:1212;phone-context=example.com".parse().unwrap();
        assert!(!tel.uri().as_tel().unwrap().is_global());
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("<sip:a@b>;x=1", 9),
            ("<sip:a@b> ;x", 9),
            ("\"A <sip:a@b>", 0),
            ("A <sip:a@b", 10),
            ("sip:a@b c", 8),
            ("sip:a@b;x y", 9),
        ] {
            let error = text.parse::<PAssertedIdentity>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
        }
    }

    #[test]
    fn one_of_each_kind_counts() {
        let counting = |uris: &[&str]| -> Vec<String> {
            let all = uris.iter().map(|uri| uri.parse::<PPreferredIdentity>().unwrap());
            PPreferredIdentity::counting(all)
                .map(|one| one.uri().to_string())
                .collect()
        };
        assert_eq!(
            counting(&["mailto:a@b", "tel:+1", "sips:a@b", "sip:a@b", "tel:+2"]),
            ["tel:+1", "sips:a@b"]
        );
        assert_eq!(counting(&["sip:a@b", "sips:a@b"]), ["sip:a@b"]);
        assert!(counting(&["urn:x:y"]).is_empty());
    }

    #[test]
    fn what_leaves_the_grammar_is_not_built() {
        assert!(PAssertedIdentity::new("mailto:a@b.example".parse().unwrap()).is_err());
        let identity = PAssertedIdentity::new("sip:a@b".parse().unwrap()).unwrap();
        for evil in ["a\r\nb", "a\0", "a\n"] {
            assert!(identity.clone().with_display_name(evil).is_err(), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(uri in testing::uri(), name in testing::line()) {
            match PAssertedIdentity::new(uri.clone()) {
                Ok(identity) => {
                    let named = identity.clone().with_display_name(&name).unwrap();
                    prop_assert_eq!((named.uri(), named.display_name().unwrap_or_default()), (&uri, name.into()));
                    testing::assert_round_trip(&identity);
                    testing::assert_round_trip(&named);
                    testing::assert_round_trip(&PPreferredIdentity::new(uri).unwrap());
                }
                Err(_) => prop_assert!(matches!(uri, Uri::Other(_))),
            }
        }
    }
}
