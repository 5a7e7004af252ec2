//! What the settings say of an app before it is set up.

use tokenward::{Setting, Settings};
use tokenward_core::AppName;

/// What the file says before, for the defaults of questions.
pub(super) struct Before<'a> {
    pub(super) settings: &'a Settings,
    pub(super) app: &'a AppName,
}

impl Before<'_> {
    /// What stands there for a setting.
    pub(super) fn says(&self, setting: Setting) -> Option<&str> {
        self.settings.app_says(self.app, setting)
    }
}
