//! What every store promises, wherever it is: [`tokenward_core::ports::Store`].
//!
//! No case here knows of a file, or of a kernel that says who has died: what was held by one who is gone is waited for.

pub mod adoptions;
pub mod journal;
pub mod leases;
pub mod login_owner;
pub mod logins;
pub mod name_leases;
pub mod reinstate_token_set;

/// Runs every case against a fresh store each: `store_suite!(make)` with `async fn make() -> impl Stand`.
#[macro_export]
macro_rules! store_suite {
    ($make:path) => {
        $crate::store_suite! { @cases $make,
            logins: a_first_login_is_stored_whole,
            logins: the_same_user_renews_the_grant,
            logins: another_user_takes_the_profile_over,
            logins: another_users_login_is_kept_aside_without_a_yes_too,
            logins: a_login_of_nobody_knows_whom_serves_once_it_is_told,
            logins: a_login_that_is_another_users_after_all_is_kept_aside,
            logins: one_user_has_one_login_under_either_id,
            logins: another_app_takes_the_profile_over,
            logins: an_unnamed_user_renews_and_is_named_later,
            logins: a_login_supersedes_an_open_spend,
            logins: a_login_answer_is_kept_until_a_login_is_made_of_it,
            logins: a_login_answer_makes_one_login_only,
            logins: a_logged_out_profile_gets_a_new_grant,
            logins: keepsakes_are_kept_replaced_and_forgotten,
            logins: keepsakes_come_in_the_order_they_were_asked_for,
            leases: a_lease_excludes_until_it_is_released,
            leases: the_same_process_asking_twice_is_busy,
            leases: a_clock_set_back_does_not_make_a_lease_last,
            leases: a_lapsed_lease_goes_to_the_next_and_its_holder_is_fenced_off,
            leases: a_holder_elsewhere_is_waited_out,
            leases: a_renewed_lease_does_not_lapse,
            leases: waiters_are_woken_by_a_release,
            leases: waiting_ends_with_patience,
            leases: an_unknown_grant_has_no_lease,
            name_leases: a_name_is_leased_by_one_at_a_time,
            name_leases: an_asker_that_stands_still_is_followed,
            name_leases: those_who_wait_for_a_name_are_woken,
            name_leases: a_grant_request_is_on_record_until_it_is_answered,
            name_leases: a_grant_request_needs_the_lease,
            name_leases: an_older_set_is_kept_aside,
            name_leases: a_refresh_token_that_stays_is_known_by_its_newest_generation,
            name_leases: a_late_answer_to_a_token_that_stays_is_parked,
            journal: a_spend_is_on_record_before_it_can_be_sent,
            journal: a_second_spend_is_refused_unless_it_replays,
            journal: a_replay_records_the_doubt_it_comes_from,
            journal: a_spend_needs_the_present_generation_the_lease_and_a_token,
            journal: an_answer_outlives_its_process,
            journal: a_commit_is_the_next_generation_and_may_be_repeated,
            journal: a_lost_race_parks,
            journal: a_late_answer_revives,
            journal: doubt_stays_open_and_is_marked,
            journal: a_closing_frees_the_lease_that_is_named,
            journal: an_unspent_token_can_be_spent_again,
            journal: a_refusal_ends_the_login_but_not_a_newer_generation,
            journal: an_answer_to_a_repeated_spend_is_read_once,
            journal: what_a_rotation_keeps_stays_and_what_it_drops_goes,
            journal: a_logout_wipes_the_tokens_and_keeps_the_record,
            journal: a_late_answer_does_not_revive_a_logout,
            journal: unknown_ids_are_errors,
            journal: the_journal_stays_bounded,
            adoptions: an_unknown_login_is_adopted_on_trial,
            adoptions: an_adopted_access_token_is_served,
            adoptions: an_adoption_stops_a_send_that_was_decided_before,
            adoptions: a_known_login_is_adopted_by_nobody,
            adoptions: an_adoption_needs_a_refresh_token,
            adoptions: many_adopters_of_one_token_make_one_grant,
            adoptions: a_refused_adoption_is_taken_back,
            adoptions: a_set_in_doubt_comes_back_in_doubt,
            adoptions: a_dead_set_comes_back_by_wish_alone,
            adoptions: a_living_set_comes_back_after_its_successor_was_declared_dead,
            adoptions: an_undone_adoption_can_be_done_again,
            adoptions: a_wish_that_the_provider_refuses_is_taken_back,
            adoptions: a_generation_that_moved_on_is_not_taken_back,
            reinstate_token_set: the_token_of_a_set_that_gave_way_brings_it_back,
            reinstate_token_set: a_set_under_one_of_nobody_knows_whom_comes_back,
            reinstate_token_set: a_set_that_was_ended_does_not_come_back,
            adoptions: a_login_that_was_adopted_for_nothing_is_forgotten,
            adoptions: adoptions_upon_adoptions_give_way_one_by_one,
            adoptions: a_late_answer_rotates_the_set_that_was_put_aside,
            adoptions: a_late_answer_ends_the_trial_of_the_set_it_rotates,
            adoptions: a_set_that_named_nobody_comes_back_without_a_name,
            adoptions: a_late_answer_rotates_the_set_that_is_back,
            adoptions: an_unread_answer_outlives_an_adoption,
            adoptions: another_users_login_takes_the_name_on_trial,
            login_owner: another_users_login_is_kept_aside_without_a_yes,
            login_owner: a_login_of_nobody_knows_whom_is_handed_out_once_it_is_told,
            login_owner: a_login_that_turns_out_to_be_another_users_is_kept_aside,
            login_owner: the_profiles_own_login_is_there_until_somebody_says_whose_the_next_is,
            login_owner: a_dead_token_of_the_profiles_own_login_does_not_serve,
            login_owner: a_login_that_is_over_does_not_serve_for_one_of_nobody_knows_whom,
            login_owner: a_set_of_nobody_at_all_does_not_serve_as_the_profiles_users,
            login_owner: a_set_of_nobody_knows_whom_is_kept_when_it_gives_way,
            login_owner: a_profile_whose_set_could_not_be_put_aside_stays_its_users,
            login_owner: a_login_without_a_profile_is_given_one,
            login_owner: a_script_s_own_login_becomes_one_of_an_app,
            login_owner: all_that_is_kept_under_a_name_gets_another,
            login_owner: a_login_remembers_whose_name_it_had,
            adoptions: a_taken_name_is_given_back_by_wish,
            adoptions: a_login_ends_what_can_be_taken_back,
            adoptions: a_logout_ends_what_can_be_taken_back,
            adoptions: tokens_are_known_for_ever,
            adoptions: tokens_are_known_among_other_texts,
            adoptions: a_copy_is_the_present_set,
        }
    };
    (@cases $make:path, $($module:ident: $case:ident,)+) => {$(
        #[tokio::test]
        async fn $case() {
            $crate::suite::store::$module::$case(&$make().await).await;
        }
    )+};
}
