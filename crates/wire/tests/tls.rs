//! HTTPS with a certificate that the system trusts, and with one that it does not.

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use support::{REFRESH, app, feishu, spend};
use tokenward_core::TokenApi;
use tokenward_core::ports::{Prepared, Sent, TokenEndpoint};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/");

/// Takes one connection and answers its request; gives back what it could read of it.
fn serve(listener: TcpListener) -> JoinHandle<String> {
    let certificate = CertificateDer::from_pem_file(format!("{FOLDER}localhost.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(format!("{FOLDER}localhost.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut tls = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream);
        let mut heard = String::new();
        let mut buffer = [0; 4096];
        while !heard.contains("refresh_token=ur-") {
            match tls.read(&mut buffer) {
                Ok(0) | Err(_) => return heard,
                Ok(count) => heard.push_str(&String::from_utf8_lossy(&buffer[..count])),
            }
        }
        tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").unwrap();
        tls.conn.send_close_notify();
        let _ = tls.flush();
        heard
    })
}

/// Refreshes over TLS against a certificate of our own authority. Run directly, the system does not know that
/// authority; run by the test below, it does.
#[tokio::test]
async fn refresh_over_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let server = serve(listener);
    let prepared = Prepared { api: TokenApi::V3, app_token: None };
    let sent = feishu().refresh(&app(&base, TokenApi::V3), &prepared, spend(), Duration::from_secs(5)).await;
    match sent {
        Sent::Answered(answer) => {
            assert_eq!(answer.body.expose(), b"{}");
            assert!(server.join().unwrap().contains(REFRESH));
            println!("ANSWERED");
        }
        Sent::Unsent(fault) => {
            // Without any roots there is not even a connection, and the server still waits for one.
            if !fault.reason.contains("cannot be set up") {
                assert_eq!(server.join().unwrap(), "");
            }
            println!("UNSENT: {}", fault.reason);
        }
        Sent::InDoubt(fault) => panic!("{}", fault.reason),
    }
}

fn with_roots(file: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "refresh_over_tls", "--nocapture"])
        .env("SSL_CERT_FILE", format!("{FOLDER}{file}"))
        .env("SSL_CERT_DIR", "/nonexistent")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_trusted_certificate_is_answered() {
    assert!(with_roots("ca.pem").contains("ANSWERED"));
}

#[test]
fn an_unknown_certificate_gets_nothing() {
    let told = with_roots("localhost.pem");
    assert!(told.contains("UNSENT: localhost") && told.contains("certificate"), "{told}");
}

#[test]
fn a_machine_without_root_certificates_is_told_so() {
    let told = with_roots("missing.pem");
    assert!(told.contains("UNSENT: the HTTPS client cannot be set up") && told.contains("CA certificates"), "{told}");
}
