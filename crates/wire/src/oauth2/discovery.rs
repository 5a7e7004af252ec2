//! Where an authorization server's endpoints are.
//!
//! Enters: an issuer. Leaves: its endpoints, from the document it publishes (RFC 8414; OpenID Connect Discovery). A document
//! that names another issuer is nobody's word (RFC 8414 §3.3), and an endpoint to which no secret may go is refused here
//! and not when the secret is in hand. Documents are remembered for an hour, in memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::ports::CallError;
use tokenward_core::{Endpoints, RefusalClass, Remedy};
use url::Url;

use super::words::Call;
use crate::clean;
use crate::fact::{Fact, fact};
use crate::http::{Transport, route};
use crate::reading::{self, Reader};
use crate::request::{Request, join};

/// The documents that were read.
#[derive(Debug, Default)]
pub(super) struct Documents {
    known: Mutex<HashMap<Url, (Timestamp, Endpoints)>>,
}

impl Documents {
    /// What an issuer's document says; fetched if none is known or the known one is old.
    pub(super) async fn fresh(&self, transport: &Transport, issuer: &Url) -> Result<Endpoints, CallError> {
        let now = transport.now();
        let young = |read: &Timestamp| now.duration_since(*read).unsigned_abs() < KEPT;
        if let Some((_, endpoints)) = self.known(issuer).filter(|(read, _)| young(read)) {
            return Ok(endpoints);
        }
        let endpoints = discover(transport, issuer).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(issuer.clone(), (now, endpoints.clone()));
        Ok(endpoints)
    }

    /// The same, of whatever age: for a spend, which is not to wait for a document that was read before it.
    pub(super) async fn any(&self, transport: &Transport, issuer: &Url) -> Result<Endpoints, CallError> {
        match self.known(issuer) {
            Some((_, endpoints)) => Ok(endpoints),
            None => self.fresh(transport, issuer).await,
        }
    }

    fn known(&self, issuer: &Url) -> Option<(Timestamp, Endpoints)> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(issuer).cloned()
    }
}

/// Reads an issuer's document: by RFC 8414 first, then by OpenID Connect, whose path differs.
pub(super) async fn discover(transport: &Transport, issuer: &Url) -> Result<Endpoints, CallError> {
    let first = match fetch(transport, issuer, inserted(issuer)).await {
        Ok(endpoints) => return Ok(endpoints),
        // Where the network is down, a second question brings nothing.
        Err(error @ CallError::NoAnswer(_)) => return Err(error),
        Err(error) => error,
    };
    match fetch(transport, issuer, join(issuer, "/.well-known/openid-configuration")).await {
        Ok(endpoints) => Ok(endpoints),
        // The more telling of the two: a document that is there and wrong says more than one that is not.
        Err(second) if is_absence(&first) => Err(second),
        Err(_) => Err(first),
    }
}

/// RFC 8414 §3.1: between the host and the issuer's path.
fn inserted(issuer: &Url) -> Url {
    let mut url = issuer.clone();
    url.set_path(&format!("/.well-known/oauth-authorization-server{}", issuer.path().trim_end_matches('/')));
    url.set_query(None);
    url.set_fragment(None);
    url
}

async fn fetch(transport: &Transport, issuer: &Url, document: Url) -> Result<Endpoints, CallError> {
    let answer = transport.call(Request::get(document)).await?;
    let reader = reading::judge(Call::Metadata, &answer, &[])?;
    let named = reader.exact("issuer").and_then(|text| Url::parse(text.trim()).ok());
    if named.as_ref() != Some(issuer) {
        let of = named.as_ref().map_or_else(|| "none".to_owned(), |url| url.as_str().to_owned());
        let text = format!("the document names the issuer {of}, the settings {issuer}");
        return Err(reader.refused_with(WRONG_ISSUER, clean::line(&text, &[])));
    }
    let endpoint = |name: &str| read(&reader, transport, name);
    Ok(Endpoints {
        authorization: endpoint("authorization_endpoint")?,
        token: endpoint("token_endpoint")?,
        device_authorization: endpoint("device_authorization_endpoint")?,
        revocation: endpoint("revocation_endpoint")?,
        introspection: endpoint("introspection_endpoint")?,
        userinfo: endpoint("userinfo_endpoint")?,
    })
}

/// An endpoint of a document, if it names one. Where no secret may go, none is.
fn read(reader: &Reader<'_, Call>, transport: &Transport, name: &str) -> Result<Option<Url>, CallError> {
    let Some(text) = reader.exact(name) else { return Ok(None) };
    let refuse = |why: &str| {
        let text = format!("{name} of the document cannot be used: {why}");
        Err(reader.refused_with(BAD_ENDPOINT, clean::line(&text, &[])))
    };
    let Ok(url) = Url::parse(text.trim()) else { return refuse("it is not a URL") };
    match route(&url, transport.options()) {
        Ok(_) => Ok(Some(url)),
        Err(why) => refuse(&why),
    }
}

fn is_absence(error: &CallError) -> bool {
    matches!(error, CallError::Refused(refusal) if refusal.meaning.is_none())
}

const KEPT: Duration = Duration::from_hours(1);
const WRONG_ISSUER: Fact = fact(
    RefusalClass::Configuration,
    Remedy::CheckUrl,
    "the server's document is another issuer's",
    "服务器的元数据属于另一个签发者（issuer）",
);
const BAD_ENDPOINT: Fact = fact(
    RefusalClass::Configuration,
    Remedy::CheckUrl,
    "the server's document names an endpoint that cannot be used",
    "服务器的元数据包含无法使用的端点",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_path_goes_between_host_and_path() {
        let of = |issuer: &str| inserted(&Url::parse(issuer).unwrap()).to_string();
        assert_eq!(of("https://x.test"), "https://x.test/.well-known/oauth-authorization-server");
        assert_eq!(of("https://x.test/"), "https://x.test/.well-known/oauth-authorization-server");
        assert_eq!(
            of("https://x.test:8443/realms/a"),
            "https://x.test:8443/.well-known/oauth-authorization-server/realms/a"
        );
    }
}
