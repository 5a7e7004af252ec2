//! Links from one Markdown file to another, which become links between their pages.
//!
//! Enters: the text of a file. Leaves: where it links to files, and the text with addresses in their place. On its way through
//! the converter each stands under an address of ours with a number, as pictures do; the page's own takes its place right before
//! the block is inserted, because only then every page is there. A link to a file without a page stays as it is written, and
//! so does one to a heading: the provider names no headings in addresses.

use std::ops::Range;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, LinkType, Tag, TagEnd};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokenward::core::percent_decode;
use url::form_urlencoded::byte_serialize;

/// A link to a file, as it stands in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileLink {
    /// Where it leads, as it is written.
    pub(crate) destination: String,
    /// The name of a definition; none for a link in the text.
    label: Option<String>,
    /// What gives way to another address.
    pub(crate) place: Range<usize>,
}

/// A link of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlannedLink {
    /// The file.
    pub(crate) file: PathBuf,
    /// Where the link leads, as it is written.
    pub(crate) destination: String,
}

impl FileLink {
    /// The link of a definition, `[label]: destination`.
    pub(crate) fn defined(label: &str, destination: &str, place: &Range<usize>) -> Option<Self> {
        let (destination, label, place) = (destination.to_owned(), Some(label.to_owned()), place.clone());
        leads_to_markdown(&destination).then_some(Self { destination, label, place })
    }

    /// The file, if it is there: links followed, as records know files.
    pub(crate) fn file(&self, folder: &Path) -> Option<PathBuf> {
        std::fs::canonicalize(folder.join(decoded(path_of(&self.destination)))).ok()
    }

    /// The link with the address under which the converter gets it.
    pub(crate) fn numbered(&self, number: usize) -> String {
        match &self.label {
            Some(label) => format!("[{label}]: <{ADDRESS}{number}>"),
            None => format!("](<{ADDRESS}{number}>)"),
        }
    }
}

/// The links that are being read.
#[derive(Debug, Default)]
pub(crate) struct FileLinks {
    /// Of each open link where it leads, if that is a file, and where its words end.
    open: Vec<(Option<String>, usize)>,
}

impl FileLinks {
    /// The link to a file that ends here.
    pub(crate) fn read(&mut self, body: &str, event: &Event<'_>, place: &Range<usize>) -> Option<FileLink> {
        match event {
            Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, .. }) if leads_to_markdown(dest_url) => {
                self.open.push((Some(dest_url.to_string()), place.start + 1));
            }
            Event::Start(Tag::Link { .. }) => self.open.push((None, place.end)),
            Event::Start(_) => {}
            Event::End(TagEnd::Link) => {
                let (destination, words_end) = self.open.pop()?;
                self.words_end_at(place.end);
                // What escapes or pads the words stands between them and the bracket.
                let start = words_end + body.get(words_end..place.end)?.find("](")?;
                return Some(FileLink { destination: destination?, label: None, place: start..place.end });
            }
            _ => self.words_end_at(place.end),
        }
        None
    }

    fn words_end_at(&mut self, end: usize) {
        if let Some((_, words)) = self.open.last_mut() {
            *words = end.max(*words);
        }
    }
}

/// Puts real addresses into a block in the place of ours; `address` gives that of a number.
pub(crate) fn address_links(block: &mut Value, address: &dyn Fn(usize) -> Option<String>) {
    match block {
        Value::Array(values) => values.iter_mut().for_each(|value| address_links(value, address)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let url = if name == "link" { value.get_mut("url") } else { None };
                match url {
                    Some(Value::String(url)) => {
                        if let Some(real) = addressed(url, address) {
                            *url = real;
                        }
                    }
                    _ => address_links(value, address),
                }
            }
        }
        _ => {}
    }
}

/// The same in the form in which it came: addresses of links in blocks are percent-encoded as wholes.
fn addressed(url: &str, address: &dyn Fn(usize) -> Option<String>) -> Option<String> {
    let plain = decoded(url);
    let real = address(plain.strip_prefix(ADDRESS)?.trim_end_matches('/').parse().ok()?)?;
    Some(if plain == url { real } else { byte_serialize(real.as_bytes()).collect() })
}

/// Whether an address is a path to a Markdown file: no scheme, no host, not from the root.
fn leads_to_markdown(destination: &str) -> bool {
    let path = path_of(destination);
    let is_path = !path.starts_with('/') && !path.split('/').next().unwrap_or_default().contains(':');
    is_path && is_markdown(Path::new(path))
}

/// Whether a file is Markdown by its name.
pub(crate) fn is_markdown(file: &Path) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["md", "markdown"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

fn path_of(destination: &str) -> &str {
    destination.split(['?', '#']).next().unwrap_or_default()
}

/// Percent-decoding (RFC 3986 §2.1). What is not UTF-8 afterwards is left as it stood.
fn decoded(text: &str) -> String {
    let bytes = percent_decode::decode(text).and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
    bytes.unwrap_or_else(|| text.to_owned())
}

/// Addresses that stand for pages on their way through the converter. `.invalid` leads nowhere (RFC 2606 §2).
const ADDRESS: &str = "https://page.invalid/";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::markdown_text::Text;

    #[test]
    fn links_to_files_are_found_and_others_are_none() {
        let body = "[a](b.md) [*b* c](<d e.md#part> \"title\") ![p](q.md) `[x](y.md)` [web](https://e.test/a.md) [s](/r.md)\n\
                    [here](#a) [\\]](f.Markdown) [r][name] [m](mailto:a.md) [![i](p.png)](g/h.md) <https://e.test/z.md>\n\n\
                    [name]: ../up.md\n[other]: https://e.test/\n";
        let text = Text::read(body);
        let found: Vec<_> = text.files().iter().map(|link| link.destination.as_str()).collect();
        assert_eq!(found, ["b.md", "d e.md#part", "f.Markdown", "g/h.md", "../up.md"]);
        let mut instead = body.to_owned();
        for (n, link) in text.files().iter().enumerate().rev() {
            instead.replace_range(link.place.clone(), &link.numbered(n));
        }
        assert!(instead.starts_with("[a](<https://page.invalid/0>) [*b* c](<https://page.invalid/1>) ![p](q.md)"));
        assert!(instead.contains("[\\]](<https://page.invalid/2>) [r][name]"), "{instead}");
        assert!(instead.contains("[![i](p.png)](<https://page.invalid/3>) <https://e.test/z.md>"), "{instead}");
        assert!(instead.contains("[name]: <https://page.invalid/4>\n[other]: https"), "{instead}");
    }

    #[test]
    fn only_links_get_addresses_and_in_the_form_they_have() {
        let run = |url: &str| json!({ "text_run": { "content": "https://page.invalid/0", "text_element_style": { "link": { "url": url } } } });
        let mut block = json!({ "text": { "elements": [
            run("https%3A%2F%2Fpage.invalid%2F0"), run("https://page.invalid/1"), run("https%3A%2F%2Fe.test%2F0"),
        ] } });
        address_links(&mut block, &|n| Some(format!("https://acme.test/wiki/Wk{n}")));
        let url = |n: usize| block["text"]["elements"][n]["text_run"]["text_element_style"]["link"]["url"].clone();
        assert_eq!(url(0), "https%3A%2F%2Facme.test%2Fwiki%2FWk0");
        assert_eq!(url(1), "https://acme.test/wiki/Wk1");
        assert_eq!(url(2), "https%3A%2F%2Fe.test%2F0");
        assert_eq!(block["text"]["elements"][0]["text_run"]["content"], "https://page.invalid/0");
    }
}
