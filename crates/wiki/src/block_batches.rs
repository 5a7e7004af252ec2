//! Which blocks go into which request.
//!
//! Enters: a [`Tree`]. Leaves: a list of insertions. Each brings whole subtrees of one parent's children, as many as the
//! caps of a request let in (reference/feishu.md §12.1, 5); a subtree that is larger than a request brings its top, and
//! the children that were left out follow under their parent, whose real id is known by then. Every block stands in
//! exactly one insertion, parents before children, and under each parent the index grows. Nothing here knows the time
//! or the network, so the same tree gives the same plan.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::block_tree::{Load, Tree};

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Insertion {
    /// The block that gets children, by its temporary id; none for the page itself.
    pub(crate) parent: Option<String>,
    /// The place of the first of them among the parent's children.
    pub(crate) index: usize,
    /// The children.
    pub(crate) children: Vec<String>,
    /// All blocks of the request, each before its own children.
    pub(crate) blocks: Vec<String>,
}

impl Insertion {
    /// The blocks as the request brings them: a block names those of its children that come along.
    pub(crate) fn descendants(&self, tree: &Tree) -> Vec<Value> {
        let along: HashSet<&str> = self.blocks.iter().map(String::as_str).collect();
        let block = |id: &String| {
            let mut block = tree.blocks.get(id).cloned().unwrap_or_default();
            let children: Vec<_> = tree.children(id).into_iter().filter(|child| along.contains(child)).collect();
            if children.is_empty() {
                if let Some(block) = block.as_object_mut() {
                    block.remove("children");
                }
            } else {
                block["children"] = Value::from(children);
            }
            block
        };
        self.blocks.iter().map(block).collect()
    }
}

/// The insertions for a whole tree, in the order in which they are sent.
pub(crate) fn insertions(tree: &Tree) -> Vec<Insertion> {
    let mut plan = Vec::new();
    let first = tree.first.iter().map(String::as_str).collect();
    // Taken from the end, so that what was left out of a request follows right after it.
    let mut waiting = vec![Task { parent: None, index: 0, children: first }];
    while let Some(task) = waiting.pop() {
        let (done, left) = fill(tree, task);
        plan.push(done);
        waiting.extend(left.into_iter().rev());
    }
    plan.retain(|insertion| !insertion.children.is_empty());
    plan
}

/// Which blocks must have become real before others can be put below them.
pub(crate) fn parents(plan: &[Insertion]) -> HashSet<&str> {
    plan.iter().filter_map(|insertion| insertion.parent.as_deref()).collect()
}

/// Children of one parent that still have to be inserted.
struct Task<'a> {
    parent: Option<&'a str>,
    index: usize,
    children: Vec<&'a str>,
}

/// Makes the first request of a task; gives back what is left to do, in order.
fn fill<'a>(tree: &'a Tree, task: Task<'a>) -> (Insertion, Vec<Task<'a>>) {
    let Task { parent, index, children } = task;
    let mut load = Load::default();
    let mut blocks: Vec<&str> = Vec::new();
    let mut left = Vec::new();
    let mut taken = 0;
    let load_of = |ids: &[&str]| ids.iter().fold(Load::default(), |sum, id| sum.and(tree.load(id)));
    for child in &children {
        let whole = tree.below(child);
        let whole_load = load_of(&whole);
        if load.and(whole_load).fits() {
            load = load.and(whole_load);
            blocks.extend(whole);
            taken += 1;
            continue;
        }
        if whole_load.fits() {
            break;
        }
        // Larger than any request: its top now, the rest right after this request, under the real ids.
        let seed = tree.seed(child);
        let seed_load = load_of(&seed);
        if taken > 0 && !load.and(seed_load).fits() {
            break;
        }
        let along: HashSet<&str> = seed.iter().copied().collect();
        for parent in &seed {
            let mut rest = tree.children(parent);
            let before = rest.len();
            rest.retain(|child| !along.contains(child));
            if !rest.is_empty() {
                left.push(Task { parent: Some(parent), index: before - rest.len(), children: rest });
            }
        }
        blocks.extend(seed);
        taken += 1;
        break;
    }
    let rest = children[taken..].to_vec();
    if !rest.is_empty() {
        left.push(Task { parent, index: index + taken, children: rest });
    }
    let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    let insertion = Insertion {
        parent: parent.map(str::to_owned),
        index,
        children: owned(&children[..taken]),
        blocks: owned(&blocks),
    };
    (insertion, left)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::block_tree::tests::{Node, answer, node, nodes, table};

    fn tree(nodes: &[Node]) -> Tree {
        let mut tree = Tree::default();
        tree.add(&answer(nodes)).unwrap();
        tree.cut_tables().unwrap();
        tree
    }

    /// Plays the plan as the provider would, checking its rules; gives back the tree that came about.
    fn play(tree: &Tree, plan: &[Insertion]) -> (Vec<String>, BTreeMap<String, Vec<String>>) {
        let mut page: Vec<String> = Vec::new();
        let mut real: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for insertion in plan {
            let descendants = insertion.descendants(tree);
            assert!(descendants.len() <= 1000 && insertion.children.len() <= 1000);
            let images = descendants.iter().filter(|block| block["block_type"] == 27).count();
            assert!(images <= 20, "{images} pictures");
            let ids: HashSet<&str> = descendants.iter().map(|block| block["block_id"].as_str().unwrap()).collect();
            let mut named: HashSet<&str> = insertion.children.iter().map(String::as_str).collect();
            for block in &descendants {
                let id = block["block_id"].as_str().unwrap();
                let children: Vec<&str> = block
                    .get("children")
                    .into_iter()
                    .flat_map(|c| c.as_array().unwrap())
                    .map(|c| c.as_str().unwrap())
                    .collect();
                if block["block_type"] == 31 {
                    let property = &block["table"]["property"];
                    let cells = property["row_size"].as_u64().unwrap() * property["column_size"].as_u64().unwrap();
                    assert_eq!(children.len() as u64, cells, "a table comes with all its cells");
                }
                if [32, 34].contains(&block["block_type"].as_u64().unwrap()) {
                    assert!(!children.is_empty(), "this block cannot be empty");
                }
                for child in &children {
                    assert!(ids.contains(child), "a child that does not come along");
                    assert!(named.insert(child), "a child of two parents");
                }
                let before = real.insert(id.to_owned(), children.iter().map(|child| (*child).to_owned()).collect());
                assert!(before.is_none(), "{id} twice");
            }
            assert_eq!(named, ids, "a block that is nobody's child");
            let siblings = match &insertion.parent {
                None => &mut page,
                Some(parent) => real.get_mut(parent).expect("its parent is there already"),
            };
            assert_eq!(siblings.len(), insertion.index, "the index is the end of what is there");
            siblings.extend(insertion.children.iter().cloned());
        }
        (page, real)
    }

    fn arrives(tree: &Tree) {
        let plan = insertions(tree);
        let (page, real) = play(tree, &plan);
        assert_eq!(page, tree.first);
        let wanted: BTreeMap<_, Vec<String>> = tree
            .blocks
            .keys()
            .map(|id| (id.clone(), tree.children(id).into_iter().map(str::to_owned).collect()))
            .collect();
        assert_eq!(real, wanted);
    }

    #[test]
    fn small_pages_take_one_request() {
        assert!(insertions(&Tree::default()).is_empty());
        let small = tree(&[node(3, vec![]), table(3, 3), node(12, vec![node(12, vec![])])]);
        assert_eq!(insertions(&small).len(), 1);
    }

    #[test]
    fn requests_are_filled_to_their_caps() {
        let flat = tree(&vec![node(2, vec![]); 3000]);
        assert_eq!(insertions(&flat).iter().map(|i| i.blocks.len()).collect::<Vec<_>>(), [1000, 1000, 1000]);
        let pictures = tree(&vec![node(27, vec![]); 45]);
        assert_eq!(insertions(&pictures).iter().map(|i| i.blocks.len()).collect::<Vec<_>>(), [20, 20, 5]);
    }

    #[test]
    fn a_subtree_larger_than_a_request_arrives_under_its_own_parents() {
        // One list item with 2,500 below it, and one of these with 1,500.
        let mut items = vec![node(12, vec![]); 1000];
        items.push(node(12, vec![node(2, vec![]); 1500]));
        let large = tree(&[node(2, vec![]), node(12, items), node(2, vec![])]);
        arrives(&large);
        let plan = insertions(&large);
        assert!(plan.len() <= 6, "{}", plan.len());
        let last = plan.last().unwrap();
        assert_eq!((last.parent.as_deref(), last.index), (None, 2));
        arrives(&tree(&[node(34, vec![node(2, vec![]); 2500]), table(300, 4)]));
        arrives(&tree(&[node(12, vec![node(12, vec![node(27, vec![]); 30]); 3])]));
    }

    #[test]
    fn blocks_name_only_the_children_that_come_along() {
        let large = tree(&[node(12, vec![node(2, vec![]); 1200])]);
        let plan = insertions(&large);
        assert_eq!(plan[0].descendants(&large), [json!({ "block_id": "b1", "block_type": 12 })]);
        assert_eq!(plan[1].parent.as_deref(), Some("b1"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn every_block_arrives_once_in_its_place(nodes in nodes()) {
            arrives(&tree(&nodes));
        }
    }
}
