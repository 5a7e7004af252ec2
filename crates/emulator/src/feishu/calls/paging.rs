//! Pages of a list: `page_size`, and a `page_token` that is good for this list only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::feishu::calls::authorized_call::Call;
use crate::words::Refusal;

/// What the client asked for.
pub(super) struct Page {
    list: String,
    start: usize,
    size: usize,
}

impl Page {
    /// Reads the query. `list` names the list, so that a token of another one is not taken.
    pub(super) fn read(
        call: &Call<'_>,
        list: &str,
        sizes: (usize, usize),
        bad: impl Fn(&str) -> Refusal,
    ) -> Result<Self, Refusal> {
        let (usual, largest) = sizes;
        let size =
            call.query("page_size").map_or(Ok(usual), str::parse).ok().filter(|size| (1..=largest).contains(size));
        let size = size.ok_or_else(|| bad("page_size"))?;
        let start = match call.query("page_token") {
            None => 0,
            Some(token) => {
                let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                let start = text.as_deref().and_then(|text| text.rsplit_once('\n'));
                let start = start.filter(|(named, _)| *named == list).and_then(|(_, start)| start.parse().ok());
                start.ok_or_else(|| bad("page_token"))?
            }
        };
        Ok(Self { list: list.to_owned(), start, size })
    }

    /// The page of a list.
    pub(super) fn of(&self, items: impl ExactSizeIterator<Item = Value>) -> Value {
        let end = self.start.saturating_add(self.size);
        let more = end < items.len();
        let items: Vec<Value> = items.skip(self.start).take(self.size).collect();
        let mut data = json!({"items": items, "has_more": more});
        if more {
            data["page_token"] = json!(URL_SAFE_NO_PAD.encode(format!("{}\n{end}", self.list)));
        }
        data
    }
}
