//! Who is at the other end of a connection.
//!
//! A leaf, as the flow is: the transports find it out and the router tells it.

use std::sync::Arc;

use crate::sip::Bytes;

/// Who the peer of a TLS connection has proved to be, by a certificate from an authority that we trust.
///
/// A certificate stands for domains, and for no users
/// ([RFC 5922 §7.1](https://www.rfc-editor.org/rfc/rfc5922#section-7.1)): those of its `sip:` URIs or, if it
/// has none, its DNS names.
///
/// ```
/// use spigot::{Identity, Source, StatusCode, sip_router};
///
/// struct Trunk;
///
/// #[sip_router]
/// impl Trunk {
///     #[invite]
///     async fn call(&self, source: Source) -> StatusCode {
///         match source.identity() {
///             Some(carrier) if carrier.is_of("carrier.example.com") => StatusCode::OK,
///             _ => StatusCode::FORBIDDEN,
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    domains: Arc<[String]>,
    certificate: Bytes,
}

impl Identity {
    /// An identity of these domains, for tests and for transports of your own; `certificate` is in DER.
    pub fn new(
        domains: impl IntoIterator<Item = impl Into<String>>,
        certificate: impl Into<Bytes>,
    ) -> Identity {
        Identity {
            domains: domains.into_iter().map(Into::into).collect(),
            certificate: certificate.into(),
        }
    }

    /// The domains of the certificate; there may be none.
    pub fn domains(&self) -> impl Iterator<Item = &str> {
        self.domains.iter().map(String::as_str)
    }

    /// Whether the peer is a server of that domain. Case does not count, and no wildcard matches (RFC 5922
    /// §7.2).
    pub fn is_of(&self, domain: &str) -> bool {
        self.domains().any(|own| own.eq_ignore_ascii_case(domain))
    }

    /// The certificate, in DER.
    pub fn certificate(&self) -> &Bytes {
        &self.certificate
    }
}
