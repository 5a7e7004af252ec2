//! Where the tokens of a login stand in a file that a person named.
//!
//! Enters: a path, and what flags say about places. Leaves: a [`TokenPlaces`], or one sentence on what to add: a flag, a file, a name.
//! A guess is made only where there is one login to be meant; of several the person picks. Nothing is written here.

mod comment_behind_value;
mod format_detection;
mod missing_app_secret;
mod new_variable_names;
mod notation;
mod place_check;
mod places_by_server;
mod reference;
mod token_api;
mod without_place;
mod working_folder_login;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use tokenward::links::{Document, FileError, LinkedFile, Objection, Shape, Sighting};
use tokenward::{ScriptRefresh, secret_parsing};
use tokenward_core::{
    AppSecret, BadSecret, Brand, Code, Format, NewLink, PathStep, Place, ProfileName, RefreshToken, Slot,
};

use clap::ValueEnum;

use crate::args::PlaceFlags;
pub(crate) use crate::command_hint::quoted;
use crate::failure::Failure;
use crate::words::Lang;
pub(crate) use comment_behind_value::comment_in_script;
use format_detection::by_content;
pub(crate) use missing_app_secret::{Flaw, SecretFlaw};
use new_variable_names::{VariableNames, brand_of};
use notation::example;
pub(crate) use notation::place_flags;
pub(crate) use place_check::not_linked;
use place_check::provable;
pub(crate) use places_by_server::{LeftToServer, is_of_server};
use reference::referred;
pub(crate) use without_place::without_place;
pub(crate) use working_folder_login::login_in_folder;

/// A file, and where in it the values of one login stand.
#[derive(Debug)]
pub(crate) struct TokenPlaces {
    /// The file, absolute, with symbolic links as they were typed.
    pub(crate) file: PathBuf,
    /// How it is read.
    pub(crate) format: Format,
    /// Where its tokens stand, or are to stand.
    pub(crate) places: BTreeMap<Slot, Place>,
    /// The app's id.
    pub(crate) app_id: Option<String>,
    /// Where the app's id stands or is to stand.
    pub(crate) app_id_at: Option<Place>,
    /// The app's secret.
    pub(crate) app_secret: Option<AppSecret>,
    /// Where it stands.
    pub(crate) app_secret_at: Option<Place>,
    /// Where something stands in for it.
    pub(crate) secret_stands_in: Option<Place>,
    /// What is wrong with it otherwise, where the file names an app.
    pub(crate) secret_flaw: Option<SecretFlaw>,
    /// What stands at the refresh token's place, where that could be a token.
    pub(crate) refresh: Option<RefreshToken>,
    /// The brand that the names speak of.
    pub(crate) brand: Option<Brand>,
    /// Whether the file is still to be made.
    pub(crate) is_new: bool,
    /// Where further tokens of the same login stand.
    pub(crate) copies: Vec<BTreeMap<Slot, Place>>,
    /// Where else the same token stood, where that was not meant.
    pub(crate) left: Vec<LeftToServer>,
    /// Other tokens in the settings of servers of which nothing says whose they are.
    pub(crate) others: Vec<LeftToServer>,
    /// The profile whose login the tokens are, if the vault knows them.
    pub(crate) owner: Option<ProfileName>,
    /// The redirect URL that stands in the file, and where.
    pub(crate) redirect: Option<(Place, String)>,
}

/// What the person wants of the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    pub(crate) at: &'a PlaceFlags,
    pub(crate) server: Option<&'a str>,
    /// Whether a file that is not there is to be made.
    pub(crate) create: bool,
    /// Whether tokens that have no place in the file are given their usual ones, besides those that have.
    pub(crate) complete: bool,
    pub(crate) brand: Option<Brand>,
}

impl TokenPlaces {
    /// The content of a file, if it is there and can be read.
    pub(crate) fn document(path: &Path, at: &PlaceFlags, lang: Lang) -> Option<Document> {
        let file = absolute(path);
        LinkedFile::new(&file, Format::Dotenv).target().ok()?;
        let format = at.format.map_or_else(|| format_of(&file, false, lang).ok(), |format| Some(format.into()))?;
        LinkedFile::new(&file, format).read().ok()
    }

    /// Looks at a file, in which the vault knows some tokens.
    pub(crate) fn look(path: &Path, wish: Wish<'_>, known: &[Sighting], lang: Lang) -> Result<Self, Failure> {
        let file = absolute(path);
        let is_new = match LinkedFile::new(&file, Format::Dotenv).target() {
            Ok(_) => false,
            Err(FileError::Missing { .. }) if wish.create => true,
            Err(error) => return Err(refused(&error, lang)),
        };
        let format = match wish.at.format {
            Some(format) => format.into(),
            None => format_of(&file, is_new, lang)?,
        };
        let linked = LinkedFile::new(&file, format);
        let linked = if is_new { linked.or_new() } else { linked };
        let document = linked.read().map_err(|error| refused(&error, lang))?;
        let (shape, copies) = Picker { file: &file, document: &document, known, wish, lang }.pick()?;
        for place in [&shape.app_id, &shape.app_secret] {
            comment_behind_value::refused(&document, place.as_ref(), lang).map_or(Ok(()), Err)?;
        }
        let twins = shape.twins(&document, known);
        // Who names a server or a place means no other server: what else holds its token stays, and is told.
        let further = shape.further(&document, &twins);
        let (further, left) = places_by_server::apart(&document, &shape, further, (wish.server, wish.at), known);
        let others = || {
            let taken = [&shape].into_iter().chain(&copies).chain(&further).flat_map(|shape| shape.places.values());
            places_by_server::others(&document, &taken.collect::<Vec<_>>(), known)
        };
        let is_narrow = wish.server.is_some() || wish.at.access.is_some() || wish.at.refresh.is_some();
        let others = if is_narrow { Vec::new() } else { others() };
        for shape in [&shape].into_iter().chain(&copies) {
            provable(&document, shape, example(format), lang)?;
            writable(path, &document, shape, known, wish, lang)?;
            not_crosswise(&document, shape, known, wish, lang)?;
            of_its_kind(&document, shape, known, lang)?;
            in_quotes(&file, &document, shape, lang)?;
        }
        // A login is known once it is taken over, and its tokens are told from the words around them. One alone never is.
        let told = if shape.refresh().is_some() { [known, &twins].concat() } else { known.to_vec() };
        for twin in &further {
            provable(&document, twin, example(format), lang)?;
            if twin.objection(&document, &told).is_some() {
                return Err(stays_behind(&shape, twin, lang));
            }
            in_quotes(&file, &document, twin, lang)?;
        }
        let read = |place: &Option<Place>| {
            let text = document.get(place.as_ref()?).ok()??;
            Some(text).filter(|text| !text.trim().is_empty())
        };
        let refresh = shape.refresh().cloned();
        let secret = read(&shape.app_secret).map(|text| secret_parsing::app_secret(text.as_str()));
        Ok(Self {
            app_id: read(&shape.app_id).map(|id| id.trim().to_owned()),
            app_secret: secret.as_ref().and_then(|secret| secret.as_ref().ok().cloned()),
            secret_flaw: SecretFlaw::of(&document, &shape, secret.as_ref()),
            secret_stands_in: shape.app_secret.clone().filter(|_| matches!(secret, Some(Err(BadSecret::StandIn)))),
            refresh: read(&refresh).and_then(|text| secret_parsing::refresh_token(text.as_str()).ok()),
            brand: wish.brand.or_else(|| brand_of(&shape, format)),
            owner: shape.profile(known).cloned(),
            redirect: shape.redirect.clone().zip(read(&shape.redirect)).map(|(place, uri)| (place, uri.to_string())),
            copies: copies.into_iter().chain(further).map(|shape| shape.places).collect(),
            left,
            others,
            app_id_at: shape.app_id,
            app_secret_at: shape.app_secret,
            places: shape.places,
            file,
            format,
            is_new,
        })
    }

    /// The link of this spot to a profile.
    pub(crate) fn link(&self, profile: &ProfileName) -> NewLink {
        self.link_of(profile, self.places.clone())
    }

    /// The links of the further places in which tokens of the same login stand.
    pub(crate) fn further(&self, profile: &ProfileName) -> Vec<NewLink> {
        self.copies.iter().map(|places| self.link_of(profile, places.clone())).collect()
    }

    fn link_of(&self, profile: &ProfileName, places: BTreeMap<Slot, Place>) -> NewLink {
        NewLink { profile: profile.clone(), file: self.file.clone(), format: self.format, places }
    }
}

/// Finds the one login that is meant.
struct Picker<'a> {
    file: &'a Path,
    document: &'a Document,
    known: &'a [Sighting],
    wish: Wish<'a>,
    lang: Lang,
}

impl Picker<'_> {
    /// The login that is meant, and further places of its tokens.
    fn pick(&self) -> Result<(Shape, Vec<Shape>), Failure> {
        let at = self.wish.at;
        let is_told = at.access.is_some() || at.refresh.is_some();
        let (mut shape, copies) = if is_told { (self.told()?, Vec::new()) } else { self.found()? };
        if self.wish.complete {
            self.complete(&mut shape)?;
        } else if !shape.has_token() && matches!(self.document.format(), Format::Json | Format::Toml | Format::Yaml) {
            return Err(self.without_place());
        }
        if let Some(place) = self.place("--app-id-at", at.app_id_at.as_ref())? {
            shape.app_id = Some(place);
        }
        if let Some(place) = self.place("--app-secret-at", at.app_secret_at.as_ref())? {
            shape.app_secret = Some(place);
        }
        Ok((shape, copies))
    }

    /// The places that flags name. The app's are those of the only login that is found, if there is only one.
    fn told(&self) -> Result<Shape, Failure> {
        let found = Shape::detect(self.document);
        let same = |pick: fn(&Shape) -> &Option<Place>| {
            let first = found.first().map(pick)?;
            found.iter().all(|shape| pick(shape) == first).then(|| first.clone()).flatten()
        };
        let mut shape = Shape::default();
        (shape.app_id, shape.app_secret) = (same(|s| &s.app_id), same(|s| &s.app_secret));
        for (slot, flag, text) in [
            (Slot::AccessToken, "--access", &self.wish.at.access),
            (Slot::RefreshToken, "--refresh", &self.wish.at.refresh),
        ] {
            let Some(place) = self.place(flag, text.as_ref())? else { continue };
            place_check::is_there(self.file, self.document, &place, example(self.document.format()), self.lang)?;
            shape.places.insert(slot, place);
        }
        Ok(shape)
    }

    /// The only login that is recognised, or the one of the named server; with its copies, where the vault knows them for such.
    fn found(&self) -> Result<(Shape, Vec<Shape>), Failure> {
        let mut found = Shape::detect_known(self.document, self.known);
        if let Some(server) = self.wish.server {
            let is_meant = |shape: &Shape| shape.server.as_deref() == Some(server);
            // A server of which nothing is known is meant all the same, where a person names it.
            if !found.iter().any(is_meant) {
                found = Shape::detect(self.document);
            }
            let servers: Vec<_> = found.iter().filter_map(|shape| shape.server.clone()).collect();
            found.retain(is_meant);
            if found.is_empty() {
                found.extend(Shape::of_named_server(self.document, server, self.known));
            }
            if found.is_empty() {
                return Err(without_place::of_server(self.file, self.document, server, &servers, self.lang));
            }
        }
        let with_token = found.iter().filter(|shape| shape.has_token()).count();
        if with_token > 0 {
            found.retain(Shape::has_token);
        }
        let owner = found.first().and_then(|shape| shape.profile(self.known));
        let is_copy = |shape: &Shape| shape.is_known(self.known) && shape.profile(self.known) == owner;
        if found.len() > 1 && found.iter().all(is_copy) && !self.is_history(&found) {
            // The one that can be refreshed from goes first.
            found.sort_by_key(|shape| shape.refresh().is_none());
            let copies = found.split_off(1);
            return Ok((found.pop().unwrap_or_default(), copies));
        }
        if self.is_history(&found) {
            // A list of earlier tokens is a record. What is kept true is the entry that shows the present ones.
            found.retain(|shape| self.is_present(shape));
            if let [_] = found.as_slice() {
                return Ok((found.pop().unwrap_or_default(), Vec::new()));
            }
        }
        if found.len() > 1 {
            // The same tokens at several places are one login.
            let twins = found[0].twins(self.document, self.known);
            if found.iter().all(|shape| shape.is_among(&twins)) {
                return Ok((found.swap_remove(0), Vec::new()));
            }
            let what = self.lang.several_logins(self.file.display(), found.len());
            let choices = found.iter().map(|shape| self.lang.pick_with(flags(shape, &found)));
            return Err(Failure::new(Code::PlaceUnclear, what).then_all(choices));
        }
        Ok((found.pop().unwrap_or_default(), Vec::new()))
    }

    /// Whether shapes are entries of one list, of which one at most shows the present tokens.
    fn is_history(&self, found: &[Shape]) -> bool {
        let entry = |shape: &Shape| {
            let (Place::Path(way) | Place::Within { path: way, .. }) = shape.refresh().or(shape.access())? else {
                return None;
            };
            let last = way.iter().rposition(|step| matches!(step, PathStep::Index(_)))?;
            Some((way[..last].to_vec(), way[last + 1..].to_vec()))
        };
        let first = found.first().and_then(entry);
        let is_one_list = first.is_some() && found.iter().all(|shape| entry(shape) == first);
        is_one_list && found.len() > 1 && found.iter().filter(|shape| self.is_present(shape)).count() < 2
    }

    /// Whether a present token of a login stands at one of a shape's places.
    fn is_present(&self, shape: &Shape) -> bool {
        let own = |sighting: &&Sighting| shape.places.get(&sighting.slot()) == Some(&sighting.place);
        self.known.iter().filter(own).any(|sighting| sighting.token.is_present)
    }

    /// Gives tokens their usual places, where a format has any.
    fn complete(&self, shape: &mut Shape) -> Result<(), Failure> {
        let format = self.document.format();
        let is_inside = |place: &Place| matches!(place, Place::Within { .. });
        // What stands in a document of its own has its places there.
        if shape.access().or(shape.refresh()).is_some_and(is_inside) {
            return Ok(());
        }
        if format == Format::Ini && !shape.has_token() && shape.app_id.is_none() && shape.app_access.is_none() {
            let sections = self.document.sections();
            // Another program's file, which would meet a section that it does not know.
            if !sections.is_empty() && !sections.iter().any(|section| section == ScriptRefresh::SECTION) {
                let file = self.file.display().to_string();
                return Err(without_place(&file, Some(self.document), format, &self.said(), self.lang));
            }
        }
        let both = match self.document.format() {
            Format::Dotenv | Format::Properties | Format::Fish => {
                let names =
                    VariableNames::of(shape, format).unwrap_or_else(|| VariableNames::usual(format, self.wish.brand));
                shape.app_id.get_or_insert_with(|| names.place("APP_ID"));
                [names.place("USER_ACCESS_TOKEN"), names.place("USER_REFRESH_TOKEN")]
            }
            Format::Ini => {
                let section = match shape.access().or(shape.refresh()).or(shape.app_access.as_ref()) {
                    Some(Place::Ini { section: Some(section), .. }) => section.clone(),
                    _ => ScriptRefresh::SECTION.to_owned(),
                };
                [ScriptRefresh::ACCESS_TOKEN, ScriptRefresh::REFRESH_TOKEN].map(|key| Place::ini(&section, key))
            }
            Format::Json | Format::Toml | Format::Yaml if shape.has_token() => return Ok(()),
            Format::Json | Format::Toml | Format::Yaml => return Err(self.without_place()),
        };
        for (slot, place) in [Slot::AccessToken, Slot::RefreshToken].into_iter().zip(both) {
            shape.places.entry(slot).or_insert(place);
        }
        Ok(())
    }

    fn without_place(&self) -> Failure {
        without_place::of_tables(self.file, self.document, self.known, &self.said(), self.lang)
    }

    /// What was said of the file besides its places, as flags.
    fn said(&self) -> String {
        let format = self.wish.at.format.and_then(|format| format.to_possible_value());
        format.map(|format| format!(" --format {}", format.get_name())).unwrap_or_default()
    }

    fn place(&self, flag: &str, text: Option<&String>) -> Result<Option<Place>, Failure> {
        let Some(text) = text else { return Ok(None) };
        // What looks like a token is not said again.
        if text.len() > 64 && !text.contains(['.', '['])
            || ["u-", "ur-", "eyJ"].iter().any(|start| text.starts_with(start))
        {
            let what = self.lang.place_is_token(flag);
            return Err(Failure::new(Code::Usage, what).then(self.lang.name_places(example(self.document.format()))));
        }
        let format = self.document.format();
        let place = Place::parse(format, text).map_err(|error| {
            let what = self.lang.bad_place(flag, text.escape_debug(), format);
            Failure::new(Code::Usage, what).detail(error.to_string()).then(self.lang.name_places(example(format)))
        })?;
        Ok(Some(place))
    }
}

/// Refuses what is no token and must not become one by itself. Where a person wants the file filled, a stand-in gives way.
fn writable(
    path: &Path,
    document: &Document,
    shape: &Shape,
    known: &[Sighting],
    wish: Wish<'_>,
    lang: Lang,
) -> Result<(), Failure> {
    let objection = shape.objection(document, known);
    if let Some(Objection::Placeholder(place) | Objection::MoreThanToken(place) | Objection::Reference(place)) =
        &objection
        && let Some(refused) = comment_behind_value::refused(document, Some(place), lang)
    {
        return Err(refused);
    }
    let (what, next) = match objection {
        Some(Objection::Reference(place)) => return Err(referred(document, &place, lang)),
        Some(Objection::Placeholder(place)) if !wish.create => {
            let file = quoted(&path.display().to_string());
            let format = wish.at.format.and_then(|format| format.to_possible_value());
            let format = format.map(|format| format!(" --format {}", format.get_name())).unwrap_or_default();
            let told = format!("{format} {}", place_flags(&shape.places));
            // `login` knows no servers.
            let (login, link) = match wish.server {
                Some(server) => (told, format!("{format} --server {}", quoted(server))),
                None if wish.at.access.is_some() || wish.at.refresh.is_some() => (told.clone(), told),
                None => (format.clone(), format),
            };
            let next = lang.place_is_stand_in_next(
                format_args!("tokenward login --env-file {file}{login}"),
                format_args!("tokenward link {file}{link} --create"),
            );
            (lang.place_is_stand_in(place), next)
        }
        Some(Objection::Both(place)) => (lang.place_holds_either(place), lang.name_places(example(document.format()))),
        Some(Objection::MoreThanToken(place)) => {
            (lang.place_holds_more(place), lang.name_places(example(document.format())))
        }
        _ => return Ok(()),
    };
    Err(Failure::new(Code::PlaceUnclear, what).then(next))
}

/// A second place of a token that is about to be replaced, at which it would stay as it is.
fn stays_behind(shape: &Shape, twin: &Shape, lang: Lang) -> Failure {
    let place = |shape: &Shape| shape.access().or(shape.refresh()).map(ToString::to_string).unwrap_or_default();
    let what = lang.twin_stays_behind(place(shape), place(twin));
    Failure::new(Code::PlaceUnclear, what).then(lang.twin_stays_behind_next(place(twin)))
}

/// Refuses tokens that stand in each other's place: the refresh token would be shown to the provider as an access token, and the access
/// token spent as a refresh token. Of a token that the vault knows the value tells; who names the places has said what is wanted there.
fn not_crosswise(
    document: &Document,
    shape: &Shape,
    known: &[Sighting],
    wish: Wish<'_>,
    lang: Lang,
) -> Result<(), Failure> {
    let (Some(access), Some(refresh)) = (shape.access(), shape.refresh()) else { return Ok(()) };
    let is_known = known.iter().any(|sighting| sighting.place == *access || sighting.place == *refresh);
    let is_told = wish.at.access.is_some() || wish.at.refresh.is_some();
    // Where the refresh token stands, and where the access token.
    let found = if !is_known && tokenward::links::are_crosswise(document, access, refresh) {
        (access, refresh)
    } else if is_known && !is_told && shape.is_against_names(document) {
        (refresh, access)
    } else {
        return Ok(());
    };
    Err(Failure::new(Code::Crosswise, lang.tokens_crosswise(found.0, found.1)).then(lang.tokens_crosswise_next()))
}

/// Refuses a token of the other kind at a token's place: a refresh token there would be written over, an access token be sent.
fn of_its_kind(document: &Document, shape: &Shape, known: &[Sighting], lang: Lang) -> Result<(), Failure> {
    let Some((slot, place)) = shape.misplaced(document, known) else { return Ok(()) };
    let (what, flag) = match slot {
        Slot::AccessToken => (lang.wrong_kind_refresh(&place), "--refresh"),
        _ => (lang.wrong_kind_access(&place), "--access"),
    };
    Err(Failure::new(Code::WrongKind, what).then(lang.wrong_kind_next(flag, quoted(&place.to_string()))))
}

/// Refuses an expression of a program, which a bare token would break. A text in quotes stays one.
fn in_quotes(file: &Path, document: &Document, shape: &Shape, lang: Lang) -> Result<(), Failure> {
    let extension = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if document.format() != Format::Dotenv || !PROGRAMS.contains(&extension.as_str()) {
        return Ok(());
    }
    match [shape.access(), shape.refresh()].into_iter().flatten().find(|place| !document.is_quoted(place)) {
        None => Ok(()),
        Some(place) => {
            let what = lang.code_not_written(file.display(), place);
            Err(Failure::new(Code::PlaceUnclear, what).then(lang.use_exec()))
        }
    }
}

/// Languages whose assignments look like those of a `.env` file, and whose values are expressions.
const PROGRAMS: [&str; 8] = ["py", "pyw", "rb", "js", "mjs", "cjs", "ts", "lua"];

/// What picks one shape among several on the command line.
fn flags(shape: &Shape, all: &[Shape]) -> String {
    if let Some(server) = &shape.server
        && all.iter().filter(|other| other.server.as_ref() == Some(server)).count() == 1
    {
        return format!("--server {}", quoted(server));
    }
    place_flags(&shape.places)
}

/// The path from the root, with symbolic links as they are.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A failure of a file, with what helps for the mistakes that are made most.
pub(crate) fn refused(error: &FileError, lang: Lang) -> Failure {
    match error {
        FileError::Missing { path } => {
            let next = place_check::namesake(path)
                .map_or_else(|| lang.next_of_missing(path), |name| lang.did_you_mean(quoted(&name)));
            Failure::new(Code::FileUnusable, lang.file_missing(path.display())).then(next)
        }
        FileError::Dangling { path, target } => {
            Failure::new(Code::FileUnusable, lang.file_dangling(path.display(), target.display())).complete()
        }
        FileError::NotAFile { path, .. } => {
            Failure::new(Code::FileUnusable, lang.file_no_file(path.display())).detail(error.to_string()).complete()
        }
        FileError::Document { path, .. } => {
            let failure = Failure::new(Code::FileUnusable, lang.file_not_understood(path.display()));
            failure.detail(error.to_string()).then(lang.file_not_understood_next())
        }
        error => Failure::of(Code::FileUnusable).detail(error.to_string()),
    }
}

/// How a file is written, by its name, else by its content.
fn format_of(file: &Path, is_new: bool, lang: Lang) -> Result<Format, Failure> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let by_name = match extension {
        _ if name == ".env" || name.starts_with(".env.") => Some(Format::Dotenv),
        "env" => Some(Format::Dotenv),
        "properties" => Some(Format::Properties),
        "fish" => Some(Format::Fish),
        "ini" | "cfg" | "conf" => Some(Format::Ini),
        "json" | "jsonc" | "json5" | "code-workspace" => Some(Format::Json),
        "toml" => Some(Format::Toml),
        "yaml" | "yml" => Some(Format::Yaml),
        _ => None,
    };
    // Prose is read by people and published; a word in it is no variable.
    if matches!(extension, "md" | "markdown" | "txt" | "rst" | "adoc" | "html" | "htm") {
        return Err(Failure::new(Code::PlaceUnclear, lang.prose_not_written(file.display())).then(lang.use_exec()));
    }
    // Keys without a section are no ini file, whatever its name says: `.conf` is often a list of variables.
    let is_list = |file: &Path| {
        let reads = |format| LinkedFile::new(absolute(file), format).read();
        let is_refused = matches!(reads(Format::Ini), Err(FileError::Document { .. }));
        is_refused && reads(Format::Dotenv).is_ok_and(|document| !Shape::detect(&document).is_empty())
    };
    match by_name {
        Some(Format::Ini) if !is_new && is_list(file) => return Ok(Format::Dotenv),
        Some(format) => return Ok(format),
        None => {}
    }
    let unclear = || {
        Failure::new(Code::PlaceUnclear, lang.format_unclear(file.display()))
            .then_all([lang.format_unclear_next(), lang.use_exec()])
    };
    if is_new {
        return Err(unclear());
    }
    let io = |error: std::io::Error| Failure::of(Code::FileUnusable).detail(format!("{}: {error}", file.display()));
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    let limit = Document::LIMIT as u64 + 1;
    std::fs::File::open(file).map_err(io)?.take(limit).read_to_end(&mut bytes).map_err(io)?;
    by_content(&bytes).ok_or_else(unclear)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_by_name() {
        for (name, format) in [
            (".env", Format::Dotenv),
            (".env.local", Format::Dotenv),
            ("prod.env", Format::Dotenv),
            ("feishu-config.ini", Format::Ini),
            ("setup.cfg", Format::Ini),
            ("token.json", Format::Json),
            ("MCP.JSONC", Format::Json),
            ("config.toml", Format::Toml),
            ("config.yaml", Format::Yaml),
            ("Application.YML", Format::Yaml),
            ("application.properties", Format::Properties),
            ("application-dev.properties", Format::Properties),
            ("config.fish", Format::Fish),
        ] {
            assert_eq!(format_of(Path::new(name), true, Lang::En).unwrap(), format, "{name}");
        }
        assert!(format_of(Path::new("tokens"), true, Lang::En).is_err());
    }
}
