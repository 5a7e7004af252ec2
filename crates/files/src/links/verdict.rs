//! A linked file judged: what it shows, compared with the vault.
//!
//! Enters: what was seen at a link's places, the profile's login. Leaves: what the file is to the vault, and what is to be done about
//! it. Nothing is sent and nothing written (I8). Where a value holds more than a token, the vault is asked which part is one, and only
//! then the rules of `frame`.

use tokenward_core::ports::{LoginCopy, StoreError};
use tokenward_core::{
    Closing, Event, Generation, Grant, GrantId, InFile, Link, ProfileName, Reconciliation, Slot, Standing, TokenKind,
    reconcile,
};

use super::known_tokens::Sighting;
use super::linked_files::Links;
use super::observed_state::FileSnapshot;
use super::overwrite_policy::Fill;
use super::report::FileComparison;
use super::unlinked_places::UnlinkedTokens;
use super::value_diff::{FileValues, ShownRefresh};
use crate::is_script_login;
use tokenward_keeper::Error;

/// What the comparison of a file with the vault came to.
#[derive(Debug)]
pub(super) struct FileVerdict {
    pub(super) in_file: InFile,
    /// Whose login it shows.
    pub(super) whose: Whose,
    /// Another login than the profile's that it shows: whether it lives, and whose it is.
    pub(super) other: Option<Other>,
    /// Whose login it shows, if that was logged out and the profile is another user's by now.
    pub(super) former: Option<String>,
    pub(super) reconciliation: Reconciliation,
    /// What stands at the access token's place of a login that has none yet, if that misleads who reads it.
    pub(super) awaited: Option<FileComparison>,
    /// Whether a value holds more than a token, and it cannot be told which part is one.
    is_unclear: bool,
}

/// Whose login a file shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whose {
    /// The profile's, as far as anything is known, or nobody's.
    Ours,
    /// Another profile's.
    Profile(ProfileName),
    /// Another user's, or of nobody that was named: it came by a file, and is kept without a profile.
    Kept {
        grant: GrantId,
        user: Option<String>,
        /// Whether it was refreshed to learn whose it is, and came from this file: that one is given its new tokens.
        is_owed: bool,
    },
    /// The same of a login that is over.
    Ended { user: Option<String> },
}

impl FileVerdict {
    /// In words for people.
    pub(super) fn found(&self) -> FileComparison {
        match (self.reconciliation, self.in_file) {
            (Reconciliation::InStep, _) => self.awaited.clone().unwrap_or(FileComparison::InStep),
            (Reconciliation::Heal { held }, InFile::Known { grant, .. }) => FileComparison::Stale { grant, held },
            (Reconciliation::Deliver | Reconciliation::Heal { .. }, _) => FileComparison::Behind,
            (Reconciliation::Adopt, _) => FileComparison::Newer,
            (Reconciliation::LeaveToAnother { .. }, _) => match (&self.whose, &self.former) {
                (_, Some(user)) => FileComparison::OfFormerUser { user: user.clone() },
                (Whose::Profile(profile), _) => FileComparison::OfAnother { profile: profile.clone() },
                (Whose::Kept { grant, user, .. }, _) => {
                    FileComparison::OfAnotherUser { grant: *grant, user: user.clone() }
                }
                (Whose::Ended { user }, _) => FileComparison::OfEndedLogin { user: user.clone() },
                (Whose::Ours, None) => FileComparison::WithoutLogin,
            },
            (Reconciliation::LeaveBlank, _) => FileComparison::Blank,
            (Reconciliation::LeaveMalformed, _) if self.is_unclear => FileComparison::Unclear,
            (Reconciliation::LeaveMalformed, _) => FileComparison::Malformed,
            (Reconciliation::LeaveReference, _) => FileComparison::Reference,
            (Reconciliation::LeaveWithoutLogin, _) => FileComparison::WithoutLogin,
        }
    }

    /// The login whose new tokens the file is given although it is not the profile's: its own.
    pub(super) fn owed(&self) -> Option<GrantId> {
        match &self.whose {
            Whose::Kept { grant, is_owed: true, .. } => Some(*grant),
            _ => None,
        }
    }

    /// Whether what the file shows is what was delivered last.
    pub(super) fn was_delivered(&self, link: &Link) -> bool {
        let InFile::Known { grant, generation, .. } = self.in_file else { return false };
        link.receipt.is_some_and(|receipt| (receipt.grant, receipt.generation) == (grant, generation))
    }
}

impl Links {
    /// Compares what a file shows with the vault.
    pub(super) async fn judge(
        &self,
        link: &Link,
        shown: &FileValues,
        login: Option<&LoginCopy>,
        fill: Fill,
    ) -> Result<FileVerdict, Error> {
        let asked = fill.is_asked();
        let present = login.map(|login| (login.grant.id, login.grant.generation));
        let Known { in_file, whose, other } = self.recognise(link, shown, login, fill).await?;
        let former = if fill == Fill::Over { None } else { self.former(link, in_file, login).await? };
        let agree = login.is_none_or(|login| shown.agrees(login, asked));
        let is_unclear = shown.is_unclear();
        // Such a value is nobody's to replace, whoever asks.
        let asked = asked && !(is_unclear && in_file == InFile::Malformed);
        let reconciliation = reconcile(in_file, present, agree, asked);
        let reconciliation = match reconciliation {
            // It shows all that could be compared, and at the access token's place something else.
            Reconciliation::InStep if shown.lacks_access(asked) => Reconciliation::LeaveMalformed,
            Reconciliation::Deliver | Reconciliation::Heal { .. } => match &former {
                Some((grant, _)) => Reconciliation::LeaveToAnother { grant: *grant },
                None => reconciliation,
            },
            reconciliation => reconciliation,
        };
        let awaited = match reconciliation {
            Reconciliation::InStep => self.awaited(link, shown, login).await?,
            _ => None,
        };
        let former = former.map(|(_, user)| user);
        Ok(FileVerdict { in_file, whose, other, former, reconciliation, awaited, is_unclear })
    }

    /// The same, with a look at the rest of the file: it is in step only if no other token in it has had its time.
    pub(super) async fn judge_all(
        &self,
        link: &Link,
        look: &mut FileSnapshot,
        login: Option<&LoginCopy>,
    ) -> Result<FileComparison, Error> {
        self.frame(link, &mut look.shown).await?;
        let judged = self.judge(link, &look.shown, login, Fill::No).await?;
        let found = judged.found();
        let unproven = login.filter(|login| login.grant.unproven);
        if let (Some(login), FileComparison::InStep | FileComparison::Behind | FileComparison::Stale { .. }) =
            (unproven, &found)
        {
            let shows_it = self.shows_unproven(judged.in_file, &look.shown, login).await?;
            return Ok(FileComparison::Unproven { shows_it });
        }
        if let (FileComparison::InStep, Some(document)) = (&found, &look.document) {
            let UnlinkedTokens { stale: places, stale_encoded: encoded, .. } = self.unlinked(link, document).await?;
            let is_true = places.is_empty() && encoded.is_empty();
            return Ok(if is_true { found } else { FileComparison::StaleBeside { places, encoded } });
        }
        Ok(found)
    }

    /// Whether a file shows a set of the profile's grant that came after the profile's own: of those, nobody has said whose they are.
    async fn shows_unproven(&self, in_file: InFile, shown: &FileValues, login: &LoginCopy) -> Result<bool, StoreError> {
        let known = match in_file {
            InFile::Known { grant, generation, .. } => Some((grant, generation)),
            // An access token alone, which may be a copy of one in another file.
            InFile::NotKept => match shown.access() {
                Some((token, _)) => {
                    let texts = [zeroize::Zeroizing::new(token.expose().to_owned())];
                    let found = self.parts().vault.known_tokens(&texts).await?.pop().flatten();
                    found.map(|found| (found.grant, found.generation))
                }
                None => None,
            },
            InFile::Blank | InFile::Malformed | InFile::Reference | InFile::Unknown => None,
        };
        let own = login.own.as_ref().map(|own| own.generation);
        Ok(known.is_some_and(|(grant, generation)| grant == login.grant.id && own.is_none_or(|own| generation > own)))
    }

    async fn recognise(
        &self,
        link: &Link,
        shown: &FileValues,
        login: Option<&LoginCopy>,
        fill: Fill,
    ) -> Result<Known, StoreError> {
        let nobodys = |in_file| Ok(Known { in_file, whose: Whose::Ours, other: None });
        let token = match shown.refresh() {
            ShownRefresh::NotKept => return self.recognise_access(link, shown, login, fill).await,
            ShownRefresh::Blank => return nobodys(InFile::Blank),
            ShownRefresh::Malformed => return nobodys(InFile::Malformed),
            ShownRefresh::Reference => return nobodys(InFile::Reference),
            ShownRefresh::Token(token) => token,
        };
        if let Some(LoginCopy { grant, refresh: Some(present), .. }) = login
            && *present == token
        {
            let (id, generation) = (grant.id, grant.generation);
            return nobodys(InFile::Known { grant: id, generation, of_another: false });
        }
        let vault = &self.parts().vault;
        let Some((grant, generation)) = vault.recognise(&token).await?.known else {
            // An access token that the vault knows is never sent as a refresh token.
            let texts = [zeroize::Zeroizing::new(token.expose().to_owned())];
            let is_access =
                vault.known_tokens(&texts).await?.into_iter().flatten().any(|it| it.kind == TokenKind::Access);
            return nobodys(if is_access { InFile::Malformed } else { InFile::Unknown });
        };
        let owner = vault.grant(grant).await?;
        let whose = self.whose(link, &owner, generation, login).await?;
        let gives_way = match fill {
            Fill::No => false,
            // It came from this file, and can be anybody's.
            Fill::Free => matches!(whose, Whose::Kept { user: None, .. }),
            // A person may let another's give way, but for the one that its profile is using.
            Fill::Over => !(matches!(whose, Whose::Profile(_)) && lives(&owner) && generation == owner.generation),
        };
        let whose = if gives_way { Whose::Ours } else { whose };
        let in_file = InFile::Known { grant, generation, of_another: whose != Whose::Ours };
        let (is_script, is_present) = (is_script_login(&owner), generation == owner.generation);
        // The same user's other login is kept beside the profile's, as long as it lives and has a life of its own.
        let is_apart = lives(&owner) && is_present && (owner.profile.is_none() || is_script);
        let is_ours =
            login.is_some_and(|login| login.grant.id == owner.id || (is_same_user(&login.grant, &owner) && !is_apart));
        let is_kept = lives(&owner) && !is_ours;
        let was_anothers = !lives(&owner) && !is_ours && owner.subject.is_some();
        let other = (is_kept || was_anothers).then(|| Other {
            grant,
            user: owner.subject.map(|subject| subject.known_as().to_owned()),
            lives: is_kept && (owner.profile.is_none() || is_script),
            is_script,
        });
        Ok(Known { in_file, whose, other })
    }

    /// The same of a file that shows an access token alone: one that the vault knows for another's stays too, whoever put it there.
    async fn recognise_access(
        &self,
        link: &Link,
        shown: &FileValues,
        login: Option<&LoginCopy>,
        fill: Fill,
    ) -> Result<Known, StoreError> {
        let alone = Known { in_file: InFile::NotKept, whose: Whose::Ours, other: None };
        let (Some((token, _)), Some(present)) = (shown.access(), login) else { return Ok(alone) };
        if fill == Fill::Over || present.grant.access.as_ref().is_some_and(|access| access.token == token) {
            return Ok(alone);
        }
        let vault = &self.parts().vault;
        let texts = [zeroize::Zeroizing::new(token.expose().to_owned())];
        let known = vault.known_tokens(&texts).await?.pop().flatten();
        let Some(known) = known.filter(|known| known.grant != present.grant.id) else { return Ok(alone) };
        let owner = vault.grant(known.grant).await?;
        let whose = self.whose(link, &owner, known.generation, login).await?;
        if whose == Whose::Ours {
            return Ok(alone);
        }
        let in_file = InFile::Known { grant: owner.id, generation: known.generation, of_another: true };
        Ok(Known { in_file, whose, other: None })
    }

    /// Whose login a file shows, by the grant that its token belongs to. One of which that is not known is nobody's to write over.
    async fn whose(
        &self,
        link: &Link,
        owner: &Grant,
        generation: Generation,
        login: Option<&LoginCopy>,
    ) -> Result<Whose, StoreError> {
        // A script's own login has a name and no profile: it stands here as one that is kept without any.
        let is_script = is_script_login(owner);
        let named = owner.profile.as_ref().filter(|_| !is_script);
        if let Some(profile) = named.filter(|profile| **profile != link.target.profile) {
            return Ok(Whose::Profile(profile.clone()));
        }
        let user = || owner.subject.as_ref().map(|subject| subject.known_as().to_owned());
        if named.is_some() {
            let is_untold = self.was_never_told(owner, generation).await?;
            return Ok(if is_untold { Whose::Ended { user: None } } else { Whose::Ours });
        }
        // Of a user who logged out `former` tells; and where nobody is logged in, there is nothing that could be written.
        let is_out = matches!(owner.standing, Standing::Retired { .. });
        if (is_out && owner.subject.is_some()) || (!lives(owner) && login.is_none()) {
            return Ok(Whose::Ours);
        }
        let is_same = login.is_some_and(|login| is_same_user(&login.grant, owner));
        if is_same || was_the_profiles(link, owner) {
            return Ok(Whose::Ours);
        }
        if !lives(owner) {
            return Ok(Whose::Ended { user: user() });
        }
        let is_owed = generation < owner.generation && self.came_from(link, owner.id).await?.is_some();
        Ok(Whose::Kept { grant: owner.id, user: user(), is_owed })
    }

    /// The generation in which a grant's login was brought, if it was this link's file that brought the last one.
    pub(super) async fn came_from(&self, link: &Link, grant: GrantId) -> Result<Option<Generation>, StoreError> {
        let story = self.parts().vault.journal(grant, STORY).await?;
        let newest = story.into_iter().find_map(|entry| match entry.event {
            Event::Adopted { source, .. } => Some((source, entry.generation)),
            _ => None,
        });
        let file = link.target.file.display().to_string();
        Ok(newest.filter(|(source, _)| *source == file).map(|(_, generation)| generation))
    }

    /// Whether a set was brought for a profile, sent, and gave way before an answer came: nobody has said whose it was.
    async fn was_never_told(&self, owner: &Grant, generation: Generation) -> Result<bool, StoreError> {
        if owner.generation == generation {
            return Ok(false);
        }
        let story = self.parts().vault.journal(owner.id, STORY).await?;
        let own: Vec<_> = story.into_iter().filter(|entry| entry.generation == generation).collect();
        let was = |is: &dyn Fn(&Event) -> bool| own.iter().any(|entry| is(&entry.event));
        let was_brought = was(&|event| matches!(event, Event::Adopted { .. }));
        let is_unanswered = was(&|event| matches!(event, Event::Closed { closing: Closing::Doubt { .. }, .. }));
        let is_answered = was(&|event| {
            let Event::Closed { closing, .. } = event else { return false };
            matches!(closing, Closing::Committed { .. } | Closing::Refused { .. })
        });
        Ok(was_brought && is_unanswered && !is_answered)
    }

    /// Whose login a file shows, where that was logged out and the profile is another user's by now. What the file is to show after that,
    /// nobody has said: a yes to another user ([`Claim::OfAnyUser`](tokenward_core::ports::Claim)) leaves the login before alive.
    async fn former(
        &self,
        link: &Link,
        in_file: InFile,
        login: Option<&LoginCopy>,
    ) -> Result<Option<(GrantId, String)>, StoreError> {
        let shows = match in_file {
            InFile::Known { grant, of_another: false, .. } => grant,
            // It shows an access token alone: the one that was delivered.
            InFile::NotKept => match &link.receipt {
                Some(receipt) => receipt.grant,
                None => return Ok(None),
            },
            InFile::Known { .. } | InFile::Blank | InFile::Malformed | InFile::Reference | InFile::Unknown => {
                return Ok(None);
            }
        };
        let Some(present) = login.map(|login| &login.grant).filter(|present| present.id != shows) else {
            return Ok(None);
        };
        let before = self.parts().vault.grant(shows).await?;
        let is_out = matches!(before.standing, Standing::Retired { .. });
        if !is_out || is_same_user(present, &before) {
            return Ok(None);
        }
        Ok(before.subject.map(|subject| (shows, subject.known_as().to_owned())))
    }

    /// Asks the vault which parts of the values at a link's places are tokens, where there is more than a token at one.
    pub(super) async fn frame(&self, link: &Link, shown: &mut FileValues) -> Result<(), Error> {
        let framed = shown.framed();
        if framed.is_empty() {
            return Ok(());
        }
        let place = |(slot, text): &(Slot, _)| Some((link.target.places.get(slot)?.clone(), Clone::clone(text)));
        let seen = self.sightings_of(framed.iter().filter_map(place).collect()).await?;
        for (slot, _) in framed {
            let own = |sighting: &&Sighting| {
                sighting.slot() == slot && link.target.places.get(&slot) == Some(&sighting.place)
            };
            shown.frame(slot, seen.iter().filter(own).map(|sighting| sighting.at.clone()).collect());
        }
        Ok(())
    }
}

/// What the vault knows of a file's refresh token.
struct Known {
    in_file: InFile,
    whose: Whose,
    /// Its grant, if that is another login than the profile's.
    other: Option<Other>,
}

/// Another login than the profile's.
#[derive(Debug, Clone)]
pub(super) struct Other {
    pub(super) grant: GrantId,
    pub(super) user: Option<String>,
    pub(super) lives: bool,
    /// Whether it is a script's own, which loses its file by this.
    pub(super) is_script: bool,
}

pub(super) fn lives(grant: &Grant) -> bool {
    matches!(grant.standing, Standing::Live | Standing::InDoubt { .. })
}

/// Whether a grant without a profile was one that the profile had, or that we delivered to this file. One that another profile had, or none,
/// is another's: `login` made it all the same.
pub(super) fn was_the_profiles(link: &Link, owner: &Grant) -> bool {
    link.receipt.is_some_and(|receipt| receipt.grant == owner.id)
        || owner.former_profile.as_ref() == Some(&link.target.profile)
}

fn is_same_user(one: &Grant, other: &Grant) -> bool {
    one.subject.as_ref().zip(other.subject.as_ref()).is_some_and(|(one, other)| one.is_same_user(other))
}

/// How far back a login's story is read.
const STORY: u32 = 1000;
