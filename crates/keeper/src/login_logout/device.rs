//! A login on another device (RFC 8628).
//!
//! Enters: an app, and the scopes that are wished for. Leaves: a code to be typed somewhere, and once the person has finished, a login
//! like any other. What was issued is kept before it is read (I3); a poll may be repeated, so trouble on the way ends nothing.

use std::time::Duration;

use tokenward_core::ports::{DeviceLogin, Sent};
use tokenward_core::{App, Code, Outcome, ProfileName, Refusal, RefusalClass, Remedy, Scopes};
use tokio::time::Instant;

use super::{Arrived, EXCHANGE_DEADLINE, LoginReport, admitted, code_refusal};
use crate::keeper::LOOK_PATIENCE;
use crate::{Error, Keeper, KeptState};

impl Keeper {
    /// Starts a device authorization (RFC 8628): the person opens a page on any device, no redirect URL is needed.
    pub async fn begin_device_login(&self, app: &App, scopes: &Scopes) -> Result<DeviceLogin, Error> {
        if app.token_api.needs_app_token() {
            let why = "the v1 token endpoints know no device login; set token_api to v3 or v2";
            return Err(Error::with_detail(Code::BadSetting, KeptState::Everything, why));
        }
        self.inner.parts.provider.device_begin(app, scopes).await.map_err(Error::call)
    }

    /// Asks, at the pace the provider sets, until the person has finished; then stores the login. A server that is out of order
    /// for a while, and a connection that breaks, do not end it (RFC 8628 §3.5): the device code is good until its end.
    ///
    /// # Errors
    /// [`Code::LoginTimedOut`] when the device code ends first; [`Code::ConsentDenied`] when the person says no;
    /// [`Code::LoginAnswerOdd`] when the tokens were on the way and got lost; [`Code::AnotherUser`] as [`Keeper::finish_login`].
    pub async fn finish_device_login(
        &self,
        app: &App,
        profile: &ProfileName,
        login: DeviceLogin,
        asked: Scopes,
        replace_user: bool,
    ) -> Result<LoginReport, Error> {
        let end = Instant::now() + login.expires_in;
        self.look_around(app, Some(profile), None, LOOK_PATIENCE).await;
        let mut pace = Pace::new(login.interval);
        // The family that is polled issues the tokens, and they are spent there.
        let api = app.token_api;
        self.inner.parts.vault.prove().await?;
        let mut trouble = Trouble::default();
        let mut is_last = false;
        loop {
            if is_last {
                return Err(trouble.at_the_end());
            }
            // However long a pause the provider asks for: the code is asked about once more before its end. Who has finished by then
            // is logged in, and a server that finds it too early says so and takes nothing away.
            let left = end.saturating_duration_since(Instant::now());
            let latest = left.saturating_sub(LAST_LOOK.min(left / 4));
            is_last = pace.pause >= latest;
            tokio::time::sleep(pace.pause.min(latest)).await;
            let _spending = self.inner.spending();
            let answer = match self.inner.parts.provider.device_poll(app, &login.device_code, EXCHANGE_DEADLINE).await {
                Sent::Answered(answer) => answer,
                // A poll may be repeated: the code is not used up by it (RFC 8628 §3.5).
                Sent::Unsent(fault) => {
                    tracing::warn!(reason = %fault.reason, "a poll did not leave");
                    trouble.unanswered(fault.reason, false);
                    pace.slower(None);
                    continue;
                }
                Sent::InDoubt(fault) => {
                    tracing::warn!(reason = %fault.reason, "a poll went unanswered");
                    trouble.unanswered(fault.reason, true);
                    pace.slower(None);
                    continue;
                }
            };
            // Pending answers hold nothing issued, so only the others are worth a sync. Reading cannot fail or panic.
            match self.inner.parts.provider.read(&app.name, api, &answer) {
                Outcome::Refused(refusal) if refusal.class == RefusalClass::Pending => {
                    trouble.over();
                    pace.steady(refusal.remedy == Remedy::WaitForLimit);
                }
                Outcome::Rotated { issued, oddities } => {
                    let kept = self.inner.parts.vault.keep_login_answer(profile, &app.name, api, &answer).await?;
                    let arrived = Arrived { kept, app: &app.name, profile, api, answer: &answer };
                    return admitted(self.store(Some(app), arrived, issued, oddities, asked, replace_user).await?);
                }
                Outcome::Refused(refusal) if is_passing(&refusal) => {
                    pace.slower(refusal.retry_after);
                    trouble.said(refusal, false);
                }
                // It does not say that it is the code which is refused; one that stands before the server may have said it.
                Outcome::Refused(refusal) if is_wordless(&refusal) && trouble.wordless < WORDLESS_ENOUGH => {
                    pace.slower(refusal.retry_after);
                    trouble.wordless += 1;
                    trouble.said(refusal, false);
                }
                Outcome::Refused(refusal) => {
                    // The server gave the code's tokens away, and we did not get them.
                    let code = match device_refusal(&refusal) {
                        Code::CodeRefused | Code::LoginTimedOut if trouble.lost => Code::LoginAnswerOdd,
                        code => code,
                    };
                    return Err(Error::refused(code, KeptState::Everything, refusal));
                }
                // A gateway that is being set up says so as well.
                Outcome::NoSuchEndpoint(refusal) if trouble.absent >= ABSENT_ENOUGH => {
                    return Err(Error::refused(Code::NoSuchEndpoint, KeptState::Everything, refusal));
                }
                Outcome::NoSuchEndpoint(refusal) => {
                    pace.slower(refusal.retry_after);
                    trouble.absent += 1;
                    trouble.said(refusal, false);
                }
                Outcome::Unreadable(refusal) => {
                    let issued = answer.status < 300 && !answer.body.expose().trim_ascii().is_empty();
                    if issued {
                        // Whatever was issued in it is kept, in case someone can read it one day (I3).
                        self.inner.parts.vault.keep_login_answer(profile, &app.name, api, &answer).await?;
                    }
                    tracing::warn!(status = answer.status, "the answer to a poll cannot be read");
                    pace.slower(refusal.retry_after);
                    trouble.said(refusal, answer.status < 300);
                }
            }
        }
    }
}

/// The story of a refused device code (RFC 8628 §3.5).
fn device_refusal(refusal: &Refusal) -> Code {
    let is_no = refusal.provider_word.as_ref().is_some_and(|word| word.eq_ignore_ascii_case("access_denied"));
    match (refusal.class, refusal.remedy) {
        (RefusalClass::NeedsConsent, Remedy::LogIn) if is_no => Code::ConsentDenied,
        (RefusalClass::NeedsConsent, Remedy::LogInAgainFromStart) => Code::LoginTimedOut,
        _ => code_refusal(refusal),
    }
}

/// Whether a no says only that the provider is out of order at the moment.
fn is_passing(refusal: &Refusal) -> bool {
    refusal.class == RefusalClass::Retry || (refusal.class == RefusalClass::InDoubt && refusal.status >= 500)
}

/// Whether a no has nothing of the RFC's or the provider's own format.
fn is_wordless(refusal: &Refusal) -> bool {
    refusal.class == RefusalClass::InDoubt && refusal.provider_word.is_none() && refusal.provider_code.is_none()
}

/// How often a device login asks.
struct Pace {
    /// What the provider asks for.
    least: Duration,
    /// What is waited now: longer while it does not answer (RFC 8628 §3.5).
    pause: Duration,
}

impl Pace {
    fn new(interval: Duration) -> Self {
        let least = interval.max(SHORTEST_INTERVAL);
        Self { least, pause: least }
    }

    fn steady(&mut self, slow_down: bool) {
        if slow_down {
            self.least = (self.least + SLOW_DOWN).min(MAX_INTERVAL.max(self.least));
        }
        self.pause = self.least;
    }

    fn slower(&mut self, asked: Option<u64>) {
        let asked = Duration::from_secs(asked.unwrap_or(0));
        self.pause = (self.pause * 2).min(MAX_INTERVAL).max(self.least).max(asked);
    }
}

/// What has been wrong with the last polls of a device login.
#[derive(Default)]
struct Trouble {
    last: Option<Last>,
    /// Whether an answer was on the way that may have held the tokens.
    lost: bool,
    /// How many answers said that nothing is there.
    absent: u32,
    /// How many answers said no, and nothing else.
    wordless: u32,
}

enum Last {
    Unanswered(String),
    Said(Refusal),
}

impl Trouble {
    fn unanswered(&mut self, reason: String, lost: bool) {
        self.last = Some(Last::Unanswered(reason));
        self.lost |= lost;
    }

    fn said(&mut self, refusal: Refusal, lost: bool) {
        self.last = Some(Last::Said(refusal));
        self.lost |= lost;
    }

    /// The provider knows the code still, so nothing was issued for it.
    fn over(&mut self) {
        *self = Self::default();
    }

    /// What is told when the device code ends.
    fn at_the_end(self) -> Error {
        match self.last {
            None => Error::new(Code::LoginTimedOut, KeptState::Everything),
            Some(Last::Unanswered(reason)) => Error::with_detail(Code::LoginTimedOut, KeptState::Everything, reason),
            Some(Last::Said(refusal)) => Error::refused(Code::LoginTimedOut, KeptState::Everything, refusal),
        }
    }
}

/// How many answers in a row end a device login that say that no such endpoint exists.
const ABSENT_ENOUGH: u32 = 2;
/// How many answers are gone on through that say no by their status alone.
const WORDLESS_ENOUGH: u32 = 2;
/// How long before the end of a code it is asked about for the last time.
const LAST_LOOK: Duration = Duration::from_secs(2);
/// The shortest pause between polls, whatever the provider says.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);
/// `slow_down` adds this to the pause between polls (RFC 8628 §3.5).
const SLOW_DOWN: Duration = Duration::from_secs(5);
/// The longest pause between polls (reference/feishu.md §8.3).
const MAX_INTERVAL: Duration = Duration::from_mins(1);
