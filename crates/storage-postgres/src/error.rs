//! What PostgreSQL's failures mean, by who must act.

use std::error::Error as _;
use std::io;

use licentia_storage::StorageError;
use tokio_postgres::Error;
use tokio_postgres::error::DbError;

/// Uniqueness rules in the words of the contract; the others keep their own names.
const RULES: &[(&str, &str)] = &[
    ("products_code_key", "product code"),
    ("plans_product_id_code_key", "plan code"),
    ("meters_pkey", "meter name"),
    ("customers_email_folded_key", "customer e-mail"),
    ("license_keys_pkey", "key id"),
    ("license_keys_lookup_key", "key"),
    ("activations_license_id_cluster_id_key", "cluster id"),
    ("access_tokens_pkey", "access token"),
    ("audit_pkey", "audit number"),
    ("signing_keys_pkey", "signing key"),
    ("operators_name_key", "operator name"),
    ("api_tokens_hash_key", "API token"),
    ("sessions_hash_key", "session"),
    ("pull_tokens_hash_key", "pull token"),
    ("releases_product_id_version_key", "release version"),
    ("artifacts_release_id_name_key", "artifact name"),
];

/// The failure of a statement or a commit.
#[expect(clippy::needless_pass_by_value, reason = "so that it can stand in map_err")]
pub(crate) fn storage_error(error: Error) -> StorageError {
    match error.as_db_error() {
        Some(failure) => refused(failure),
        None if error.is_closed()
            || error.source().is_some_and(|source| source.is::<io::Error>()) =>
        {
            broken(&error)
        }
        // Not the server's word and not the connection's end: a value that we gave a wrong type.
        None => StorageError::Internal(in_full(&error)),
    }
}

/// The failure of connecting. It never holds what the connection was made with.
pub(crate) fn connect_error(error: &Error) -> StorageError {
    match error.as_db_error() {
        Some(failure) => match refused(failure) {
            StorageError::Internal(text) => StorageError::Unavailable(text),
            error => error,
        },
        None => broken(error),
    }
}

fn broken(error: &Error) -> StorageError {
    StorageError::Unavailable(format!("the connection to it failed ({})", in_full(error)))
}

fn in_full(error: &Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn refused(failure: &DbError) -> StorageError {
    let code = failure.code().code();
    let text = failure.message();
    if code == "23505" {
        return StorageError::Conflict(rule(failure.constraint().unwrap_or(text)).to_owned());
    }
    let reason = match (&code[..2], code) {
        (_, "25006") => "it is read-only",
        (_, "55P03") => "another program keeps a row locked",
        (_, "57014") => "a statement took too long",
        (_, "53100") => "the disk is full",
        (_, "53200") => "memory is exhausted",
        (_, "53300") => "it has no connection left",
        ("40", _) => "another program changed the same rows",
        ("53" | "54", _) => "its limits are reached",
        ("08", _) => "the connection to it failed",
        ("28", _) => "it does not accept the user",
        ("3D", _) => "there is no such database",
        ("57", _) => "it is stopping or starting",
        ("58", _) => "its server fails",
        (_, "XX001" | "XX002") => "its files are damaged",
        (_, "42501") => "its permissions forbid it",
        _ => return StorageError::Internal(format!("{text} ({code})")),
    };
    StorageError::Unavailable(format!("{reason} ({text})"))
}

fn rule(constraint: &str) -> &str {
    let known = RULES.iter().find(|(rule, _)| *rule == constraint);
    known.map_or(constraint, |(_, words)| words)
}
