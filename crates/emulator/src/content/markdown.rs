//! Markdown made into blocks (reference/feishu.md §12.1, step 3): the sandbox's own conversion.
//!
//! Enters: `CommonMark` with tables, strikethrough and task lists. Leaves: blocks with temporary ids. As on the platform,
//! images come out empty with their addresses beside them, tables carry `merge_info`, and the list of blocks is in no useful
//! order: only `first_level_block_ids` and `children` tell where a block stands.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use crate::content::block_kinds::{
    BULLET, CODE, DIVIDER, HEADING, IMAGE, Kind, ORDERED, QUOTE_CONTAINER, TABLE, TABLE_CELL, TEXT, TODO,
};
use crate::content::code_languages;

/// What became of a Markdown text.
pub(crate) struct Converted {
    /// Temporary ids of the first level, in order.
    pub(crate) first_level: Vec<String>,
    /// Every block.
    pub(crate) blocks: Vec<Value>,
    /// Image blocks and the addresses the text gives for them.
    pub(crate) images: Vec<(String, String)>,
}

/// Converts; `fresh` makes temporary ids.
pub(crate) fn convert(markdown: &str, fresh: &mut dyn FnMut() -> String) -> Converted {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut writer = Writer { fresh, open: Vec::new(), first_level: Vec::new(), done: Vec::new(), images: Vec::new() };
    for event in Parser::new_ext(markdown, options) {
        writer.take(event);
    }
    let Writer { first_level, mut done, images, .. } = writer;
    done.sort_by(|one, other| one["block_id"].as_str().cmp(&other["block_id"].as_str()));
    Converted { first_level, blocks: done, images }
}

struct Writer<'f> {
    fresh: &'f mut dyn FnMut() -> String,
    /// Blocks whose end has not come.
    open: Vec<Open>,
    first_level: Vec<String>,
    done: Vec<Value>,
    images: Vec<(String, String)>,
}

/// A block whose end has not come.
struct Open {
    id: String,
    number: u64,
    children: Vec<String>,
    /// Runs of text, and their styles.
    runs: Vec<(String, Value)>,
    style: Value,
    /// What else is particular to the kind.
    extra: Value,
    marks: Marks,
    /// An image's alternative text is not shown.
    in_image: u32,
    rows: u64,
    /// The lists inside which items stand: the next number, where they are numbered.
    lists: Vec<Option<u64>>,
}

#[derive(Clone, Default)]
struct Marks {
    bold: u32,
    italic: u32,
    struck: u32,
    links: Vec<String>,
}

impl Writer<'_> {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.text(&text, false),
            Event::Code(code) => self.text(&code, true),
            Event::SoftBreak => self.text(" ", false),
            Event::HardBreak => self.text("\n", false),
            Event::InlineHtml(html) => {
                let lower = html.to_ascii_lowercase();
                self.text(if lower.starts_with("<br") { "\n" } else { &html }, false);
            }
            // Comments are for the writer, not for the reader.
            Event::Html(html) if html.trim_start().starts_with("<!--") => {}
            Event::Html(html) => self.text(&html, false),
            Event::FootnoteReference(name) => self.text(&format!("[^{name}]"), false),
            Event::Rule => {
                self.begin(DIVIDER);
                self.finish();
            }
            Event::TaskListMarker(done) => {
                if let Some(item) = self.open.iter_mut().rev().find(|open| matches!(open.number, BULLET | ORDERED)) {
                    item.number = TODO;
                    item.style = json!({"done": done});
                }
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => {
                // The first paragraph of an item is the item's own text.
                let own = self.open.last().is_some_and(|open| {
                    matches!(open.number, BULLET | ORDERED | TODO) && open.runs.is_empty() && open.children.is_empty()
                });
                if !own {
                    self.begin(TEXT);
                }
            }
            Tag::Heading { level, .. } => self.begin(HEADING + heading(level)),
            Tag::BlockQuote(_) => self.begin(QUOTE_CONTAINER),
            Tag::CodeBlock(kind) => {
                let word = match &kind {
                    CodeBlockKind::Fenced(info) => info.split([' ', ',', '\t']).next().unwrap_or_default(),
                    CodeBlockKind::Indented => "",
                };
                self.begin(CODE);
                self.style(json!({"language": code_languages::number(word), "wrap": false}));
            }
            Tag::HtmlBlock | Tag::FootnoteDefinition(_) | Tag::DefinitionListTitle | Tag::DefinitionListDefinition => {
                self.begin(TEXT);
            }
            Tag::List(first) => {
                if self.open.is_empty() {
                    // A frame without a block: lists on the first level have nothing above them.
                    self.begin(0);
                }
                if let Some(open) = self.open.last_mut() {
                    open.lists.push(first);
                }
            }
            Tag::Item => {
                let number = self.open.last_mut().and_then(|open| open.lists.last_mut()).and_then(Option::as_mut);
                let sequence = number.map(|number| {
                    *number += 1;
                    *number - 1
                });
                self.begin(if sequence.is_some() { ORDERED } else { BULLET });
                if let Some(sequence) = sequence {
                    self.style(json!({"sequence": sequence.to_string()}));
                }
            }
            Tag::Table(columns) => {
                self.begin(TABLE);
                if let Some(table) = self.open.last_mut() {
                    table.extra = json!({"column_size": columns.len()});
                }
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = self.open.last_mut() {
                    table.rows += 1;
                }
            }
            Tag::TableCell => {
                self.begin(TABLE_CELL);
                self.begin(TEXT);
            }
            Tag::Emphasis => self.mark(|marks| marks.italic += 1),
            Tag::Strong => self.mark(|marks| marks.bold += 1),
            Tag::Strikethrough => self.mark(|marks| marks.struck += 1),
            Tag::Link { dest_url, .. } => self.mark(|marks| marks.links.push(dest_url.into_string())),
            Tag::Image { dest_url, .. } => self.image(dest_url.into_string()),
            Tag::Superscript | Tag::Subscript | Tag::DefinitionList | Tag::MetadataBlock(_) => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => {
                if self.open.last().is_some_and(|open| open.number == TEXT) {
                    self.finish();
                }
            }
            TagEnd::TableCell => {
                self.finish();
                self.finish();
            }
            TagEnd::Heading(_)
            | TagEnd::BlockQuote(_)
            | TagEnd::CodeBlock
            | TagEnd::HtmlBlock
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::Item
            | TagEnd::Table => self.finish(),
            TagEnd::List(_) => {
                if let Some(open) = self.open.last_mut() {
                    open.lists.pop();
                    if open.number == 0 {
                        self.open.pop();
                    }
                }
            }
            TagEnd::Emphasis => self.mark(|marks| marks.italic = marks.italic.saturating_sub(1)),
            TagEnd::Strong => self.mark(|marks| marks.bold = marks.bold.saturating_sub(1)),
            TagEnd::Strikethrough => self.mark(|marks| marks.struck = marks.struck.saturating_sub(1)),
            TagEnd::Link => self.mark(|marks| drop(marks.links.pop())),
            TagEnd::Image => {
                if let Some(open) = self.open.last_mut() {
                    open.in_image = open.in_image.saturating_sub(1);
                }
            }
            TagEnd::TableHead
            | TagEnd::TableRow
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::DefinitionList
            | TagEnd::MetadataBlock(_) => {}
        }
    }

    fn begin(&mut self, number: u64) {
        self.open.push(Open {
            id: (self.fresh)(),
            number,
            children: Vec::new(),
            runs: Vec::new(),
            style: json!({}),
            extra: Value::Null,
            marks: Marks::default(),
            in_image: 0,
            rows: 0,
            lists: Vec::new(),
        });
    }

    /// Ends the innermost open block and hangs it below the one around it.
    fn finish(&mut self) {
        let Some(mut block) = self.open.pop() else {
            return;
        };
        // A fence's last line end belongs to the fence, and that of an HTML block to nobody.
        if let Some((run, _)) = block.runs.last_mut().filter(|_| matches!(block.number, CODE | TEXT)) {
            run.truncate(run.trim_end_matches('\n').len());
        }
        // A paragraph that held nothing but images leaves nothing behind, except in a cell, which is never empty.
        let in_cell = self.open.last().is_some_and(|open| open.number == TABLE_CELL);
        let hollow = block.number == TEXT && block.runs.is_empty();
        if hollow && (!in_cell || self.open.last().is_some_and(|cell| !cell.children.is_empty())) {
            return;
        }
        let parent = self.hang(&block.id);
        self.write(&block, &parent);
    }

    /// Hangs an id below the innermost open block; the id of that block, empty on the first level.
    fn hang(&mut self, id: &str) -> String {
        if let Some(above) = self.open.iter_mut().rev().find(|open| open.number != 0) {
            above.children.push(id.to_owned());
            return above.id.clone();
        }
        self.first_level.push(id.to_owned());
        String::new()
    }

    fn write(&mut self, block: &Open, parent: &str) {
        let Some(kind) = Kind::of(block.number) else {
            return;
        };
        let payload = if kind.is_text {
            let element = |(content, style): &(String, Value)| json!({"text_run": {"content": content, "text_element_style": style}});
            json!({"elements": block.runs.iter().map(element).collect::<Vec<_>>(), "style": block.style})
        } else if kind.number == TABLE {
            let columns = block.extra["column_size"].as_u64().unwrap_or(0);
            let whole = json!({"row_span": 1, "col_span": 1});
            json!({"cells": block.children, "property": {
                "row_size": block.rows, "column_size": columns, "header_row": true,
                "column_width": vec![100; usize::try_from(columns).unwrap_or(0)],
                "merge_info": vec![whole; block.children.len()],
            }})
        } else if kind.number == IMAGE {
            json!({"token": "", "width": 0, "height": 0, "align": 2})
        } else {
            json!({})
        };
        self.done.push(json!({
            "block_id": block.id, "parent_id": parent, "block_type": kind.number, "children": block.children,
            kind.key: payload,
        }));
    }

    /// An image is a block: it ends the text before it, and the text after it is a new one.
    fn image(&mut self, address: String) {
        if let Some(open) = self.open.last_mut() {
            open.in_image += 1;
        }
        match self.open.pop() {
            Some(text) if text.number == TEXT => {
                let (marks, in_image) = (text.marks.clone(), text.in_image);
                if !text.runs.is_empty() {
                    self.open.push(text);
                    self.finish();
                }
                self.place(address);
                self.begin(TEXT);
                if let Some(rest) = self.open.last_mut() {
                    (rest.marks, rest.in_image) = (marks, in_image);
                }
            }
            // Nothing stands below a heading: its image goes before it.
            Some(heading) if (HEADING..BULLET).contains(&heading.number) => {
                self.place(address);
                self.open.push(heading);
            }
            // In an item's own text the image goes below the item.
            other => {
                self.open.extend(other);
                self.place(address);
            }
        }
    }

    fn place(&mut self, address: String) {
        self.begin(IMAGE);
        if let Some(image) = self.open.last() {
            self.images.push((image.id.clone(), address));
        }
        self.finish();
    }

    fn style(&mut self, style: Value) {
        if let Some(open) = self.open.last_mut() {
            open.style = style;
        }
    }

    fn mark(&mut self, change: impl FnOnce(&mut Marks)) {
        if let Some(open) = self.open.last_mut() {
            change(&mut open.marks);
        }
    }

    fn text(&mut self, text: &str, code: bool) {
        let Some(open) = self.open.last_mut().filter(|open| open.in_image == 0 && !text.is_empty()) else {
            return;
        };
        // White space before the first word is what an image left behind.
        let text = if open.runs.is_empty() && open.number == TEXT { text.trim_start() } else { text };
        if text.is_empty() {
            return;
        }
        let mut style = json!({
            "bold": open.marks.bold > 0, "inline_code": code, "italic": open.marks.italic > 0,
            "strikethrough": open.marks.struck > 0, "underline": false,
        });
        if let Some(address) = open.marks.links.last() {
            style["link"] = json!({"url": byte_serialize(address.as_bytes()).collect::<String>()});
        }
        match open.runs.last_mut() {
            Some((run, its)) if *its == style => run.push_str(text),
            _ => open.runs.push((text.to_owned(), style)),
        }
    }
}

const fn heading(level: HeadingLevel) -> u64 {
    match level {
        HeadingLevel::H1 => 0,
        HeadingLevel::H2 => 1,
        HeadingLevel::H3 => 2,
        HeadingLevel::H4 => 3,
        HeadingLevel::H5 => 4,
        HeadingLevel::H6 => 5,
    }
}
