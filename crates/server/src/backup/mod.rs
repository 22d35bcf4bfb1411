//! A whole authority in one file: one moment of its database, its keys, the checkpoints of its audit trail.
//!
//! The file is a gzipped tar archive, under a passphrase if wanted ([`licentia_issue::age`]):
//!
//! ```text
//! backup.json            Contents
//! licentia.db            the database as SQLite, whatever it is in use
//! master.key, root.private.pem, root.public.pem, audit-checkpoints.txt
//! ```
//!
//! It holds every secret of the authority. Files of releases are not in it: they never change, and are copied with the
//! tools of their folder or bucket.

mod archive;
mod create;
mod restore;

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use licentia_authority::AuthorityError;
use licentia_authority::audit::checkpoints;
use licentia_issue::age::OpenError;
use licentia_protocol::resource::AuditReport;
use licentia_storage::StorageError;
use serde::{Deserialize, Serialize};

use crate::startup::{DATABASE, MASTER_KEY, StartupError};

pub use archive::check;
pub use create::create;
pub use restore::restore;

/// The name of [`Contents`] in the archive.
const CONTENTS: &str = "backup.json";
/// The format that is written here.
const FORMAT: u32 = 1;
/// What lies beside the database.
const BESIDE: [&str; 4] = [MASTER_KEY, "root.private.pem", "root.public.pem", checkpoints::FILE];

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// The format of the file: 1.
    pub format: u32,
    /// The version of Licentia that made it.
    pub version: String,
    /// The moment that it shows.
    pub made_at: Timestamp,
    /// Rows of all tables.
    pub rows: u64,
    /// What is in it, in this order.
    pub files: Vec<Listed>,
}

/// A file in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its name in the data directory.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, in hex.
    pub sha256: String,
}

/// What was restored.
#[derive(Debug, Clone, Serialize)]
pub struct Restored {
    /// The backup.
    pub contents: Contents,
    /// What a check of the audit trail says now.
    pub audit: AuditReport,
}

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The file is there already.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// Not a backup, or a damaged one.
    #[error("{}: {why}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// It is under a passphrase, and none was given.
    #[error("{} is under a passphrase", .0.display())]
    PassphraseWanted(PathBuf),
    /// It is under another passphrase.
    #[error("{}: {}", .0.display(), .1)]
    Sealed(PathBuf, OpenError),
    /// An authority, or what is left of one, is where it would be restored to.
    #[error("{} is there already, and nothing is overwritten", .0.display())]
    Occupied(PathBuf),
    /// The database to restore into is not empty.
    #[error("there is an authority in the database already, and nothing is overwritten")]
    DatabaseOccupied,
    /// The copy of a database is not what the database is: somebody wrote into it meanwhile.
    #[error("the copy of the database differs: {0}")]
    Differs(String),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The data directory or the database.
    #[error(transparent)]
    Startup(#[from] StartupError),
}

impl From<StorageError> for BackupError {
    fn from(error: StorageError) -> Self {
        Self::Startup(error.into())
    }
}

impl From<AuthorityError> for BackupError {
    fn from(error: AuthorityError) -> Self {
        Self::Startup(error.into())
    }
}

impl Contents {
    fn is_known(name: &str) -> bool {
        name == DATABASE || BESIDE.contains(&name)
    }
}
