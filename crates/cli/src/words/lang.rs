//! The language of the words on screen.

use clap::ValueEnum;
use tokenward_core::Words;

/// A language of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// English
    En,
    /// 简体中文
    Zh,
}

impl Lang {
    /// The language that the environment asks for: our own variable, then the locale by the order of POSIX.
    pub(crate) fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        if tokenward_words::reads_chinese(variable) { Self::Zh } else { Self::En }
    }

    /// Picks the words.
    pub(crate) const fn of(self, words: Words) -> &'static str {
        match self {
            Self::En => words.en,
            Self::Zh => words.zh,
        }
    }

    /// What stands after a head such as "error:"; the full-width colon brings its own space.
    pub(crate) const fn gap(self) -> &'static str {
        match self {
            Self::En => " ",
            Self::Zh => "",
        }
    }

    /// What stands between a thing and what is said of it.
    pub(crate) const fn colon(self) -> &'static str {
        match self {
            Self::En => ": ",
            Self::Zh => "：",
        }
    }

    /// A thing and a note to it, in the language's brackets.
    pub(crate) fn noted(self, thing: impl std::fmt::Display, note: impl std::fmt::Display) -> String {
        match self {
            Self::En => format!("{thing} ({note})"),
            Self::Zh => format!("{thing}（{note}）"),
        }
    }

    /// The name used in variables and flags.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lang(set: &[(&str, &str)]) -> Lang {
        Lang::of_environment(|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_locale_decides_by_the_order_of_posix() {
        assert_eq!(lang(&[]), Lang::En);
        assert_eq!(lang(&[("LANG", "zh_CN.UTF-8")]), Lang::Zh);
        assert_eq!(lang(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")]), Lang::En);
        assert_eq!(lang(&[("LANG", "en_GB.UTF-8"), ("LC_MESSAGES", "zh")]), Lang::Zh);
        assert_eq!(lang(&[("LC_ALL", ""), ("LANG", "zh-Hans")]), Lang::Zh);
        assert_eq!(lang(&[("LANG", "zh_CN"), ("TOKENWARD_LANG", "en")]), Lang::En);
        assert_eq!(lang(&[("LANG", "zha_CN")]), Lang::En);
    }
}
