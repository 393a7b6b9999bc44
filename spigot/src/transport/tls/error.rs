//! What is wrong with certificates and keys.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why there is no TLS.
///
/// Its `Debug` is its text, since that is what a `main` prints that returns it.
#[non_exhaustive]
#[derive(thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is no certificate where a chain in PEM should be.
    #[error("no certificate in {0}: expected PEM, with lines `-----BEGIN CERTIFICATE-----`")]
    NoCertificate(String),
    /// A certificate cannot be read.
    #[error("malformed certificate in {place}: {why}")]
    Certificate {
        /// Where it stands.
        place: String,
        /// What is wrong.
        why: rustls::CertificateError,
    },
    /// There is no private key where one in PEM should be.
    #[error("no private key in {0}: expected PEM, with a line `-----BEGIN PRIVATE KEY-----` or its like")]
    NoKey(String),
    /// A text is not PEM as it should be.
    #[error("malformed PEM in {place}: {why}")]
    Pem {
        /// Where it stands.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// The key is of a kind that is not known, or not the certificate's.
    #[error("the private key does not go with the certificate: {0}")]
    Key(#[source] rustls::Error),
    /// There are no authorities to trust, or they cannot be read.
    #[error("no authorities to trust: {0}")]
    Authorities(String),
    /// The configuration contradicts itself.
    #[error("TLS cannot be configured: {0}")]
    Configuration(#[source] rustls::Error),
}

impl fmt::Debug for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
