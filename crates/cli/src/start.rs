//! From words to a command, and from its result to an exit code.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::FromArgMatches;
use clap::error::ErrorKind;
use tokenward::{Keeper, ScriptRefresh, SystemEntropy};
use tokenward_core::{Code, Standing};

use crate::ambient::Ambient;
use crate::args::{Cli, Colour, Command, Global};
use crate::command_hint::Typed;
use crate::commands;
use crate::completion;
use crate::context::Context;
use crate::failure::Failure;
use crate::network_diagnosis;
use crate::prompt::Asker;
use crate::render::{LogLines, Printer, advise_at_home, repeat_no_secret_of};
use crate::signals::{self, Cancelled};
use crate::token_places::login_in_folder;
use crate::usage_error::misuse;
use crate::words::Lang;
use crate::words::chinese_help::{self, Depth};

/// Runs the command that the words name.
pub(crate) fn run(arguments: &[OsString], ambient: Ambient) -> ExitCode {
    if let [first, words @ ..] = arguments
        && first == completion::ASKED
    {
        return completion::answer(words, ambient);
    }
    let lang = ambient.lang(wanted_lang(arguments));
    repeat_no_secret_of(arguments);
    if arguments.is_empty() {
        let text = chinese_help::shown(lang, Depth::First, ambient.surface.width).render_help();
        let printer = Printer::new(lang, false, false, 0, Colour::Auto, ambient.surface);
        return ended(printer.help(&text).map(|()| ExitCode::SUCCESS), printer);
    }
    let words = std::iter::once(OsString::from("tokenward")).chain(arguments.iter().cloned());
    let parsed = chinese_help::command(lang)
        .try_get_matches_from(words.clone())
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let is_help =
                matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
            // What is shown beside the arguments is made for those alone who want to see it.
            let shown = is_help.then(|| chinese_help::shown(lang, Depth::Arguments, ambient.surface.width));
            let error = shown.and_then(|mut tree| tree.try_get_matches_from_mut(words).err()).unwrap_or(error);
            return answer_clap(&error, arguments, &ambient, lang);
        }
    };
    let mut global = cli.global;
    global.profile = cli.command.profile().cloned().or(global.profile);
    if let Some(home) = &global.home {
        advise_at_home(home);
    }
    let printer = Printer::new(lang, global.json, global.quiet, global.verbose, global.color, ambient.surface);
    start_log(&ambient, global.verbose, matches!(&cli.command, Command::Serve(serve) if serve.command.is_none()));
    let env_file = match &cli.command {
        Command::Login(login) => login.env_file.as_ref(),
        Command::Token(token) => token.env_file.as_ref(),
        Command::Exec(exec) => exec.env_file.as_ref(),
        _ => None,
    };
    let by_file = env_file
        .map(|file| format!("tokenward login --env-file {}", crate::token_places::quoted(&file.display().to_string())));
    // `init` speaks of the app that it was to register.
    let of_init = match &cli.command {
        Command::Init(init) => Some(init.app.as_ref().map(|app| format!(" --app {app}"))),
        _ => None,
    };
    let (by_variable, of_one) = (reads_secret_variable(&cli.command), asks_about_one(&cli.command, &global));
    // A login under a new name needs to know of which app.
    let new_login = matches!(&cli.command, Command::Login(login) if login.app.is_none() && login.env_file.is_none());
    let new_login = global.profile.clone().filter(|_| new_login);
    let result = ambient.check(lang).and_then(|()| enough()).and_then(|()| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::of(Code::Internal).detail(error.to_string()))?;
        let context = Context::new(ambient, global, printer, Typed::of(&cli.command));
        let cancelled = Cancelled::of(&cli.command);
        let result = runtime.block_on(signals::heard(&context, cancelled, commands::run(cli.command, &context)));
        let result = result.map_err(|failure| {
            let restored = if failure.is_of_a_stranger() { runtime.block_on(context.restored()) } else { None };
            let failure =
                failure.after_restore(restored.as_ref(), context.now(), context.zone(), lang).in_zone(context.zone());
            // A login under the profile that a file is linked to brings the file into step too.
            let failure = match (&by_file, context.of_file.get()) {
                (_, Some(name)) => failure.about(&context.meant(name), lang),
                (Some(command), None) => failure.logging_in_by(command, lang),
                (None, None) => failure,
            };
            let failure = match &new_login {
                Some(name) if failure.is_of(Code::UnknownProfile) => failure.only_then([lang.new_profile_of(name)]),
                _ => failure,
            };
            // What `init` would store is overruled by the variable as long as that is set.
            let failure = if failure.is_of(Code::AppCredentialsWrong) && by_variable && context.ambient.secret_is_set {
                failure.in_place_of_general(lang.secret_is_of_variable(), lang)
            } else {
                failure
            };
            let asks = of_one && (failure.is_of(Code::NotLoggedIn) || failure.is_of(Code::SettingMissing));
            let failure = if asks { runtime.block_on(login_beside(failure, context.keeper(), lang)) } else { failure };
            let failure = failure.at(|| context.provider(), lang);
            let init = match &of_init {
                Some(own) => own.clone(),
                None => context.init_flags(),
            };
            let meant = context.meant_by_flags().registering(init);
            network_diagnosis::explained(failure, &context.ambient.env, lang).about(&meant, lang)
        });
        // A question may still be waiting on its thread; it must not hold the end up.
        runtime.shutdown_timeout(Duration::from_millis(20));
        Asker::restore();
        result
    });
    ended(result, printer)
}

/// Whether a command takes the App Secret from the variable where that is set: `init` may be given it otherwise.
fn reads_secret_variable(command: &Command) -> bool {
    let Command::Init(init) = command else { return true };
    !init.app_secret_stdin && init.app_secret_file.is_none() && init.secret_file.is_none()
}

/// Whether a command asks about the login that is meant where nobody names one.
fn asks_about_one(command: &Command, global: &Global) -> bool {
    let is_of_login = match command {
        Command::Status(_) | Command::Whoami(_) => true,
        Command::Refresh(refresh) => !refresh.is_of_a_script(),
        Command::Token(token) => token.env_file.is_none(),
        _ => false,
    };
    is_of_login && global.profile.is_none() && global.user.is_none()
}

/// Whoever has no login here, and the old script's file beside, asks about that.
async fn login_beside(failure: Failure, keeper: Option<&Keeper>, lang: Lang) -> Failure {
    match login_in_folder(lang) {
        // What was logged out here, `link` does not bring back.
        Some(file) if is_over_here(keeper).await => failure.only_then([lang.file_here_was_logged_out(file)]),
        Some(file) => failure.first(lang, lang.file_here_holds_login(file)),
        None => failure,
    }
}

/// Whether the vault knows the login of the file in this folder, and has no use for it any more.
async fn is_over_here(keeper: Option<&Keeper>) -> bool {
    let Some(keeper) = keeper else { return false };
    let shown = ScriptRefresh::login_shown(keeper, Path::new(ScriptRefresh::FILE)).await;
    shown.ok().flatten().is_some_and(|login| matches!(login.standing, Standing::Retired { .. }))
}

/// What a result comes to: told, if it is a failure.
fn ended(result: Result<ExitCode, Failure>, printer: Printer) -> ExitCode {
    result.unwrap_or_else(|failure| {
        if !failure.is_silent() {
            printer.failure(&failure);
        }
        failure.exit()
    })
}

/// Whether the system gives what the runtime and the vault cannot do without. The runtime would end the process where it is refused a
/// descriptor for its signals.
fn enough() -> Result<(), Failure> {
    SystemEntropy::check()?;
    let null = std::fs::File::open("/dev/null");
    let spare: std::io::Result<Vec<_>> = null.and_then(|null| (0..DESCRIPTORS).map(|_| null.try_clone()).collect());
    match spare {
        Err(error) if matches!(error.raw_os_error(), Some(EMFILE | ENFILE)) => {
            Err(Failure::of(Code::SystemShort).detail(error.to_string()))
        }
        // A place without /dev/null is no reason to refuse.
        _ => Ok(()),
    }
}

/// The runtime takes five; the database three, and a lock.
const DESCRIPTORS: usize = 10;
const EMFILE: i32 = rustix::io::Errno::MFILE.raw_os_error();
const ENFILE: i32 = rustix::io::Errno::NFILE.raw_os_error();

/// Help and version are data; everything else is a misuse, told in our words.
fn answer_clap(error: &clap::Error, arguments: &[OsString], ambient: &Ambient, lang: Lang) -> ExitCode {
    let has = |flag: &str| arguments.iter().take_while(|word| *word != "--").any(|word| word == flag);
    let printer = Printer::new(lang, has("--json"), false, 0, Colour::Auto, ambient.surface);
    let result = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => printer.help(&error.render()).map(|()| ExitCode::SUCCESS),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            printer.picture(chinese_help::in_words(&error.render().to_string(), lang).trim_end());
            Err(Failure::silent(Code::Usage.exit() as u8))
        }
        _ => Err(misuse(error, arguments, lang)),
    };
    ended(result, printer)
}

/// The language flag, found before the words are parsed: help and misuse are told in it too.
fn wanted_lang(arguments: &[OsString]) -> Option<Lang> {
    let mut words = arguments.iter().take_while(|word| *word != "--").filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        let value = if word == "--lang" { words.next() } else { word.strip_prefix("--lang=") };
        if let Some(value) = value {
            return <Lang as clap::ValueEnum>::from_str(value, true).ok();
        }
    }
    None
}

/// Sends what the crates trace to stderr. They trace no secret (I4). No colours: an escape in a line is never ours.
fn start_log(ambient: &Ambient, verbose: u8, is_server: bool) {
    let wish = ambient.env.get("TOKENWARD_LOG").map(str::to_owned).or_else(|| match verbose {
        // Nobody else tells the operator of a server what it refuses, and which login has ended.
        0 | 1 => is_server.then(|| "tokenward_serve=warn,tokenward_keeper::rotation::login_end=warn".to_owned()),
        2 => Some("tokenward=debug,tokenward_core=debug,tokenward_wire=debug,tokenward_vault=debug".to_owned()),
        _ => Some("debug".to_owned()),
    });
    let Some(wish) = wish else { return };
    let filter = tracing_subscriber::EnvFilter::builder().parse_lossy(wish);
    // Another subscriber cannot be there: this is the only place that sets one.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| LogLines).with_ansi(false).try_init();
}
