//! The logins of this machine and one of them: [`Logins`], [`Profile`].
//!
//! Enters: a folder and variables; names. Leaves: access tokens with their ends. Nothing is opened before it is needed, and a forked child opens
//! everything itself. The classes that people use are in `tokenward/__init__.py`, over these.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use jiff::Timestamp;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use tokenward::core::ports::Clock;
use tokenward::core::{Access, AccessToken, Generation, TokenWish};
use tokenward::{Builder, Client, SystemClock};

use crate::calling::{OfProcess, PerProcess, note_opened, run};
use crate::errors::{exception, notice_sentences};

/// The logins of this machine, as the `tokenward` command with these variables sees them.
#[pyclass(frozen, module = "tokenward._tokenward")]
pub(crate) struct Logins {
    home: Option<PathBuf>,
    environment: HashMap<OsString, OsString>,
    opened: PerProcess<Client>,
}

/// Opens nothing yet.
#[pyfunction]
#[pyo3(signature = (home, environment))]
pub(crate) fn open(home: Option<PathBuf>, environment: HashMap<OsString, OsString>) -> Logins {
    Logins { home, environment, opened: PerProcess::empty() }
}

#[pymethods]
impl Logins {
    /// A profile by its name; the one that the command takes without `--profile`, if none is given.
    #[pyo3(signature = (name))]
    fn profile(slf: Bound<'_, Self>, name: Option<String>) -> PyResult<Profile> {
        let py = slf.py();
        let found = slf.get().of_process(py, name.as_deref())?;
        let resolved = found.profile.name().as_str().to_owned();
        let opened = PerProcess::empty();
        opened.put(found);
        Ok(Profile { logins: slf.unbind(), asked: name, name: resolved, opened })
    }

    /// Waits for the refreshes under way, and closes the vault. What is used afterwards opens it again.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let opened = self.opened.take();
        let Some(client) = opened.as_ref().and_then(|opened| opened.get()).cloned() else { return Ok(()) };
        run(py, client.close())?.map_err(|error| exception(py, &error, None))
    }
}

impl Logins {
    /// What this process opened.
    fn client(&self, py: Python<'_>) -> PyResult<Arc<OfProcess<Client>>> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        let mut builder = Builder::default().environment(self.environment.clone()).clock(clock(&self.environment)?);
        if let Some(home) = &self.home {
            builder = builder.home(home);
        }
        let client = run(py, builder.open())?.map_err(|error| exception(py, &error, None))?;
        let (opened, is_ours) = self.opened.put(client);
        if is_ours {
            note_opened(py, &opened)?;
        }
        Ok(opened)
    }

    fn of_process(&self, py: Python<'_>, name: Option<&str>) -> PyResult<OpenProfile> {
        let opened = self.client(py)?;
        let client = opened.get().expect("it is of this process");
        let profile = client.profile(name).map_err(|error| exception(py, &error, name))?;
        Ok(OpenProfile { profile, _opened: opened })
    }
}

/// One login of one app.
#[pyclass(frozen, module = "tokenward._tokenward")]
pub(crate) struct Profile {
    logins: Py<Logins>,
    asked: Option<String>,
    #[pyo3(get)]
    name: String,
    opened: PerProcess<OpenProfile>,
}

/// A profile of a vault that this process opened.
struct OpenProfile {
    profile: tokenward::Profile,
    /// Its last user closes it.
    _opened: Arc<OfProcess<Client>>,
}

/// The machine's clock, moved as the sandbox's was: for tests, as with the command.
struct MovedClock(jiff::SignedDuration);

/// The time, for whoever has these variables.
pub(crate) fn clock(environment: &HashMap<OsString, OsString>) -> PyResult<Arc<dyn Clock>> {
    let Some(offset) = environment.get(OsStr::new(CLOCK_OFFSET)) else { return Ok(Arc::new(SystemClock)) };
    let seconds = offset.to_str().and_then(|text| text.trim().parse().ok());
    let wrong = || PyValueError::new_err(format!("{CLOCK_OFFSET} is no number of seconds"));
    Ok(Arc::new(MovedClock(jiff::SignedDuration::from_secs(seconds.ok_or_else(wrong)?))))
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        now.checked_add(self.0).unwrap_or(now)
    }
}

const CLOCK_OFFSET: &str = "TOKENWARD_CLOCK_OFFSET";

/// A token, its end in seconds since 1970, its generation.
type Served = (String, f64, u64);

#[pymethods]
impl Profile {
    /// The token that can be handed out without waiting for anything: what the library shows beside the vault, if it is good for so long.
    /// `None` says only that `access` is to be asked.
    #[pyo3(signature = (min_ttl))]
    fn at_once(&self, py: Python<'_>, min_ttl: f64) -> PyResult<Option<Served>> {
        let min_ttl = span(min_ttl)?;
        let opened = self.here(py)?;
        let profile = &opened.get().expect("it is of this process").profile;
        let found = profile.at_once(min_ttl);
        Ok(found.map(|found| served(&found.access, found.generation)))
    }

    /// A token that is good for so long, or one that is newer than this generation; and what a person should know all the same.
    #[pyo3(signature = (min_ttl, newer_than))]
    fn access(&self, py: Python<'_>, min_ttl: f64, newer_than: Option<u64>) -> PyResult<(Served, Vec<String>)> {
        let wish = match newer_than {
            Some(generation) => TokenWish::NewerThan(Generation::new(generation)),
            None => TokenWish::Living { min_ttl: span(min_ttl)? },
        };
        let opened = self.here(py)?;
        let profile = opened.get().expect("it is of this process").profile.clone();
        let handed = run(py, async move { profile.access(wish).await })?;
        let handed = handed.map_err(|error| exception(py, &error, Some(&self.name)))?;
        let notices = notice_sentences(py, &handed.notices);
        Ok((served(&handed.access, handed.generation), notices))
    }

    /// The header that a token of this profile goes into, and its value.
    fn header(&self, py: Python<'_>, token: &str) -> PyResult<(String, String)> {
        let cannot = || PyValueError::new_err("the token cannot stand in a header");
        let token = AccessToken::parse(token).map_err(|_| cannot())?;
        let (name, value) = self.in_library(py)?.header(&token).ok_or_else(cannot)?;
        Ok((spelled(&name), String::from_utf8_lossy(value.as_bytes()).into_owned()))
    }

    fn __repr__(&self) -> String {
        format!("<tokenward._tokenward.Profile {:?}>", self.name)
    }
}

impl Profile {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// It, opened by this process.
    pub(crate) fn in_library(&self, py: Python<'_>) -> PyResult<tokenward::Profile> {
        Ok(self.here(py)?.get().expect("it is of this process").profile.clone())
    }

    fn here(&self, py: Python<'_>) -> PyResult<Arc<OfProcess<OpenProfile>>> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        let found = self.logins.get().of_process(py, self.asked.as_deref())?;
        Ok(self.opened.put(found).0)
    }
}

/// A header's name as providers write it: `Authorization`, `X-Bkapi-Authorization`.
pub(crate) fn spelled(name: &HeaderName) -> String {
    let word = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    name.as_str().split('-').map(word).collect::<Vec<_>>().join("-")
}

fn served(access: &Access, generation: Generation) -> Served {
    let end = access.expires.as_duration().as_secs_f64();
    (access.token.expose().to_owned(), end, generation.get())
}

fn span(seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| PyValueError::new_err(format!("min_ttl is {seconds}: a number of seconds is wanted")))
}
