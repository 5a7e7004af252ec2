//! What every command works with: the surroundings, the printer, the settings, the session.
//!
//! Everything is opened when it is first needed, so that `completions` reads no file and `status` opens no socket.

mod notices;
mod other_program_logins;

use std::collections::BTreeSet;
use std::future::Future;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use jiff::tz::TimeZone;
use tokenward::{
    Home, Keeper, KeeperOptions, KeySource, KnownApp, Obtain, Origin, Overrides, Registrations, Report,
    ResolvedProfile, Restored, ServedToken, Session, SessionOptions, Settings, SettingsError, SystemEntropy,
    TokenHolder, VaultInfo, script_file, secret_file,
};
use tokenward_core::ports::Clock;
use tokenward_core::{
    App, Code, DirectGrant, Grant, GrantId, ProfileName, ProviderName, Registration, SecretBytes, Standing, TokenWish,
    masking,
};
use tokio::sync::Notify;
use zeroize::Zeroizing;

use crate::ambient::Ambient;
use crate::args::Global;
use crate::command_hint::Typed;
use crate::failure::Failure;
use crate::network_diagnosis;
use crate::profile_flags::{Meant, user_of};
use crate::prompt::Asker;
use crate::render::Printer;
use crate::token_places::quoted;
use crate::words::Lang;
use crate::zone;

/// How a command ends that ends by itself when a signal asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Requests that are under way may end.
    Requests,
    /// At once, but for a refresh that is under way.
    AtOnce,
    /// With the program that runs beside it, which is asked to end; Ctrl-C is the program's own business.
    Program,
}

/// The desk at which a command works.
pub(crate) struct Context {
    pub(crate) ambient: Ambient,
    pub(crate) global: Global,
    pub(crate) printer: Printer,
    /// What was typed about a file.
    pub(crate) typed: Typed,
    /// The profile whose login a file shows that was named, once that is known.
    pub(crate) of_file: OnceLock<ProfileName>,
    /// The settings as they were before a command that may make profiles on its way.
    pub(crate) profiles_before: OnceLock<Settings>,
    keeper: OnceLock<Keeper>,
    stop: OnceLock<(Arc<Notify>, Ending)>,
    reload: OnceLock<Arc<Notify>>,
    /// Whether it was said that the login is no longer valid: once a call.
    said_over: AtomicBool,
    /// What was said of a refresh that failed ahead of its time, and of the clock: once a call.
    said: Mutex<BTreeSet<String>>,
    zone: OnceLock<TimeZone>,
}

impl Context {
    pub(crate) fn new(ambient: Ambient, global: Global, printer: Printer, typed: Typed) -> Self {
        let (keeper, stop, said_over) = (OnceLock::new(), OnceLock::new(), AtomicBool::new(false));
        let (of_file, zone, said) = (OnceLock::new(), OnceLock::new(), Mutex::new(BTreeSet::new()));
        let (profiles_before, reload) = (OnceLock::new(), OnceLock::new());
        Self { ambient, global, printer, typed, of_file, profiles_before, keeper, stop, reload, said_over, said, zone }
    }

    /// The language of the words.
    pub(crate) const fn lang(&self) -> Lang {
        self.printer.lang
    }

    /// Questions, where there is someone to ask.
    pub(crate) const fn asker(&self) -> Asker {
        Asker::new(self.printer, self.ambient.can_ask())
    }

    /// Now.
    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.ambient.clock.now()
    }

    /// The zone in which moments are shown: the local one, but UTC with `--utc` and for programs (`--json`).
    pub(crate) fn zone(&self) -> &TimeZone {
        let utc = self.global.utc || self.printer.json;
        self.zone.get_or_init(|| if utc { TimeZone::UTC } else { zone::of_environment(&self.ambient.env) })
    }

    /// A moment for people.
    pub(crate) fn moment(&self, at: jiff::Timestamp) -> String {
        self.lang().moment(at, self.now(), self.zone())
    }

    /// A path as one types it here: from the working folder, or from home.
    pub(crate) fn short(&self, file: &Path) -> String {
        if let Ok(here) = std::path::absolute(".")
            && let Ok(inside) = file.strip_prefix(here)
        {
            return inside.display().to_string();
        }
        match self.ambient.env.path("HOME").and_then(|home| Some(file.strip_prefix(home).ok()?.to_owned())) {
            Some(inside) => format!("~/{}", inside.display()),
            None => file.display().to_string(),
        }
    }

    /// The engine, once a session was opened.
    pub(crate) fn keeper(&self) -> Option<&Keeper> {
        self.keeper.get()
    }

    /// The folder of everything.
    pub(crate) fn home(&self) -> Result<Home, Failure> {
        Home::resolve(self.global.home.as_deref(), &self.ambient.env).map_err(|error| self.settings_failure(&error))
    }

    /// The settings, with the warnings told.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        self.settings_with(Overrides::default())
    }

    /// The same, under flags of a command.
    pub(crate) fn settings_with(&self, overrides: Overrides) -> Result<Settings, Failure> {
        let (settings, warnings) = Settings::load(self.home()?, self.ambient.env.clone(), overrides)
            .map_err(|error| self.settings_failure(&error))?;
        for warning in &warnings {
            self.printer.warning(self.lang().settings_warning(warning));
        }
        Ok(settings)
    }

    /// The text of a file that holds a secret: only of one that nobody else could have written, with a word where others can read
    /// it. `unreadable` tells that the file cannot be read; its name is not repeated where it may be a secret in the wrong place.
    pub(crate) fn secret_text(
        &self,
        file: &Path,
        unreadable: impl Fn(String) -> String,
    ) -> Result<Zeroizing<String>, Failure> {
        let name = file.display().to_string();
        let bytes = self.secret_bytes(file, &unreadable)?;
        let text = std::str::from_utf8(bytes.expose())
            .map_err(|error| Failure::new(Code::BadSecret, unreadable(name)).detail(error.to_string()))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// The same, where it need not be text.
    pub(crate) fn secret_bytes(
        &self,
        file: &Path,
        unreadable: impl Fn(String) -> String,
    ) -> Result<SecretBytes, Failure> {
        let home = self.home().ok();
        let (bytes, warning) = match secret_file(home.as_ref(), file, &Origin::Default) {
            Ok(found) => found,
            Err(SettingsError::SecretUnreadable { source, .. }) => {
                let name = file.display().to_string();
                let name = if file.exists() { name } else { masking::file(&name).into_owned() };
                let failure = Failure::new(Code::BadSecret, unreadable(name)).detail(source.to_string());
                return Err(failure.then(self.lang().give_readable_file()));
            }
            Err(error) => return Err(self.settings_failure(&error)),
        };
        if let Some(warning) = warning {
            self.printer.warning(self.lang().settings_warning(&warning));
        }
        Ok(bytes)
    }

    /// The profile that is meant, with every question answered.
    pub(crate) fn profile(&self, settings: &Settings) -> Result<ResolvedProfile, Failure> {
        let name = self.named(settings)?;
        let profile = settings.profile(name.as_ref()).map_err(|error| self.settings_failure(&error))?;
        self.refuse_user(&profile)?;
        for warning in &profile.warnings {
            self.printer.warning(self.lang().settings_warning(warning));
        }
        Ok(profile)
    }

    /// Says which variables outrank what the configuration says of a profile's app.
    pub(crate) fn tell_overruled(&self, settings: &Settings, profile: &ProfileName) {
        let variables = settings.overruled(profile);
        if !variables.is_empty() {
            self.printer.note(self.lang().settings_overruled(variables.join(self.lang().list_gap())));
        }
    }

    /// The provider of the profile that is meant, where the settings say so much.
    pub(crate) fn provider(&self) -> Option<ProviderName> {
        let settings = self.settings().ok()?;
        let name = self.named(&settings).ok()?;
        settings.profile(name.as_ref()).ok().map(|profile| profile.provider())
    }

    /// The name of the profile that is meant; it need not be set up.
    pub(crate) fn profile_name(&self, settings: &Settings) -> Result<ProfileName, Failure> {
        let name = self.named(settings)?;
        settings.selected(name.as_ref()).map_err(|error| self.settings_failure(&error))
    }

    /// Whether no flag names a profile or a user.
    pub(crate) const fn names_nothing(&self) -> bool {
        self.global.profile.is_none() && self.global.user.is_none()
    }

    /// The profile that flags name: with `--user`, that user's of the profile that is meant.
    pub(crate) fn named(&self, settings: &Settings) -> Result<Option<ProfileName>, Failure> {
        let given = self.global.profile.as_ref();
        let Some(user) = &self.global.user else { return Ok(given.cloned()) };
        let base = settings.selected(given).map_err(|error| self.settings_failure(&error))?;
        let name = base.of_user(user);
        Ok(Some(name))
    }

    /// One login of a profile is one user's, except where an app serves many.
    pub(crate) fn refuse_user(&self, profile: &ResolvedProfile) -> Result<(), Failure> {
        if self.global.user.is_none() || !profile.token_api.has_browser_login() {
            return Ok(());
        }
        let lang = self.lang();
        Err(Failure::new(Code::Usage, lang.user_not_here(profile.provider())).then(lang.user_not_here_next()))
    }

    /// Ends when a signal asks the command to. A command that takes this ends by itself; others are ended.
    pub(crate) fn stopping(&self, ending: Ending) -> impl Future<Output = ()> + use<> {
        let stop = Arc::clone(&self.stop.get_or_init(|| (Arc::default(), ending)).0);
        async move { stop.notified().await }
    }

    /// Asks the command to end, if it is one that ends by itself, and tells how.
    pub(crate) fn stop(&self) -> Option<Ending> {
        self.stop.get().map(|(stop, ending)| {
            stop.notify_one();
            *ending
        })
    }

    /// What a SIGHUP notifies from now on instead of ending the command.
    pub(crate) fn reloading(&self) -> Arc<Notify> {
        Arc::clone(self.reload.get_or_init(Arc::default))
    }

    /// Whether a SIGHUP is a request to read files anew; then it is passed on.
    pub(crate) fn reload(&self) -> bool {
        self.reload.get().inspect(|reload| reload.notify_one()).is_some()
    }

    /// Whether Ctrl-C is somebody else's business.
    pub(crate) fn leaves_interrupts(&self) -> bool {
        matches!(self.stop.get(), Some((_, Ending::Program)))
    }

    /// Opens vault and engine.
    pub(crate) async fn session(&self, settings: &Settings) -> Result<Session, Failure> {
        self.open(settings, self.session_options(settings)?).await
    }

    /// The same with other options.
    pub(crate) async fn open(&self, settings: &Settings, options: SessionOptions<'_>) -> Result<Session, Failure> {
        let session = Session::open_under(options, settings.own()).await?;
        self.keeper.get_or_init(|| session.keeper().clone());
        let lang = self.lang();
        for trouble in network_diagnosis::certificates(&self.ambient.env, lang) {
            self.printer.warning(trouble);
        }
        if let Ok(KeySource::File(path)) = settings.key_source()
            && let Ok((_, Some(warning))) = secret_file(Some(settings.home()), &path, &Origin::Default)
        {
            self.printer.warning(self.lang().settings_warning(&warning));
        }
        for repair in session.repairs() {
            self.printer.warning(lang.repaired(repair.path.display(), mode(repair.was), mode(repair.now)));
        }
        for login in session.recovered() {
            let profile = login.report.grant.profile.as_ref().map_or_else(|| lang.no_profile(), ToString::to_string);
            self.printer.note(lang.login_recovered(profile));
        }
        Ok(session)
    }

    /// The engine that a signal waits for, where no session was opened.
    #[cfg(feature = "postgres")]
    pub(crate) fn keep_engine(&self, keeper: &Keeper) {
        self.keeper.get_or_init(|| keeper.clone());
    }

    /// What a session is opened with.
    pub(crate) fn session_options<'a>(&self, settings: &'a Settings) -> Result<SessionOptions<'a>, Failure> {
        let key = settings.key_source().map_err(|error| self.settings_failure(&error))?;
        let options = SessionOptions::new(settings.home(), Arc::new(self.ambient.clock), Arc::new(SystemEntropy));
        Ok(options.key(key).observer(self.ambient.observer()))
    }

    /// Where the key comes from that opens the vault, in words. An explicit key is used only by a vault that was sealed
    /// with one.
    pub(crate) fn key_words(&self, settings: &Settings, info: &VaultInfo) -> Result<String, Failure> {
        let lang = self.lang();
        let given = settings.key_source().map_err(|error| self.settings_failure(&error))?;
        // The vault's own enumeration is not ours to name; its names are stable, since `key.json` holds them.
        let kind = serde_json::to_value(info.key_source).unwrap_or_default();
        Ok(match (kind.as_str(), given) {
            (Some("explicit"), KeySource::File(path)) => lang.key_given_file(path.display()),
            (Some("explicit"), _) => lang.key_given(),
            (Some("keyring"), _) => lang.key_keyring(),
            _ => lang.key_own_file(settings.home().vault().join("key").display()),
        })
    }

    /// The app of a profile with its secret and, for store apps, its newest ticket.
    pub(crate) async fn app(&self, profile: &ResolvedProfile, session: &Session) -> Result<App, Failure> {
        Ok(self.known_app(profile, session).await?.app)
    }

    /// The same with what the app's name has stood for.
    pub(crate) async fn known_app(&self, profile: &ResolvedProfile, session: &Session) -> Result<KnownApp, Failure> {
        let secret = if profile.has_secret() {
            let (secret, warning) = profile.secret.look().map_err(|error| self.settings_failure(&error))?;
            if let Some(warning) = warning {
                self.printer.warning(self.lang().settings_warning(&warning));
            }
            secret
        } else {
            None
        };
        let known = session.known_app(profile, secret).await?;
        known.ok_or_else(|| {
            let lang = self.lang();
            Failure::new(Code::SettingMissing, lang.secret_missing(&profile.app_name))
                .then(lang.secret_missing_next(&profile.app_name))
        })
    }

    /// The grant of a profile, if it is a consent to the app that the profile names now.
    pub(crate) async fn grant_of(&self, work: &Work) -> Result<GrantId, Failure> {
        let found = work.session.keeper().grant_of(&work.profile.name).await;
        let id = match found {
            Err(error) if error.code() == Code::NotLoggedIn => return Err(self.nobody(&work.profile, error)),
            found => found?,
        };
        self.own_app(id, &work.profile, &work.session).await?;
        Ok(id)
    }

    /// A token of a user, for what is shown; of what is there already, where nothing is.
    pub(crate) async fn obtained(
        &self,
        work: &Work,
        ask: TokenWish,
        shows: Option<DirectGrant>,
    ) -> Result<ServedToken, Failure> {
        let who = self.who(&work.profile)?;
        if shows.is_some() {
            self.is_free(work).await?;
        }
        match work.session.access(&work.app, &work.profile.name, ask, Some(who), shows).await {
            Err(error) if error.code() == Code::NotLoggedIn => Err(self.nobody(&work.profile, error)),
            obtained => Ok(obtained?),
        }
    }

    /// The app's own token, kept like a user's: a new one may end the one before.
    pub(crate) async fn apps_own(&self, work: &Work, min_ttl: Duration) -> Result<ServedToken, Failure> {
        if work.app.token_api.has_browser_login() {
            return Err(Failure::new(Code::Usage, self.lang().no_app_token(work.app.token_api)).complete());
        }
        let wanted = Obtain::app(work.profile.name.clone()).living(min_ttl);
        Ok(work.session.keeper().obtain(&work.app, &wanted).await?)
    }

    /// Whose tokens the profile's name says.
    pub(crate) fn who(&self, profile: &ResolvedProfile) -> Result<TokenHolder, Failure> {
        if profile.name.is_of_app() {
            return Ok(TokenHolder::App);
        }
        user_of(&profile.name, self.global.user.as_ref()).map(TokenHolder::User).ok_or_else(|| {
            let lang = self.lang();
            Failure::new(Code::Usage, lang.user_missing(&profile.name)).then(lang.user_missing_next())
        })
    }

    /// Nobody is logged in: how that is mended depends on the dialect.
    pub(crate) fn nobody(&self, profile: &ResolvedProfile, failure: impl Into<Failure>) -> Failure {
        let failure = failure.into();
        if profile.token_api.has_browser_login() {
            return failure;
        }
        match self.who(profile) {
            Ok(TokenHolder::User(user)) => failure.then(self.lang().login_user_next(quoted(user.as_str()))),
            Ok(TokenHolder::App) => failure,
            // Nobody is meant by a profile of many: there may be users who are logged in.
            Err(unsaid) => unsaid,
        }
    }

    /// Refuses a grant that is a consent to another app than its profile names now: a token of one app is never sent
    /// with another app's credentials.
    pub(crate) async fn own_app(
        &self,
        grant: GrantId,
        profile: &ResolvedProfile,
        session: &Session,
    ) -> Result<(), Failure> {
        self.own_login(&session.keeper().login(grant).await?, profile, session, None).await
    }

    /// The same of a login that was read a moment ago; by what was read of the app's name, where that was.
    pub(crate) async fn own_login(
        &self,
        login: &Grant,
        profile: &ResolvedProfile,
        session: &Session,
        registrations: Option<&Registrations>,
    ) -> Result<(), Failure> {
        let lang = self.lang();
        if login.app == profile.app_name {
            let present = profile.app(None);
            let other = match registrations {
                Some(registrations) => registrations.other_app(login, &present),
                None => session.keeper().other_app(login, &present).await?,
            };
            let Some(other) = other else { return Ok(()) };
            let failure = Failure::new(Code::NotLoggedIn, self.login_of_other(profile, &other));
            return Err(failure.then(self.back_to_app(profile, &other)));
        }
        if let Some(file) = script_file(session.keeper(), login).await {
            let failure = Failure::new(Code::NotLoggedIn, lang.login_of_script(&profile.name, file.display()));
            return Err(failure.then(lang.login_of_script_next(quoted(&file.display().to_string()))));
        }
        let consented = &login.app;
        let failure = Failure::new(Code::NotLoggedIn, lang.login_of_other_app(&profile.name, consented));
        Err(failure.then(lang.login_of_other_app_next(consented, &profile.app_name)))
    }

    /// Whose a profile's login is, where the settings name another app now.
    pub(crate) fn login_of_other(&self, profile: &ResolvedProfile, other: &Registration) -> String {
        let (lang, now) = (self.lang(), profile.provider().as_str());
        let Registration { client_id: id, provider, accounts, .. } = other;
        if *id != profile.client_id {
            return lang.login_of_other_id(&profile.name, id);
        }
        // The same id at another server, or of another provider.
        match (provider, accounts) {
            (Some(provider), _) if provider != now => lang.login_of_other_server(&profile.name, id, provider, now),
            (_, Some(url)) => {
                lang.login_of_other_server(&profile.name, id, masking::address(url), &profile.hosts.accounts)
            }
            (_, None) => lang.login_of_other_id(&profile.name, id),
        }
    }

    /// How to use the login of that app, which is not the one of the settings: by where theirs comes from.
    pub(crate) fn back_to_app(&self, profile: &ResolvedProfile, other: &Registration) -> String {
        let (lang, now, id) = (self.lang(), &profile.client_id, &other.client_id);
        let variable = tokenward::Setting::AppId.variable().filter(|name| self.ambient.env.get(name).is_some());
        match (variable, &other.provider, &other.accounts) {
            (_, Some(provider), _) if now == id && provider != profile.provider().as_str() => {
                lang.login_of_other_server_next("provider", provider)
            }
            (_, _, Some(url)) if now == id => lang.login_of_other_server_next("accounts-url", masking::address(url)),
            _ if now == id => lang.login_of_other_id_next(now, id),
            (Some(variable), ..) => lang.login_of_other_id_by_variable(variable, now),
            (None, ..) => lang.login_of_other_id_by_file(&profile.app_name, now, id),
        }
    }

    /// Everything at once, for commands that act on a login.
    pub(crate) async fn work(&self) -> Result<Work, Failure> {
        self.work_with(KeeperOptions::default()).await
    }

    /// The same with an engine that waits differently.
    pub(crate) async fn work_with(&self, keeper: KeeperOptions) -> Result<Work, Failure> {
        let settings = self.settings()?;
        let profile = match self.profile(&settings) {
            Ok(profile) => profile,
            Err(failure) => return Err(self.of_program(&settings, failure).await),
        };
        let session = self.open(&settings, self.session_options(&settings)?.keeper(keeper)).await?;
        self.work_of(profile, session).await
    }

    /// The same for a profile that a file named.
    pub(crate) async fn work_as(&self, profile: &ProfileName) -> Result<Work, Failure> {
        let settings = self.settings()?;
        let profile = settings.profile(Some(profile)).map_err(|error| self.settings_failure(&error))?;
        let session = self.session(&settings).await?;
        self.work_of(profile, session).await
    }

    /// A profile and an open session, with the profile's app.
    pub(crate) async fn work_of(&self, profile: ResolvedProfile, session: Session) -> Result<Work, Failure> {
        let KnownApp { app, registrations, .. } = self.known_app(&profile, &session).await?;
        Ok(Work { profile, session, app, registrations })
    }

    /// The profile that is meant and its grant. A profile that is no longer configured is found as long as the vault
    /// knows it; one that neither knows is an unknown name.
    pub(crate) async fn login_of(
        &self,
        settings: &Settings,
        session: &Session,
    ) -> Result<(ProfileName, GrantId), Failure> {
        let name = self.profile_name(settings)?;
        match session.keeper().grant_of(&name).await {
            Ok(grant) => Ok((name, grant)),
            Err(error) if error.code() == Code::NotLoggedIn => {
                let profile = settings.profile(Some(&name)).map_err(|error| self.settings_failure(&error))?;
                Err(self.nobody(&profile, error))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The command that logs in under a profile again, from here and with these flags; nothing for an app, which logs not in.
    pub(crate) fn login_command(&self, profile: Option<&ProfileName>) -> Option<String> {
        let named = profile.or(self.global.profile.as_ref());
        if named.is_some_and(ProfileName::is_of_app) {
            return None;
        }
        Some(named.map_or_else(Meant::default, |name| self.meant(name)).command("login"))
    }

    /// A `login` as it was typed, for the login that is meant. The app stands last: a command that names one means its login by that.
    pub(crate) fn login_as_typed(&self, command: &str) -> String {
        self.typed.of_app(&self.meant_by_flags().complete(command, "login"))
    }

    /// The flags that were typed to mean a login.
    pub(crate) fn meant_by_flags(&self) -> Meant {
        Meant::said(self.global.profile.as_ref(), self.global.user.as_ref())
    }

    /// The flags with which `init` means the app of the profile that is meant, where that is another than the first.
    pub(crate) fn init_flags(&self) -> Option<String> {
        // What is to be said of the settings has been said.
        let (settings, _) = Settings::load(self.home().ok()?, self.ambient.env.clone(), Overrides::default()).ok()?;
        Self::init_flags_of(self.named(&settings).ok()?.as_ref(), &settings)
    }

    /// The same of a profile that is named.
    pub(crate) fn init_flags_of(name: Option<&ProfileName>, settings: &Settings) -> Option<String> {
        let profile = settings.profile(name).ok()?;
        let (app, name) = (profile.app_name.as_str(), quoted(profile.name.base()));
        (app != "default").then(|| format!(" --app {app} --profile {name}"))
    }

    /// The flags that mean a login, from here.
    pub(crate) fn meant(&self, name: &ProfileName) -> Meant {
        let said = self.global.profile.is_some() || name.base() != "default";
        Meant::of(name, said, self.global.user.as_ref())
    }

    /// That the vault was brought back from a copy not long ago, and that a login which had not been refreshed since is over: then the
    /// copy held an old refresh token. One that was made or refreshed after it owes its end to something else.
    pub(crate) async fn restored(&self) -> Option<Restored> {
        let restored = tokenward::last_restore(&self.home().ok()?)?;
        let age = Duration::try_from(self.now().duration_since(restored.at)).unwrap_or_default();
        let reports = self.keeper()?.list().await.ok()?;
        let named = |report: &&Report| self.global.profile.is_none() || report.grant.profile == self.global.profile;
        let owes_it = reports.iter().filter(named).any(|report| {
            matches!(report.grant.standing, Standing::NeedsConsent { since, .. } if since >= restored.at)
                && report.grant.rotated_at <= restored.at
        });
        (age < RESTORED_LATELY && owes_it).then_some(restored)
    }

    /// Opens vault and engine for a look, which makes no vault: nothing where there is none, and that is said.
    pub(crate) async fn look(&self, settings: &Settings) -> Result<Option<Session>, Failure> {
        if settings.home().has_vault() {
            return self.session(settings).await.map(Some);
        }
        // A key that cannot be used is told all the same: the first login would meet it.
        settings.key_source().map_err(|error| self.settings_failure(&error))?;
        Ok(None)
    }

    /// A failure of the settings, in the words of the catalogue.
    pub(crate) fn settings_failure(&self, error: &SettingsError) -> Failure {
        self.lang().settings_failure(error)
    }
}

/// For how long a restored vault is the likeliest cause of a refresh token that somebody else used.
const RESTORED_LATELY: Duration = Duration::from_hours(14 * 24);

/// A profile, its app and an open session.
pub(crate) struct Work {
    pub(crate) profile: ResolvedProfile,
    pub(crate) session: Session,
    pub(crate) app: App,
    /// What the app's name has stood for, as far as that was read with the app.
    pub(crate) registrations: Option<Registrations>,
}

/// Permission bits as `chmod` takes them.
fn mode(bits: u32) -> String {
    format!("{bits:04o}")
}
