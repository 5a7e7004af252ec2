//! A failure as a person meets it: what happened · what was kept · what to do next · code and page · the provider's
//! own words for it.
//!
//! Enters: an error of the engine, the settings or this crate. Leaves: text or JSON on stderr, and the exit code,
//! which is the code's class (`Code::exit`). No secret can be in it, since no error holds one (I4).

use std::borrow::Cow;
use std::process::ExitCode;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use tokenward::stores::database_error;
use tokenward::{Error, KeptState, Restored};
use tokenward_core::{Code, ExitClass, ProfileName, ProviderName, Refusal, Remedy, visible};

use crate::profile_flags::Meant;
use crate::words::{Lang, in_local_time};

/// Why a command did not do what it was asked. Boxed, so that results stay small.
#[derive(Debug)]
pub(crate) struct Failure(Box<Facts>);

#[derive(Debug)]
struct Facts {
    code: Code,
    happened: Option<String>,
    detail: Option<Detail>,
    kept: Option<KeptState>,
    /// How things stand now, where no login is meant.
    stands: Option<String>,
    /// `None`: the catalogue's advice for the code. An empty list: the sentence says what to do.
    next: Option<Vec<String>>,
    refusal: Option<Refusal>,
    /// Whether its advice means what it names, and not the login that was named on the command line.
    is_of_no_login: bool,
    /// An exit code that needs no words: a reader that went away, a signal that was told already.
    silent: Option<u8>,
}

/// What the system or a library said.
#[derive(Debug)]
enum Detail {
    /// In its own words.
    Said(String),
    /// In words of ours.
    Told { en: String, zh: String },
}

impl Detail {
    fn text(&self, lang: Lang) -> Cow<'_, str> {
        match (self, lang) {
            (Self::Said(text), _) => lang.detail(text),
            (Self::Told { en: text, .. }, Lang::En) | (Self::Told { zh: text, .. }, Lang::Zh) => Cow::Borrowed(text),
        }
    }
}

/// A failure as JSON; the fields are documented in `docs/reference/json.md`.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    code: Code,
    name: &'static str,
    exit: u8,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_state: Option<String>,
    next: Vec<String>,
    page: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalDocument>,
}

#[derive(Debug, Serialize)]
struct RefusalDocument {
    provider_code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_error: Option<String>,
    http_status: u16,
    meaning: Option<&'static str>,
    description: Option<String>,
    log_id: Option<String>,
    retry_after: Option<u64>,
    missing_scopes: Vec<String>,
}

impl Failure {
    /// A failure told in the catalogue's words for its code.
    pub(crate) fn of(code: Code) -> Self {
        let (happened, detail, kept, stands, next, refusal, silent) = (None, None, None, None, None, None, None);
        let is_of_no_login = false;
        Self(Box::new(Facts { code, happened, detail, kept, stands, next, refusal, is_of_no_login, silent }))
    }

    /// A failure told in words of its own.
    pub(crate) fn new(code: Code, happened: String) -> Self {
        let mut failure = Self::of(code);
        failure.0.happened = Some(happened);
        failure
    }

    /// The same failure, told in words of its own.
    pub(crate) fn headed(mut self, happened: String) -> Self {
        self.0.happened = Some(happened);
        self
    }

    /// A failure that the provider spoke, told with its words and the catalogue's advice for our code.
    pub(crate) fn told(code: Code, refusal: Refusal) -> Self {
        let mut failure = Self::of(code);
        failure.0.refusal = Some(refusal);
        failure
    }

    /// An end without words.
    pub(crate) fn silent(exit: u8) -> Self {
        let mut failure = Self::of(Code::Internal);
        failure.0.silent = Some(exit);
        failure
    }

    /// The same failure, told in words that fit what was done.
    pub(crate) fn saying(mut self, happened: String) -> Self {
        self.0.happened = Some(happened);
        self
    }

    /// Adds what the system or a library said.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(Detail::Said(detail.into()));
        self
    }

    /// The same failure, with the moments of its detail in a zone.
    pub(crate) fn in_zone(mut self, zone: &TimeZone) -> Self {
        if let Some(Detail::Said(text)) = &mut self.0.detail {
            *text = in_local_time(text, zone);
        }
        self
    }

    /// Adds what is left of the login, where the engine had no failure to say it with.
    pub(crate) fn keeping(mut self, kept: KeptState) -> Self {
        self.0.kept.get_or_insert(kept);
        self
    }

    /// Adds how things stand now: what was done, and what was not.
    pub(crate) fn stands(mut self, stands: String) -> Self {
        self.0.stands = Some(stands);
        self
    }

    /// Adds what to do next, in place of the catalogue's advice for the code.
    pub(crate) fn then(mut self, next: String) -> Self {
        self.0.next.get_or_insert_default().push(next);
        self
    }

    /// Adds all of these.
    pub(crate) fn then_all(self, next: impl IntoIterator<Item = String>) -> Self {
        next.into_iter().fold(self, Self::then)
    }

    /// Has this advice and no other.
    pub(crate) fn only_then(mut self, next: impl IntoIterator<Item = String>) -> Self {
        self.0.next = Some(next.into_iter().collect());
        self
    }

    /// Adds advice after what the catalogue has to say.
    pub(crate) fn or_then(mut self, lang: Lang, next: String) -> Self {
        let mut advice = self.advice(lang);
        advice.push(next);
        self.0.next = Some(advice);
        self
    }

    /// Adds advice before what the catalogue has to say.
    pub(crate) fn first(mut self, lang: Lang, next: String) -> Self {
        let mut advice = self.advice(lang);
        advice.insert(0, next);
        self.0.next = Some(advice);
        self
    }

    /// Has this advice where the catalogue's for the code or the refusal stands, or besides what else there is. That an id is wrong is
    /// no matter of the secret.
    pub(crate) fn in_place_of_general(mut self, next: String, lang: Lang) -> Self {
        if self.says_the_id_is_wrong() {
            return self;
        }
        let remedy = self.0.refusal.as_ref().map(|refusal| lang.remedy(refusal.remedy));
        let mut advice = self.advice(lang);
        let is_general = |line: &String| *line == lang.next_step(self.0.code) || Some(line.as_str()) == remedy;
        match advice.iter().position(is_general) {
            Some(general) => advice[general] = next,
            None => advice.push(next),
        }
        self.0.next = Some(advice);
        self
    }

    /// Says nothing of a login, where there is none yet.
    pub(crate) fn without_login(mut self) -> Self {
        self.0.kept = None;
        self
    }

    /// The same advice, each line changed.
    pub(crate) fn advised(mut self, lang: Lang, change: impl Fn(String) -> String) -> Self {
        self.0.next = Some(self.advice(lang).into_iter().map(change).collect());
        self
    }

    /// Makes advice name the command by which one logs in here.
    pub(crate) fn logging_in_by(self, command: &str, lang: Lang) -> Self {
        self.advised(lang, |line| line.replace("`tokenward login`", &format!("`{command}`")))
    }

    /// Names the console of Feishu and Lark as the place of what is to be set, where the app is theirs.
    pub(crate) fn at(self, provider: impl FnOnce() -> Option<ProviderName>, lang: Lang) -> Self {
        let by_code =
            self.0.next.is_none() && self.0.refusal.as_ref().is_none_or(|_| tokenward_words::told_by_us(self.0.code));
        match lang.next_in_console(self.0.code).filter(|_| by_code) {
            Some(next) if provider().is_some_and(|provider| provider.brand().is_some()) => self.then(next.to_owned()),
            _ => self,
        }
    }

    /// Makes the commands of the advice name the login that was named on the command line.
    pub(crate) fn about(self, meant: &Meant, lang: Lang) -> Self {
        if *meant == Meant::default() || self.0.is_of_no_login {
            return self;
        }
        self.advised(lang, |line| meant.within(&line))
    }

    /// Its advice is not about the login that was named on the command line: the name is none of a login.
    pub(crate) fn of_no_login(mut self) -> Self {
        self.0.is_of_no_login = true;
        self
    }

    /// Makes the story of a token that somebody else used tell first that the vault was brought back from a copy.
    pub(crate) fn after_restore(
        mut self,
        restored: Option<&Restored>,
        now: Timestamp,
        zone: &TimeZone,
        lang: Lang,
    ) -> Self {
        if let Some(restored) = restored.filter(|_| self.0.code == Code::ForeignSpender) {
            let mut advice = vec![lang.restored_before(lang.moment(restored.at, now, zone))];
            advice.extend(restored.before.as_ref().map(|before| lang.doctor_dead_before(before.display())));
            advice.extend(self.advice(lang));
            self.0.next = Some(advice);
        }
        self
    }

    /// Marks the sentence as one that says what to do, so that no general advice follows.
    pub(crate) fn complete(mut self) -> Self {
        self.0.next.get_or_insert_default();
        self
    }

    /// What the system or a library said, if this is the failure that the code stands for.
    pub(crate) fn reason_of(&self, code: Code) -> Option<&str> {
        match &self.0.detail {
            Some(Detail::Said(text)) if self.0.code == code => Some(text),
            _ => None,
        }
    }

    /// Whether the provider says that the app's secret is wrong, or may be.
    pub(crate) fn asks_for_the_secret(&self) -> bool {
        let remedy = self.0.refusal.as_ref().map(|refusal| refusal.remedy);
        matches!(remedy, Some(Remedy::CheckSecret | Remedy::CheckClient | Remedy::CheckSecretAtBlueKing))
    }

    /// Whether the provider says that it knows no app of this id.
    pub(crate) fn says_the_id_is_wrong(&self) -> bool {
        self.0.refusal.as_ref().is_some_and(|refusal| refusal.remedy == Remedy::CheckAppId)
    }

    /// Whether the provider says that the app has not all the scopes that were asked for.
    pub(crate) fn lacks_scopes(&self) -> bool {
        self.0.refusal.as_ref().is_some_and(|refusal| refusal.remedy == Remedy::EnableScope)
    }

    /// Whether it has this code.
    pub(crate) fn is_of(&self, code: Code) -> bool {
        self.0.code == code
    }

    /// Whether it says that somebody else used or withdrew a token.
    pub(crate) fn is_of_a_stranger(&self) -> bool {
        self.0.code == Code::ForeignSpender
    }

    /// Whether there is nothing to say about it.
    pub(crate) fn is_silent(&self) -> bool {
        self.0.silent.is_some()
    }

    /// Its code.
    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> ExitCode {
        ExitCode::from(self.0.silent.unwrap_or(self.0.code.exit() as u8))
    }

    /// What happened, in words.
    pub(crate) fn message(&self, lang: Lang) -> String {
        self.0.happened.clone().unwrap_or_else(|| lang.happened(self.0.code).to_owned())
    }

    /// What to do next: our own words, the remedy for the provider's refusal, or the code's general advice.
    pub(crate) fn advice(&self, lang: Lang) -> Vec<String> {
        if let Some(next) = &self.0.next {
            return next.clone();
        }
        let refusal = self.0.refusal.as_ref().filter(|_| !tokenward_words::told_by_us(self.0.code));
        let Some(refusal) = refusal else { return vec![lang.next_step(self.0.code).to_owned()] };
        let mut advice = vec![lang.remedy(refusal.remedy).to_owned()];
        if let Some(seconds) = refusal.retry_after {
            advice.push(lang.retry_after(lang.span(seconds)));
        }
        if !refusal.missing_scopes.is_empty() {
            advice.push(lang.missing_scopes(refusal.missing_scopes.join(" ")));
        }
        advice
    }

    /// The failure in lines, each on one line whatever is in it; `head` and `label` dress the words that stand before the others.
    pub(crate) fn text(&self, lang: Lang, head: impl Fn(&str) -> String, label: impl Fn(&str) -> String) -> String {
        let gap = lang.gap();
        let mut lines =
            vec![format!("{}{gap}{}", head(&lang.error_head()), lang.noted(visible(&self.message(lang)), self.0.code))];
        let mut line = |name: String, text: String| lines.push(format!("  {}{gap}{}", label(&name), visible(&text)));
        if let Some(detail) = &self.0.detail {
            let head = if self.names_a_profile(detail) { lang.profile_head() } else { lang.detail_head() };
            line(head, detail.text(lang).into_owned());
        }
        // Of a login that there is not, and of one that a wrong argument did not come near, there is nothing to say.
        let said = |kept: &KeptState| match kept {
            KeptState::Nothing => false,
            KeptState::Everything => self.0.code.exit() != ExitClass::Usage,
            _ => true,
        };
        if let Some(kept) = self.0.kept.filter(said) {
            line(lang.kept_head(), lang.kept(kept).to_owned());
        }
        if let Some(stands) = &self.0.stands {
            line(lang.stands_head(), stands.clone());
        }
        for next in self.advice(lang) {
            line(lang.next_head(), next);
        }
        if let Some(refusal) = &self.0.refusal {
            line(lang.provider_head(), provider_words(refusal, lang));
        }
        line(lang.page_head(), self.0.code.explained_by().to_owned());
        lines.join("\n")
    }

    /// Whether a detail is the name of the profile that is meant, and no cause.
    fn names_a_profile(&self, detail: &Detail) -> bool {
        matches!(detail, Detail::Said(text) if self.0.code == Code::NotLoggedIn && text.parse::<ProfileName>().is_ok())
    }

    /// The failure as JSON.
    pub(crate) fn document(&self, lang: Lang) -> Document {
        Document {
            code: self.0.code,
            name: self.0.code.name(),
            exit: self.0.silent.unwrap_or(self.0.code.exit() as u8),
            message: self.message(lang),
            detail: self.0.detail.as_ref().map(|detail| detail.text(lang).into_owned()),
            kept: self.0.kept.map(kept_name),
            current_state: self.0.stands.clone(),
            next: self.advice(lang),
            page: self.0.code.explained_by(),
            refusal: self.0.refusal.as_ref().map(|refusal| RefusalDocument {
                provider_code: refusal.provider_code,
                provider_error: refusal.provider_word.clone(),
                http_status: refusal.status,
                meaning: refusal.meaning.map(|words| lang.of(words)),
                description: refusal.description.clone(),
                log_id: refusal.log_id.clone(),
                retry_after: refusal.retry_after,
                missing_scopes: refusal.missing_scopes.clone(),
            }),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut failure = Self::of(error.code());
        // An answer that may mean a used refresh token as well does not tell that it was not used.
        let may_be_used = error.refusal().is_some_and(|refusal| refusal.remedy == Remedy::TryLaterThenLogIn);
        failure.0.kept = Some(match error.kept() {
            KeptState::TokenUnspent if may_be_used => KeptState::Everything,
            kept => kept,
        });
        failure.0.refusal = error.refusal().cloned();
        let told = || {
            let words = |lang: Lang| {
                let of_vault = error.vault_error().map(|error| lang.vault_error(error));
                of_vault.or_else(|| database_error(&error).map(|error| lang.database_error(error)))
            };
            Some(Detail::Told { en: words(Lang::En)?, zh: words(Lang::Zh)? })
        };
        failure.0.detail = told().or_else(|| error.detail().map(|text| Detail::Said(text.to_owned())));
        failure
    }
}

/// How `kept` is written in JSON.
const fn kept_name(kept: KeptState) -> &'static str {
    match kept {
        KeptState::Nothing => "nothing",
        KeptState::TokenUnspent => "token-unused",
        KeptState::AnswerInJournal => "answer-in-journal",
        KeptState::AnswerInRescueSlot => "answer-in-rescue-slot",
        KeptState::Doubt => "outcome-unknown",
        KeptState::NewTokens => "new-tokens",
        KeptState::Record => "record",
        // `Everything`, and whatever a newer engine may say: no failure erases a login (I6).
        _ => "everything",
    }
}

/// The provider's code, meaning, own description, HTTP status and log id, as far as they are known.
pub(crate) fn provider_words(refusal: &Refusal, lang: Lang) -> String {
    let word = || refusal.provider_word.clone().filter(|word| Some(word) != refusal.description.as_ref());
    let named = refusal.provider_code.map(|code| code.to_string()).or_else(word);
    let code = match (named, refusal.meaning) {
        (Some(named), Some(meaning)) => Some(lang.noted(named, lang.of(meaning))),
        (named, meaning) => named.or_else(|| meaning.map(|meaning| lang.of(meaning).to_owned())),
    };
    let description = refusal.description.as_ref().map(|text| format!("\"{text}\""));
    let status = (refusal.status != 0).then(|| format!("HTTP {}", refusal.status));
    let log_id = refusal.log_id.as_ref().map(|id| format!("log id {id}"));
    [code, description, status, log_id].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
