//! Which endpoint refreshes the token in a file of the script that people had before.

use tokenward::ScriptRefresh;
use tokenward::links::LinkedFile;
use tokenward_core::{Slot, TokenApi};

use super::TokenPlaces;

impl TokenPlaces {
    /// The family that issued the refresh token here, where an app of this one is meant. Beside an app access token stands one of v1
    /// (reference/feishu.md §7), and neither v2 nor v3 takes it (reference/feishu.md §4.2): it would be called dead and is not.
    pub(crate) fn issuer(&self, configured: TokenApi) -> TokenApi {
        match configured {
            TokenApi::V2 | TokenApi::V3 if self.is_of_script() == Some(true) => TokenApi::LegacyV1,
            _ => configured,
        }
    }

    fn is_of_script(&self) -> Option<bool> {
        let document = LinkedFile::new(&self.file, self.format).read().ok()?;
        let refresh = document.get(self.places.get(&Slot::RefreshToken)?).ok()??;
        Some(refresh.starts_with("ur-") && !document.places_of(ScriptRefresh::APP_TOKEN).is_empty())
    }
}
