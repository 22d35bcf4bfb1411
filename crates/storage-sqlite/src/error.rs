//! What SQLite's failures mean, by who must act.

use licentia_storage::StorageError;
use rusqlite::ErrorCode;
use rusqlite::ffi::{
    SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE,
};

/// Uniqueness rules in the words of the contract; the others keep the names of their columns.
const RULES: &[(&str, &str)] = &[
    ("products.code", "product code"),
    ("plans.product_id, plans.code", "plan code"),
    ("meters.product_id, meters.name", "meter name"),
    ("customers.email_folded", "customer e-mail"),
    ("license_keys.jti", "key id"),
    ("license_keys.lookup", "key"),
    ("activations.license_id, activations.cluster_id", "cluster id"),
    ("access_tokens.hash", "access token"),
    ("audit.seq", "audit number"),
    ("signing_keys.kid", "signing key"),
    ("operators.name", "operator name"),
    ("api_tokens.hash", "API token"),
    ("sessions.hash", "session"),
    ("pull_tokens.hash", "pull token"),
    ("releases.product_id, releases.version", "release version"),
    ("artifacts.release_id, artifacts.name", "artifact name"),
];

/// The failure of a statement, a commit, or opening.
pub(crate) fn storage_error(error: rusqlite::Error) -> StorageError {
    let rusqlite::Error::SqliteFailure(failure, text) = error else {
        return StorageError::Internal(error.to_string());
    };
    let text = text.unwrap_or_else(|| failure.to_string());
    let reason = match failure.code {
        ErrorCode::ConstraintViolation => {
            return match failure.extended_code {
                SQLITE_CONSTRAINT_UNIQUE
                | SQLITE_CONSTRAINT_PRIMARYKEY
                | SQLITE_CONSTRAINT_ROWID => StorageError::Conflict(rule(&text)),
                _ => StorageError::Internal(text),
            };
        }
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => "another program keeps it locked",
        ErrorCode::DiskFull => "the disk is full",
        ErrorCode::ReadOnly => "it is read-only",
        ErrorCode::PermissionDenied => "its permissions forbid it",
        ErrorCode::CannotOpen => "its file cannot be opened",
        ErrorCode::SystemIoFailure => "the disk fails",
        ErrorCode::OutOfMemory => "memory is exhausted",
        ErrorCode::DatabaseCorrupt => "its file is damaged",
        ErrorCode::NotADatabase => "its file is no SQLite database",
        _ => return StorageError::Internal(text),
    };
    StorageError::Unavailable(format!("{reason} ({text})"))
}

/// Names the rule in `UNIQUE constraint failed: table.column, table.column`.
fn rule(text: &str) -> String {
    let columns = text.split_once(": ").map_or(text, |(_, columns)| columns);
    let known = RULES.iter().find(|(rule, _)| *rule == columns);
    known.map_or(columns, |(_, words)| words).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: i32, text: &str) -> StorageError {
        storage_error(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(code),
            Some(text.into()),
        ))
    }

    #[test]
    fn what_time_or_the_operator_must_help_is_unavailable_and_says_why() {
        use rusqlite::ffi;
        for (code, reason) in [
            (ffi::SQLITE_BUSY, "locked"),
            (ffi::SQLITE_FULL, "full"),
            (ffi::SQLITE_READONLY, "read-only"),
            (ffi::SQLITE_IOERR_FSYNC, "disk fails"),
            (ffi::SQLITE_CANTOPEN, "opened"),
            (ffi::SQLITE_CORRUPT, "damaged"),
            (ffi::SQLITE_NOTADB, "no SQLite database"),
        ] {
            let StorageError::Unavailable(text) = failure(code, "x") else { panic!("{code}") };
            assert!(text.contains(reason), "{text}");
        }
    }

    #[test]
    fn a_uniqueness_rule_is_named_and_other_rules_are_our_defect() {
        let unique = |columns: &str| {
            failure(SQLITE_CONSTRAINT_UNIQUE, &format!("UNIQUE constraint failed: {columns}"))
        };
        assert_eq!(unique("products.code"), StorageError::Conflict("product code".into()));
        assert_eq!(unique("plans.id"), StorageError::Conflict("plans.id".into()));
        let foreign =
            failure(rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY, "FOREIGN KEY constraint failed");
        assert!(matches!(foreign, StorageError::Internal(_)));
    }
}
