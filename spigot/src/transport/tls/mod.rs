//! TLS for listeners and the connections that they open: who we are, and whom we trust.
//!
//! ```no_run
//! use spigot::tls::{Certificates, TlsConfig, Trust};
//! use spigot::{Config, Spigot, Transport};
//! # struct MyUserAgent;
//! # #[spigot::sip_router]
//! # impl MyUserAgent {}
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let certificates = Certificates::from_files("fullchain.pem", "privkey.pem")?;
//! let config = Config::new(MyUserAgent)
//!     .tls(TlsConfig::new(certificates.clone()).trusting(Trust::system()?))
//!     .listen(Transport::Tls, 5061);
//! let spigot = Spigot::start(config).await?;
//!
//! // Later, when the files have been renewed: connections that stand keep the old ones.
//! certificates.reload()?;
//! # spigot.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod certificates;
mod error;
mod identity;
mod trust;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ServerConfig};

pub use certificates::Certificates;
pub use error::TlsError;
pub(crate) use identity::identity;
pub use trust::Trust;

/// What listeners with TLS have in common: certificates, and whom they trust.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    certificates: Certificates,
    trust: Option<Trust>,
    clients: Option<Clients>,
}

/// Whose certificates clients show.
#[derive(Clone, Debug)]
struct Clients {
    authorities: Trust,
    /// Whether every client has to show one.
    demanded: bool,
}

impl TlsConfig {
    /// TLS with these certificates. Servers that are connected to are trusted as the system says, and clients
    /// need no certificate.
    pub fn new(certificates: Certificates) -> TlsConfig {
        TlsConfig {
            certificates,
            trust: None,
            clients: None,
        }
    }

    /// Trusts these authorities for the certificates of servers that are connected to.
    #[must_use]
    pub fn trusting(mut self, authorities: Trust) -> TlsConfig {
        self.trust = Some(authorities);
        self
    }

    /// Demands a certificate of every client, signed by one of these authorities (mutual TLS).
    #[must_use]
    pub fn require_clients(mut self, authorities: Trust) -> TlsConfig {
        self.clients = Some(Clients {
            authorities,
            demanded: true,
        });
        self
    }

    /// Asks every client for a certificate signed by one of these authorities, and lets those in who have
    /// none.
    ///
    /// This is for carriers beside phones; [`Source::identity`](crate::Source::identity) tells them apart. A
    /// certificate from another authority is refused.
    #[must_use]
    pub fn ask_clients(mut self, authorities: Trust) -> TlsConfig {
        self.clients = Some(Clients {
            authorities,
            demanded: false,
        });
        self
    }

    /// Makes the configurations of both sides of connections.
    pub(crate) fn sides(&self) -> Result<Sides, TlsError> {
        let provider = provider();
        let server = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Configuration)?;
        let server = match &self.clients {
            None => server.with_no_client_auth(),
            Some(clients) => {
                let roots = clients.authorities.roots();
                let mut verifier = WebPkiClientVerifier::builder_with_provider(roots, provider.clone());
                if !clients.demanded {
                    verifier = verifier.allow_unauthenticated();
                }
                let verifier = verifier
                    .build()
                    .map_err(|error| TlsError::Authorities(error.to_string()))?;
                server.with_client_cert_verifier(verifier)
            }
        };
        let server = server.with_cert_resolver(Arc::new(self.certificates.clone()));

        let trust = match &self.trust {
            Some(trust) => trust.clone(),
            None => Trust::system()?,
        };
        let client = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Configuration)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(identity::Verifier::new(trust.roots(), provider)))
            .with_client_cert_resolver(Arc::new(self.certificates.clone()));
        Ok(Sides {
            server: Arc::new(server),
            client: Arc::new(client),
        })
    }
}

/// The configurations of both sides of connections.
#[derive(Clone, Debug)]
pub(crate) struct Sides {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) client: Arc<ClientConfig>,
}

/// The cryptographic algorithms.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The name that a peer has to prove: its domain or, where none is known, its address.
pub(crate) fn name_of(domain: Option<&str>, peer: std::net::SocketAddr) -> Option<ServerName<'static>> {
    match domain {
        Some(domain) => {
            ServerName::try_from(domain.trim_start_matches('[').trim_end_matches(']').to_owned()).ok()
        }
        None => Some(ServerName::IpAddress(peer.ip().into())),
    }
}
