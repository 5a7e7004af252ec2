//! TLS of the server: its certificate and key, and for mTLS the authority of its clients, read anew when the files change.
//!
//! Enters: names of files. Leaves: what the next connection is accepted with. Files that cannot be used never replace those that are in use:
//! that is told in the log, by `/readyz` and by the metrics, until they can be used. Nobody gets in by what an earlier authority has signed:
//! where that changes, connections end after the request under way, and with mTLS no session is resumed. The key is in no error (I4).

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use thiserror::Error;
use tokenward::{Home, Origin, SettingsError, Warning, secret_file};
use tokenward_core::{Code, SecretBytes};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Where certificate and key are, and when they are looked at.
#[derive(Debug, Clone)]
pub struct TlsOptions {
    /// The certificate with those between it and its authority, in PEM.
    pub certificate: PathBuf,
    /// Its key, in PEM, without a passphrase.
    pub key: PathBuf,
    /// The authorities of clients, in PEM: who has no certificate of theirs may not connect.
    pub client_ca: Option<PathBuf>,
    /// Whose files are trusted.
    pub home: Option<Home>,
    /// The files are read again when this is notified,
    pub reload: Arc<Notify>,
    /// and so often.
    pub check_each: Duration,
}

/// Why connections cannot be encrypted with these files.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read, or is somebody else's to write.
    #[error("{path} cannot be used: {source}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: Box<SettingsError>,
    },
    /// A file has no certificate.
    #[error("{} has no certificate in PEM", .0.display())]
    NoCertificate(PathBuf),
    /// A file has no key.
    #[error("{} has no private key in PEM without a passphrase", .0.display())]
    NoKey(PathBuf),
    /// The key is of another certificate.
    #[error("the key in {} is not that of the certificate in {}", .key.display(), .certificate.display())]
    OtherKey {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// What a file has cannot be used.
    #[error("{} cannot be used: {reason}", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the TLS library says.
        reason: String,
    },
}

impl TlsError {
    /// The stable code.
    pub const fn code(&self) -> Code {
        Code::ServerCertificate
    }
}

/// What connections are encrypted with.
#[derive(Debug)]
pub struct Tls {
    options: TlsOptions,
    in_use: watch::Sender<Arc<Loaded>>,
    refused: Mutex<Option<String>>,
    reloads: AtomicU64,
    failed_handshakes: AtomicU64,
}

/// One state of the files.
pub(super) struct Loaded {
    content: Content,
    acceptor: TlsAcceptor,
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").finish_non_exhaustive()
    }
}

#[derive(PartialEq)]
struct Content {
    certificate: SecretBytes,
    key: SecretBytes,
    client_ca: Option<SecretBytes>,
}

/// How a connection began.
pub(super) enum Began {
    /// Encrypted.
    Encrypted(Box<TlsStream<TcpStream>>),
    /// With a request in clear text, of which nothing was read.
    Clear(TcpStream),
    /// Not at all.
    Failed,
}

impl Tls {
    /// Reads the files. The warning is of a key that other users can read.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn open(options: TlsOptions) -> Result<(Self, Option<Warning>), TlsError> {
        let (content, warning) = read(&options)?;
        let loaded = Loaded { acceptor: acceptor(&options, &content)?, content };
        let in_use = watch::Sender::new(Arc::new(loaded));
        let (refused, reloads, failed_handshakes) = (Mutex::default(), AtomicU64::new(0), AtomicU64::new(0));
        Ok((Self { options, in_use, refused, reloads, failed_handshakes }, warning))
    }

    /// Looks at the files whenever it is asked to and once in a while, for ever.
    pub(super) async fn follow(self: Arc<Self>) {
        loop {
            let is_asked = tokio::select! {
                () = self.options.reload.notified() => true,
                () = tokio::time::sleep(self.options.check_each) => false,
            };
            let looking = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || looking.look(is_asked)).await;
            if let Err(error) = looked {
                tracing::error!(%error, "the TLS files could not be looked at (a bug)");
            }
        }
    }

    /// Takes what the files have now, if it is new and can be used. Somebody who asked for that is answered in any case.
    fn look(&self, is_asked: bool) {
        let found = read(&self.options).and_then(|(content, warning)| {
            if self.in_use.borrow().content == content {
                return Ok(None);
            }
            Ok(Some((Loaded { acceptor: acceptor(&self.options, &content)?, content }, warning)))
        });
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let certificate = self.options.certificate.display();
        match found {
            Ok(found) => {
                let was_refused = refused.take().is_some();
                if let Some((loaded, warning)) = found {
                    self.in_use.send_replace(Arc::new(loaded));
                    self.reloads.fetch_add(1, Ordering::Release);
                    tracing::warn!(%certificate, "the TLS certificate was reloaded: new connections use it");
                    if let Some(warning) = warning {
                        tracing::warn!(%warning, "other users can read the TLS key");
                    }
                } else if is_asked || was_refused {
                    tracing::warn!(%certificate, "the TLS certificate has not changed");
                }
            }
            Err(error) => {
                let (reason, code) = (error.to_string(), error.code().as_str());
                // The same once, and again for whoever asks.
                if is_asked || refused.as_ref() != Some(&reason) {
                    tracing::error!(
                        reason,
                        code,
                        "the new TLS files cannot be used: the server goes on with the former ones"
                    );
                }
                *refused = Some(reason);
            }
        }
    }

    /// Whether the files that are there now cannot be used.
    pub(super) fn is_refused(&self) -> bool {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// How often other files were taken into use.
    pub(super) fn reloads(&self) -> u64 {
        self.reloads.load(Ordering::Acquire)
    }

    /// How many connections ended before they were encrypted.
    pub(super) fn failed_handshakes(&self) -> u64 {
        self.failed_handshakes.load(Ordering::Acquire)
    }

    /// Begins a connection, within a time. Whoever speaks HTTP without TLS is told apart, because a failed handshake would tell a person nothing.
    pub(super) async fn begin(&self, stream: TcpStream, time: Duration) -> (Began, Arc<Loaded>) {
        let loaded = Arc::clone(&self.in_use.borrow());
        let peer = stream.peer_addr().ok();
        let shaking = async {
            let mut first = [0];
            if stream.peek(&mut first).await? == 1 && first[0].is_ascii_alphabetic() {
                return Ok(Began::Clear(stream));
            }
            Ok(Began::Encrypted(Box::new(loaded.acceptor.accept(stream).await?)))
        };
        let began = match tokio::time::timeout(time, shaking).await {
            Ok(began) => began,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        let began = began.unwrap_or_else(|error: io::Error| {
            tell(peer, &error);
            Began::Failed
        });
        if !matches!(began, Began::Encrypted(_)) {
            self.failed_handshakes.fetch_add(1, Ordering::AcqRel);
        }
        (began, loaded)
    }

    /// Ends once other authorities decide who may connect than did for a connection.
    pub(super) async fn distrusts(&self, loaded: &Loaded) {
        let mut now = self.in_use.subscribe();
        // The sender lives as long as the server.
        let _ = now.wait_for(|now| now.content.client_ca != loaded.content.client_ca).await;
    }
}

/// Tells of a handshake that failed. A certificate that is refused is an operator's to know; the rest is everyday on an open port.
fn tell(peer: Option<SocketAddr>, error: &io::Error) {
    let peer = peer.map(|peer| peer.to_string());
    let said = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) = said {
        tracing::warn!(peer, %error, "a client's certificate was refused");
    } else {
        tracing::debug!(peer, %error, "a TLS handshake failed");
    }
}

/// What the files have. Certificates are no secret; but who may write them decides who is let in, so all are read as secrets are.
fn read(options: &TlsOptions) -> Result<(Content, Option<Warning>), TlsError> {
    let of = |path: &PathBuf| {
        secret_file(options.home.as_ref(), path, &Origin::Default)
            .map_err(|source| TlsError::File { path: path.clone(), source: Box::new(source) })
    };
    let (certificate, _) = of(&options.certificate)?;
    let (key, warning) = of(&options.key)?;
    let client_ca = options.client_ca.as_ref().map(of).transpose()?.map(|(content, _)| content);
    Ok((Content { certificate, key, client_ca }, warning))
}

fn acceptor(options: &TlsOptions, content: &Content) -> Result<TlsAcceptor, TlsError> {
    let TlsOptions { certificate, key: key_file, client_ca, .. } = options;
    let chain = certificates(&content.certificate, certificate)?;
    let key = PrivateKeyDer::from_pem_slice(content.key.expose()).map_err(|_| TlsError::NoKey(key_file.clone()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let unusable =
        |path: &PathBuf, error: &dyn ToString| TlsError::Unusable { path: path.clone(), reason: error.to_string() };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(certificate, &error))?;
    let (builder, knows_clients) = match (client_ca, &content.client_ca) {
        (Some(path), Some(content)) => {
            let mut roots = RootCertStore::empty();
            for root in certificates(content, path)? {
                roots.add(root).map_err(|error| unusable(path, &error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            (builder.with_client_cert_verifier(verifier.map_err(|error| unusable(path, &error))?), true)
        }
        _ => (builder.with_no_client_auth(), false),
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            TlsError::OtherKey { certificate: certificate.clone(), key: key_file.clone() }
        }
        error => unusable(certificate, &error),
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if knows_clients {
        // A session that is resumed asks for no certificate: one that has expired meanwhile would still be let in.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(content: &SecretBytes, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(content.expose()).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(TlsError::NoCertificate(path.to_owned())),
    }
}
