//! `serve` with a certificate: what it says, what SIGHUP does, and files that it refuses.

use std::path::PathBuf;

use reqwest::{Certificate, Client};
use tokenward_testkit::{Authority, Certified};

use crate::world::{Started, World};

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new(own: &Certified) -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        files.write(own);
        files
    }

    fn write(&self, own: &Certified) {
        self.put("own.pem", &own.certificate, 0o644);
        self.put("own.key", &own.key, 0o600);
    }

    fn put(&self, name: &str, text: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(self.path(name), text).unwrap();
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn named(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// `serve` with these files, on an address that is this machine's.
    fn words(&self) -> Vec<String> {
        let words = ["serve", "--listen", "127.0.0.1:0", "--tls-certificate"].map(str::to_owned);
        [&words[..], &[self.named("own.pem"), "--tls-key".to_owned(), self.named("own.key")]].concat()
    }
}

/// The status of an address, asked by somebody who trusts an authority.
fn status(authority: &Authority, url: &str) -> Option<u16> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let root = Certificate::from_pem(authority.certificate().as_bytes()).unwrap();
    let client = Client::builder().no_proxy().tls_certs_only([root]).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { Some(client.get(url).send().await.ok()?.status().as_u16()) })
}

#[test]
fn a_server_with_a_certificate_takes_a_new_one_at_sighup_and_keeps_it_where_the_next_is_broken() {
    let world = World::logged_in();
    world.run(&["serve", "key", "create", "site"]).succeeds();
    let (first, second) = (Authority::new("first"), Authority::new("second"));
    let files = Files::new(&first.signed());
    let words = files.words();
    let mut started = Started::new(&mut world.command(&words.iter().map(String::as_str).collect::<Vec<_>>()));
    started.until_told("press Ctrl-C");
    let told = started.told();
    let url = format!("https://{}/readyz", told.split("https://").nth(1).unwrap().split(';').next().unwrap());
    assert!(!told.contains("not encrypted") && !told.contains("warning"), "{told}");
    assert_eq!((status(&first, &url), status(&second, &url)), (Some(200), None));

    files.write(&second.signed());
    started.signal("HUP");
    started.until_told("the TLS certificate was reloaded");
    assert_eq!((status(&first, &url), status(&second, &url)), (None, Some(200)));

    files.put("own.key", "no key", 0o600);
    started.signal("HUP");
    started.until_told("the server goes on with the former ones");
    assert_eq!(status(&second, &url), Some(200));
    started.signal("TERM");
    let ran = started.finish();
    assert!(ran.code == 0 && ran.err.contains("TW0866") && !ran.err.contains("PRIVATE"), "{ran:?}");
}

/// Nothing to read again: it ends as every command does.
#[test]
fn a_server_without_a_certificate_ends_at_sighup() {
    let world = World::logged_in();
    let mut started = Started::new(&mut world.command(&["serve", "--listen", "127.0.0.1:0"]));
    started.until_told("press Ctrl-C");
    started.signal("HUP");
    assert!(started.finish().err.contains("the server has stopped"));
}

#[test]
fn files_that_cannot_be_used_are_told_with_what_to_do() {
    let world = World::logged_in();
    let authority = Authority::new("ours");
    let own = authority.signed();
    let refused = |spoil: &dyn Fn(&Files), more: &[&str], told: &[&str]| {
        let files = Files::new(&own);
        spoil(&files);
        let words = files.words();
        let words: Vec<_> = words.iter().map(String::as_str).chain(more.iter().copied()).collect();
        let ran = world.run(&words);
        assert!(told.iter().all(|told| ran.err.contains(told)) && !ran.err.contains("PRIVATE"), "{ran:?}");
        ran
    };
    let other = authority.signed();
    refused(&|files| files.put("own.key", &other.key, 0o600), &[], &["own.key does not belong to"]).fails(2, "TW0866");
    refused(&|files| files.put("own.pem", "", 0o600), &[], &["own.pem has no certificate in PEM"]).fails(2, "TW0866");
    refused(&|files| files.put("own.key", "", 0o600), &[], &["own.key has no private key in PEM"]).fails(2, "TW0866");
    let gone = |files: &Files| std::fs::remove_file(files.path("own.key")).unwrap();
    refused(&gone, &[], &["cannot read", "own.key", "No such file"]).fails(2, "TW0866");
    refused(&|_| (), &["--tls-client-ca", "/nonexistent/ca.pem"], &["cannot read /nonexistent/ca.pem"])
        .fails(2, "TW0866");
    // Whoever can write the key decides who is taken for the server.
    let open = |files: &Files| files.put("own.key", &own.key, 0o666);
    let ran = refused(&open, &[], &["own.key"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let chinese = refused(&|files| files.put("own.pem", "", 0o600), &["--lang", "zh"], &["中没有 PEM 格式的证书"]);
    chinese.fails(2, "TW0866");
    // Half a pair.
    let files = Files::new(&own);
    let (certificate, key) = (files.named("own.pem"), files.named("own.key"));
    world.run(&["serve", "--tls-certificate", &certificate]).fails(2, "TW0200");
    world.run(&["serve", "--tls-key", &key]).fails(2, "TW0200");
    world.run(&["serve", "--tls-client-ca", &certificate]).fails(2, "TW0200");
}

/// A key that others can read serves, with a word; so do callers' certificates that are asked for.
#[test]
fn a_key_that_others_can_read_gets_a_warning_and_mtls_a_note() {
    let world = World::logged_in();
    let authority = Authority::new("ours");
    let own = authority.signed();
    let files = Files::new(&own);
    files.put("own.key", &own.key, 0o644);
    files.put("clients.pem", &authority.certificate(), 0o644);
    let clients = files.named("clients.pem");
    let words = [files.words(), vec!["--tls-client-ca".to_owned(), clients.clone()]].concat();
    let mut started = Started::new(&mut world.command(&words.iter().map(String::as_str).collect::<Vec<_>>()));
    started.until_told("can connect");
    let told = started.told();
    assert!(told.contains("own.key") && told.contains("chmod 600"), "{told}");
    assert!(told.contains(&format!("only callers with a certificate of {clients} can connect")), "{told}");
    let url = format!("https://{}/livez", told.split("https://").nth(1).unwrap().split(';').next().unwrap());
    assert_eq!(status(&authority, &url), None);
    started.signal("TERM");
    assert_eq!(started.finish().code, 0);
}
