//! How a page of help is laid out: the first screen with the commands in groups, and what stands below the arguments of each command.
//!
//! Enters: the tree of commands, the language, the terminal's width. Leaves: the tree with a template at each command. What the parser
//! writes itself (usage, arguments) it folds itself; what stands here is folded here, but for lines that people copy.

use std::fmt::Write as _;

use clap::Command;
use clap::builder::Styles;
use tokenward_core::ExitClass;

use super::Lang;
use super::manual::{self, Example, GROUPS};
use crate::args;
use crate::folding::fold;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// What to type first, and the commands: for somebody who typed the program's name alone.
    First,
    /// The arguments and examples: `--help`.
    Arguments,
    /// All of it, as in the manual: `tokenward help`.
    Whole,
}

/// The tree with its templates.
pub(super) fn laid_out(command: Command, lang: Lang, depth: Depth, width: usize) -> Command {
    each(command, "", Page { lang, depth, width }).term_width(width)
}

fn each(mut command: Command, path: &str, page: Page) -> Command {
    let subs: Vec<_> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in subs {
        let path = format!("{path} {name}");
        command = command.mut_subcommand(name, |sub| each(sub, path.trim_start(), page));
    }
    let template = if path.is_empty() { page.first_screen(&command) } else { page.of_command(path) };
    command.help_template(template)
}

#[derive(Debug, Clone, Copy)]
struct Page {
    lang: Lang,
    depth: Depth,
    width: usize,
}

impl Page {
    fn first_screen(self, command: &Command) -> String {
        let lang = self.lang;
        let start = self.columns(
            &lang.start_head(),
            manual::page("")
                .into_iter()
                .flat_map(|page| page.examples)
                .map(|Example { line, says }| (*line, lang.of(*says).to_owned())),
        );
        let mut groups = String::new();
        for (head, names) in GROUPS {
            let rows = names
                .iter()
                .filter_map(|name| command.find_subcommand(name))
                .map(|sub| (sub.get_name(), sub.get_about().map(ToString::to_string).unwrap_or_default()));
            groups.push_str(&self.columns(lang.of(*head), rows));
        }
        let usage = self.usage();
        match self.depth {
            Depth::First => {
                let end = fold(&lang.first_screen_end(), self.width, "").join("\n");
                format!("{{about-with-newline}}\n{groups}{start}{end}")
            }
            Depth::Arguments | Depth::Whole => {
                let head = heading(&lang.headed(&lang.everywhere_head()));
                // The manual has a section of exit codes in place of the line.
                let below = if self.depth == Depth::Whole { self.below("") } else { "{after-help}".to_owned() };
                format!("{{about-with-newline}}\n{usage}\n\n{start}{groups}{head}\n{{options}}{below}")
            }
        }
    }

    fn of_command(self, path: &str) -> String {
        let usage = self.usage();
        let told = match manual::page(path) {
            Some(page) if self.depth == Depth::Whole => {
                format!("\n{}\n", fold(self.lang.of(page.about), self.width, "").join("\n"))
            }
            _ => String::new(),
        };
        format!("{{about-with-newline}}{told}\n{usage}\n\n{{all-args}}{}{{after-help}}", self.below(path))
    }

    fn usage(self) -> &'static str {
        match self.lang {
            Lang::En => "{usage-heading} {usage}",
            Lang::Zh => "用法：{usage}",
        }
    }

    /// What stands below the arguments: examples; for the manual all the rest too.
    fn below(self, path: &str) -> String {
        let lang = self.lang;
        let mut below = String::new();
        if let Some(page) = manual::page(path).filter(|_| !path.is_empty()) {
            let _ = write!(below, "\n\n{}", heading(&lang.headed(&lang.examples_head())));
            for Example { line, says } in page.examples {
                let says = fold(lang.of(*says), self.width.saturating_sub(4), "").join("\n  # ");
                let _ = write!(below, "\n  # {says}\n  {}", literal(line));
            }
        }
        if self.depth == Depth::Whole {
            for (head, rows) in lang.sections(path) {
                let _ = write!(
                    below,
                    "\n\n{}",
                    self.columns(&head, rows.iter().map(|(name, says)| (name.as_str(), says.clone()))).trim_end()
                );
            }
        }
        below
    }

    /// A heading, and rows of a name and what it is, in two columns; an empty line ends them. A name that is too long for its column
    /// has a line of its own.
    fn columns<'a>(self, head: &str, rows: impl Iterator<Item = (&'a str, String)>) -> String {
        let rows: Vec<_> = rows.collect();
        let widest = rows.iter().map(|(name, _)| name.len()).filter(|len| *len <= NAMES).max().unwrap_or(0);
        let room = self.width.saturating_sub(widest + 4).max(20);
        let mut text = format!("{}\n", heading(&self.lang.headed(head)));
        for (name, says) in rows {
            let lines = fold(&says, room, "");
            let gap = " ".repeat(if name.is_empty() { 2 } else { widest + 4 });
            let begin = if name.is_empty() {
                "  ".to_owned()
            } else if name.len() > widest {
                format!("  {}\n{gap}", literal(name))
            } else {
                format!("  {}{}", literal(name), " ".repeat(widest + 2 - name.len()))
            };
            let _ = writeln!(text, "{begin}{}", lines.join(&format!("\n{gap}")));
        }
        text.push('\n');
        text
    }
}

impl Lang {
    /// What the manual says below the examples of a command: its variables, files, exit codes, and where to go on.
    pub(crate) fn sections(self, path: &str) -> Vec<(String, Vec<(String, String)>)> {
        let exit = EXITS.map(|class| ((class as u8).to_string(), self.exit_class(class).to_owned()));
        vec![
            (self.environment_head(), self.variables(path)),
            (
                self.files_head(),
                vec![
                    ("~/.local/share/tokenward/config.toml".to_owned(), self.file_config()),
                    ("~/.local/share/tokenward/vault/".to_owned(), self.file_vault()),
                    (String::new(), self.files_elsewhere()),
                ],
            ),
            (self.exit_head(), exit.to_vec()),
            (self.see_head(), vec![(String::new(), related(path).join(", "))]),
        ]
    }

    /// The variables that a command reads: those of its own options, and those that every command reads.
    fn variables(self, path: &str) -> Vec<(String, String)> {
        let of_options = own_variables(path).into_iter().map(|(name, flag)| (name, self.same_as_flag(flag)));
        let secret = (path == "init").then(|| ("TOKENWARD_APP_SECRET".to_owned(), self.env_secret()));
        let everywhere = [
            ("TOKENWARD_PROFILE", self.env_profile()),
            ("TOKENWARD_HOME", self.env_home()),
            ("TOKENWARD_LANG", self.env_lang()),
            ("TOKENWARD_KEY, TOKENWARD_KEY_FILE", self.env_key()),
            ("HTTPS_PROXY, NO_PROXY", self.env_proxy()),
            ("SSL_CERT_FILE, SSL_CERT_DIR", self.env_certificates()),
            ("NO_COLOR", self.env_colour()),
        ];
        let everywhere = everywhere.into_iter().map(|(name, says)| (name.to_owned(), says));
        secret.into_iter().chain(of_options).chain(everywhere).collect()
    }
}

/// The variables of the settings that the options of a command say too, with the option.
fn own_variables(path: &str) -> Vec<(String, &'static str)> {
    let command = args::tree();
    let command =
        path.split(' ').filter(|word| !word.is_empty()).try_fold(&command, |at, word| at.find_subcommand(word));
    let Some(command) = command else { return Vec::new() };
    let has = |flag: &str| {
        let own = command.get_arguments().filter(|arg| !arg.is_global_set());
        own.filter_map(clap::Arg::get_long).any(|long| flag.strip_prefix("--") == Some(long))
    };
    let settings = tokenward::Setting::ALL.iter().filter_map(|setting| Some((setting.variable()?, setting.flag()?)));
    settings.filter(|(_, flag)| has(flag)).map(|(variable, flag)| (variable.to_owned(), flag)).collect()
}

/// The pages that somebody who reads this one may want: the one above, those below, those of the same group.
fn related(path: &str) -> Vec<String> {
    let tree = args::tree();
    let page = |path: &str| format!("tokenward{}{}(1)", if path.is_empty() { "" } else { "-" }, path.replace(' ', "-"));
    let below = |path: &str| -> Vec<String> {
        let command =
            path.split(' ').filter(|word| !word.is_empty()).try_fold(&tree, |at, word| at.find_subcommand(word));
        let subs = command.into_iter().flat_map(Command::get_subcommands);
        subs.map(|sub| page(format!("{path} {}", sub.get_name()).trim_start())).collect()
    };
    if path.is_empty() {
        return below("");
    }
    let (above, beside) = if let Some((above, _)) = path.rsplit_once(' ') {
        (above, below(above))
    } else {
        let group = GROUPS.iter().find(|(_, names)| names.contains(&path));
        ("", group.into_iter().flat_map(|(_, names)| *names).map(|name| page(name)).collect())
    };
    let own = page(path);
    [page(above)].into_iter().chain(below(path)).chain(beside).filter(|name| *name != own).collect()
}

fn heading(text: &str) -> String {
    let style = Styles::styled();
    let style = style.get_header();
    format!("{style}{text}{style:#}")
}

fn literal(text: &str) -> String {
    let style = Styles::styled();
    let style = style.get_literal();
    format!("{style}{text}{style:#}")
}

const EXITS: [ExitClass; 7] = [
    ExitClass::Done,
    ExitClass::Ours,
    ExitClass::Usage,
    ExitClass::NeedsConsent,
    ExitClass::TryLater,
    ExitClass::Unknown,
    ExitClass::AppSettings,
];

/// The longest name beside which what it is has room.
const NAMES: usize = 24;
