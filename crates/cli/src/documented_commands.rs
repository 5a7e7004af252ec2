//! Every command line that the documentation shows is one that is understood.

use clap::{CommandFactory, Parser};

use crate::args::Cli;

/// Words as a shell splits them, as far as documentation quotes.
fn unquoted(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, ' ') => words.push(String::new()),
            _ => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    // A name in capitals, or in Chinese, stands for a value; a method is one.
    for word in words.iter_mut().filter(|word| !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&word.as_str())) {
        if word.chars().all(|c| c.is_ascii_uppercase() || !c.is_ascii()) {
            "1".clone_into(word);
        }
    }
    words
}

/// The command lines of this program in a line for a shell: what stands before a pipe, in a substitution, after another command.
pub(crate) fn command_lines(line: &str) -> Vec<String> {
    let starts = line.match_indices("tokenward ").filter(|(at, _)| *at == 0 || line[..*at].ends_with([' ', '(']));
    let ends =
        |rest: &str| [" | ", " > ", ")", " && "].iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
    starts.map(|(at, _)| &line[at..]).map(|rest| rest[..ends(rest)].to_owned()).collect()
}

/// Whether a command line is understood.
pub(crate) fn parsed(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(unquoted(line))
}

/// Every command line that the documentation shows is one that is understood.
#[test]
fn the_documentation_shows_what_there_is() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut pages = vec![root.join("README.md"), root.join("README.zh-CN.md")];
    for folder in ["docs/guide", "docs/guide/zh", "docs/errors", "docs/reference"] {
        pages.extend(std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    }
    pages.retain(|page| page.is_file());
    let (mut shown, mut wrong) = (0, Vec::new());
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        let spans = text.split('`').skip(1).step_by(2).filter(|span| !span.contains('\n'));
        let lines = text.lines().map(|line| line.trim().trim_start_matches("$ "));
        for line in spans.chain(lines).filter_map(|line| line.strip_prefix("tokenward ")) {
            // Patterns, pipes and sentences that merely begin with the name are not command lines.
            let line = line.split(" #").next().unwrap_or_default();
            if line.contains(['…', '[', '|', '<', '>', '$', '&', '，', '。', '`', ';', '(']) || line.contains("...")
            {
                continue;
            }
            let words = unquoted(line);
            let known = Cli::command();
            if !words.first().is_some_and(|word| word.starts_with('-') || known.find_subcommand(word).is_some()) {
                continue;
            }
            shown += 1;
            let parsed = Cli::try_parse_from(std::iter::once("tokenward".to_owned()).chain(words));
            if let Err(error) = parsed {
                let fine = matches!(
                    error.kind(),
                    clap::error::ErrorKind::DisplayHelp
                        | clap::error::ErrorKind::DisplayVersion
                        // A command spoken of, without its arguments.
                        | clap::error::ErrorKind::MissingRequiredArgument
                        | clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
                );
                if !fine {
                    wrong.push(format!("{}: tokenward {line}: {error}", page.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(shown > 50, "{shown}");
}
