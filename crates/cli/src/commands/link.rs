//! `tokenward link`: a file is kept in step with a profile's login from now on.
//!
//! Enters: a file, perhaps places in it. Leaves: a link, and the file in step; or one sentence, before anything was changed. A
//! login that stands in the file and that nobody knows is taken over. The command run again looks after the file at once.

mod access_token_overwrite;
mod left_places;
mod place_taken;
mod refresh_expired;
mod sync_errors;

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use tokenward::links::{
    FileComparison, Fill, LinkOutcome, LinkReport, LinkState, Unkept, UnlinkedTokens, is_tracked_by_git,
};
use tokenward::stores::Tool;
use tokenward::{Error, Report, Settings};
use tokenward_core::ports::Adopted;
use tokenward_core::{Code, ExitClass, Format, Link, NewLink, Place, ProfileName, Slot, Standing, Subject};

use crate::args;
use crate::commands::profile_of_source::{self, Source};
use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::fields::LinkFields;
use crate::token_places::{TokenPlaces, Wish, absolute, quoted};
use crate::words::{Lang, keep_too};

pub(super) use left_places::tell as tell_left;
pub(super) use place_taken::{may_keep, typed_of};
pub(super) use sync_errors::tell_out_of_step;

pub(super) async fn run(link: &args::Link, context: &Context) -> Result<ExitCode, Failure> {
    let says_nothing = !link.at.says_anything() && link.server.is_none();
    let again =
        if says_nothing && !link.replace_user && !link.write_over { again(link, context).await? } else { Vec::new() };
    let made = if again.is_empty() {
        let wish = Wish {
            at: &link.at,
            server: link.server.as_deref(),
            create: link.create,
            complete: link.create,
            brand: link.provider,
        };
        profile_of_source::with_profiles(context, Box::pin(anew(link, wish, context))).await?
    } else {
        again
    };
    if context.printer.json {
        context.printer.document(&json!({ "links": made.iter().map(MadeLink::fields).collect::<Vec<_>>() }))?;
    }
    finish(&made, context)
}

/// Links a file, or places of it, for the first time.
async fn anew(link: &args::Link, wish: Wish<'_>, context: &Context) -> Result<Vec<MadeLink>, Failure> {
    let known = profile_of_source::known(&link.file, &link.at, context).await?;
    let spot = TokenPlaces::look(&link.file, wish, &known, context.lang())?;
    let mut work = Source::of(&spot, context).work(context).await?;
    work.app.token_api = spot.issuer(work.app.token_api);
    let named = link.at.access.is_some();
    let fill = match (link.write_over, spot.is_new) {
        (true, _) => Fill::Over,
        (false, true) => Fill::Free,
        // Who names the place of an access token alone says that what stands there gives way.
        (false, false) if named && !spot.places.contains_key(&Slot::RefreshToken) => Fill::Over,
        (false, false) => Fill::No,
    };
    let how = How { fill, replace: link.replace_user, named, insists: link.insists };
    let mut made = make_all(&work, &spot, how, context).await?;
    for one in &mut made {
        left_places::forget(&mut one.besides, &spot.left);
    }
    refresh_expired(&mut made, &work, context).await;
    left_places::tell(&spot, context);
    context.warn_if_over(&work.session, &work.profile.name).await;
    Ok(made)
}

/// Refreshes the login of links that show an expired access token. What they show is the profile's by now, whatever it was before.
async fn refresh_expired(made: &mut [MadeLink], work: &Work, context: &Context) {
    let shows = |one: &MadeLink| {
        let is_written = matches!(
            one.report.outcome,
            LinkOutcome::InStep | LinkOutcome::Delivered { .. } | LinkOutcome::Healed { .. }
        );
        is_written && !one.adopted && one.link.target.places.contains_key(&Slot::AccessToken)
    };
    if !made.iter().any(shows) {
        return;
    }
    if let Some(generation) = refresh_expired::refreshed(work, context).await {
        for one in made.iter_mut().filter(|one| shows(one)) {
            one.report.outcome = LinkOutcome::Delivered { generation, closed: None };
        }
    }
}

/// A link that was made, or looked after once more.
#[derive(Debug)]
pub(super) struct MadeLink {
    pub(super) link: Link,
    pub(super) report: LinkReport,
    /// A login that was taken from the file.
    pub(super) adopted: bool,
    /// Whether there was no such link before.
    pub(super) is_new: bool,
    /// Whether other names led to the same file, which is another file once this one is replaced.
    pub(super) has_other_names: bool,
    /// What else stands in the file.
    pub(super) besides: UnlinkedTokens,
    /// Where a token stood that nobody here knew.
    pub(super) replaced: Option<Place>,
}

impl MadeLink {
    pub(super) fn fields(&self) -> LinkFields {
        LinkFields::of(&self.link).outcome(&self.report, self.adopted)
    }
}

/// Looks once more after the links that a file has; none if it has none.
async fn again(wish: &args::Link, context: &Context) -> Result<Vec<MadeLink>, Failure> {
    let settings = context.settings()?;
    let mut made = Vec::new();
    for link in linked(&wish.file, &settings, context).await? {
        let work = context.work_as(&link.target.profile).await?;
        let is_made = wish.create && !link.target.file.exists();
        let fill = if is_made { Fill::Free } else { Fill::No };
        let how = How { fill, replace: false, named: true, insists: wish.insists };
        let mut one = [MadeLink { is_new: false, ..make_as(&work, link.target, how, context).await? }];
        refresh_expired(&mut one, &work, context).await;
        context.warn_if_over(&work.session, &work.profile.name).await;
        made.extend(one);
    }
    Ok(made)
}

/// The links of a file, under the profile of the command line if it names one.
pub(super) async fn linked(file: &Path, settings: &Settings, context: &Context) -> Result<Vec<Link>, Failure> {
    // Where no vault is, none is made for the sake of a question.
    if !settings.home().vault().is_dir() {
        return Ok(Vec::new());
    }
    let session = context.session(settings).await?;
    match session.links().of_file(&absolute(file), context.named(settings)?.as_ref()).await {
        Err(error) if error.code() == Code::LinkNotFound => Ok(Vec::new()),
        found => Ok(found?),
    }
}

/// The profile whose login a file shows. A file that is not linked is linked first, and a login in it taken over.
pub(super) async fn profile_of(file: &Path, context: &Context) -> Result<ProfileName, Failure> {
    let profile = shown_by(file, context).await?;
    Ok(context.of_file.get_or_init(|| profile).clone())
}

async fn shown_by(file: &Path, context: &Context) -> Result<ProfileName, Failure> {
    let settings = context.settings()?;
    let mut profiles: Vec<_> =
        linked(file, &settings, context).await?.into_iter().map(|link| link.target.profile).collect();
    profiles.sort();
    profiles.dedup();
    match profiles.len() {
        0 => {
            let wish =
                Wish { at: &args::PlaceFlags::default(), server: None, create: false, complete: false, brand: None };
            let linking = async {
                let known = profile_of_source::known(file, wish.at, context).await?;
                let spot = TokenPlaces::look(file, wish, &known, context.lang())?;
                let mut work = Source::of(&spot, context).work(context).await?;
                work.app.token_api = spot.issuer(work.app.token_api);
                let made = make_all(&work, &spot, How::default(), context).await?;
                Ok((made, work.profile.name))
            };
            let (made, profile) = profile_of_source::with_profiles(context, Box::pin(linking))
                .await
                .map_err(|failure| places_are_named_by_link(failure, file, context))?;
            finish(&made, context)?;
            Ok(profile)
        }
        1 => Ok(profiles.remove(0)),
        _ => {
            let known = profiles.iter().map(ProfileName::as_str).collect::<Vec<_>>().join(", ");
            let what = context.lang().file_of_several(file.display(), known);
            Err(Failure::new(Code::UnknownProfile, what).then(context.lang().name_profile()))
        }
    }
}

/// How a file is linked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct How {
    /// How far the file is to show the profile's login, whatever is in it.
    pub(super) fill: Fill,
    /// The profile may become another user's.
    pub(super) replace: bool,
    /// The person has named the access token's place, which is to show the profile's whatever stands there.
    pub(super) named: bool,
    /// What the person insists on.
    pub(super) insists: args::InsistFlags,
}

/// Links a file at every place of its login, or at none: what another link keeps is found out first.
async fn make_all(work: &Work, spot: &TokenPlaces, how: How, context: &Context) -> Result<Vec<MadeLink>, Failure> {
    let (first, further) = (spot.link(&work.profile.name), spot.further(&work.profile.name));
    for target in [&first].into_iter().chain(&further) {
        may_keep(work, target, context).await?;
    }
    let mut made = vec![make_as(work, first, how, context).await?];
    // Copies of a login give way with it.
    let fill = if how.fill == Fill::Over { Fill::Over } else { Fill::No };
    for target in further {
        made.push(make_as(work, target, How { fill, replace: false, ..how }, context).await?);
    }
    for one in &mut made {
        one.besides = besides(&one.link, work).await;
    }
    Ok(made)
}

/// The same, where the profile becomes another user's by this person's word alone: by a flag, or by a yes in the terminal.
async fn make_as(work: &Work, target: NewLink, mut how: How, context: &Context) -> Result<MadeLink, Failure> {
    if how.replace {
        let file = context.short(&target.file);
        may_link(work, &target, how, context).await?;
        match work.session.links().adopt_file(&work.app, &target, true).await {
            // Nothing is there that could be taken over; the profile's is to be shown all the same.
            Err(error) if matches!(error.code(), Code::NothingToAdopt | Code::LoginOver) => {}
            adopted => drop(adopted.map_err(|error| refused(error, &file, context))?),
        }
        // What is left in it then is the profile's, or over.
        if is_logged_in(work, context).await? {
            how.fill = Fill::Over;
        }
    }
    match make(work, target.clone(), how, context).await {
        Err(Stopped::AnotherUser(id)) => {
            let file = context.short(&target.file);
            let way = context.typed.link(&file);
            if !context.asker().can_ask() {
                return Err(another_user(&id, work, Some(&file), &way, context).await);
            }
            let (them, us) = names(&id, work, context).await;
            context.printer.alarm(context.lang().file_of_another_user(&file, &them, &work.profile.name, &us));
            let question = context.lang().ask_replace_user(&them, &work.profile.name, &us);
            if !context.asker().yes(question, &context.lang().replace_user_ways()).await? {
                return Err(another_user(&id, work, Some(&file), &way, context).await);
            }
            let adopted = work.session.links().adopt_file(&work.app, &target, true).await;
            adopted.map_err(|error| refused(error, &file, context))?;
            Ok(make(work, target, how, context).await?)
        }
        made => Ok(made?),
    }
}

/// Whose a login is that is kept without a profile, and whose the profile is.
pub(super) async fn names(id: &str, work: &Work, context: &Context) -> (String, String) {
    let lang = context.lang();
    let all = work.session.keeper().list().await.unwrap_or_default();
    let subject = |report: Option<&Report>| report.and_then(|report| report.grant.subject.clone());
    let them = subject(all.iter().find(|report| report.grant.id.to_string() == id));
    let us = subject(all.iter().find(|report| report.grant.profile.as_ref() == Some(&work.profile.name)));
    told_apart(them.as_ref(), us.as_ref(), lang)
}

/// Two users' names. Namesakes are told apart.
pub(super) fn told_apart(them: Option<&Subject>, us: Option<&Subject>, lang: Lang) -> (String, String) {
    match (them, us) {
        (Some(one), Some(other)) if one.known_as() == other.known_as() => {
            let full = |subject: &Subject| lang.noted(subject.known_as(), &subject.id);
            (full(one), full(other))
        }
        _ => (lang.user_or_untold(them), lang.user_or_untold(us)),
    }
}

/// The login is another user's than the profile's: what was kept, and the ways on. `way` is the command without its flags.
pub(super) async fn another_user(id: &str, work: &Work, file: Option<&str>, way: &str, context: &Context) -> Failure {
    let (lang, profile) = (context.lang(), &work.profile.name);
    let (them, us) = names(id, work, context).await;
    let what = match file {
        Some(file) => lang.file_of_another_user(file, &them, profile, &us),
        None => lang.login_of_another_user(&them, profile, &us),
    };
    let replace = match &context.global.profile {
        Some(_) => lang.replace_user_as(way, profile, &them),
        None => lang.replace_user_with(way, profile, &them),
    };
    Failure::new(Code::AnotherUser, what).then_all([lang.keep_apart(way), replace, lang.drop_login(id, &them)])
}

/// Why no link was made.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The file holds another user's login; its id.
    AnotherUser(String),
    /// Anything else.
    Failed(Failure),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::AnotherUser(_) => Self::of(Code::AnotherUser),
            Stopped::Failed(failure) => failure,
        }
    }
}

/// Advice to pick places for commands that take none: they are named once, for the link.
fn places_are_named_by_link(failure: Failure, file: &Path, context: &Context) -> Failure {
    let (lang, file) = (context.lang(), quoted(&file.display().to_string()));
    failure.advised(lang, |line| {
        let Some(start) = line.find("--access").or_else(|| line.find("--refresh")) else { return line };
        let flags: Vec<_> = line[start..].split_whitespace().take_while(|word| word.is_ascii()).collect();
        let pairs = flags.len() % 2 == 0 && flags.iter().step_by(2).all(|flag| flag.starts_with("--"));
        let flags = if pairs { flags.join(" ") } else { "--access PLACE --refresh PLACE".to_owned() };
        lang.name_places_once(format!("tokenward link {file} {flags}"))
    })
}

/// Makes the link and brings the file into step; where it is to be filled, it shows the profile's login whatever is in it.
/// A profile without a login takes over the one in the file, if there is one.
pub(super) async fn make(work: &Work, target: NewLink, how: How, context: &Context) -> Result<MadeLink, Stopped> {
    let links = work.session.links();
    let (wanted, terms) = (how.fill != Fill::No, how.insists.terms());
    may_link(work, &target, how, context).await?;
    let (lang, file) = (context.lang(), context.short(&target.file));
    let failed = |error: Error| match error.code() {
        Code::AnotherUser => Stopped::AnotherUser(error.detail().unwrap_or_default().to_owned()),
        Code::FormerUser => Stopped::Failed(of_former_user(error.detail().unwrap_or_default(), &file, work, context)),
        Code::EndedLogin => Stopped::Failed(of_ended_login(error.detail(), &file, work, context)),
        _ => Stopped::Failed(refused(error, &file, context)),
    };
    let mut adopted = false;
    if !is_logged_in(work, context).await? {
        // Where an app serves many users, a login is one user's, and no file can be logged in for.
        let meant = context.meant(&work.profile.name);
        let nobody = |failure: Failure| match target.format {
            _ if !work.profile.token_api.has_browser_login() => context.nobody(&work.profile, failure),
            Format::Dotenv | Format::Properties | Format::Fish | Format::Ini => {
                failure.then(meant.within(&lang.log_in_into_file(context.typed.login_into(&file))))
            }
            Format::Json | Format::Toml | Format::Yaml => failure.then(meant.within(&lang.log_in_first())),
        };
        let neither = || {
            let what = lang.no_login_anywhere(&work.profile.name, &file);
            nobody(Failure::new(Code::NotLoggedIn, what))
        };
        if wanted || !target.places.contains_key(&Slot::RefreshToken) {
            return Err(neither().into());
        }
        match links.adopt_file(&work.app, &target, false).await {
            Ok(report) => adopted = !matches!(report.adopted, Adopted::Known { .. }),
            Err(error) if error.code() == Code::NothingToAdopt => return Err(neither().into()),
            // Told below, with the ways that a file has.
            Err(error) if error.code() == Code::LoginOver => {}
            Err(error) => return Err(failed(error)),
        }
        if !is_logged_in(work, context).await? {
            let shown = links.login_shown(&target).await.map_err(failed)?;
            let what = match shown.map(|login| login.standing) {
                Some(Standing::NeedsConsent { code, .. }) => lang.login_in_file_over(&file, lang.happened(code)),
                _ => lang.login_in_file_ended(&file),
            };
            return Err(nobody(Failure::new(Code::NotLoggedIn, what)).into());
        }
    }
    if ![Slot::AccessToken, Slot::RefreshToken].iter().any(|slot| target.places.contains_key(slot)) {
        return Err(place_taken::nowhere(&target, &file, context).into());
    }
    if !(wanted || how.named) {
        let found = links.lone_token(&work.app, &target).await.map_err(failed)?;
        access_token_overwrite::may_give_way(found, work, &target, context).await?;
    }
    let has_other_names = has_other_names(&target.file);
    // Told once it is gone, which nobody could say then.
    let was_unknown = links.holds_unknown_access(&target).await.unwrap_or_default();
    let (mut link, mut report) = links.link_on(&work.app, target.clone(), how.fill, terms).await.map_err(failed)?;
    // Nothing is at the place, and a person wants something there.
    if matches!(report.outcome, LinkOutcome::Left(FileComparison::Blank | FileComparison::Malformed)) {
        let narrowed = report.narrowed;
        (link, report) = links.link_on(&work.app, target, how.fill.or_free(), terms).await.map_err(failed)?;
        report.narrowed = report.narrowed.or(narrowed);
    }
    adopted |= matches!(report.outcome, LinkOutcome::Adopted { .. });
    let besides = besides(&link, work).await;
    let is_written = matches!(report.outcome, LinkOutcome::Delivered { .. } | LinkOutcome::Healed { .. });
    let replaced = link.target.places.get(&Slot::AccessToken).filter(|_| was_unknown && is_written).cloned();
    Ok(MadeLink { link, report, adopted, is_new: true, has_other_names, besides, replaced })
}

/// The file shows a login that was logged out, and the profile is another user's by now: how a person agrees to that.
fn of_former_user(user: &str, file: &str, work: &Work, context: &Context) -> Failure {
    let (lang, profile) = (context.lang(), &work.profile.name);
    Failure::new(Code::FormerUser, lang.said().file_of_former_user(file, user, profile))
        .then_all([lang.said().agree_to_user(context.typed.link(file), profile), lang.stop_following(quoted(file))])
}

/// The file shows a login that is over and may be another user's: how a person agrees to the profile's.
fn of_ended_login(user: Option<&str>, file: &str, work: &Work, context: &Context) -> Failure {
    let (lang, profile) = (context.lang(), &work.profile.name);
    Failure::new(Code::EndedLogin, lang.said().file_of_ended_login(file, user, profile))
        .then_all([lang.said().agree_to_user(context.typed.link(file), profile), lang.stop_following(quoted(file))])
}

/// What else stands in a link's file. What cannot be told is told by `links`.
pub(super) async fn besides(link: &Link, work: &Work) -> UnlinkedTokens {
    work.session.links().besides(link).await.unwrap_or_default()
}

/// Refuses a file that others can read and that is not ours to close, or that they can put another in the place of, before anything is
/// taken from it.
pub(super) async fn may_link(work: &Work, target: &NewLink, how: How, context: &Context) -> Result<(), Failure> {
    let judged = work.session.links().may_link(target, true, how.insists.terms()).await;
    match judged {
        // What it is instead is told where it is read.
        Err(error) if error.code() == Code::FileUnusable => Ok(()),
        judged => judged.map(drop).map_err(|error| refused(error, &context.short(&target.file), context)),
    }
}

/// Whether a file has hard links.
pub(super) fn has_other_names(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|file| file.nlink() > 1)
}

/// Whether somebody is logged in under the profile, with the app that it names.
async fn is_logged_in(work: &Work, context: &Context) -> Result<bool, Failure> {
    match work.session.keeper().grant_of(&work.profile.name).await {
        Ok(grant) => {
            context.own_app(grant, &work.profile, &work.session).await?;
            Ok(true)
        }
        Err(error) if error.code() == Code::NotLoggedIn => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// An error of the links, in sentences that name the file.
pub(super) fn refused(error: Error, file: &str, context: &Context) -> Failure {
    let lang = context.lang();
    let detail = error.detail().unwrap_or_default().to_owned();
    match error.code() {
        Code::AnotherProfile => {
            let next = lang.file_is_anothers_next(&context.typed.link(file), &detail);
            Failure::new(Code::AnotherProfile, lang.file_is_anothers(file, detail)).then_all(next)
        }
        Code::SharedFolder => Failure::from(error).then(lang.insist_on_folder(context.typed.again(file))),
        Code::FileOpenToOthers => Failure::from(error)
            .then_all([lang.close_file(quoted(file)), lang.insist_on_readers(context.typed.again(file))]),
        Code::PlaceTaken => place_taken::refused(&detail, None, file, context),
        _ => error.into(),
    }
}

/// Says what became of links. One that could not be brought into step is an error all the same: it is tried again by itself,
/// but whoever asked should know.
pub(super) fn finish(made: &[MadeLink], context: &Context) -> Result<ExitCode, Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    for MadeLink { link, report, adopted, is_new, has_other_names, besides, replaced } in made {
        let (file, profile) = (context.short(&link.target.file), &link.target.profile);
        if let Some(was) = report.narrowed {
            printer.warning(lang.file_narrowed(quoted(&file), format!("{was:o}")));
        }
        if *has_other_names {
            printer.warning(lang.file_has_other_names(&file));
        }
        let words = lang.link_outcome(report);
        match &report.outcome {
            LinkOutcome::NotWritten(error) | LinkOutcome::Left(FileComparison::Unusable(error)) => {
                printer.note(lang.link_made_unwritten(&file, profile));
                return Err(Failure::from(error.clone()));
            }
            LinkOutcome::Left(FileComparison::OfAnotherUser { .. } | FileComparison::OfOtherOwner { .. })
            | LinkOutcome::GivenItsOwn { .. } => {
                printer.alarm(format!("{file}{}{words}", lang.colon()));
                return Err(Failure::new(Code::AnotherUser, words).complete());
            }
            LinkOutcome::Replaced { .. } => printer.alarm(format!("{file}{}{words}", lang.colon())),
            LinkOutcome::Left(
                FileComparison::OfAnother { .. }
                | FileComparison::Blank
                | FileComparison::Malformed
                | FileComparison::Unclear
                | FileComparison::Reference
                | FileComparison::WithoutLogin
                | FileComparison::Behind
                | FileComparison::OfFormerUser { .. }
                | FileComparison::OfEndedLogin { .. }
                | FileComparison::Unproven { .. },
            ) => {
                printer.warning(format!("{file}{}{words}", lang.colon()));
                if matches!(report.outcome, LinkOutcome::Left(FileComparison::Reference)) {
                    printer.note(lang.use_exec());
                }
            }
            _ => printer.note(format!("{file}{}{words}", lang.colon())),
        }
        if let Some(place) = replaced {
            printer.note(lang.token_replaced(place));
        }
        if *adopted {
            printer.note(lang.adopted_undo(profile));
            printer.warning(lang.two_owners(Tool::TokenFile, &file, None));
        }
        tell_besides(&file, profile, besides, context);
        if *is_new {
            printer.note(lang.link_kept(profile, places(link, lang)));
        }
    }
    if let Some(MadeLink { link, .. }) = made.iter().find(|made| made.is_new) {
        if is_tracked_by_git(&link.target.file) {
            printer.warning(lang.file_is_tracked(quoted(&context.short(&link.target.file))));
        }
        printer.note(lang.link_who_refreshes());
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what else stands in a file, once each.
fn tell_besides(file: &str, profile: &ProfileName, besides: &UnlinkedTokens, context: &Context) {
    let (lang, printer) = (context.lang(), context.printer);
    let keep_too = |file: &str, stray| keep_too(&context.typed.link_elsewhere(file), stray, profile);
    for stray in &besides.stale {
        printer.warning(lang.stray_stale(&stray.1, keep_too(file, stray)));
    }
    for stray in &besides.copies {
        printer.warning(lang.stray_copy(&stray.1, keep_too(file, stray)));
    }
    for place in &besides.stale_encoded {
        printer.warning(lang.stray_stale_encoded(place));
    }
    for place in &besides.copies_encoded {
        printer.warning(lang.stray_encoded(place));
    }
    for stray in &besides.named {
        printer.warning(lang.stray_named(&stray.1, keep_too(file, stray)));
    }
    for (place, why) in &besides.ends {
        printer.warning(match why {
            Unkept::Notation => lang.stray_end(place),
            Unkept::Meaning => lang.stray_number(place),
        });
    }
    if besides.lacks_access {
        let command = format!("{} --access PLACE -p {profile}", context.typed.link_elsewhere(file));
        printer.warning(lang.access_nowhere(file, command));
    }
}

/// The places of a link in a line.
pub(super) fn places(link: &Link, lang: Lang) -> String {
    let places = &link.target.places;
    let tokens = [Slot::AccessToken, Slot::RefreshToken].into_iter().filter_map(|slot| places.get(&slot));
    let words: Vec<String> = tokens.map(ToString::to_string).collect();
    let (count, told) = (places.len(), words.join(lang.list_gap()));
    if count > words.len() { lang.places_and_more(told, count, count - words.len()) } else { told }
}

/// What the exit code of `links` says of one.
pub(super) fn exit(state: &LinkState) -> ExitClass {
    if let Some(error) = &state.exposed {
        return error.code().exit();
    }
    match &state.found {
        // The next command that uses the login sets these right by itself.
        FileComparison::InStep
        | FileComparison::Behind
        | FileComparison::Stale { .. }
        | FileComparison::Newer
        | FileComparison::Unproven { .. } => ExitClass::Done,
        FileComparison::WithoutLogin | FileComparison::Over => ExitClass::NeedsConsent,
        FileComparison::Unusable(error) => error.code().exit(),
        _ => ExitClass::Usage,
    }
}
