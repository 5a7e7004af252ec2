//! What a store adds that lies in a folder of this machine ([`tokenward_core::ports::Vault`]): who has died is known at once, by the lock
//! files, an answer has a slot to land in, its key and its files are private, and it knows this machine's linked files.
//!
//! The cases know the files by [`Folder`](crate::Folder), and which engine keeps the database they do not.

pub mod keys;
pub mod leases;
pub mod links;
pub mod modes;
pub mod stopped;
pub mod unjournaled_responses;

use std::sync::Arc;

use tokenward_core::ports::Vault;

use super::FolderStand;
use crate::key_sources::KeySources;

/// Runs every case against a fresh folder each: `folder_suite!(make)` with `async fn make() -> impl FolderStand`.
#[macro_export]
macro_rules! folder_suite {
    ($make:path) => {
        $crate::folder_suite! { @cases $make,
            leases: a_dead_holder_is_followed_at_once,
            leases: a_clock_set_back_does_not_keep_a_dead_holders_lease,
            leases: waiters_are_woken_by_a_death,
            leases: a_dead_asker_is_followed,
            stopped: who_is_stopped_between_lock_and_row_holds_nobody_up,
            stopped: a_container_that_died_beside_ours_is_followed,
            stopped: a_dead_holder_without_a_process_table_is_followed_at_once,
            unjournaled_responses: an_answer_that_has_landed_outlives_its_reader,
            unjournaled_responses: a_slot_is_free_once_the_journal_has_the_answer,
            unjournaled_responses: without_a_slot_the_journal_alone_keeps_the_answer,
            unjournaled_responses: a_torn_slot_counts_as_empty,
            keys: a_key_that_can_be_guessed_is_refused_with_the_way_out,
            keys: a_missing_or_exchanged_key_file_is_said,
            keys: a_vault_without_its_wrapped_key_is_not_created_anew,
            keys: damaged_key_files_are_unreadable,
            modes: every_file_is_private_and_a_loose_one_is_made_so,
            links: a_link_is_made_once_and_ended,
            links: a_link_outlives_logins_and_logouts,
            links: receipts_and_troubles_are_kept,
            links: an_ended_link_gets_no_receipt,
            links: a_link_follows_the_name_of_its_profile,
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
