//! Whether a server is who it should be ([RFC 5922 §7](https://www.rfc-editor.org/rfc/rfc5922#section-7)).

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::Identity;

/// Verifies the chain as every TLS client does, and the name as SIP does.
#[derive(Debug)]
pub(super) struct Verifier {
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    pub(super) fn new(roots: Arc<RootCertStore>, provider: Arc<CryptoProvider>) -> Verifier {
        Verifier { roots, provider }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&certificate, &self.roots, intermediates, now, algorithms)?;
        match server_name {
            ServerName::DnsName(domain) => {
                let identity = identity(end_entity).map_err(|error| Error::General(error.to_string()))?;
                if !identity.is_of(domain.as_ref()) {
                    return Err(CertificateError::NotValidForName.into());
                }
            }
            other => verify_server_name(&certificate, other)?,
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Reads whose certificate that is. Whether anybody trusts it is another question.
pub(crate) fn identity(certificate: &CertificateDer<'_>) -> Result<Identity, webpki::Error> {
    let parsed = webpki::EndEntityCert::try_from(certificate)?;
    let domains = domains(parsed.valid_uri_names(), parsed.valid_dns_names());
    Ok(Identity::new(domains, certificate.to_vec()))
}

/// The domains that a certificate with these names stands for.
///
/// [RFC 5922 §7.1](https://www.rfc-editor.org/rfc/rfc5922#section-7.1) takes the SIP URIs without a user
/// among the names and, only if there are none, the DNS names. §7.2: a wildcard matches nothing.
fn domains<'n>(uris: impl Iterator<Item = &'n str>, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let mut has_sip = false;
    let mut domains = Vec::new();
    for uri in uris {
        let Some((scheme, rest)) = uri.split_once(':') else {
            continue;
        };
        if !scheme.eq_ignore_ascii_case("sip") {
            continue;
        }
        has_sip = true;
        if !rest.contains('@') {
            domains.push(rest.split([';', '?', ':']).next().unwrap_or(rest));
        }
    }
    if !has_sip {
        domains.extend(names.filter(|name| !name.contains('*')));
    }
    domains
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip;

    #[test]
    fn a_sip_uri_goes_before_dns_names_and_wildcards_match_nothing() {
        let of = |uris: &[&str], names: &[&str]| {
            let domains = domains(uris.iter().copied(), names.iter().copied());
            Identity::new(domains, sip::Bytes::new()).is_of("example.com")
        };
        assert!(of(&["sip:example.com"], &[]));
        assert!(of(&["http://example.com", "SIP:Example.COM"], &["other.example"]));
        assert!(of(&[], &["other.example", "EXAMPLE.com"]));
        assert!(of(&["http://example.com"], &["example.com"]), "not a SIP URI");
        assert!(
            !of(&["sip:other.example"], &["example.com"]),
            "the SIP URI decides"
        );
        assert!(!of(&["sip:bob@example.com"], &[]), "a user's, not the domain's");
        assert!(!of(&[], &["*.com", "*.example.com"]));
        assert!(!of(&[], &[]));
    }
}
