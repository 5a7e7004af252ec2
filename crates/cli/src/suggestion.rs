//! What somebody meant who typed something that there is not.
//!
//! Enters: the words of the command line, and the one that is not known. Leaves: the nearest names first. Nothing of what was typed is
//! repeated; what is suggested is one of our own names.

use std::ffi::OsString;

use clap::{Arg, Command};

use crate::args;

/// The commands that may be meant by a word that is none.
pub(crate) fn commands(arguments: &[OsString], word: &str) -> Vec<String> {
    let tree = args::tree();
    let (path, rest) = reached(&tree, arguments, Some(word));
    let names: Vec<&str> = path.last().unwrap_or(&&tree).get_subcommands().map(Command::get_name).collect();
    // `gh auth login`, `lark-cli auth login`: the group is none of ours, and the command may be.
    if path.is_empty()
        && let Some(next) = rest.iter().find(|next| names.contains(next)).filter(|_| GROUPS.contains(&word))
    {
        return vec![(*next).to_owned()];
    }
    if path.is_empty()
        && let Some((_, meant)) = OTHERS.iter().find(|(other, _)| *other == word)
    {
        return vec![(*meant).to_owned()];
    }
    if let [group] = &path[..]
        && let Some((.., meant)) = OTHERS_OF.iter().find(|(of, other, _)| *of == group.get_name() && *other == word)
    {
        return vec![(*meant).to_owned()];
    }
    let before: Vec<&str> = path.iter().map(|command| command.get_name()).collect();
    nearest(word, names).into_iter().map(|name| [&before[..], &[name]].concat().join(" ")).collect()
}

/// The arguments that may be meant by one that is none: with their dashes.
pub(crate) fn arguments(typed: &[OsString], flag: &str) -> Vec<String> {
    let tree = args::tree();
    let (path, _) = reached(&tree, typed, None);
    let own = path.last().into_iter().flat_map(|command| command.get_arguments());
    let known: Vec<&str> =
        own.chain(tree.get_arguments()).filter_map(Arg::get_long).chain(["help", "version"]).collect();
    let flags = |names: Vec<&str>| names.into_iter().map(|name| format!("--{name}")).collect::<Vec<_>>();
    if let Some((_, meant)) = FLAGS.iter().find(|(other, _)| *other == flag) {
        let there: Vec<_> = meant.iter().copied().filter(|name| known.contains(name)).collect();
        if !there.is_empty() {
            return flags(there);
        }
    }
    let Some(name) = flag.strip_prefix("--") else { return Vec::new() };
    let near = nearest(name, known.iter().copied());
    if !near.is_empty() {
        return flags(near);
    }
    let part = |known: &&&str| known.split('-').any(|part| part == name) || name.split('-').any(|part| part == **known);
    flags(known.iter().filter(part).copied().collect())
}

/// The names that are nearest to a word, by the number of slips between them; none that is too far.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let most = match word.chars().count() {
        0..=2 => 1,
        3..=6 => 2,
        _ => 3,
    };
    let far = |name: &str| {
        let slips = strsim::osa_distance(&word, &name.to_lowercase());
        // A word that was not typed to its end is near too.
        if word.len() >= 3 && name.to_lowercase().starts_with(&word) { slips.min(2) } else { slips }
    };
    let mut found: Vec<(usize, bool, &str)> = names
        .into_iter()
        .map(|name| (far(name), name.chars().next() != word.chars().next(), name))
        // Of a short name a slip or two leave nothing.
        .filter(|(slips, _, name)| *slips <= most && *slips < name.len())
        .collect();
    found.sort_by_key(|(slips, other, _)| (*slips, *other));
    let best = found.first().map_or(0, |(slips, ..)| *slips);
    let mut names: Vec<_> = found.into_iter().filter(|(slips, ..)| *slips <= best + 1).map(|(.., name)| name).collect();
    names.dedup();
    names.truncate(3);
    names
}

/// The commands that the words lead to, and the words behind `until`.
fn reached<'a>(tree: &'a Command, arguments: &'a [OsString], until: Option<&str>) -> (Vec<&'a Command>, Vec<&'a str>) {
    let mut path: Vec<&Command> = Vec::new();
    let words: Vec<&str> = arguments.iter().map_while(|word| word.to_str()).take_while(|word| *word != "--").collect();
    for (at, word) in words.iter().enumerate() {
        if until == Some(word) {
            return (path, words[at + 1..].to_vec());
        }
        // Other words are values of options, or arguments.
        if let Some(sub) = path.last().unwrap_or(&tree).find_subcommand(word) {
            path.push(sub);
        }
    }
    (path, Vec::new())
}

/// Groups of commands that other tools have.
const GROUPS: &[&str] = &["auth", "sso", "account", "accounts", "session", "user", "users"];

/// Commands of other tools, and ours that does it.
const OTHERS: &[(&str, &str)] = &[
    ("auth", "login"),
    ("sso", "login"),
    ("signin", "login"),
    ("sign-in", "login"),
    ("authorize", "login"),
    ("signout", "logout"),
    ("sign-out", "logout"),
    ("revoke", "logout --revoke"),
    ("configure", "init"),
    ("settings", "config list"),
    ("preferences", "config list"),
    ("setup", "init"),
    ("register", "init"),
    ("get-token", "token"),
    ("access-token", "token"),
    ("print-token", "token"),
    ("renew", "refresh"),
    ("rotate", "refresh"),
    ("ls", "list"),
    ("sts", "whoami"),
    ("get-caller-identity", "whoami"),
    ("who-am-i", "whoami"),
    ("me", "whoami"),
    ("curl", "api"),
    ("show", "status"),
    ("info", "status"),
    ("check", "doctor"),
    ("logs", "doctor"),
    ("history", "doctor"),
    ("events", "doctor"),
    ("diagnose", "doctor"),
    ("error", "explain"),
    ("run", "exec"),
    ("env", "exec"),
    ("import", "adopt"),
    ("export", "vault backup"),
    ("backup", "vault backup"),
    ("restore", "vault restore"),
    ("sync", "link"),
    ("daemon", "watch"),
    ("profiles", "profile list"),
    ("accounts", "profile list"),
    ("switch", "profile use"),
    ("use", "profile use"),
    ("rename", "profile rename"),
    ("completion", "completions"),
    ("manual", "man"),
];

/// Words behind one of our groups, and the command that does it.
const OTHERS_OF: &[(&str, &str, &str)] = &[
    ("profile", "ls", "profile list"),
    ("profile", "show", "status"),
    ("profile", "current", "profile list"),
    ("profile", "add", "login"),
    ("profile", "create", "login"),
    ("profile", "new", "login"),
    ("profile", "switch", "profile use"),
    ("profile", "rm", "profile remove"),
    ("profile", "delete", "profile remove"),
];

/// The command that the words lead to, as it is typed; empty where they lead to none.
pub(crate) fn command_of(arguments: &[OsString], until: Option<&str>) -> String {
    let tree = args::tree();
    let (path, _) = reached(&tree, arguments, until);
    path.iter().map(|command| command.get_name()).collect::<Vec<_>>().join(" ")
}

/// Arguments of other tools, and ours that may be meant, as far as the command has them.
const FLAGS: &[(&str, &[&str])] = &[
    ("-e", &["env"]),
    ("--raw", &["format"]),
    ("--header", &["format"]),
    ("-c", &["config-file", "home"]),
    ("--config", &["config-file", "home"]),
    ("--force", &["yes", "write-over", "force-consent", "replace-user"]),
    ("-f", &["yes", "env-file", "data"]),
    ("--field", &["data"]),
    ("--raw-field", &["data"]),
    ("--paginate", &["page-all"]),
    ("--assume-yes", &["yes"]),
    ("-o", &["out", "format", "json"]),
    ("--output", &["format", "json"]),
    ("--headless", &["no-browser", "device"]),
    ("--no-open", &["no-browser"]),
    ("--no-launch-browser", &["no-browser"]),
    ("--remote", &["device"]),
    ("--scopes", &["scope"]),
    ("--account", &["profile"]),
    ("--name", &["profile"]),
    ("--client-id", &["app-id"]),
    ("--file", &["env-file", "config-file"]),
    ("--debug", &["verbose"]),
    ("--silent", &["quiet"]),
    ("--no-color", &["color"]),
    ("--no-colour", &["color"]),
    ("--language", &["lang"]),
    ("--locale", &["lang"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &[&str]) -> Vec<OsString> {
        words.iter().map(Into::into).collect()
    }

    #[test]
    fn the_nearest_command_comes_first() {
        for (words, meant) in [
            (&["logn"][..], "login"),
            (&["lgoin"], "login"),
            (&["tokn"], "token"),
            (&["auth", "login"], "login"),
            (&["-p", "lab", "stauts"], "status"),
            (&["comple"], "completions"),
            (&["vault", "bakup"], "vault backup"),
            (&["profile", "ls"], "profile list"),
            (&["profile", "show"], "status"),
            (&["sts", "get-caller-identity"], "whoami"),
            (&["zzzzzz"], ""),
        ] {
            let word = words.iter().rfind(|word| !matches!(**word, "login" | "get-caller-identity")).unwrap();
            let found = commands(&typed(words), word);
            assert_eq!(found.first().map_or("", String::as_str), meant, "{words:?}: {found:?}");
        }
        assert!(!commands(&typed(&["logn"]), "logn").contains(&"logout".to_owned()));
    }

    #[test]
    fn what_is_suggested_is_there() {
        let tree = args::tree();
        for command in OTHERS.iter().map(|(_, command)| command).chain(OTHERS_OF.iter().map(|(.., command)| command)) {
            let mut words = command.split(' ').filter(|word| !word.starts_with('-'));
            let found = words.try_fold(&tree, |at, word| at.find_subcommand(word));
            assert!(found.is_some(), "{command}");
        }
        let mut all = Vec::new();
        tree.get_subcommands().chain([&tree]).for_each(|command| {
            all.extend(command.get_arguments().filter_map(Arg::get_long));
        });
        for (flag, meant) in FLAGS {
            assert!(meant.iter().all(|name| all.contains(name)), "{flag}: {meant:?}");
        }
    }

    #[test]
    fn arguments_of_other_tools_and_slips() {
        for (words, flag, meant) in [
            (&["login", "--headless"][..], "--headless", "--no-browser"),
            (&["login", "--scop", "x"], "--scop", "--scope"),
            (&["logout", "--force"], "--force", "--yes"),
            (&["refresh", "-c", "x.ini"], "-c", "--config-file"),
            (&["status", "-c", "x"], "-c", "--home"),
            (&["token", "--min-tll", "1m"], "--min-tll", "--min-ttl"),
            (&["exec", "-e", "X"], "-e", "--env"),
            (&["token", "--nothing-like-it"], "--nothing-like-it", ""),
        ] {
            let found = arguments(&typed(words), flag);
            assert_eq!(found.first().map_or("", String::as_str), meant, "{words:?}: {found:?}");
        }
    }
}
