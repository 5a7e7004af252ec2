//! Where `init` is told that an app is registered: at a provider, or at a server with a name of its own.

use std::str::FromStr;

use tokenward::Preset;
use tokenward_core::ProviderName;

/// What `--provider` names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProviderChoice {
    pub(crate) name: ProviderName,
    /// What is known of the server, where the name is that of one.
    pub(crate) preset: Option<&'static Preset>,
}

impl From<ProviderName> for ProviderChoice {
    fn from(name: ProviderName) -> Self {
        Self { name, preset: None }
    }
}

impl FromStr for ProviderChoice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match Preset::of(text) {
            Some(preset) => Ok(Self { name: ProviderName::OAuth2, preset: Some(preset) }),
            None => text.to_ascii_lowercase().parse::<ProviderName>().map(Self::from),
        }
    }
}
