//! Links kept true: found, reconciled, delivered to.
//!
//! Enters: links, the files they name, the profile's login. Leaves: files that show the present set, logins taken over from
//! files that showed a newer one, and a report for each.

use std::path::Path;
use std::time::Duration;

use tokenward_core::{AccessToken, App, Generation, GrantId, Link, LinkId, NewLink, ProfileName, RefreshToken};

use super::report::{LinkReport, LinkState};
use crate::{Error, Keeper};

/// The files that are kept in step with logins. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Links {
    keeper: Keeper,
}

/// A login that was found somewhere: in a file, or in another tool's store.
#[derive(Debug)]
pub struct Brought {
    /// Its refresh token.
    pub refresh: RefreshToken,
    /// Its access token, if it is there. Without an end it only serves to ask whose login it is.
    pub access: Option<(AccessToken, Option<jiff::Timestamp>)>,
    /// Where it comes from: a file's path, or a tool's name.
    pub source: String,
}

impl Links {
    /// The links of a keeper's vault.
    pub fn new(keeper: &Keeper) -> Self {
        Self { keeper: keeper.clone() }
    }

    /// How the links of a profile stand, or all of them. Changes nothing and sends nothing (I8).
    ///
    /// # Errors
    /// The vault's; what is wrong with a file is in its state.
    pub async fn states(&self, profile: Option<&ProfileName>) -> Result<Vec<LinkState>, Error> {
        todo!()
    }

    /// Looks after the links of a profile: those whose file or receipt is out of step; with `force`, all of them. Waits for
    /// no file longer than `patience`.
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
        todo!()
    }

    /// Makes a link and looks after it at once. With `fill`, a file that has no token at the refresh token's place, or is not
    /// there yet, is given the present set; a login in it that nobody knows is put aside for the present one.
    ///
    /// # Errors
    /// `PlaceUnclear`, `PlaceTaken`, `AnotherProfile`, `FileUnusable`, `FileNotWritten`; the vault's. There is no link then.
    pub async fn link(&self, app: &App, link: NewLink, fill: bool) -> Result<(Link, LinkReport), Error> {
        todo!()
    }

    /// The links of a file, whatever path leads to it.
    ///
    /// # Errors
    /// `LinkNotFound` when there is none; the vault's.
    pub async fn of_file(&self, file: &Path, profile: Option<&ProfileName>) -> Result<Vec<Link>, Error> {
        todo!()
    }

    /// Ends a link. The file stays as it is.
    ///
    /// # Errors
    /// `LinkNotFound`; the vault's.
    pub async fn unlink(&self, id: LinkId) -> Result<(), Error> {
        todo!()
    }

    /// Takes over the login in a file, once, without keeping the file in step. `target` says whose it becomes and where its
    /// tokens stand.
    ///
    /// # Errors
    /// `NothingToAdopt`, `AnotherProfile`, `FileUnusable`; the vault's.
    pub async fn adopt_file(&self, app: &App, target: &NewLink) -> Result<AdoptReport, Error> {
        todo!()
    }

    /// Takes over a login that was found somewhere.
    ///
    /// # Errors
    /// `AnotherProfile`; the vault's.
    pub async fn adopt(&self, app: &App, profile: &ProfileName, brought: Brought) -> Result<AdoptReport, Error> {
        todo!()
    }

    /// Takes back the login that the last adoption replaced, and delivers it.
    ///
    /// # Errors
    /// `NothingToAdopt` when there is none; the vault's.
    pub async fn take_back(&self, app: &App, profile: &ProfileName) -> Result<(Generation, Vec<LinkReport>), Error> {
        todo!()
    }
}

/// What an adoption did.
#[derive(Debug, Clone)]
pub struct AdoptReport {
    /// What became of the login.
    pub adopted: tokenward_core::ports::Adopted,
    /// Whose it is, if its access token told.
    pub subject: Option<tokenward_core::Subject>,
    /// The generation the grant has now.
    pub generation: Generation,
    /// The grant.
    pub grant: GrantId,
    /// What became of the profile's links.
    pub links: Vec<LinkReport>,
}
