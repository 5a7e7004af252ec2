//! A linked file judged: what it shows, compared with the vault.
//!
//! Enters: what was seen at a link's places, the profile's login. Leaves: what the file is to the vault, and what is to be done about
//! it. Nothing is sent and nothing written (I8). Where a value holds more than a token, the vault is asked which part is one, and only
//! then the rules of `frame`.

use tokenward_core::ports::{LoginCopy, VaultError};
use tokenward_core::{
    Event, Grant, GrantId, InFile, Link, ProfileName, Reconciliation, Slot, Standing, TokenKind, reconcile,
};

use super::keep::Links;
use super::look::Look;
use super::report::Found;
use super::shown::{Shown, ShownRefresh};
use super::sighting::Sighting;
use super::strays::Strays;
use crate::Error;

/// What the comparison of a file with the vault came to.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) in_file: InFile,
    /// The profile of the grant whose token the file holds.
    pub(super) owner: Option<ProfileName>,
    /// That grant and its user, if it is kept without a profile.
    pub(super) aside: Option<(GrantId, Option<String>)>,
    /// Another login than the profile's that it shows: whether it lives, and whose it is.
    pub(super) other: Option<Other>,
    /// Whose login it shows, if that was logged out and the profile is another user's by now.
    pub(super) former: Option<String>,
    pub(super) reconciliation: Reconciliation,
    /// Whether a value holds more than a token, and it cannot be told which part is one.
    is_unclear: bool,
}

impl Judged {
    /// In words for people.
    pub(super) fn found(&self) -> Found {
        match (self.reconciliation, self.in_file) {
            (Reconciliation::InStep, _) => Found::InStep,
            (Reconciliation::Heal { held }, InFile::Known { grant, .. }) => Found::Stale { grant, held },
            (Reconciliation::Deliver | Reconciliation::Heal { .. }, _) => Found::Behind,
            (Reconciliation::Adopt, _) => Found::Newer,
            (Reconciliation::LeaveToAnother { .. }, _) => match (&self.owner, &self.aside) {
                _ if self.former.is_some() => Found::OfFormerUser { user: self.former.clone().unwrap_or_default() },
                (Some(profile), _) => Found::OfAnother { profile: profile.clone() },
                (None, Some((grant, user))) => Found::OfAnotherUser { grant: *grant, user: user.clone() },
                (None, None) => Found::WithoutLogin,
            },
            (Reconciliation::LeaveBlank, _) => Found::Blank,
            (Reconciliation::LeaveMalformed, _) if self.is_unclear => Found::Unclear,
            (Reconciliation::LeaveMalformed, _) => Found::Malformed,
            (Reconciliation::LeaveReference, _) => Found::Reference,
            (Reconciliation::LeaveWithoutLogin, _) => Found::WithoutLogin,
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
        shown: &Shown,
        login: Option<&LoginCopy>,
        asked: bool,
    ) -> Result<Judged, Error> {
        let present = login.map(|login| (login.grant.id, login.grant.generation));
        let Known { in_file, owner, aside, other } = self.recognise(link, shown, login, asked).await?;
        let former = if asked { None } else { self.former(link, in_file, login).await? };
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
        let former = former.map(|(_, user)| user);
        Ok(Judged { in_file, owner, aside, other, former, reconciliation, is_unclear })
    }

    /// The same, with a look at the rest of the file: it is in step only if no other token in it has had its time.
    pub(super) async fn judge_all(
        &self,
        link: &Link,
        look: &mut Look,
        login: Option<&LoginCopy>,
    ) -> Result<Found, Error> {
        self.frame(link, &mut look.shown).await?;
        let found = self.judge(link, &look.shown, login, false).await?.found();
        if let (Found::InStep, Some(document)) = (&found, &look.document) {
            let Strays { stale: places, stale_encoded: encoded, .. } = self.strays(link, document).await?;
            let is_true = places.is_empty() && encoded.is_empty();
            return Ok(if is_true { found } else { Found::StaleBeside { places, encoded } });
        }
        Ok(found)
    }

    async fn recognise(
        &self,
        link: &Link,
        shown: &Shown,
        login: Option<&LoginCopy>,
        asked: bool,
    ) -> Result<Known, VaultError> {
        let nobodys = |in_file| Ok(Known { in_file, owner: None, aside: None, other: None });
        let token = match shown.refresh() {
            ShownRefresh::NotKept => return nobodys(InFile::NotKept),
            ShownRefresh::Blank => return nobodys(InFile::Blank),
            ShownRefresh::Malformed => return nobodys(InFile::Malformed),
            ShownRefresh::Reference => return nobodys(InFile::Reference),
            ShownRefresh::Token(token) => token,
        };
        if let Some(LoginCopy { grant, refresh: Some(present) }) = login
            && *present == token
        {
            let (id, generation) = (grant.id, grant.generation);
            return nobodys(InFile::Known { grant: id, generation, present: generation, of_another: false });
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
        let lives = matches!(owner.standing, Standing::Live | Standing::InDoubt { .. });
        if lives && !asked && self.is_kept_aside(link, &owner, login).await? {
            let user = owner.subject.map(|subject| subject.known_as().to_owned());
            // None of its tokens is one of ours that has had its time.
            let in_file = InFile::Known { grant, generation, present: generation, of_another: true };
            return Ok(Known { in_file, owner: None, aside: Some((grant, user)), other: None });
        }
        let of_another = lives && owner.profile.as_ref().is_some_and(|theirs| *theirs != link.target.profile);
        let in_file = InFile::Known { grant, generation, present: owner.generation, of_another };
        let is_ours = login.is_some_and(|login| login.grant.id == owner.id || is_same_user(&login.grant, &owner));
        let is_kept = lives && owner.profile.is_none();
        let was_anothers = !lives && !is_ours && owner.subject.is_some();
        let other = (is_kept || was_anothers).then(|| Other {
            grant,
            user: owner.subject.map(|subject| subject.known_as().to_owned()),
            lives,
        });
        Ok(Known { in_file, owner: owner.profile, aside: None, other })
    }

    /// Whose login a file shows, where that was logged out and the profile is another user's by now. What the file is to show after that,
    /// nobody has said: a yes to another user ([`Claim::OfAnyUser`](tokenward_core::ports::Claim)) leaves the login before alive.
    async fn former(
        &self,
        link: &Link,
        in_file: InFile,
        login: Option<&LoginCopy>,
    ) -> Result<Option<(GrantId, String)>, VaultError> {
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

    /// Whether a login was brought and is kept without a profile because it is another user's: not one that the profile had, nor one
    /// that we delivered to this file.
    async fn is_kept_aside(&self, link: &Link, owner: &Grant, login: Option<&LoginCopy>) -> Result<bool, VaultError> {
        let told = login.and_then(|login| login.grant.subject.as_ref()).zip(owner.subject.as_ref());
        let is_same = told.is_some_and(|(ours, theirs)| ours.id == theirs.id);
        let was_delivered = link.receipt.is_some_and(|receipt| receipt.grant == owner.id);
        if owner.profile.is_some() || is_same || was_delivered {
            return Ok(false);
        }
        let story = self.parts().vault.journal(owner.id, STORY).await?;
        Ok(!story.iter().any(|entry| matches!(entry.event, Event::LoggedIn)))
    }

    /// Asks the vault which parts of the values at a link's places are tokens, where there is more than a token at one.
    pub(super) async fn frame(&self, link: &Link, shown: &mut Shown) -> Result<(), Error> {
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
    /// The profile of its grant.
    owner: Option<ProfileName>,
    /// Its grant and that one's user, if it is kept without a profile.
    aside: Option<(GrantId, Option<String>)>,
    /// Its grant, if that is another login than the profile's.
    other: Option<Other>,
}

/// Another login than the profile's.
#[derive(Debug, Clone)]
pub(super) struct Other {
    pub(super) grant: GrantId,
    pub(super) user: Option<String>,
    pub(super) lives: bool,
}

fn is_same_user(one: &Grant, other: &Grant) -> bool {
    one.subject.as_ref().zip(other.subject.as_ref()).is_some_and(|(one, other)| one.is_same_user(other))
}

/// How far back a login's story is read.
const STORY: u32 = 1000;
