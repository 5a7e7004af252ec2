//! A login under way as bytes, so that whoever the answer reaches can finish it: a server has several nodes, and the browser comes back to
//! any of them. They hold the verifier, so they are a secret (I4).

use serde::{Deserialize, Serialize};
use tokenward_core::{CodeVerifier, ExpectedIssuer, Scopes, SecretBytes};
use url::Url;

use super::{LoginAttempt, LoginRequest};

#[derive(Serialize, Deserialize)]
struct Saved {
    url: String,
    state: String,
    verifier: String,
    redirect_uri: String,
    scopes: String,
    issuer: String,
    spelled_by_server: bool,
    announced: bool,
    hosts: Vec<String>,
}

impl LoginAttempt {
    /// The attempt as bytes.
    pub fn to_secret(&self) -> SecretBytes {
        let ExpectedIssuer { name, spelled_by_server, announced, hosts } = &self.issuer;
        let saved = Saved {
            url: self.url.to_string(),
            state: self.state.clone(),
            verifier: self.verifier.expose().to_owned(),
            redirect_uri: self.request.redirect_uri.as_str().to_owned(),
            scopes: self.request.scopes.to_string(),
            issuer: name.clone(),
            spelled_by_server: *spelled_by_server,
            announced: *announced,
            hosts: hosts.iter().map(Url::to_string).collect(),
        };
        // Texts and switches are JSON.
        SecretBytes::new(serde_json::to_vec(&saved).unwrap_or_default())
    }

    /// The attempt that these bytes are of, if they are one's. It makes no profile another user's.
    pub fn of_secret(secret: &SecretBytes) -> Option<Self> {
        let saved: Saved = serde_json::from_slice(secret.expose()).ok()?;
        let (scopes, _) = Scopes::parse(&saved.scopes).ok()?;
        let hosts = saved.hosts.iter().map(|host| Url::parse(host)).collect::<Result<_, _>>().ok()?;
        let Saved { issuer: name, spelled_by_server, announced, .. } = saved;
        Some(Self {
            url: saved.url.parse().ok()?,
            state: saved.state,
            verifier: CodeVerifier::parse(saved.verifier).ok()?,
            request: LoginRequest::new(scopes, saved.redirect_uri.parse().ok()?),
            issuer: ExpectedIssuer { name, spelled_by_server, announced, hosts },
        })
    }
}
