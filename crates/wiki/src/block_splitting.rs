//! A converted tree made to fit, or refused, before anything of it is written.
//!
//! Enters: the tree as the provider's converter gave it. Leaves: one whose every block is within the limits of
//! [`crate::limits`]: a text that is too long is several, and so is a table. What cannot be cut is refused here, with its
//! line where the text tells it.

use serde_json::{Value, json};

use crate::Error;
use crate::block_text::{content, length, text_of};
use crate::block_tree::{Tree, block_type};
use crate::limits::{self, Limit, units};

impl Tree {
    /// Makes it fit. `tables` are the lines at which the text's tables begin, as far as they are known.
    ///
    /// # Errors
    /// [`Error::Beyond`].
    pub(crate) fn fit(&mut self, tables: &[usize]) -> Result<(), Error> {
        self.check_columns(tables)?;
        self.cut_texts()?;
        self.cut_tables()?;
        let deepest = self.deepest();
        for (limit, found) in
            [(Limit::Depth, deepest), (Limit::Blocks, self.blocks.len()), (Limit::Pictures, self.pictures.len())]
        {
            if found > limit.most() {
                return Err(Error::Beyond { limit, line: None, found });
            }
        }
        Ok(())
    }

    fn check_columns(&self, lines: &[usize]) -> Result<(), Error> {
        let in_order = self.first.iter().flat_map(|id| self.below(id));
        let tables: Vec<_> = in_order.filter_map(|id| self.blocks.get(id)).filter(|b| block_type(b) == TABLE).collect();
        for (n, table) in tables.iter().enumerate() {
            let columns = table.pointer("/table/property/column_size").and_then(Value::as_u64).unwrap_or(0);
            let found = usize::try_from(columns).unwrap_or(usize::MAX);
            if found > limits::COLUMNS {
                let line = lines.get(n).filter(|_| lines.len() == tables.len()).copied();
                return Err(Error::Beyond { limit: Limit::Columns, line, found });
            }
        }
        Ok(())
    }

    /// How many blocks stand in each other at the deepest place.
    fn deepest(&self) -> usize {
        let mut open: Vec<(&str, usize)> = self.first.iter().map(|id| (id.as_str(), 1)).collect();
        let mut deepest = 0;
        while let Some((id, depth)) = open.pop() {
            deepest = deepest.max(depth);
            open.extend(self.children(id).into_iter().map(|child| (child, depth + 1)));
        }
        deepest
    }

    /// Cuts every text that is too long into several. An item keeps the first piece, and what follows stands below it;
    /// any other text becomes several of its kind.
    fn cut_texts(&mut self) -> Result<(), Error> {
        let long: Vec<String> =
            self.blocks.iter().filter(|(_, block)| length(block) > limits::TEXT).map(|(id, _)| id.clone()).collect();
        for id in long {
            let block = self.blocks[&id].clone();
            let (kind, found) = (block_type(&block), length(&block));
            let Some((key, elements)) = text_of(&block) else { continue };
            if HEADINGS.contains(&kind) {
                return Err(Error::Beyond { limit: Limit::Heading, line: None, found });
            }
            let pieces = pieces(elements).ok_or(Error::Beyond { limit: Limit::Text, line: None, found })?;
            let names: Vec<String> =
                (0..pieces.len()).map(|n| if n == 0 { id.clone() } else { format!("{id}-part{n}") }).collect();
            let item = ITEMS.contains(&kind);
            let below: Vec<String> = self.children(&id).into_iter().map(str::to_owned).collect();
            let last = names.len() - 1;
            for (n, (name, elements)) in names.iter().zip(pieces).enumerate() {
                let goes_on = item && n > 0;
                let (mut piece, key) = if goes_on {
                    (json!({ "block_type": TEXT, "text": { "style": {} } }), "text")
                } else {
                    (block.clone(), key)
                };
                piece["block_id"] = Value::from(name.clone());
                piece[key]["elements"] = Value::from(elements);
                let children: Vec<String> = match n {
                    0 if item => names[1..].iter().chain(&below).cloned().collect(),
                    _ if n == last && !item => below.clone(),
                    _ => Vec::new(),
                };
                match piece.as_object_mut() {
                    Some(piece) if children.is_empty() => drop(piece.remove("children")),
                    _ => piece["children"] = Value::from(children),
                }
                self.blocks.insert(name.clone(), piece);
            }
            if !item {
                self.replace_child(&id, &names);
            }
            self.texts_cut += 1;
        }
        Ok(())
    }
}

/// Elements in runs that are each short enough; `None` where one is too long and cannot be cut.
fn pieces(elements: &[Value]) -> Option<Vec<Vec<Value>>> {
    let mut pieces: Vec<Vec<Value>> = vec![Vec::new()];
    let mut used = 0;
    for element in elements {
        let (kind, text) = content(element);
        let mut rest = text;
        loop {
            if used + units(rest) <= limits::TEXT {
                let mut element = element.clone();
                if !kind.is_empty() {
                    element[kind]["content"] = Value::from(rest);
                }
                used += units(rest);
                if kind.is_empty() || !rest.is_empty() || text.is_empty() {
                    pieces.last_mut()?.push(element);
                }
                break;
            }
            if kind == "text_run" {
                let (head, tail) = cut(rest, limits::TEXT - used);
                if !head.is_empty() {
                    let mut element = element.clone();
                    element[kind]["content"] = Value::from(head);
                    pieces.last_mut()?.push(element);
                }
                rest = tail;
            } else if used == 0 {
                return None;
            }
            pieces.push(Vec::new());
            used = 0;
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    Some(pieces)
}

/// Cuts a text so that the head has at most so many units: at the end of a line, which the cut stands for; else after a
/// blank; else anywhere.
fn cut(text: &str, room: usize) -> (&str, &str) {
    let mut used = 0;
    let fits = |(_, c): &(usize, char)| {
        used += c.len_utf16();
        used <= room
    };
    let end = text.char_indices().take_while(fits).last().map_or(0, |(at, c)| at + c.len_utf8());
    let window = &text[..end];
    if let Some(at) = window.rfind('\n').filter(|at| *at > 0) {
        return (&text[..at], &text[at + 1..]);
    }
    match window.rfind([' ', '\t', '\u{3000}']).filter(|at| *at > 0) {
        Some(at) => {
            let after = at + window[at..].chars().next().map_or(1, char::len_utf8);
            text.split_at(after)
        }
        None => text.split_at(end),
    }
}

const TEXT: u64 = 2;
const HEADINGS: std::ops::RangeInclusive<u64> = 3..=11;
/// Bullet, ordered, todo.
const ITEMS: [u64; 3] = [12, 13, 17];
const TABLE: u64 = 31;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::block_tree::tests::{answer, node, table};

    fn block(id: &str, kind: u64, key: &str, runs: &[&str], children: &[&str]) -> Value {
        let run = |text: &&str| json!({ "text_run": { "content": text, "text_element_style": { "bold": true } } });
        json!({ "block_id": id, "block_type": kind, "children": children,
                key: { "elements": runs.iter().map(run).collect::<Vec<_>>(), "style": { "language": 7 } } })
    }

    fn fitted(first: &[&str], blocks: &[Value]) -> Result<Tree, Error> {
        let mut tree = Tree::default();
        tree.add(&json!({ "first_level_block_ids": first, "blocks": blocks }))?;
        tree.fit(&[])?;
        Ok(tree)
    }

    fn words(tree: &Tree, id: &str) -> String {
        text_of(&tree.blocks[id]).unwrap().1.iter().map(|element| content(element).1).collect()
    }

    #[test]
    fn a_long_code_block_becomes_several_at_ends_of_lines() {
        let line = format!("{}\n", "x".repeat(999));
        let code = line.repeat(250);
        let tree =
            fitted(&["a", "z"], &[block("a", 14, "code", &[&code], &[]), block("z", 2, "text", &["z"], &[])]).unwrap();
        assert_eq!(tree.first, ["a", "a-part1", "a-part2", "z"]);
        assert_eq!(tree.texts_cut, 1);
        let parts: Vec<String> = tree.first[..3].iter().map(|id| words(&tree, id)).collect();
        assert_eq!(parts.join("\n"), code);
        for id in &tree.first[..3] {
            assert_eq!(
                (&tree.blocks[id]["block_type"], &tree.blocks[id]["code"]["style"]["language"]),
                (&json!(14), &json!(7))
            );
            assert_eq!(tree.blocks[id]["code"]["elements"][0]["text_run"]["text_element_style"]["bold"], json!(true));
        }
    }

    #[test]
    fn a_long_item_goes_on_below_itself_and_keeps_what_it_had() {
        let long = "word ".repeat(50_000);
        let blocks = [block("a", 12, "bullet", &[&long], &["b"]), block("b", 12, "bullet", &["below"], &[])];
        let tree = fitted(&["a"], &blocks).unwrap();
        assert_eq!(tree.children("a"), ["a-part1", "a-part2", "b"]);
        let all: String = ["a", "a-part1", "a-part2"].map(|id| words(&tree, id)).concat();
        assert_eq!(all, long);
        assert_eq!(tree.blocks["a-part1"]["block_type"], json!(2));
    }

    #[test]
    fn a_long_cell_and_a_long_paragraph_with_children_stay_whole() {
        let long = "x".repeat(150_000);
        let tree =
            fitted(&["a"], &[block("a", 2, "text", &[&long], &["b"]), block("b", 2, "text", &["b"], &[])]).unwrap();
        assert_eq!(tree.first, ["a", "a-part1"]);
        assert!(tree.children("a").is_empty());
        assert_eq!(tree.children("a-part1"), ["b"]);
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        let long = "x".repeat(100_001);
        let heading = fitted(&["a"], &[block("a", 4, "heading2", &[&long], &[])]);
        assert!(matches!(heading, Err(Error::Beyond { limit: Limit::Heading, found: 100_001, .. })));
        let formula =
            json!({ "block_id": "a", "block_type": 2, "text": { "elements": [{ "equation": { "content": long } }] } });
        assert!(matches!(fitted(&["a"], &[formula]), Err(Error::Beyond { limit: Limit::Text, .. })));
        let mut wide = Tree::default();
        wide.add(&answer(&[table(1, 2), table(2, 101)])).unwrap();
        assert!(matches!(
            wide.clone().fit(&[3, 9]),
            Err(Error::Beyond { limit: Limit::Columns, line: Some(9), found: 101 })
        ));
        assert!(matches!(wide.fit(&[3]), Err(Error::Beyond { limit: Limit::Columns, line: None, .. })));
        let mut deep = node(12, vec![]);
        for _ in 0..31 {
            deep = node(12, vec![deep]);
        }
        let fits = |nodes: &[crate::block_tree::tests::Node]| {
            let mut tree = Tree::default();
            tree.add(&answer(nodes)).unwrap();
            tree.fit(&[])
        };
        assert!(fits(std::slice::from_ref(&deep)).is_ok());
        assert!(matches!(fits(&[node(12, vec![deep])]), Err(Error::Beyond { limit: Limit::Depth, found: 33, .. })));
        assert!(fits(&vec![node(2, vec![]); 20_000]).is_ok());
        assert!(matches!(fits(&vec![node(2, vec![]); 20_001]), Err(Error::Beyond { limit: Limit::Blocks, .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn no_character_is_lost_but_the_line_ends_that_a_cut_stands_for(
            runs in prop::collection::vec(("[a-z🙂é \n]{1,8}", 1_usize..30_000), 1..4),
        ) {
            let runs: Vec<String> = runs.iter().map(|(text, times)| text.repeat(*times)).collect();
            let runs: Vec<&str> = runs.iter().map(String::as_str).collect();
            let tree = fitted(&["a"], &[block("a", 2, "text", &runs, &[])]).unwrap();
            prop_assert!(tree.blocks.values().all(|block| length(block) <= limits::TEXT));
            let all: String = tree.first.iter().map(|id| words(&tree, id)).collect();
            let plain = |text: &str| text.replace('\n', "");
            prop_assert_eq!(plain(&all), plain(&runs.concat()));
        }
    }
}
