//! What ARCHITECTURE.md asks of whoever adds something (*How do I add*), asked of everything that is there: what was added and left
//! half way fails here, with the file that is missing it.

use std::collections::BTreeSet;

use tokenward::{Preset, Setting};
use tokenward_core::{Format, ProviderName, TokenApi};
use tokenward_emulator::Endpoint;

use crate::{read, root};

#[test]
fn every_provider_can_be_found() {
    let row = row_of("`TOKENWARD_PROVIDER`");
    let words = read("crates/cli/src/words/blueking_and_oauth.rs");
    let help = [help("en"), help("zh")];
    let guides = guides();
    for provider in ProviderName::ALL {
        let name = provider.as_str();
        assert!(row.contains(&format!("`{name}`")), "{name}: the row of docs/reference/settings.md");
        for sentence in ["bad_provider()", "ask_provider()"] {
            let line = words.lines().find(|line| line.trim_start().starts_with(sentence)).unwrap();
            assert_eq!(line.matches(name).count(), 2, "{name}: {sentence} in both languages");
        }
        for help in &help {
            let said = options(help).any(|option| option.starts_with("provider ") && option.contains(name));
            assert!(said, "{name}: the help of --provider");
        }
        // Feishu needs no flag.
        let flag = format!("--provider {name}");
        assert!(provider == ProviderName::Feishu || guides.contains(&flag), "{flag} is in no guide");
        assert!(TokenApi::ALL.into_iter().any(|api| provider.speaks(api)), "{name} speaks nothing");
    }
    for name in Preset::ALL.iter().map(|preset| preset.name) {
        for sentence in ["bad_provider_or_preset", "ask_provider"] {
            let line = words.lines().find(|line| line.trim_start().starts_with(sentence)).unwrap();
            assert_eq!(line.matches(name).count(), 2, "{name}: {sentence} in both languages");
        }
        for help in &help {
            let said = options(help).any(|option| option.starts_with("provider ") && option.contains(name));
            assert!(said, "{name}: the help of --provider");
        }
        assert!(guides.contains(&format!("--provider {name}")), "--provider {name} is in no guide");
    }
}

#[test]
fn every_dialect_can_be_found() {
    let (row, guides) = (row_of("`TOKENWARD_TOKEN_API`"), guides());
    for api in TokenApi::ALL {
        let name = api.as_str();
        assert!(row.contains(&format!("`{name}`")), "{name}: the row of docs/reference/settings.md");
        let shown = [format!("`{name}`"), format!("--provider {name}")];
        assert!(shown.iter().any(|shown| guides.contains(shown)), "{name} is in no guide");
        assert!(ProviderName::ALL.into_iter().any(|provider| provider.speaks(api)), "nobody speaks {name}");
        let cases = std::fs::read_dir(root().join("crates/wire/tests/cases").join(name)).unwrap();
        assert!(cases.count() > 1, "{name}: answers as they come over the wire, with their readings");
    }
}

#[test]
fn every_format_is_whole() {
    let links = read("docs/guide/links.md");
    let fields = read("docs/reference/json.md");
    let words = read("crates/cli/src/words/links.rs");
    let next = words.lines().find(|line| line.trim_start().starts_with("format_unclear_next")).unwrap();
    let chinese = read("crates/cli/src/words/chinese_help.rs");
    let variants = variants("crates/core/src/place.rs", "Format");
    assert!(variants.len() >= 4, "{variants:?}");
    for variant in variants {
        let name = variant.to_lowercase();
        let format: Format = serde_json::from_value(serde_json::json!(name)).unwrap();
        for file in ["crates/files/src/links", "crates/files/tests/links", "fuzz/fuzz_targets"] {
            assert!(root().join(file).join(format!("{name}.rs")).is_file(), "{name}: a file of its own in {file}");
        }
        let fuzz = read("fuzz/Cargo.toml");
        assert!(fuzz.contains(&format!("\"fuzz_targets/{name}.rs\"")), "{name}: fuzz/Cargo.toml");
        // Nothing builds the target on a stable compiler, so that it could name a crate that it does not depend on.
        let target = read(&format!("fuzz/fuzz_targets/{name}.rs"));
        let (_, source) = target.split_once("links::links(").unwrap();
        let (owner, rest) = source.split_once("::").unwrap();
        assert!(
            fuzz.contains(&format!("\n{} = {{ path", owner.replace('_', "-"))),
            "{name}: {owner} in fuzz/Cargo.toml"
        );
        assert!(rest.contains(&format!("Format::{variant}, data")), "{name}: the target reads its format");
        for file in ["core/src/place/notation.rs", "files/tests/links/fuzz.rs", "files/tests/links/laws.rs"] {
            let named = read(&format!("crates/{file}")).contains(&format!("Format::{variant}"));
            assert!(named, "{name}: crates/{file}");
        }
        assert!(links.contains(&format.to_string()), "{format}: docs/guide/links.md");
        assert!(fields.contains(&format!("`{name}`")), "{name}: the row `format` of docs/reference/json.md");
        // The suffix by which people know it.
        let suffix = format.to_string().to_lowercase();
        let suffix = suffix.trim_start_matches('.');
        assert!(
            read("crates/cli/src/token_places.rs").contains(&format!("\"{suffix}\"")),
            "{format}: known by its name"
        );
        assert!(
            options(&help("en")).any(|option| option.starts_with("format ") && option.contains(suffix)),
            "{format}: --format"
        );
        assert_eq!(next.matches(suffix).count(), 2, "{format}: format_unclear_next in both languages");
        let rows = chinese.lines().filter(|row| row.contains("\"format\", \"文件格式")).collect::<Vec<_>>();
        assert!(rows.len() == 3 && rows.iter().all(|row| row.contains(suffix)), "{format}: {rows:?}");
    }
}

#[test]
fn every_flag_of_a_setting_is_there() {
    let help = help("en");
    let flags: Vec<_> = Setting::ALL.iter().filter_map(|setting| setting.flag()).collect();
    assert!(flags.len() > 20, "{flags:?}");
    for flag in flags {
        let said = help.split_whitespace().any(|word| word.trim_end_matches([',', '.']) == flag);
        assert!(said, "{flag} is a setting's in the table, and no command has it");
    }
}

#[test]
fn every_command_is_shown() {
    let (guide, tested) = (read("docs/guide/commands.md"), read("crates/cli/tests/cli/help.rs"));
    let commands = variants("crates/cli/src/args.rs", "Command");
    assert!(commands.len() >= 20, "{commands:?}");
    for command in commands {
        let name = command.to_lowercase();
        assert!(
            [' ', '`'].iter().any(|end| guide.contains(&format!("`{name}{end}"))),
            "{name}: docs/guide/commands.md"
        );
        assert!(tested.contains(&format!("    \"{name}\",\n")), "{name}: COMMANDS of crates/cli/tests/cli/help.rs");
    }
}

/// The reference of the sandbox names them by their ends, because their beginnings are the same.
#[test]
fn every_endpoint_is_in_the_reference() {
    let page = read("docs/reference/sandbox.md");
    let calls = read("crates/emulator/src/feishu/calls/routes.rs");
    let calls = calls.split('"').filter(|text| text.starts_with("/open-apis/")).map(str::to_owned);
    let endpoints = Endpoint::ALL.into_iter().map(|endpoint| endpoint.address().2.to_owned());
    let paths: BTreeSet<String> = calls.chain(endpoints).collect();
    assert!(paths.len() > 50, "{paths:?}");
    for path in paths {
        let Some(last) = path.split('/').rfind(|part| !["", "*"].contains(part)) else { continue };
        let named = |before: &str| {
            let after = |(at, found): (usize, &str)| page[at + found.len()..].chars().next();
            let ends = |next: Option<char>| !next.is_some_and(|next| next.is_alphanumeric() || next == '_');
            page.match_indices(&format!("{before}{last}")).any(|found| ends(after(found)))
        };
        // Nothing is said of a form's target.
        assert!(last == "consent" || named("/") || named("`"), "{path} is not in docs/reference/sandbox.md");
    }
}

/// The row of `docs/reference/settings.md` that begins with a variable.
fn row_of(variable: &str) -> String {
    let page = read("docs/reference/settings.md");
    page.lines().find(|line| line.starts_with(&format!("| {variable}"))).unwrap().to_owned()
}

/// The help of all commands, as the command's own test keeps it.
fn help(lang: &str) -> String {
    read(&format!("crates/cli/tests/cli/snapshots/cli__help__help_{lang}.snap"))
}

/// Each option with all lines of its help.
fn options(help: &str) -> impl Iterator<Item = &str> {
    help.split("\n      --").skip(1)
}

fn guides() -> String {
    let pages = std::fs::read_dir(root().join("docs/guide")).unwrap().map(|entry| entry.unwrap().path());
    pages.filter(|path| path.is_file()).map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// The variants of an enum that lists them for nobody.
fn variants(path: &str, name: &str) -> Vec<String> {
    let text = read(path);
    let start = text.find(&format!(" enum {name} {{")).unwrap_or_else(|| panic!("{path}: enum {name}"));
    let body = text[start..].split("\n}").next().unwrap();
    let lines = body.lines().skip(1).map(str::trim_start);
    let named = lines.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    named.map(|line| line.split([',', '(', ' ']).next().unwrap().to_owned()).collect()
}
