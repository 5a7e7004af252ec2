//! What the provider takes, as data: one place for every number of its documents and pages.
//!
//! Sources are in brackets, as read 2026-11. Where no number is published the choice is
//! ours and says so; then the order of the work protects the page: new content goes in before old content goes.
//! What each limit does to a file: **cut** loses nothing (a long text becomes several, a long table several of whole
//! rows, many blocks several requests), **refused** names the line, before anything is made or changed.

/// Characters of a page's title [docx, create]. Refused: a shorter one is for the person to choose.
pub(crate) const TITLE: usize = 800;
/// Characters that are converted by one request [reference/feishu.md §12.1, 3]. Cut between first-level blocks; one
/// block beyond it is refused. We count bytes, of which there are never fewer.
pub(crate) const CONVERTED: usize = 10_485_760;
/// Characters of one text: paragraph, code block, item, cell [reference/feishu.md §12.2: 1003; 1770033]. Cut; a heading
/// is refused. Counted in UTF-16 units, of which there are never fewer than characters.
pub(crate) const TEXT: usize = 100_000;
/// Columns of a table [reference/feishu.md §12.2: 1002; 1770010]. Refused.
pub(crate) const COLUMNS: usize = 100;
/// Cells of a table [reference/feishu.md §12.2: 1001; 1770011]. Cut into tables of whole rows.
pub(crate) const CELLS: usize = 2000;
/// Levels of blocks: lists and quotes in each other [1770005, 7001; no number is published]. Refused.
pub(crate) const DEPTH: usize = 32;
/// Blocks of a document [reference/feishu.md §12.2: 1000; 1770004]. Refused.
pub(crate) const BLOCKS: usize = 20_000;
/// Pictures, as many as may be uploaded in a day [reference/feishu.md §12.1, 6]. Refused.
pub(crate) const PICTURES: usize = 10_000;
/// Bytes of a picture, and of a file that is imported [reference/feishu.md §12.1, 6; §12.2: 1069909]. One of this
/// machine is refused, one of the web becomes a link.
pub(crate) const FILE: u64 = 20 * 1024 * 1024;
/// Characters of an uploaded file's name [1061008]. Cut: the name is shown nowhere.
pub(crate) const NAME: usize = 250;
/// Bytes of a Markdown file: more text than any page holds, and little enough for memory. Ours. Refused.
pub(crate) const MARKDOWN: u64 = 256 << 20;

/// What one request may bring [reference/feishu.md §12.1, 5]: blocks, images, files, mentions of documents and of
/// users, chat cards, third parties' blocks, sheets, tables of data; and units of text, where the number is ours. Cut
/// into several requests.
pub(crate) const REQUEST: [u32; 10] = [1000, 20, 200, 200, 200, 200, 20, 5, 5, 1_000_000];
/// Blocks taken away by one request. Ours: no number is published.
pub(crate) const REMOVED: usize = 1000;
/// Pictures put into their places by one request; it would take 200 [reference/feishu.md §12.1, 6], but uploaded tokens
/// should not wait long.
pub(crate) const PLACED: usize = 20;

/// A limit that a file goes beyond and that cannot be met by cutting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// Characters of the title.
    Title,
    /// Characters of a heading.
    Heading,
    /// Characters of a text that cannot be cut.
    Text,
    /// Columns of a table.
    Columns,
    /// Blocks and pictures of a table's row: one request has to bring them.
    Row,
    /// Levels of lists and quotes.
    Depth,
    /// Blocks of the page.
    Blocks,
    /// Pictures.
    Pictures,
}

impl Limit {
    /// The most that is taken.
    pub const fn most(self) -> usize {
        match self {
            Self::Title => TITLE,
            Self::Heading | Self::Text => TEXT,
            Self::Columns => COLUMNS,
            Self::Row => REQUEST[0] as usize,
            Self::Depth => DEPTH,
            Self::Blocks => BLOCKS,
            Self::Pictures => PICTURES,
        }
    }

    /// What it counts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Heading => "heading",
            Self::Text => "text",
            Self::Columns => "columns",
            Self::Row => "row",
            Self::Depth => "depth",
            Self::Blocks => "blocks",
            Self::Pictures => "pictures",
        }
    }
}

/// Units of a text as the limits count them.
pub(crate) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// A file's name that is not too long, with its ending.
pub(crate) fn name(name: &str) -> String {
    let count = name.chars().count();
    if count <= NAME {
        return name.to_owned();
    }
    let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
    let ending = if ending.chars().count() <= LONGEST_ENDING { ending } else { "" };
    name.chars().take(NAME - ending.chars().count()).chain(ending.chars()).collect()
}

const LONGEST_ENDING: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_ending() {
        assert_eq!(name("a.png"), "a.png");
        let long = name(&format!("{}.png", "ä".repeat(300)));
        assert!(long.ends_with("ä.png") && long.chars().count() == NAME);
        assert_eq!(name(&"x".repeat(300)).len(), NAME);
        assert_eq!(name(&format!("x.{}", "y".repeat(300))).len(), NAME);
    }
}
