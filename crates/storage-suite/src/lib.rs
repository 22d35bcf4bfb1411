//! The contract of storage as tests, the same for every database.
//!
//! A backend says how to open one database again and again ([`Backend`]) and calls [`suite!`] with a way to
//! make a fresh one; that makes a test of every case.
//!
//! ```ignore
//! licentia_storage_suite::suite!(Files::fresh);
//! ```
//!
//! To add a case: a function in the file of its noun, and its name in the list below. A statement that is
//! meant to fail comes last in its transaction, since on some databases it ends it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a suite of tests: what fails, panics")]

use std::sync::Arc;

use licentia_storage::Store;

mod fixtures;

pub mod activations;
pub mod api_tokens;
pub mod audit;
pub mod bulk;
pub mod chains;
pub mod counts;
pub mod customers;
pub mod events;
pub mod idempotency_keys;
pub mod jobs;
pub mod license_keys;
pub mod licenses;
pub mod operators;
pub mod outbox;
pub mod payments;
pub mod plans;
pub mod products;
pub mod pull_tokens;
pub mod races;
pub mod releases;
pub mod revocations;
pub mod savepoints;
pub mod seats;
pub mod sessions;
pub mod settings;
pub mod signing_keys;
pub mod transactions;
pub mod trials;
pub mod usage;
pub mod webhooks;

/// One database, fresh at first, and gone when this is dropped.
pub trait Backend: Send + Sync {
    /// Opens it, or opens it once more.
    fn open(&self) -> impl Future<Output = Arc<dyn Store>> + Send;
}

/// Makes a test of every case; the argument is a function that makes a fresh [`Backend`].
#[macro_export]
macro_rules! suite {
    ($fresh:path) => {
        $crate::cases! {
            $fresh;
            activations:
                an_activation_is_found
                a_cluster_id_is_taken_once_in_a_license
                an_activation_is_replaced_but_for_its_roots
                activations_are_walked_in_pages
                activations_are_found_by_their_cluster
                takeovers_are_counted_since_a_time;
            api_tokens:
                an_api_token_is_found_by_its_hash
                an_api_token_is_revoked_and_used
                api_tokens_are_listed_in_pages;
            audit:
                rows_come_back_as_they_were_appended
                a_number_is_taken_once
                personal_values_stay_with_their_row
                the_trail_is_filtered_and_read_backwards;
            bulk:
                licenses_are_added_with_all_their_rows
                licenses_are_added_all_or_none;
            chains: a_chain_head_is_put_and_replaced;
            counts: seats_are_counted_while_their_lease_runs
                licenses_are_counted_as_they_stand
                those_who_reported_lately_are_few_and_the_latest_first;
            customers:
                a_customer_is_found_by_email_in_any_case
                an_email_is_taken_once_in_any_case
                a_customer_is_replaced_but_for_its_origin
                customers_are_walked_in_pages
                customers_are_found_by_their_terms
                many_customers_are_made_at_once;
            events: events_are_read_in_order an_event_may_be_for_all a_number_is_never_given_again;
            idempotency_keys:
                an_idempotency_key_is_put_and_replaced
                old_idempotency_keys_are_forgotten
                the_same_request_waits_for_itself;
            jobs:
                a_job_is_kept_and_queued_once
                a_job_is_claimed_until_it_is_settled
                a_lane_is_carried_out_in_order
                a_job_is_sent_again
                jobs_are_walked_counted_and_pruned
                jobs_are_erased_with_a_person;
            license_keys: a_key_is_found_by_its_id an_unsigned_key_is_found_by_its_hash
                licences_in_force_are_found_by_their_signing_key
                keys_of_a_license_are_voided_but_for_two;
            licenses:
                a_license_keeps_its_state_and_facts
                a_license_is_replaced_but_for_its_origin
                a_token_version_out_of_range_is_refused
                licenses_are_walked_in_pages
                every_path_has_its_licenses;
            operators:
                operators_are_listed_by_name
                an_operator_is_changed_and_removed
                a_recovery_code_is_used_once;
            outbox: a_message_waits_until_it_is_acknowledged;
            payments:
                a_payment_event_is_kept_once
                a_purchase_is_found_by_any_of_its_ids
                purchases_are_joined;
            plans:
                a_plan_is_found
                a_plan_code_is_taken_once_in_a_product
                a_plan_needs_its_product
                a_plan_is_replaced_but_for_its_name;
            products:
                a_product_is_found
                a_product_code_is_taken_once
                a_product_is_replaced_but_for_id_and_code
                meters_are_replaced_as_a_whole
                a_product_has_several_secrets;
            pull_tokens: a_pull_token_is_found_by_its_hash_and_revoked pull_tokens_are_listed_in_pages;
            races:
                seats_are_never_one_too_many
                seats_hold_across_two_stores
                the_audit_head_has_one_successor
                a_cluster_id_has_one_winner;
            releases:
                a_release_is_found_and_replaced_but_for_its_name
                a_version_is_taken_once_in_a_product
                releases_are_listed_in_pages
                artifacts_belong_to_their_release;
            revocations:
                a_revocation_is_put_and_replaced
                voided_keys_are_walked
                a_list_is_published_by_whoever_saw_the_last_one;
            savepoints: a_part_may_fail_alone;
            seats:
                a_seat_is_put_and_replaced
                a_seat_never_moves_to_another_license
                seats_are_held_and_kept_together
                a_held_license_is_the_one_of_the_database
                live_seats_are_those_of_the_model
                a_seat_is_not_counted_against_itself
                a_seat_needs_its_activation
                access_tokens_lead_to_their_activation;
            sessions: a_session_is_found_used_and_ended sessions_are_listed_and_end_together;
            settings: a_setting_is_replaced;
            signing_keys: keys_are_listed_oldest_first a_key_grows_older;
            trials: a_trial_is_found_by_its_mark;
            transactions:
                a_rollback_leaves_nothing
                a_verdict_of_rollback_is_no_failure
                neighbours_do_not_share_a_rollback
                a_panic_stays_with_its_job
                a_transaction_sees_its_own_changes
                a_reading_job_changes_nothing
                what_was_answered_can_be_read
                acknowledged_is_durable
                a_use_case_keeps_its_own_error;
            usage:
                usage_is_added_up_by_meter
                a_report_counts_once
                usage_is_told_by_whole_hours
                totals_stay_within_their_range
                hours_are_pruned_and_totals_stay
                totals_are_walked_in_pages
                hours_are_walked_in_pages;
            webhooks: a_webhook_is_kept_changed_and_forgotten;
        }
    };
}

/// Makes the tests of a list of cases, one module a noun.
#[doc(hidden)]
#[macro_export]
macro_rules! cases {
    ($fresh:path; $($noun:ident: $($case:ident)+;)+) => {
        $(mod $noun {
            $(
                #[test]
                fn $case() {
                    $crate::run(async { $crate::$noun::$case(&$fresh()).await });
                }
            )+
        })+
    };
}

/// Runs a case.
#[doc(hidden)]
pub fn run(case: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(case);
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_is_listed() {
        let list = include_str!("lib.rs");
        let mut cases = 0;
        for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap() {
            let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for line in source.lines() {
                let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
                let name = rest.split('(').next().unwrap();
                assert!(
                    list.split_whitespace().any(|word| word.trim_end_matches(';') == name),
                    "{name}"
                );
                cases += 1;
            }
        }
        assert!(cases > 30, "{cases}");
    }
}
