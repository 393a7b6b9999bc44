//! Certificates for tests: an authority that lives as long as the process, and is trusted by nobody else.

use std::sync::OnceLock;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::transport::tls::{Certificates, TlsConfig, Trust};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn own_authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key can be made");
        CertifiedIssuer::self_signed(params, key).expect("an authority can be made")
    })
}

/// The certificate of the authority that signs [`certificates`], as PEM.
///
/// Clients of another make need it to trust the server under test. [`certificate_and_key`] is for servers of
/// another make.
pub fn authority() -> String {
    own_authority().pem()
}

/// Makes TLS for a server under test, with a new certificate for these domains and addresses.
///
/// Test clients trust its authority, and so does the server itself.
///
/// ```no_run
/// use spigot::testing::{TestClient, certificates};
/// use spigot::{Config, Spigot, Transport};
/// # struct MyUserAgent;
/// # #[spigot::sip_router]
/// # impl MyUserAgent {}
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), spigot::Error> {
/// let config = Config::new(MyUserAgent).tls(certificates(&["127.0.0.1"]));
/// let spigot = Spigot::start(config.listen(Transport::Tls, ([127, 0, 0, 1], 0))).await?;
/// let alice = TestClient::connect(&spigot.listeners()[0].to_string()).await;
/// # Ok(())
/// # }
/// ```
///
/// # Panics
///
/// When one of the names is neither a domain nor an address.
pub fn certificates(names: &[&str]) -> TlsConfig {
    let (certificate, key) = certificate_and_key(names);
    let certificates = Certificates::from_pem(certificate, key).expect("what was made is good");
    let trust = Trust::from_pem(own_authority().pem()).expect("what was made is good");
    TlsConfig::new(certificates).trusting(trust)
}

/// Makes a certificate for these domains and addresses, and its key, as PEM.
///
/// They are for servers of another make, which a test client or a server under test is to trust.
///
/// # Panics
///
/// When one of the names is neither a domain nor an address.
pub fn certificate_and_key(names: &[&str]) -> (String, String) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let params = CertificateParams::new(names).expect("names are domains or addresses");
    let key = KeyPair::generate().expect("a key can be made");
    let certificate = params
        .signed_by(&key, own_authority())
        .expect("a certificate can be made");
    (certificate.pem(), key.serialize_pem())
}
