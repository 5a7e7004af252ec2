//! Why a file that names an app has no secret that could be used.
//!
//! Enters: the document, and the places that were found. Leaves: how the secret's key is called there, and whether it is missing, perhaps
//! misspelt, empty or malformed. No value of the file is in it (I4).

use tokenward::links::{Document, Shape};
use tokenward_core::{AppSecret, BadSecret, Format, PathStep, Place};

use super::VariableNames;

/// The secret's key, and what is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SecretFlaw {
    /// How the key is called, as its neighbour is spelled.
    pub(crate) name: String,
    pub(crate) flaw: Flaw,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// No such key is there; a key that is nearly the same may be, with its line.
    Missing(Option<(usize, String)>),
    /// A key without a value.
    Empty,
    /// A value that can be no secret.
    Malformed,
    /// What another program puts a secret in the place of, such as `${APP_SECRET}`.
    Reference,
}

impl SecretFlaw {
    /// What is wrong with the secret beside an app's id, if anything is. What stands in for a secret is told elsewhere.
    pub(super) fn of(
        document: &Document,
        shape: &Shape,
        secret: Option<&Result<AppSecret, BadSecret>>,
    ) -> Option<Self> {
        shape.app_id.as_ref()?;
        let flaw = |flaw| Some(Self { name: name(shape, document.format()), flaw });
        match (secret, &shape.app_secret) {
            (Some(Ok(_) | Err(BadSecret::StandIn)), _) => None,
            (Some(Err(BadSecret::Malformed)), _) => flaw(Flaw::Malformed),
            (Some(Err(BadSecret::Empty)), _) | (None, Some(_)) => flaw(Flaw::Empty),
            (None, None) => reference(document, shape)
                .or_else(|| flaw(Flaw::Missing(misspelt(document, &name(shape, document.format()))))),
        }
    }
}

/// What stands beside the app's id under the secret's name and is none. The settings of a server name no secret that its program is to find
/// elsewhere.
fn reference(document: &Document, shape: &Shape) -> Option<SecretFlaw> {
    let Some(Place::Path(path)) = &shape.app_id else { return None };
    let (PathStep::Key(id), table) = path.split_last()? else { return None };
    let key = format!("{}SECRET", id.strip_suffix("ID")?);
    let place = Place::Path(table.iter().cloned().chain([PathStep::Key(key)]).collect());
    let text = document.get(&place).ok()??;
    let is_reference = matches!(tokenward::secret_parsing::app_secret(text.as_str()), Err(BadSecret::StandIn));
    is_reference.then(|| SecretFlaw { name: place.to_string(), flaw: Flaw::Reference })
}

/// The key of the secret: its own, or as its neighbour is spelled.
fn name(shape: &Shape, format: Format) -> String {
    if let Some(place) = &shape.app_secret {
        return place.to_string();
    }
    let mut app = Shape::default();
    app.app_id.clone_from(&shape.app_id);
    match (format, VariableNames::of(&app, format)) {
        (Format::Dotenv | Format::Properties | Format::Fish, Some(names)) => names.place("APP_SECRET").to_string(),
        _ => match &shape.app_id {
            Some(place @ Place::Path(_)) if place.key().is_some_and(|key| key.contains('-')) => "app-secret".to_owned(),
            Some(Place::Dotenv { .. }) => VariableNames::usual(format, None).place("APP_SECRET").to_string(),
            _ => "app_secret".to_owned(),
        },
    }
}

/// A key of a file of lines that is nearly the wanted one, and its line.
fn misspelt(document: &Document, wanted: &str) -> Option<(usize, String)> {
    if !matches!(document.format(), Format::Dotenv | Format::Properties | Format::Fish | Format::Ini) {
        return None;
    }
    let bytes = document.bytes();
    let text = std::str::from_utf8(&bytes).ok()?;
    let near = |key: &str| {
        let is_name = key.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        is_name && key != wanted && strsim::osa_distance(&key.to_lowercase(), &wanted.to_lowercase()) <= SLIPS
    };
    text.lines().enumerate().find_map(|(number, line)| {
        let key = if document.format() == Format::Fish {
            let words = line.trim_start().strip_prefix("set ")?;
            words.split_ascii_whitespace().find(|word| !word.starts_with('-'))?
        } else {
            let key = line.split(['=', ':']).next()?.trim();
            key.strip_prefix("export ").unwrap_or(key).trim()
        };
        near(key).then(|| (number + 1, key.to_owned()))
    })
}

/// As many slips as a long name has room for: two letters that changed places are one.
const SLIPS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn flaw(format: Format, text: &str) -> Option<(String, Flaw)> {
        let document = Document::parse(format, text.as_bytes()).unwrap();
        let shape = Shape::detect(&document).pop().unwrap();
        let value = shape.app_secret.as_ref().and_then(|place| document.get(place).unwrap());
        let value = value.filter(|text| !text.trim().is_empty());
        let secret = value.map(|text| tokenward::secret_parsing::app_secret(text.as_str()));
        SecretFlaw::of(&document, &shape, secret.as_ref()).map(|found| (found.name, found.flaw))
    }

    #[test]
    fn what_is_wrong_with_the_secret_is_named() {
        let id = "FEISHU_APP_ID=cli_0123456789abcdef\n";
        let named = |flaw| Some(("FEISHU_APP_SECRET".to_owned(), flaw));
        for (more, expected) in [
            ("", named(Flaw::Missing(None))),
            ("FEISHU_APP_SERCET=abc\n", named(Flaw::Missing(Some((2, "FEISHU_APP_SERCET".to_owned()))))),
            ("export feishu_app_secrets=abc\n", named(Flaw::Missing(Some((2, "feishu_app_secrets".to_owned()))))),
            ("FEISHU_APP_TOKEN=abc\n", named(Flaw::Missing(None))),
            ("FEISHU_APP_SECRET=\n", named(Flaw::Empty)),
            ("FEISHU_APP_SECRET=\"a b c d e f\"\n", named(Flaw::Malformed)),
            ("FEISHU_APP_SECRET=abcdefghijklmnopqrstuvwxyz012345\n", None),
        ] {
            assert_eq!(flaw(Format::Dotenv, &format!("{id}{more}")), expected, "{more}");
        }
        let java = "feishu.app-id=cli_0123456789abcdef\nfeishu.app-secert=x\n";
        let near = Flaw::Missing(Some((2, "feishu.app-secert".to_owned())));
        assert_eq!(flaw(Format::Properties, java), Some(("feishu.app-secret".to_owned(), near)));
        for text in ["${APP_SECRET}", "${APP_SECRET:-abcdefghijklmnop}", "$APP_SECRET", "op://dev/app/secret"] {
            let env =
                format!(r#"{{"APP_ID": "cli_0123456789abcdef", "APP_SECRET": "{text}", "USER_ACCESS_TOKEN": ""}}"#);
            let json = format!(r#"{{"mcpServers": {{"lark": {{"command": "x", "env": {env}}}}}}}"#);
            let named = Some(("mcpServers.lark.env.APP_SECRET".to_owned(), Flaw::Reference));
            assert_eq!(flaw(Format::Json, &json), named, "{text}");
        }
        let yaml = "feishu:\n  app-id: cli_0123456789abcdef\n  refresh-token:\n";
        assert_eq!(flaw(Format::Yaml, yaml), Some(("app-secret".to_owned(), Flaw::Missing(None))));
        let fish = "set -gx FEISHU_APP_ID cli_0123456789abcdef\nset -gx FEISHU_APP_SERCET x\n";
        let near = Flaw::Missing(Some((2, "FEISHU_APP_SERCET".to_owned())));
        assert_eq!(flaw(Format::Fish, fish), Some(("FEISHU_APP_SECRET".to_owned(), near)));
    }
}
