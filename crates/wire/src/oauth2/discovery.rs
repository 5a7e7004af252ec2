//! Where an authorization server's endpoints are.
//!
//! Enters: an issuer. Leaves: its endpoints and how clients prove themselves there, from the document it publishes (RFC 8414;
//! OpenID Connect Discovery). A document that names another issuer is nobody's word (RFC 8414 §3.3); one slash more or less
//! at the end makes no other issuer, and how the document spells it is how it is called from then on. An endpoint to which no
//! secret may go is refused here and not when the secret is in hand. Documents are remembered for an hour, in memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::ports::CallError;
use tokenward_core::{ClientAuthentication, Endpoints, ExpectedIssuer, RefusalClass, Remedy};
use url::Url;

use super::error_codes::Call;
use crate::http::{Transport, route};
use crate::oauth_error_codes::{CodeMeaning, fact};
use crate::redact;
use crate::request::{Request, join};
use crate::response_outcome::{self, Reader};

/// What an issuer's document says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Discovered {
    /// The issuer, as the document spells it.
    pub issuer: String,
    /// The endpoints.
    pub endpoints: Endpoints,
    /// How a client with a secret proves who it is at the token endpoint. `None`: in no way that is known here.
    pub authentication: Option<ClientAuthentication>,
    /// The ways that the document names, for whoever is told that none of them is known. Printable.
    pub methods: Vec<String>,
    /// Whether the answers of the login page name the issuer (RFC 9207 §3).
    pub names_issuer: bool,
}

/// The documents that were read.
#[derive(Debug, Default)]
pub(super) struct Documents {
    known: Mutex<HashMap<Url, (Timestamp, Discovered)>>,
}

impl Documents {
    /// What an issuer's document says; fetched if none is known or the known one is old.
    pub(super) async fn fresh(&self, transport: &Transport, issuer: &Url) -> Result<Discovered, CallError> {
        let now = transport.now();
        let young = |read: &Timestamp| now.duration_since(*read).unsigned_abs() < KEPT;
        if let Some((_, found)) = self.known(issuer).filter(|(read, _)| young(read)) {
            return Ok(found);
        }
        let found = discover(transport, issuer).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(issuer.clone(), (now, found.clone()));
        Ok(found)
    }

    /// The same, of whatever age: for a spend, which is not to wait for a document that was read before it.
    pub(super) async fn any(&self, transport: &Transport, issuer: &Url) -> Result<Discovered, CallError> {
        match self.known(issuer) {
            Some((_, found)) => Ok(found),
            None => self.fresh(transport, issuer).await,
        }
    }

    fn known(&self, issuer: &Url) -> Option<(Timestamp, Discovered)> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(issuer).cloned()
    }
}

/// Reads an issuer's document: by RFC 8414 first, then by OpenID Connect, whose path differs, then where servers put the first
/// that took the RFC's rule for the other's.
pub(super) async fn discover(transport: &Transport, issuer: &Url) -> Result<Discovered, CallError> {
    let mut places = vec![inserted(issuer), join(issuer, OPENID)];
    places.extend(Some(join(issuer, OAUTH)).filter(|appended| *appended != places[0]));
    let mut told: Option<CallError> = None;
    for place in places {
        match fetch(transport, issuer, place).await {
            Ok(found) => return Ok(found),
            // Where the network is down, a second question brings nothing.
            Err(error @ CallError::NoAnswer(_)) => return Err(told.unwrap_or(error)),
            // The more telling one: a document that is there and wrong says more than one that is not.
            Err(error) => told = Some(told.filter(|told| !is_absence(told)).unwrap_or(error)),
        }
    }
    Err(told.unwrap_or(CallError::Lacking("an issuer")))
}

/// RFC 8414 §3.1: between the host and the issuer's path.
fn inserted(issuer: &Url) -> Url {
    let mut url = issuer.clone();
    url.set_path(&format!("{OAUTH}{}", issuer.path().trim_end_matches('/')));
    url.set_query(None);
    url.set_fragment(None);
    url
}

async fn fetch(transport: &Transport, issuer: &Url, document: Url) -> Result<Discovered, CallError> {
    let answer = transport.call(Request::get(document)).await?;
    let reader = response_outcome::judge(Call::Metadata, &answer, &[])?;
    let named = reader.exact("issuer").map(|text| text.trim().to_owned());
    let named = match named {
        Some(named) if ExpectedIssuer::are_one(&named, issuer.as_str()) => named,
        other => {
            let is_pattern = other.as_ref().is_some_and(|text| text.contains('{'));
            let of = other.filter(|text| !text.is_empty()).map(|text| format!("the issuer {}", shown(&text)));
            let of = of.unwrap_or_else(|| "no issuer".to_owned());
            let text = format!("the document names {of}, and the settings name {}", shown(issuer.as_str()));
            return Err(reader.refused_with(if is_pattern { PATTERN } else { WRONG_ISSUER }, Some(text)));
        }
    };
    let endpoint = |name: &str| read(&reader, transport, name);
    let endpoints = Endpoints {
        authorization: endpoint("authorization_endpoint")?,
        token: endpoint("token_endpoint")?,
        device_authorization: endpoint("device_authorization_endpoint")?,
        revocation: endpoint("revocation_endpoint")?,
        introspection: endpoint("introspection_endpoint")?,
        userinfo: endpoint("userinfo_endpoint")?,
    };
    let methods = reader.list("token_endpoint_auth_methods_supported");
    Ok(Discovered {
        issuer: named,
        endpoints,
        authentication: method(methods.as_deref()),
        methods: methods
            .unwrap_or_default()
            .iter()
            .take(MOST_METHODS)
            .filter_map(|text| redact::line(text, &[]))
            .collect(),
        names_issuer: reader.flag("authorization_response_iss_parameter_supported") == Some(true),
    })
}

/// How a client with a secret proves itself at a server that takes these ways. Basic comes first, because every server has to
/// understand it (RFC 6749 §2.3.1), and where nothing is said it is what is meant (RFC 8414 §2).
fn method(supported: Option<&[String]>) -> Option<ClientAuthentication> {
    let Some(supported) = supported else { return Some(ClientAuthentication::Basic) };
    [
        ("client_secret_basic", ClientAuthentication::Basic),
        ("client_secret_post", ClientAuthentication::Body),
        ("none", ClientAuthentication::None),
    ]
    .into_iter()
    .find(|(name, _)| supported.iter().any(|one| one == name))
    .map(|(_, way)| way)
}

/// An issuer as it may be shown: to the letter, because it is compared so, but for a user name with a password.
fn shown(text: &str) -> String {
    let bare = |text: &str| -> Option<String> {
        let mut url = Url::parse(text).ok().filter(|url| !url.username().is_empty() || url.password().is_some())?;
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        Some(url.into())
    };
    let visible = |c: &char| {
        !c.is_control() && !c.is_whitespace() && !matches!(c, '\u{61c}' | '\u{200b}'..='\u{206f}' | '\u{feff}')
    };
    bare(text).unwrap_or_else(|| text.to_owned()).chars().filter(visible).take(redact::LONGEST / 2).collect()
}

/// An endpoint of a document, if it names one. Where no secret may go, none is.
fn read(reader: &Reader<'_, Call>, transport: &Transport, name: &str) -> Result<Option<Url>, CallError> {
    let Some(text) = reader.exact(name) else { return Ok(None) };
    let refuse = |why: &str| {
        let text = format!("{name} of the document cannot be used: {why}");
        Err(reader.refused_with(BAD_ENDPOINT, redact::line(&text, &[])))
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

const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";
const MOST_METHODS: usize = 8;
const KEPT: Duration = Duration::from_hours(1);
const WRONG_ISSUER: CodeMeaning = fact(
    RefusalClass::Configuration,
    Remedy::CompareIssuer,
    "the server's document is another issuer's",
    "服务器的元数据属于另一个签发者（issuer）",
);
const PATTERN: CodeMeaning = fact(
    RefusalClass::Configuration,
    Remedy::NameTenant,
    "the server's document names a pattern of issuers",
    "服务器的元数据中的签发者（issuer）是一个模板",
);
const BAD_ENDPOINT: CodeMeaning = fact(
    RefusalClass::Configuration,
    Remedy::CheckUrl,
    "the server's document names an endpoint that cannot be used",
    "服务器的元数据包含无法使用的端点",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_proves_itself_as_the_document_says() {
        let of = |names: &[&str]| method(Some(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()));
        assert_eq!(method(None), Some(ClientAuthentication::Basic));
        assert_eq!(of(&["client_secret_post", "client_secret_basic"]), Some(ClientAuthentication::Basic));
        assert_eq!(of(&["private_key_jwt", "client_secret_post"]), Some(ClientAuthentication::Body));
        assert_eq!(of(&["none", "private_key_jwt"]), Some(ClientAuthentication::None));
        assert_eq!(of(&["private_key_jwt", "tls_client_auth"]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn an_issuer_is_shown_to_the_letter_and_without_a_password() {
        let long = "https://login.example.test/0123456789abcdef0123456789abcdef/v2.0/";
        assert_eq!(shown(long), long);
        assert_eq!(shown("https://u:p@x.test/a"), "https://x.test/a");
        assert_eq!(shown("x\u{1b}[31m y"), "x[31my");
    }

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
