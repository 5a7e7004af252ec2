//! What the doctor says: each finding as a sentence, what belongs to it, and what to do next.
//!
//! Enters: a finding of the engine, which holds no word. Leaves: a [`FindingWords`]. The sentences are in [`words`].

mod death;
mod secret_origin;
mod sentences;

#[cfg(test)]
mod tests;

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokenward::doctor::{
    Cause, Check, Doubtful, Finding, KeyFacts, Past, PastRotation, ProcessName, Says, SecretFacts, Severity, Story,
};
use tokenward_core::rotation_policy::Recovery;
use tokenward_core::{Closing, Code, Doubt, ProfileName, Remedy, Subject};

use super::links::of_this_file;
use super::{Lang, in_zone};
use crate::failure::provider_words;
use crate::profile_flags::Meant;
pub(crate) use secret_origin::SecretOrigin;

#[cfg(test)]
pub(in crate::words) use sentences::ALL;

/// A finding in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FindingWords {
    /// What was found.
    pub(crate) message: String,
    /// What belongs to it.
    pub(crate) details: Vec<String>,
    /// What to do, if anything.
    pub(crate) next: Vec<String>,
}

/// What the words depend on besides the finding.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<'a> {
    /// Now.
    pub(crate) now: Timestamp,
    /// The zone in which moments are shown.
    pub(crate) zone: &'a TimeZone,
    /// Whether the provider was asked.
    pub(crate) online: bool,
    /// The profile that commands have to name.
    pub(crate) profile: Option<&'a ProfileName>,
    /// Whether what the provider wants set is set in the console of Feishu and Lark.
    pub(crate) console: bool,
    /// The script's file that commands have to name, for a login that is of one.
    pub(crate) script: Option<&'a Path>,
    /// Whether the login is of a program that brings its own settings: no command here refreshes it.
    pub(crate) program: bool,
    /// Where the app's secret is from.
    pub(crate) secret: SecretOrigin,
}

impl FindingWords {
    fn of(message: String) -> Self {
        Self { message, details: Vec::new(), next: Vec::new() }
    }

    fn detail(mut self, detail: String) -> Self {
        self.details.push(detail);
        self
    }

    fn details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }

    fn next(mut self, next: impl Into<String>) -> Self {
        self.next.push(next.into());
        self
    }
}

/// How the journal names a login that had no profile and was given one.
const OF_THIS_VAULT: &str = "a login of this vault";

impl Lang {
    /// A finding in words.
    pub(crate) fn finding(self, finding: &Finding, setting: Setting<'_>) -> FindingWords {
        let profile = finding.profile.as_ref();
        let mut told = self.story(&finding.story, profile, setting);
        if let Some(file) = setting.script {
            told.next = self.of_a_script(told.next, file, setting.profile.or(profile));
        } else if setting.program {
            told.next = self.of_a_program(told.next, profile);
        } else if let Some(profile) = setting.profile.or(profile.filter(|name| name.is_of_user())) {
            for next in &mut told.next {
                *next = naming(next, profile);
            }
        }
        told
    }

    /// A severity in a word.
    pub(crate) fn severity(self, severity: Severity) -> String {
        match severity {
            Severity::Good => self.doctor_good(),
            Severity::Note => self.doctor_note(),
            Severity::Warning => self.doctor_warning(),
            Severity::Trouble => self.doctor_trouble(),
        }
    }

    /// A question in a word.
    pub(crate) fn check(self, check: Check) -> String {
        match check {
            Check::App => self.check_app(),
            Check::Secret => self.check_secret(),
            Check::Login => self.check_login(),
            Check::Tokens => self.check_tokens(),
            Check::Rotations => self.check_turns(),
            Check::Links => self.check_links(),
            Check::Store => self.check_store(),
            Check::Clock => self.check_clock(),
            Check::Brand => self.check_brand(),
            Check::Port => self.check_port(),
            Check::Owners => self.check_owners(),
            Check::Others => self.check_others(),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm a story; a table reads better whole")]
    fn story(self, story: &Story, profile: Option<&ProfileName>, setting: Setting<'_>) -> FindingWords {
        let now = setting.now;
        let at = |moment: Timestamp| self.moment(moment, now, setting.zone);
        let happened = |code: Code| self.happened(code).to_owned();
        match story {
            Story::AppReady { app, client_id, token_api, service } => {
                let told = FindingWords::of(self.doctor_app(app, client_id, token_api));
                let Some(service) = service else { return told };
                let realm = service.realm.as_ref().map(|realm| self.doctor_realm(realm));
                told.detail(self.doctor_service(&service.tokens, &service.calls)).details(realm)
            }
            Story::Settings(error) => {
                let told = FindingWords::of(self.settings_sentence(error));
                let source = std::error::Error::source(&**error).map(ToString::to_string);
                told.details(source)
            }
            Story::SettingDoubtful(warning) => FindingWords::of(self.settings_warning(warning)),
            Story::SecretAccepted(place) => FindingWords::of(self.doctor_secret_accepted(self.secret_place(place))),
            Story::SecretNotChecked(place) => {
                let told = FindingWords::of(self.doctor_secret_unchecked(self.secret_place(place)));
                if setting.online { told } else { told.next(self.doctor_ask_online()) }
            }
            Story::SecretMissing(app) => FindingWords::of(self.secret_missing(app)).next(self.secret_missing_next(app)),
            Story::AppRefused { refusal, provider } => {
                let told = FindingWords::of(self.doctor_app_refused(happened(story.code())))
                    .detail(self.doctor_provider(provider_words(refusal, self)));
                if setting.secret.may_be_wrong(story.code(), refusal.remedy) {
                    return told.next(self.secret_is_of_variable());
                }
                let told = told.next(self.remedy(refusal.remedy));
                match provider.brand() {
                    Some(brand) if story.code() == Code::AppCredentialsWrong => {
                        told.next(self.doctor_perhaps_brand(brand.other()))
                    }
                    _ => told,
                }
            }
            Story::NoAnswer(fault) => {
                let code = story.code();
                FindingWords::of(happened(code))
                    .detail(self.detail(&fault.reason).into_owned())
                    .next(self.next_step(code))
            }
            Story::AppLacks { what, provider } => {
                let told = FindingWords::of(self.doctor_app_lacks(what));
                match provider.brand() {
                    Some(_) => told.next(self.remedy(tokenward_core::Remedy::ResendTicket)),
                    None => told,
                }
            }
            Story::SecretOpen { path, mode } => {
                FindingWords::of(self.doctor_secret_open(path.display(), format!("{mode:04o}")))
                    .next(self.doctor_close_file(path.display()))
            }
            Story::Program if setting.online => {
                FindingWords::of(self.doctor_program()).next(self.doctor_program_not_asked())
            }
            Story::AppElsewhere { profile, client_id } => {
                FindingWords::of(self.login_of_other_shell(profile, client_id)).next(self.login_of_other_shell_next())
            }
            Story::Program => FindingWords::of(self.doctor_program()),
            Story::Script(file) => FindingWords::of(self.doctor_script(file.display())),
            Story::NotLoggedIn => FindingWords::of(happened(Code::NotLoggedIn)).next(self.next_step(Code::NotLoggedIn)),
            Story::Users(users) if users.is_empty() => {
                FindingWords::of(self.doctor_users_none()).next(self.doctor_users_next())
            }
            Story::WebUsers(0) => FindingWords::of(self.doctor_web_users_none()),
            Story::WebUsers(count) => FindingWords::of(self.doctor_web_users(count)),
            Story::Users(users) => {
                let (own, users): (Vec<_>, Vec<_>) = users.iter().partition(|name| name.is_of_app());
                let names: Vec<_> = users.into_iter().map(ProfileName::as_str).collect();
                let told = match (own.first(), names.is_empty()) {
                    (Some(_), true) => self.doctor_users_none_but_app(),
                    (Some(_), false) => self.doctor_users_and_app(names.len(), names.join(self.list_gap())),
                    (None, _) => self.doctor_users(names.len(), names.join(self.list_gap())),
                };
                FindingWords::of(told)
            }
            Story::LoggedOut { since } => {
                FindingWords::of(self.doctor_logged_out(at(*since))).next(self.next_step(Code::NotLoggedIn))
            }
            Story::OtherApp { consented, named } => {
                let profile = profile.map_or_else(|| self.no_profile(), ToString::to_string);
                FindingWords::of(self.login_of_other_app(profile, consented))
                    .next(self.login_of_other_app_next(consented, named))
            }
            Story::Login { subject, scopes, consented, issued_by } => {
                let user = self.user(subject.as_ref());
                let told = FindingWords::of(self.doctor_login(user, at(*consented), issued_by));
                let scopes = if scopes.is_empty() { self.unknown() } else { scopes.join(" ") };
                told.detail(self.doctor_scopes(scopes))
            }
            Story::WithoutProfile { grant, app, subject, source, since, profile, is_over } => {
                let user = self.user_or_untold(subject.as_ref());
                let source = source.clone().unwrap_or_else(|| self.source_login());
                let told = FindingWords::of(if *is_over {
                    self.kept_login_over(user, app, at(*since), source)
                } else {
                    self.kept_login(user, app, at(*since), source)
                });
                let ways = self.without_profile_ways(*grant, subject.as_ref(), profile.as_ref(), *is_over);
                ways.into_iter().fold(told, FindingWords::next)
            }
            Story::Doubled { goes, stays } => {
                let logout = Meant::of(goes, true, None).command("logout");
                FindingWords::of(self.doctor_doubled(goes, stays)).next(self.doctor_doubled_next(logout))
            }
            Story::Unproven { user } => FindingWords::of(self.unproven_login(self.user_or_untold(user.as_ref())))
                .next(self.next_step(Code::UserUnproven)),
            Story::ScopesNotGranted(scopes) => {
                let console = setting.console.then(|| self.doctor_scopes_missing_console());
                let next = console.unwrap_or_else(|| self.doctor_scopes_missing_next());
                FindingWords::of(self.doctor_scopes_missing(scopes.join(" "))).next(next)
            }
            Story::Dead(death) => self.death(death, setting),
            Story::InDoubt(doubtful) => self.doubtful(doubtful, setting),
            Story::Lives { access, due_at, refresh, wall } => self.lives(*access, *due_at, *refresh, *wall, setting),
            Story::AccessAccepted => FindingWords::of(self.doctor_access_accepted()),
            Story::AccessDead(refusal) => FindingWords::of(self.doctor_access_dead())
                .detail(self.doctor_provider(provider_words(refusal, self)))
                .next(self.doctor_access_dead_next()),
            Story::UsedBeforeRestore(restored) => {
                let when = self.moment(restored.at, setting.now, setting.zone);
                let undo = restored.before.iter().map(|before| self.doctor_dead_before(before.display()));
                undo.fold(FindingWords::of(self.doctor_used_before(when)), FindingWords::next)
                    .next(self.next_step(Code::NotLoggedIn))
            }
            Story::NoRefreshToken { access, serving } => {
                let told = match access.filter(|_| *serving) {
                    Some(end) => FindingWords::of(self.doctor_no_refresh(at(end))),
                    None => FindingWords::of(happened(Code::NoRefreshToken)),
                };
                let console = self.next_in_console(Code::NoRefreshToken).filter(|_| setting.console);
                told.next(console.unwrap_or_else(|| self.next_step(Code::NoRefreshToken)))
            }
            Story::EndPassed { end, wall } => {
                let told = if *wall { self.doctor_wall_passed(at(*end)) } else { self.doctor_end_passed(at(*end)) };
                FindingWords::of(told).detail(self.doctor_tried_all_the_same()).next(self.next_step(Code::NotLoggedIn))
            }
            Story::EndsSoon { end, wall } => {
                let span = self.span(u64::try_from(end.duration_since(now).as_secs()).unwrap_or(0));
                if *wall {
                    FindingWords::of(self.wall_soon(span)).next(self.next_step(Code::NotLoggedIn))
                } else {
                    FindingWords::of(self.refresh_soon(span))
                }
            }
            Story::LastRotations(rotations) => FindingWords::of(self.doctor_turns(rotations.len()))
                .details(rotations.iter().map(|rotation| self.past(rotation, setting))),
            Story::UnderWay { sender, begun, deadline, visible } => {
                let told = FindingWords::of(self.open_story(self.one(sender), at(*begun), at(*deadline)));
                let seen = if *visible { self.doctor_sender_lives() } else { self.doctor_sender_unseen() };
                told.detail(seen).next(self.doctor_wait())
            }
            Story::AnswerWaits { sender, received, in_rescue_slot, says } => {
                let place = if *in_rescue_slot { self.doctor_in_slot() } else { self.doctor_in_journal() };
                let told = FindingWords::of(self.doctor_answer_waits(self.who(Some(sender)), at(*received), place));
                told.detail(self.says(*says)).next(self.doctor_answer_waits_next())
            }
            Story::LastFailed { code, cause, at: when, sender, doubtful, mended, .. } => {
                let (when, who, what) = (at(*when), self.who(sender.as_ref()), self.happened(*code));
                let told = FindingWords::of(if *doubtful {
                    self.doctor_last_doubtful(when, who, what)
                } else {
                    self.doctor_last_failed(when, who, what)
                });
                let remedy = cause.explained.map(|explained| self.remedy(explained.remedy));
                let general = remedy.unwrap_or_else(|| self.next_step(*code)).to_owned();
                let asked = cause.explained.map_or(Remedy::CheckSecret, |explained| explained.remedy);
                let of_variable = setting.secret.may_be_wrong(*code, asked);
                let next = if of_variable { self.secret_is_of_variable() } else { general };
                told.details(self.cause(*cause)).next(if *mended { self.doctor_last_mended() } else { next })
            }
            Story::SetAside { late, replaced, newest } => FindingWords::of(if *late == 0 {
                self.doctor_replaced(replaced, at(*newest))
            } else {
                self.doctor_aside(late + replaced, late, replaced, at(*newest))
            }),
            Story::OnTrial { source, since } => {
                let source = source.clone().unwrap_or_else(|| self.unknown());
                FindingWords::of(self.doctor_on_trial(source, at(*since))).next(self.doctor_on_trial_next())
            }
            Story::StoreSound { folder, engine, key, free } => {
                FindingWords::of(self.doctor_store(folder.display(), engine, size(*free)))
                    .detail(self.doctor_key(self.key(key)))
            }
            Story::StoreAbsent(folder) => FindingWords::of(self.doctor_store_absent(folder.display())),
            Story::StoreClosed { folder, error } | Story::StoreUnwritable { folder, error } => {
                let detail = error.detail().map(|text| self.detail(text).into_owned());
                let detail = error.vault_error().map(|error| self.vault_error(error)).or(detail);
                FindingWords::of(happened(error.code()))
                    .detail(detail.unwrap_or_else(|| folder.display().to_string()))
                    .next(self.next_step(error.code()))
            }
            Story::StoreDamaged { folder, complaints } => FindingWords::of(self.doctor_damaged(folder.display()))
                .details(complaints.iter().cloned())
                .next(self.doctor_damaged_next()),
            Story::RoomShort { folder, free } => {
                FindingWords::of(self.doctor_room(size(*free), folder.display())).next(self.doctor_room_next())
            }
            Story::NotOurs { folder, files } => {
                let told = FindingWords::of(self.doctor_not_ours(files.count, files.first.display(), files.owner));
                told.details(files.shut.then(|| self.doctor_not_ours_shut()))
                    .next(self.doctor_not_ours_next(files.ours, folder.display()))
            }
            Story::WasOpen(repair) => {
                let mode = |bits: u32| format!("{bits:04o}");
                FindingWords::of(self.repaired(repair.path.display(), mode(repair.was), mode(repair.now)))
                    .next(self.doctor_was_open_next())
            }
            Story::Orphans(count) => FindingWords::of(self.doctor_orphans(count)).next(self.doctor_orphans_next()),
            Story::LoginUnfinished(profile) => {
                FindingWords::of(self.doctor_unfinished(profile)).next(self.doctor_unfinished_next(profile))
            }
            Story::KeyNotUsed(key) => {
                FindingWords::of(self.doctor_key_unused(self.key(key))).next(self.doctor_key_unused_next())
            }
            Story::ClockRight(clocks) => {
                FindingWords::of(self.doctor_clock_right(apart(clocks.ours, clocks.theirs).max(1)))
            }
            Story::ClockNotChecked => {
                let told = FindingWords::of(self.doctor_clock_unchecked());
                if setting.online { told } else { told.next(self.doctor_ask_online()) }
            }
            Story::ClockWrong(clocks) => {
                let span = self.span(apart(clocks.ours, clocks.theirs));
                let told = if clocks.ours > clocks.theirs {
                    self.doctor_clock_ahead(span)
                } else {
                    self.doctor_clock_behind(span)
                };
                let [ours, theirs] =
                    [clocks.ours, clocks.theirs].map(|at| in_zone(at, setting.zone, "%Y-%m-%d %H:%M:%S"));
                FindingWords::of(told).detail(self.doctor_clocks(ours, theirs)).next(self.doctor_clock_next())
            }
            Story::ClockWentBack { stored } => {
                FindingWords::of(self.doctor_clock_back(at(*stored))).next(self.doctor_clock_next())
            }
            Story::Brand { provider: brand, host, own_hosts, accepted } => {
                FindingWords::of(match (accepted, own_hosts) {
                    (true, true) => self.doctor_brand_accepted(brand, host),
                    (true, false) => self.doctor_brand_accepted_stand(brand, host),
                    (false, true) => self.doctor_brand_own(brand, host),
                    (false, false) => self.doctor_brand_stand(brand, host),
                })
            }
            Story::PortFree(redirect) => FindingWords::of(self.doctor_port_free(redirect)),
            Story::PortTaken(redirect) => {
                FindingWords::of(self.doctor_port_taken(redirect)).next(self.next_step(Code::PortInUse))
            }
            Story::RedirectElsewhere(redirect) => {
                FindingWords::of(self.doctor_redirect_elsewhere(redirect)).next(self.doctor_redirect_elsewhere_next())
            }
            Story::PortRefused { redirect, reason } => {
                FindingWords::of(self.doctor_port_refused(redirect, self.detail(reason)))
                    .next(self.doctor_port_refused_next())
            }
            Story::LinksInStep(count) => FindingWords::of(self.doctor_links_in_step(count)),
            Story::LinksExpired { count, since } => {
                let since = self.distance(*since, setting.now);
                FindingWords::of(self.doctor_links_expired(count, since)).next(self.advice_expired())
            }
            Story::Link(state) => {
                let words = self.exposed_state(state).unwrap_or_else(|| self.link_state(&state.found));
                let told = FindingWords::of(self.doctor_link(state.link.target.file.display(), words));
                let file = state.link.target.file.display().to_string();
                let named = |advice: String| of_this_file(&advice, &file);
                self.link_advice(state).into_iter().map(named).fold(told, FindingWords::next)
            }
            Story::LinkPermits(state) => {
                let file = &state.link.target.file;
                let words = self.permitted(state).join(self.stop());
                FindingWords::of(self.doctor_link(file.display(), words)).next(self.permitted_end(file.display()))
            }
            Story::NoOtherOwner(tools) => {
                let names: Vec<_> = tools.iter().map(|tool| tool.as_str()).collect();
                FindingWords::of(if names.is_empty() {
                    self.doctor_owners_none()
                } else {
                    self.doctor_owners_well(names.join(self.list_gap()))
                })
            }
            Story::ToolClosed { tool, place, reason } => {
                FindingWords::of(self.doctor_tool_closed(tool, place.display()))
                    .detail(self.detail(reason).into_owned())
            }
            Story::SecondOwner { tool, held, profile } => FindingWords::of(self.doctor_second_owner(
                tool,
                profile,
                &held.account,
            ))
            .next(self.two_owners(*tool, &held.place.display().to_string(), held.app_id.as_deref())),
            Story::OldCopy { tool, held } => FindingWords::of(self.doctor_old_copy(tool, &held.account))
                .next(self.doctor_old_copy_next(held.place.display())),
            Story::Suspect { tool, held, profile } => {
                FindingWords::of(self.doctor_suspect(tool, profile, &held.account)).next(self.doctor_suspect_next(tool))
            }
            Story::Other { profile, worst } => {
                let inner = self.story(worst, Some(profile), setting);
                FindingWords::of(self.doctor_other(profile, inner.message)).next(self.doctor_other_next(profile))
            }
        }
    }

    fn doubtful(self, doubtful: &Doubtful, setting: Setting<'_>) -> FindingWords {
        let at = |moment: Timestamp| self.moment(moment, setting.now, setting.zone);
        let who = self.who(doubtful.sender.as_ref());
        let told = FindingWords::of(match doubtful.doubt {
            Doubt::SenderDied => self.doctor_doubt_died(who, at(doubtful.at)),
            doubt => self.doctor_doubt(who, at(doubtful.at), self.doubt(doubt)),
        });
        let told = told.detail(match doubtful.next {
            Recovery::Wait { until } | Recovery::Hold { until } => self.doctor_doubt_later(at(until)),
            Recovery::Replay | Recovery::Settle => self.doctor_doubt_now(),
        });
        let told = told.details(doubtful.serves_until.map(|end| self.doctor_serves(at(end))));
        told.next(self.doctor_doubt_next())
    }

    fn lives(
        self,
        access: Option<Timestamp>,
        due_at: Option<Timestamp>,
        refresh: Option<Timestamp>,
        wall: Option<Timestamp>,
        setting: Setting<'_>,
    ) -> FindingWords {
        let now = setting.now;
        let at = |moment: Timestamp| self.moment(moment, now, setting.zone);
        let access = match access {
            Some(end) if end > now => self.doctor_access_ends(at(end)),
            Some(end) => self.doctor_access_ended(at(end)),
            None => self.doctor_access_none(),
        };
        let rotation = due_at.filter(|rotation| *rotation > now).map(|rotation| self.doctor_turned_from(at(rotation)));
        let refresh = refresh.map(|end| self.doctor_refresh_ends(at(end)));
        let wall = wall.map(|end| self.doctor_wall_at(at(end)));
        FindingWords::of(access).details([rotation, refresh, wall].into_iter().flatten())
    }

    fn past(self, rotation: &PastRotation, setting: Setting<'_>) -> String {
        let when = self.moment(rotation.at, setting.now, setting.zone);
        let who = self.who(rotation.who.as_ref());
        let generation = rotation.generation;
        let refused = |code: Code, provider: Option<i64>| match provider {
            Some(provider) => self.doctor_past_refused(generation, self.happened(code), provider),
            None => self.doctor_past_failed(generation, self.happened(code)),
        };
        let what = match &rotation.outcome {
            Past::LoggedIn => self.doctor_past_login(generation),
            Past::LoggedOut => self.doctor_past_logout(),
            Past::Adopted { source } if source == OF_THIS_VAULT => {
                self.doctor_past_adopted(generation, self.doctor_of_this_vault())
            }
            Past::Adopted { source } => self.doctor_past_adopted(generation, source),
            Past::TakenBack { refused: true } => self.doctor_past_back_refused(generation),
            Past::TakenBack { refused: false } => self.doctor_past_back(generation),
            Past::AccessRefused { provider_code } => {
                self.doctor_past_dead(provider_code.map_or_else(String::new, |code| match self {
                    Self::En => format!(" ({code})"),
                    Self::Zh => format!("（{code}）"),
                }))
            }
            Past::Answered => self.doctor_past_answered(generation),
            Past::Closed(Closing::Committed { generation: new, .. }) => self.doctor_past_turned(generation, new),
            Past::Closed(Closing::Unsent { reason }) => self.doctor_past_unsent(generation, self.detail(reason)),
            Past::Closed(Closing::Kept { code, provider_code } | Closing::Refused { code, provider_code }) => {
                refused(*code, *provider_code)
            }
            Past::Closed(Closing::Doubt { doubt }) => self.doctor_past_failed(generation, self.doubt(*doubt)),
            Past::Closed(Closing::Parked) => self.doctor_past_parked(generation),
            _ => self.doctor_past_open(generation),
        };
        let what = if rotation.replay { self.doctor_past_again(what) } else { what };
        self.doctor_past(when, what, who)
    }

    fn says(self, says: Says) -> String {
        match says {
            Says::Tokens => self.doctor_says_tokens(),
            Says::Refusal(Some(code)) => self.doctor_says_code(code),
            Says::Refusal(None) => self.doctor_says_no(),
            Says::Nothing => self.doctor_says_nothing(),
        }
    }

    /// The provider's code with its meaning.
    fn cause(self, cause: Cause) -> Option<String> {
        let code = cause.provider_code?;
        Some(self.doctor_provider(match cause.explained {
            Some(explained) => self.noted(code, self.of(explained.meaning)),
            None => code.to_string(),
        }))
    }

    fn who(self, who: Option<&ProcessName>) -> String {
        who.map_or_else(|| self.doctor_nobody(), |who| self.one(who))
    }

    pub(crate) fn one(self, who: &ProcessName) -> String {
        match who.pid {
            Some(pid) => self.doctor_who(pid, &who.host),
            None => self.doctor_node(&who.host),
        }
    }

    fn user(self, subject: Option<&Subject>) -> String {
        match subject {
            Some(Subject { name: Some(name), id, .. }) => self.noted(name, id),
            Some(subject) => subject.id.clone(),
            None => self.doctor_user_untold(),
        }
    }

    fn secret_place(self, place: &SecretFacts) -> String {
        match place {
            SecretFacts::Given => self.doctor_secret_given(),
            SecretFacts::File { path, .. } => self.doctor_secret_file(path.display()),
            SecretFacts::Public => self.doctor_public(),
            _ => self.doctor_secret_sealed(),
        }
    }

    fn key(self, key: &KeyFacts) -> String {
        match key {
            KeyFacts::OwnFile(path) => self.key_own_file(path.display()),
            KeyFacts::GivenFile(path) => self.key_given_file(path.display()),
            KeyFacts::Variable => self.key_given(),
            KeyFacts::Keyring => self.key_keyring(),
        }
    }

    /// What stands between two clauses.
    pub(crate) const fn stop(self) -> &'static str {
        match self {
            Self::En => "; ",
            Self::Zh => "；",
        }
    }
}

/// Advice whose commands name the profile.
fn naming(advice: &str, profile: &ProfileName) -> String {
    let named = Meant::of(profile, true, None).within(advice);
    named.replace("`tokenward doctor --online`", &format!("`tokenward doctor {profile} --online`"))
}

/// Seconds between two moments.
fn apart(one: Timestamp, other: Timestamp) -> u64 {
    one.as_second().abs_diff(other.as_second())
}

/// Bytes for people, in powers of two.
pub(crate) fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..0x10_0000 => (1 << 10, "KiB"),
        0x10_0000..0x4000_0000 => (1 << 20, "MiB"),
        _ => (1_u64 << 30, "GiB"),
    };
    format!("{} {name}", bytes / unit)
}
