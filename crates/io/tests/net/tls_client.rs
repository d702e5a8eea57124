//! Each fault of a certificate, enforced and observed.
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use strictmx_engine::fact::CertFault;
use strictmx_io::tls::{ClientTls, Failed, Limited, Roots, Session, TlsFailure};
use strictmx_testbed::https::{Server, Site, Versions};
use strictmx_testbed::pki::{Ca, Leaf};
use tokio::net::TcpStream;

use crate::support::{name, tcp, trusting};

const HOST: &str = "mx.example.test";

async fn enforce(tls: &ClientTls, server: SocketAddr) -> Result<Session<TcpStream>, Failed> {
    tls.connect(TcpStream::connect(server).await.unwrap(), &name(HOST), &[]).await
}

async fn observe(tls: &ClientTls, server: SocketAddr) -> Result<Session<TcpStream>, Failed> {
    tls.connect_observing(TcpStream::connect(server).await.unwrap(), &name(HOST), &[]).await
}

/// The fault, found by both kinds of handshake alike.
async fn fault(tls: &ClientTls, server: SocketAddr) -> Option<CertFault> {
    let seen = observe(tls, server).await.unwrap();
    match enforce(tls, server).await {
        Ok(session) => assert_eq!((session.fault, &seen.fault), (None, &None)),
        Err(failed) => {
            assert_eq!(failed.chain(), seen.chain(), "the refused chain is shown all the same");
            assert_eq!(Some(failed.failure), seen.fault.clone().map(TlsFailure::Certificate));
        }
    }
    seen.fault
}

// STS-3.3-1 … STS-3.3-3, STS-4.2-1 … STS-4.2-3; R9525-6.1.1-1, R9525-6.1.1-2, R9525-6.2-1: whatever the peer shows, the name
// asked for is what counts.
#[tokio::test]
async fn every_fault_of_a_certificate_is_told_apart() {
    let ca = Ca::new("ours");
    let tls = trusting(&ca);
    let server = Server::start("127.0.0.1:0");
    let cases = [
        (Leaf::Good, None),
        (Leaf::Wildcard, None),
        (Leaf::Expired, Some(CertFault::Expired)),
        (Leaf::NotYetValid, Some(CertFault::NotYetValid)),
        (Leaf::WrongName, Some(CertFault::NameMismatch)),
        (Leaf::CommonNameOnly, Some(CertFault::NameMismatch)),
        (Leaf::PartialWildcard, Some(CertFault::NameMismatch)),
        (Leaf::SelfSigned, Some(CertFault::UntrustedIssuer)),
        (Leaf::NoIntermediate, Some(CertFault::UntrustedIssuer)),
    ];
    for (leaf, expected) in cases {
        server.site(HOST, &ca.issue(HOST, leaf), Site::policy(""));
        assert_eq!(fault(&tls, server.address()).await, expected, "{leaf:?}");
    }
    server.site(HOST, &Ca::new("theirs").issue(HOST, Leaf::Good), Site::policy(""));
    assert_eq!(fault(&tls, server.address()).await, Some(CertFault::UntrustedIssuer));
}

/// A self-signed certificate for [`HOST`] with this common name, served for ever.
fn self_signed(common_name: &str, is_ca: IsCa) -> SocketAddr {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.is_ca = is_ca;
    let chain = vec![params.self_signed(&key).unwrap().der().clone()];
    serve(chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into())
}

fn serve(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
            let _sent =
                connection.writer().write_all(b"hello").and_then(|()| connection.complete_io(&mut stream).map(|_| ()));
        }
    });
    address
}

/// design/dependencies.md 1.1: webpki calls this one a bad signature.
#[tokio::test]
async fn a_self_signed_certificate_named_like_a_trusted_authority_is_untrusted() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Trusted Root");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let root = params.self_signed(&key).unwrap();
    let mut roots = Roots::none();
    roots.add_pem(&PathBuf::from("root.pem"), root.pem().as_bytes());
    let (tls, _) = ClientTls::with_roots(roots).unwrap();
    let server = self_signed("Trusted Root", IsCa::NoCa);
    assert_eq!(fault(&tls, server).await, Some(CertFault::UntrustedIssuer));
}

/// What `openssl req -x509` makes: the leaf is marked as an authority.
#[tokio::test]
async fn a_self_signed_authority_as_a_leaf_is_untrusted() {
    let server = self_signed("mail", IsCa::Ca(BasicConstraints::Unconstrained));
    assert_eq!(fault(&trusting(&Ca::new("ours")), server).await, Some(CertFault::UntrustedIssuer));
}

#[tokio::test]
async fn a_chain_without_end_is_shown_up_to_ten_certificates() {
    let ca = Ca::new("ours");
    let identity = ca.issue(HOST, Leaf::Good);
    let mut chain = identity.chain().to_vec();
    for _ in 0..30 {
        chain.push(chain[1].clone());
    }
    let session = observe(&trusting(&ca), serve(chain, identity.private_key())).await.unwrap();
    assert_eq!(session.fault, None);
    assert_eq!(session.chain().len(), 10);
}

#[tokio::test]
async fn a_certificate_is_shown_with_its_names_times_and_fingerprint() {
    let ca = Ca::new("ours");
    let server = Server::start("127.0.0.1:0");
    server.site(HOST, &ca.issue(HOST, Leaf::Expired), Site::policy(""));
    let chain = enforce(&trusting(&ca), server.address()).await.unwrap_err().chain();
    assert_eq!(chain.len(), 2);
    assert_eq!((chain[0].subject.as_str(), chain[0].issuer.as_str()), ("CN=testbed leaf", "CN=ours intermediate"));
    assert_eq!(chain[0].dns_names, [HOST]);
    assert_eq!((chain[0].not_before.0, chain[0].not_after.0), (1_546_300_800, 1_577_836_800));
    assert_eq!(chain[0].sha256.len(), 64);
    assert_eq!(chain[1].issuer, "CN=ours root");
}

// STS-7.2-1, R9325-3.1.1-2
#[tokio::test]
async fn tls_12_and_13_are_spoken() {
    let ca = Ca::new("ours");
    for (versions, expected) in [(Versions::Only12, "TLSv1.2"), (Versions::Only13, "TLSv1.3")] {
        let server = Server::start_with("127.0.0.1:0", versions);
        server.site(HOST, &ca.issue(HOST, Leaf::Good), Site::policy(""));
        assert_eq!(enforce(&trusting(&ca), server.address()).await.unwrap().version, expected);
    }
}

/// What went wrong with a peer that says this and nothing else.
async fn said(octets: &[u8]) -> String {
    let server = tcp(vec![octets.to_vec()], Duration::ZERO);
    let tls = trusting(&Ca::new("ours"));
    match tokio::time::timeout(Duration::from_secs(5), observe(&tls, server)).await.unwrap().unwrap_err().failure {
        TlsFailure::Other(detail) => detail.into(),
        TlsFailure::Certificate(fault) => panic!("{fault:?}"),
    }
}

// STS-7.2-2, RFC 8996
#[tokio::test]
async fn peers_of_tls_10_and_11_are_refused() {
    for minor in [1, 2] {
        let mut hello = vec![22, 3, minor, 0, 42, 2, 0, 0, 38, 3, minor];
        hello.extend([7; 32]);
        hello.extend([0, 0xc0, 0x14, 0]);
        assert!(said(&hello).await.contains("no TLS version"), "{}", said(&hello).await);
        assert!(said(&[21, 3, minor, 0, 2, 2, 70]).await.contains("no TLS version"));
    }
}

#[tokio::test]
async fn peers_that_do_not_speak_tls_are_told_so() {
    let detail = said(b"500 what do you want?\r\n").await;
    assert!(detail.contains("does not speak TLS"), "{detail}");
}

#[tokio::test]
async fn without_any_root_everything_is_refused_and_a_notice_says_why() {
    let ca = Ca::new("ours");
    let server = Server::start("127.0.0.1:0");
    server.site(HOST, &ca.issue(HOST, Leaf::Good), Site::policy(""));
    let (tls, notices) = ClientTls::with_roots(Roots::none()).unwrap();
    assert!(notices[0].to_string().contains("ca-certificates"));
    assert_eq!(fault(&tls, server.address()).await, Some(CertFault::UntrustedIssuer));
}

#[test]
fn unreadable_roots_are_notices_that_name_their_file() {
    let (good, file) = (Ca::new("ours").root_pem(), PathBuf::from("/etc/roots.pem"));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let mut roots = Roots::none();
    roots.add_pem(&file, format!("{broken}{good}").as_bytes());
    roots.add_pem(&file, b"no PEM at all");
    assert_eq!(roots.len(), 1);
    let (_, notices) = ClientTls::with_roots(roots).unwrap();
    let texts: Vec<String> = notices.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].starts_with("/etc/roots.pem: certificate 1 was left out"), "{texts:?}");
    assert!(texts[1].contains("is it PEM?"), "{texts:?}");
}

#[tokio::test]
async fn an_endless_handshake_ends_at_the_limit_of_octets() {
    // Empty handshake messages, one after the other, for ever.
    let server = tcp(vec![[22, 3, 3, 0, 4, 0, 0, 0, 0].repeat(200_000)], Duration::ZERO);
    let stream = Limited::new(TcpStream::connect(server).await.unwrap(), 64 * 1024);
    let failed = trusting(&Ca::new("ours")).connect(stream, &name(HOST), &[]).await.unwrap_err();
    assert!(matches!(failed.failure, TlsFailure::Other(_)));
}
