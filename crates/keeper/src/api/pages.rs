//! Lists that come in pages.
//!
//! Enters: a call whose answer may say `has_more`. Leaves: its pages, one after the other, each with what was listed in
//! it. The provider names the next page by `page_token` in `data` (some lists: `next_page_token`), and takes it in the
//! query as `page_token`. A token that was given before, or none where there is more, ends the list with an error: it
//! would never end otherwise.

use std::collections::HashSet;
use std::fmt;

use serde_json::Value;
use tokenward_wire::{Call, CallAnswer};

use super::error::EndlessPages;
use crate::{ApiError, Caller};

/// The pages of a list, asked for one by one.
pub struct Pages<'a> {
    caller: &'a dyn Caller,
    first: Call,
    next: Next,
    seen: HashSet<String>,
    left: u32,
}

enum Next {
    First,
    Named(String),
    /// There are more, and no way to them: told once the page at hand was delivered.
    Broken(EndlessPages),
    Nothing,
}

/// One page.
#[derive(Debug)]
#[non_exhaustive]
pub struct Page {
    /// The answer as it came.
    pub answer: CallAnswer,
    /// Its body; `None` for an answer that is not JSON, which has no further pages.
    pub body: Option<Value>,
    /// Whether the provider said that there are more.
    pub more: bool,
}

impl<'a> Pages<'a> {
    /// The pages of a call, at most so many.
    pub fn new(caller: &'a dyn Caller, call: Call, most: u32) -> Self {
        Self { caller, first: call, next: Next::First, seen: HashSet::new(), left: most }
    }

    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// The call's own; [`ApiError::Pages`] for a list that does not come to an end.
    pub async fn next(&mut self) -> Result<Option<Page>, ApiError> {
        let mut call = self.first.clone();
        match &self.next {
            Next::Nothing => return Ok(None),
            Next::First => {}
            Next::Broken(reason) => return Err(ApiError::Pages(*reason)),
            Next::Named(token) => {
                call.query.retain(|(name, _)| name != PAGE_TOKEN);
                call.query.push((PAGE_TOKEN.to_owned(), token.clone()));
            }
        }
        if self.left == 0 {
            return Err(ApiError::Pages(EndlessPages::TooMany));
        }
        self.left -= 1;
        let answer = self.caller.call(call).await?;
        let body = answer.json();
        let data = body.as_ref().and_then(|body| body.get("data"));
        let more = data.and_then(|data| data.get("has_more")).and_then(Value::as_bool).unwrap_or(false);
        self.next = if more {
            let name = |name: &&str| match data?.get(name)? {
                Value::String(token) if !token.is_empty() => Some(token.clone()),
                Value::Number(token) => Some(token.to_string()),
                _ => None,
            };
            let token = ["page_token", "next_page_token"].iter().find_map(name);
            match token {
                None => Next::Broken(EndlessPages::Unnamed),
                Some(token) if !self.seen.insert(token.clone()) => Next::Broken(EndlessPages::Repeated),
                Some(token) => Next::Named(token),
            }
        } else {
            Next::Nothing
        };
        Ok(Some(Page { answer, body, more }))
    }

    /// Every page, as one document: the first one with the lists of all of them.
    ///
    /// # Errors
    /// As [`Pages::next`].
    pub async fn merged(mut self) -> Result<Option<Value>, ApiError> {
        let mut whole: Option<Value> = None;
        while let Some(page) = self.next().await? {
            let Some(body) = page.body else { return Ok(whole) };
            match &mut whole {
                None => whole = Some(body),
                Some(whole) => append(whole, body),
            }
        }
        if let Some(data) = whole.as_mut().and_then(|whole| whole.get_mut("data")).and_then(Value::as_object_mut)
            && data.contains_key("has_more")
        {
            data.insert("has_more".to_owned(), Value::Bool(false));
            data.remove("page_token");
            data.remove("next_page_token");
        }
        Ok(whole)
    }
}

impl fmt::Debug for Pages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("first", &self.first).field("left", &self.left).finish_non_exhaustive()
    }
}

impl Page {
    /// What is listed in this page: `data.items`, or the one list that `data` has. `None` where it has several, or the
    /// body is no such object; an empty list where it has none, since empty lists are left out by some APIs.
    pub fn items(mut self) -> Option<Vec<Value>> {
        let data = self.body.as_mut()?.get_mut("data")?.as_object_mut()?;
        let name = match listed(data) {
            Listed::One(name) => name,
            Listed::None => return Some(Vec::new()),
            Listed::Several => return None,
        };
        match data.remove(&name)? {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }
}

enum Listed {
    None,
    One(String),
    Several,
}

fn listed(data: &serde_json::Map<String, Value>) -> Listed {
    if data.get(ITEMS).is_some_and(Value::is_array) {
        return Listed::One(ITEMS.to_owned());
    }
    let mut lists = data.iter().filter(|(_, value)| value.is_array()).map(|(name, _)| name.clone());
    match (lists.next(), lists.next()) {
        (None, _) => Listed::None,
        (Some(name), None) => Listed::One(name),
        (Some(_), Some(_)) => Listed::Several,
    }
}

/// Adds a page's lists to those of the pages before it: `items` alone where there is one, else every list by its name.
fn append(whole: &mut Value, page: Value) {
    let Some(whole) = whole.get_mut("data").and_then(Value::as_object_mut) else { return };
    let Value::Object(mut page) = page else { return };
    let Some(Value::Object(data)) = page.remove("data") else { return };
    let only_items = data.get(ITEMS).is_some_and(Value::is_array);
    for (name, value) in data {
        let Value::Array(mut items) = value else { continue };
        if only_items && name != ITEMS {
            continue;
        }
        match whole.get_mut(&name) {
            Some(Value::Array(all)) => all.append(&mut items),
            _ => {
                whole.insert(name, Value::Array(items));
            }
        }
    }
}

const PAGE_TOKEN: &str = "page_token";
const ITEMS: &str = "items";

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use serde_json::json;

    use super::*;

    /// Answers with these documents in turn, and remembers the page tokens it was asked with.
    struct Script {
        answers: Mutex<Vec<Value>>,
        asked: Mutex<Vec<Option<String>>>,
    }

    #[async_trait]
    impl Caller for Script {
        async fn call(&self, call: Call) -> Result<CallAnswer, ApiError> {
            let token = call.query.iter().find(|(name, _)| name == PAGE_TOKEN).map(|(_, token)| token.clone());
            self.asked.lock().unwrap().push(token);
            let body = self.answers.lock().unwrap().remove(0).to_string();
            Ok(CallAnswer { status: 200, headers: http::HeaderMap::default(), body: body.into() })
        }
    }

    fn script(answers: &[Value]) -> Script {
        Script { answers: Mutex::new(answers.to_vec()), asked: Mutex::default() }
    }

    #[tokio::test]
    async fn pages_are_one_document() {
        let caller = script(&[
            json!({"code": 0, "data": {"items": [1, 2], "fields": ["a"], "has_more": true, "page_token": "p2"}}),
            json!({"code": 0, "data": {"items": [3], "fields": ["a"], "has_more": true, "next_page_token": "p3"}}),
            json!({"code": 0, "data": {"has_more": false}}),
        ]);
        let call = Call::get("/x").query("page_size", "2").query("page_token", "p1");
        let whole = Pages::new(&caller, call, 10).merged().await.unwrap().unwrap();
        assert_eq!(whole, json!({"code": 0, "data": {"items": [1, 2, 3], "fields": ["a"], "has_more": false}}));
        let asked = ["p1", "p2", "p3"].map(|token| Some(token.to_owned()));
        assert_eq!(*caller.asked.lock().unwrap(), asked);
    }

    #[tokio::test]
    async fn a_token_may_be_a_number() {
        let caller = script(&[
            json!({"data": {"items": [1], "has_more": true, "page_token": 2}}),
            json!({"data": {"items": [2], "has_more": false, "page_token": 3}}),
        ]);
        let whole = Pages::new(&caller, Call::get("/x"), 10).merged().await.unwrap().unwrap();
        assert_eq!(whole["data"], json!({"items": [1, 2], "has_more": false}));
        assert_eq!(*caller.asked.lock().unwrap(), [None, Some("2".to_owned())]);
    }

    #[tokio::test]
    async fn a_list_of_another_name_is_a_list() {
        let caller = script(&[
            json!({"data": {"files": [1], "has_more": true, "next_page_token": "2"}}),
            json!({"data": {"files": [2], "has_more": false}}),
        ]);
        let mut pages = Pages::new(&caller, Call::get("/x"), 10);
        let mut all = Vec::new();
        while let Some(page) = pages.next().await.unwrap() {
            all.extend(page.items().unwrap());
        }
        assert_eq!(all, [json!(1), json!(2)]);
    }

    #[tokio::test]
    async fn a_list_without_end_ends() {
        let round = json!({"data": {"items": [1], "has_more": true, "page_token": "same"}});
        let lost = json!({"data": {"items": [1], "has_more": true, "page_token": ""}});
        for (answers, most) in [(vec![round.clone(), round.clone()], 10), (vec![lost], 10), (vec![round], 1)] {
            let caller = script(&answers);
            let error = Pages::new(&caller, Call::get("/x"), most).merged().await.unwrap_err();
            assert!(matches!(error, ApiError::Pages(_)), "{error:?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_list_is_one_page() {
        let caller = script(&[json!({"code": 0, "data": {"user": {"name": "Ada"}}})]);
        let whole = Pages::new(&caller, Call::get("/x"), 10).merged().await.unwrap().unwrap();
        assert_eq!(whole["data"]["user"]["name"], "Ada");
    }
}
