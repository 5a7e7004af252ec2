//! Refusals of the two older dialects, and how each spells them (reference/blueking.md §2.1, §2.2).

use serde_json::{Value, json};

use crate::words::Reply;

/// A request that is refused with a number.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u32,
    pub(crate) message: String,
    /// Whether it is a refresh token that is refused, and for good.
    pub(crate) dead_refresh: bool,
}

impl Refusal {
    pub(crate) fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), dead_refresh: false }
    }

    pub(crate) fn dead_refresh(code: u32, message: impl Into<String>) -> Self {
        Self { dead_refresh: true, ..Self::new(code, message) }
    }

    pub(crate) fn ssm(&self, status: u16) -> Reply {
        Reply::json(status, &json!({"code": self.code, "message": self.message, "data": Value::Null}))
    }

    pub(crate) fn auth_api(&self, status: u16) -> Reply {
        let body = json!({
            "result": false, "code": self.code, "code_name": "ERROR", "message": self.message, "data": Value::Null,
        });
        Reply::json(status, &body)
    }
}
