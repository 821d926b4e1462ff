//! TLS: whom to trust, and who issued a certificate that is not trusted.
//!
//! Trust is the operating system's ([`rustls_platform_verifier`]). On Linux `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` stand in for the system's store, as they do for OpenSSL; on macOS and Windows, where that
//! library knows no such variable, the certificates of `SSL_CERT_FILE` are trusted in addition.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, OtherError, RootCertStore,
    SignatureScheme,
};
use rustls_platform_verifier::Verifier;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// For plain http: the client wants a configuration, and reading the trust store for it would be waste.
pub(super) fn without_trust() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    config.alpn_protocols = http_1();
    Ok(config)
}

/// Trusts what the operating system trusts. Reads the store.
///
/// # Errors
/// The store, or `SSL_CERT_FILE`, has no usable certificate.
pub(super) fn with_system_trust() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = IssuerNaming { system: system_verifier(Arc::clone(&provider))? };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = http_1();
    Ok(config)
}

fn http_1() -> Vec<Vec<u8>> {
    vec![b"http/1.1".to_vec()]
}

#[cfg(not(any(target_os = "macos", windows)))]
fn system_verifier(provider: Arc<CryptoProvider>) -> Result<Verifier, rustls::Error> {
    Verifier::new(provider)
}

#[cfg(any(target_os = "macos", windows))]
fn system_verifier(provider: Arc<CryptoProvider>) -> Result<Verifier, rustls::Error> {
    use rustls::pki_types::pem::PemObject;
    let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) else {
        return Verifier::new(provider);
    };
    let extra: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| rustls::Error::General(format!("SSL_CERT_FILE can't be read: {error}")))?;
    Verifier::new_with_extra_roots(extra, provider)
}

/// A certificate that the system does not trust.
#[derive(Debug)]
pub(super) struct Untrusted {
    /// Common name of its issuer, or organisation where there is no common name.
    pub(super) issuer: String,
    reason: rustls::Error,
}

impl fmt::Display for Untrusted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(formatter)
    }
}

impl Error for Untrusted {}

/// The system's verifier, whose refusals of an issuer name that issuer. It decides nothing itself.
#[derive(Debug)]
struct IssuerNaming {
    system: Verifier,
}

impl ServerCertVerifier for IssuerNaming {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.system.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now).map_err(
            |reason| match issuer_of(end_entity) {
                Some(issuer) if reason == rustls::Error::from(CertificateError::UnknownIssuer) => {
                    CertificateError::Other(OtherError(Arc::new(Untrusted { issuer, reason }))).into()
                }
                Some(_) | None => reason,
            },
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.system.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.system.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.system.supported_verify_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.system.root_hint_subjects()
    }
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const EXPLICIT_VERSION: u8 = 0xa0;
/// `id-at-commonName`, 2.5.4.3.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
/// `id-at-organizationName`, 2.5.4.10.
const ORGANIZATION: [u8; 3] = [0x55, 0x04, 0x0a];

/// Common name (else organisation) of a certificate's issuer (RFC 5280 section 4.1). `None` for anything
/// that is not laid out as expected; this is only for a text, the verifier has judged already.
fn issuer_of(certificate: &[u8]) -> Option<String> {
    let (certificate, _) = element(certificate, SEQUENCE)?;
    let (mut fields, _) = element(certificate, SEQUENCE)?;
    if fields.first() == Some(&EXPLICIT_VERSION) {
        fields = any_element(fields)?.2;
    }
    let after_serial = any_element(fields)?.2;
    let after_algorithm = any_element(after_serial)?.2;
    let (mut names, _) = element(after_algorithm, SEQUENCE)?;
    let mut organization = None;
    while !names.is_empty() {
        let (relative_name, rest) = element(names, SET)?;
        names = rest;
        let (attribute, _) = element(relative_name, SEQUENCE)?;
        let (kind, value) = element(attribute, OBJECT_IDENTIFIER)?;
        let (_, value, _) = any_element(value)?;
        let text = String::from_utf8_lossy(value).into_owned();
        if kind == COMMON_NAME {
            return Some(text);
        }
        if kind == ORGANIZATION {
            organization = Some(text);
        }
    }
    organization
}

/// The content of the DER element of that tag at the start, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = any_element(bytes)?;
    (found == tag).then_some((content, rest))
}

/// Tag, content and rest of the DER element at the start.
fn any_element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, bytes) = bytes.split_first()?;
    let (first, mut bytes) = bytes.split_first()?;
    let length = if first & 0x80 == 0 {
        usize::from(*first)
    } else {
        let count = usize::from(first & 0x7f);
        if !(1..=4).contains(&count) {
            return None;
        }
        let (digits, rest) = bytes.split_at_checked(count)?;
        bytes = rest;
        digits.iter().fold(0, |length, digit| (length << 8) | usize::from(*digit))
    };
    let (content, rest) = bytes.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::FailureKind;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;
    use std::path::Path;
    use std::process::Command;
    use std::time::Duration;

    /// A certificate for zoom.example.com, issued by "Example Proxy CA" of "Example Org"; made for this test,
    /// its keys are gone.
    const INTERCEPTED: &str = "\
        MIIBzTCCAXOgAwIBAgIUZUpXHWogKblhSS5tbSMKlI7rFOIwCgYIKoZIzj0EAwIwPjELMAkGA1UEBhMCVVMxFDASBgNVBAoM\
        C0V4YW1wbGUgT3JnMRkwFwYDVQQDDBBFeGFtcGxlIFByb3h5IENBMCAXDTI2MTEyMzExMDIyN1oYDzIxMjYxMDMwMTEwMjI3\
        WjAbMRkwFwYDVQQDDBB6b29tLmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8ZVcg85lHLTAaNkPsmLK\
        GIHEhe7PbOiS0suwds+rmSI1hI/BmHdM1n2sHvXo6v6IzPSOJTrdgmLwrsbwriy3tqNwMG4wIQYDVR0RBBowGIIQem9vbS5l\
        eGFtcGxlLmNvbYcEfwAAATAJBgNVHRMEAjAAMB0GA1UdDgQWBBSLmeQZiqfvRmttzEJcjO8BKpY3HDAfBgNVHSMEGDAWgBRX\
        qwmaRl1kTixNVDLkX4PleY0aUTAKBggqhkjOPQQDAgNIADBFAiEA+aI3MghbEq6cgJFyleuw2qEQu32je7FZrcyenCcqwTIC\
        IHrWkt6Zo5DR12Hz94P0UgVaoHkHm5mhRroqdJbYRfug";

    /// The certificate of "Example Proxy CA" itself.
    const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----
MIIB1DCCAXmgAwIBAgIUSs2DnlZumer6q4xDRP32l8kBj2kwCgYIKoZIzj0EAwIw
PjELMAkGA1UEBhMCVVMxFDASBgNVBAoMC0V4YW1wbGUgT3JnMRkwFwYDVQQDDBBF
eGFtcGxlIFByb3h5IENBMCAXDTI2MTEyMzExMDIyN1oYDzIxMjYxMDMwMTEwMjI3
WjA+MQswCQYDVQQGEwJVUzEUMBIGA1UECgwLRXhhbXBsZSBPcmcxGTAXBgNVBAMM
EEV4YW1wbGUgUHJveHkgQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATIg6A0
i3EYcQumSRcMYfkKuAxVQRjNO4LBKmlurcgHVjzWrqGDf5C21rzRRYUVQlrLXB/G
lYde2eDbgP7HQvRCo1MwUTAdBgNVHQ4EFgQUV6sJmkZdZE4sTVQy5F+D5XmNGlEw
HwYDVR0jBBgwFoAUV6sJmkZdZE4sTVQy5F+D5XmNGlEwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNJADBGAiEAktQ2vRKsYFx0GM8CyE/j/VAfygdWoSXFGQAf
c+1G+YsCIQDjNw3Wu4OXVfXAc1Qz4MdHYSLlI3p/d16pTezQ5rIZ0w==
-----END CERTIFICATE-----
";

    fn certificate() -> CertificateDer<'static> {
        CertificateDer::from(STANDARD.decode(INTERCEPTED).unwrap())
    }

    fn verify(system: Verifier) -> Result<ServerCertVerified, rustls::Error> {
        IssuerNaming { system }.verify_server_cert(
            &certificate(),
            &[],
            &ServerName::try_from("zoom.example.com").unwrap(),
            &[],
            // 2030-01-01, so that the test does not depend on today.
            UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000)),
        )
    }

    #[test]
    #[ignore = "run by ssl_cert_file_decides_whom_to_trust, in an environment of its own"]
    fn in_an_environment_of_its_own() {
        verify(system_verifier(Arc::new(ring::default_provider())).unwrap()).unwrap();
    }

    #[test]
    fn ssl_cert_file_decides_whom_to_trust() {
        let directory = tempfile::tempdir().unwrap();
        let authority = directory.path().join("authority.pem");
        std::fs::write(&authority, AUTHORITY).unwrap();
        let trusts_with = |file: &Path| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "--ignored", "zoom::certificate::tests::in_an_environment_of_its_own"])
                .env("SSL_CERT_FILE", file)
                .env_remove("SSL_CERT_DIR")
                .output()
                .unwrap()
        };
        let with_authority = trusts_with(&authority);
        assert!(with_authority.status.success(), "{with_authority:?}");
        assert!(String::from_utf8_lossy(&with_authority.stdout).contains("1 passed"));
        assert!(!trusts_with(&directory.path().join("missing.pem")).status.success());
    }

    // Row B08 of docs/callback-rows.md.
    #[test]
    fn the_issuer_of_an_untrusted_certificate_is_named() {
        assert_eq!(issuer_of(&certificate()).as_deref(), Some("Example Proxy CA"));
        // A machine without any trusted certificate can't tell trusted from untrusted.
        let Ok(system) = system_verifier(Arc::new(ring::default_provider())) else { return };
        let error = verify(system).unwrap_err();
        let FailureKind::Tls { detail, issuer } = super::super::failures::tls_failure(&error) else {
            panic!("not a TLS failure");
        };
        assert_eq!(issuer.as_deref(), Some("Example Proxy CA"));
        assert!(detail.contains("UnknownIssuer"), "{detail}");
    }

    #[test]
    fn a_cut_certificate_has_no_issuer() {
        let whole = certificate();
        for length in 0..whole.len() / 2 {
            let _ = issuer_of(&whole[..length]);
        }
        assert_eq!(issuer_of(&whole[..40]), None);
        assert_eq!(issuer_of(b""), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, place in 0..400_usize, value: u8) {
            let _ = issuer_of(&bytes);
            let mut changed = certificate().to_vec();
            changed[place] = value;
            let _ = issuer_of(&changed);
        }
    }
}
