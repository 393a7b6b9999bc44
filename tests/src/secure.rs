//! A TLS client and server that do not use the library, and their key log.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, KeyLog, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use crate::wire::Octets;

/// The name in the certificates of the tests' servers, besides their addresses.
pub(crate) const DOMAIN: &str = "sip.example.com";

/// Makes a TLS handshake with the server of [`DOMAIN`].
pub(crate) async fn connect<S: Octets>(stream: S) -> client::TlsStream<S> {
    let authority = CertificateDer::from_pem_slice(spigot::testing::authority().as_bytes());
    let mut roots = RootCertStore::empty();
    roots
        .add(authority.expect("PEM"))
        .expect("an authority can be trusted");
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.key_log = Arc::new(Keys);
    let name = ServerName::try_from(DOMAIN).expect("a domain");
    let connector = TlsConnector::from(Arc::new(config));
    let handshake = tokio::time::timeout(crate::wire::PATIENCE, connector.connect(name, stream)).await;
    handshake
        .expect("a handshake within 10 s")
        .expect("a server that is trusted")
}

/// Returns an acceptor with a certificate for `name`, which is a domain or an address.
pub(crate) fn acceptor(name: &str) -> TlsAcceptor {
    let (certificate, key) = spigot::testing::certificate_and_key(&[name]);
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("PEM");
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("PEM");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key);
    let mut config = config.expect("a certificate and its key");
    config.key_log = Arc::new(Keys);
    TlsAcceptor::from(Arc::new(config))
}

/// Accepts a TLS handshake; returns `None` if it fails.
pub(crate) async fn accept(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
) -> Option<server::TlsStream<TcpStream>> {
    let handshake = tokio::time::timeout(crate::wire::PATIENCE, acceptor.accept(stream)).await;
    handshake.ok()?.ok()
}

/// The keys of all connections, one per line, or `None` before [`keep_keys`].
static KEYS: Mutex<Option<String>> = Mutex::new(None);

fn kept() -> MutexGuard<'static, Option<String>> {
    KEYS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to keep the keys of all connections, for captures.
pub(crate) fn keep_keys() {
    kept().get_or_insert_default();
}

/// Returns the kept keys in the format of
/// [draft-ietf-tls-keylogfile](https://www.ietf.org/archive/id/draft-ietf-tls-keylogfile-05.html).
pub(crate) fn keys() -> String {
    kept().clone().unwrap_or_default()
}

#[derive(Debug)]
struct Keys;

impl KeyLog for Keys {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        if let Some(lines) = &mut *kept() {
            let _always_fits = writeln!(lines, "{label} {} {}", Hex(client_random), Hex(secret));
        }
    }

    fn will_log(&self, _label: &str) -> bool {
        kept().is_some()
    }
}

struct Hex<'o>(&'o [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}
