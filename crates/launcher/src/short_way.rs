//! From a plain request to its line.

use std::ffi::OsString;

use tokenward::{Environment, Home, Overrides, Settings};
use tokenward_core::ports::{Clock, HandOut};
use zeroize::Zeroizing;

use crate::token_request::TokenRequest;

/// The line to print, if the words are one of the plain forms and the hand-out file of the profile holds a token that serves now, of the app
/// that the settings name: they are asked for that app's name, id, provider and address alone, and no other setting is resolved.
pub fn token(arguments: &[OsString], environment: &Environment, clock: &impl Clock) -> Option<Zeroizing<String>> {
    let request = TokenRequest::parse(arguments)?;
    let home = Home::resolve(request.home.as_deref(), environment).ok()?;
    let (settings, warnings) = Settings::load(home, environment.clone(), Overrides::default()).ok()?;
    if !warnings.is_empty() {
        return None;
    }
    let selected = settings.selected(request.profile.as_ref()).ok()?;
    let profile = match &request.user {
        Some(user) => selected.of_user(user),
        None => selected,
    };
    let now = clock.now();
    let is_named = |token: &HandOut| settings.names_app(&profile, &token.app, token.registration.as_ref());
    let handed = tokenward::hand_out(settings.home(), &profile, &settings.key_source().ok()?, now, is_named)?;
    if handed.access.remaining(now) <= request.min_ttl {
        return None;
    }
    request.line.of(handed.access.token.expose()).map(Zeroizing::new)
}
