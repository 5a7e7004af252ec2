//! A business call that passed the gate, and the form of its answer.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::content::Principal;
use crate::feishu::caller::Caller;
use crate::words::{Reply, Request};

/// A request that passed the gate.
pub(super) struct Call<'a> {
    pub(super) caller: Caller,
    pub(super) request: &'a Request,
    parameters: Vec<(&'static str, &'a str)>,
    query: BTreeMap<String, String>,
}

impl<'a> Call<'a> {
    pub(super) fn new(caller: Caller, request: &'a Request, parameters: Vec<(&'static str, &'a str)>) -> Self {
        Self { caller, request, parameters, query: request.query_fields() }
    }

    /// A parameter of the path; empty when the route has none of that name.
    pub(super) fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// A field of the query that is not empty.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The body; an empty one is an empty object.
    pub(super) fn body(&self) -> Option<Value> {
        if self.request.body.is_empty() {
            return Some(json!({}));
        }
        serde_json::from_slice(&self.request.body).ok().filter(Value::is_object)
    }

    pub(super) fn who(&self) -> &Principal {
        &self.caller.who
    }
}

/// A good answer of a business call.
pub(super) fn good(data: &Value) -> Reply {
    Reply::json(200, &json!({"code": 0, "msg": "success", "data": data}))
}

/// A text field of a body that is not empty.
pub(super) fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str).filter(|value| !value.is_empty())
}
