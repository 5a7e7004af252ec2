//! The sources of a crate, read far enough to know which file imports which.
//!
//! Enters: the folder of a crate's root. Leaves: for each file, the files whose items it names. No parser of Rust: comments, texts and
//! test modules are taken out, then `mod`, `use` and paths are looked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A crate's files by the path of their module.
pub(crate) struct Sources {
    files: BTreeMap<Module, File>,
    texts: BTreeMap<PathBuf, String>,
}

type Module = Vec<String>;

struct File {
    /// Below the crate's root.
    path: String,
    /// Without comments, texts, tests and `use`.
    body: Vec<String>,
    uses: Vec<Use>,
}

/// One name that a `use` brings.
struct Use {
    public: bool,
    path: Vec<String>,
    name: String,
}

impl Sources {
    /// Reads a folder with a `lib.rs` or a `main.rs`.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut texts = BTreeMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|kind| kind == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    texts.insert(path.strip_prefix(folder).unwrap().to_owned(), text);
                }
            }
        }
        Self::load(texts)
    }

    /// Files that are made up.
    pub(crate) fn of<const N: usize>(files: [(&str, &str); N]) -> Self {
        Self::load(files.into_iter().map(|(path, text)| (PathBuf::from(path), text.to_owned())).collect())
    }

    fn load(texts: BTreeMap<PathBuf, String>) -> Self {
        let mut sources = Self { files: BTreeMap::new(), texts };
        for root in ["main.rs", "lib.rs"] {
            if sources.texts.contains_key(Path::new(root)) {
                sources.enter(Path::new(root), &[]);
            }
        }
        sources
    }

    fn enter(&mut self, path: &Path, module: &[String]) {
        let words = flattened(words(&without_tests(&bare(&self.texts[path]))));
        let (mut body, mut uses, mut children) = (vec![], vec![], vec![]);
        let mut at = 0;
        while at < words.len() {
            match &*words[at] {
                "use" => {
                    let end = words[at..].iter().position(|word| word == ";").map_or(words.len(), |length| at + length);
                    let public = body.iter().rev().take(4).any(|word: &String| word == "pub")
                        && body
                            .iter()
                            .rev()
                            .take_while(|word| *word != "pub")
                            .all(|word| "(crate)(super)in:".contains(&**word));
                    spread(&words[at + 1..end], &[], public, &mut uses);
                    at = end;
                }
                "mod" if words.get(at + 2).is_some_and(|word| word == ";") => {
                    children.push(words[at + 1].clone());
                    at += 2;
                }
                word => body.push(word.to_owned()),
            }
            at += 1;
        }
        let shown = path.to_string_lossy().into_owned();
        let stem = path.file_stem().unwrap().to_string_lossy();
        let folder = path.parent().unwrap();
        let folder = if ["lib", "main", "mod"].contains(&&*stem) { folder.to_owned() } else { folder.join(&*stem) };
        self.files.insert(module.to_vec(), File { path: shown, body, uses });
        for child in children {
            let places = [folder.join(format!("{child}.rs")), folder.join(&child).join("mod.rs")];
            if let Some(place) = places.into_iter().find(|place| self.texts.contains_key(place)) {
                self.enter(&place, &[module, &[child]].concat());
            }
        }
    }

    /// For each file, the files that it imports, each with the last word of a path that leads there.
    pub(crate) fn imports(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let mut all = BTreeMap::new();
        for (module, file) in &self.files {
            let mut found = BTreeMap::new();
            let mut note = |path: &[String]| {
                if let Some(there) = self.home(path, &mut BTreeSet::new())
                    && there != *module
                {
                    let name = path.last().cloned().unwrap_or_default();
                    found.entry(self.files[&there].path.clone()).or_insert(name);
                }
            };
            let named: BTreeSet<&str> = file.body.iter().map(String::as_str).collect();
            for one in &file.uses {
                let Some(path) = self.absolute(module, &one.path) else {
                    continue;
                };
                if self.files.contains_key(&path) {
                    // A module: what counts is what is named of it.
                    for name in following(&file.body, &one.name) {
                        note(&[path.clone(), vec![name]].concat());
                    }
                } else if !one.public || named.contains(&*one.name) {
                    note(&path);
                }
            }
            for path in paths(&file.body) {
                let leads = ["crate", "super", "self"].contains(&&*path[0])
                    || self.files.contains_key(&[module.clone(), vec![path[0].clone()]].concat());
                // A module alone is named by a visibility: `pub(in crate::commands)`.
                let item = |path: &Module| leads && !self.files.contains_key(path);
                if let Some(path) = self.absolute(module, &path).filter(item) {
                    note(&path);
                }
            }
            all.insert(file.path.clone(), found);
        }
        all
    }

    /// A path from the crate's root, if it is one of this crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        match &**first {
            "crate" => Some(rest.to_vec()),
            // `self::self` and `self::super` come of modules in braces.
            "self" if rest.first().is_some_and(|next| ["self", "super"].contains(&&**next)) => {
                self.absolute(module, rest)
            }
            "self" => Some([module, rest].concat()),
            "super" => {
                let parent = &module[..module.len().checked_sub(1)?];
                if rest.first().is_some_and(|next| next == "super") {
                    self.absolute(parent, rest)
                } else {
                    Some([parent, rest].concat())
                }
            }
            _ => {
                let child = [module, path].concat();
                self.files.contains_key(&child[..=module.len()]).then_some(child)
            }
        }
    }

    /// The module whose file declares what a path names; re-exports are followed.
    fn home(&self, path: &[String], seen: &mut BTreeSet<Module>) -> Option<Module> {
        let depth = (0..=path.len()).rev().find(|depth| self.files.contains_key(&path[..*depth]))?;
        let module = path[..depth].to_vec();
        let Some(name) = path.get(depth) else {
            return Some(module);
        };
        if !seen.insert(path[..=depth].to_vec()) {
            return None;
        }
        let file = &self.files[&module];
        if name == "*" || file.declares(name) {
            return Some(module);
        }
        let from = |one: &Use, name: &str| {
            let mut path = self.absolute(&module, &one.path)?;
            if one.name == "*" {
                path.pop();
                path.push(name.to_owned());
            }
            Some(path)
        };
        if let Some(path) = file.uses.iter().filter(|one| one.name == *name).find_map(|one| from(one, name)) {
            return self.home(&path, seen);
        }
        let globs = file.uses.iter().filter(|one| one.name == "*").filter_map(|one| from(one, name));
        for path in globs {
            if let Some(there) = self.home(&path, seen)
                && self.files[&there].declares(name)
            {
                return Some(there);
            }
        }
        Some(module)
    }
}

impl File {
    fn declares(&self, name: &str) -> bool {
        const KINDS: [&str; 9] = ["fn", "struct", "enum", "trait", "type", "const", "static", "union", "macro_rules"];
        self.body
            .windows(3)
            .any(|words| KINDS.contains(&&*words[0]) && (words[1] == name || (words[1] == "!" && words[2] == name)))
    }
}

/// Every path of at least two words in a body, and its first word.
fn paths(body: &[String]) -> Vec<Vec<String>> {
    let mut found = vec![];
    let mut at = 0;
    while at < body.len() {
        if is_name(&body[at]) && body.get(at + 1).is_some_and(|word| word == "::") && (at == 0 || body[at - 1] != "::")
        {
            let mut path = vec![body[at].clone()];
            while body.get(at + 1).is_some_and(|word| word == "::")
                && body.get(at + 2).is_some_and(|word| is_name(word))
            {
                path.push(body[at + 2].clone());
                at += 2;
            }
            found.push(path);
        }
        at += 1;
    }
    found
}

/// What is named of a module: the words after its own.
fn following(body: &[String], module: &str) -> Vec<String> {
    paths(body).into_iter().filter(|path| path.len() > 1 && path[0] == module).map(|path| path[1].clone()).collect()
}

/// A `use` with braces as single paths.
fn spread(words: &[String], before: &[String], public: bool, into: &mut Vec<Use>) {
    let mut path = before.to_vec();
    let mut at = 0;
    while at < words.len() {
        match &*words[at] {
            "::" => {}
            "{" => {
                let (mut depth, mut start) = (0, at + 1);
                for (end, word) in words.iter().enumerate().skip(at) {
                    match &**word {
                        "{" => depth += 1,
                        "}" => depth -= 1,
                        _ => {}
                    }
                    if (word == "," && depth == 1) || (word == "}" && depth == 0) {
                        if start < end {
                            spread(&words[start..end], &path, public, into);
                        }
                        start = end + 1;
                    }
                }
                return;
            }
            "as" => {
                into.push(Use { public, path, name: words[at + 1].clone() });
                return;
            }
            "self" if !path.is_empty() => {}
            word => path.push(word.to_owned()),
        }
        at += 1;
    }
    if let Some(name) = path.last().cloned() {
        into.push(Use { public, path, name });
    }
}

/// A text without comments, and with every literal made empty.
fn bare(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut out = String::new();
    let mut index = 0;
    while index < chars.len() {
        let raw = raw_start(&chars, index);
        match (at(index), at(index + 1)) {
            ('/', '/') => {
                while index < chars.len() && at(index) != '\n' {
                    index += 1;
                }
            }
            ('/', '*') => {
                let mut depth = 0;
                loop {
                    match (at(index), at(index + 1)) {
                        ('/', '*') => (depth, index) = (depth + 1, index + 2),
                        ('*', '/') => (depth, index) = (depth - 1, index + 2),
                        _ => index += 1,
                    }
                    if depth == 0 || index >= chars.len() {
                        break;
                    }
                }
            }
            _ if raw.is_some() => {
                let (start, hashes) = raw.unwrap_or_default();
                let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                index = (start..chars.len())
                    .find(|from| chars[*from..].starts_with(&end))
                    .map_or(chars.len(), |from| from + end.len());
                out.push_str("\"\"");
            }
            ('"', _) => {
                index += 1;
                while index < chars.len() && at(index) != '"' {
                    index += if at(index) == '\\' { 2 } else { 1 };
                }
                index += 1;
                out.push_str("\"\"");
            }
            // A character, and not a lifetime.
            ('\'', '\\') => {
                index += 3;
                while index < chars.len() && at(index) != '\'' {
                    index += 1;
                }
                index += 1;
            }
            ('\'', _) if at(index + 2) == '\'' => index += 3,
            (one, _) => {
                out.push(one);
                index += 1;
            }
        }
    }
    out
}

/// Where a raw text begins whose `r` stands here, and how many `#` end it.
fn raw_start(chars: &[char], index: usize) -> Option<(usize, usize)> {
    let in_word = index
        .checked_sub(1)
        .is_some_and(|before| chars[before].is_alphanumeric() && chars[before] != 'b' || chars[before] == '_');
    if chars[index] != 'r' || in_word {
        return None;
    }
    let hashes = chars[index + 1..].iter().take_while(|one| **one == '#').count();
    (chars.get(index + 1 + hashes) == Some(&'"')).then_some((index + 2 + hashes, hashes))
}

/// Without what is compiled for tests alone.
fn without_tests(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("#[cfg(test)]") {
        out.push_str(&rest[..at]);
        let item = &rest[at..];
        let (mut depth, mut end) = (0, item.len());
        for (index, one) in item.char_indices() {
            match one {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 && matches!(one, '}' | ';') {
                end = index + 1;
                break;
            }
        }
        rest = &item[end..];
    }
    out + rest
}

/// Names, `::` and every other sign for itself.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![];
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_alphanumeric() || first == '_' {
            rest.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        words.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    words
}

/// Modules in braces are part of their file: a `super` in one means the file.
fn flattened(words: Vec<String>) -> Vec<String> {
    let (mut out, mut depth, mut open) = (Vec::<String>::new(), 0_usize, vec![]);
    for word in words {
        match &*word {
            "{" => {
                if out.len() > 1 && out[out.len() - 2] == "mod" {
                    open.push(depth);
                }
                depth += 1;
            }
            "}" => {
                depth = depth.saturating_sub(1);
                open.pop_if(|outer| *outer == depth);
            }
            "super" if !open.is_empty() => {
                let above =
                    out.rchunks(2).take_while(|pair| *pair == ["super", "::"] || *pair == ["self", "::"]).count();
                out.push(if above < open.len() { "self" } else { "super" }.to_owned());
                continue;
            }
            _ => {}
        }
        out.push(word);
    }
    out
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}
