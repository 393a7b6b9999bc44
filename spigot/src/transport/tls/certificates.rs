//! Who we are: certificates with their keys, which can be read again while connections stand.
//!
//! Invariant: what is in use is whole; a file that cannot be read changes nothing.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{TlsError, provider};

/// A certificate chain and its key, or several for several domains.
///
/// Which one is shown follows from the domain that the client asks for (SNI). Clones share what is read
/// again.
#[derive(Clone)]
pub struct Certificates {
    sources: Arc<[CertificateSource]>,
    current: Arc<RwLock<Arc<[Arc<CertifiedKey>]>>>,
}

/// Where a certificate comes from.
#[derive(Clone, Debug)]
enum CertificateSource {
    Files { chain: PathBuf, key: PathBuf },
    Memory(Arc<CertifiedKey>),
}

impl Certificates {
    /// Reads a chain, the server's own certificate first, and its private key, both in PEM.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, has nothing of the kind in it, or the two do not go together.
    pub fn from_files(chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Certificates, TlsError> {
        Certificates::of(vec![CertificateSource::Files {
            chain: chain.as_ref().to_owned(),
            key: key.as_ref().to_owned(),
        }])
    }

    /// Takes a chain, the server's own certificate first, and its private key from memory, both in PEM.
    ///
    /// # Errors
    ///
    /// As [`from_files`](Certificates::from_files).
    pub fn from_pem(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Certificates, TlsError> {
        let key = certified(chain.as_ref(), "the chain", key.as_ref(), "the key")?;
        Certificates::of(vec![CertificateSource::Memory(Arc::new(key))])
    }

    /// Joins these certificates with others.
    ///
    /// A client that names a domain gets the first certificate that is good for it; any other client gets the
    /// first.
    ///
    /// # Errors
    ///
    /// When files cannot be read again.
    pub fn and(self, others: &Certificates) -> Result<Certificates, TlsError> {
        Certificates::of(self.sources.iter().chain(&*others.sources).cloned().collect())
    }

    fn of(sources: Vec<CertificateSource>) -> Result<Certificates, TlsError> {
        let current = read_all(&sources)?;
        Ok(Certificates {
            sources: sources.into(),
            current: Arc::new(RwLock::new(current)),
        })
    }

    /// Reads the files again. Connections that stand keep what they have; new ones get what is read now.
    ///
    /// # Errors
    ///
    /// As [`from_files`](Certificates::from_files). Then the certificates stay as they were.
    pub fn reload(&self) -> Result<(), TlsError> {
        match read_all(&self.sources) {
            Ok(read) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = read;
                tracing::info!("certificates read again");
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "certificates cannot be read again: the old ones stay");
                Err(error)
            }
        }
    }

    fn current(&self) -> Arc<[Arc<CertifiedKey>]> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn read_all(sources: &[CertificateSource]) -> Result<Arc<[Arc<CertifiedKey>]>, TlsError> {
    sources
        .iter()
        .map(|source| match source {
            CertificateSource::Memory(key) => Ok(key.clone()),
            CertificateSource::Files { chain, key } => {
                let (chain_octets, key_octets) = (read(chain)?, read(key)?);
                let key = certified(
                    &chain_octets,
                    &chain.display().to_string(),
                    &key_octets,
                    &key.display().to_string(),
                )?;
                Ok(Arc::new(key))
            }
        })
        .collect()
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::File {
        path: path.to_owned(),
        source,
    })
}

/// Reads the certificates in a text, at least one.
pub(super) fn certificates(pem: &[u8], place: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match all {
        Ok(all) if all.is_empty() => Err(TlsError::NoCertificate(place.to_owned())),
        Ok(all) => Ok(all),
        Err(error) => Err(TlsError::Pem {
            place: place.to_owned(),
            why: why(error),
        }),
    }
}

/// Says what is wrong with a text in PEM. The library's errors show its lines as octets.
fn why(error: pem::Error) -> String {
    let shown = |line: &[u8]| String::from_utf8_lossy(line).trim().to_owned();
    match error {
        pem::Error::MissingSectionEnd { end_marker } => {
            format!("expected a line `-----END {}-----`", shown(&end_marker))
        }
        pem::Error::IllegalSectionStart { line } => {
            format!(
                "`{}` begins nothing: expected `-----BEGIN ...-----`",
                shown(&line)
            )
        }
        error => error.to_string(),
    }
}

fn certified(chain: &[u8], chain_place: &str, key: &[u8], key_place: &str) -> Result<CertifiedKey, TlsError> {
    let chain = certificates(chain, chain_place)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::NoKey(key_place.to_owned()),
        error => TlsError::Pem {
            place: key_place.to_owned(),
            why: why(error),
        },
    })?;
    let certified = CertifiedKey::from_der(chain, key, &provider());
    let matching = certified.and_then(|certified| certified.keys_match().map(|()| certified));
    matching.map_err(|error| match error {
        rustls::Error::InvalidCertificate(why) => TlsError::Certificate {
            place: chain_place.to_owned(),
            why,
        },
        error => TlsError::Key(error),
    })
}

/// Whether the certificate is good for that domain.
fn is_for(key: &CertifiedKey, name: &str) -> bool {
    let Ok(name) = ServerName::try_from(name) else {
        return false;
    };
    let certificate = key.end_entity_cert().ok();
    let parsed = certificate.and_then(|certificate| webpki::EndEntityCert::try_from(certificate).ok());
    parsed.is_some_and(|parsed| parsed.verify_is_valid_for_subject_name(&name).is_ok())
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let all = self.current();
        let wanted = hello.server_name();
        let named = wanted.and_then(|name| all.iter().find(|key| is_for(key, name)));
        named.or(all.first()).cloned()
    }
}

impl ResolvesClientCert for Certificates {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let all = self.current();
        all.iter()
            .find(|key| key.key.choose_scheme(schemes).is_some())
            .cloned()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// No key.
impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates")
            .field("count", &self.sources.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, names: &[&str]) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        std::fs::write(folder.join("chain.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    }

    #[test]
    fn what_is_wrong_with_a_text_is_said_of_that_text() {
        let made = rcgen::generate_simple_self_signed(vec!["one.example".to_owned()]).unwrap();
        let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let said = |chain: &str, key: &str| Certificates::from_pem(chain, key).unwrap_err().to_string();
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(said(garbage, &key).starts_with("malformed certificate in the chain: "));
        assert_eq!(
            said(chain.trim_end().trim_end_matches('-'), &key),
            "malformed PEM in the chain: expected a line `-----END CERTIFICATE-----`"
        );
        assert_eq!(
            said(&chain, &key.replace("-----\n", "\n")),
            "malformed PEM in the key: `-----BEGIN PRIVATE KEY` begins nothing: expected `-----BEGIN ...-----`"
        );
    }

    #[test]
    fn files_are_read_again_and_broken_ones_change_nothing() {
        let folder = std::env::temp_dir().join(format!("spigot-certificates-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
        write(&folder, &["one.example"]);
        let certificates = Certificates::from_files(&chain, &key).unwrap();
        let is_for_now = |name| is_for(&certificates.current()[0], name);
        assert!(is_for_now("one.example"));

        write(&folder, &["two.example"]);
        assert!(is_for_now("one.example"), "nobody has said that they are new");
        certificates.reload().unwrap();
        assert!(is_for_now("two.example") && !is_for_now("one.example"));

        std::fs::write(&key, "no key").unwrap();
        assert!(matches!(certificates.reload(), Err(TlsError::NoKey(_))));
        let other = rcgen::generate_simple_self_signed(vec!["three.example".to_owned()]).unwrap();
        std::fs::write(&key, other.signing_key.serialize_pem()).unwrap();
        assert!(
            matches!(certificates.reload(), Err(TlsError::Key(_))),
            "of another certificate"
        );
        std::fs::write(&chain, "").unwrap();
        assert!(matches!(certificates.reload(), Err(TlsError::NoCertificate(_))));
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(matches!(certificates.reload(), Err(TlsError::File { .. })));
        assert!(is_for_now("two.example"));
    }
}
