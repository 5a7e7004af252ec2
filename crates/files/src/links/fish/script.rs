//! A fish script as its commands: which words each has, and whether it runs whenever the file is read.
//!
//! Enters: a text. Leaves: the commands that set variables, each word with what it says and the bytes that say it. What a word would
//! be expanded to is not worked out; that it would be is told. Source: fish's documentation ("The fish language") and fish 3.6 itself, 2026-11.

use std::ops::Range;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::super::error::DocumentError;
use super::super::text_positions::{Spelled, syntax};

/// One word of a command.
pub(super) struct Word {
    pub(super) at: Range<usize>,
    pub(super) spelled: Spelled,
    pub(super) quotes: Quotes,
    /// Whether fish makes something else of it: of a variable, a command, a pattern.
    pub(super) expands: bool,
}

impl Word {
    pub(super) fn text(&self) -> Zeroizing<String> {
        self.spelled.text()
    }
}

/// What quotes a word has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    No,
    /// It begins with this one and ends with it, and has no others.
    Around(char),
    Within,
}

/// A command that may set variables: `set` or `export` with its words.
pub(super) struct Command {
    pub(super) words: Vec<Rc<Word>>,
    pub(super) runs: Runs,
}

/// When a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    /// Whenever the file is read.
    Always,
    /// As the others around it, or the caller of a function, have it.
    InBlock,
    /// As the command before it has it, or beside others.
    Sometimes,
    /// It stands behind the command that ends the file.
    Never,
}

pub(super) struct Script {
    pub(super) commands: Vec<Command>,
    /// Whether a command ends the file before its end.
    pub(super) is_over: bool,
}

impl Script {
    pub(super) fn parse(text: &str) -> Result<Self, DocumentError> {
        let mut reader = Reader { text, at: 0 };
        let mut script = Self { commands: Vec::new(), is_over: false };
        // Where the blocks begin that are open.
        let mut blocks = Vec::new();
        let mut is_joined = false;
        loop {
            let (words, mark, is_redirected) = reader.statement()?;
            if words.is_empty() {
                match mark {
                    Mark::End => break,
                    // Behind a pipe or `&&` the command may stand in a later line.
                    Mark::Break => {}
                    _ => is_joined = true,
                }
                continue;
            }
            let mut is_sure = !is_joined && !is_redirected && !matches!(mark, Mark::Pipe | Mark::Background);
            is_joined = matches!(mark, Mark::Pipe | Mark::Join);
            let mut rest = words.as_slice();
            let mut was_else = false;
            while let Some((first, others)) = rest.split_first() {
                let raw = &text[first.at.clone()];
                let head = if first.expands && !matches!(raw, "{" | "}") { Zeroizing::default() } else { first.text() };
                let head = if matches!(raw, "{" | "}") { raw } else { head.as_str() };
                let is_of_else = std::mem::take(&mut was_else);
                rest = others;
                match head {
                    "and" | "or" => is_sure = false,
                    "not" | "!" | "time" | "builtin" => {}
                    "if" if is_of_else => {}
                    "else" => was_else = true,
                    "if" | "while" | "begin" | "{" => blocks.push(first.at.start),
                    "function" | "for" | "switch" => {
                        blocks.push(first.at.start);
                        rest = &[];
                    }
                    "end" | "}" => {
                        blocks.pop().ok_or_else(|| syntax(text, first.at.start, "this ends no block"))?;
                        rest = &[];
                    }
                    "case" => rest = &[],
                    _ if is_assignment(raw) => {}
                    "exit" | "return" | "exec" => {
                        script.is_over |= is_sure && blocks.is_empty();
                        rest = &[];
                    }
                    "set" | "export" => {
                        let runs = match (blocks.is_empty(), is_sure, script.is_over) {
                            (_, _, true) => Runs::Never,
                            (false, ..) => Runs::InBlock,
                            (true, false, _) => Runs::Sometimes,
                            (true, true, _) => Runs::Always,
                        };
                        let skipped = words.len() - others.len() - 1;
                        let words = words.into_iter().skip(skipped).map(Rc::new).collect();
                        script.commands.push(Command { words, runs });
                        break;
                    }
                    _ => rest = &[],
                }
            }
            if mark == Mark::End {
                break;
            }
        }
        match blocks.last() {
            Some(start) => Err(syntax(text, *start, "this block has no end")),
            None => Ok(script),
        }
    }
}

/// `NAME=value` before a command is for that command alone.
fn is_assignment(raw: &str) -> bool {
    let name = raw.split_once('=').map_or("", |(name, _)| name);
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// What stands behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Break,
    Pipe,
    /// `&&` or `||`
    Join,
    Background,
    End,
}

/// Goes through the text once, from word to word.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    /// The words up to a mark, and whether something is redirected among them.
    fn statement(&mut self) -> Result<(Vec<Word>, Mark, bool), DocumentError> {
        let (mut words, mut is_redirected) = (Vec::new(), false);
        loop {
            self.blanks();
            let rest = self.rest();
            let (length, mark) = match rest.as_bytes() {
                [] => (0, Mark::End),
                [b'#', ..] => {
                    self.at += rest.find('\n').unwrap_or(rest.len());
                    continue;
                }
                [b'\n' | b';', ..] => (1, Mark::Break),
                [b'|', b'|', ..] | [b'&', b'&', ..] => (2, Mark::Join),
                [b'|', b'&', ..] | [b'&' | b'>', b'|', ..] => (2, Mark::Pipe),
                [b'|', ..] => (1, Mark::Pipe),
                [b'<' | b'>', ..] | [b'&', b'>', ..] => {
                    is_redirected = true;
                    self.at += rest.find(|c| !matches!(c, '<' | '>' | '&' | '?')).unwrap_or(rest.len());
                    continue;
                }
                [b'&', ..] => (1, Mark::Background),
                [b')', ..] => return Err(self.wrong("this bracket closes nothing")),
                _ => {
                    words.push(self.word()?);
                    continue;
                }
            };
            self.at += length;
            return Ok((words, mark, is_redirected));
        }
    }

    /// Past white space, and past line ends behind a backslash.
    fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            let length = match rest.as_bytes() {
                [b' ' | b'\t' | b'\r', ..] => 1,
                [b'\\', b'\n', ..] => 2,
                _ => return,
            };
            self.at += length;
        }
    }

    fn word(&mut self) -> Result<Word, DocumentError> {
        let start = self.at;
        let mut chars = Vec::new();
        let (mut expands, mut parts) = (false, Vec::new());
        while let Some(c) = self.peek() {
            let from = self.at;
            match c {
                ' ' | '\t' | '\r' | '\n' | ';' | '|' | '<' | '>' => break,
                '&' if self.rest()[1..].starts_with(|c| " \t\r\n;|<>&".contains(c)) || self.rest().len() == 1 => break,
                ')' => return Err(self.wrong("this bracket closes nothing")),
                '\'' | '"' => {
                    expands |= self.quoted(c, &mut chars)?;
                    parts.push((c, from..self.at));
                    continue;
                }
                '(' => {
                    self.substitution()?;
                    expands = true;
                    continue;
                }
                '\\' => {
                    expands |= self.escape(&mut chars)?;
                    continue;
                }
                // Versions of fish differ on `?` and `&`.
                '$' | '*' | '?' | '{' | '}' | '&' => expands = true,
                '~' => expands |= from == start,
                _ => {}
            }
            self.at += c.len_utf8();
            chars.push((c, from..self.at));
        }
        let at = start..self.at;
        expands |= &self.text[at.clone()] == "%self";
        let quotes = match parts.as_slice() {
            [] => Quotes::No,
            [(quote, part)] if *part == at => Quotes::Around(*quote),
            _ => Quotes::Within,
        };
        let mut spelled = Spelled::until(if matches!(quotes, Quotes::Around(_)) { at.end - 1 } else { at.end });
        for (c, range) in chars {
            spelled.push(c, range);
        }
        Ok(Word { at, spelled, quotes, expands })
    }

    /// Past a part in quotes; whether something in it is expanded.
    fn quoted(&mut self, quote: char, chars: &mut Vec<(char, Range<usize>)>) -> Result<bool, DocumentError> {
        let start = self.at;
        let mut expands = false;
        self.at += 1;
        loop {
            let from = self.at;
            let Some(c) = self.peek() else {
                return Err(syntax(self.text, start, "this quote is not closed"));
            };
            self.at += c.len_utf8();
            match c {
                c if c == quote => return Ok(expands),
                '\\' => match self.peek() {
                    Some('\n') if quote == '"' => self.at += 1,
                    Some(next) if next == quote || next == '\\' || quote == '"' && next == '$' => {
                        self.at += 1;
                        chars.push((next, from..self.at));
                    }
                    _ => chars.push((c, from..self.at)),
                },
                '$' if quote == '"' => {
                    expands = true;
                    if self.peek() == Some('(') {
                        self.substitution()?;
                    }
                }
                c => chars.push((c, from..self.at)),
            }
        }
    }

    /// Past a command in brackets, with all that is in them.
    fn substitution(&mut self) -> Result<(), DocumentError> {
        let start = self.at;
        self.at += 1;
        let mut depth = 1;
        let mut is_word = false;
        while let Some(c) = self.peek() {
            match c {
                '\'' | '"' => {
                    self.quoted(c, &mut Vec::new())?;
                    is_word = true;
                    continue;
                }
                '\\' => {
                    self.escape(&mut Vec::new())?;
                    is_word = true;
                    continue;
                }
                '#' if !is_word => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                    continue;
                }
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            is_word = !" \t\r\n;|&(".contains(c);
            self.at += c.len_utf8();
            if depth == 0 {
                return Ok(());
            }
        }
        Err(syntax(self.text, start, "this bracket is not closed"))
    }

    /// Past a backslash outside quotes, and what it stands before; whether that is no one character.
    fn escape(&mut self, chars: &mut Vec<(char, Range<usize>)>) -> Result<bool, DocumentError> {
        let start = self.at;
        self.at += 1;
        let c = self.peek().ok_or_else(|| syntax(self.text, start, "nothing stands behind this backslash"))?;
        self.at += c.len_utf8();
        let said = match c {
            '\n' => return Ok(false),
            'a' => Some('\u{7}'),
            'b' => Some('\u{8}'),
            'e' => Some('\u{1b}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\u{b}'),
            'x' | 'X' => self.number(2, 16).filter(char::is_ascii),
            'u' => self.number(4, 16),
            'U' => self.number(8, 16),
            '0'..='7' => {
                self.at -= 1;
                self.number(3, 8).filter(char::is_ascii)
            }
            // A control character, which no token has.
            'c' => None,
            c => Some(c),
        };
        chars.extend(said.map(|c| (c, start..self.at)));
        Ok(said.is_none())
    }

    fn number(&mut self, most: usize, radix: u32) -> Option<char> {
        let length = self.rest().chars().take(most).take_while(|c| c.is_digit(radix)).count();
        let digits = &self.rest()[..length];
        let said = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).filter(|c| *c != '\0');
        self.at += length;
        said
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn wrong(&self, reason: &str) -> DocumentError {
        syntax(self.text, self.at, reason)
    }
}
