//! `tokenward config`: the settings of `config.toml`, read and changed from the command line.
//!
//! Enters: a key as it is written in the file, a value, or a text out of an editor. Leaves: the file, changed as a whole after it was
//! read by the rules by which every command reads it. No secret goes in or out (I4): no key takes one, and what begins like one is
//! refused. A crash while an editor is open leaves the file as it was, and the text beside it.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use tokenward::{
    BadKey, ConfigEdit, ConfigKey, ConfigTable, ConfigValue, Setting, Settings, SettingsError, check_config,
    check_secret_file, missing_setting,
};
use tokenward_core::{Code, masking};

use super::config_edit as editor;
use super::notify_command::TroubleProgram;
use crate::args::Config;
use crate::context::Context;
use crate::failure::Failure;
use crate::token_places::quoted;

pub(super) async fn run(config: Config, context: &Context) -> Result<ExitCode, Failure> {
    match config {
        Config::Get { key } => get(&key, context)?,
        Config::Set { key, value } => set(&key, &value, context)?,
        Config::Unset { key } => unset(&key, context)?,
        Config::List => list(context)?,
        Config::Edit => editor::edit(context).await?,
        Config::Path => path(context)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn get(key: &str, context: &Context) -> Result<(), Failure> {
    let (lang, settings) = (context.lang(), context.settings()?);
    let key = known(key, context)?;
    let Some(found) = settings.file_says(&key) else {
        let next = match (variable(&key, context), key.table()) {
            (Some(variable), _) => lang.key_by_variable_next(variable),
            // It has no default.
            (None, ConfigTable::App(app)) if key.setting() == Setting::AppId => lang.no_such_app_next(app),
            (None, _) => lang.key_not_set_next(&key),
        };
        return Err(Failure::new(Code::SettingMissing, lang.key_not_set(&key)).then(next));
    };
    tell_variable(&key, context);
    if context.printer.json {
        let file = settings.home().config();
        return context
            .printer
            .document(&json!({ "key": key.to_string(), "value": found.text, "file": file, "line": found.line }));
    }
    context.printer.data(&found.text)
}

fn set(key: &str, value: &str, context: &Context) -> Result<(), Failure> {
    let lang = context.lang();
    let key = known(key, context)?;
    if masking::begins_as_secret(value) {
        return Err(Failure::new(Code::Usage, lang.value_of_a_secret()).then(lang.key_of_a_secret_next()));
    }
    if key.setting() == Setting::OnTrouble {
        TroubleProgram::find(value, &context.ambient.env, lang)
            .map_err(|failure| failure.stands(lang.config_unchanged()))?;
    }
    let settings = context.settings()?;
    has_table(&key, &settings, context)?;
    let former = settings.file_says(&key).map(|found| found.text);
    if former.as_deref() != Some(value) {
        let mut edit = ConfigEdit::open(settings.home()).map_err(|error| context.settings_failure(&error))?;
        if let Some(warning) = edit.warning() {
            context.printer.warning(lang.settings_warning(warning));
        }
        let (before, after) = (edit.text(), edit.set(&key, value).text());
        let unchanged = |error: &SettingsError| {
            let failure = context.settings_failure(error).stands(lang.config_unchanged());
            match error {
                SettingsError::UnknownApp { app, .. } => failure.then(lang.no_such_app_next(app)),
                _ => failure,
            }
        };
        check_config(settings.home(), &before, &after).map_err(|error| unchanged(&error))?;
        secret_file(&key, value, &after, &settings, context)?;
        edit.save().map_err(|error| unchanged(&error))?;
    }
    tell_variable(&key, context);
    if context.printer.json {
        return context.printer.document(&json!({ "key": key.to_string(), "value": value, "former_value": former }));
    }
    let same = former.as_deref() == Some(value);
    context.printer.note(if same { lang.key_was_so(&key, value) } else { lang.key_set(&key, value) });
    Ok(())
}

/// The file of a secret, looked at as it will be when the secret is needed.
fn secret_file(
    key: &ConfigKey,
    value: &str,
    after: &str,
    settings: &Settings,
    context: &Context,
) -> Result<(), Failure> {
    let lang = context.lang();
    match check_secret_file(settings, after, key) {
        Ok(warning) => {
            if let Some(warning) = warning {
                context.printer.warning(lang.settings_warning(&warning));
            }
            Ok(())
        }
        Err(error) => {
            let failure = context.settings_failure(&error).stands(lang.config_unchanged());
            // A path of the file is relative to its folder, and a person thinks of the one in which they are.
            let here = std::path::absolute(value).ok().filter(|here| here.is_file() && !Path::new(value).is_absolute());
            Err(match here {
                Some(here) => failure.then(lang.secret_file_is_here(key, quoted(&here.display().to_string()))),
                None => failure,
            })
        }
    }
}

fn unset(key: &str, context: &Context) -> Result<(), Failure> {
    let lang = context.lang();
    let key = known(key, context)?;
    let settings = context.settings()?;
    let former = settings.file_says(&key).map(|found| found.text);
    if former.is_some() {
        let mut edit = ConfigEdit::open(settings.home()).map_err(|error| context.settings_failure(&error))?;
        if let Some(warning) = edit.warning() {
            context.printer.warning(lang.settings_warning(warning));
        }
        let before = edit.text();
        let after = edit.unset(&key).text();
        if missing_setting(settings.home(), &before, &after).is_some() {
            let failure = Failure::new(Code::Usage, lang.key_is_required(&key)).stands(lang.config_unchanged());
            return Err(failure.then(lang.key_is_required_next(&key)).then_all(match key.table() {
                ConfigTable::Profile(name) => Some(lang.profile_goes_by(name)),
                _ => None,
            }));
        }
        let checked = check_config(settings.home(), &before, &after);
        let saved = checked.and_then(|_| edit.save());
        saved.map_err(|error| context.settings_failure(&error).stands(lang.config_unchanged()))?;
    }
    tell_variable(&key, context);
    if context.printer.json {
        return context.printer.document(&json!({ "key": key.to_string(), "former_value": former }));
    }
    context.printer.note(if former.is_some() { lang.key_unset(&key) } else { lang.key_was_unset(&key) });
    Ok(())
}

/// A key of a table that nobody has made would make one that leads nowhere.
fn has_table(key: &ConfigKey, settings: &Settings, context: &Context) -> Result<(), Failure> {
    let lang = context.lang();
    if settings.config_tables().contains(key.table()) {
        return Ok(());
    }
    match key.table() {
        ConfigTable::App(app) if key.setting() != Setting::AppId => {
            Err(Failure::new(Code::Usage, lang.config_has_no_app(app)).then(lang.no_such_app_next(app)))
        }
        ConfigTable::Profile(name) if key.setting() != Setting::App => {
            let tables = settings.config_tables();
            let app = tables.iter().find_map(|table| if let ConfigTable::App(app) = table { Some(app) } else { None });
            // Without an app there is nothing that it could name.
            let next = match app {
                Some(app) => lang.no_such_profile_here_next(name, app),
                None => lang.init_makes_profile(name),
            };
            Err(Failure::new(Code::UnknownProfile, lang.no_such_profile_here(name)).then(next))
        }
        _ => Ok(()),
    }
}

/// All that holds beside the defaults: the file's keys, and the variables that come before them.
fn list(context: &Context) -> Result<(), Failure> {
    let (lang, settings) = (context.lang(), context.settings()?);
    let file = settings.home().config();
    let of_file = settings.file_says_all();
    let env = &context.ambient.env;
    let variables: Vec<(&str, Option<&str>)> = Setting::ALL
        .iter()
        .filter_map(|setting| {
            let name = setting.variable()?;
            Some((name, Some(env.get(name)?).filter(|_| !setting.is_secret())))
        })
        .collect();
    if context.printer.json {
        let of_file = of_file.iter().map(
            |found| json!({ "key": found.key.to_string(), "value": found.text, "file": file, "line": found.line }),
        );
        let of_env = variables.iter().map(|(variable, value)| json!({ "variable": variable, "value": value }));
        return context.printer.document(&json!({ "settings": of_file.chain(of_env).collect::<Vec<_>>() }));
    }
    if of_file.is_empty() && variables.is_empty() {
        context.printer.note(lang.config_not_there(file.display()));
        return Ok(());
    }
    let short = context.short(&file);
    let mut rows: Vec<Vec<String>> = of_file.iter().map(|found| row(found, &short)).collect();
    let hidden = lang.value_hidden();
    rows.extend(variables.iter().map(|(variable, value)| {
        vec![(*variable).to_owned(), value.unwrap_or(&hidden).to_owned(), lang.origin_environment()]
    }));
    context.printer.table(&[lang.head_key(), lang.head_value(), lang.head_origin()], rows)
}

fn row(found: &ConfigValue, file: &str) -> Vec<String> {
    vec![found.key.to_string(), found.text.clone(), format!("{file}:{}", found.line)]
}

fn path(context: &Context) -> Result<(), Failure> {
    let file = context.home()?.config();
    if context.printer.json {
        return context.printer.document(&json!({ "config": file }));
    }
    context.printer.data(&file.display().to_string())
}

/// The key that is meant.
fn known(text: &str, context: &Context) -> Result<ConfigKey, Failure> {
    let lang = context.lang();
    // `config list` shows variables too.
    let of_variable = Setting::ALL.iter().find(|setting| {
        let alone = || setting.flag().and_then(|flag| flag.strip_prefix("--")) == Some(text);
        !setting.is_secret() && (setting.variable() == Some(text) || setting.config_key().is_none() && alone())
    });
    if let Some((setting, variable)) = of_variable.and_then(|setting| Some((setting, setting.variable()?))) {
        let failure = match setting.config_key() {
            Some(key) => Failure::new(Code::Usage, lang.key_is_variable(variable, key)),
            None => Failure::new(Code::Usage, lang.key_is_variable_alone(variable)),
        };
        return Err(failure.then(lang.keys_are_shown()));
    }
    text.parse().map_err(|bad| match bad {
        BadKey::Secret => Failure::new(Code::Usage, lang.key_of_a_secret()).then(lang.key_of_a_secret_next()),
        BadKey::Unknown(Some(near)) => Failure::new(Code::Usage, lang.no_such_key()).then(lang.perhaps(near)),
        _ => Failure::new(Code::Usage, lang.no_such_key()).then(lang.keys_are_shown()),
    })
}

/// The variable that outranks a key, where it is set.
fn variable(key: &ConfigKey, context: &Context) -> Option<&'static str> {
    key.setting().variable().filter(|name| context.ambient.env.get(name).is_some())
}

/// That the file does not have the last word.
fn tell_variable(key: &ConfigKey, context: &Context) {
    if let Some(variable) = variable(key, context) {
        context.printer.warning(context.lang().variable_before_key(variable, key));
    }
}
