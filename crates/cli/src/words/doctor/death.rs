//! How a login came to its end, and what to do: the likeliest cause first, none without a trace.

use std::path::Path;

use jiff::Timestamp;
use tokenward::doctor::{Death, Tale, Traces};
use tokenward_core::{Code, ProfileName, Remedy};

use super::{FindingWords, Setting};
use crate::words::Lang;

impl Lang {
    pub(super) fn death(self, death: &Death, setting: Setting<'_>) -> FindingWords {
        let at = |moment: Timestamp| self.moment(moment, setting.now, setting.zone);
        let (obtained, since) = (at(death.obtained), at(death.since));
        let mut told = match &death.tale {
            Tale::AnswerLost { sender: Some(sender), at: Some(sent), doubt } => {
                let why = doubt.map_or_else(String::new, |doubt| self.doubt(doubt).to_owned());
                let told = self.doctor_dead_lost(self.one(sender), at(*sent), why);
                FindingWords::of(told).detail(self.doctor_dead_lost_why())
            }
            Tale::AnswerLost { .. } => FindingWords::of(self.happened(Code::AnswerLost).to_owned()),
            Tale::SecondOwner(traces) => self.ended_elsewhere(traces, obtained, since.clone(), setting),
            Tale::End { end, wall: true, consented } => {
                let end = end.map_or_else(|| since.clone(), at);
                FindingWords::of(self.doctor_dead_wall(end)).detail(self.doctor_dead_wall_why(at(*consented)))
            }
            Tale::End { end, wall: false, .. } => {
                let end = end.map_or_else(|| since.clone(), at);
                FindingWords::of(self.doctor_dead_end(end)).detail(self.doctor_dead_end_why(obtained))
            }
            Tale::EarlyEnd { announced } => {
                FindingWords::of(self.doctor_dead_early()).detail(self.doctor_dead_early_why(obtained, at(*announced)))
            }
            Tale::MixedUp { issued_by, sent_to } => FindingWords::of(self.doctor_dead_mixed(issued_by, sent_to))
                .detail(self.doctor_dead_mixed_why(issued_by)),
            Tale::Invalid { issued_by } => {
                FindingWords::of(self.doctor_dead_invalid()).detail(if issued_by.needs_app_token() {
                    self.doctor_dead_invalid_v1(issued_by)
                } else {
                    self.doctor_dead_invalid_why(issued_by)
                })
            }

            Tale::Refused => FindingWords::of(self.happened(death.code).to_owned()),
        };
        told =
            told.detail(self.doctor_refused(since, self.who(death.met_by.as_ref()))).details(self.cause(death.cause));
        if let Some(end) = death.serves_until {
            told = told.detail(self.doctor_serves(at(end)));
        }
        match &death.tale {
            Tale::SecondOwner(traces) => {
                told.next.extend(self.who_ended_it(traces, !setting.online && death.serves_until.is_some()));
                told
            }
            Tale::MixedUp { issued_by, .. } => told.next(self.doctor_dead_mixed_next(issued_by)),
            _ => told,
        }
        .next(match &death.newer {
            Some(file) => self.import_newer(file.display(), "tokenward token"),
            None => self.next_step(Code::NotLoggedIn).to_owned(),
        })
    }

    /// Who ended a login that we did not end: what is known first, and nobody accused without a trace.
    fn ended_elsewhere(self, traces: &Traces, obtained: String, since: String, setting: Setting<'_>) -> FindingWords {
        let told = match traces {
            Traces { restored: Some(restored), .. } => {
                FindingWords::of(self.doctor_dead_restored(self.moment(restored.at, setting.now, setting.zone)))
            }
            Traces { access_accepted: Some(false), .. } => {
                FindingWords::of(self.doctor_dead_withdrawn()).detail(self.doctor_dead_withdrawn_by())
            }
            Traces { others, .. } if !others.is_empty() => {
                FindingWords::of(self.doctor_dead_used(others.join(self.list_gap())))
            }
            Traces { access_accepted: Some(true), .. } => FindingWords::of(self.doctor_dead_copied()),
            _ => FindingWords::of(self.doctor_dead_foreign()).detail(self.doctor_dead_withdrawn_by()),
        };
        told.detail(self.doctor_dead_between(obtained, since))
    }

    /// What helps to find out, and what to do about it: the likeliest first.
    fn who_ended_it(self, traces: &Traces, ask: bool) -> Vec<String> {
        match traces {
            Traces { restored: Some(restored), .. } => {
                restored.before.iter().map(|before| self.doctor_dead_before(before.display())).collect()
            }
            Traces { access_accepted: Some(false), others, .. } if others.is_empty() => Vec::new(),
            _ if ask && traces.access_accepted.is_none() && traces.others.is_empty() => {
                vec![self.doctor_dead_ask_online(), self.doctor_dead_unknown_next()]
            }
            Traces { access_accepted: None, others, .. } if others.is_empty() => vec![self.doctor_dead_unknown_next()],
            _ => vec![self.doctor_dead_foreign_next()],
        }
    }

    /// Advice about a login of a program that brings its own settings: what no command can do here, the program does.
    pub(super) fn of_a_program(self, next: Vec<String>, name: Option<&ProfileName>) -> Vec<String> {
        let mut advice: Vec<String> = Vec::new();
        for line in next {
            let line = if line.contains("`tokenward login") {
                self.program_login_again(name)
            } else if line.contains("`tokenward refresh") || line.contains("`tokenward token") {
                self.program_continues()
            } else {
                line
            };
            if !advice.contains(&line) {
                advice.push(line);
            }
        }
        advice
    }

    /// How somebody logs in again whose login a program keeps.
    pub(crate) fn program_login_again(self, name: Option<&ProfileName>) -> String {
        if name.is_some_and(ProfileName::is_of_app) { self.program_app_again() } else { self.program_user_again() }
    }

    /// Advice for somebody who has a script's file and no profile, in commands that work.
    pub(super) fn of_a_script(self, next: Vec<String>, file: &Path, name: Option<&ProfileName>) -> Vec<String> {
        let command = format!("tokenward refresh --config-file {}", quoted(file));
        let app_token = self.remedy(Remedy::RenewAppToken);
        let mut advice: Vec<String> = Vec::new();
        let mut login = false;
        for line in next {
            if line.contains("`tokenward login") {
                login = true;
            } else if line == app_token {
                advice.push(self.script_app_token_ended(file.display()));
            } else {
                let line = line.replace("`tokenward refresh`", &format!("`{command}`"));
                advice.push(line.replace("`tokenward token`", &format!("`{command}`")));
            }
        }
        if login {
            advice.push(self.script_login_again(quoted(file)));
            advice.extend(name.map(|name| self.doctor_script_remove(name)));
        }
        advice
    }
}

/// A path as a shell takes it.
fn quoted(file: &Path) -> String {
    let text = file.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+@~".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
