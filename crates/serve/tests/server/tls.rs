//! TLS: who can connect, with what, and what becomes of that when the files change.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::tls::Version;
use reqwest::{Certificate, Client, ClientBuilder, Identity};
use tempfile::TempDir;
use tokenward_core::Code;
use tokenward_serve::server::{Limits, Tls, TlsError, TlsOptions};
use tokenward_testkit::{Authority, Certified, until_answered};
use tokio::sync::Notify;

use crate::world::{Told, World, logged};

/// The files of a server.
pub(crate) struct Files {
    folder: TempDir,
    reload: Arc<Notify>,
    check_each: Duration,
}

impl Files {
    pub(crate) fn new(own: &Certified) -> Self {
        let (reload, check_each) = (Arc::default(), Duration::from_hours(1));
        let files = Self { folder: tempfile::tempdir().unwrap(), reload, check_each };
        files.write(own);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, own: &Certified) {
        self.put("own.pem", &own.certificate);
        self.put("own.key", &own.key);
    }

    /// Puts a file there as a tool does that renews certificates: nobody reads half of it.
    fn put(&self, name: &str, text: &str) {
        let beside = self.path("beside");
        fs::write(&beside, text).unwrap();
        fs::set_permissions(&beside, fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename(&beside, self.path(name)).unwrap();
    }

    fn options(&self) -> TlsOptions {
        let client_ca = Some(self.path("clients.pem")).filter(|file| file.exists());
        TlsOptions {
            certificate: self.path("own.pem"),
            key: self.path("own.key"),
            client_ca,
            home: None,
            reload: Arc::clone(&self.reload),
            check_each: self.check_each,
        }
    }

    pub(crate) async fn world(&self) -> World {
        self.world_with(Limits::default()).await
    }

    async fn world_with(&self, limits: Limits) -> World {
        World::encrypted(limits, Tls::open(self.options()).unwrap().0).await
    }
}

pub(crate) fn trusting(authority: &Authority) -> ClientBuilder {
    let root = Certificate::from_pem(authority.certificate().as_bytes()).unwrap();
    Client::builder().no_proxy().tls_certs_only([root])
}

fn with(own: &Certified, authority: &Authority) -> Client {
    let identity = Identity::from_pem(format!("{}{}", own.certificate, own.key).as_bytes()).unwrap();
    trusting(authority).identity(identity).build().unwrap()
}

/// Everything that an error says, down to its first cause.
fn causes(error: &reqwest::Error) -> String {
    let mut told = vec![error.to_string()];
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        told.push(error.to_string());
        cause = error.source();
    }
    told.join(": ")
}

async fn status(client: &Client, world: &World) -> Result<u16, String> {
    let answer = client.get(world.url("/livez")).send().await.map_err(|error| causes(&error))?;
    Ok(answer.status().as_u16())
}

async fn metric(client: &Client, world: &World, key: &str, name: &str) -> String {
    let told = Told::of(client.get(world.url("/metrics")).bearer_auth(key)).await;
    let line = told.text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("{told:?}")).trim().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_read_over_tls_of_either_version_and_by_those_who_trust_the_certificate() {
    let (authority, stranger) = (Authority::new("ours"), Authority::new("another"));
    let files = Files::new(&authority.signed());
    let world = files.world().await;
    let key = world.key().await;
    for version in [Version::TLS_1_2, Version::TLS_1_3] {
        let client = trusting(&authority).tls_version_min(version).tls_version_max(version).build().unwrap();
        let told = Told::of(client.get(world.url("/v1/grants/work/token")).bearer_auth(&key)).await;
        assert_eq!(told.status, 200, "{told:?}");
        assert!(world.live_tokens().contains(&told.json()["access_token"].as_str().unwrap().to_owned()));
    }
    let refused = status(&trusting(&stranger).build().unwrap(), &world).await.unwrap_err();
    assert!(refused.contains("UnknownIssuer"), "{refused}");
    world.assert_clean();
}

/// It gets a sentence at once, and no redirect that would have it send its key again; and one that says nothing does not keep its place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_without_tls_is_told_so_and_one_that_says_nothing_is_hung_up_on() {
    let authority = Authority::new("ours");
    let files = Files::new(&authority.signed());
    let limits = Limits { head_time: Duration::from_millis(300), connections: 1, ..Limits::default() };
    let world = files.world_with(limits).await;
    let key = world.key().await;
    let plain = format!("http://{}/v1/grants/work/token", world.address);
    let told = Told::of(world.http.get(plain).bearer_auth(&key)).await;
    assert_eq!((told.status, told.code()), (400, "TW0862".to_owned()));
    assert!(told.text.contains("this port speaks TLS: use https") && !told.text.contains(&key), "{told:?}");
    assert!(logged().contains("a caller spoke HTTP without TLS") && !logged().contains(&key));

    // The one place is free again each time. The first byte is that of a handshake.
    for begun in [&b""[..], b"\x16\x03\x01"] {
        let mut silent = std::net::TcpStream::connect(world.address).unwrap();
        silent.write_all(begun).unwrap();
        let ended = tokio::task::spawn_blocking(move || {
            silent.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            silent.read(&mut [0; 64])
        });
        let ended = ended.await.unwrap();
        assert!(matches!(ended, Ok(0)) || ended.is_err_and(|error| error.raw_os_error() == Some(104)));
    }
    let client = trusting(&authority).build().unwrap();
    assert_eq!(metric(&client, &world, &key, "tokenward_tls_handshakes_failed_total").await, "3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_mtls_only_clients_of_the_authority_connect_and_they_still_need_a_key() {
    let (authority, stranger) = (Authority::new("ours"), Authority::new("another"));
    let files = Files::new(&authority.signed());
    files.put("clients.pem", &authority.certificate());
    let world = files.world().await;
    let key = world.key().await;
    let known = with(&authority.signed(), &authority);
    assert_eq!(status(&known, &world).await, Ok(200));
    let token = |key: &str| Told::of(known.get(world.url("/v1/grants/work/token")).bearer_auth(key));
    assert_eq!((token(&key).await.status, token("tw_wrong").await.status), (200, 401));

    let refused = [
        ("no certificate", trusting(&authority).build().unwrap()),
        ("an expired one", with(&authority.expired(), &authority)),
        ("one of another authority", with(&stranger.signed(), &authority)),
    ];
    for version in [Version::TLS_1_2, Version::TLS_1_3] {
        let none = trusting(&authority).tls_version_max(version).build().unwrap();
        assert!(status(&none, &world).await.is_err(), "{version:?}");
    }
    for (what, client) in refused {
        let refused = status(&client, &world).await;
        assert!(refused.is_err(), "{what}: {refused:?}");
    }
    assert_eq!(metric(&known, &world, &key, "tokenward_tls_handshakes_failed_total").await, "5");
    let told = logged();
    assert!(told.contains("a client's certificate was refused") && told.contains("certificate expired"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_files_are_taken_when_they_are_asked_for_and_by_and_by() {
    let (first, second) = (Authority::new("first"), Authority::new("second"));
    for is_asked in [true, false] {
        let mut files = Files::new(&first.signed());
        if !is_asked {
            files.check_each = Duration::from_millis(20);
        }
        let world = files.world().await;
        let (old, new) = (|| trusting(&first).build().unwrap(), || trusting(&second).build().unwrap());
        assert_eq!(status(&old(), &world).await, Ok(200));
        let kept = old();
        assert_eq!(status(&kept, &world).await, Ok(200));
        files.write(&second.signed());
        if is_asked {
            assert!(status(&new(), &world).await.is_err());
            files.reload.notify_one();
        }
        until_answered(async || status(&new(), &world).await == Ok(200)).await;
        // Who is connected stays so.
        assert_eq!(status(&kept, &world).await, Ok(200));
        assert!(status(&old(), &world).await.is_err());
        let key = world.key().await;
        assert_eq!(metric(&new(), &world, &key, "tokenward_tls_reloads_total").await, "1");
    }
}

/// Whoever renews writes two files, one after the other: between them, and with files that are broken, the former ones serve.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_cannot_be_used_replace_nothing_and_are_told_of() {
    let authority = Authority::new("ours");
    let (own, next) = (authority.signed(), authority.signed());
    let files = Files::new(&own);
    let world = files.world().await;
    let key = world.key().await;
    let client = || trusting(&authority).build().unwrap();
    let refused = async || Told::of(client().get(world.url("/readyz"))).await.json()["tls"].clone();
    assert!(refused().await.is_null());

    files.put("own.pem", &next.certificate);
    files.reload.notify_one();
    until_answered(async || !refused().await.is_null()).await;
    assert_eq!(refused().await, "TW0866");
    assert_eq!(metric(&client(), &world, &key, "tokenward_tls_files_refused").await, "1");
    let told = logged();
    let reason = format!("the key in {} is not that of", files.path("own.key").display());
    assert!(told.contains("the server goes on with the former ones") && told.contains(&reason), "{told}");

    let nothing = format!("{} has no certificate", files.path("own.pem").display());
    for (count, text) in ["", "not a certificate", &next.key].into_iter().enumerate() {
        files.put("own.pem", text);
        files.reload.notify_one();
        until_answered(async || logged().matches(&nothing).count() > count).await;
        assert_eq!(status(&client(), &world).await, Ok(200), "{text}");
    }
    fs::remove_file(files.path("own.pem")).unwrap();
    files.reload.notify_one();
    until_answered(async || logged().contains(&format!("{} cannot be used", files.path("own.pem").display()))).await;
    assert_eq!(status(&client(), &world).await, Ok(200));

    files.write(&next);
    files.reload.notify_one();
    until_answered(async || refused().await.is_null()).await;
    assert_eq!(metric(&client(), &world, &key, "tokenward_tls_files_refused").await, "0");
    assert_eq!(metric(&client(), &world, &key, "tokenward_tls_reloads_total").await, "1");
    assert!(!logged().contains("PRIVATE KEY"));
}

/// Also over the connection that it has, which is not kept for what an earlier authority has signed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_whose_authority_is_exchanged_is_out() {
    let (authority, second) = (Authority::new("ours"), Authority::new("of clients"));
    let files = Files::new(&authority.signed());
    files.put("clients.pem", &authority.certificate());
    let world = files.world().await;
    let (old, new) = (with(&authority.signed(), &authority), with(&second.signed(), &authority));
    assert_eq!(status(&old, &world).await, Ok(200));
    files.put("clients.pem", &second.certificate());
    files.reload.notify_one();
    until_answered(async || status(&new, &world).await == Ok(200)).await;
    until_answered(async || status(&old, &world).await.is_err()).await;
    assert!(status(&old, &world).await.is_err());
}

#[test]
fn files_that_cannot_be_used_are_told_apart() {
    let authority = Authority::new("ours");
    let own = authority.signed();
    let refused = |spoil: &dyn Fn(&Files)| {
        let files = Files::new(&own);
        files.put("clients.pem", &authority.certificate());
        spoil(&files);
        let error = Tls::open(files.options()).expect_err("refused");
        assert_eq!(error.code(), Code::ServerCertificate);
        assert!(!error.to_string().contains("PRIVATE"), "{error}");
        error
    };
    let missing = refused(&|files| fs::remove_file(files.path("own.key")).unwrap());
    assert!(matches!(missing, TlsError::File { path, .. } if path.ends_with("own.key")));
    let open = refused(&|files| {
        fs::set_permissions(files.path("own.key"), fs::Permissions::from_mode(0o666)).unwrap();
    });
    assert!(matches!(open, TlsError::File { .. }), "{open}");
    let open = refused(&|files| {
        fs::set_permissions(files.path("clients.pem"), fs::Permissions::from_mode(0o666)).unwrap();
    });
    assert!(matches!(open, TlsError::File { path, .. } if path.ends_with("clients.pem")));
    for text in ["", "words", &own.key] {
        assert!(matches!(refused(&|files| files.put("own.pem", text)), TlsError::NoCertificate(_)), "{text}");
        let none = refused(&|files| files.put("clients.pem", text));
        assert!(matches!(none, TlsError::NoCertificate(path) if path.ends_with("clients.pem")), "{text}");
    }
    for text in [
        "",
        "words",
        &own.certificate,
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    ] {
        assert!(matches!(refused(&|files| files.put("own.key", text)), TlsError::NoKey(_)), "{text}");
    }
    assert!(matches!(refused(&|files| files.put("own.key", &authority.signed().key)), TlsError::OtherKey { .. }));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(refused(&|files| files.put("own.pem", broken)), TlsError::Unusable { .. }));
    assert!(matches!(refused(&|files| files.put("clients.pem", broken)), TlsError::Unusable { .. }));

    // As with every secret: what others can read is used, with a word about it.
    let files = Files::new(&own);
    assert!(Tls::open(files.options()).unwrap().1.is_none());
    fs::set_permissions(files.path("own.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let warning = Tls::open(files.options()).unwrap().1.expect("a warning");
    assert!(warning.to_string().contains("own.key"), "{warning}");
    fs::set_permissions(files.path("own.key"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(files.path("own.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(Tls::open(files.options()).unwrap().1.is_none());
}
