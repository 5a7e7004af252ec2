//! A person is told that a login needs them, or will: by a program of their own and on the desktop.
//!
//! Enters: how the followed logins stand. Leaves: a started program, with profile, user, code and sentence in its environment and no
//! token in reach (I4), and a notification. Each trouble is told once, and again when it has passed and comes back. After a crash it is
//! told again: twice is better than never.

use std::collections::BTreeMap;
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};

use tokenward::{Report, Session};
use tokenward_core::{Code, ProfileName, Standing, Status};
use tokio::task::JoinSet;

use crate::child_environment;
use crate::commands::notify_command::TroubleProgram;
use crate::commands::status::ends_soon;
use crate::context::Context;

/// What tells a person, and what was told.
pub(super) struct Alarm<'a> {
    context: &'a Context,
    /// The program that was named.
    program: Option<TroubleProgram>,
    notify: bool,
    told: BTreeMap<ProfileName, Trouble>,
    started: JoinSet<Result<(), Failed>>,
}

/// What was told of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// It needs a person now.
    Over(Code),
    /// It ends within so many days.
    Soon(u64),
}

/// A program that did not do its work.
pub(super) struct Failed {
    name: String,
    why: String,
}

impl<'a> Alarm<'a> {
    pub(super) fn new(program: Option<TroubleProgram>, notify: bool, context: &'a Context) -> Self {
        Self { context, program, notify, told: BTreeMap::new(), started: JoinSet::new() }
    }

    /// Looks at the logins of these profiles and tells what of them is news.
    pub(super) async fn look(&mut self, profiles: &[ProfileName], session: &Session) {
        for profile in profiles {
            self.look_at(profile, session).await;
        }
    }

    async fn look_at(&mut self, profile: &ProfileName, session: &Session) {
        let Ok(id) = session.keeper().grant_of(profile).await else { return };
        let Ok(report) = session.keeper().status(id).await else { return };
        match report.grant.standing {
            Standing::NeedsConsent { code, .. } => self.over(profile, code, Some(&report)),
            _ => self.living(profile, &report),
        }
    }

    /// A login needs a person: by the vault's word, or because a refresh said so.
    pub(super) fn over(&mut self, profile: &ProfileName, code: Code, report: Option<&Report>) {
        if matches!(self.told.get(profile), Some(Trouble::Over(_))) {
            return;
        }
        self.told.insert(profile.clone(), Trouble::Over(code));
        let text = self.context.over_words(profile, code);
        self.tell(profile, code, &text, report);
    }

    /// A login is not followed at all, for as long as this runs.
    pub(super) fn not_followed(&mut self, profile: &ProfileName, code: Code, words: &str) {
        self.told.insert(profile.clone(), Trouble::Over(code));
        self.tell(profile, code, words, None);
    }

    /// Nothing can be followed at all. Waits for the program to end, since this process is about to.
    pub(super) async fn not_begun(&mut self, code: Code, words: &str) {
        self.start_all(None, code, words, None);
        while let Some(ended) = self.started.join_next().await {
            if let Ok(Err(failed)) = ended {
                self.failed(&failed);
            }
        }
    }

    fn living(&mut self, profile: &ProfileName, report: &Report) {
        let (lang, now) = (self.context.lang(), self.context.now());
        let lives = matches!(report.status, Status::Fresh | Status::Due | Status::Rotating);
        let soon = ends_soon(&report.grant, lang, now).filter(|_| lives);
        let Some((days, words)) = soon else {
            self.told.remove(profile);
            return;
        };
        let stage = STAGES.into_iter().find(|stage| days <= *stage).unwrap_or(days);
        if self.told.insert(profile.clone(), Trouble::Soon(stage)) == Some(Trouble::Soon(stage)) {
            return;
        }
        let text = lang.trouble_of(profile, words);
        self.context.printer.warning(&text);
        self.tell(profile, Code::LoginEndsSoon, &text, Some(report));
    }

    fn tell(&mut self, profile: &ProfileName, code: Code, text: &str, report: Option<&Report>) {
        self.start_all(Some(profile), code, text, report);
    }

    fn start_all(&mut self, profile: Option<&ProfileName>, code: Code, text: &str, report: Option<&Report>) {
        if let Some(program) = &self.program {
            let subject = report.and_then(|report| report.grant.subject.as_ref());
            let user = subject.map(|subject| subject.name.as_deref().unwrap_or(&subject.id)).unwrap_or_default();
            let mut command = child_environment::asking(&program.program, None);
            command.args(&program.arguments);
            command
                .env("TOKENWARD_TROUBLE_PROFILE", profile.map_or("", ProfileName::as_str))
                .env("TOKENWARD_TROUBLE_USER", user);
            command.env("TOKENWARD_TROUBLE_CODE", code.as_str()).env("TOKENWARD_TROUBLE_TEXT", text);
            self.start(command);
        }
        if self.notify {
            let mut command = child_environment::stranger(NOTIFIER[0]);
            command.args(&NOTIFIER[1..]).arg(notified(text));
            self.start(command);
        }
    }

    /// Starts a program and hears how it ends, without waiting for it. Stdout is for events alone.
    fn start(&mut self, mut command: Command) {
        let name = command.get_program().to_string_lossy().into_owned();
        let told = std::io::stderr().as_fd().try_clone_to_owned().map_or_else(|_| Stdio::null(), Stdio::from);
        command.stdin(Stdio::null()).stdout(told);
        let spawned = tokio::process::Command::from(command).spawn();
        self.started.spawn(async move {
            let ended = match spawned {
                Ok(mut child) => child.wait().await,
                Err(error) => Err(error),
            };
            match ended {
                Ok(status) if status.success() => Ok(()),
                Ok(status) => Err(Failed { name, why: status.to_string() }),
                Err(error) => Err(Failed { name, why: error.to_string() }),
            }
        });
    }

    /// The next program that ends; never, while none runs.
    pub(super) async fn ended(&mut self) -> Option<Failed> {
        match self.started.join_next().await {
            Some(ended) => ended.ok()?.err(),
            None => std::future::pending().await,
        }
    }

    /// Says that one did not do its work.
    pub(super) fn failed(&self, failed: &Failed) {
        self.context.printer.warning(self.context.lang().trouble_untold(&failed.name, &failed.why));
    }
}

/// The desktop's own program; the sentence comes last.
const NOTIFIER: &[&str] = if cfg!(target_os = "macos") {
    &[
        "osascript",
        "-e",
        "on run words",
        "-e",
        "display notification (item 1 of words) with title \"Tokenward\"",
        "-e",
        "end run",
    ]
} else {
    &["notify-send", "--app-name=Tokenward", "--urgency=critical", "--", "Tokenward"]
};

/// A sentence for the desktop. Linux reads it as markup (Desktop Notifications Specification 1.2, Markup).
fn notified(text: &str) -> String {
    if cfg!(target_os = "macos") {
        return text.to_owned();
    }
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// In how many days at most a login ends, each time it is told anew.
const STAGES: [u64; 4] = [1, 3, 7, 14];
