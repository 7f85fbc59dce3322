//! The certificates of the closed network: a root of its own, and one certificate per site.
//!
//! RSA, since browsers refuse Ed25519 and ECDSA signatures vary in length. Made once per process.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, SerialNumber, date_time_ymd,
};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature,
    verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::time_provider::TimeProvider;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, ServerConfig, SignatureScheme,
};

use super::secrets::ThreadLog;
use crate::line::Area;
use crate::line::internet::service_host;
use crate::line::members_club;

/// The root of the network, and a certificate for each of its sites.
pub struct Pki {
    root_pem: String,
    servers: Vec<(&'static str, Arc<ServerConfig>)>,
    trusting: Arc<ClientConfig>,
    distrusting: Arc<ClientConfig>,
    careless: Arc<ClientConfig>,
}

/// What a client thinks of the network's root certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It is installed.
    Installed,
    /// It is not.
    Missing,
    /// Any certificate will do: the user went on after the warning (guide p.16, M10).
    Overridden,
}

impl Pki {
    /// The sites that have a certificate (guide p.16, p.18), those of the service information site included,
    /// whose real ones are of public authorities: here one root stands for all (inferred).
    pub const HOSTS: [&str; 6] = [
        "www.lineauth.mnw",
        "hweb.oqs.onshikaku.org",
        "hweb.oqs-st.onshikaku.org",
        members_club::HOST,
        service_host(Area::East),
        service_host(Area::West),
    ];

    /// Returns the one of this process.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Pki> = OnceLock::new();
        SHARED.get_or_init(|| Self::generate().expect("fixed parameters make valid certificates"))
    }

    /// Returns the root certificate, to be installed in real terminals.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    pub(super) fn server_config(&self, host: &str) -> Option<Arc<ServerConfig>> {
        let known = self.servers.iter().find(|(name, _)| *name == host)?;
        Some(Arc::clone(&known.1))
    }

    pub(super) fn client_config(&self, trust: Trust) -> Arc<ClientConfig> {
        Arc::clone(match trust {
            Trust::Installed => &self.trusting,
            Trust::Missing => &self.distrusting,
            Trust::Overridden => &self.careless,
        })
    }

    fn generate() -> Result<Self, Box<dyn std::error::Error>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        // One key for the root and all sites: nobody attacks them, and RSA keys take long to find.
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256)?;
        let copy = PrivatePkcs8KeyDer::from(key.serialize_der());
        let root = root(KeyPair::try_from(&copy)?)?;
        let servers = Self::HOSTS
            .into_iter()
            .map(|host| Ok((host, server_config(host, &key, &root, &provider)?)))
            .collect::<Result<_, Box<dyn std::error::Error>>>()?;
        let mut installed = RootCertStore::empty();
        installed.add(root.der().clone())?;
        Ok(Self {
            root_pem: root.pem(),
            servers,
            trusting: client_config(&provider, installed)?,
            distrusting: client_config(&provider, RootCertStore::empty())?,
            careless: careless_config(&provider)?,
        })
    }
}

fn root(key: KeyPair) -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = params("ngnlab ONS test root", &[], &key)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, key)
}

fn params(name: &str, hosts: &[&str], key: &KeyPair) -> Result<CertificateParams, rcgen::Error> {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(serial(name, key));
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    Ok(params)
}

/// Returns a serial number that is always as long, so that handshakes are, too, and that differs
/// from those of other processes, which some browsers insist on.
fn serial(name: &str, key: &KeyPair) -> SerialNumber {
    let fold = |sum: u8, byte: &u8| sum.wrapping_mul(31).wrapping_add(*byte);
    let mut bytes: Vec<u8> = key
        .public_key_raw()
        .iter()
        .rev()
        .skip(16)
        .take(15)
        .copied()
        .collect();
    bytes.push(name.as_bytes().iter().fold(0, fold));
    bytes[0] = bytes[0] & 0x3f | 0x40;
    SerialNumber::from(bytes)
}

fn server_config(
    host: &str,
    key: &KeyPair,
    root: &CertifiedIssuer<'static, KeyPair>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<ServerConfig>, Box<dyn std::error::Error>> {
    let mut params = params(host, &[host], key)?;
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyEncipherment,
    ];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let leaf = params.signed_by(key, root)?;
    let private: PrivateKeyDer<'static> = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let mut config = ServerConfig::builder_with_details(Arc::clone(provider), Arc::new(FixedDate))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone(), root.der().clone()], private)?;
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.key_log = Arc::new(ThreadLog);
    Ok(Arc::new(config))
}

fn client_config(
    provider: &Arc<CryptoProvider>,
    roots: RootCertStore,
) -> Result<Arc<ClientConfig>, Error> {
    let mut config = ClientConfig::builder_with_details(Arc::clone(provider), Arc::new(FixedDate))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

fn careless_config(provider: &Arc<CryptoProvider>) -> Result<Arc<ClientConfig>, Error> {
    let verifier = AcceptsAny(provider.signature_verification_algorithms);
    let mut config = ClientConfig::builder_with_details(Arc::clone(provider), Arc::new(FixedDate))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// The date in the world: certificates are judged by it, never by the machine's clock.
#[derive(Debug)]
struct FixedDate;

impl TimeProvider for FixedDate {
    fn current_time(&self) -> Option<UnixTime> {
        // 2026-01-01T00:00:00Z.
        Some(UnixTime::since_unix_epoch(Duration::from_secs(
            1_767_225_600,
        )))
    }
}

/// Believes every certificate, as a user does who clicks the warning away.
#[derive(Debug)]
struct AcceptsAny(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for AcceptsAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
