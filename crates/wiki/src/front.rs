//! Front matter: the block between `---` lines at the head of a Markdown file.
//!
//! Enters: the file's text. Leaves: what the block says about title and place, and the text after it. Only the four keys
//! that concern us are read; other programs' keys (layout, tags, date, …) may stand there in any number, and a file
//! that merely begins with a rule loses nothing: what does not read like front matter stays in the body.

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
}

impl<'a> FrontMatter<'a> {
    /// Reads the head of a file.
    ///
    /// # Errors
    /// [`Error::FrontMatter`] for a value that cannot be meant.
    pub(crate) fn read(text: &'a str) -> Result<Self, Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let Some((block, body)) = block(text) else { return Ok(Self { body: text, ..Self::default() }) };
        let mut front = Self { body, ..Self::default() };
        let lines: Vec<&str> = block.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            // The opening line is the file's first.
            let bad = |flaw| Error::FrontMatter { line: number + 2, flaw };
            let Some((key, value)) = line.split_once(':') else { continue };
            let value = match value.trim() {
                "" | "|" | "|-" | "|+" | ">" | ">-" | ">+" => below(&lines[number + 1..]),
                value => value_of(value).ok_or_else(|| bad(Flaw::OpenQuote))?,
            };
            // Keys of the outermost level stand at the margin.
            match key {
                "title" => front.title = Some(value).filter(|value| !value.is_empty()),
                "space" => front.space = Some(value).filter(|value| !value.is_empty()),
                "parent" => front.parent = Some(value).filter(|value| !value.is_empty()),
                "personal" => {
                    front.personal = match value.to_ascii_lowercase().as_str() {
                        "true" | "yes" => true,
                        "false" | "no" | "" => false,
                        _ => return Err(bad(Flaw::NeitherTrueNorFalse)),
                    }
                }
                _ => {}
            }
        }
        if front.personal && front.space.is_some() {
            return Err(Error::FrontMatter { line: 1, flaw: Flaw::TwoSpaces });
        }
        Ok(front)
    }
}

/// The lines between the rules, and what follows; `None` where the file has no front matter.
fn block(text: &str) -> Option<(&str, &str)> {
    let rest = after_rule(text, &["---"])?;
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if let Some(body) = after_rule(&rest[at..], &["---", "..."]) {
            // Two rules with nothing between them are two rules.
            return (!rest[..at].trim().is_empty()).then_some((&rest[..at], body));
        }
        if !reads_like_front_matter(line) {
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

/// A key with its value, an item of a list, a continued value, a comment, or nothing.
fn reads_like_front_matter(line: &str) -> bool {
    let line = line.trim_end();
    let key = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    line.is_empty()
        || line.starts_with([' ', '\t', '#'])
        || line.starts_with("- ")
        || line.split_once(':').is_some_and(|(name, value)| key(name) && (value.is_empty() || value.starts_with(' ')))
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

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_the_body_is_its_tail(text in "(---\n)?([a-z:'\"# \\-\n]|é){0,60}") {
            if let Ok(front) = FrontMatter::read(&text) {
                assert!(text.ends_with(front.body));
            }
        }
    }
}
