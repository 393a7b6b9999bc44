//! The P-Asserted-Service and P-Preferred-Service headers, which name the service of a request (RFC 6050).

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::{HeaderName, ParseError};

const URN: &str = "urn:urn-7:";

macro_rules! services {
    ($($(#[$doc:meta])* $type:ident, $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type {
            text: ByteString,
        }

        impl $type {
            /// Creates a header for a service, whose name is written in lower case after `urn:urn-7:`.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it is no name of a service.
            pub fn new(service: &str) -> Result<Self, ParseError> {
                check(service)?;
                let mut text = String::with_capacity(URN.len() + service.len());
                text.push_str(URN);
                text.push_str(service);
                text.make_ascii_lowercase();
                Ok($type { text: text.into() })
            }

            /// Returns the URN.
            pub fn urn(&self) -> &str {
                &self.text
            }

            /// Returns the name of the service, without `urn:urn-7:`.
            pub fn service(&self) -> &str {
                &self.text[URN.len()..]
            }

            /// Returns the labels of the name, the most general one first.
            pub fn labels(&self) -> impl Iterator<Item = &str> + '_ {
                self.service().split('.')
            }
        }

        impl TypedHeader for $type {
            const NAME: HeaderName = HeaderName::$name;
            const SHAPE: Shape = Shape::List;

            fn parse(value: Field<'_>) -> Result<Self, ParseError> {
                match value.as_str().split_at_checked(URN.len()) {
                    Some((urn, service)) if urn.eq_ignore_ascii_case(URN) => {
                        check(service).map_err(|error| error.shifted(URN.len()))?;
                    }
                    _ => return fault(0, "`urn:urn-7:`"),
                }
                Ok($type { text: value.share() })
            }

            fn write(&self, out: &mut String) {
                out.push_str(&self.text);
            }
        }

        /// Compares the URNs without case (RFC 6050 §4.4).
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.text.eq_ignore_ascii_case(&other.text)
            }
        }

        text_traits!($type);
    )*};
}

services! {
    /// A P-Asserted-Service header: the service of a request, as a trusted element determined it.
    ///
    /// ```text
    /// PAssertedService       = "P-Asserted-Service" HCOLON PAssertedService-value
    /// PAssertedService-value = Service-ID *(COMMA Service-ID)
    /// Service-ID             = "urn:urn-7:" urn-service-id
    /// urn-service-id         = top-level *("." sub-service-id)
    /// top-level              = let-dig [ *26let-dig ]
    /// sub-service-id         = let-dig [ *let-dig ]
    /// let-dig                = ALPHA / DIGIT / "-"
    /// ```
    ///
    /// The grammar is that of [RFC 6050 §4.1](https://www.rfc-editor.org/rfc/rfc6050#section-4.1) and §4.4. A
    /// request may have several, but a sender should write one.
    ///
    /// ```
    /// use spigot_parser::header::PAssertedService;
    ///
    /// let service: PAssertedService = "urn:urn-7:3gpp-service.exampletelephony.version1".parse()?;
    /// assert_eq!(service.labels().collect::<Vec<_>>(), ["3gpp-service", "exampletelephony", "version1"]);
    /// assert_eq!(PAssertedService::new("3gpp-service.ims.icsi.mmtel")?.urn(), "urn:urn-7:3gpp-service.ims.icsi.mmtel");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    PAssertedService, P_ASSERTED_SERVICE;

    /// A P-Preferred-Service header: the service that a user agent wants for its request.
    ///
    /// ```text
    /// PPreferredService       = "P-Preferred-Service" HCOLON PPreferredService-value
    /// PPreferredService-value = Service-ID *(COMMA Service-ID)
    /// ```
    ///
    /// The grammar is that of [RFC 6050 §4.2](https://www.rfc-editor.org/rfc/rfc6050#section-4.2) and §4.4.
    ///
    /// ```
    /// use spigot_parser::header::PPreferredService;
    ///
    /// let service: PPreferredService = "urn:urn-7:3gpp-service.exampletelephony.version1".parse()?;
    /// assert_eq!(service.service(), "3gpp-service.exampletelephony.version1");
    /// assert_eq!(PPreferredService::new("3gpp-service.ims.icsi.mmtel")?, service.urn().replace("exampletelephony.version1", "IMS.icsi.mmtel").parse()?);
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    PPreferredService, P_PREFERRED_SERVICE;
}

/// Checks that `service` is a `urn-service-id`.
fn check(service: &str) -> Result<(), ParseError> {
    let mut at = 0;
    for label in service.split('.') {
        let fits = label
            .bytes()
            .take_while(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
            .count();
        if fits < label.len() || label.is_empty() {
            return fault(at + fits, "a label of letters, digits and `-`");
        }
        if at == 0 && label.len() > 27 {
            return fault(27, "a first label of at most 27 characters");
        }
        at += label.len() + 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn a_service_is_a_urn() {
        let service: PAssertedService = "URN:Urn-7:A-1.b".parse().unwrap();
        assert_eq!((service.service(), service.urn()), ("A-1.b", "URN:Urn-7:A-1.b"));
        assert_eq!(service, PAssertedService::new("a-1.B").unwrap());
        assert_ne!(service, PAssertedService::new("a-1").unwrap());
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_is() {
        let long = format!("urn:urn-7:{}", "a".repeat(28));
        for (text, offset) in [
            ("", 0),
            ("urn:urn-7", 0),
            ("urn:urn-8:a", 0),
            ("urn:urn-7:", 10),
            ("urn:urn-7:a.", 12),
            ("urn:urn-7:.a", 10),
            ("urn:urn-7:a..b", 12),
            ("urn:urn-7:a_b", 11),
            ("urn:urn-7:a;x", 11),
            ("urn:urn-7:a\r\n", 11),
            ("urn:urn-é:a", 0),
            (&long, 37),
        ] {
            let error = text.parse::<PAssertedService>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
            assert!(text.parse::<PPreferredService>().is_err(), "{text}");
        }
        for evil in testing::EVIL {
            assert!(
                PAssertedService::new(evil).is_err() && PPreferredService::new(evil).is_err(),
                "{evil:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(service in "[a-zA-Z0-9-]{1,27}(\\.[a-zA-Z0-9-]{1,30}){0,3}") {
            testing::assert_round_trip(&PAssertedService::new(&service).unwrap());
            testing::assert_round_trip(&PPreferredService::new(&service).unwrap());
        }
    }
}
