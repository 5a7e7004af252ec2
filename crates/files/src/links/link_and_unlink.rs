//! Links made and ended by a person.
//!
//! Enters: a file, where its values stand, whose login it shows, and what a person insists on. Leaves: a link with the terms on
//! which its file is written, and the file in step; or a refusal before anything was changed. A crash between the link and its first delivery leaves a link without a receipt, which the next
//! call delivers to (I5).

use std::path::{Path, PathBuf};

use tokenward_core::{App, Code, Link, LinkId, NewLink, Place, ProfileName, Slot, Terms};
use tokio::time::Instant;

use super::adoption::another;
use super::file::LinkedFile;
use super::linked_files::{Links, blocking, joined, linked, report, silent, unreadable};
use super::overwrite_policy::Fill;
use super::permission_check::Narrowed;
use super::report::{FileComparison, LinkOutcome, LinkReport};
use super::verdict::Whose;
use tokenward_keeper::another_user;
use tokenward_keeper::{Error, KeptState};

impl Links {
    /// Makes a link and looks after it at once.
    ///
    /// With `fill`, a person wants the file to show the profile's login, whatever it shows now: a file that has nothing at the
    /// refresh token's place, or is not there yet, is given the present set, and a login in it that nobody knows is kept
    /// aside. Without, such a login is adopted, and a file without one is left as it is.
    ///
    /// A link that is there already is looked after once more.
    ///
    /// # Errors
    /// [`Code::PlaceUnclear`] when no place for a token is named; [`Code::PlaceTaken`] when another link keeps one of the
    /// places; [`Code::AnotherProfile`]; [`Code::FileUnusable`]; the vault's. There is no new link then. What could not be
    /// written is in the report.
    pub async fn link(&self, app: &App, link: NewLink, fill: bool) -> Result<(Link, LinkReport), Error> {
        self.link_on(app, link, if fill { Fill::Over } else { Fill::No }, Terms::default()).await
    }

    /// The same, where another's login may stay, and where a person insists on less safety than is kept otherwise. What was insisted on for this link before stays; the
    /// widest mode is always that of the file as it is now.
    ///
    /// A file of ours that others can read is taken from them, and the report tells its mode before.
    ///
    /// # Errors
    /// As [`Links::link`]; [`Code::SharedFolder`] and [`Code::FileOpenToOthers`].
    pub async fn link_on(
        &self,
        app: &App,
        link: NewLink,
        fill: Fill,
        insists: Terms,
    ) -> Result<(Link, LinkReport), Error> {
        if !link.places.contains_key(&Slot::AccessToken) && !link.places.contains_key(&Slot::RefreshToken) {
            return Err(Error::with_detail(Code::PlaceUnclear, KeptState::Everything, link.file.display().to_string()));
        }
        if !link.file.is_absolute() {
            let detail = format!("{} is no absolute path", link.file.display());
            return Err(Error::with_detail(Code::FileUnusable, KeptState::Everything, detail));
        }
        let asked = fill.is_asked();
        let insists = self.may_link(&link, asked, insists).await?;
        let probe = self.probe(&link);
        let look = self.look(&probe, asked).await?.map_err(|error| unreadable(&error))?;
        self.may_keep(&link).await?;
        let login = self.login(&link.profile).await?;
        let judged = self.judge(&probe, &look.shown, login.as_ref(), fill).await?;
        match &judged.whose {
            // One that is owed something gets it first.
            Whose::Ours | Whose::Kept { is_owed: true, .. } => {}
            Whose::Profile(owner) => return Err(another(owner)),
            Whose::Kept { grant, .. } => return Err(another_user(*grant)),
            Whose::Ended { user } => return Err(ended(user.as_deref())),
        }
        if let Some(user) = judged.former {
            return Err(Error::with_detail(Code::FormerUser, KeptState::Everything, user));
        }
        let known: Vec<_> = self.parts().vault.links(Some(&link.profile)).await?;
        // Before there is a link: other processes write the file as soon as there is one.
        let target = linked(&Link { terms: insists, ..probe }, asked);
        let Narrowed { mode, was } = blocking(move || target.narrow()).await?.map_err(|error| unreadable(&error))?;
        let mut made = self.parts().vault.link(link, self.parts().witness.myself()).await?;
        let is_new = !known.iter().any(|link| link.id == made.id);
        let terms = Terms { widest: Some(mode), ..insists };
        if made.terms != terms {
            self.parts().vault.set_terms(made.id, terms).await?;
            made.terms = terms;
        }
        let end = Instant::now() + Self::PATIENCE;
        let (made, task) = self.spawn(app, made, fill, end);
        let outcome = joined(task, end).await.unwrap_or_else(|| LinkOutcome::NotWritten(silent(&made)));
        if let LinkOutcome::Left(FileComparison::OfAnotherUser { grant, .. }) | LinkOutcome::GivenItsOwn { grant, .. } =
            &outcome
            && is_new
        {
            // It was seen to be another user's only when it was looked at.
            self.unlink(made.id).await?;
            return Err(another_user(*grant));
        }
        if let LinkOutcome::Left(FileComparison::OfEndedLogin { user }) = &outcome {
            if is_new {
                self.unlink(made.id).await?;
            }
            return Err(ended(user.as_deref()));
        }
        if let LinkOutcome::Left(FileComparison::OfFormerUser { user }) = &outcome {
            if is_new {
                self.unlink(made.id).await?;
            }
            return Err(Error::with_detail(Code::FormerUser, KeptState::Everything, user.clone()));
        }
        let report = LinkReport { narrowed: was, ..report(&made, outcome) };
        Ok((made, report))
    }

    /// Whether a file may be linked at all, before anything is read from it or written: nobody else can put another file in its place, and
    /// it is not open to others or ours to close. Gives back what is insisted on for this link, now or before.
    ///
    /// # Errors
    /// [`Code::SharedFolder`], [`Code::FileOpenToOthers`], [`Code::FileUnusable`]; the vault's.
    pub async fn may_link(&self, link: &NewLink, fill: bool, insists: Terms) -> Result<Terms, Error> {
        let known = self.parts().vault.links(Some(&link.profile)).await?;
        let before = known.iter().find(|known| known.target == *link).map(|known| known.terms).unwrap_or_default();
        let insists = Terms {
            shared_folder: insists.shared_folder || before.shared_folder,
            open_to_others: insists.open_to_others || before.open_to_others,
            widest: None,
        };
        let target = linked(&Link { terms: insists, ..self.probe(link) }, fill);
        blocking(move || target.may_be_linked()).await?.map_err(|error| unreadable(&error))?;
        // What else is wrong with its content is told by who reads it.
        match self.look(&self.probe(link), fill).await? {
            Err(error) if error.barred() == Some(Code::DoubledKey) => Err(unreadable(&error)),
            Ok(_) | Err(_) => Ok(insists),
        }
    }

    /// The links of a file, whatever path leads to it; of one profile, or of all.
    ///
    /// # Errors
    /// [`Code::LinkNotFound`] when there is none; the vault's.
    pub async fn of_file(&self, file: &Path, profile: Option<&ProfileName>) -> Result<Vec<Link>, Error> {
        let links = self.parts().vault.links(profile).await?;
        let same = self.same_file(file, links).await?;
        if same.is_empty() {
            return Err(Error::with_detail(Code::LinkNotFound, KeptState::Everything, file.display().to_string()));
        }
        Ok(same)
    }

    /// Ends a link. The file stays as it is.
    ///
    /// # Errors
    /// [`Code::LinkNotFound`]; the vault's.
    pub async fn unlink(&self, id: LinkId) -> Result<(), Error> {
        if self.parts().vault.unlink(id, self.parts().witness.myself()).await? {
            return Ok(());
        }
        Err(Error::new(Code::LinkNotFound, KeptState::Everything))
    }

    /// Takes the lock file away that lies beside a file, once no link of it is left. One that somebody holds stays.
    ///
    /// # Errors
    /// The vault's.
    pub async fn let_go(&self, file: &Path) -> Result<(), Error> {
        let links = self.parts().vault.links(None).await?;
        if self.same_file(file, links).await?.is_empty() {
            // It may be gone, with its lock file left behind.
            let file = LinkedFile::new(file, tokenward_core::Format::Dotenv).or_new();
            blocking(move || file.remove_lock()).await?;
        }
        Ok(())
    }

    /// Refuses a place that another link keeps: two owners of one place would overwrite each other for ever. One text may hold both tokens
    /// of a login, each kept by a link of its own.
    ///
    /// # Errors
    /// [`Code::PlaceTaken`]; the vault's.
    pub async fn may_keep(&self, link: &NewLink) -> Result<(), Error> {
        let links = self.parts().vault.links(None).await?;
        for other in self.same_file(&link.file, links).await? {
            for (slot, place) in &link.places {
                let mut theirs = other.target.places.iter();
                let is_same_login = other.target.profile == link.profile;
                let clashes =
                    |(other_slot, kept): (&Slot, &Place)| kept == place && (other_slot != slot || !is_same_login);
                if !theirs.any(clashes) || is_same_login && self.holds_both(link, place).await? {
                    continue;
                }
                let detail = format!("{} (profile {})", other.target.file.display(), other.target.profile);
                return Err(Error::with_detail(Code::PlaceTaken, KeptState::Everything, detail));
            }
        }
        Ok(())
    }

    /// Whether both tokens of a login stand in the text at a place.
    async fn holds_both(&self, link: &NewLink, place: &Place) -> Result<bool, Error> {
        let file = linked(&self.probe(link), false);
        let Ok(document) = blocking(move || file.read()).await? else { return Ok(false) };
        let Some(text) = document.get(place).ok().flatten() else { return Ok(false) };
        let seen = self.sightings_of(vec![(place.clone(), text)]).await?;
        Ok([Slot::AccessToken, Slot::RefreshToken].iter().all(|slot| seen.iter().any(|one| one.slot() == *slot)))
    }

    async fn same_file(&self, file: &Path, links: Vec<Link>) -> Result<Vec<Link>, Error> {
        let file = file.to_owned();
        let same = move || {
            let wanted = target(&file);
            links.into_iter().filter(|link| link.target.file == file || target(&link.target.file) == wanted).collect()
        };
        blocking(same).await
    }

    /// A link that is not in the vault, to look at a file with.
    pub(super) fn probe(&self, target: &NewLink) -> Link {
        Link {
            id: LinkId(0),
            target: target.clone(),
            made: self.parts().clock.now(),
            terms: Terms::default(),
            receipt: None,
            trouble: None,
        }
    }
}

/// The file shows a login that is over, and that is not known to be the profile's user's; its user, if that is known.
fn ended(user: Option<&str>) -> Error {
    match user {
        Some(user) => Error::with_detail(Code::EndedLogin, KeptState::Everything, user),
        None => Error::new(Code::EndedLogin, KeptState::Everything),
    }
}

/// The file at the end of all symbolic links, or the path itself where nothing is.
fn target(file: &Path) -> PathBuf {
    let found = LinkedFile::new(file, tokenward_core::Format::Dotenv).or_new().target();
    found.unwrap_or_else(|_| file.to_owned())
}
