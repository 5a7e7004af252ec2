//! A YAML text taken apart by its lines and their indentation.
//!
//! Enters: a text. Leaves: where each key's value stands, and what it is; or the line that cannot be taken apart for certain. Each line is looked
//! at once. What spans several lines is measured, not read.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::error::DocumentError;
use super::super::text_or_number::Value;
use super::super::text_positions::{Line, lines, syntax};
use super::scalar::{INDICATORS, Meaning, Style, is_printable, meaning, spelled};

/// A value, and where it stands. Where nothing stands, that is right behind the sign that it belongs to.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Table(Vec<(String, Node)>),
    List(Vec<Node>),
    Text(Style),
    /// One that every reader takes for this number.
    Number(Value),
    Date,
    /// Nothing is written behind the sign. To YAML that is `null`; whoever leaves a key so waits for its value.
    Empty,
    /// `null`, in words or as `~`.
    Null,
    /// What is left as it is, in words.
    Other(&'static str),
}

impl Node {
    const fn new(at: Range<usize>, kind: Kind) -> Self {
        Self { at, kind }
    }
}

/// The value of a whole text: a table or a list, or an empty table.
pub(super) fn parse(text: &str) -> Result<Node, DocumentError> {
    if let Some((at, _)) = text.char_indices().find(|(_, c)| !is_printable(*c)) {
        return Err(syntax(text, at, "this character does not stand in YAML as it is"));
    }
    let mut reader = Reader { text, lines: lines(text), at: 0, inner: None, depth: 0 };
    reader.mark_of_beginning();
    let Some((column, at)) = reader.next()? else { return Ok(Node::new(0..0, Kind::Table(Vec::new()))) };
    let root = reader.block(column)?;
    if !matches!(root.kind, Kind::Table(_) | Kind::List(_)) {
        return Err(syntax(text, at, "neither a key with a colon nor a list begins here"));
    }
    match reader.next()? {
        None => Ok(root),
        Some((_, at)) => Err(syntax(text, at, INDENTED)),
    }
}

struct Reader<'a> {
    text: &'a str,
    lines: Vec<Line>,
    /// The line that is read.
    at: usize,
    /// Where in it what is read begins, behind a `- `.
    inner: Option<usize>,
    depth: usize,
}

impl Reader<'_> {
    fn end(&self) -> usize {
        self.lines[self.at].end
    }

    /// The next column and offset at which something begins, beyond empty lines and comments.
    fn next(&mut self) -> Result<Option<(usize, usize)>, DocumentError> {
        if let Some(at) = self.inner {
            return Ok(Some((at - self.lines[self.at].start, at)));
        }
        while let Some(line) = self.lines.get(self.at) {
            let rest = self.text[line.start..line.end].trim_start_matches(' ');
            let at = line.end - rest.len();
            if rest.starts_with('\t') {
                return Err(self.wrong(at, TAB));
            }
            if at == line.start && is_mark(rest) {
                return Err(self.wrong(at, "a document ends here, and only one in a file is read"));
            }
            if !rest.is_empty() && !rest.starts_with('#') {
                return Ok(Some((at - line.start, at)));
            }
            self.at += 1;
        }
        Ok(None)
    }

    /// Goes beyond the `---` that a file may begin with.
    fn mark_of_beginning(&mut self) {
        while let Some(line) = self.lines.get(self.at) {
            let rest = &self.text[line.start..line.end];
            let comment = rest.strip_prefix("---").map(|rest| rest.trim_start_matches(' '));
            if let Some(comment) = comment {
                if is_mark(rest) && (comment.is_empty() || comment.starts_with('#')) {
                    self.at += 1;
                }
                return;
            }
            if !rest.trim_start_matches(' ').is_empty() && !rest.trim_start_matches(' ').starts_with('#') {
                return;
            }
            self.at += 1;
        }
    }

    /// What begins on this line: keys, a list, or a value. Its lines are indented as far as this at least.
    fn block(&mut self, least: usize) -> Result<Node, DocumentError> {
        let Some((column, at)) = self.next()? else { return Ok(Node::new(0..0, Kind::Empty)) };
        self.go_deeper(at)?;
        let node = if self.is_item(at) {
            self.list(column)
        } else if self.key(at)?.is_some() {
            self.table(column)
        } else {
            self.value(at, least, false)
        };
        self.depth -= 1;
        node
    }

    fn go_deeper(&mut self, at: usize) -> Result<(), DocumentError> {
        if self.depth == DEPTH {
            return Err(self.wrong(at, "this is nested too deep"));
        }
        self.depth += 1;
        Ok(())
    }

    fn table(&mut self, column: usize) -> Result<Node, DocumentError> {
        let (mut entries, mut names) = (Vec::new(), BTreeSet::new());
        let mut range: Option<Range<usize>> = None;
        while let Some((own, at)) = self.next()?.filter(|(own, _)| *own >= column) {
            if own > column {
                return Err(self.wrong(at, INDENTED));
            }
            let key = if self.is_item(at) { None } else { self.key(at)? };
            let (key, colon) = key.ok_or_else(|| self.wrong(at, "a key with a colon belongs here"))?;
            if !names.insert(key.clone()) {
                return Err(self.wrong(at, "this key is there twice"));
            }
            self.inner = None;
            let node = self.behind(colon + 1, column, true)?;
            range = Some(range.map_or(at, |range| range.start)..node.at.end);
            entries.push((key, node));
        }
        Ok(Node::new(range.unwrap_or_default(), Kind::Table(entries)))
    }

    fn list(&mut self, column: usize) -> Result<Node, DocumentError> {
        let mut elements = Vec::new();
        let mut range: Option<Range<usize>> = None;
        while let Some((own, at)) = self.next()?.filter(|(own, _)| *own >= column) {
            if own > column {
                return Err(self.wrong(at, INDENTED));
            }
            // Keys may stand as far in as the list of the key before them.
            if !self.is_item(at) {
                break;
            }
            self.inner = None;
            let node = self.behind(at + 1, column, false)?;
            range = Some(range.map_or(at, |range| range.start)..node.at.end);
            elements.push(node);
        }
        Ok(Node::new(range.unwrap_or_default(), Kind::List(elements)))
    }

    /// What stands behind the colon of a key, or behind the `-` of an element.
    fn behind(&mut self, from: usize, column: usize, is_key: bool) -> Result<Node, DocumentError> {
        let at = self.skipped(from);
        if at == self.end() || self.text[at..].starts_with('#') {
            self.at += 1;
            return self.below(from, column, is_key);
        }
        if !is_key && (self.is_item(at) || self.key(at)?.is_some()) {
            self.inner = Some(at);
            let least = at - self.lines[self.at].start;
            return self.block(least);
        }
        self.value(at, column + 1, is_key)
    }

    /// What stands on the lines below, if they belong to this.
    fn below(&mut self, from: usize, column: usize, is_key: bool) -> Result<Node, DocumentError> {
        match self.next()? {
            Some((own, _)) if own > column => self.block(column + 1),
            Some((own, at)) if is_key && own == column && self.is_item(at) => self.list(column),
            _ => Ok(Node::new(from..from, Kind::Empty)),
        }
    }

    /// A value that begins here. What of it stands on further lines is indented as far as `least`.
    fn value(&mut self, at: usize, least: usize, is_key: bool) -> Result<Node, DocumentError> {
        self.inner = None;
        let rest = &self.text[at..self.end()];
        let first = rest.chars().next().unwrap_or(' ');
        match first {
            '\'' | '"' => self.quoted(at, least),
            '|' | '>' => self.literal(at, least),
            '[' | '{' => {
                let end = self.bracketed(at)?;
                let first_line = self.at;
                self.go_to(end);
                self.only_comment(end)?;
                self.none_ends_here(first_line)?;
                self.at += 1;
                Ok(Node::new(at..end, Kind::Other("a list or a table in brackets")))
            }
            '*' => {
                let end = at + rest.find(' ').unwrap_or(rest.len());
                self.only_comment(end)?;
                self.at += 1;
                Ok(Node::new(at..end, Kind::Other("an alias")))
            }
            '&' | '!' => {
                let end = at + rest.find(' ').unwrap_or(rest.len());
                let next = self.skipped(end);
                let column = least.saturating_sub(1);
                self.go_deeper(at)?;
                let node = if next == self.end() || self.text[next..].starts_with('#') {
                    self.at += 1;
                    self.below(end, column, is_key)?
                } else {
                    self.value(next, least, is_key)?
                };
                self.depth -= 1;
                if matches!(node.kind, Kind::Table(_) | Kind::List(_)) {
                    return Ok(node);
                }
                Ok(Node::new(at..node.at.end, Kind::Other("marked with an anchor or a tag")))
            }
            first if INDICATORS.contains(&first) => Err(self.wrong(at, "no value begins like this without quotes")),
            '-' | '?' | ':' if rest.len() == 1 || rest[1..].starts_with(' ') => {
                Err(self.wrong(at, "no value begins like this without quotes"))
            }
            _ => self.bare(at, least),
        }
    }

    fn quoted(&mut self, at: usize, least: usize) -> Result<Node, DocumentError> {
        let end = self.closing(at, self.text.len()).ok_or_else(|| self.wrong(at, "this quote is not closed"))?;
        let first = self.at;
        self.go_to(end);
        self.only_comment(end)?;
        self.none_ends_here(first)?;
        let outside = (first + 1..=self.at).map(|number| self.lines[number]).find(|line| {
            let rest = self.text[line.start..line.end].trim_start_matches(' ');
            !rest.is_empty() && line.end - rest.len() - line.start < least
        });
        if let Some(line) = outside {
            return Err(self.wrong(line.start, "this line goes on with the quote above and is not indented"));
        }
        let is_one_line = first == self.at;
        self.at += 1;
        if !is_one_line {
            return Ok(Node::new(at..end, Kind::Other(LINES)));
        }
        let style = if self.text[at..].starts_with('"') { Style::Double } else { Style::Single };
        let is_known = spelled(self.text, at..end, style).is_some();
        let kind = if is_known { Kind::Text(style) } else { Kind::Other("a text with an escape that is not known") };
        Ok(Node::new(at..end, kind))
    }

    /// A text behind `|` or `>`, on the lines below.
    fn literal(&mut self, at: usize, least: usize) -> Result<Node, DocumentError> {
        let rest = &self.text[at + 1..self.end()];
        let is_of_header = |c: char| matches!(c, '1'..='9' | '-' | '+');
        let header = &rest[..rest.find(|c| !is_of_header(c)).unwrap_or(rest.len())];
        let digits = header.bytes().filter(u8::is_ascii_digit).count();
        if digits > 1 || header.len() > digits + 1 {
            return Err(self.wrong(at + 1, "no value begins like this without quotes"));
        }
        let mut end = at + 1 + header.len();
        self.only_comment(end)?;
        self.at += 1;
        // Its first line says how far its lines are indented, unless a digit does.
        let mut least = least;
        let mut is_open = digits == 0;
        while let Some(line) = self.lines.get(self.at) {
            let rest = self.text[line.start..line.end].trim_start_matches(' ');
            if !rest.is_empty() {
                let column = line.end - rest.len() - line.start;
                if column < least {
                    break;
                }
                if std::mem::take(&mut is_open) {
                    least = column;
                }
                end = line.end;
            }
            self.at += 1;
        }
        Ok(Node::new(at..end, Kind::Other(LINES)))
    }

    /// A value without quotes.
    fn bare(&mut self, at: usize, least: usize) -> Result<Node, DocumentError> {
        let end = self.bare_end(at)?;
        let mut has_comment = self.text[end..self.end()].contains('#');
        self.at += 1;
        let (mut last_end, mut from_line) = (end, self.at);
        while let Some((own, from)) = self.next()?.filter(|(own, _)| *own >= least) {
            let is_comment = |line: &Line| self.text[line.start..line.end].trim_start_matches(' ').starts_with('#');
            if has_comment || self.lines[from_line..self.at].iter().any(is_comment) {
                return Err(self.wrong(from - own, INDENTED));
            }
            last_end = self.bare_end(from)?;
            has_comment = self.text[last_end..self.end()].contains('#');
            self.at += 1;
            from_line = self.at;
        }
        if last_end != end {
            return Ok(Node::new(at..last_end, Kind::Other(LINES)));
        }
        let kind = match meaning(&self.text[at..end]) {
            Meaning::Text => Kind::Text(Style::Plain),
            Meaning::Number(number) => Kind::Number(number),
            Meaning::Date => Kind::Date,
            Meaning::Null => Kind::Null,
            Meaning::Other(found) => Kind::Other(found),
        };
        Ok(Node::new(at..end, kind))
    }

    /// Where the words end that begin here: at the line's end, or before a comment.
    fn bare_end(&self, at: usize) -> Result<usize, DocumentError> {
        let rest = &self.text[at..self.end()];
        let words = rest.split(" #").next().unwrap_or_default().trim_end_matches(' ');
        if let Some(tab) = words.find('\t') {
            return Err(self.wrong(at + tab, TAB));
        }
        if let Some(colon) = words.find(": ").or_else(|| words.ends_with(':').then(|| words.len() - 1)) {
            return Err(self.wrong(at + colon, "a value with a colon like this belongs in quotes"));
        }
        Ok(at + words.len())
    }

    /// Whether an element of a list begins here.
    fn is_item(&self, at: usize) -> bool {
        let rest = &self.text[at..self.end()];
        rest == "-" || rest.starts_with("- ")
    }

    /// The key that begins here, and where its colon is.
    fn key(&self, at: usize) -> Result<Option<(String, usize)>, DocumentError> {
        let rest = &self.text[at..self.end()];
        let is_colon = |index: usize| {
            let behind = rest.get(index..).and_then(|rest| rest.strip_prefix(':'));
            behind.is_some_and(|behind| behind.is_empty() || behind.starts_with([' ', '\t']))
        };
        if rest.starts_with(['"', '\'']) {
            let style = if rest.starts_with('"') { Style::Double } else { Style::Single };
            let Some(end) = self.closing(at, self.end()) else { return Ok(None) };
            let colon = self.skipped(end);
            if !is_colon(colon - at) {
                return Ok(None);
            }
            let name = spelled(self.text, at..end, style);
            let name = name.ok_or_else(|| self.wrong(at, "this key has an escape that is not known"))?;
            return Ok(Some((name.text().as_str().to_owned(), colon)));
        }
        if rest == "?" || rest.starts_with("? ") {
            return Err(self.wrong(at, "keys behind a question mark are not read"));
        }
        if rest.starts_with(INDICATORS) {
            return Ok(None);
        }
        let words = rest.split(" #").next().unwrap_or_default();
        let Some((colon, _)) = words.match_indices(':').find(|(index, _)| is_colon(*index)) else { return Ok(None) };
        let name = words[..colon].trim_end_matches(' ');
        if let Some(tab) = name.find('\t') {
            return Err(self.wrong(at + tab, TAB));
        }
        if name.is_empty() {
            return Err(self.wrong(at, "the key before this colon is missing"));
        }
        Ok(Some((name.to_owned(), at + colon)))
    }

    /// The end of what is in quotes, if they are closed before that.
    fn closing(&self, at: usize, before: usize) -> Option<usize> {
        let bytes = &self.text.as_bytes()[..before];
        let quote = *bytes.get(at)?;
        let mut index = at + 1;
        loop {
            match *bytes.get(index)? {
                b'\\' if quote == b'"' => index += 1,
                byte if byte == quote && quote == b'\'' && bytes.get(index + 1) == Some(&quote) => index += 1,
                byte if byte == quote => return Some(index + 1),
                _ => {}
            }
            index += 1;
        }
    }

    /// The end of what is in brackets. In them a quote begins only where a value does.
    fn bracketed(&self, at: usize) -> Result<usize, DocumentError> {
        let bytes = self.text.as_bytes();
        let begins = |before: u8| matches!(before, b'[' | b'{' | b',' | b':');
        let mut open = Vec::new();
        let (mut index, mut before) = (at, b',');
        while let Some(&byte) = bytes.get(index) {
            match byte {
                b'[' | b'{' => open.push(byte + 2),
                b']' | b'}' => {
                    if open.pop() != Some(byte) {
                        return Err(self.wrong(index, "this bracket closes another one"));
                    }
                    if open.is_empty() {
                        return Ok(index + 1);
                    }
                }
                b'"' | b'\'' if begins(before) => {
                    let end = self.closing(index, self.text.len());
                    index = end.ok_or_else(|| self.wrong(index, "this quote is not closed"))? - 1;
                }
                // What an anchor or a tag stands before begins behind it.
                b'&' | b'!' if begins(before) => {
                    let ends = |byte: &u8| b" \t\n\r,[]{}".contains(byte);
                    index += bytes[index..].iter().position(ends).unwrap_or(bytes.len() - index);
                    continue;
                }
                b'#' if matches!(bytes[index - 1], b' ' | b'\t' | b'\n' | b'\r') => {
                    while bytes.get(index + 1).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
                        index += 1;
                    }
                    index += 1;
                    continue;
                }
                _ => {}
            }
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                before = byte;
            }
            index += 1;
        }
        Err(self.wrong(at, "this bracket is not closed"))
    }

    /// Goes on to the line in which an offset is.
    fn go_to(&mut self, at: usize) {
        while self.lines[self.at].end < at {
            self.at += 1;
        }
    }

    /// Refuses a mark between two documents among the lines behind one, up to the present one.
    fn none_ends_here(&self, first: usize) -> Result<(), DocumentError> {
        let marks = |line: &&Line| is_mark(&self.text[line.start..line.end]);
        match self.lines[first + 1..=self.at.max(first)].iter().find(marks) {
            Some(line) => Err(self.wrong(line.start, "a document ends here, and only one in a file is read")),
            None => Ok(()),
        }
    }

    /// Refuses anything but a comment between here and the line's end.
    fn only_comment(&self, from: usize) -> Result<(), DocumentError> {
        let at = self.skipped(from);
        let is_comment = at > from && self.text[at..].starts_with('#');
        if at == self.end() || is_comment { Ok(()) } else { Err(self.wrong(at, "nothing may follow here")) }
    }

    /// The next offset of this line that is no blank.
    fn skipped(&self, from: usize) -> usize {
        let rest = &self.text[from..self.end()];
        from + rest.len() - rest.trim_start_matches(' ').len()
    }

    fn wrong(&self, at: usize, reason: &'static str) -> DocumentError {
        syntax(self.text, at, reason)
    }
}

/// Whether a line stands between two documents.
fn is_mark(line: &str) -> bool {
    ["---", "..."]
        .iter()
        .any(|mark| line.strip_prefix(mark).is_some_and(|behind| behind.is_empty() || behind.starts_with([' ', '\t'])))
}

/// How deep keys may stand.
const DEPTH: usize = 80;

const INDENTED: &str = "this line is not indented as those that it belongs to";
const TAB: &str = "there is a tab here, which readers of YAML take differently";
const LINES: &str = "a text over several lines";
