//! What of a text goes beyond a limit, with its line, as far as the text itself tells.
//!
//! Enters: a body. Leaves: the first thing that cannot be put onto a page, and remarks. The provider's converter has the
//! last word on what becomes a block ([`crate::block_splitting`] looks at that); here a person learns the line, without any call.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use crate::Error;
use crate::limits::{self, Limit, units};
use crate::markdown_text::OPTIONS;

/// What was found in a body. Lines are counted from one, in the body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Measures {
    /// At least so many blocks come of it.
    pub(crate) blocks: usize,
    /// Where the tables begin, in order.
    pub(crate) tables: Vec<usize>,
    /// Drawings that are told as text, with their language.
    pub(crate) diagrams: Vec<(usize, String)>,
    /// Texts that have to be cut, and how long they are.
    pub(crate) long: Vec<(usize, usize)>,
    /// The first of what cannot be met: limit, line, how much there is.
    pub(crate) beyond: Option<(Limit, usize, usize)>,
}

impl Measures {
    /// Reads a body.
    pub(crate) fn of(body: &str) -> Self {
        let lines = Lines::of(body);
        let mut reader = Reader { measures: Self::default(), lines, level: 0, text: None, open: Vec::new() };
        for (event, place) in Parser::new_ext(body, OPTIONS).into_offset_iter() {
            reader.take(&event, place.start);
        }
        reader.end_text();
        reader.measures
    }

    /// Refuses what cannot become a page. What is imported is not cut by us, and would be by the provider.
    ///
    /// # Errors
    /// [`Error::Beyond`].
    pub(crate) fn check(&self, lines_before: usize, import: bool) -> Result<(), Error> {
        let beyond = |limit: Limit, line: Option<usize>, found| Error::Beyond {
            limit,
            line: line.map(|line| line + lines_before),
            found,
        };
        let long = self.long.first().filter(|_| import).map(|(line, found)| (Limit::Text, *line, *found));
        let first = [self.beyond, long].into_iter().flatten().min_by_key(|(_, line, _)| *line);
        if let Some((limit, line, found)) = first {
            return Err(beyond(limit, Some(line), found));
        }
        if self.blocks > limits::BLOCKS { Err(beyond(Limit::Blocks, None, self.blocks)) } else { Ok(()) }
    }
}

struct Reader {
    measures: Measures,
    lines: Lines,
    /// Lists and quotes that are open.
    level: usize,
    /// The text that is being read: where it begins, how long it is, whether it is a heading.
    text: Option<(usize, usize, bool)>,
    /// The open blocks.
    open: Vec<Open>,
}

/// A block that is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// An item of a list that has no text of its own yet.
    BareItem,
    /// Any other.
    Other,
}

impl Reader {
    fn take(&mut self, event: &Event<'_>, at: usize) {
        match event {
            Event::Start(tag) => self.start(tag, at),
            Event::End(tag) => self.end(*tag),
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) | Event::Html(text) => {
                self.count(units(text));
            }
            Event::SoftBreak | Event::HardBreak => self.count(1),
            Event::Rule => {
                self.measures.blocks += 1;
                self.at_level(1, self.lines.at(at));
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>, at: usize) {
        let line = self.lines.at(at);
        match tag {
            Tag::Item | Tag::BlockQuote(_) => {
                self.level += 1;
                self.measures.blocks += 1;
                self.at_level(0, line);
                self.begin_text(line, false);
            }
            Tag::Paragraph => {
                // An item's first paragraph is the item's own text.
                if let Some(item @ Open::BareItem) = self.open.last_mut() {
                    *item = Open::Other;
                } else {
                    self.measures.blocks += 1;
                    self.at_level(1, line);
                }
                self.begin_text(line, false);
            }
            Tag::Heading { .. } => {
                self.measures.blocks += 1;
                self.at_level(1, line);
                self.begin_text(line, true);
            }
            Tag::CodeBlock(kind) => {
                self.measures.blocks += 1;
                self.at_level(1, line);
                if let CodeBlockKind::Fenced(info) = kind {
                    let word = info.split([' ', ',', '\t', '{']).next().unwrap_or_default().to_ascii_lowercase();
                    if DIAGRAMS.contains(&word.as_str()) {
                        self.measures.diagrams.push((line, word));
                    }
                }
                self.begin_text(line, false);
            }
            Tag::Table(columns) => {
                self.measures.blocks += 1;
                self.measures.tables.push(line);
                // The table, its cells, and their texts.
                self.at_level(3, line);
                if columns.len() > limits::COLUMNS {
                    self.beyond(Limit::Columns, line, columns.len());
                }
            }
            Tag::TableCell => {
                self.measures.blocks += 2;
                self.begin_text(line, false);
            }
            Tag::HtmlBlock => {
                self.at_level(1, line);
                self.begin_text(line, false);
            }
            _ => {}
        }
        if is_block(tag) {
            self.open.push(if matches!(tag, Tag::Item) { Open::BareItem } else { Open::Other });
        }
    }

    /// Notes a block so many levels below the innermost open list or quote, as [`crate::block_splitting`] counts them.
    fn at_level(&mut self, below: usize, line: usize) {
        if self.level + below > limits::DEPTH {
            self.beyond(Limit::Depth, line, self.level + below);
        }
    }

    fn end(&mut self, tag: TagEnd) {
        if matches!(tag, TagEnd::Item | TagEnd::BlockQuote(_)) {
            self.level = self.level.saturating_sub(1);
        }
        if is_block_end(tag) {
            self.end_text();
            self.open.pop();
        }
    }

    fn begin_text(&mut self, line: usize, heading: bool) {
        self.end_text();
        self.text = Some((line, 0, heading));
    }

    fn count(&mut self, more: usize) {
        if let Some((_, length, _)) = &mut self.text {
            *length += more;
        }
    }

    fn end_text(&mut self) {
        match self.text.take() {
            Some((line, length, true)) if length > limits::TEXT => self.beyond(Limit::Heading, line, length),
            Some((line, length, false)) if length > limits::TEXT => self.measures.long.push((line, length)),
            _ => {}
        }
    }

    fn beyond(&mut self, limit: Limit, line: usize, found: usize) {
        match &mut self.measures.beyond {
            None => self.measures.beyond = Some((limit, line, found)),
            // How deep it goes is told by the deepest.
            Some((known, _, most)) if *known == limit && limit == Limit::Depth => *most = found.max(*most),
            Some(_) => {}
        }
    }
}

/// Where the lines begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The line of a byte, counted from one.
    fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|start| *start <= byte)
    }
}

fn is_block(tag: &Tag<'_>) -> bool {
    is_block_end(tag.to_end())
}

fn is_block_end(tag: TagEnd) -> bool {
    !matches!(
        tag,
        TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Link
            | TagEnd::Image
            | TagEnd::Superscript
            | TagEnd::Subscript
    )
}

/// Languages of drawings, which other pages show as drawings and the provider as code.
const DIAGRAMS: &[&str] =
    &["mermaid", "plantuml", "puml", "graphviz", "dot", "flowchart", "wavedrom", "vega", "vega-lite", "d2", "ditaa"];

#[cfg(test)]
mod tests {
    use super::*;

    fn beyond(body: &str) -> Option<(Limit, usize, usize)> {
        Measures::of(body).beyond
    }

    #[test]
    fn what_goes_beyond_is_told_with_its_line() {
        let deep = |levels: usize| (0..levels).map(|n| format!("{}- x\n", "  ".repeat(n))).collect::<Vec<_>>().concat();
        assert_eq!(beyond(&deep(32)), None);
        assert_eq!(beyond(&format!("a\n\n{}", deep(35))), Some((Limit::Depth, 35, 35)));
        assert_eq!(beyond(&format!("{}x\n", "> ".repeat(31))), None, "31 quotes and the text in them");
        assert_eq!(beyond(&format!("{}x\n", "> ".repeat(33))), Some((Limit::Depth, 1, 34)));
        // What stands below the last item counts as it does on the page.
        let below = |levels: usize, text: &str| format!("{}\n\n{text}", deep(levels).trim_end());
        let at = |levels: usize| "  ".repeat(levels);
        for (levels, found, text) in [
            (32, 33, format!("{0}```\n{0}x\n{0}```\n", at(32))),
            (31, 34, format!("{0}|a|\n{0}|-|\n{0}|b|\n", at(31))),
            (32, 33, format!("{}second\n", at(32))),
            (32, 33, format!("{}---\n", at(32))),
        ] {
            assert_eq!(beyond(&below(levels, &text)), Some((Limit::Depth, levels + 2, found)), "{text}");
        }
        assert_eq!(beyond(&below(29, &format!("{0}|a|\n{0}|-|\n{0}|b|\n", at(29)))), None);
        assert_eq!(beyond(&below(31, &format!("{0}```\n{0}x\n{0}```\n", at(31)))), None);
        let table = |columns: usize| format!("|{}\n|{}\n", "a|".repeat(columns), "-|".repeat(columns));
        assert_eq!(beyond(&table(100)), None);
        assert_eq!(beyond(&format!("a\n\n\n{}", table(101))), Some((Limit::Columns, 4, 101)));
        assert_eq!(beyond(&format!("# {}\n", "x".repeat(100_000))), None);
        assert_eq!(beyond(&format!("\n# {}\n", "x".repeat(100_001))), Some((Limit::Heading, 2, 100_001)));
    }

    #[test]
    fn long_texts_of_every_kind_are_found() {
        let long = "x".repeat(100_001);
        for (body, line) in [
            (format!("a\n\n{long}\n"), 3),
            (format!("```\n{long}\n```\n"), 1),
            (format!("- a\n- {long}\n"), 2),
            (format!("- a\n\n- {long}\n"), 3),
            (format!("> {long}\n"), 1),
            (format!("|a|\n|-|\n|{long}|\n"), 3),
            (format!("<div>\n{long}\n</div>\n"), 1),
            (format!("*{}* {}\n", &long[..60_000], &long[..60_000]), 1),
            // Counted as the provider may count: a pair for what lies beyond the first plane.
            (format!("{}\n", "🙂".repeat(50_001)), 1),
        ] {
            let measures = Measures::of(&body);
            assert_eq!(measures.long.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [line], "{}", &body[..20]);
            assert!(measures.check(0, false).is_ok());
            let Err(Error::Beyond { limit: Limit::Text, line: Some(found), .. }) = measures.check(4, true) else {
                panic!()
            };
            assert_eq!(found, line + 4);
        }
    }

    #[test]
    fn drawings_and_tables_are_found() {
        let measures =
            Measures::of("x\n\n```mermaid\nA-->B\n```\n\n|a|\n|-|\n\n~~~{.dot}\n~~~\n\n``` PlantUML x\n```\n");
        assert_eq!(measures.diagrams, [(3, "mermaid".into()), (13, "plantuml".into())]);
        assert_eq!(measures.tables, [7]);
    }

    #[test]
    fn too_many_blocks_are_counted_and_no_more_than_there_are() {
        assert_eq!(Measures::of("# a\n\nb\n\n- c\n\n  d\n- e\n\n> f\n\n---\n\n|g|\n|-|\n|h|\n").blocks, 13);
        let many = Measures::of(&"x\n\n".repeat(20_001));
        assert!(matches!(many.check(0, false), Err(Error::Beyond { limit: Limit::Blocks, line: None, found: 20_001 })));
        assert!(Measures::of(&"x\n\n".repeat(20_000)).check(0, false).is_ok());
    }
}
