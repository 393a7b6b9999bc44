//! TLS by a client that is not ours.

use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::wire::Octets;

/// The name that the tests' servers have in their certificates, beside their addresses.
pub(crate) const DOMAIN: &str = "sip.example.com";

/// Shakes hands with the server of [`DOMAIN`].
pub(crate) async fn connect<S: Octets>(stream: S) -> TlsStream<S> {
    let authority = CertificateDer::from_pem_slice(spigot::testing::authority().as_bytes());
    let mut roots = RootCertStore::empty();
    roots
        .add(authority.expect("PEM"))
        .expect("an authority can be trusted");
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(DOMAIN).expect("a domain");
    let connector = TlsConnector::from(Arc::new(config));
    let handshake = tokio::time::timeout(crate::wire::PATIENCE, connector.connect(name, stream)).await;
    handshake
        .expect("a handshake within 10 s")
        .expect("a server that is trusted")
}
