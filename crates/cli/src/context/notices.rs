//! What a person should know beside what was asked for: of a token that was handed out all the same, and of a login that is over.
//!
//! Enters: notices of the engine. Leaves: notes and warnings on stderr, each once.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use tokenward::{Notice, Session};
use tokenward_core::{Code, ExitClass, ProfileName, Standing};

use super::Context;

impl Context {
    /// Says what a person should know although a token was handed out.
    pub(crate) fn tell_notices(&self, notices: &[Notice]) {
        let lang = self.lang();
        // That a refresh failed for good is said with what follows from it.
        let over = notices.iter().any(|notice| matches!(notice, Notice::LoginOver { .. }));
        let is_refreshed = !notices.iter().any(|notice| {
            matches!(notice, Notice::RotationFailed(_) | Notice::RotatedElsewhere | Notice::LoginOver { .. })
        });
        // A file is looked at before and after a refresh, and has one story.
        let mut told = BTreeSet::new();
        let mut once = |notice| Some(lang.notice(notice)).filter(|words: &String| told.insert(words.clone()));
        for notice in notices {
            match notice {
                Notice::LoginOver { .. } => self.tell_over(notice),
                Notice::RotationFailed(error) if over && error.code().exit() == ExitClass::NeedsConsent => {}
                Notice::Odd(_) | Notice::RescueSlotUsed | Notice::ShorterThanAsked => {
                    self.printer.warning(lang.notice(notice));
                }
                Notice::ClockWentBack if is_refreshed => self.warn_once(lang.notice_clock()),
                Notice::RotationFailed(_) | Notice::ClockWentBack => self.warn_once(lang.notice(notice)),
                Notice::RotatedElsewhere => self.printer.aside(lang.notice(notice)),
                Notice::LinkNotWritten { .. }
                | Notice::StaleCopy { .. }
                | Notice::LinkClosed { .. }
                | Notice::LinkUnusable { .. }
                | Notice::LinkOfAnother { .. }
                | Notice::LinkBlank { .. }
                | Notice::TakenBack { .. } => once(notice).into_iter().for_each(|words| self.printer.warning(words)),
                Notice::KeptAside { .. }
                | Notice::LinkOfAnotherUser { .. }
                | Notice::LinkOfOtherOwner { .. }
                | Notice::LinkReplaced { .. }
                | Notice::LinkOfFormerUser { .. }
                | Notice::LinkOfEndedLogin { .. }
                | Notice::LinkGivenItsOwn { .. }
                | Notice::AnotherUser { .. } => once(notice).into_iter().for_each(|words| self.printer.alarm(words)),
                Notice::LinkHealed { .. } | Notice::LinkAdopted { .. } => {
                    if let Some(words) = once(notice) {
                        self.printer.note(words);
                    }
                }
                _ => self.printer.note(lang.notice(notice)),
            }
        }
    }

    /// A warning that a further call for the same token need not repeat.
    fn warn_once(&self, words: String) {
        let is_new = self.said.lock().is_ok_and(|mut said| said.insert(words.clone()));
        if is_new {
            self.printer.warning(words);
        }
    }

    /// Says once that the login is no longer valid whose token is handed out, and what to run.
    fn tell_over(&self, notice: &Notice) {
        let Notice::LoginOver { profile, .. } = notice else { return };
        let command = self.login_command(profile.as_ref());
        if let Some(words) = self.lang().login_over(notice, self.now(), command.as_deref())
            && !self.said_over.swap(true, Ordering::Relaxed)
        {
            self.printer.warning(words);
        }
    }

    /// Says that a profile's login is over, if it is, to somebody who sets up what is to follow it.
    pub(crate) async fn warn_if_over(&self, session: &Session, name: &ProfileName) {
        let Ok(id) = session.keeper().grant_of(name).await else { return };
        let Ok(report) = session.keeper().status(id).await else { return };
        if let Standing::NeedsConsent { code, .. } = report.grant.standing {
            self.printer.warning(self.over_words(name, code));
        }
    }

    /// That a login is over, and what to run.
    pub(crate) fn over_words(&self, name: &ProfileName, code: Code) -> String {
        let lang = self.lang();
        let told = lang.followed_over(name, lang.happened(code), code);
        if !matches!(code.exit(), ExitClass::NeedsConsent) {
            return format!("{told}{}{}", lang.stop(), lang.next_step(code));
        }
        match self.login_command(Some(name)) {
            Some(command) => format!("{told}{}{}", lang.stop(), lang.run_command(command)),
            None => told,
        }
    }
}
