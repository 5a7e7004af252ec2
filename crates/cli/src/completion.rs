//! What a shell may put in place of the word that is being typed: asked by the scripts that `completions` prints for bash, zsh and fish.
//!
//! Enters: `__complete -- WORDS`, the words behind the program's name up to the cursor, the last of which is being typed and may be empty.
//! Leaves: a line for each candidate, its meaning behind a tab; `:files`, `:folders` or `:commands` where the shell knows better. Nothing
//! is written on stderr and nothing fails: whoever presses a key gets what can be found. The vault is opened for linked files alone, and
//! nothing is asked of a provider (I8).

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, Command};
use tokenward::{ConfigKey, ConfigTable, Home, Overrides, Settings, known_answer_names};
use tokenward_core::{Code, ProviderName, TokenApi};

use crate::ambient::Ambient;
use crate::args::Colour;
use crate::render::Printer;
use crate::words::{Lang, chinese_help};

/// The word by which a script asks.
pub(crate) const ASKED: &str = "__complete";

/// The scripts of these shells, which ask; other shells are given all that there is beforehand.
pub(crate) const fn script(shell: clap_complete::Shell) -> Option<&'static str> {
    match shell {
        clap_complete::Shell::Bash => Some(include_str!("completion/tokenward.bash")),
        clap_complete::Shell::Zsh => Some(include_str!("completion/tokenward.zsh")),
        clap_complete::Shell::Fish => Some(include_str!("completion/tokenward.fish")),
        _ => None,
    }
}

/// Answers a script.
pub(crate) fn answer(words: &[OsString], ambient: Ambient) -> ExitCode {
    let lang = ambient.lang(None);
    let words: Vec<String> =
        words.iter().skip_while(|word| *word == "--").map(|word| word.to_string_lossy().into()).collect();
    let printer = Printer::new(lang, false, true, 0, Colour::Never, ambient.surface);
    let mut text = String::new();
    for found in Line::of(&words).candidates(lang, ambient) {
        let _ = match found {
            Candidate::Word { word, says } => writeln!(text, "{word}\t{says}"),
            Candidate::Files => writeln!(text, ":files"),
            Candidate::Folders => writeln!(text, ":folders"),
            Candidate::Commands => writeln!(text, ":commands"),
        };
    }
    if !text.is_empty() {
        // A shell that has gone away wants nothing.
        let _ = printer.own(&text);
    }
    ExitCode::SUCCESS
}

/// What may stand there.
#[derive(Debug, PartialEq, Eq)]
enum Candidate {
    Word { word: String, says: String },
    Files,
    Folders,
    Commands,
}

/// A line that is being typed.
struct Line<'a> {
    before: Vec<&'a str>,
    typed: &'a str,
}

/// What stands where the cursor is.
enum Place<'a> {
    /// A command, an option or a positional argument with this number.
    Any(&'a Command, usize),
    /// The value of an option.
    Value(&'a Arg),
    /// A word of a program that is run: its name first.
    OfProgram(usize),
}

impl<'a> Line<'a> {
    fn of(words: &'a [String]) -> Self {
        // bash takes `--option=value` apart at the sign.
        let mut words: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "=").collect();
        let typed = words.pop().unwrap_or_default();
        Self { before: words, typed }
    }

    fn place<'c>(&self, tree: &'c Command) -> Place<'c> {
        let (mut at, mut positional, mut awaited) = (tree, 0, None::<&Arg>);
        for (number, word) in self.before.iter().enumerate() {
            if awaited.take().is_some() {
                continue;
            }
            if *word == "--" {
                return Place::OfProgram(self.before.len() - number - 1);
            }
            if let Some(name) = word.strip_prefix("--") {
                let takes = |arg: &&Arg| arg.get_action().takes_values() && !name.contains('=');
                awaited = option(at, tree, |arg| is_called(arg, name)).filter(takes);
            } else if let Some(letter) = word.strip_prefix('-').and_then(|letters| letters.chars().next()) {
                let is_alone = word.len() == 2;
                let takes = |arg: &&Arg| arg.get_action().takes_values() && is_alone;
                awaited = option(at, tree, |arg| arg.get_short() == Some(letter)).filter(takes);
            } else if let Some(sub) = at.find_subcommand(word) {
                (at, positional) = (sub, 0);
            } else if at.get_name() == "exec" {
                return Place::OfProgram(self.before.len() - number);
            } else {
                positional += 1;
            }
        }
        match awaited {
            Some(arg) => Place::Value(arg),
            None => Place::Any(at, positional),
        }
    }

    fn candidates(&self, lang: Lang, ambient: Ambient) -> Vec<Candidate> {
        let mut tree = chinese_help::command(lang);
        tree.build();
        let known = Known { ambient };
        let mut found = match self.place(&tree) {
            Place::OfProgram(0) => vec![Candidate::Commands],
            Place::OfProgram(_) => vec![Candidate::Files],
            Place::Value(arg) => known.values(arg),
            Place::Any(at, _) if self.typed.starts_with('-') => options(at, &tree),
            Place::Any(at, 0) if at.get_name() == "exec" => vec![Candidate::Commands],
            Place::Any(at, _) if at.get_name() == "help" => help_of(&tree, &self.before),
            Place::Any(at, positional) => {
                let mut found: Vec<_> =
                    at.get_subcommands().map(|sub| word(sub.get_name(), told(sub.get_about()))).collect();
                let arguments: Vec<&Arg> = at.get_positionals().collect();
                let many = arguments.last().filter(|arg| matches!(arg.get_action(), ArgAction::Append));
                let arg = arguments.get(positional).or(many);
                found.extend(arg.into_iter().flat_map(|arg| known.positional(at, arg)));
                found
            }
        };
        found.retain(|found| match found {
            Candidate::Word { word, .. } => word.starts_with(self.typed),
            _ => true,
        });
        found
    }
}

/// What is known of this machine.
struct Known {
    ambient: Ambient,
}

impl Known {
    fn positional(&self, at: &Command, arg: &Arg) -> Vec<Candidate> {
        match (at.get_name(), arg.get_id().as_str()) {
            ("unlink" | "links", "file") => self.linked(),
            ("get" | "set", "key") => self.keys(|_| true),
            ("unset", "key") => self.keys(Option::is_some),
            ("set", "value") => Vec::new(),
            ("explain", "code") => {
                let ours = Code::ALL.iter().map(|code| word(code.as_str(), code.name()));
                ours.chain(known_answer_names().iter().map(|name| word(name, String::new()))).collect()
            }
            _ => self.values(arg),
        }
    }

    fn values(&self, arg: &Arg) -> Vec<Candidate> {
        let shown = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string).unwrap_or_default();
        let possible = arg.get_possible_values();
        if !possible.is_empty() && arg.get_action().takes_values() {
            let says = |value: &clap::builder::PossibleValue| told(value.get_help());
            return possible.iter().map(|value| word(value.get_name(), says(value))).collect();
        }
        let names = |names: &[&str]| names.iter().map(|name| word(name, String::new())).collect();
        match (arg.get_id().as_str(), shown.as_str()) {
            ("profile" | "profiles" | "of", "NAME" | "PROFILE") => self.profiles(),
            ("app", "NAME") => self.apps(),
            (_, "PROVIDER") => names(&ProviderName::ALL.map(ProviderName::as_str)),
            (_, "BRAND") => names(&["feishu", "lark"]),
            (_, "DIALECT") => names(&TokenApi::ALL.map(TokenApi::as_str)),
            (_, "WAY") => names(&["basic", "body", "none"]),
            (_, "DIR") => vec![Candidate::Folders],
            (_, values)
                if values.contains('|') && values.chars().all(|c| c.is_ascii_lowercase() || "|-".contains(c)) =>
            {
                names(&values.split('|').collect::<Vec<_>>())
            }
            (_, "FILE" | "SOURCE" | "DATABASE" | "VAULT") => vec![Candidate::Files],
            _ => Vec::new(),
        }
    }

    fn settings(&self) -> Option<Settings> {
        let home = Home::resolve(None, &self.ambient.env).ok()?;
        Settings::load(home, self.ambient.env.clone(), Overrides::default()).ok().map(|(settings, _)| settings)
    }

    fn profiles(&self) -> Vec<Candidate> {
        let settings = self.settings();
        let profiles = settings.iter().flat_map(Settings::profiles);
        profiles.map(|(name, app)| word(name.as_str(), app.map(|app| app.to_string()).unwrap_or_default())).collect()
    }

    /// The keys that the tables of the file have or may have, with what is set.
    fn keys(&self, is_wanted: impl Fn(&Option<String>) -> bool) -> Vec<Candidate> {
        let settings = self.settings();
        let tables = settings.as_ref().map_or_else(|| vec![ConfigTable::Top], Settings::config_tables);
        let says = |key: &ConfigKey| Some(settings.as_ref()?.file_says(key)?.text);
        let keys = tables.iter().flat_map(ConfigKey::of_table).map(|key| (key.to_string(), says(&key)));
        keys.filter(|(_, says)| is_wanted(says)).map(|(key, says)| word(&key, says.unwrap_or_default())).collect()
    }

    fn apps(&self) -> Vec<Candidate> {
        let settings = self.settings();
        let mut apps: Vec<_> = settings.iter().flat_map(Settings::profiles).filter_map(|(_, app)| app).collect();
        apps.sort();
        apps.dedup();
        apps.iter().map(|app| word(app.as_str(), String::new())).collect()
    }

    /// The files that are linked, as one would type them here; files of the folder where that cannot be told.
    fn linked(&self) -> Vec<Candidate> {
        let Some(settings) = self.settings().filter(|settings| settings.home().has_vault()) else { return Vec::new() };
        let files = async {
            let key = settings.key_source().ok()?;
            let (clock, entropy) =
                (std::sync::Arc::new(self.ambient.clock), std::sync::Arc::new(tokenward::SystemEntropy));
            let options = tokenward::SessionOptions::new(settings.home(), clock, entropy).key(key);
            let session = tokenward::Session::open(options).await.ok()?;
            session.parts().vault.links(None).await.ok()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let links = runtime.ok().and_then(|runtime| runtime.block_on(files)).unwrap_or_default();
        let here = std::path::absolute(".").unwrap_or_default();
        let shown = |file: PathBuf| file.strip_prefix(&here).unwrap_or(&file).display().to_string();
        let mut files: Vec<_> =
            links.into_iter().map(|link| word(&shown(link.target.file), link.target.profile.to_string())).collect();
        files.dedup();
        files
    }
}

fn options(at: &Command, tree: &Command) -> Vec<Candidate> {
    let global = tree.get_arguments().filter(|arg| arg.is_global_set());
    let own = at.get_arguments().filter(|arg| !arg.is_global_set() && !arg.is_hide_set());
    let mut seen = Vec::new();
    own.chain(global)
        .filter_map(|arg| Some((arg.get_long()?, told(arg.get_help()))))
        .filter(|(long, _)| {
            !seen.contains(long) && {
                seen.push(*long);
                true
            }
        })
        .map(|(long, says)| word(&format!("--{long}"), says))
        .collect()
}

/// The commands below those that were typed behind `help`.
fn help_of(tree: &Command, before: &[&str]) -> Vec<Candidate> {
    let typed = before.iter().skip_while(|word| **word != "help").skip(1);
    let at = typed.filter(|word| !word.starts_with('-')).try_fold(tree, |at, word| at.find_subcommand(word));
    let subs = at.into_iter().flat_map(Command::get_subcommands);
    subs.map(|sub| word(sub.get_name(), told(sub.get_about()))).collect()
}

fn option<'c>(at: &'c Command, tree: &'c Command, is: impl Fn(&Arg) -> bool) -> Option<&'c Arg> {
    at.get_arguments().chain(tree.get_arguments()).find(|arg| is(arg))
}

fn is_called(arg: &Arg, name: &str) -> bool {
    arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|all| all.contains(&name))
}

fn word(word: &str, says: impl AsRef<str>) -> Candidate {
    Candidate::Word { word: word.to_owned(), says: says.as_ref().lines().next().unwrap_or_default().to_owned() }
}

fn told(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}
