//! Fields by which a request asks for another method than that of its first line.

use http::{HeaderName, Request};

/// Whether a request asks by a field for another method than its own, as some servers let it: what was judged is the method of its first
/// line.
pub(super) fn overrides_method<B>(request: &Request<B>) -> bool {
    let own = request.method().as_str().as_bytes();
    let asked = request.headers().iter().filter(|(name, _)| OVERRIDES.contains(&hyphened(name).as_str()));
    asked.into_iter().any(|(_, value)| !value.as_bytes().trim_ascii().eq_ignore_ascii_case(own))
}

/// A field's name as servers read it that make a variable of it (RFC 3875 §4.1.18): `_` is `-` to them.
pub(super) fn hyphened(name: &HeaderName) -> String {
    name.as_str().replace('_', "-")
}

/// Fields by which a request asks for another method than that of its first line.
pub(super) const OVERRIDES: [&str; 4] =
    ["x-http-method-override", "x-method-override", "x-http-method", "x-original-method"];
