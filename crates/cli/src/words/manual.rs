//! What the help says of each command beyond its arguments: a few sentences about it, and examples. One catalogue, from which `--help`,
//! `tokenward help` and the manual pages are made, in both languages.
//!
//! An example is a command line that can be run as it stands; tests read each with the real parser, and count them.

mod command_page;
mod files;
mod logins;
mod profile_config_vault;
mod programs;

use tokenward_core::Words;

use super::Lang;
pub(crate) use command_page::{Example, Page};

/// The page of a command.
pub(crate) fn page(path: &str) -> Option<&'static Page> {
    pages().find(|page| page.path == path)
}

/// All of them.
pub(super) fn pages() -> impl Iterator<Item = &'static Page> {
    [logins::PAGES, programs::PAGES, files::PAGES, profile_config_vault::PAGES].into_iter().flatten()
}

/// The commands by what they are for, in the order in which one meets them.
pub(super) const GROUPS: &[(Words, &[&str])] = &[
    (super::w("Basics", "开始使用"), &["init", "login", "token"]),
    (super::w("Programs", "供程序使用"), &["exec", "proxy", "api", "serve", "audit", "wiki"]),
    (super::w("Files", "令牌文件"), &["link", "unlink", "links", "adopt", "watch", "service", "refresh"]),
    (super::w("Inspect", "查看"), &["status", "list", "whoami", "doctor", "explain"]),
    (super::w("Manage", "管理"), &["profile", "config", "logout", "vault"]),
    (super::w("Try it out", "试用"), &["sandbox", "demo"]),
    (super::w("Help", "帮助"), &["help", "completions", "man", "version"]),
];

super::sentences! {
    start_head() { "First steps" "从这里开始" }
    examples_head() { "Examples" "示例" }
    environment_head() { "Environment" "环境变量" }
    files_head() { "Files" "文件" }
    exit_head() { "Exit status" "退出码" }
    see_head() { "See also" "另请参阅" }
    name_head() { "Name" "名称" }
    synopsis_head() { "Synopsis" "概要" }
    description_head() { "Description" "描述" }
    commands_head() { "Commands" "命令" }
    arguments_head() { "Arguments" "参数" }
    options_head() { "Options" "选项" }
    everywhere_head() { "Global options" "全局选项" }
    first_screen_end() { "`tokenward help COMMAND` explains a command in full, with examples; `tokenward --help` lists the global options." "`tokenward help 命令` 显示该命令的全部说明和示例，`tokenward --help` 显示所有命令通用的选项。" }
    same_as_flag(flag) { "the same as {flag}" "等同于 {flag}" }
    env_home() { "the folder for the configuration and the vault, as --home" "存放配置和保险库的目录，等同于 --home" }
    env_profile() { "the profile to use, as --profile" "使用的配置档，等同于 --profile" }
    env_lang() { "UI language, en or zh, as --lang; by default from LC_ALL, LC_MESSAGES and LANG" "界面语言 en 或 zh，等同于 --lang；否则依次由 LC_ALL、LC_MESSAGES、LANG 决定" }
    env_key() { "the key of the vault, or the file that holds it; without them the vault has a key file of its own" "保险库的密钥，或存放密钥的文件；都没有时保险库使用自己的密钥文件" }
    env_secret() { "the secret of the app, which is never an argument" "应用的密钥；它从不作为命令行参数" }
    env_proxy() { "the proxy that requests go through, and the hosts that are reached without it" "请求经过的代理，以及不经代理访问的主机" }
    env_certificates() { "certificate authorities to trust instead of the system's" "代替系统证书、用于验证服务器的证书颁发机构" }
    env_colour() { "no color on any terminal" "不使用颜色" }
    file_config() { "apps, profiles and settings, without secrets; `docs/reference/settings.md` describes every key" "应用、配置档和设置，不含密钥；各键见 `docs/reference/zh/settings.md`" }
    file_vault() { "the encrypted vault: logins, tokens and the secrets of apps" "加密的保险库：登录、令牌和应用密钥" }
    files_elsewhere() { "With --home or TOKENWARD_HOME, both are in that folder; with XDG_DATA_HOME, in its subfolder `tokenward`." "使用 --home 或 TOKENWARD_HOME 时，两者都在该目录中；设置了 XDG_DATA_HOME 时，在其下的 tokenward 中。" }
}

impl Lang {
    /// A heading of the help.
    pub(super) fn headed(self, head: &str) -> String {
        match self {
            Self::En => format!("{head}:"),
            Self::Zh => format!("{head}："),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;
    use crate::documented_commands::{command_lines, parsed};

    fn paths(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        found.push(path.to_owned());
        for sub in command.get_subcommands() {
            paths(sub, format!("{path} {}", sub.get_name()).trim_start(), found);
        }
    }

    #[test]
    fn every_command_has_a_page_with_two_to_four_examples_of_it() {
        let mut all = Vec::new();
        paths(&Cli::command(), "", &mut all);
        for path in &all {
            let page = page(path).unwrap_or_else(|| panic!("no page for {path:?} in words/manual"));
            assert!((2..=4).contains(&page.examples.len()), "{path:?}");
            let own = format!("tokenward {path}");
            assert!(page.examples.iter().all(|example| example.line.contains(own.trim_end())), "{path:?}");
        }
        let known: Vec<_> = pages().map(|page| page.path).collect();
        assert_eq!(known.iter().collect::<BTreeSet<_>>().len(), known.len(), "a page twice: {known:?}");
        assert!(known.iter().all(|path| all.iter().any(|one| one == path)), "a page of no command: {known:?}");
    }

    #[test]
    fn each_example_is_a_command_line_that_is_understood() {
        for page in pages() {
            for example in page.examples {
                let lines = command_lines(example.line);
                assert!(!lines.is_empty(), "{}", example.line);
                for line in lines {
                    if let Err(error) = parsed(&line) {
                        panic!("{}: {error}", example.line);
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_said_is_said_in_both_languages_and_short() {
        let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        for page in pages() {
            let says = page.examples.iter().map(|example| example.says);
            for words in says.chain([page.about]) {
                assert!(!words.en.is_empty() && !chinese(words.en) && chinese(words.zh), "{words:?}");
            }
            for example in page.examples {
                // A narrow terminal shows it without folding what somebody copies, mostly.
                assert!(example.line.len() <= 84 && example.says.en.len() <= 76, "{}", example.line);
            }
        }
    }

    #[test]
    fn every_command_stands_in_one_group() {
        let mut listed: Vec<_> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        let command = Cli::command();
        let mut names: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
        listed.sort_unstable();
        names.sort_unstable();
        assert_eq!(listed, names);
    }
}
