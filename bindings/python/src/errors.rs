//! An error of the library becomes an exception of `tokenward.errors`.
//!
//! Enters: an error with its stable code. Leaves: the exception of its class, made by `tokenward.errors.of_engine`, where the classes and
//! their words stand. No secret is in it (I4): the library's errors hold none.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use tokenward::core::Code;
use tokenward::{ApiError, CallRefusal, Error, KeptState};

/// The exception of a failure about this profile.
pub(crate) fn exception(py: Python<'_>, error: &Error, profile: Option<&str>) -> PyErr {
    let text = error.detail().map(str::to_owned).or_else(|| error.vault_error().map(ToString::to_string));
    let text = match error.refusal() {
        Some(refusal) => {
            let code = refusal.provider_code.map_or_else(String::new, |code| format!(", code {code}"));
            let meaning = refusal.meaning.map_or_else(String::new, |meaning| format!(" ({})", meaning.en));
            Some(format!("the provider answered HTTP {}{code}{meaning}", refusal.status))
        }
        None => text,
    };
    made(py, error.code(), text, kept(error.kept()), profile, error.provider_code(), None)
}

/// The exception of a call that was not done.
pub(crate) fn call_exception(py: Python<'_>, error: &ApiError, profile: Option<&str>) -> PyErr {
    if let ApiError::Token(error) = error {
        return exception(py, error, profile);
    }
    let kept = if error.is_lost() { "the call left and may have been done" } else { "nothing was done" };
    made(py, error.code(), Some(error.to_string()), kept, profile, error.provider_code(), error.refusal())
}

fn made(
    py: Python<'_>,
    code: Code,
    text: Option<String>,
    kept: &str,
    profile: Option<&str>,
    provider_code: Option<i64>,
    refusal: Option<&CallRefusal>,
) -> PyErr {
    let build = || {
        let fields = PyDict::new(py);
        fields.set_item("code", code.as_str())?;
        fields.set_item("name", code.name())?;
        fields.set_item("exit", code.exit() as u8)?;
        fields.set_item("detail", text)?;
        fields.set_item("kept", kept)?;
        fields.set_item("profile", profile)?;
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

const fn kept(kept: KeptState) -> &'static str {
    match kept {
        KeptState::Nothing => "there was nothing to keep",
        KeptState::Everything => "the login is as it was",
        KeptState::TokenUnspent => "the refresh token was not sent and is in the vault",
        KeptState::AnswerInJournal | KeptState::AnswerInRescueSlot => {
            "the provider's answer is kept and is stored by the next call"
        }
        KeptState::Doubt => "the refresh token is kept, and whether it was used up is not known",
        KeptState::NewTokens => "the new tokens are in the vault",
        KeptState::Record => "the record of the login is kept",
        _ => "nothing was lost",
    }
}
