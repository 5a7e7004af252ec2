//! Reading answers: pure, so that a kept answer reads the same after a crash (I5).
//!
//! Enters: a [`RawAnswer`] and the [`Dialect`] it is in. Leaves: an [`Outcome`], or for calls that spend nothing the body
//! or a [`Refusal`]. The order of questions is the promise:
//!
//! 1. Does it hold a complete refresh token? Then that is kept, whatever else it says (I3).
//! 2. Does it name an error, in whatever shape? By code, then by the RFC's word. A no that is in no
//!    table, or that a server out of order (5xx) says, condemns nothing (I6).
//! 3. Does it bring an access token? Only a whole answer may say that no refresh token follows.
//! 4. Does its status say no (RFC 6749 §5.2: a 4xx)? Then nothing was issued, whatever its body is, and the login is not condemned.
//! 5. Otherwise it is not an answer of the provider: in doubt, except for a 404 or 405, which says that nothing is
//!    there that could have read the request. A redirect does not say that: it may come from behind the endpoint.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokenward_core::ports::{CallError, DeviceLogin};
use tokenward_core::{
    AbsentRefresh, Access, AccessToken, DeviceCode, Issued, Oddity, Outcome, RawAnswer, RefreshToken, Refusal,
    RefusalClass, Remedy, Rules, Scopes, Subject,
};
use url::Url;

use crate::error_shape::{self, Named};
use crate::lenient_json::{Body, Number, Object, Text};
use crate::oauth_error_codes::{CodeMeaning, fact};
use crate::redact;

/// What a dialect knows of its own answers. A value stands for one of its calls, because a code may mean something else
/// in the answer to another.
pub(crate) trait Dialect: Copy {
    /// Whether the provider puts a number of its own under `code`, zero meaning yes.
    const CODES: bool = true;
    /// Whether that number is text as a rule.
    const CODE_IS_TEXT: bool = false;
    /// Whether `result` says yes or no.
    const RESULTS: bool = false;
    /// Whether answers may be forms, and may name errors in other shapes than the RFC's: dialects that many servers speak.
    const MANY_SERVERS: bool = false;
    /// Whether nothing but the status says yes (RFC 6749 §5.1): then an access token alone, under another status, is
    /// not taken for a success.
    const STATUS_SAYS_YES: bool = false;
    /// Whether answers tell how long a refresh token lives.
    const TELLS_REFRESH_LIFE: bool = false;
    /// The codes that say, in the provider's own format, that a path or method does not exist.
    const NO_SUCH_ENDPOINT: &'static [i64] = &[];

    /// What a code means.
    fn code(self, code: i64) -> Option<CodeMeaning>;

    /// What an RFC's error word means, beside the provider's own text.
    fn word(self, word: &str, text: &str) -> Option<CodeMeaning>;

    /// What a person can do, in words that fit the provider.
    fn remedy(self, remedy: Remedy) -> Remedy {
        remedy
    }

    /// What a status means where no body says more; asked for calls that spend nothing.
    fn status(self, _status: u16) -> Option<CodeMeaning> {
        None
    }

    /// Whether a success may be without a body.
    fn may_be_empty(self) -> bool {
        false
    }

    /// The user that an answer speaks of.
    fn subject(self, reader: &Reader<'_, Self>) -> Option<Subject>;
}

/// Reads the answer to a refresh, a code exchange, a direct grant or a device poll. Codes mean the same in all of them.
pub(crate) fn read<D: Dialect>(call: D, answer: &RawAnswer, rules: &Rules) -> Outcome {
    let mut reader = Reader::new(call, answer, &[]);
    let said_no = reader.says_no();
    if !said_no && reader.whole_without_refresh() && Reader::broken(call, answer).has_refresh() {
        // The token stands somewhere we do not look in a whole answer; better found than lost.
        reader = Reader::broken(call, answer);
    }
    let refresh = reader.token(REFRESH, RefreshToken::parse);
    match refresh {
        TokenField::Token(refresh) => reader.issued(Some(refresh), said_no, rules),
        _ if said_no => reader.refused(),
        TokenField::Garbled => reader.unreadable(),
        TokenField::Absent => match (&reader.body, reader.token(ACCESS, AccessToken::parse)) {
            (Body::Object(_), TokenField::Token(_)) if reader.success() || !D::STATUS_SAYS_YES => {
                reader.issued(None, false, rules)
            }
            (_, TokenField::Absent) if reader.status_says_no() => Outcome::Refused(reader.tell(UNCLEAR, None)),
            _ => reader.unreadable(),
        },
    }
}

/// Reads the answer to a call that spends nothing: the object of a success, or why there is none.
#[expect(clippy::result_large_err, reason = "the port's error; made once a call that took milliseconds")]
pub(crate) fn judge<'a, D: Dialect>(
    call: D,
    answer: &'a RawAnswer,
    secrets: &'a [&'a str],
) -> Result<Reader<'a, D>, CallError> {
    let reader = Reader::new(call, answer, secrets);
    let refuse = |refusal| Err(CallError::Refused(refusal));
    match &reader.body {
        Body::Object(_) if reader.says_no() => refuse(reader.refusal(NOBODY_KNOWS)),
        Body::Object(_) if reader.success() => Ok(reader),
        Body::Broken(bytes)
            if call.may_be_empty() && reader.success() && answer.whole && bytes.trim_ascii().is_empty() =>
        {
            Ok(reader)
        }
        _ if reader.names_no_endpoint() => refuse(reader.tell(NOTHING_THERE, None)),
        _ => match call.status(answer.status) {
            Some(fact) => Err(reader.refused_as(fact)),
            None => refuse(reader.no_answer_of_the_provider()),
        },
    }
}

/// An answer together with what is needed to read it.
pub(crate) struct Reader<'a, D> {
    call: D,
    answer: &'a RawAnswer,
    body: Body<'a>,
    secrets: &'a [&'a str],
}

enum TokenField<T> {
    Absent,
    Token(T),
    /// Something is there that is no token as we know them. It is kept raw, and nothing is concluded.
    Garbled,
}

impl<'a, D: Dialect> Reader<'a, D> {
    fn new(call: D, answer: &'a RawAnswer, secrets: &'a [&'a str]) -> Self {
        let bytes = answer.body.expose();
        let body = if D::MANY_SERVERS { Body::parse_or_form(bytes, answer.whole) } else { Body::parse(bytes) };
        Self { call, answer, body, secrets }
    }

    fn broken(call: D, answer: &'a RawAnswer) -> Self {
        Self { call, answer, body: Body::Broken(answer.body.expose()), secrets: &[] }
    }

    /// A text of the body, cleaned.
    pub(crate) fn text(&self, names: &[&str]) -> Option<String> {
        match self.body.text(names) {
            Text::Present(text) => redact::line(&text, self.secrets),
            Text::Absent | Text::Garbled => None,
        }
    }

    /// A secret of the body.
    pub(crate) fn secret<T, E>(&self, name: &str, parse: impl Fn(String) -> Result<T, E>) -> Option<T> {
        match self.token(&[name], parse) {
            TokenField::Token(token) => Some(token),
            TokenField::Absent | TokenField::Garbled => None,
        }
    }

    /// A text of the body exactly as it came.
    pub(crate) fn exact(&self, name: &str) -> Option<String> {
        match self.body.text(&[name]) {
            Text::Present(text) => Some(text.to_string()),
            Text::Absent | Text::Garbled => None,
        }
    }

    /// A life in seconds, if one is told.
    pub(crate) fn seconds(&self, names: &[&str]) -> Option<Duration> {
        self.life(names).map(|(life, _)| life).filter(|life| !life.is_zero())
    }

    /// A pause in seconds, which may be none.
    fn pause(&self, names: &[&str]) -> Option<Duration> {
        let number = self.body.number(names)?;
        u64::try_from(number.value).ok().map(Duration::from_secs)
    }

    /// When something ends that lives so long from the arrival of the answer.
    pub(crate) fn end(&self, life: Duration) -> Timestamp {
        end(self.answer.received, life)
    }

    /// Whether a yes or no stands under a name.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.object()?.flag(name)
    }

    /// The texts of a list, as they came.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<String>> {
        let items = self.object()?.field(name)?.as_array()?;
        Some(items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
    }

    /// A text inside an object inside the body, as it came.
    pub(crate) fn inner(&self, outer: &str, name: &str) -> Option<String> {
        self.object()?.field(outer)?.get(name)?.as_str().map(str::to_owned)
    }

    /// An object of the body.
    pub(crate) fn map(&self, name: &str) -> Option<&serde_json::Map<String, serde_json::Value>> {
        self.object()?.field(name)?.as_object()
    }

    /// A device authorization (RFC 8628 §3.2).
    #[expect(clippy::result_large_err, reason = "the port's error; made once a call that took milliseconds")]
    pub(crate) fn device_login(&self) -> Result<DeviceLogin, CallError> {
        let url = |name: &str| self.exact(name).and_then(|text| Url::parse(text.trim()).ok()).filter(is_web);
        let code = self.secret("device_code", DeviceCode::parse);
        let (Some(device_code), Some(user_code)) = (code, self.exact("user_code")) else {
            return Err(self.lacking());
        };
        // Some answers bring the complete address alone (reference/feishu.md §8.4); it is as good to open. Some servers
        // still use a draft's spelling of the other.
        let complete = url("verification_uri_complete").or_else(|| url("verification_url_complete"));
        let plain = url("verification_uri").or_else(|| url("verification_url"));
        let Some(verification_uri) = plain.or_else(|| complete.clone()) else {
            return Err(self.lacking());
        };
        Ok(DeviceLogin {
            device_code,
            user_code: user_code.chars().filter(|c| !c.is_control()).collect(),
            verification_uri,
            verification_uri_complete: complete,
            expires_in: self.seconds(&["expires_in", "expire_in"]).unwrap_or(DEVICE_LIFE),
            tells_life: self.seconds(&["expires_in", "expire_in"]).is_some(),
            // RFC 8628 §3.2: five seconds where the answer does not say.
            interval: self.pause(&["interval"]).unwrap_or(DEVICE_INTERVAL).max(SHORTEST_INTERVAL),
        })
    }

    /// The error of an answer that means what a fact says, though no code or word of it does.
    pub(crate) fn refused_as(&self, fact: CodeMeaning) -> CallError {
        CallError::Refused(self.tell((fact.class, fact.remedy), Some(&fact)))
    }

    /// The same, with words of ours in place of the provider's.
    pub(crate) fn refused_with(&self, fact: CodeMeaning, description: Option<String>) -> CallError {
        CallError::Refused(Refusal { description, ..self.tell((fact.class, fact.remedy), Some(&fact)) })
    }

    /// The error for a body that says yes and lacks what was asked for.
    pub(crate) fn lacking(&self) -> CallError {
        CallError::Refused(self.no_answer_of_the_provider())
    }

    fn code(&self) -> Option<Number> {
        if D::CODES { self.body.number(&["code"]) } else { None }
    }

    fn success(&self) -> bool {
        (200..300).contains(&self.answer.status)
    }

    /// The error that the answer names: the RFC's, or whatever stands for it.
    fn named(&self) -> Option<Named> {
        if let (true, Some(object)) = (D::MANY_SERVERS, self.object()) {
            return object.named(self.answer.status);
        }
        match self.body.text(&["error"]) {
            Text::Present(word) => Some(Named { word: Some(word.trim().to_owned()), text: None }),
            Text::Absent | Text::Garbled => self.object()?.known_word(&["code"]),
        }
    }

    /// The RFC's error word, or what stands for it.
    fn word(&self) -> Option<String> {
        self.named()?.word
    }

    fn says_no(&self) -> bool {
        let by_result = D::RESULTS && self.flag("result") == Some(false);
        by_result || self.code().is_some_and(|code| code.value != 0) || self.named().is_some()
    }

    fn whole_without_refresh(&self) -> bool {
        matches!(&self.body, Body::Object(_)) && self.body.text(REFRESH) == Text::Absent
    }

    /// Whether something stands where a token should that is none.
    fn has_garbled(&self) -> bool {
        matches!(self.token(REFRESH, RefreshToken::parse), TokenField::Garbled)
            || matches!(self.token(ACCESS, AccessToken::parse), TokenField::Garbled)
    }

    fn has_refresh(&self) -> bool {
        matches!(self.token(REFRESH, RefreshToken::parse), TokenField::Token(_))
    }

    fn token<T, E>(&self, names: &[&str], parse: impl Fn(String) -> Result<T, E>) -> TokenField<T> {
        match self.body.text(names) {
            Text::Absent => TokenField::Absent,
            Text::Garbled => TokenField::Garbled,
            Text::Present(text) => parse(text.to_string()).map_or(TokenField::Garbled, TokenField::Token),
        }
    }

    /// A life in seconds and whether its number was odd. One of nothing and of minus one tell none: a server that has no end to
    /// tell says so. Any other negative one is over. Endless ones end after ten years.
    fn life(&self, names: &[&str]) -> Option<(Duration, bool)> {
        let number = self.body.number(names)?;
        let seconds = match number.value {
            -1 | 0 => return None,
            value => u64::try_from(value).unwrap_or(0),
        };
        Some((Duration::from_secs(seconds.min(LONGEST_LIFE)), number.odd))
    }

    fn issued(&self, refresh: Option<RefreshToken>, said_no: bool, rules: &Rules) -> Outcome {
        let received = self.answer.received;
        let mut oddities = Vec::new();
        let mut note = |there: bool, oddity: Oddity| {
            if there && !oddities.contains(&oddity) {
                oddities.push(oddity);
            }
        };
        let access = match self.token(ACCESS, AccessToken::parse) {
            TokenField::Token(token) => Some(token),
            TokenField::Absent | TokenField::Garbled => None,
        };
        let access_life = self.life(ACCESS_LIFE);
        let refresh_life = self.life(REFRESH_LIFE);
        note(access.is_none(), Oddity::AccessMissing);
        note(access.is_some() && access_life.is_none(), Oddity::AccessLifeMissing);
        // Where the old one stays good, an answer without a new one is as it should be.
        note(refresh.is_none() && rules.absent_refresh == AbsentRefresh::Ends, Oddity::RefreshMissing);
        note(D::TELLS_REFRESH_LIFE && refresh.is_some() && refresh_life.is_none(), Oddity::RefreshLifeMissing);
        let code_is_odd = !D::CODE_IS_TEXT && self.code().is_some_and(|code| code.odd);
        note(code_is_odd || [access_life, refresh_life].iter().flatten().any(|(_, odd)| *odd), Oddity::NumberAsText);
        let other_type = self.text(&["token_type"]).is_some_and(|kind| !kind.eq_ignore_ascii_case("Bearer"));
        note(other_type, Oddity::TokenType);
        note(!self.answer.whole || matches!(self.body, Body::Broken(_)), Oddity::CutOff);
        note(said_no || self.answer.status >= 400, Oddity::TokensDespiteFailure);
        note(access.is_some() && access_life.is_some_and(|(life, _)| life.is_zero()), Oddity::AccessEnded);
        // A refresh token that is brought is not over, whatever number stands beside it.
        let refresh_life = refresh_life.filter(|(life, _)| !life.is_zero());
        let refresh_life = refresh_life.map_or(rules.assumed_refresh, |(life, _)| Some(life));
        let access_life = access_life.map_or(rules.assumed_access, |(life, _)| life);
        let scopes = self.exact("scope").and_then(|text| Scopes::parse(&text).ok());
        Outcome::Rotated {
            issued: Issued {
                access: access.map(|token| Access { token, obtained: received, expires: end(received, access_life) }),
                refresh_expires: refresh.as_ref().and(refresh_life).map(|life| end(received, life)),
                refresh,
                scopes: scopes.map(|(scopes, _)| scopes).filter(|scopes| !scopes.is_empty()),
                subject: self.call.subject(self),
            },
            oddities,
        }
    }

    /// The outcome of a no. From a body that is not whole a no is not taken: the rest might have said more.
    fn refused(&self) -> Outcome {
        match (&self.body, self.code()) {
            (Body::Broken(_), _) => self.unreadable(),
            (Body::Object(_), Some(code)) if D::NO_SUCH_ENDPOINT.contains(&code.value) => {
                Outcome::NoSuchEndpoint(self.refusal(UNCLEAR))
            }
            (Body::Object(_), _) => Outcome::Refused(self.refusal(UNCLEAR)),
        }
    }

    /// What the provider's no means; `unknown` is what one means that is in no table.
    fn refusal(&self, unknown: (RefusalClass, Remedy)) -> Refusal {
        let code = self.code().map(|code| code.value).filter(|code| *code != 0);
        let text = || self.text(TEXT).or_else(|| redact::line(&self.named()?.text?, self.secrets)).unwrap_or_default();
        let by_word = self.word().and_then(|word| self.call.word(&error_shape::normal(&word), &text()));
        let by_code = code.and_then(|code| self.call.code(code));
        let fact = match by_word {
            // Device polls: the word is the protocol (RFC 8628 §3.5), whatever number goes with it.
            Some(fact) if fact.class == RefusalClass::Pending => Some(fact),
            _ => by_code.or(by_word),
        };
        // A server that is out of order does not know what it says; a number of the provider's own it has looked up.
        let passing = |fact: &CodeMeaning| matches!(fact.class, RefusalClass::Pending | RefusalClass::Retry);
        match fact {
            Some(fact) if self.answer.status >= 500 && by_code.is_none() && !passing(&fact) => {
                self.tell(NOBODY_KNOWS, Some(&fact))
            }
            Some(fact) => self.tell((fact.class, fact.remedy), Some(&fact)),
            None if self.answer.status == TOO_MANY_REQUESTS => self.tell(LIMITED, None),
            None if self.answer.status >= 500 => self.tell(NOBODY_KNOWS, None),
            None => self.tell(unknown, None),
        }
    }

    fn unreadable(&self) -> Outcome {
        let refusal = self.no_answer_of_the_provider();
        match refusal.class {
            RefusalClass::Retry => Outcome::Refused(refusal),
            _ if self.names_no_endpoint() => Outcome::NoSuchEndpoint(self.tell(NOTHING_THERE, None)),
            _ => Outcome::Unreadable(refusal),
        }
    }

    /// A 429 is its sender's word that the request was turned away for its number (RFC 6585 §4), whoever sent it.
    fn no_answer_of_the_provider(&self) -> Refusal {
        match self.answer.status {
            TOO_MANY_REQUESTS => self.tell(LIMITED, None),
            300..400 => self.tell((RefusalClass::InDoubt, Remedy::CheckUrl), None),
            _ if self.success() && self.answer.whole && self.object().is_some() && !self.has_garbled() => {
                self.tell((BROUGHT_NOTHING.class, BROUGHT_NOTHING.remedy), Some(&BROUGHT_NOTHING))
            }
            _ => self.tell(NOBODY_KNOWS, None),
        }
    }

    /// A whole 4xx: an endpoint that refuses, or somebody before it (RFC 6749 §5.2). Not those that speak of the moment (408, 425,
    /// 429), and not those that [`Reader::names_no_endpoint`] has the word about.
    fn status_says_no(&self) -> bool {
        let status = self.answer.status;
        (400..500).contains(&status) && !matches!(status, 404 | 405 | 408 | 425 | 429) && self.answer.whole
    }

    /// A whole 404 or 405 without a trace of the provider's format (reference/feishu.md §11: its own are `text/plain`).
    fn names_no_endpoint(&self) -> bool {
        let absent = matches!(self.answer.status, 404 | 405) && self.answer.whole;
        absent && self.code().is_none() && self.named().is_none() && !self.is_cut_json()
    }

    /// Bytes that begin like the provider's object and are none: part of an answer, not a page.
    fn is_cut_json(&self) -> bool {
        matches!(self.body, Body::Broken(bytes) if bytes.trim_ascii_start().starts_with(b"{"))
    }

    fn tell(&self, (class, remedy): (RefusalClass, Remedy), fact: Option<&CodeMeaning>) -> Refusal {
        Refusal {
            class,
            remedy: self.call.remedy(remedy),
            provider_word: self.word().and_then(|word| redact::line(&word, self.secrets)),
            provider_code: self.code().map(|code| code.value).filter(|code| *code != 0),
            meaning: fact.map(|fact| fact.meaning),
            status: self.answer.status,
            description: self.description(),
            log_id: self.log_id(),
            retry_after: self.answer.retry_after,
            missing_scopes: self.missing_scopes(),
        }
    }

    /// The provider's own words, with the address of the further check where there is one (reference/feishu.md §4.5).
    fn description(&self) -> Option<String> {
        let named = || redact::line(&self.named()?.text?, self.secrets);
        let own = self.text(TEXT).or_else(named).or_else(|| self.page()).or_else(|| self.redirect());
        let hint = self.text(&["cli_hint"]);
        let challenge = self.exact("challenge_url").and_then(|text| Url::parse(text.trim()).ok());
        let challenge = challenge.filter(|url| url.scheme() == "https").map(String::from);
        let challenge = challenge.filter(|url| url.len() <= redact::LONGEST);
        let parts: Vec<String> = [own, hint, challenge].into_iter().flatten().collect();
        let all = parts.join(" ");
        (!all.is_empty() && all.chars().count() <= redact::LONGEST).then_some(all).or_else(|| parts.into_iter().next())
    }

    /// Where a redirect points, which is not followed: a secret would go with it.
    fn redirect(&self) -> Option<String> {
        let target = self.answer.location.as_ref().filter(|_| (300..400).contains(&self.answer.status))?;
        Some(format!("a redirect to {target}, which is not followed"))
    }

    /// What a page that is not JSON calls itself.
    fn page(&self) -> Option<String> {
        let Body::Broken(bytes) = self.body else { return None };
        let page = String::from_utf8_lossy(&bytes[..bytes.len().min(PAGE_READ)]);
        let kind = self.answer.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
        let lower = page.to_ascii_lowercase();
        if let Some((_, rest)) = lower.split_once("<title>") {
            let begin = page.len() - rest.len();
            let length = rest.find('<').unwrap_or(rest.len());
            return redact::line(&page[begin..begin + length], self.secrets);
        }
        let is_plain =
            || !page.contains(|c: char| c.is_control() && !c.is_whitespace()) && !page.contains(['<', '\u{fffd}']);
        let is_text = kind.starts_with("text/plain") || (kind.is_empty() && is_plain());
        if is_text && !self.is_cut_json() { redact::line(&page, self.secrets) } else { None }
    }

    /// reference/feishu.md §11.2.
    fn log_id(&self) -> Option<String> {
        let in_error = || {
            let object = self.object()?;
            ["log_id", "logid"].iter().find_map(|name| redact::id(object.error_field(name)?.as_str()?))
        };
        let in_body = || redact::id(&self.exact("log_id").or_else(|| self.exact("logid"))?);
        self.answer.log_id.clone().or_else(in_error).or_else(in_body)
    }

    /// reference/feishu.md §11: `error.permission_violations[].subject`.
    fn missing_scopes(&self) -> Vec<String> {
        let violations = self.object().and_then(|object| object.error_field("permission_violations"));
        let subjects = violations.and_then(|list| list.as_array()).into_iter().flatten();
        let scopes = subjects.filter_map(|violation| redact::id(violation.get("subject")?.as_str()?));
        scopes.take(MOST_SCOPES).collect()
    }

    const fn object(&self) -> Option<&Object> {
        match &self.body {
            Body::Object(object) => Some(object),
            Body::Broken(_) => None,
        }
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http")
}

fn end(from: Timestamp, life: Duration) -> Timestamp {
    SignedDuration::try_from(life).ok().and_then(|life| from.checked_add(life).ok()).unwrap_or(Timestamp::MAX)
}

const ACCESS: &[&str] = &["access_token"];
const REFRESH: &[&str] = &["refresh_token"];
const ACCESS_LIFE: &[&str] = &["expires_in", "expire"];
/// Under `error_description` by the RFCs, under the others by everyone else.
const TEXT: &[&str] = &["error_description", "msg", "message", "status_message"];
/// Feishu's v2 and v3 use the first name, its v1 families and others the second (reference/feishu.md §4.3).
const REFRESH_LIFE: &[&str] = &["refresh_token_expires_in", "refresh_expires_in"];
const LONGEST_LIFE: u64 = 10 * 365 * 86_400;
const MOST_SCOPES: usize = 50;
const PAGE_READ: usize = 4096;
const TOO_MANY_REQUESTS: u16 = 429;

/// The official Feishu client's own assumptions (reference/feishu.md §8.3).
const DEVICE_LIFE: Duration = Duration::from_mins(4);
const DEVICE_INTERVAL: Duration = Duration::from_secs(5);
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

const LIMITED: (RefusalClass, Remedy) = (RefusalClass::Retry, Remedy::WaitForLimit);
const NOBODY_KNOWS: (RefusalClass, Remedy) = (RefusalClass::InDoubt, Remedy::TryLater);
const UNCLEAR: (RefusalClass, Remedy) = (RefusalClass::InDoubt, Remedy::LogInIfItLasts);
/// A success by its status that has none of what a success brings.
const BROUGHT_NOTHING: CodeMeaning = fact(
    RefusalClass::InDoubt,
    Remedy::AskServer,
    "the answer brings none of what was asked for",
    "应答中没有所请求的内容",
);
const NOTHING_THERE: (RefusalClass, Remedy) = (RefusalClass::Configuration, Remedy::CheckUrl);
