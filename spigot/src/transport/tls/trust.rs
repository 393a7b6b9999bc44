//! The authorities that we trust.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;

use super::TlsError;
use super::certificates::{certificates, read};

/// Authorities whose signature makes a certificate good.
#[derive(Clone, Debug)]
pub struct Trust {
    roots: Arc<RootCertStore>,
}

impl Trust {
    /// The authorities that the system trusts.
    ///
    /// # Errors
    ///
    /// When the system has none.
    pub fn system() -> Result<Trust, TlsError> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            let why = match found.errors.first() {
                Some(error) => error.to_string(),
                None => "the system has none".to_owned(),
            };
            return Err(TlsError::Authorities(why));
        }
        Ok(Trust {
            roots: Arc::new(roots),
        })
    }

    /// The authorities in a text in PEM.
    ///
    /// # Errors
    ///
    /// When there is no certificate in the text, or one that cannot be an authority.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Trust, TlsError> {
        Trust::read(pem.as_ref(), "the text")
    }

    /// The authorities in a file in PEM.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Trust::from_pem), and when the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Trust, TlsError> {
        let path = path.as_ref();
        Trust::read(&read(path)?, &path.display().to_string())
    }

    fn read(pem: &[u8], place: &str) -> Result<Trust, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(pem, place)? {
            roots
                .add(certificate)
                .map_err(|error| TlsError::Authorities(format!("{place}: {error}")))?;
        }
        Ok(Trust {
            roots: Arc::new(roots),
        })
    }

    pub(super) fn roots(&self) -> Arc<RootCertStore> {
        self.roots.clone()
    }
}
