//! The one place that writes to stdout and stderr.
//!
//! Data goes to stdout, alone; words for people go to stderr. With `--json`, stdout holds one JSON document and every
//! line of stderr is a JSON object (`{"note": …}`, `{"warning": …}` or `{"error": …}`). Colour appears on terminals
//! only and never carries a meaning that the words do not.
//!
//! Nothing from outside reaches a terminal raw: file names, keys of other people's files, providers' words and callers'
//! requests are in most lines. So every line, cell, question and log line is washed here
//! ([`visible`](tokenward_core::visible())), before it is dressed; line breaks are ours and never the content's. Data for programs is exact:
//! what [`Printer::data`] writes is washed on a terminal only. Tables, facts and sheets are for people and washed always;
//! their exact values are in `--json`, where JSON's own escapes stand for what has no look.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use clap::builder::StyledStr;
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;
use tokenward::doctor::Severity;
use tokenward_core::{Code, masking, visible, visible_json, visible_lines};
use zeroize::Zeroizing;

use crate::args::Colour;
use crate::command_hint::quoted;
use crate::failure::Failure;
use crate::folding::{columns, fold, is_wide};
use crate::words::{Lang, chinese_help};

/// Decides what is written where, and in which dress.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "facts about two streams, each with its own effect")]
pub(crate) struct Printer {
    /// The language of the words.
    pub(crate) lang: Lang,
    /// Whether data and words are JSON.
    pub(crate) json: bool,
    /// Below zero: data and errors only. Above: asides too.
    loudness: i16,
    colour_out: bool,
    colour_err: bool,
    /// Whether stdout is a terminal.
    terminal: bool,
    width: Option<u16>,
    err_width: Option<u16>,
}

/// What the printer needs to know of its surroundings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surface {
    /// Whether stdout is a terminal.
    pub(crate) out: bool,
    /// Whether stderr is a terminal.
    pub(crate) err: bool,
    /// Whether the environment asks for plain text (`NO_COLOR`, <https://no-color.org>; `TERM=dumb`).
    pub(crate) plain: bool,
    /// The width of the terminal that stdout is, if it is one and knows.
    pub(crate) width: Option<u16>,
    /// That of stderr.
    pub(crate) err_width: Option<u16>,
}

/// One answer on a sheet of findings, or a heading.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// How bad it is, with the word for it; `None` for a heading.
    pub(crate) severity: Option<(Severity, String)>,
    /// What it is about.
    pub(crate) name: String,
    /// The sentence, and what stands below it.
    pub(crate) lines: Vec<String>,
}

impl Row {
    /// A heading.
    pub(crate) fn head(text: String) -> Self {
        Self { severity: None, name: text, lines: Vec::new() }
    }

    fn washed(&self) -> Self {
        let lines = self.lines.iter().map(|line| visible(line).into_owned()).collect();
        Self { severity: self.severity.clone(), name: visible(&self.name).into_owned(), lines }
    }
}

impl Printer {
    /// A printer for these wishes on this surface.
    pub(crate) fn new(lang: Lang, json: bool, quiet: bool, verbose: u8, colour: Colour, surface: Surface) -> Self {
        let colours = |terminal: bool| match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !surface.plain,
        };
        let width = surface.width.filter(|_| surface.out);
        let loudness = if quiet { -1 } else { i16::from(verbose) };
        let (colour_out, colour_err) = (colours(surface.out), colours(surface.err));
        Self {
            lang,
            json,
            loudness,
            colour_out,
            colour_err,
            terminal: surface.out,
            width,
            err_width: surface.err_width,
        }
    }

    /// Writes data to stdout, with a line break at the end: exact for programs, made visible on a terminal.
    pub(crate) fn data(&self, text: &str) -> Result<(), Failure> {
        if self.terminal { self.own(&visible_lines(&text.replace("\r\n", "\n"))) } else { self.own(text) }
    }

    /// Writes a JSON document that came as text to stdout: exact for programs, with JSON's escapes on a terminal.
    pub(crate) fn json_as_it_came(&self, text: &str) -> Result<(), Failure> {
        self.own(&if self.terminal { visible_json(text) } else { Cow::Borrowed(text) })
    }

    /// Writes a text that is ours from end to end, such as the help with its colours.
    pub(crate) fn own(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())
            .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") })
            .and_then(|()| out.flush())
            .map_err(|error| self.not_written(&error))
    }

    /// Writes a page of help, with its colours where they are wanted.
    pub(crate) fn help(&self, page: &StyledStr) -> Result<(), Failure> {
        let text = if self.colour_out { page.ansi().to_string() } else { page.to_string() };
        let lines: Vec<_> = text.lines().map(str::trim_end).collect();
        self.own(&chinese_help::in_words(lines.join("\n").trim_end(), self.lang))
    }

    /// Writes a text that is ours and made to be read: a terminal folds no word of it, and no line is longer than is easy to read.
    pub(crate) fn prose(&self, text: &str) -> Result<(), Failure> {
        let Some(width) = self.width.map(usize::from) else { return self.own(text) };
        let room = width.min(READABLE);
        // A point of a list stands beside its number.
        let under = |line: &str| if line.starts_with(|c: char| c.is_ascii_digit()) { "   " } else { "" };
        let lines: Vec<String> = text.lines().flat_map(|line| fold(line, room, under(line))).collect();
        self.own(&lines.join("\n"))
    }

    /// Writes bytes to stdout as they are.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| self.not_written(&error))
    }

    /// Writes one JSON document to stdout.
    pub(crate) fn document(&self, value: &impl Serialize) -> Result<(), Failure> {
        self.passed_on(&with_schema(value)?)
    }

    /// Writes JSON to stdout that is not ours: nothing is added to it.
    pub(crate) fn passed_on(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Failure::of(Code::Internal).detail(error.to_string()))?;
        self.own(&visible_json(&text))
    }

    /// Writes one JSON document to stdout, on one line.
    pub(crate) fn document_line(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = with_schema(value)?.to_string();
        self.own(&visible_json(&text))
    }

    /// A word about what is going on. Not heard with `--quiet`.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        if self.loudness >= 0 {
            self.words("note", Style::new(), None, &visible(text.as_ref()));
        }
    }

    /// The same for a sentence of the catalogue that has line breaks.
    pub(crate) fn note_lines(&self, text: impl AsRef<str>) {
        if self.loudness >= 0 {
            self.always_lines(text);
        }
    }

    /// A word without which the person cannot go on. Heard always.
    pub(crate) fn always(&self, text: impl AsRef<str>) {
        self.words("note", Style::new(), None, &visible(text.as_ref()));
    }

    /// The same for a sentence of the catalogue that has line breaks.
    pub(crate) fn always_lines(&self, text: impl AsRef<str>) {
        self.words("note", Style::new(), None, &visible_lines(text.as_ref()));
    }

    /// The same as a note, heard with `--verbose` only.
    pub(crate) fn aside(&self, text: impl AsRef<str>) {
        if self.is_verbose() {
            self.note(text);
        }
    }

    /// Something that a person should look at although the command goes on.
    pub(crate) fn warning(&self, text: impl AsRef<str>) {
        if self.loudness >= 0 {
            let style = AnsiColor::Yellow.on_default().bold();
            self.words("warning", style, Some(&self.lang.warning_head()), &visible(text.as_ref()));
        }
    }

    /// A warning that is heard always: who one is has a say in everything that follows.
    pub(crate) fn alarm(&self, text: impl AsRef<str>) {
        let style = AnsiColor::Yellow.on_default().bold();
        self.words("warning", style, Some(&self.lang.warning_head()), &visible(text.as_ref()));
    }

    /// A failure, with all that is known about it. Heard always.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json {
            return Self::err_json(&serde_json::json!({ "error": failure.document(self.lang) }));
        }
        let style = AnsiColor::Red.on_default().bold();
        let dim = Style::new().dimmed();
        self.err_prose(&failure.text(self.lang, |head| self.painted(style, head), |label| self.painted(dim, label)));
    }

    /// Something drawn by us for the eyes of a person at a terminal, as it is: QR codes, the help.
    pub(crate) fn picture(&self, text: &str) {
        if !self.json {
            Self::err(text);
        }
    }

    /// A text of others on stderr, its lines as they are.
    pub(crate) fn foreign(&self, text: &str) {
        if !self.json {
            Self::err(&visible_lines(text));
        }
    }

    /// A line on stderr that the next one is written over, cut to the terminal; an empty one takes it away.
    pub(crate) fn passing(&self, text: &str) {
        PASSING.store(!text.is_empty(), Ordering::Relaxed);
        // The cursor stands behind the last character: in the last column it would be in the next line.
        let room = self.err_width.map_or(usize::MAX, |width| usize::from(width).saturating_sub(1));
        let mut err = io::stderr().lock();
        // Nobody can be told that stderr is gone.
        let _ = write!(err, "{CLEAR}{}", cut(&visible(text), room)).and_then(|()| err.flush());
    }

    /// Takes the line away that is written over, if there is one.
    pub(crate) fn passing_ends(&self) {
        if PASSING.load(Ordering::Relaxed) {
            self.passing("");
        }
    }

    /// An object on a line of stderr, where `--json` is asked for.
    pub(crate) fn object(&self, value: &serde_json::Value) {
        if self.json {
            Self::err_json(value);
        }
    }

    /// An object on a line of stderr, unless nothing but data and errors is to be heard.
    pub(crate) fn report(&self, value: &serde_json::Value) {
        if self.loudness >= 0 {
            Self::err_json(value);
        }
    }

    /// A question, without a line break.
    pub(crate) fn question(&self, text: &str) {
        let mut err = io::stderr().lock();
        // Nobody can be told that stderr is gone.
        let text = unrepeated(text, TYPED.get().map_or(&[], Vec::as_slice));
        let _ = write!(err, "{} ", self.painted(Style::new().bold(), &visible(&text))).and_then(|()| err.flush());
    }

    /// A table without lines, made to fit the terminal; as wide as it likes elsewhere.
    pub(crate) fn table(&self, heads: &[String], rows: Vec<Vec<String>>) -> Result<(), Failure> {
        let mut table = Table::new();
        // Its own look at the terminal would take no columns for no room.
        table.load_style(NOTHING).force_no_tty();
        table.set_header(heads.iter().map(|head| visible(head).into_owned()));
        match self.width {
            Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        table.add_rows(rows.into_iter().map(|row| row.into_iter().map(|cell| visible(&cell).into_owned())));
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        let text = table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n");
        self.own(&text)
    }

    /// Names and values, a line each, the values in one column.
    pub(crate) fn facts(&self, facts: &[(String, String)]) -> Result<(), Failure> {
        let facts: Vec<_> = facts.iter().map(|(name, value)| (visible(name), value)).collect();
        let widest = facts.iter().map(|(name, _)| columns(name)).max().unwrap_or(0);
        let lines = facts.iter().map(|(name, value)| {
            let gap = " ".repeat(widest - columns(name) + 2);
            let name = if self.colour_out { self.dress(Style::new().dimmed(), name) } else { name.to_string() };
            format!("{name}{gap}{}", visible(value))
        });
        self.own(&lines.collect::<Vec<_>>().join("\n"))
    }

    /// Findings, folded to the terminal's width.
    pub(crate) fn sheet(&self, rows: &[Row]) -> Result<(), Failure> {
        let mut rows = rows.to_vec();
        for line in rows.iter_mut().flat_map(|row| row.lines.iter_mut()) {
            *line = at_home(line, HOME.get().map(String::as_str)).into_owned();
        }
        self.own(&sheet(&rows, self.width.map(usize::from), self.colour_out))
    }

    /// Whether more than usual is to be shown.
    pub(crate) const fn is_verbose(&self) -> bool {
        self.loudness > 0
    }

    /// Whether words about what is going on are wanted.
    pub(crate) const fn is_heard(&self) -> bool {
        self.loudness >= 0
    }

    /// Whether colour may be used on stderr.
    pub(crate) const fn colours(&self) -> bool {
        self.colour_err
    }

    fn words(&self, kind: &str, style: Style, head: Option<&str>, text: &str) {
        if self.json {
            return Self::err_json(&serde_json::json!({ kind: text }));
        }
        match head {
            Some(head) => self.err_prose(&format!("{}{}{text}", self.painted(style, head), self.lang.gap())),
            None => self.err_prose(text),
        }
    }

    /// Lines for people: on a terminal folded at words, so that it breaks none; what continues stands under its line. Addresses and
    /// commands are left whole, because they are copied.
    fn err_prose(&self, text: &str) {
        let text = at_home(text, HOME.get().map(String::as_str));
        let Some(width) = self.err_width.map(usize::from) else { return Self::err(&text) };
        let folded = text.lines().flat_map(|line| {
            let indent = line.len() - line.trim_start_matches(' ').len();
            fold(line, width, &" ".repeat((indent + 2).min(width / 4)))
        });
        Self::err(&folded.collect::<Vec<_>>().join("\n"));
    }

    fn painted(&self, style: Style, text: &str) -> String {
        if self.colour_err { self.dress(style, text) } else { text.to_owned() }
    }

    #[expect(clippy::unused_self, reason = "only a printer may dress")]
    fn dress(&self, style: Style, text: &str) -> String {
        format!("{style}{text}{style:#}")
    }

    fn err(text: &str) {
        let line = unrepeated(text, TYPED.get().map_or(&[], Vec::as_slice));
        // What passes gives way to what stays.
        let clear = if PASSING.swap(false, Ordering::Relaxed) { CLEAR } else { "" };
        let mut line = format!("{clear}{line}");
        line.push('\n');
        // At once: lines of processes that share a terminal do not run into one another. Nobody can be told that stderr is gone.
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }

    fn err_json(value: &serde_json::Value) {
        let quoted = HOME.get().map(|home| serde_json::Value::from(home.as_str()).to_string());
        let home = quoted.as_deref().map(|quoted| quoted.trim_matches('"'));
        Self::err(&visible_json(&at_home(&value.to_string(), home)));
    }

    fn not_written(&self, error: &io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            // The reader has what it wanted (`| head -1`): no words, and the exit code a shell gives for SIGPIPE.
            return Failure::silent(128 + 13);
        }
        let failure = Failure::of(Code::OutputNotWritten).detail(error.to_string());
        failure.then(self.lang.next_step(Code::OutputNotWritten).to_owned())
    }
}

/// `--home` as it was typed, quoted for a shell: without it a command that is advised would mean another vault.
static HOME: OnceLock<String> = OnceLock::new();

/// Notes the home folder that was typed.
pub(crate) fn advise_at_home(home: &Path) {
    // The command line is read once.
    let _ = HOME.set(quoted(&home.display().to_string()));
}

/// A text whose commands name the home folder that was typed.
fn at_home<'a>(text: &'a str, home: Option<&str>) -> Cow<'a, str> {
    match home {
        Some(home) if text.contains("`tokenward ") => {
            let named = text.replace("`tokenward ", &format!("`tokenward --home {home} "));
            // A page needs no home.
            Cow::Owned(named.replace(&format!("`tokenward --home {home} explain "), "`tokenward explain "))
        }
        _ => Cow::Borrowed(text),
    }
}

/// Words of the command line that begin as tokens do, whatever argument they were given as. None is repeated on stderr (I4).
static TYPED: OnceLock<Vec<Zeroizing<String>>> = OnceLock::new();

/// Notes the words of the command line that no line may repeat.
pub(crate) fn repeat_no_secret_of(arguments: &[OsString]) {
    let words = arguments.iter().filter_map(|word| word.to_str());
    let parts = words.flat_map(|word| word.split(|c: char| c.is_whitespace() || "=@,;".contains(c)).chain([word]));
    let secret = |part: &&str| masking::begins_as_secret(part) && !Path::new(part).exists();
    let mut typed: Vec<_> = parts.filter(secret).map(|part| Zeroizing::new(part.to_owned())).collect();
    typed.sort_by_key(|part| Reverse(part.len()));
    // The command line is read once.
    let _ = TYPED.set(typed);
}

fn unrepeated<'a>(text: &'a str, secrets: &[Zeroizing<String>]) -> Cow<'a, str> {
    secrets.iter().fold(Cow::Borrowed(text), |text, secret| {
        if text.contains(secret.as_str()) {
            Cow::Owned(text.replace(secret.as_str(), &masking::kind(secret)))
        } else {
            text
        }
    })
}

/// Where the log goes: every event is one line, whatever is in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogLines;

impl Write for LogLines {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = format!("{}\n", visible(line));
        // A log that cannot be written (a full disk, `2>&1 | head -4`) ends nothing: of an error the subscriber would make a line on the
        // same stderr, and of that a panic, in the middle of a refresh.
        let _ = io::stderr().lock().write_all(line.as_bytes());
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = io::stderr().lock().flush();
        Ok(())
    }
}

/// Severity and name in two columns, the sentences beside them.
pub(crate) fn sheet(rows: &[Row], width: Option<usize>, coloured: bool) -> String {
    let rows: Vec<Row> = rows.iter().map(Row::washed).collect();
    let rows = rows.as_slice();
    let widest = |text: fn(&Row) -> &str| rows.iter().map(|row| columns(text(row))).max().unwrap_or(0) + 2;
    let severity = widest(|row| row.severity.as_ref().map_or("", |(_, word)| word));
    let name = widest(|row| if row.severity.is_some() { &row.name } else { "" });
    // On a terminal too narrow for three columns the sentences are left to the terminal.
    let room = width.and_then(|width| width.checked_sub(severity + name)).filter(|room| *room >= 24);
    let mut out = Vec::new();
    for row in rows {
        let Some((how, word)) = &row.severity else {
            out.push(if out.is_empty() { row.name.clone() } else { format!("\n{}", row.name) });
            continue;
        };
        let style = match how {
            Severity::Good => AnsiColor::Green.on_default(),
            Severity::Note => Style::new().dimmed(),
            Severity::Warning => AnsiColor::Yellow.on_default().bold(),
            Severity::Trouble => AnsiColor::Red.on_default().bold(),
        };
        let dressed = if coloured { format!("{style}{word}{style:#}") } else { word.clone() };
        let pad = |text: &str, to: usize| " ".repeat(to.saturating_sub(columns(text)));
        let mut head = format!("{dressed}{}{}{}", pad(word, severity), row.name, pad(&row.name, name));
        for line in &row.lines {
            for part in fold(line, room.unwrap_or(usize::MAX), "  ") {
                out.push(format!("{head}{part}"));
                head = " ".repeat(severity + name);
            }
        }
    }
    out.join("\n")
}

/// As much of a text as takes so many columns.
fn cut(text: &str, room: usize) -> String {
    let mut taken = 0;
    let fits = |c: &char| {
        taken += if is_wide(*c) { 2 } else { 1 };
        taken <= room
    };
    text.chars().take_while(fits).collect()
}

/// Whether a line is shown that the next one is written over.
static PASSING: AtomicBool = AtomicBool::new(false);
/// Clears a line (ECMA-48 §8.3.41) and goes to its beginning.
const CLEAR: &str = "\r\x1b[2K";
/// The longest line of prose, in columns.
const READABLE: usize = 100;

/// A document of ours, with the version of its names.
fn with_schema(value: &impl Serialize) -> Result<serde_json::Value, Failure> {
    let mut value =
        serde_json::to_value(value).map_err(|error| Failure::of(Code::Internal).detail(error.to_string()))?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("schema".to_owned(), SCHEMA.into());
    }
    Ok(value)
}

/// The version of the names in our JSON (`docs/reference/json.md`).
pub(crate) const SCHEMA: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_the_home_that_was_typed() {
        let told = at_home("run `tokenward init`, then `tokenward login`; `tokenward explain TW0204`", Some("'/a b'"));
        assert_eq!(
            told,
            "run `tokenward --home '/a b' init`, then `tokenward --home '/a b' login`; `tokenward explain TW0204`"
        );
        assert_eq!(at_home("run `tokenward init`", None), "run `tokenward init`");
    }

    #[test]
    fn what_passes_is_no_longer_than_the_line() {
        assert_eq!(cut("waiting · 4 min", 9), "waiting ·");
        assert_eq!(cut("等待登录", 5), "等待");
        assert_eq!(cut("等待", usize::MAX), "等待");
    }
}
