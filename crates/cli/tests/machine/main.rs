//! The command on a machine that can show it: a small disk, mounted for one shell, a second user, and a process that follows another and
//! makes its calls fail. Where a machine cannot, the test is ignored, which the ordinary harness cannot say of a test that it has begun.

mod disks;
mod failing;
#[path = "../cli/project.rs"]
#[expect(dead_code, reason = "the other tests of the command use the rest of it")]
mod project;
mod shells;
mod strangers;
#[path = "../cli/world.rs"]
#[expect(dead_code, reason = "the other tests of the command use the rest of it")]
mod world;

use std::process::ExitCode;

use tokenward_testkit::{Program, is_root};

fn main() -> ExitCode {
    Program::new()
        .side_by_side()
        .on_disk(
            "a_full_disk_stops_a_rotation_before_anything_is_spent",
            disks::a_full_disk_stops_a_rotation_before_anything_is_spent,
        )
        .on_disk(
            "a_disk_that_cannot_be_written_still_serves_what_lives",
            disks::a_disk_that_cannot_be_written_still_serves_what_lives,
        )
        .on_disk(
            "a_linked_file_on_a_full_disk_is_written_later_and_costs_nothing",
            disks::a_linked_file_on_a_full_disk_is_written_later_and_costs_nothing,
        )
        .test(
            "nothing_that_one_user_keeps_can_be_read_by_another",
            strangers::nothing_that_one_user_keeps_can_be_read_by_another,
        )
        .test_with(
            is_root,
            "what_another_user_planted_is_neither_believed_nor_filled_with_tokens",
            strangers::what_another_user_planted_is_neither_believed_nor_filled_with_tokens,
        )
        .test_with(
            is_root,
            "files_that_a_run_as_root_has_left_are_named_with_their_owner",
            strangers::files_that_a_run_as_root_has_left_are_named_with_their_owner,
        )
        .test_with(
            failing::may_follow,
            "a_change_of_keys_leaves_a_vault_that_opens",
            failing::a_change_of_keys_leaves_a_vault_that_opens,
        )
        .test_with(
            failing::may_follow,
            "a_change_to_a_key_file_elsewhere_leaves_a_vault_that_opens_with_one_of_the_two",
            failing::a_change_to_a_key_file_elsewhere_leaves_a_vault_that_opens_with_one_of_the_two,
        )
        .test_with(failing::may_follow, "a_backup_is_whole_or_not_there", failing::a_backup_is_whole_or_not_there)
        .test_with(failing::may_follow, "a_restore_happens_or_it_does_not", failing::a_restore_happens_or_it_does_not)
        .test_with(
            failing::may_follow,
            "the_way_back_from_a_restore_happens_or_it_does_not",
            failing::the_way_back_from_a_restore_happens_or_it_does_not,
        )
        .test_with(
            failing::may_follow,
            "a_vault_can_be_made_after_any_failure_to_make_it",
            failing::a_vault_can_be_made_after_any_failure_to_make_it,
        )
        .test_with(
            failing::may_follow,
            "a_refresh_without_room_waits_for_nobody_and_says_what_is_lost",
            failing::a_refresh_without_room_waits_for_nobody_and_says_what_is_lost,
        )
        .test_with(
            failing::may_follow,
            "an_answer_that_was_read_outlives_a_kill_at_every_call_but_the_first_few",
            failing::an_answer_that_was_read_outlives_a_kill_at_every_call_but_the_first_few,
        )
        .test_with(
            shells::has_zsh,
            "zsh_completes_profiles_values_and_commands",
            shells::zsh_completes_profiles_values_and_commands,
        )
        .test_with(
            shells::has_fish,
            "fish_completes_profiles_values_and_commands",
            shells::fish_completes_profiles_values_and_commands,
        )
        .run()
}
