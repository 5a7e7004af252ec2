//! Where the plain provider's endpoints are, below an issuer, and which of them may be missing.

use http::Method;

use crate::rules::PlainPart;
use crate::words::{Door, Endpoint, Route, get, page, post};

/// The endpoint behind a method and path. Whether the issuer before it exists is known only when it is processed.
pub(crate) fn find(method: &Method, path: &str) -> Option<Endpoint> {
    if path.starts_with(OAUTH) || path.ends_with(OPENID) {
        return (method == Method::GET).then_some(Endpoint::PlainDiscovery);
    }
    let (_, last) = path.rsplit_once('/')?;
    let found = ROUTES.iter().find(|route| &route.path[1..] == last && route.methods.iter().any(|one| one == method));
    found.map(|route| route.endpoint)
}

/// The part of the provider that an endpoint is, if it may be missing.
pub(super) const fn part(endpoint: Endpoint) -> Option<PlainPart> {
    match endpoint {
        Endpoint::PlainDevice | Endpoint::PlainDevicePage => Some(PlainPart::Device),
        Endpoint::PlainIntrospect => Some(PlainPart::Introspection),
        Endpoint::PlainRevoke => Some(PlainPart::Revocation),
        Endpoint::PlainUserinfo => Some(PlainPart::Userinfo),
        _ => None,
    }
}

/// Below the issuer's path. None of the last segments is another's.
pub(crate) const ROUTES: &[Route] = &[
    get(Door::Plain, "/authorize", Endpoint::PlainAuthorize),
    post(Door::Plain, "/consent", Endpoint::PlainConsent),
    post(Door::Plain, "/token", Endpoint::PlainToken),
    post(Door::Plain, "/revoke", Endpoint::PlainRevoke),
    post(Door::Plain, "/introspect", Endpoint::PlainIntrospect),
    post(Door::Plain, "/device_authorization", Endpoint::PlainDevice),
    page(Door::Plain, "/device", Endpoint::PlainDevicePage),
    page(Door::Plain, "/userinfo", Endpoint::PlainUserinfo),
    get(Door::Plain, OAUTH, Endpoint::PlainDiscovery),
];

pub(super) const OAUTH: &str = "/.well-known/oauth-authorization-server";
pub(super) const OPENID: &str = "/.well-known/openid-configuration";
