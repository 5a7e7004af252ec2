//! What a store adds that lies in a folder of this machine ([`tokenward_core::ports::Vault`]): who has died is known at once, by the lock
//! files, and it knows this machine's linked files.

pub mod leases;
pub mod links;

use std::sync::Arc;

use tokenward_core::ports::Vault;

use super::FolderStand;
use crate::key::KeySources;

/// Runs every case against a fresh folder each: `folder_suite!(make)` with `async fn make() -> impl FolderStand`.
#[macro_export]
macro_rules! folder_suite {
    ($make:path) => {
        $crate::folder_suite! { @cases $make,
            leases: a_dead_holder_is_followed_at_once,
            leases: a_clock_set_back_does_not_keep_a_dead_holders_lease,
            leases: waiters_are_woken_by_a_death,
            leases: a_dead_asker_is_followed,
            links: a_link_is_made_once_and_ended,
            links: a_link_outlives_logins_and_logouts,
            links: receipts_and_troubles_are_kept,
            links: an_ended_link_gets_no_receipt,
            links: a_path_comes_back_as_it_was,
        }
    };
    (@cases $make:path, $($module:ident: $case:ident,)+) => {$(
        #[tokio::test]
        async fn $case() {
            $crate::suite::folder::$module::$case(&$make().await).await;
        }
    )+};
}

/// One more opening, by the key file.
async fn opened(stand: &dyn FolderStand) -> Arc<dyn Vault> {
    stand.open_by(KeySources::default()).await.unwrap()
}
