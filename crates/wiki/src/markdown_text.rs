//! The Markdown text: its title, its pictures, and its parts.
//!
//! Enters: the body of a file. Leaves: the title it gives itself, the body with every picture that is sent from here
//! under an address of ours and without names and passwords in the addresses of links, and parts that the converter takes. Positions come from a parser of `CommonMark`, so a picture in
//! a code block is code, and one inside a link inside a table is found.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};

use crate::file_links::{FileLink, FileLinks};
use crate::image_sources::without_login;
use crate::{Error, html_images};

/// A body, read once.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    body: &'a str,
    heading: Option<Heading>,
    first: Vec<usize>,
    pictures: Vec<Picture>,
    definitions: Vec<Range<usize>>,
    /// Where addresses of links and definitions hold a name or a password, in their order.
    logins: Vec<Login>,
    /// Pictures in HTML that cannot be taken out of it: where they begin, and their address.
    hidden: Vec<(usize, String)>,
    files: Vec<FileLink>,
}

/// Where an address holds a name or a password.
#[derive(Debug)]
struct Login {
    place: Range<usize>,
    /// What is sent instead.
    instead: String,
    /// The address as it may be shown.
    shown: String,
}

/// The first heading of the first level.
#[derive(Debug)]
struct Heading {
    words: String,
    place: Range<usize>,
    leads: bool,
}

/// A picture as it stands in the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    /// Where it points.
    pub(crate) destination: String,
    /// What it says where it cannot be shown.
    pub(crate) words: String,
    /// How it is written.
    pub(crate) written: PictureSyntax,
    place: Range<usize>,
}

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PictureSyntax {
    /// As Markdown has it.
    Markdown,
    /// `<img src="…">` among words.
    Inline,
    /// `<img src="…">` in a block of HTML; as Markdown it needs lines of its own.
    Block,
    /// `![[…]]`, as programs for notes have it.
    Embed,
}

/// What is to stand in a picture's place. Where a name or a password would be shown by it, its words stand there instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stand {
    /// The picture as it is.
    AsItIs,
    /// A picture with this address, by which the converter's answer names it.
    Address(String),
    /// A link to where it points.
    Link,
    /// Its words, in italics.
    Words,
}

impl<'a> Text<'a> {
    /// Reads a body.
    pub(crate) fn read(body: &'a str) -> Self {
        let (first, pictures, definitions, hidden) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (logins, files) = (Vec::new(), Vec::new());
        let mut text = Self { body, heading: None, first, pictures, definitions, logins, hidden, files };
        let (mut links, mut file_links) = (Links::default(), FileLinks::default());
        let mut depth = 0_usize;
        // The heading and the picture that are being read.
        let (mut in_heading, mut in_picture, mut picture_opens) = (false, 0_usize, false);
        let mut events = Parser::new_ext(body, OPTIONS | Options::ENABLE_WIKILINKS).into_offset_iter();
        for (event, place) in events.by_ref() {
            let opens = matches!(event, Event::Start(_));
            text.logins.extend(links.login(&event, &place));
            text.files.extend(file_links.read(body, &event, &place));
            if depth == 0 && !matches!(event, Event::End(_)) {
                text.first.push(place.start);
            }
            match &event {
                Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) if depth == 0 && text.heading.is_none() => {
                    in_heading = true;
                    let leads = text.first.len() == 1;
                    text.heading = Some(Heading { words: String::new(), place: place.clone(), leads });
                }
                Event::End(TagEnd::Heading(_)) if depth == 1 => in_heading = false,
                Event::Start(Tag::Image { dest_url, link_type, .. }) => {
                    let embed = matches!(link_type, LinkType::WikiLink { .. });
                    // A picture in the words of another is not shown, and a note that is embedded is no picture.
                    if in_picture == 0 && (!embed || looks_like_a_picture(dest_url)) {
                        let (destination, words) = (dest_url.to_string(), String::new());
                        let written = if embed { PictureSyntax::Embed } else { PictureSyntax::Markdown };
                        text.pictures.push(Picture { destination, words, written, place: place.clone() });
                        picture_opens = true;
                    }
                    in_picture += 1;
                }
                Event::InlineHtml(_) if in_picture == 0 => text.html(place.clone(), PictureSyntax::Inline),
                Event::Start(Tag::HtmlBlock) => {
                    let html = &body[place.clone()];
                    if depth == 0 {
                        if !html_images::is_raw(html) {
                            text.html(place.clone(), PictureSyntax::Block);
                        }
                    } else {
                        let hidden = html_images::pictures(html).into_iter();
                        text.hidden.extend(hidden.map(|tag| (place.start + tag.place.start, tag.address)));
                    }
                }
                Event::End(TagEnd::Image) => {
                    in_picture = in_picture.saturating_sub(1);
                    picture_opens &= in_picture > 0;
                }
                _ => {}
            }
            let words = match &event {
                Event::Text(words) | Event::Code(words) => Some(words.as_ref()),
                Event::SoftBreak | Event::HardBreak => Some(" "),
                _ => None,
            };
            if let Some(words) = words {
                if picture_opens && let Some(picture) = text.pictures.last_mut() {
                    picture.words.push_str(words);
                }
                if in_heading && let Some(heading) = &mut text.heading {
                    heading.words.push_str(words);
                }
            }
            match event {
                _ if opens => depth += 1,
                Event::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        for (label, definition) in events.reference_definitions().iter() {
            let place = definition.span.clone();
            text.definitions.push(place.clone());
            text.files.extend(FileLink::defined(label, &definition.dest, &place));
            if let Some(shown) = without_login(&definition.dest) {
                text.logins.push(Login { place, instead: format!("[{label}]: <{shown}>"), shown });
            }
        }
        text.definitions.sort_by_key(|place| place.start);
        text.files.sort_by_key(|link| link.place.start);
        text.logins.extend(links.unread(body, &text.definitions));
        text.logins.sort_by_key(|login| login.place.start);
        // `![[name|300]]` and `![[name]]` say how wide it is, or its name again.
        for picture in text.pictures.iter_mut().filter(|picture| picture.written == PictureSyntax::Embed) {
            if picture.words == picture.destination || picture.words.chars().all(|c| c.is_ascii_digit() || c == 'x') {
                picture.words.clear();
            }
        }
        text
    }

    /// The pictures of a stretch of HTML.
    fn html(&mut self, place: Range<usize>, written: PictureSyntax) {
        for tag in html_images::pictures(&self.body[place.clone()]) {
            let (start, end) = (place.start + tag.place.start, place.start + tag.place.end);
            self.pictures.push(Picture { destination: tag.address, words: tag.words, written, place: start..end });
        }
    }

    /// The line of a picture, counted from one.
    pub(crate) fn line_of(&self, picture: &Picture) -> usize {
        self.line(picture.place.start)
    }

    /// Pictures that cannot be taken out of the HTML around them, with their lines.
    pub(crate) fn hidden(&self) -> Vec<(usize, &str)> {
        self.hidden.iter().map(|(at, address)| (self.line(*at), address.as_str())).collect()
    }

    /// The addresses of links that hold a name or a password, as they may be shown.
    pub(crate) fn logins(&self) -> impl Iterator<Item = &str> {
        self.logins.iter().map(|login| login.shown.as_str())
    }

    fn line(&self, at: usize) -> usize {
        self.body[..at].matches('\n').count() + 1
    }

    /// The title the text gives itself: its first heading of the first level.
    pub(crate) fn title(&self) -> Option<&str> {
        self.heading.as_ref().map(|heading| heading.words.trim()).filter(|words| !words.is_empty())
    }

    /// The pictures, in their order.
    pub(crate) fn pictures(&self) -> &[Picture] {
        &self.pictures
    }

    /// The links to Markdown files, in their order.
    pub(crate) fn files(&self) -> &[FileLink] {
        &self.files
    }

    /// The parts that are sent to the converter, each at most `limit` bytes (and so at most as many characters), with
    /// `stands` in the pictures' places. A heading that says `title` and leads the text is left out: the page shows its
    /// title above the text anyway. Definitions of links are repeated in every part, since links anywhere may use them.
    ///
    /// # Errors
    /// [`Error::TooLong`] for a first-level block that is longer by itself.
    ///
    /// # Panics
    /// When there are not as many stands as pictures.
    pub(crate) fn parts(&self, title: &str, stands: &[Stand], limit: usize) -> Result<Vec<String>, Error> {
        assert_eq!(stands.len(), self.pictures.len(), "a stand for each picture");
        // One without words repeats nothing.
        let repeats = |words: &str| !words.is_empty() && words == title.trim();
        let heading = self.heading.as_ref().filter(|heading| heading.leads && repeats(heading.words.trim()));
        let skip = heading.map_or(0, |heading| heading.place.end);
        // Where blocks begin, and the end. What stands before the first one belongs to it.
        let mut cuts: Vec<_> = self.first.iter().copied().filter(|start| *start > skip).collect();
        if heading.is_some() {
            // The first block after the heading, which itself is gone.
            cuts.retain(|start| self.body[skip..*start].trim() != "");
        }
        cuts.insert(0, skip);
        cuts.dedup();
        cuts.push(self.body.len());
        let pieces: Vec<(Range<usize>, String)> =
            cuts.windows(2).map(|cut| (cut[0]..cut[1], self.piece(cut[0]..cut[1], stands))).collect();
        let whole: usize = pieces.iter().map(|(_, piece)| piece.len()).sum();
        if whole <= limit {
            let whole: String = pieces.into_iter().map(|(_, piece)| piece).collect();
            return Ok(if whole.trim().is_empty() { Vec::new() } else { vec![whole] });
        }
        let definitions: String =
            self.definitions.iter().flat_map(|place| ["\n", self.definition(place), "\n"]).collect();
        let room = limit.saturating_sub(definitions.len());
        let mut parts: Vec<String> = Vec::new();
        let mut part = String::new();
        for (place, piece) in pieces {
            if piece.len() > room {
                let line = self.body[..place.start].lines().count() + 1;
                return Err(Error::TooLong { line, limit });
            }
            if part.len() + piece.len() > room {
                parts.push(std::mem::take(&mut part));
            }
            part.push_str(&piece);
        }
        parts.push(part);
        Ok(parts.into_iter().filter(|part| !part.trim().is_empty()).map(|part| part + &definitions).collect())
    }

    /// A definition as it is sent.
    fn definition(&self, place: &Range<usize>) -> &str {
        let login = self.logins.iter().find(|login| login.place == *place);
        login.map_or(&self.body[place.clone()], |login| &login.instead)
    }

    /// A piece of the body with the stands in it.
    fn piece(&self, place: Range<usize>, stands: &[Stand]) -> String {
        let pictures = self.pictures.iter().zip(stands);
        let pictures = pictures.filter_map(|(picture, stand)| Some((&picture.place, standing(picture, stand)?)));
        let logins = self.logins.iter().map(|login| (&login.place, login.instead.clone()));
        let mut changes: Vec<_> = pictures.chain(logins).filter(|(at, _)| place.contains(&at.start)).collect();
        changes.sort_by_key(|(at, _)| at.start);
        let mut piece = String::with_capacity(place.len());
        let mut at = place.start;
        for (changed, instead) in changes {
            // What is in the words of another is gone with them.
            if changed.start < at {
                continue;
            }
            piece.push_str(&self.body[at..changed.start]);
            piece.push_str(&instead);
            at = changed.end;
        }
        piece.push_str(&self.body[at.min(place.end)..place.end]);
        piece
    }
}

/// What stands in a picture's place; `None` where that stays as it is.
fn standing(picture: &Picture, stand: &Stand) -> Option<String> {
    let words = escaped(&picture.words);
    let shows = matches!(stand, Stand::AsItIs | Stand::Link);
    let hides = shows && without_login(&picture.destination).is_some();
    Some(match if hides { &Stand::Words } else { stand } {
        Stand::AsItIs => return None,
        // Blank lines end the block of HTML before it, and what follows begins another.
        Stand::Address(address) if picture.written == PictureSyntax::Block => {
            format!("\n\n![{words}]({address})\n\n")
        }
        Stand::Address(address) => format!("![{words}]({address})"),
        Stand::Link if !words.trim().is_empty() => {
            format!("[{words}](<{}>)", picture.destination.replace(['<', '>', '\n'], ""))
        }
        Stand::Link => format!("<{}>", picture.destination.replace(['<', '>', '\n', ' '], "")),
        Stand::Words if words.trim().is_empty() => String::new(),
        Stand::Words => format!("*{}*", words.trim()),
    })
}

/// The links that are being read, and the blocks that were: what is in none of them nobody reads.
#[derive(Default)]
struct Links {
    /// Of each open link the address as it may be shown, if it holds a login, and where its words end; `None` where the address is its
    /// own words.
    open: Vec<(Option<String>, Option<usize>)>,
    blocks: Vec<Range<usize>>,
}

impl Links {
    /// The login in the address of a link that ends here.
    fn login(&mut self, event: &Event<'_>, place: &Range<usize>) -> Option<Login> {
        match event {
            Event::Start(Tag::Link { link_type, dest_url, .. }) => {
                let is_here = matches!(link_type, LinkType::Inline | LinkType::Autolink | LinkType::WikiLink { .. });
                let words = (*link_type == LinkType::Inline).then_some(place.start + 1);
                self.open.push((without_login(dest_url).filter(|_| is_here), words));
                return None;
            }
            Event::End(TagEnd::Link) => {
                let (shown, words) = self.open.pop()?;
                self.words_end_at(place.end);
                let shown = shown?;
                let (start, instead) = match words {
                    Some(words) => (words, format!("](<{shown}>)")),
                    None => (place.start, format!("<{shown}>")),
                };
                return Some(Login { place: start..place.end, instead, shown });
            }
            Event::Start(
                Tag::Paragraph | Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::HtmlBlock | Tag::Table(_) | Tag::Item,
            ) => self.blocks.push(place.clone()),
            Event::Start(_) => {}
            _ => self.words_end_at(place.end),
        }
        None
    }

    fn words_end_at(&mut self, end: usize) {
        if let Some((_, Some(words))) = self.open.last_mut() {
            *words = end.max(*words);
        }
    }

    /// Lines that are in no block, such as a second definition of one name.
    fn unread<'b>(&'b self, body: &'b str, definitions: &'b [Range<usize>]) -> impl Iterator<Item = Login> + 'b {
        let lines = body.split_inclusive('\n').scan(0, |at, line| {
            *at += line.len();
            Some((*at - line.len()..*at, line))
        });
        lines.filter_map(move |(place, line)| {
            let text = line.trim_end();
            let address = text.split_once("]:")?.1.trim().trim_start_matches('<');
            let address = address.split(|c: char| c.is_whitespace() || c == '>').next().unwrap_or_default();
            let shown = without_login(address)?;
            let meets = |other: &Range<usize>| other.start < place.end && place.start < other.end;
            let is_read = self.blocks.iter().chain(definitions).any(meets);
            (!is_read).then(|| Login { place: place.start..place.start + text.len(), instead: String::new(), shown })
        })
    }
}

/// Whether a name ends as pictures' names do.
fn looks_like_a_picture(name: &str) -> bool {
    let ending = name.split(['#', '?']).next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    ending.is_some_and(|ending| ENDINGS.iter().any(|known| ending.trim().eq_ignore_ascii_case(known)))
}

/// Words that mean only themselves (`CommonMark` §2.4).
fn escaped(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for c in words.chars() {
        if c.is_ascii_punctuation() {
            text.push('\\');
        }
        text.push(if c.is_control() { ' ' } else { c });
    }
    text
}

/// What is read as the provider's converter reads it.
pub(crate) const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_FOOTNOTES);
const ENDINGS: &[&str] = &["png", "jpg", "jpeg", "gif", "webp", "bmp", "svg", "tif", "tiff", "ico", "avif", "heic"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_heading_is_the_title() {
        assert_eq!(Text::read("A\n\n# The `x` of\n\n# No").title(), Some("The x of"));
        assert_eq!(Text::read("Title\n=====\n").title(), Some("Title"));
        assert_eq!(Text::read("> # quoted\n\n## second\n").title(), None);
        assert_eq!(Text::read("#\n").title(), None);
        assert_eq!(Text::read("```\n# code\n```\n").title(), None);
    }

    #[test]
    fn a_leading_heading_that_is_the_title_is_left_out() {
        let parts = |body: &str, title: &str| Text::read(body).parts(title, &[], 1000).unwrap().concat();
        assert_eq!(parts("# T\n\nx\n", "T").trim(), "x");
        assert_eq!(parts("T\n===\nx\n", "T").trim(), "x");
        assert_eq!(parts("# T\n\nx\n", "Other"), "# T\n\nx\n");
        assert_eq!(parts("x\n\n# T\n", "T"), "x\n\n# T\n");
        assert!(Text::read("# T\n").parts("T", &[], 9).unwrap().is_empty());
        assert!(Text::read(" \n\n").parts("T", &[], 9).unwrap().is_empty());
    }

    #[test]
    fn pictures_are_found_wherever_they_stand() {
        let body = "![a](1.png \"t\")\n\n- [![b\nb](<2 .png>)](x)\n\n| ![c|](3.png) |\n|-|\n| ![d][r] |\n\n> ![e *f* `g`](4.png)\n\n\
                    ```\n![no](5.png)\n```\n`![no](6.png)` \\![no](7.png)\n\n[r]: 8.png\n";
        let text = Text::read(body);
        let found: Vec<_> = text.pictures().iter().map(|p| (p.destination.as_str(), p.words.as_str())).collect();
        // In a table, a bar ends the cell, wherever it stands.
        assert_eq!(&found[..2], [("1.png", "a"), ("2 .png", "b b")]);
        assert_eq!(found.last().unwrap(), &("4.png", "e f g"));
        assert!(found.contains(&("8.png", "d")));
        let stands: Vec<_> = (0..found.len()).map(|n| Stand::Address(format!("https://x.invalid/{n}"))).collect();
        let whole = text.parts("", &stands, 10_000).unwrap().concat();
        let again = Text::read(&whole);
        let found: Vec<_> = again.pictures().iter().map(|p| p.destination.clone()).collect();
        assert_eq!(found, (0..stands.len()).map(|n| format!("https://x.invalid/{n}")).collect::<Vec<_>>());
        assert!(whole.contains("`![no](6.png)` \\![no](7.png)"));
    }

    #[test]
    fn pictures_written_as_html_and_as_embeds_are_pictures() {
        let body = "<p align=\"center\">\n  <img src=\"a.png\" alt=\"A\">\n</p>\n\nwords <img src='b.png'/> words ![[c.png|300]] ![[d.png]] ![[Note]]\n\n\
                    <!-- <img src=\"no.png\"> -->\n\n`<img src=no.png>` `![[no.png]]`\n\n- x\n\n  <div><img src=\"hidden.png\"></div>\n";
        let text = Text::read(body);
        let found: Vec<_> =
            text.pictures().iter().map(|p| (p.destination.as_str(), p.words.as_str(), p.written)).collect();
        assert_eq!(
            found,
            [
                ("a.png", "A", PictureSyntax::Block),
                ("b.png", "", PictureSyntax::Inline),
                ("c.png", "", PictureSyntax::Embed),
                ("d.png", "", PictureSyntax::Embed),
            ]
        );
        assert_eq!(text.pictures().iter().map(|p| text.line_of(p)).collect::<Vec<_>>(), [2, 5, 5, 5]);
        assert_eq!(text.hidden(), [(13, "hidden.png")]);
        let stands: Vec<_> = (0..4).map(|n| Stand::Address(format!("https://x.invalid/{n}"))).collect();
        let whole = text.parts("", &stands, 10_000).unwrap().concat();
        let again = Text::read(&whole);
        let found: Vec<_> = again.pictures().iter().map(|p| (p.destination.clone(), p.written)).collect();
        let wanted: Vec<_> = (0..4).map(|n| (format!("https://x.invalid/{n}"), PictureSyntax::Markdown)).collect();
        assert_eq!(found, wanted);
        assert!(
            whole.contains("![[Note]]") && whole.contains("`![[no.png]]`") && whole.contains("<p align=\"center\">")
        );
        // What is to stay stays to the letter.
        assert_eq!(text.parts("", &vec![Stand::AsItIs; 4], 10_000).unwrap().concat(), body);
    }

    #[test]
    fn a_heading_without_words_stays() {
        assert_eq!(Text::read("#  \n\ntext").parts("", &[], 100).unwrap(), ["#  \n\ntext"]);
    }

    #[test]
    fn a_picture_that_cannot_be_sent_becomes_a_link_or_words() {
        let text = Text::read("x ![a*b](http://e.test/a) ![](http://e.test/b) ![c](d:)");
        let parts = text.parts("", &[Stand::Link, Stand::Link, Stand::Words], 1000).unwrap();
        assert_eq!(parts, ["x [a\\*b](<http://e.test/a>) <http://e.test/b> *c*"]);
    }

    #[test]
    fn addresses_of_links_are_sent_without_names_and_passwords() {
        let body = "[a `b` ![c](https://e.test/c.png)](https://ada:geheim@e.test/1 \"t\") [x][r] [r] [](//ada:geheim@e.test/2) \
                    <https://ada:ge%20heim@e.test/3> [y](https://ada:ge\\*heim&#64;e.test/4)\n\n\
                    [r]:\n  <https://geheim@e.test/5> 'title'\n[R]: https://ada:geheim@e.test/6\n\n\
                    > [q]: https://ada:geheim@e.test/7\n\n![z][p]\n\n[p]: https://ada:geheim@e.test/8.png\n\n\
                    ```\n[k]: https://ada:code@e.test/\n```\n";
        let text = Text::read(body);
        let stands = vec![Stand::AsItIs; text.pictures().len()];
        for limit in [10_000, 250] {
            let whole = text.parts("", &stands, limit).unwrap().concat();
            assert!(
                !whole.contains("heim") && whole.contains("[a `b` ![c](https://e.test/c.png)](<https://e.test/1>)"),
                "{whole}"
            );
            assert!((1..=8).filter(|n| *n != 6).all(|n| whole.contains(&format!("//e.test/{n}"))), "{whole}");
            assert!(
                whole.contains("[r]: <https://e.test/5>") && whole.contains("*z*") && whole.contains("ada:code@"),
                "{whole}"
            );
        }
        let shown: Vec<_> = text.logins().collect();
        assert_eq!(shown.len(), 8, "{shown:?}");
        assert!(shown.iter().all(|address| !address.contains('@')), "{shown:?}");
    }

    #[test]
    fn a_long_text_is_cut_between_first_level_blocks_and_keeps_its_links() {
        let body = "# A\n\nsome [x][r] words\n\n- one\n- two\n\n```\ncode\n\ncode\n```\n\n[r]: http://e.test\n";
        let parts = Text::read(body).parts("", &[], 60).unwrap();
        assert!(parts.len() > 1 && parts.iter().all(|part| part.len() <= 60), "{parts:?}");
        assert!(parts.iter().all(|part| part.contains("[r]: http://e.test")));
        let list = parts.iter().filter(|part| part.contains("- one\n- two")).count();
        let code = parts.iter().filter(|part| part.contains("```\ncode\n\ncode\n```")).count();
        assert_eq!((list, code), (1, 1), "{parts:?}");
        let Err(Error::TooLong { line, limit }) = Text::read(body).parts("", &[], 40) else { panic!() };
        assert_eq!((line, limit), (8, 40));
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_and_no_part_is_too_long(
            blocks in prop::collection::vec("(# |- |> |1\\. )?[a-z é\\]\\[!()*`|]{1,30}", 1..20), limit in 40_usize..200,
        ) {
            let body = blocks.join("\n\n");
            let text = Text::read(&body);
            let stands = vec![Stand::AsItIs; text.pictures().len()];
            prop_assert_eq!(text.parts("", &stands, usize::MAX).unwrap().concat(), if body.trim().is_empty() { "" } else { body.as_str() });
            if let Ok(parts) = text.parts("", &stands, limit) {
                prop_assert!(parts.iter().all(|part| part.len() <= limit));
                if text.definitions.is_empty() {
                    // A blank stretch alone is no part.
                    let (whole, kept) = (body.replace([' ', '\n'], ""), parts.concat().replace([' ', '\n'], ""));
                    prop_assert_eq!(whole, kept);
                }
            }
        }

        #[test]
        fn any_text_at_all_is_read(body in "\\PC{0,80}") {
            let text = Text::read(&body);
            let stands = vec![Stand::Address("https://x.invalid/1".into()); text.pictures().len()];
            let _ = text.parts(text.title().unwrap_or_default(), &stands, 50);
        }
    }
}
