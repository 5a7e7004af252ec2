//! The store that a server stands on: the vault of this machine, or a database that many nodes share.
//!
//! A password is in no argument (I4): an address that has one comes from a variable or a file.

use tokenward::ServerSession;
use tokenward_core::Code;

use crate::args::StoreFrom;
use crate::context::Context;
use crate::failure::Failure;

/// Opens it, and says in words what it is.
pub(in crate::commands) async fn open(from: &StoreFrom, context: &Context) -> Result<(ServerSession, String), Failure> {
    let settings = context.settings()?;
    if let Some(address) = database::address(from, &settings, context)? {
        if !cfg!(feature = "postgres") {
            return Err(not_built_in(context));
        }
        return database::open(address, from, settings, context).await;
    }
    let place = settings.home().vault().display().to_string();
    let session = context.session(&settings).await?;
    Ok((ServerSession::on_folder(session, settings), place))
}

fn not_built_in(context: &Context) -> Failure {
    let lang = context.lang();
    Failure::new(Code::BadSetting, lang.database_not_built_in()).then(lang.database_not_built_in_next())
}

mod database {
    use tokenward::{ServerSession, Setting, Settings};
    use tokenward_core::{Code, SecretBytes};
    use url::Url;

    use crate::args::StoreFrom;
    use crate::context::Context;
    use crate::failure::Failure;

    /// The address of a database, if one is meant.
    pub(super) fn address(
        from: &StoreFrom,
        settings: &Settings,
        context: &Context,
    ) -> Result<Option<SecretBytes>, Failure> {
        let lang = context.lang();
        let unusable = || Failure::new(Code::BadSetting, lang.database_unusable()).then(lang.database_unusable_next());
        let usable = |text: &str| {
            let url = Url::parse(text.trim()).map_err(|_| unusable())?;
            if matches!(url.scheme(), "postgres" | "postgresql") { Ok(url) } else { Err(unusable()) }
        };
        if let Some(text) = &from.database {
            let url = usable(text)?;
            if url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password") {
                let failure = Failure::new(Code::BadSetting, lang.database_password());
                return Err(failure.then(lang.database_password_next()));
            }
            return Ok(Some(SecretBytes::new(text.trim().as_bytes().to_vec())));
        }
        if let Some(file) = &from.database_file {
            let text = context.secret_text(file, |what| lang.secret_not_read(what))?;
            usable(&text)?;
            return Ok(Some(SecretBytes::new(text.trim().as_bytes().to_vec())));
        }
        let said =
            settings.secret_variable(Setting::Database, |text| Ok(SecretBytes::new(text.trim().as_bytes().to_vec())));
        let said = said.map_err(|error| context.settings_failure(&error))?;
        if let Some(said) = &said {
            usable(&String::from_utf8_lossy(said.expose()))?;
        }
        Ok(said)
    }

    #[cfg(feature = "postgres")]
    pub(super) async fn open(
        address: SecretBytes,
        from: &StoreFrom,
        settings: Settings,
        context: &Context,
    ) -> Result<(ServerSession, String), Failure> {
        use std::sync::Arc;

        use tokenward::{DatabaseOptions, SystemEntropy};

        let node = from.node_folder.clone().unwrap_or_else(|| settings.home().path().join("node"));
        let mut options = DatabaseOptions::new(address, node, Arc::new(SystemEntropy));
        options.is_pooled = from.pooled;
        options.observer = context.ambient.observer();
        let session = ServerSession::on_database(settings, options).await?;
        context.keep_engine(session.keeper());
        let place = session.place().to_owned();
        Ok((session, place))
    }

    #[cfg(not(feature = "postgres"))]
    #[expect(clippy::unused_async, reason = "builds with PostgreSQL wait here")]
    pub(super) async fn open(
        _: SecretBytes,
        _: &StoreFrom,
        _: Settings,
        context: &Context,
    ) -> Result<(ServerSession, String), Failure> {
        Err(super::not_built_in(context))
    }
}
