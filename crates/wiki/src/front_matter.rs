//! Front matter: the block between `---` or `+++` lines at the head of a Markdown file.
//!
//! Enters: the file's text. Leaves: what the block says about title and place, and the text after it. Only the four keys
//! that concern us are read; other programs' keys (layout, tags, date, …) may stand there in any number, and a file
//! that merely begins with a rule loses nothing: what does not read like front matter stays in the body, and a block of
//! which no key is known is told. Hugo's form between `+++` lines is read too.

use crate::{Error, Flaw};

/// What the front matter says, and what follows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FrontMatter<'a> {
    /// `title:`
    pub(crate) title: Option<String>,
    /// `space:`, an id or an address.
    pub(crate) space: Option<String>,
    /// `parent:`, a node or an address.
    pub(crate) parent: Option<String>,
    /// `personal: true`
    pub(crate) personal: bool,
    /// The text after the block; all of it where there is none.
    pub(crate) body: &'a str,
    /// How many lines of the file stand before the body.
    pub(crate) lines: usize,
    /// Whether there is a block, and no key of it is one that front matter has: perhaps it was meant as text.
    pub(crate) odd: bool,
}

impl<'a> FrontMatter<'a> {
    /// Reads the head of a file.
    ///
    /// # Errors
    /// [`Error::FrontMatter`] for a value that cannot be meant.
    pub(crate) fn read(text: &'a str) -> Result<Self, Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let Some((form, block, body)) = block(text) else { return Ok(Self { body: text, ..Self::default() }) };
        let lines_before = text[..text.len() - body.len()].lines().count();
        let mut front = Self { body, lines: lines_before, odd: true, ..Self::default() };
        let lines: Vec<&str> = block.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            // The opening line is the file's first.
            let bad = |flaw| Error::FrontMatter { line: number + 2, flaw };
            if form == Form::Toml && line.starts_with('[') {
                // What follows are keys of a table, and so none of ours.
                break;
            }
            // Keys of the outermost level stand at the margin.
            let Some((key, value)) = form.split(line) else { continue };
            let key = key.to_ascii_lowercase();
            front.odd &= !KNOWN.contains(&key.as_str());
            if !OURS.contains(&key.as_str()) {
                continue;
            }
            let value = match value.trim() {
                "" | "|" | "|-" | "|+" | ">" | ">-" | ">+" => below(&lines[number + 1..]),
                value => value_of(value).ok_or_else(|| bad(Flaw::OpenQuote))?,
            };
            match key.as_str() {
                "title" => front.title = Some(value).filter(|value| !value.is_empty()),
                "space" => front.space = Some(value).filter(|value| !value.is_empty()),
                "parent" => front.parent = Some(value).filter(|value| !value.is_empty()),
                _ => {
                    front.personal = match value.to_ascii_lowercase().as_str() {
                        "true" | "yes" => true,
                        "false" | "no" | "" => false,
                        _ => return Err(bad(Flaw::NeitherTrueNorFalse)),
                    }
                }
            }
        }
        if front.personal && front.space.is_some() {
            return Err(Error::FrontMatter { line: 1, flaw: Flaw::TwoSpaces });
        }
        Ok(front)
    }
}

/// How a block is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Between `---` lines.
    Yaml,
    /// Between `+++` lines.
    Toml,
}

impl Form {
    /// A line's key, at the margin and without quotes, and what stands after its sign.
    fn split(self, line: &str) -> Option<(&str, &str)> {
        let (key, value) = line.split_once(if self == Self::Yaml { ':' } else { '=' })?;
        // In YAML the sign is followed by a blank: `http://…` is no key.
        if self == Self::Yaml && !value.is_empty() && !value.starts_with([' ', '\t', '\r']) {
            return None;
        }
        let bare = |quote: char| key.trim_end().strip_prefix(quote)?.strip_suffix(quote);
        let key = bare('"').or_else(|| bare('\'')).unwrap_or(key.trim_end());
        let letters = |key: &str| key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
        (!key.is_empty() && letters(key)).then_some((key, value))
    }

    /// Whether a line may stand in a block: a key with its value, an item of a list, a continued value, a comment, or nothing.
    fn reads(self, line: &str) -> bool {
        let line = line.trim_end();
        let other: &[char] =
            if self == Self::Yaml { &[' ', '\t', '#'] } else { &[' ', '\t', '#', '[', ']', '"', '\'', '}'] };
        line.is_empty()
            || line.starts_with(other)
            || line.starts_with("- ")
            || line == "-"
            || self.split(line).is_some()
    }
}

/// The lines between the rules, and what follows; `None` where the file has no front matter. What begins with a blank line
/// is a text between two rules.
fn block(text: &str) -> Option<(Form, &str, &str)> {
    let (form, rest) = match after_rule(text, &["---"]) {
        Some(rest) => (Form::Yaml, rest),
        None => (Form::Toml, after_rule(text, &["+++"])?),
    };
    let ends: &[&str] = if form == Form::Yaml { &["---", "..."] } else { &["+++"] };
    if rest.lines().next().is_none_or(|line| line.trim().is_empty()) {
        return None;
    }
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if let Some(body) = after_rule(&rest[at..], ends) {
            // Two rules with nothing between them are two rules.
            return (at > 0).then_some((form, &rest[..at], body));
        }
        if !form.reads(line) {
            return None;
        }
        at += line.len();
    }
    None
}

/// What follows the first line, if that is one of these.
fn after_rule<'a>(text: &'a str, rules: &[&str]) -> Option<&'a str> {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    rules.contains(&line.trim_end()).then_some(rest)
}

/// A scalar that stands below its key, in one line; a list or a mapping is none of ours.
fn below(lines: &[&str]) -> String {
    let lines = lines.iter().take_while(|line| line.trim().is_empty() || line.starts_with([' ', '\t']));
    let words: Vec<&str> = lines.map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
    match words.first() {
        Some(first) if first.starts_with("- ") => String::new(),
        _ => words.join(" "),
    }
}

/// A scalar as YAML writes it, as far as titles and addresses need: plain, or in either quotes; a comment after it.
fn value_of(text: &str) -> Option<String> {
    let text = text.trim();
    match text.chars().next() {
        Some('\'') => {
            let inner = &text[1..];
            let mut value = String::new();
            let mut rest = inner;
            loop {
                let (part, after) = rest.split_once('\'')?;
                value.push_str(part);
                match after.strip_prefix('\'') {
                    Some(after) => {
                        value.push('\'');
                        rest = after;
                    }
                    None => return Some(value),
                }
            }
        }
        Some('"') => {
            let mut value = String::new();
            let mut chars = text[1..].chars();
            loop {
                match chars.next()? {
                    '"' => return Some(value),
                    '\\' => match chars.next()? {
                        'n' | 't' => value.push(' '),
                        other => value.push(other),
                    },
                    other => value.push(other),
                }
            }
        }
        _ => Some(text.split(" #").next().unwrap_or_default().trim_end().to_owned()),
    }
}

const OURS: [&str; 4] = ["title", "space", "parent", "personal"];
/// Keys that front matter has for other programs: a block with one of them is no text.
const KNOWN: &[&str] = &[
    "title",
    "space",
    "parent",
    "personal",
    "alias",
    "aliases",
    "author",
    "authors",
    "categories",
    "category",
    "cssclass",
    "cssclasses",
    "created",
    "date",
    "description",
    "draft",
    "excerpt",
    "head",
    "hero",
    "id",
    "image",
    "keywords",
    "lang",
    "lastmod",
    "layout",
    "linktitle",
    "menu",
    "modified",
    "name",
    "nav_order",
    "order",
    "outline",
    "params",
    "permalink",
    "published",
    "publish",
    "sidebar",
    "sidebar_label",
    "sidebar_position",
    "slug",
    "status",
    "subtitle",
    "summary",
    "tag",
    "tags",
    "toc",
    "type",
    "updated",
    "url",
    "version",
    "weight",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_keys_are_read_and_the_rest_is_left() {
        let text = "\u{feff}---\r\ntitle: \"A \\\"B\\\": C\"  # said so\r\ntags:\r\n  - x\n- y\nspace: 'it''s'\nparent: W1 # here\n\
                    personal: no\nlayout: post\n---\r\n# Body\n";
        let front = FrontMatter::read(text).unwrap();
        assert_eq!(front.title.as_deref(), Some("A \"B\": C"));
        assert_eq!(front.space.as_deref(), Some("it's"));
        assert_eq!(front.parent.as_deref(), Some("W1"));
        assert!(!front.personal);
        assert_eq!(front.body, "# Body\n");
    }

    #[test]
    fn a_value_may_stand_below_its_key() {
        let title = |text: &str| FrontMatter::read(text).unwrap().title;
        for head in ["", " |", " >-", " |+"] {
            let text = format!("---\ntitle:{head}\n  How we\n\n  deploy: all\ntags:\n  - x\n---\nbody\n");
            assert_eq!(title(&text).as_deref(), Some("How we deploy: all"), "{head:?}");
        }
        assert_eq!(title("---\ntitle:\ntags: x\n---\n"), None);
        assert_eq!(title("---\ntitle:\n  - x\n---\n"), None);
        assert!(!FrontMatter::read("---\npersonal:\nx: y\n---\n").unwrap().personal);
    }

    #[test]
    fn what_does_not_read_like_front_matter_stays() {
        for text in [
            "# no rule at all",
            "---\n",
            "---\n---\n",
            "---\ntitle: x\nnever closed",
            "---\nA paragraph between two rules.\n---\nmore",
            "--- \n\n---\nx",
            " ---\ntitle: x\n---\n",
            "---\nhttp://example.test\n---\n",
            "---\n\nIntro: with a colon\n\n---\n\nRest.\n",
            "---\r\n\r\nIntro: x\r\n---\r\nRest\r\n",
            "---\nLorem ipsum: dolor\n---\n",
            "+++\n\ntitle = \"x\"\n+++\n",
            "+++\nsome words\n+++\n",
            "+++\ntitle = \"never closed\"\n",
        ] {
            assert_eq!(
                FrontMatter::read(text).unwrap(),
                FrontMatter { body: text, ..FrontMatter::default() },
                "{text}"
            );
        }
    }

    #[test]
    fn values_that_cannot_be_meant_are_told_with_their_line() {
        for (text, line) in [
            ("---\ntitle: 'x\n---\n", 2),
            ("---\na: b\npersonal: perhaps\n---\n", 3),
            ("---\npersonal: true\nspace: 7\n---\n", 1),
        ] {
            let Err(Error::FrontMatter { line: found, .. }) = FrontMatter::read(text) else { panic!("{text}") };
            assert_eq!(found, line, "{text}");
        }
    }

    #[test]
    fn the_forms_of_other_programs_are_read() {
        let read = |text: &'static str| FrontMatter::read(text).unwrap();
        for text in [
            "---\ntitle:\tx\n---\nbody\n",
            "---\ntitle : x\n---\nbody\n",
            "---\nTitle: x\n---\nbody\n",
            "---\n\"title\": 'x'\n---\nbody\n",
            "---\n# a comment\ntitle: x\n...\nbody\n",
            "+++\ntitle = \"x\" # said so\n+++\nbody\n",
            "+++\r\ntitle = 'x'\r\ntags = [\r\n  \"a\",\r\n]\r\n[params]\r\ntitle = \"no\"\r\n+++\r\nbody\n",
        ] {
            let front = read(text);
            assert_eq!((front.title.as_deref(), front.body, front.odd), (Some("x"), "body\n", false), "{text}");
            assert_eq!(front.lines, text.lines().count() - 1, "{text}");
        }
        assert!(read("+++\npersonal = true\n+++\n").personal);
        // A quote that goes on is no business of ours where the key is none.
        assert_eq!(read("---\ndescription: \"one\n  two\"\ntitle: x\n---\n").title.as_deref(), Some("x"));
    }

    #[test]
    fn a_block_without_a_known_key_is_odd() {
        assert!(FrontMatter::read("---\nIntro: with a colon\n---\nRest\n").unwrap().odd);
        for text in ["---\nIntro: x\ntags: y\n---\n", "---\nlayout: post\n---\n", "no block"] {
            assert!(!FrontMatter::read(text).unwrap().odd, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_the_body_is_its_tail(text in "(---\n)?([a-z:'\"# \\-\n]|é){0,60}") {
            if let Ok(front) = FrontMatter::read(&text) {
                assert!(text.ends_with(front.body));
            }
        }
    }
}
