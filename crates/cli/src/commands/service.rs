//! `tokenward service`: `watch` as a service of the user's session.
//!
//! Enters: profiles, and the variables that lead to this vault. Leaves: a file that systemd or launchd reads and a person can read too,
//! with no secret in it (I4), and the service started where its manager is there; where it is not, what to type. A crash between the two
//! leaves a file that the next `install` writes again.

mod unit;

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use tokenward::{Overrides, SecretSource, Setting};
use tokenward_core::Code;

use super::notify_command::TroubleProgram;
use crate::ambient::installed_program;
use crate::args::{Service, ServiceInstall};
use crate::child_environment;
use crate::context::Context;
use crate::failure::Failure;
use unit::{MARK, Manager, Unit};

pub(super) async fn run(service: Service, context: &Context) -> Result<ExitCode, Failure> {
    let place = Place::find(context)?;
    match service {
        Service::Install(wish) => install(&wish, &place, context).await,
        Service::Status => status(&place, context),
        Service::Remove => remove(&place, context),
    }
}

/// Where the file stands, and whose it is.
struct Place {
    manager: Manager,
    file: PathBuf,
}

/// What came of a manager's command.
enum Managed {
    Done,
    /// The manager is not here.
    Absent,
    Failed(String),
}

impl Place {
    fn find(context: &Context) -> Result<Self, Failure> {
        let manager = Manager::here();
        let env = &context.ambient.env;
        let home = env.path("HOME").filter(|home| home.is_absolute());
        let config = env.path("XDG_CONFIG_HOME").filter(|folder| folder.is_absolute());
        let folder = match manager {
            Manager::Systemd => {
                config.or_else(|| Some(home?.join(".config"))).map(|config| config.join("systemd/user"))
            }
            Manager::Launchd => home.map(|home| home.join("Library/LaunchAgents")),
        };
        let folder = folder.ok_or_else(|| Failure::of(Code::HomeUnusable))?;
        Ok(Self { manager, file: folder.join(manager.file_name()) })
    }

    /// Whether the file is there; refused where it is somebody else's.
    fn is_ours(&self, context: &Context) -> Result<bool, Failure> {
        let lang = context.lang();
        match std::fs::read_to_string(&self.file) {
            Ok(text) if text.contains(MARK) => Ok(true),
            Ok(_) => Err(Failure::new(Code::FileUnusable, lang.service_of_others(self.file.display()))
                .then(lang.service_of_others_next())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.not_written(&error, context)),
        }
    }

    fn not_written(&self, error: &std::io::Error, context: &Context) -> Failure {
        let words = context.lang().file_not_written(self.file.display());
        Failure::new(Code::BadSetting, words).detail(error.to_string())
    }
}

async fn install(wish: &ServiceInstall, place: &Place, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    // `--profile NAME` means what NAME as a last word does.
    let mut wish = wish.clone();
    wish.profiles.extend(context.global.profile.clone().filter(|name| !wish.profiles.contains(name)));
    let wish = &wish;
    place.is_ours(context)?;
    something_to_watch(wish, context).await?;
    let unit = unit(wish, has_stored_secrets(wish, context).await?, context)?;
    let written = place.file.parent().map_or(Ok(()), std::fs::create_dir_all);
    let written = written.and_then(|()| std::fs::write(&place.file, unit.text(place.manager)));
    written.map_err(|error| place.not_written(&error, context))?;
    let commands = place.manager.start(&place.file);
    let mut trouble = None;
    for words in &commands {
        match manage(words) {
            Managed::Done => {}
            Managed::Absent => {
                trouble = Some(lang.service_not_started(&words[0]));
                break;
            }
            Managed::Failed(why) => {
                trouble = Some(lang.service_start_failed(why));
                break;
            }
        }
    }
    if printer.json {
        printer.document(&json!({ "file": place.file, "running": trouble.is_none() }))?;
    } else {
        printer.note(lang.service_written(context.short(&place.file)));
        if trouble.is_none() {
            printer.note(lang.service_runs());
            printer.note(lang.service_log(place.manager.log()));
            if place.manager == Manager::Systemd {
                printer.note(lang.service_lingers());
            }
        }
    }
    if let Some(trouble) = trouble {
        let has_no_bus = place.manager == Manager::Systemd && trouble.contains("connect to bus");
        if has_no_bus && !place.manager.runs_this_machine() {
            printer.warning(lang.service_without_systemd());
            printer.note(lang.service_watch_instead());
            return Ok(ExitCode::SUCCESS);
        }
        printer.warning(trouble);
        // After su or sudo, and for an account that nobody logs in to, the user has no session whose manager could be reached.
        if has_no_bus {
            let uid = rustix::process::getuid().as_raw();
            printer.note(lang.service_no_session(uid));
        }
        for words in &commands {
            printer.note(format!("  {}", words.join(" ")));
        }
        if !place.manager.runs_this_machine() {
            printer.note(lang.service_watch_instead());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The service's file, where one of ours is there.
pub(super) fn installed(context: &Context) -> Option<PathBuf> {
    let place = Place::find(context).ok()?;
    place.is_ours(context).is_ok_and(|ours| ours).then_some(place.file)
}

/// A service that has nothing to follow would end at once, and nobody would see why.
async fn something_to_watch(wish: &ServiceInstall, context: &Context) -> Result<(), Failure> {
    let settings = context.settings_with(Overrides::default().with(Setting::OnTrouble, wish.on_trouble.clone()))?;
    if let Some(program) = settings.on_trouble().map_err(|error| context.settings_failure(&error))? {
        TroubleProgram::find(&program, &context.ambient.env, context.lang())?;
    }
    for name in &wish.profiles {
        settings.profile(Some(name)).map_err(|error| context.settings_failure(&error))?;
    }
    let links = match context.look(&settings).await? {
        Some(session) => session.links().states(None).await?.len(),
        None => 0,
    };
    if links == 0 && wish.profiles.is_empty() {
        let lang = context.lang();
        return Err(Failure::new(Code::LinkNotFound, lang.nothing_to_watch()).then(lang.service_of_nothing_next()));
    }
    Ok(())
}

/// Whether the vault has the secret that a variable gives, for every app whose login the service refreshes: then that needs no variable.
async fn has_stored_secrets(wish: &ServiceInstall, context: &Context) -> Result<bool, Failure> {
    let settings = context.settings()?;
    let Some(session) = context.look(&settings).await? else { return Ok(false) };
    let mut profiles = wish.profiles.clone();
    if profiles.is_empty() {
        profiles.extend(session.links().states(None).await?.into_iter().map(|state| state.link.target.profile));
    }
    for name in &profiles {
        let Ok(profile) = settings.profile(Some(name)) else { return Ok(false) };
        let stored = session.keeper().app_secret(&profile.app_name).await?;
        if !matches!((&profile.secret, stored), (SecretSource::Given(used), Some(stored)) if *used == stored) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn unit(wish: &ServiceInstall, has_stored_secrets: bool, context: &Context) -> Result<Unit, Failure> {
    let lang = context.lang();
    let program = installed_program().map_err(|error| Failure::of(Code::Internal).detail(error.to_string()))?;
    let mut command = vec![program.display().to_string(), "watch".to_owned()];
    if !wish.no_notify {
        command.push("--notify".to_owned());
    }
    if let Some(program) = &wish.on_trouble {
        command.extend(["--on-trouble".to_owned(), program.clone()]);
    }
    command.extend(wish.profiles.iter().map(ToString::to_string));
    let mut variables = vec![];
    for setting in Setting::ALL {
        let Some(variable) = setting.variable() else { continue };
        let Some(value) = context.ambient.env.get(variable) else { continue };
        match setting {
            // Of this call alone.
            Setting::ClockOffset | Setting::KillAt | Setting::Log | Setting::Home => {}
            Setting::AppSecret if has_stored_secrets => {}
            Setting::AppSecret | Setting::Key | Setting::Database => {
                let told = lang.service_without(variable);
                let next = lang.service_without_next(variable);
                context.printer.warning(format!("{told}{}{next}", lang.stop()));
            }
            _ => variables.push((variable.to_owned(), value.to_owned())),
        }
    }
    let home = context.home()?;
    let home = std::path::absolute(home.path()).unwrap_or_else(|_| home.path().to_owned());
    variables.push(("TOKENWARD_HOME".to_owned(), home.display().to_string()));
    Ok(Unit { command, variables })
}

fn status(place: &Place, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    let installed = place.is_ours(context)?;
    let asked = |words: &[String]| match manage(words) {
        Managed::Done => Some(true),
        Managed::Failed(_) => Some(false),
        Managed::Absent => None,
    };
    let [running, starts] = place.manager.questions().map(|words| asked(&words).filter(|_| installed));
    if printer.json {
        printer
            .document(&json!({ "file": place.file, "installed": installed, "running": running, "starts": starts }))?;
    } else if installed {
        let word = |known: Option<bool>| match known {
            Some(true) => lang.answer_yes(),
            Some(false) => lang.answer_no(),
            None => lang.unknown(),
        };
        printer.facts(&[
            (lang.fact_service_file(), context.short(&place.file)),
            (lang.fact_service_running(), word(running)),
            (lang.fact_service_starts(), word(starts)),
        ])?;
    } else {
        printer.note(lang.service_not_there());
    }
    Ok(ExitCode::SUCCESS)
}

fn remove(place: &Place, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    let installed = place.is_ours(context)?;
    let mut stopped = false;
    if installed {
        let [stop, forget] = place.manager.stop(&place.file);
        match manage(&stop) {
            Managed::Done => stopped = true,
            Managed::Failed(why) => printer.warning(lang.service_stop_failed(why)),
            Managed::Absent => {}
        }
        std::fs::remove_file(&place.file).map_err(|error| place.not_written(&error, context))?;
        // That its file is gone the manager would see by itself, later.
        let _ = manage(&forget);
    }
    if printer.json {
        printer.document(&json!({ "file": place.file, "removed": installed }))?;
    } else if installed {
        let file = context.short(&place.file);
        printer.note(if stopped { lang.service_removed(file) } else { lang.service_file_removed(file) });
    } else {
        printer.note(lang.service_not_there());
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a command of the manager, which gets none of our variables.
fn manage(words: &[String]) -> Managed {
    let Some((program, rest)) = words.split_first() else { return Managed::Absent };
    match child_environment::stranger(program).args(rest).output() {
        Ok(output) if output.status.success() => Managed::Done,
        Ok(output) => {
            let said = [output.stderr, output.stdout].map(|said| String::from_utf8_lossy(&said).trim().to_owned());
            let said = said.into_iter().find(|said| !said.is_empty());
            Managed::Failed(said.unwrap_or_else(|| output.status.to_string()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Managed::Absent,
        Err(error) => Managed::Failed(error.to_string()),
    }
}
