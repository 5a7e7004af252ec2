//! The old script's refresh: the login in an ini file, turned once ([`refresh_script`]).
//!
//! Enters: the file, perhaps the two tokens. Leaves: the new user access token, which the file and the vault hold already (I2). What happens to
//! file and login, also in a crash, is told in `tokenward::ScriptRefresh`.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;

use pyo3::prelude::*;
use tokenward::core::Code;
use tokenward::{
    Environment, Error, Home, KeptState, Overrides, ScriptRefresh, Session, SessionOptions, Settings, SystemEntropy,
    secret_parsing,
};

use crate::calling::run;
use crate::errors::{exception, notice_sentences};
use crate::logins::clock;

/// The new user access token, whether the file was behind and nothing was sent, and what a person should know.
type Refreshed = (String, bool, Vec<String>);

/// Refreshes the login in a script's file. Without tokens, those of the file are used.
#[pyfunction]
#[pyo3(signature = (home, environment, file, app_token, refresh_token))]
pub(crate) fn refresh_script(
    py: Python<'_>,
    home: Option<PathBuf>,
    environment: HashMap<OsString, OsString>,
    file: PathBuf,
    app_token: Option<String>,
    refresh_token: Option<String>,
) -> PyResult<Refreshed> {
    let time = clock(&environment)?;
    let work = async move {
        let environment = Environment::new(environment);
        let home = Home::resolve(home.as_deref(), &environment)?;
        let (settings, _) = Settings::load(home, environment, Overrides::default())?;
        let (brand, hosts) = settings.brand_and_hosts()?;
        let bad = |what: &str, error: &dyn std::fmt::Display| {
            Error::with_detail(Code::BadSecret, KeptState::Everything, format!("the {what}: {error}"))
        };
        let app_token = app_token.map(secret_parsing::app_token).transpose();
        let refresh_token = refresh_token.map(secret_parsing::refresh_token).transpose();
        let request = ScriptRefresh::new(file, brand, hosts)
            .app_token(app_token.map_err(|error| bad("app access token", &error))?)
            .refresh_token(refresh_token.map_err(|error| bad("refresh token", &error))?);
        let options = SessionOptions::new(settings.home(), time, std::sync::Arc::new(SystemEntropy));
        let session = Session::open_under(options.key(settings.key_source()?), settings.own()).await?;
        let done = session.refresh_script(request, &settings).await;
        // Whatever came of it: nothing is left under way, and no connection open.
        session.close().await?;
        done
    };
    let done = run(py, work)?.map_err(|error| exception(py, &error, None))?;
    Ok((done.access.expose().to_owned(), done.healed, notice_sentences(py, &done.notices)))
}
