//! The one catalogue: every sentence a person may read, in English and Simplified Chinese.
//!
//! Enters: a [`Lang`] and the facts of a sentence. Leaves: the sentence. A sentence cannot be written in one language
//! alone: the macro takes both or does not compile, and a test sees that both name the same facts. What is said of an error's code is in
//! `tokenward-words`, since the Python package says it too. Nothing else in this crate holds words for people; JSON fields, codes and names are the same in every language.

mod adopt;
mod api;
#[cfg(test)]
mod banned;
mod blueking_and_oauth;
pub(crate) mod chinese_help;
mod codes;
mod common;
mod config;
mod demo;
mod details;
pub(crate) mod doctor;
mod exit_codes;
mod file_permissions;
#[cfg(feature = "jq")]
mod filter;
mod help_layout;
mod identity;
mod init_login_logout;
mod init_then_login;
mod lang;
mod link_warnings;
pub(crate) mod links;
pub(crate) mod manual;
mod profile;
mod proxy;
#[cfg(test)]
mod punctuation_test;
mod serve;
mod server_connection;
mod service;
mod settings_errors;
mod standing;
mod time;
mod vault;
mod waiting;
mod wiki;

pub(crate) use details::in_local_time;
pub(crate) use doctor::size;
pub(crate) use lang::Lang;
pub(crate) use links::{keep_too, of_this_file};
pub(crate) use time::in_zone;

use tokenward_core::Words;

/// Makes a function of [`Lang`] for each sentence, and a list of all of them for the tests.
macro_rules! sentences {
    ($($name:ident($($fact:ident),*) { $en:literal $zh:literal })+) => {
        impl crate::words::Lang {
            $(pub(crate) fn $name(self $(, $fact: impl std::fmt::Display)*) -> String {
                // A fact may be from outside; it begins no line and steers no terminal.
                $(let $fact = tokenward_core::Visible($fact);)*
                match self {
                    Self::En => format!($en),
                    Self::Zh => format!($zh),
                }
            })+
        }

        #[cfg(test)]
        pub(in crate::words) const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $en, $zh)),+];
    };
}
use sentences;

/// A sentence in both languages.
const fn w(en: &'static str, zh: &'static str) -> Words {
    Words { en, zh }
}

/// Every sentence: its name, English, Chinese.
#[cfg(test)]
fn sentences_of_all() -> Vec<(&'static str, &'static str, &'static str)> {
    [
        adopt::ALL,
        api::ALL,
        common::ALL,
        config::ALL,
        doctor::ALL,
        exit_codes::ALL,
        #[cfg(feature = "jq")]
        filter::ALL,
        init_then_login::ALL,
        identity::ALL,
        link_warnings::ALL,
        links::ALL,
        init_login_logout::ALL,
        manual::ALL,
        blueking_and_oauth::ALL,
        profile::ALL,
        serve::ALL,
        server_connection::ALL,
        service::ALL,
        proxy::ALL,
        settings_errors::ALL,
        file_permissions::ALL,
        demo::ALL,
        standing::ALL,
        vault::ALL,
        waiting::ALL,
        wiki::ALL,
        tokenward_words::NOTICE_SENTENCES,
        tokenward_words::PAGE_SENTENCES,
        tokenward_words::TIME_SENTENCES,
    ]
    .concat()
}

/// Every row of the tables.
#[cfg(test)]
fn tables_of_all() -> Vec<Words> {
    [
        tokenward_words::codes(),
        tokenward_words::remedies(),
        tokenward_words::oddities(),
        tokenward_words::standings(),
        wiki::all(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn facts(sentence: &str) -> BTreeSet<&str> {
        sentence.split('{').skip(1).filter_map(|part| part.split(['}', ':']).next()).collect()
    }

    fn chinese(text: &str) -> bool {
        text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
    }

    #[test]
    fn every_sentence_is_there_in_both_languages_with_the_same_facts() {
        let mut names = BTreeSet::new();
        for (name, en, zh) in sentences_of_all() {
            assert!(names.insert(name), "{name} twice");
            assert!(!en.trim().is_empty() && !chinese(en), "{name}: English: {en}");
            // A sentence of facts alone differs by its punctuation; a flag alone is the same in each language.
            let is_flag = zh == en && en.starts_with("`--");
            assert!(chinese(zh) || zh.contains(['（', '，', '：']) || is_flag, "{name}: Chinese: {zh}");
            assert_eq!(facts(en), facts(zh), "{name}");
        }
    }

    #[test]
    fn tables_are_there_in_both_languages() {
        for words in tables_of_all() {
            assert!(!words.en.trim().is_empty() && !chinese(words.en), "{}", words.en);
            assert!(chinese(words.zh), "{}", words.zh);
        }
    }
}
