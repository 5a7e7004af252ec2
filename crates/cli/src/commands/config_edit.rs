//! `tokenward config edit`: the file in a person's editor.
//!
//! The editor gets a copy beside the file, which nobody else can read. It takes the file's place only when it was read without fault and
//! nobody changed the file meanwhile. Otherwise the copy stays, is named, and is what the next `config edit` goes on with: nothing that
//! was typed is lost.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde_json::json;
use tokenward::{ConfigEdit, Home, check_config};
use tokenward_core::Code;

use super::child_process;
use crate::child_environment;
use crate::context::{Context, Ending};
use crate::failure::Failure;

pub(super) async fn edit(context: &Context) -> Result<(), Failure> {
    let (lang, home) = (context.lang(), context.home()?);
    let editor = chosen(context)?;
    let before = open(&home, context)?.text();
    let copy = home.path().join(COPY);
    let goes_on = copy.exists();
    if goes_on {
        context.printer.note(lang.config_goes_on(copy.display()));
    } else {
        write(&copy, &before).map_err(|error| unwritable(&copy, &error, context))?;
    }
    let text = loop {
        start(&editor, &copy, context).await?;
        let text = fs::read_to_string(&copy).map_err(|error| unwritable(&copy, &error, context))?;
        if text == before {
            // Nothing was typed, or all of it was taken back.
            let _ = fs::remove_file(&copy);
            context.printer.note(lang.config_unchanged());
            return told(&home, false, context);
        }
        match check_config(&home, &before, &text) {
            Ok(warnings) => {
                for warning in &warnings {
                    context.printer.warning(lang.settings_warning(warning));
                }
                break text;
            }
            Err(error) => {
                let failure = kept(context.settings_failure(&error), &copy, context);
                if !context.asker().can_ask() {
                    return Err(failure);
                }
                context.printer.failure(&failure);
                if !context.asker().goes_on(lang.config_edit_again()).await? {
                    return Err(Failure::silent(error.code().exit() as u8));
                }
            }
        }
    };
    let mut edit = open(&home, context)?;
    if edit.text() != before {
        return Err(kept(Failure::new(Code::Usage, lang.config_changed_meanwhile()), &copy, context));
    }
    let saved = edit.replace_text(&text).and_then(|edit| edit.save());
    saved.map_err(|error| kept(context.settings_failure(&error), &copy, context))?;
    let _ = fs::remove_file(&copy);
    context.printer.note(lang.config_edited(home.config().display()));
    told(&home, true, context)
}

fn told(home: &Home, changed: bool, context: &Context) -> Result<(), Failure> {
    if context.printer.json {
        return context.printer.document(&json!({ "config": home.config(), "changed": changed }));
    }
    Ok(())
}

fn open(home: &Home, context: &Context) -> Result<ConfigEdit, Failure> {
    ConfigEdit::open(home).map_err(|error| context.settings_failure(&error))
}

/// The program that a person edits with, in words: it may have arguments.
fn chosen(context: &Context) -> Result<Vec<String>, Failure> {
    let env = &context.ambient.env;
    let named = ["VISUAL", "EDITOR"].into_iter().find_map(|name| env.get(name));
    let words: Vec<String> = named.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    match words.first() {
        Some(_) => Ok(words),
        None if context.asker().can_ask() => Ok(vec!["vi".to_owned()]),
        None => {
            Err(Failure::new(Code::CommandNotFound, context.lang().no_editor()).then(context.lang().no_editor_next()))
        }
    }
}

async fn start(editor: &[String], copy: &Path, context: &Context) -> Result<(), Failure> {
    let (program, arguments) = editor.split_first().ok_or_else(|| Failure::of(Code::Internal))?;
    // Ctrl-C is the editor's own business.
    let asked = context.stopping(Ending::Program);
    let mut command = tokio::process::Command::from(child_environment::stranger(program));
    command.args(arguments).arg(copy).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| child_process::not_started(program.as_ref(), &error, context))?;
    let status = tokio::select! {
        status = child.wait() => status,
        () = asked => return Err(Failure::silent(128 + 15)),
    };
    let status = status.map_err(|error| Failure::of(Code::Internal).detail(error.to_string()))?;
    if status.success() {
        return Ok(());
    }
    let lang = context.lang();
    Err(kept(Failure::new(Code::CommandNotFound, lang.editor_failed(program, status)), copy, context))
}

fn kept(failure: Failure, copy: &Path, context: &Context) -> Failure {
    let lang = context.lang();
    failure.stands(lang.config_text_kept(copy.display())).then(lang.config_text_kept_next(copy.display()))
}

fn unwritable(copy: &Path, error: &io::Error, context: &Context) -> Failure {
    context.settings_failure(&tokenward::SettingsError::NotWritten {
        path: copy.to_owned(),
        source: io::Error::new(error.kind(), error.to_string()),
    })
}

fn write(copy: &Path, text: &str) -> io::Result<()> {
    let mut file: File = File::options().write(true).create_new(true).mode(0o600).open(copy)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Beside the file, so that it can be found, and with its ending, by which editors know how it is written.
const COPY: &str = "config.edited.toml";
