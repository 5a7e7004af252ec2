//! The certificate of `serve`, as the flags name it.

use std::time::Duration;

use tokenward::SettingsError;
use tokenward_serve::server::{Tls, TlsError, TlsOptions};

use crate::args::Serve;
use crate::context::Context;
use crate::failure::Failure;

/// Reads certificate and key, where they are named. From then on a SIGHUP reads them again.
pub(super) fn open(serve: &Serve, context: &Context) -> Result<Option<Tls>, Failure> {
    let (Some(certificate), Some(key)) = (&serve.tls_certificate, &serve.tls_key) else { return Ok(None) };
    let options = TlsOptions {
        certificate: certificate.clone(),
        key: key.clone(),
        client_ca: serve.tls_client_ca.clone(),
        home: context.home().ok(),
        reload: context.reloading(),
        check_each: Duration::from_mins(1),
    };
    let (tls, warning) = Tls::open(options).map_err(|error| unusable(&error, context))?;
    if let Some(warning) = warning {
        context.printer.warning(context.lang().settings_warning(&warning));
    }
    Ok(Some(tls))
}

fn unusable(error: &TlsError, context: &Context) -> Failure {
    let lang = context.lang();
    let told = |happened| Failure::new(error.code(), happened);
    match error {
        TlsError::File { path, source } => match &**source {
            SettingsError::SecretUnreadable { source, .. } => {
                told(lang.tls_file_not_read(path.display())).detail(source.to_string()).then(lang.give_readable_file())
            }
            source => context.settings_failure(source),
        },
        TlsError::NoCertificate(path) => told(lang.tls_no_certificate(path.display())),
        TlsError::NoKey(path) => told(lang.tls_no_key(path.display())),
        TlsError::OtherKey { certificate, key } => told(lang.tls_other_key(key.display(), certificate.display())),
        TlsError::Unusable { path, reason } => told(lang.tls_unusable(path.display())).detail(reason.clone()),
        _ => told(error.to_string()),
    }
}
