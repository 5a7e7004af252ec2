//! Links kept true: looked at, reconciled, delivered to (design/0000-charter.md §7).
//!
//! Enters: links, the files they name, the profile's login. Leaves: files that show the present set, logins taken over from
//! files that showed a newer one, and a report for each.
//!
//! The vault is the truth. A file is judged without a lock first, so that one in step costs nobody a wait, and judged once more
//! under its lock before it is written, with the pair read from the vault under that lock: the last writer writes the newest
//! set. Whatever is wrong with one file is in its own report and holds up no other. A crash anywhere leaves a file that is old
//! or new as a whole and at worst no receipt; whoever looks next delivers again (I5).

use std::time::Duration;

use tokenward_core::ports::{LoginCopy, StoreError};
use tokenward_core::{App, GrantId, InFile, Link, ProfileName, Receipt, Reconciliation, Stamp, Standing, Trouble};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::document::Document;
use super::error::FileError;
use super::file::WriteOutcome;
use super::linked_files::{Links, blocking, joined, linked, report, silent, unreadable, unwritten};
use super::observed_state::{FileSnapshot, stamp};
use super::overwrite_policy::Fill;
use super::report::{FileComparison, LinkOutcome, LinkReport, LinkState};
use super::value_diff::FileValues;
use super::verdict::{FileVerdict, Other, Whose};
use tokenward_keeper::Error;

impl Links {
    /// How the links of a profile stand, or all of them. Changes nothing and sends nothing (I8).
    ///
    /// # Errors
    /// The vault's; what is wrong with a file is in its state.
    pub async fn states(&self, profile: Option<&ProfileName>) -> Result<Vec<LinkState>, Error> {
        let mut looking = Vec::new();
        for link in self.parts().vault.links(profile).await? {
            let (file, places) = (linked(&link, false), link.target.places.clone());
            let looked = move || {
                let look = FileSnapshot::all_over(&file, &places)?;
                Ok((look, file.is_safe().err().filter(|error| error.barred().is_some())))
            };
            looking.push((link, tokio::task::spawn_blocking(looked)));
        }
        // The files alone are waited for so long, and not what is thought of them.
        let end = Instant::now() + Self::PATIENCE;
        let mut looks = Vec::new();
        for (link, task) in looking {
            looks.push((link, joined(task, end).await));
        }
        let mut states = Vec::new();
        for (link, look) in looks {
            states.push(if let Some(look) = look {
                self.state(link, look).await?
            } else {
                let found = FileComparison::Unusable(silent(&link));
                LinkState::new(link, found)
            });
        }
        Ok(states)
    }

    /// Looks after the links of a profile: those whose file or receipt is out of step; with `force`, all of them. No file is
    /// waited for longer than `patience`. Adopts what somebody brought, so `app` must be the profile's.
    ///
    /// # Errors
    /// The vault's; what is wrong with a file is in its report.
    pub async fn reconcile(
        &self,
        app: &App,
        profile: &ProfileName,
        force: bool,
        patience: Duration,
    ) -> Result<Vec<LinkReport>, Error> {
        let which = if force { Which::All } else { Which::OutOfStep };
        self.tend_some(app, profile, which, Instant::now() + patience).await
    }

    /// Delivers a grant's present set to the links of its profile, also to those that were in trouble a moment ago.
    ///
    /// # Errors
    /// The vault's; what is wrong with a file is in its report.
    pub async fn deliver(&self, app: &App, grant: GrantId) -> Result<Vec<LinkReport>, Error> {
        match self.parts().vault.grant(grant).await?.profile {
            Some(profile) => self.tend_some(app, &profile, Which::Undelivered, Instant::now() + Self::PATIENCE).await,
            None => Ok(Vec::new()),
        }
    }

    async fn tend_some(
        &self,
        app: &App,
        profile: &ProfileName,
        which: Which,
        end: Instant,
    ) -> Result<Vec<LinkReport>, Error> {
        let mut reports = self.round(app, profile, which, end).await?;
        // What one file brought, the others do not show yet.
        if reports.iter().any(|report| matches!(report.outcome, LinkOutcome::Adopted { .. })) {
            for report in self.round(app, profile, Which::Undelivered, end).await? {
                match reports.iter_mut().find(|earlier| earlier.link == report.link) {
                    Some(earlier) if matches!(earlier.outcome, LinkOutcome::Adopted { .. }) => {}
                    Some(earlier) => *earlier = report,
                    None => reports.push(report),
                }
            }
        }
        Ok(reports)
    }

    async fn round(
        &self,
        app: &App,
        profile: &ProfileName,
        which: Which,
        end: Instant,
    ) -> Result<Vec<LinkReport>, Error> {
        let mut links = self.parts().vault.links(Some(profile)).await?;
        let mut reports = Vec::new();
        if which != Which::All && !links.is_empty() {
            let looked_at = self.out_of_step(profile, links, which, end).await?;
            // One that does not even say how it stands is told of, and not asked for more.
            reports.extend(looked_at.silent.iter().map(|link| report(link, LinkOutcome::NotWritten(silent(link)))));
            links = looked_at.out_of_step;
        }
        let tasks: Vec<_> = links.into_iter().map(|link| self.spawn(app, link, Fill::No, end)).collect();
        for (link, task) in tasks {
            let outcome = joined(task, end).await.unwrap_or_else(|| LinkOutcome::NotWritten(silent(&link)));
            reports.push(report(&link, outcome));
        }
        Ok(reports)
    }

    /// The links whose file stands otherwise than when it was last in step, or whose receipt is of another generation.
    async fn out_of_step(
        &self,
        profile: &ProfileName,
        links: Vec<Link>,
        which: Which,
        end: Instant,
    ) -> Result<LookedAt, Error> {
        let present = match self.parts().vault.grant_of(profile).await? {
            Some(id) => Some((id, self.parts().vault.grant(id).await?.generation)),
            None => None,
        };
        let now = self.parts().clock.now();
        let stamping: Vec<_> = links
            .into_iter()
            .map(|link| {
                let file = link.target.file.clone();
                (link, tokio::task::spawn_blocking(move || stamp(&file)))
            })
            .collect();
        let (mut out_of_step, mut silent) = (Vec::new(), Vec::new());
        for (link, task) in stamping {
            let Some(stands) = joined(task, end).await else {
                silent.push(link);
                continue;
            };
            let may_rest = match (&link.trouble, &link.receipt) {
                (Some(trouble), _) => which == Which::OutOfStep && trouble.holds(stands, now),
                (None, Some(receipt)) => {
                    Some((receipt.grant, receipt.generation)) == present && stands == Some(receipt.stamp)
                }
                (None, None) => false,
            };
            if !may_rest {
                out_of_step.push(link);
            }
        }
        Ok(LookedAt { out_of_step, silent })
    }

    /// Looks after one link in a task of its own, which nobody's impatience ends.
    pub(super) fn spawn(&self, app: &App, link: Link, fill: Fill, end: Instant) -> (Link, JoinHandle<LinkOutcome>) {
        let (links, app, task) = (self.clone(), app.clone(), link.clone());
        (link, tokio::spawn(async move { links.tend(&app, &task, fill, end).await }))
    }

    /// Brings one link into step, or finds out why not.
    async fn tend(&self, app: &App, link: &Link, fill: Fill, end: Instant) -> LinkOutcome {
        let mut adopted = None;
        for _ in 0..ROUNDS {
            // Before anything else: whatever is done to the file from now on must be seen by whoever looks next.
            let stood = self.stamp(link).await;
            match self.tend_once(app, link, fill, end, &mut adopted).await {
                // The rest of it is told by the next call, which finds the file as it is.
                Ok(Some(outcome)) => {
                    self.tell_trouble(link, &outcome, stood).await;
                    return adopted.unwrap_or(outcome);
                }
                Ok(None) => {}
                Err(error) => return LinkOutcome::NotWritten(error),
            }
        }
        adopted.unwrap_or(LinkOutcome::Elsewhere)
    }

    /// `None` when the file or the vault has moved on and has to be looked at again.
    async fn tend_once(
        &self,
        app: &App,
        link: &Link,
        fill: Fill,
        end: Instant,
        adopted: &mut Option<LinkOutcome>,
    ) -> Result<Option<LinkOutcome>, Error> {
        let asked = fill.is_asked();
        let Ok(look) = self.look(link, asked).await? else {
            let error = self.unusable(link, asked).await?;
            return Ok(error.map(|error| LinkOutcome::Left(FileComparison::Unusable(unreadable(&error)))));
        };
        let login = self.login(&link.target.profile).await?;
        if login.as_ref().is_some_and(|login| login.grant.app != app.name) {
            // The profile names another app by now: neither is its login to be shown, nor another app's to be adopted into it.
            return Ok(Some(LinkOutcome::Left(FileComparison::WithoutLogin)));
        }
        let judged = self.judge(link, &look.shown, login.as_ref(), fill).await?;
        match judged.reconciliation {
            Reconciliation::InStep => {
                if let Some(found) = judged.awaited {
                    return Ok(Some(LinkOutcome::Left(found)));
                }
                if let (Some(login), Some(stamp)) = (&login, look.stamp) {
                    self.receipt(link, login, stamp).await;
                }
                Ok(Some(LinkOutcome::InStep))
            }
            Reconciliation::Adopt => {
                if !self.is_settled(link, asked, &look).await? {
                    return Ok(None);
                }
                if !asked && let Some(owner) = look.other_owner() {
                    return Ok(Some(LinkOutcome::Left(FileComparison::OfOtherOwner { owner })));
                }
                if let Some(outcome) = self.adopt_shown(app, link, &look.shown, login.as_ref(), fill).await? {
                    adopted.get_or_insert(outcome);
                }
                Ok(None)
            }
            // A program that writes in place empties the file first.
            Reconciliation::Deliver
                if matches!(judged.in_file, InFile::Blank | InFile::Malformed)
                    && !self.is_settled(link, asked, &look).await? =>
            {
                Ok(None)
            }
            // Nobody has said yet whose the present login is; no other file is to show it.
            Reconciliation::Deliver | Reconciliation::Heal { .. }
                if self.is_not_to_be_shown(link, &judged, login.as_ref()).await? =>
            {
                Ok(Some(LinkOutcome::Left(FileComparison::Unproven { shows_it: false })))
            }
            Reconciliation::LeaveToAnother { .. } if judged.owed().is_some() => self.write(link, fill, end).await,
            Reconciliation::Deliver | Reconciliation::Heal { .. } => self.write(link, fill, end).await,
            _ if !self.is_settled(link, asked, &look).await? => Ok(None),
            _ => Ok(Some(LinkOutcome::Left(judged.found()))),
        }
    }

    /// Whether a file stays as it was seen for a moment. A program that writes in place may be at it: an empty file is then about to
    /// be filled, and half a token looks like a new one.
    async fn is_settled(&self, link: &Link, asked: bool, seen: &FileSnapshot) -> Result<bool, Error> {
        tokio::time::sleep(SETTLING).await;
        Ok(self.look(link, asked).await?.is_ok_and(|again| again.stamp == seen.stamp))
    }

    /// What is wrong with a file that stays unusable for a moment; one that is being replaced comes back.
    async fn unusable(&self, link: &Link, asked: bool) -> Result<Option<FileError>, Error> {
        tokio::time::sleep(SETTLING).await;
        Ok(self.look(link, asked).await?.err())
    }

    /// Whether a file must not show the profile's present login: nobody has said whose that is, and it is not the file from which it came.
    async fn is_not_to_be_shown(
        &self,
        link: &Link,
        judged: &FileVerdict,
        login: Option<&LoginCopy>,
    ) -> Result<bool, StoreError> {
        let Some(login) = login.filter(|login| login.grant.unproven) else { return Ok(false) };
        let InFile::Known { grant, generation, .. } = judged.in_file else { return Ok(true) };
        let brought = self.came_from(link, grant).await?;
        Ok(grant != login.grant.id || brought.is_none_or(|brought| generation < brought))
    }

    /// Writes the present set under the file's lock. `None` when something else has to be done by now.
    async fn write(&self, link: &Link, fill: Fill, end: Instant) -> Result<Option<LinkOutcome>, Error> {
        let asked = fill.is_asked();
        let (target, places) = (linked(link, asked), link.target.places.clone());
        let patience = end.saturating_duration_since(Instant::now());
        let held = blocking(move || {
            let held = target.hold(patience)?;
            let look = FileSnapshot::held(&held, &places)?;
            Ok::<_, FileError>((held, look))
        });
        let (held, look) = match held.await? {
            Ok((held, mut look)) => {
                self.frame(link, &mut look.shown).await?;
                if let Some(error) = self.doubled(&link.target.file, look.shown.doubled()).await? {
                    return Ok(Some(LinkOutcome::NotWritten(unwritten(&error))));
                }
                (held, look)
            }
            Err(FileError::Busy { .. }) => return Ok(Some(LinkOutcome::Elsewhere)),
            Err(error) => return Ok(Some(LinkOutcome::NotWritten(unwritten(&error)))),
        };
        let login = self.login(&link.target.profile).await?;
        let judged = self.judge(link, &look.shown, login.as_ref(), fill).await?;
        let login = match (judged.reconciliation, judged.owed(), login) {
            (Reconciliation::LeaveToAnother { .. }, Some(own), _) => self.parts().vault.copy(own).await?,
            (Reconciliation::Deliver | Reconciliation::Heal { .. }, _, Some(login)) => login,
            _ => return Ok(None),
        };
        if self.is_not_to_be_shown(link, &judged, Some(&login)).await? {
            return Ok(Some(LinkOutcome::Left(FileComparison::Unproven { shows_it: false })));
        }
        let corrections = look.shown.corrections(&link.target.places, &login, asked);
        let places = link.target.places.clone();
        let written = blocking(move || {
            // It was judged by what it showed; once it shows something else, that has to be judged.
            let still = |now: &Document| FileValues::read(now, &places).is_ok_and(|shown| shown == look.shown);
            let open = held.open_to_others()?;
            match held.write_while(&corrections, still)? {
                WriteOutcome::Moved => Ok(None),
                WriteOutcome::Anew => Ok(Some((FileSnapshot::held(&held, &places)?, open))),
                WriteOutcome::Already => Ok(Some((FileSnapshot::held(&held, &places)?, None))),
            }
        });
        let (after, closed) = match written.await? {
            Ok(Some((mut after, closed))) => {
                self.frame(link, &mut after.shown).await?;
                (after, closed)
            }
            Ok(None) => return Ok(None),
            Err(error) => return Ok(Some(LinkOutcome::NotWritten(unwritten(&error)))),
        };
        if let Whose::Kept { grant, user, is_owed: true } = judged.whose {
            // No receipt: it is not the profile's login that it shows.
            return Ok(Some(LinkOutcome::GivenItsOwn { grant, user, closed }));
        }
        if let Some(other) = judged.other.as_ref().filter(|other| other.is_script) {
            let parts = self.parts();
            parts.vault.hand_over(other.grant, &login.grant.app, parts.witness.myself()).await?;
        }
        let generation = login.grant.generation;
        // What we had delivered ourselves is followed by the next; anything else had gone astray.
        let healed = match judged.reconciliation {
            Reconciliation::Heal { held } if !judged.was_delivered(link) && judged.other.is_none() => Some(held),
            _ => None,
        };
        // The rest of it is true, and whoever reads the access token is told.
        if after.shown.lacks_access(asked) {
            let found = if after.shown.is_unclear() { FileComparison::Unclear } else { FileComparison::Malformed };
            return Ok(Some(LinkOutcome::Left(found)));
        }
        let awaited = self.awaited(link, &after.shown, Some(&login)).await?;
        // Another program may have put something else there in between; then there is nothing to confirm. Nor is there where an access
        // token is still to come, and what stands at its place is another's.
        let is_true = awaited.is_none() && after.shown.corrections(&link.target.places, &login, asked).is_empty();
        if let Some(stamp) = after.stamp.filter(|_| is_true) {
            let receipt = Receipt { grant: login.grant.id, generation, at: self.parts().clock.now(), stamp };
            self.confirm(link, receipt, healed).await;
        }
        Ok(Some(match (healed, judged.other, awaited) {
            (Some(held), ..) => LinkOutcome::Healed { held, generation, closed },
            (None, Some(Other { grant, user, lives, .. }), _) => {
                LinkOutcome::Replaced { grant, user, is_kept: lives, generation, closed }
            }
            (None, None, Some(found)) => LinkOutcome::Left(found),
            (None, None, None) => LinkOutcome::Delivered { generation, closed },
        }))
    }

    /// How a link stands whose file was looked at; and what makes the file unsafe, if it was read.
    async fn state(
        &self,
        link: Link,
        looked: Result<(FileSnapshot, Option<FileError>), FileError>,
    ) -> Result<LinkState, Error> {
        let login = self.login(&link.target.profile).await?;
        let (look, exposed) = looked.map_or_else(|error| (Err(error), None), |(look, exposed)| (Ok(look), exposed));
        let found = match look {
            Err(error) => FileComparison::Unusable(unreadable(&error)),
            Ok(mut look) => match self.doubled(&link.target.file, look.shown.doubled()).await? {
                Some(error) => FileComparison::Unusable(unreadable(&error)),
                None => match self.judge_all(&link, &mut look, login.as_ref()).await? {
                    FileComparison::Newer => {
                        look.other_owner().map_or(FileComparison::Newer, |owner| FileComparison::OfOtherOwner { owner })
                    }
                    FileComparison::InStep if is_over(login.as_ref()) => FileComparison::Over,
                    found => found,
                },
            },
        };
        let expires = login.as_ref().and_then(|login| login.grant.access.as_ref()).map(|access| access.expires);
        let present = login.map(|login| (login.grant.id, login.grant.generation));
        let exposed = exposed.map(|error| unwritten(&error));
        Ok(LinkState { link, present, found, exposed, expires })
    }

    /// The login of a profile, refresh token included.
    pub(super) async fn login(&self, profile: &ProfileName) -> Result<Option<LoginCopy>, StoreError> {
        let vault = &self.parts().vault;
        match vault.grant_of(profile).await? {
            Some(id) => vault.copy(id).await.map(Some),
            None => Ok(None),
        }
    }

    /// A look without a lock. The outer error is of our own making.
    pub(super) async fn look(&self, link: &Link, asked: bool) -> Result<Result<FileSnapshot, FileError>, Error> {
        let (file, places) = (linked(link, asked), link.target.places.clone());
        let mut look = match blocking(move || FileSnapshot::at(&file, &places)).await? {
            Ok(look) => look,
            Err(error) => return Ok(Err(error)),
        };
        self.frame(link, &mut look.shown).await?;
        Ok(match self.doubled(&link.target.file, look.shown.doubled()).await? {
            Some(error) => Err(error),
            None => Ok(look),
        })
    }

    /// Records that a file shows the present set, unless that is known.
    async fn receipt(&self, link: &Link, login: &LoginCopy, stamp: Stamp) {
        let (grant, generation) = (login.grant.id, login.grant.generation);
        let known =
            |receipt: &Receipt| (receipt.grant, receipt.generation, receipt.stamp) == (grant, generation, stamp);
        if link.trouble.is_some() || !link.receipt.as_ref().is_some_and(known) {
            // Whoever wrote it may have been killed before it had removed the copy of what was there.
            let file = linked(link, false);
            let _ = blocking(move || file.tidy()).await;
            let at = self.parts().clock.now();
            self.confirm(link, Receipt { grant, generation, at, stamp }, None).await;
        }
    }

    async fn confirm(&self, link: &Link, receipt: Receipt, healed: Option<tokenward_core::Generation>) {
        // Without it the file is looked at once more.
        if let Err(error) = self.parts().vault.receipt(link.id, receipt, healed).await {
            tracing::warn!(%error, file = %link.target.file.display(), "the delivery could not be recorded");
        }
    }

    async fn stamp(&self, link: &Link) -> Option<Stamp> {
        let file = link.target.file.clone();
        blocking(move || stamp(&file)).await.ok().flatten()
    }

    /// Records why a file could not be brought into step, so that not every caller goes the long way for it.
    async fn tell_trouble(&self, link: &Link, outcome: &LinkOutcome, stamp: Option<Stamp>) {
        let words = match outcome {
            LinkOutcome::NotWritten(error) | LinkOutcome::Left(FileComparison::Unusable(error)) => error.to_string(),
            LinkOutcome::Left(FileComparison::Blank) => "there is no refresh token in it".to_owned(),
            LinkOutcome::Left(FileComparison::Malformed) => "the value at the token's place is not a token".to_owned(),
            LinkOutcome::Left(FileComparison::Unclear) => "a value holds more than a token".to_owned(),
            LinkOutcome::Left(FileComparison::OfAnotherUser { .. }) => "it shows the login of another user".to_owned(),
            LinkOutcome::Left(FileComparison::OfFormerUser { user }) => {
                format!("it shows the login of {user}, which was logged out")
            }
            LinkOutcome::Left(FileComparison::OfEndedLogin { .. }) => "it shows an expired login".to_owned(),
            LinkOutcome::Left(FileComparison::OfOtherOwner { owner }) => format!("it belongs to the user {owner}"),
            LinkOutcome::Left(FileComparison::Reference) => {
                "the value at the token's place is a reference or encrypted".to_owned()
            }
            LinkOutcome::Left(FileComparison::OfAnother { profile }) => {
                format!("it shows the login of the profile {profile}")
            }
            _ => return,
        };
        let trouble = Trouble { stamp, at: self.parts().clock.now(), words };
        // Without it the file is looked at once more.
        if let Err(error) = self.parts().vault.trouble(link.id, trouble).await {
            tracing::warn!(%error, file = %link.target.file.display(), "the trouble could not be recorded");
        }
    }
}

/// Links whose files were looked at.
struct LookedAt {
    /// Those to be looked after.
    out_of_step: Vec<Link>,
    /// Those whose file did not answer in time.
    silent: Vec<Link>,
}

/// Which links are looked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// Those that are out of step, and whose trouble is not just known.
    OutOfStep,
    /// Those that are out of step.
    Undelivered,
    /// All.
    All,
}

fn is_over(login: Option<&LoginCopy>) -> bool {
    login.is_some_and(|login| matches!(login.grant.standing, Standing::NeedsConsent { .. } | Standing::Retired { .. }))
}

/// How often a file that changes under our eyes is judged again in one call.
const ROUNDS: usize = 6;
/// How long a file that shows a new login must stay as it is before it is believed.
const SETTLING: Duration = Duration::from_millis(50);
