//! What can be wrong with a configuration.
//!
//! The sentences themselves are the Python package's too (`tokenward-words`); here they become failures.

use std::error::Error as _;

use tokenward::{SettingsError, Warning};
use tokenward_core::{BadSecret, ScopesError};

use super::Lang;
use crate::failure::Failure;
use crate::token_places::quoted;

super::sentences! {
    settings_overruled(variables) { "these environment variables say otherwise than config.toml, and win: {variables}" "以下环境变量与 config.toml 不一致，以环境变量为准：{variables}" }
    secret_overruled(variable, file) { "the app secret is taken from {variable}; {file} has another one, which is not used" "App Secret 取自环境变量 {variable}；{file} 中是另一个，没有使用" }
    login_of_other_shell(logins, id) { "there is a login ({logins}), but its app ({id}) is neither in config.toml nor in this shell's variables" "已有登录（{logins}），但其应用（{id}）既不在 config.toml 中，也不在当前 shell 的环境变量中" }
    login_of_other_shell_next() { "run `tokenward init` in the shell in which you logged in: it keeps the app for every shell. Or set TOKENWARD_APP_ID and TOKENWARD_APP_SECRET here too" "请在登录时所用的 shell 中运行 `tokenward init`：它会保存应用，供所有 shell 使用。也可以在此处同样设置 TOKENWARD_APP_ID 和 TOKENWARD_APP_SECRET" }
    secret_missing(app) { "the secret of app {app} is missing: it is not in the environment, in a file or in the vault" "找不到应用 {app} 的 App Secret：环境变量、文件和保险库中都没有" }
    secret_missing_next(app) { "run `tokenward init --app {app}`, or set TOKENWARD_APP_SECRET" "请运行 `tokenward init --app {app}`，或设置环境变量 TOKENWARD_APP_SECRET" }
}

impl Lang {
    /// A failure of the settings, with its code. Its sentence says what to do, so no general advice follows.
    pub(crate) fn settings_failure(self, error: &SettingsError) -> Failure {
        let failure = Failure::new(error.code(), self.settings_sentence(error)).complete();
        let failure = match error {
            SettingsError::UnknownProfile { name, .. } => failure.then(self.profile_is_made_as(quoted(name.as_str()))),
            _ => failure,
        };
        match error.source() {
            Some(source) => failure.detail(source.to_string()),
            None => failure,
        }
    }

    /// The same as one sentence.
    pub(crate) fn settings_sentence(self, error: &SettingsError) -> String {
        self.said().settings_error(error)
    }

    /// A warning of the settings.
    pub(crate) fn settings_warning(self, warning: &Warning) -> String {
        self.said().settings_warning(warning)
    }

    /// Why a text is no secret.
    pub(crate) fn bad_secret(self, reason: BadSecret) -> String {
        self.said().bad_secret(reason)
    }

    /// Why a list of scopes cannot be asked for.
    pub(crate) fn bad_scopes(self, reason: &ScopesError) -> String {
        self.said().bad_scopes(reason)
    }
}
