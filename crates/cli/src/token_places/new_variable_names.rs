//! How the variables of a login are called in a file that has some of them already: with which beginning, in which spelling.
//!
//! Enters: the places that are there. Leaves: the names of those that are to be added, spelled like them.

use tokenward::links::Shape;
use tokenward_core::{Brand, Format, Place};

/// The beginning of the names, and how their words are set off from each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VariableNames {
    prefix: String,
    spelling: Spelling,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// `APP_ID`, the only one of a `.env` file.
    Upper,
    /// `app-id`, the usual one of Spring Boot.
    Kebab,
    /// `app_id`
    Snake,
    /// `appId`
    Camel,
}

impl VariableNames {
    /// Those of the places that a shape has.
    pub(super) fn of(shape: &Shape, format: Format) -> Option<Self> {
        let places = [shape.access(), shape.refresh(), shape.app_id.as_ref(), shape.app_secret.as_ref()];
        let spellings: &[Spelling] = match format {
            Format::Properties => &[Spelling::Kebab, Spelling::Snake, Spelling::Camel, Spelling::Upper],
            _ => &[Spelling::Upper],
        };
        places.into_iter().flatten().find_map(|place| {
            let Place::Dotenv { name } = place else { return None };
            spellings.iter().find_map(|spelling| {
                let ends = ENDS.iter().flat_map(|end| [false, true].map(|continues| spelling.write(end, continues)));
                let prefix = ends.into_iter().find_map(|end| name.strip_suffix(&end))?;
                Some(Self { prefix: prefix.to_owned(), spelling: *spelling })
            })
        })
    }

    /// The usual ones of a format, for a brand.
    pub(super) fn usual(format: Format, brand: Option<Brand>) -> Self {
        let word = match brand {
            Some(Brand::Lark) => "LARK",
            Some(Brand::Feishu) | None => "FEISHU",
        };
        match format {
            Format::Properties => Self { prefix: format!("{}.", word.to_ascii_lowercase()), spelling: Spelling::Kebab },
            _ => Self { prefix: format!("{word}_"), spelling: Spelling::Upper },
        }
    }

    /// The place of a value that is called so in a `.env` file.
    pub(super) fn place(&self, end: &str) -> Place {
        let continues = self.prefix.ends_with(|c: char| c.is_alphanumeric());
        Place::dotenv(&format!("{}{}", self.prefix, self.spelling.write(end, continues)))
    }

    /// The brand that they speak of. `LARKSUITE_CLI_` speaks of none: that tool serves both.
    fn brand(&self) -> Option<Brand> {
        match self.prefix.trim_end_matches(['_', '.', '-']).to_ascii_uppercase().as_str() {
            "FEISHU" => Some(Brand::Feishu),
            "LARK" => Some(Brand::Lark),
            _ => None,
        }
    }
}

impl Spelling {
    /// Words that are in capitals with `_` between them, in this spelling. Behind a word, `userAccess` begins with a capital too.
    fn write(self, words: &str, continues: bool) -> String {
        match self {
            Self::Upper => words.to_owned(),
            Self::Snake => words.to_ascii_lowercase(),
            Self::Kebab => words.to_ascii_lowercase().replace('_', "-"),
            Self::Camel => {
                let capital = |word: &str| {
                    let (first, rest) = word.split_at(1);
                    format!("{first}{}", rest.to_ascii_lowercase())
                };
                let mut words = words.split('_');
                let first = words.next().unwrap_or_default();
                let first = if continues { capital(first) } else { first.to_ascii_lowercase() };
                words.fold(first, |all, word| all + &capital(word))
            }
        }
    }
}

/// The brand that the names of a file's variables speak of.
pub(super) fn brand_of(shape: &Shape, format: Format) -> Option<Brand> {
    // The names of the app tell more than those of the tokens.
    let mut app = Shape::default();
    (app.app_id, app.app_secret) = (shape.app_id.clone(), shape.app_secret.clone());
    let names = VariableNames::of(&app, format).filter(|names| !names.prefix.is_empty());
    names.or_else(|| VariableNames::of(shape, format))?.brand()
}

const ENDS: [&str; 5] = ["USER_ACCESS_TOKEN", "USER_REFRESH_TOKEN", "REFRESH_TOKEN", "APP_ID", "APP_SECRET"];

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(app_id: &str) -> Shape {
        let mut shape = Shape::default();
        shape.app_id = Some(Place::dotenv(app_id));
        shape
    }

    fn names(app_id: &str, format: Format) -> Option<VariableNames> {
        VariableNames::of(&shape(app_id), format)
    }

    #[test]
    fn what_is_added_is_spelled_like_what_is_there() {
        for (app_id, added) in [
            ("feishu.app-id", "feishu.user-access-token"),
            ("feishu.appId", "feishu.userAccessToken"),
            ("my.lark.app_id", "my.lark.user_access_token"),
            ("larkAppId", "larkUserAccessToken"),
            ("FEISHU_APP_ID", "FEISHU_USER_ACCESS_TOKEN"),
        ] {
            let names = names(app_id, Format::Properties).unwrap();
            assert_eq!(names.place("USER_ACCESS_TOKEN"), Place::dotenv(added), "{app_id}");
            assert_eq!(names.place("APP_ID"), Place::dotenv(app_id), "{app_id}");
        }
        assert_eq!(names("feishu.app-id", Format::Dotenv), None);
        assert_eq!(names("LARK_APP_ID", Format::Dotenv), Some(VariableNames::usual(Format::Dotenv, Some(Brand::Lark))));
        let usual = VariableNames::usual(Format::Properties, None);
        assert_eq!(usual.place("APP_ID"), Place::dotenv("feishu.app-id"));
    }

    #[test]
    fn a_brand_is_told_by_the_names() {
        for (app_id, format, brand) in [
            ("feishu.app-id", Format::Properties, Some(Brand::Feishu)),
            ("larkAppId", Format::Properties, Some(Brand::Lark)),
            ("LARK_APP_ID", Format::Dotenv, Some(Brand::Lark)),
            ("LARKSUITE_CLI_APP_ID", Format::Dotenv, None),
            ("my.app-id", Format::Properties, None),
        ] {
            assert_eq!(brand_of(&shape(app_id), format), brand, "{app_id}");
        }
    }
}
