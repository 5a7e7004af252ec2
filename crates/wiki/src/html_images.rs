//! Pictures that stand in Markdown as HTML.
//!
//! Enters: a stretch of HTML. Leaves: where its `<img>` tags are, with address and words. Nothing else of HTML is
//! understood: comments are skipped, and what is no tag is left.

use std::ops::Range;

/// An `<img>` tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    /// The tag, from `<` to `>`.
    pub(crate) place: Range<usize>,
    /// `src`.
    pub(crate) address: String,
    /// `alt`.
    pub(crate) words: String,
}

/// The `<img>` tags with an address, in order.
pub(crate) fn pictures(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(start) = html[at..].find('<').map(|found| at + found) {
        let rest = &html[start..];
        if rest.starts_with("<!--") {
            // A comment that is not closed reaches to the end.
            let Some(end) = rest.find("-->") else { break };
            at = start + end + 3;
            continue;
        }
        at = start + 1;
        let is_img = rest.get(1..4).is_some_and(|name| name.eq_ignore_ascii_case("img"))
            && rest[4..].starts_with(|c: char| c.is_ascii_whitespace() || c == '/');
        if !is_img {
            continue;
        }
        let Some((attributes, length)) = attributes(&rest[4..]) else { continue };
        at = start + 4 + length;
        let value = |name: &str| attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        if let Some(address) = value("src").filter(|address| !address.trim().is_empty()) {
            let words = value("alt").unwrap_or_default();
            tags.push(Tag { place: start..at, address: address.trim().to_owned(), words });
        }
    }
    tags
}

/// Whether the HTML holds text that is not markup: scripts, styles, what is shown as it is.
pub(crate) fn is_raw(html: &str) -> bool {
    let html = html.trim_start().to_ascii_lowercase();
    ["<!--", "<pre", "<script", "<style", "<textarea", "<?", "<!"].iter().any(|start| html.starts_with(start))
}

/// Attributes up to the end of a tag, and how long all that is; `None` for a tag without an end.
fn attributes(text: &str) -> Option<(Vec<(String, String)>, usize)> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return Some((found, text.len() - after.len()));
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/'))?;
        let (name, after) = rest.split_at(end);
        rest = after.trim_start();
        if name.is_empty() {
            // An equals sign without a name.
            rest = rest.get(1..)?;
            continue;
        }
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let (raw, left) = match after.chars().next()? {
                quote @ ('"' | '\'') => after[1..].split_once(quote)?,
                _ => after.split_at(after.find(|c: char| c.is_ascii_whitespace() || c == '>')?),
            };
            value = plain(raw);
            rest = left;
        }
        found.push((name.to_ascii_lowercase(), value));
    }
}

/// The entities that stand in addresses and words.
fn plain(text: &str) -> String {
    let named = [("&quot;", "\""), ("&#39;", "'"), ("&apos;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    named.iter().fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_however_they_are_written() {
        for (html, address, words) in [
            ("<img src=\"a.png\">", "a.png", ""),
            ("<IMG\n  SRC='a b.png'\n  alt=\"x &amp; y\" />", "a b.png", "x & y"),
            ("<img width=20 src=a.png alt>", "a.png", ""),
            ("<img alt='>' src=\"a.png?x=1&amp;y=2\"/>", "a.png?x=1&y=2", ">"),
            ("<a href=x><img src = \"a.png\" ></a>", "a.png", ""),
            ("<img/src=a.png>", "a.png", ""),
        ] {
            let tags = pictures(html);
            assert_eq!(tags.len(), 1, "{html}");
            assert_eq!((tags[0].address.as_str(), tags[0].words.as_str()), (address, words), "{html}");
            assert!(html[tags[0].place.clone()].to_ascii_lowercase().starts_with("<img"), "{html}");
            assert!(html[tags[0].place.clone()].ends_with('>'), "{html}");
        }
    }

    #[test]
    fn what_is_no_picture_is_left() {
        for html in [
            "",
            "<",
            "<img",
            "<img src=",
            "<img src=\"a",
            "<image src=a>",
            "<imgx src=a>",
            "<img alt=x>",
            "<img src=''>",
            "<!-- <img src=a> -->",
            "<!-- <img src=a>",
        ] {
            assert_eq!(pictures(html), [], "{html}");
        }
        assert!(is_raw(" <!-- x") && is_raw("<PRE>") && !is_raw("<p>"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(html in "(<img |src=|alt=|['\"<>=/ ]|<!--|-->|[a-z&;é]){0,30}") {
            for tag in pictures(&html) {
                assert!(html.get(tag.place).is_some());
            }
        }
    }
}
