//! An error of the library becomes an exception of `tokenward.errors`, in the user's language.
//!
//! Enters: an error with its stable code. Leaves: the exception of its class, made by `tokenward.errors.of_engine`, in the sentences that the
//! command says of the same error (`tokenward-words`). No secret is in it (I4): the library's errors hold none.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use tokenward::core::{Code, Refusal, Words};
use tokenward::{ApiError, CallRefusal, Error, KeptState, Notice, SettingsError};
use tokenward_words::Language;

/// Which language the process's environment asks for, as the command sees it.
#[pyfunction]
pub(crate) fn reads_chinese(py: Python<'_>) -> bool {
    let Ok(environ) = py.import("os").and_then(|os| os.getattr("environ")) else { return false };
    tokenward_words::reads_chinese(|name| environ.call_method1("get", (name,)).ok()?.extract().ok()?)
}

/// What was kept, in words, by the name that the command's documents give it.
#[pyfunction]
pub(crate) fn kept(py: Python<'_>, name: &str) -> &'static str {
    let state = match name {
        "nothing" => KeptState::Nothing,
        "everything" => KeptState::Everything,
        "token-unused" => KeptState::TokenUnspent,
        "answer-in-journal" => KeptState::AnswerInJournal,
        "answer-in-rescue-slot" => KeptState::AnswerInRescueSlot,
        "outcome-unknown" => KeptState::Doubt,
        "new-tokens" => KeptState::NewTokens,
        "record" => KeptState::Record,
        _ => return "",
    };
    Reader::here(py).of(tokenward_words::kept(state))
}

/// What a person should know although a call succeeded, in sentences.
pub(crate) fn notice_sentences(py: Python<'_>, notices: &[Notice]) -> Vec<String> {
    let language = Reader::here(py).language();
    notices.iter().map(|notice| language.notice(notice)).collect()
}

/// Who reads it.
#[derive(Clone, Copy)]
struct Reader {
    chinese: bool,
}

impl Reader {
    fn here(py: Python<'_>) -> Self {
        Self { chinese: reads_chinese(py) }
    }

    const fn language(self) -> Language {
        if self.chinese { Language::Chinese } else { Language::English }
    }

    const fn of_both(self, en: &'static str, zh: &'static str) -> &'static str {
        if self.chinese { zh } else { en }
    }

    const fn of(self, words: Words) -> &'static str {
        self.of_both(words.en, words.zh)
    }

    /// What happened, and why.
    fn message(self, code: Code, detail: Option<&str>) -> String {
        let happened = self.of(tokenward_words::happened(code));
        match detail {
            None => happened.to_owned(),
            // Their sentences say all of it.
            Some(detail) if is_of_settings(code) && !self.chinese => detail.to_owned(),
            Some(detail) if self.chinese => {
                let known = tokenward_words::detail_in_chinese(detail);
                format!("{happened}：{}", known.as_deref().unwrap_or(detail))
            }
            Some(detail) => format!("{happened}: {detail}"),
        }
    }

    /// What the provider said.
    fn refusal(self, refusal: &Refusal) -> String {
        let meaning = refusal.meaning.map(|words| self.of(words));
        let code = refusal.provider_code;
        match (self.chinese, code, meaning) {
            (true, Some(code), Some(meaning)) => {
                format!("平台返回 HTTP {}，错误码 {code}（{meaning}）", refusal.status)
            }
            (true, Some(code), None) => format!("平台返回 HTTP {}，错误码 {code}", refusal.status),
            (true, None, Some(meaning)) => format!("平台返回 HTTP {}（{meaning}）", refusal.status),
            (true, None, None) => format!("平台返回 HTTP {}", refusal.status),
            (false, code, meaning) => {
                let code = code.map_or_else(String::new, |code| format!(", code {code}"));
                let meaning = meaning.map_or_else(String::new, |meaning| format!(" ({meaning})"));
                format!("the provider answered HTTP {}{code}{meaning}", refusal.status)
            }
        }
    }
}

/// Errors of the settings, whose sentence says what is wrong and where.
const fn is_of_settings(code: Code) -> bool {
    matches!(
        code,
        Code::UnknownProfile
            | Code::ConfigUnreadable
            | Code::BadSecret
            | Code::SettingMissing
            | Code::BadScopes
            | Code::BadSetting
            | Code::FileNotTrusted
    )
}

/// The exception of a failure about this profile.
pub(crate) fn exception(py: Python<'_>, error: &Error, profile: Option<&str>) -> PyErr {
    let (reader, code) = (Reader::here(py), error.code());
    let text = error.detail().map(str::to_owned).or_else(|| error.vault_error().map(ToString::to_string));
    // Beside "nobody is logged in" stands the profile's name, which the next step names too.
    let text = text.filter(|text| profile != Some(text));
    let message = match error.refusal() {
        Some(refusal) => {
            let (happened, said) = (reader.of(tokenward_words::happened(code)), reader.refusal(refusal));
            format!("{happened}{}{said}", reader.of_both(": ", "："))
        }
        None => match error.cause::<SettingsError>() {
            Some(wrong) => reader.language().settings_error(wrong),
            None => reader.message(code, text.as_deref()),
        },
    };
    // The provider's own remedy, but where the journal knows better.
    let remedy = error.refusal().filter(|_| !tokenward_words::told_by_us(code));
    let next =
        remedy.map_or_else(|| tokenward_words::next_step(code), |refusal| tokenward_words::remedy(refusal.remedy));
    let told =
        Told { code, message, kept: reader.of(tokenward_words::kept(error.kept())), next: reader.of(next), profile };
    made(py, told, error.provider_code(), None)
}

/// The exception of a call that was not done.
pub(crate) fn call_exception(py: Python<'_>, error: &ApiError, profile: Option<&str>) -> PyErr {
    if let ApiError::Token(error) = error {
        return exception(py, error, profile);
    }
    let (reader, code) = (Reader::here(py), error.code());
    let kept = if error.is_lost() {
        reader.of_both("the call left and may have been done", "调用已发出，可能已经生效")
    } else {
        reader.of_both("nothing was done", "没有执行任何操作")
    };
    let message = reader.message(code, Some(&error.to_string()));
    let told = Told { code, message, kept, next: reader.of(tokenward_words::next_step(code)), profile };
    made(py, told, error.provider_code(), error.refusal())
}

/// An error in words.
struct Told<'a> {
    code: Code,
    message: String,
    kept: &'static str,
    next: &'static str,
    profile: Option<&'a str>,
}

fn made(py: Python<'_>, told: Told<'_>, provider_code: Option<i64>, refusal: Option<&CallRefusal>) -> PyErr {
    let build = || {
        let fields = PyDict::new(py);
        fields.set_item("code", told.code.as_str())?;
        fields.set_item("exit", told.code.exit() as u8)?;
        fields.set_item("message", &told.message)?;
        fields.set_item("kept", told.kept)?;
        fields.set_item("next", told.next)?;
        fields.set_item("profile", told.profile)?;
        fields.set_item("provider_code", provider_code)?;
        if let Some(refusal) = refusal {
            fields.set_item("status", refusal.status)?;
            fields.set_item("log_id", &refusal.log_id)?;
            fields.set_item("missing_scopes", &refusal.missing_scopes)?;
        }
        py.import("tokenward.errors")?.call_method("of_engine", (), Some(&fields))
    };
    match build() {
        Ok(made) => PyErr::from_value(made),
        Err(error) => error,
    }
}
