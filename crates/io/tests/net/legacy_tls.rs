//! Trials by OpenSSL, against servers of OpenSSL that speak what nobody should.
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use openssl::pkey::PKey;
use openssl::ssl::{NameType, SslContext, SslContextBuilder, SslMethod, SslVersion};
use openssl::x509::X509;
use strictmx_engine::check::observations::{Compression, TrialResult, Way};
use strictmx_engine::fact::CertFault;
use strictmx_io::smtp_out::{self, Limits};
use strictmx_testbed::https::Server;
use strictmx_testbed::pki::{Ca, Identity, Leaf};

use crate::fetch_policy::{POLICY, fetcher};
use crate::support::{Shared, name, trusting};

const HOST: &str = "mta-sts.example.test";

/// A server that speaks this version and these ciphers only; the names it was asked for by SNI are noted.
fn old_server(identity: &Identity, version: SslVersion, ciphers: &str, names: Shared<String>) -> SocketAddr {
    let context = context(identity, version, ciphers);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let ssl = openssl::ssl::Ssl::new(&context).unwrap();
            if let Ok(stream) = ssl.accept(stream.unwrap()) {
                names.lock().unwrap().push(stream.ssl().servername(NameType::HOST_NAME).unwrap_or("").to_owned());
            }
        }
    });
    address
}

fn context(identity: &Identity, version: SslVersion, ciphers: &str) -> Arc<SslContext> {
    Arc::new(context_builder(identity, version, ciphers).build())
}

fn context_builder(identity: &Identity, version: SslVersion, ciphers: &str) -> SslContextBuilder {
    let mut builder = SslContext::builder(SslMethod::tls_server()).unwrap();
    builder.set_security_level(0);
    builder.set_min_proto_version(Some(version)).unwrap();
    builder.set_max_proto_version(Some(version)).unwrap();
    builder.set_cipher_list(&format!("{ciphers}:@SECLEVEL=0")).unwrap();
    let mut chain = identity.chain().iter().map(|der| X509::from_der(der).unwrap());
    builder.set_certificate(&chain.next().unwrap()).unwrap();
    chain.for_each(|certificate| builder.add_extra_chain_cert(certificate).unwrap());
    builder.set_private_key(&PKey::private_key_from_pem(identity.key_pem().as_bytes()).unwrap()).unwrap();
    builder
}

async fn attempt(ca: &Ca, address: SocketAddr, way: Way) -> TrialResult {
    let fetcher = fetcher(ca, address.port(), Duration::from_secs(5));
    let trial = fetcher.trial(&name(HOST), address, &way, fetcher.deadline()).await;
    assert_eq!(trial.way, way);
    trial.result
}

fn version(text: &str) -> Way {
    Way::Version(text.to_owned())
}

// RFC 8996
#[tokio::test]
async fn old_versions_are_found_where_they_are_spoken() {
    let ca = Ca::new("ours");
    for (spoken, text) in [(SslVersion::TLS1, "TLSv1"), (SslVersion::TLS1_1, "TLSv1.1")] {
        let names = Shared::default();
        let server = old_server(&ca.issue(HOST, Leaf::Good), spoken, "ALL", names.clone());
        match attempt(&ca, server, version(text)).await {
            TrialResult::Made(made) => {
                assert_eq!((made.version.as_str(), made.fault, made.chain.len()), (text, None, 2));
                assert!(made.cipher.starts_with("TLS_ECDHE_ECDSA_"), "{}", made.cipher);
                assert_eq!(made.chain[0].shown.dns_names, [HOST]);
            }
            other => panic!("{text}: {other:?}"),
        }
        // The server notes the name after its own half of the handshake, which may end after ours.
        while names.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(*names.lock().unwrap(), [HOST]);
        let other = if text == "TLSv1" { "TLSv1.1" } else { "TLSv1" };
        assert!(matches!(attempt(&ca, server, version(other)).await, TrialResult::Refused(_)));
    }
}

#[tokio::test]
async fn a_fault_of_the_certificate_is_told_by_the_same_judge() {
    let ca = Ca::new("ours");
    let server = old_server(&ca.issue(HOST, Leaf::Expired), SslVersion::TLS1_1, "ALL", Shared::default());
    match attempt(&ca, server, version("TLSv1.1")).await {
        TrialResult::Made(made) => assert_eq!(made.fault, Some(CertFault::Expired)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_of_today_refuses_old_versions_and_weak_ciphers() {
    let ca = Ca::new("ours");
    let server = Server::start("127.0.0.1:0");
    server.policy(&ca, "example.test", POLICY);
    for way in [version("TLSv1"), version("TLSv1.1"), Way::Ciphers("aNULL:eNULL".to_owned())] {
        let result = attempt(&ca, server.address(), way.clone()).await;
        assert!(matches!(result, TrialResult::Refused(_)), "{way:?}: {result:?}");
    }
}

#[tokio::test]
async fn weak_ciphers_are_found_where_they_are_spoken() {
    let ca = Ca::new("ours");
    let server = old_server(&ca.issue(HOST, Leaf::Good), SslVersion::TLS1_2, "aNULL", Shared::default());
    match attempt(&ca, server, Way::Ciphers("aNULL".to_owned())).await {
        TrialResult::Made(made) => {
            assert_eq!((made.version.as_str(), made.chain.len()), ("TLSv1.2", 0));
            assert!(made.cipher.contains("anon"), "{}", made.cipher);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_this_openssl_cannot_try_is_unknown_and_says_so() {
    let ca = Ca::new("ours");
    let server = Server::start("127.0.0.1:0");
    server.policy(&ca, "example.test", POLICY);
    for way in [version("nonsense"), Way::Ciphers("NOT-A-CIPHER".to_owned())] {
        let result = attempt(&ca, server.address(), way.clone()).await;
        assert!(matches!(&result, TrialResult::Unknown(why) if !why.is_empty()), "{way:?}: {result:?}");
    }
}

// RFC 6066 §8, RFC 7627
#[tokio::test]
async fn a_hello_is_understood_by_openssl_and_its_staple_is_seen() {
    let ca = Ca::new("ours");
    for (spoken, text, status) in [
        (SslVersion::TLS1_2, "TLSv1.2", Some(vec![0x30; 500])),
        (SslVersion::TLS1_2, "TLSv1.2", None),
        (SslVersion::TLS1, "TLSv1", None),
    ] {
        let stapled = status.is_some();
        let server = stapling_server(&ca.issue(HOST, Leaf::Good), spoken, status);
        let TrialResult::Hello(seen) = attempt(&ca, server, Way::Hello).await else { panic!("{text}") };
        assert_eq!((seen.version.as_str(), seen.compression, seen.stapled), (text, Compression::None, stapled));
        assert!(seen.extended_master_secret && seen.renegotiation_info, "{seen:?}");
        for way in [version("SSLv2"), version("SSLv3")] {
            let result = attempt(&ca, server, way.clone()).await;
            assert!(matches!(result, TrialResult::Refused(_)), "{way:?}: {result:?}");
        }
    }
}

/// A server that shakes hands and no more, and staples this.
fn stapling_server(identity: &Identity, version: SslVersion, status: Option<Vec<u8>>) -> SocketAddr {
    let mut builder = context_builder(identity, version, "ALL");
    builder
        .set_status_callback(move |ssl| Ok(status.as_ref().is_some_and(|status| ssl.set_ocsp_status(status).is_ok())))
        .unwrap();
    let context = builder.build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ended = openssl::ssl::Ssl::new(&context).unwrap().accept(stream.unwrap());
        }
    });
    address
}

#[tokio::test]
async fn a_mail_host_is_tried_behind_starttls_and_left_politely() {
    let ca = Ca::new("ours");
    let context = context(&ca.issue(HOST, Leaf::Good), SslVersion::TLS1, "ALL");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let said = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        for reply in ["220 hello\r\n", "250-mx\r\n250 STARTTLS\r\n", "220 go ahead\r\n"] {
            if !reply.starts_with("220 hello") {
                lines.read_line(&mut line).unwrap();
            }
            stream.write_all(reply.as_bytes()).unwrap();
        }
        let mut encrypted = BufReader::new(openssl::ssl::Ssl::new(&context).unwrap().accept(stream).unwrap());
        for reply in ["250 mx\r\n", "221 bye\r\n"] {
            encrypted.read_line(&mut line).unwrap();
            encrypted.get_mut().write_all(reply.as_bytes()).unwrap();
        }
        line
    });
    let way = version("TLSv1");
    let limits = Limits { connect: Duration::from_secs(1), ..Limits::default() };
    let trial = smtp_out::trial(&name(HOST), address, "us.test", &trusting(&ca), &way, limits).await;
    assert!(matches!(&trial.result, TrialResult::Made(made) if made.version == "TLSv1"), "{trial:?}");
    assert_eq!(said.join().unwrap(), "EHLO us.test\r\nSTARTTLS\r\nEHLO us.test\r\nQUIT\r\n");
}
