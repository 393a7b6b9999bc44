//! The identity of the peer of a connection. The transports find it out, and handlers read it.

use std::sync::Arc;

use crate::sip::Bytes;

/// The identity that the peer of a TLS connection has proved, by a certificate from a trusted authority.
///
/// A certificate stands for domains, and for no users
/// ([RFC 5922 §7.1](https://www.rfc-editor.org/rfc/rfc5922#section-7.1)): those of its `sip:` URIs or, if it
/// has none, its DNS names.
///
/// The header Identity, a signature over caller and callee, is [`header::Identity`](crate::header::Identity).
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
    /// Makes the identity of these domains, for tests and for transports of your own. `certificate` is in
    /// DER.
    pub fn new(
        domains: impl IntoIterator<Item = impl Into<String>>,
        certificate: impl Into<Bytes>,
    ) -> Identity {
        Identity {
            domains: domains.into_iter().map(Into::into).collect(),
            certificate: certificate.into(),
        }
    }

    /// Returns the domains of the certificate. There may be none.
    pub fn domains(&self) -> impl Iterator<Item = &str> {
        self.domains.iter().map(String::as_str)
    }

    /// Reports whether the peer is a server of that domain. Case does not count, and no wildcard matches (RFC
    /// 5922 §7.2).
    pub fn is_of(&self, domain: &str) -> bool {
        self.domains().any(|own| own.eq_ignore_ascii_case(domain))
    }

    /// Returns the certificate, in DER.
    pub fn certificate(&self) -> &Bytes {
        &self.certificate
    }
}
