//! Putting a backup where nothing is.

use std::fs;
use std::io;
use std::path::Path;

use licentia_authority::audit::checkpoints;
use licentia_authority::{Actor, AuthorityError};
use licentia_issue::Secret;
use licentia_storage::copy::Progress;

use super::archive::{flush_folder, unpack};
use super::{BESIDE, BackupError, Restored};
use crate::database::rows;
use crate::startup::{DATABASE, DataDir};

/// Restores a backup into an empty data directory and, where the database is PostgreSQL, an empty database. What is
/// there is never overwritten: keys that are the same may be there, and newer checkpoints of the audit trail, which
/// then tell what was lost.
pub async fn restore(
    path: &Path,
    passphrase: Option<&Secret<Vec<u8>>>,
    dir: &DataDir,
    actor: Actor,
    progress: impl FnMut(Progress<'_>) + Send,
) -> Result<Restored, BackupError> {
    dir.create_folder()?;
    let target = dir.path();
    let cannot = |path: &Path, source| BackupError::Io { path: path.to_owned(), source };
    // In the same place, so that each file moves in one step; what is left of a try that was cut short is a folder
    // of this name and nothing else.
    let draft = tempfile::Builder::new().prefix(".licentia-restore").tempdir_in(target);
    let draft = draft.map_err(|source| cannot(target, source))?;
    let contents = unpack(path, passphrase, Some(draft.path()))?;
    for listed in contents.files.iter().filter(|listed| BESIDE.contains(&&*listed.name)) {
        let there = target.join(&listed.name);
        let is_kept = listed.name == checkpoints::FILE;
        if there.exists() && !is_kept && !same(&there, &draft.path().join(&listed.name)) {
            return Err(BackupError::Occupied(there));
        }
    }
    let database = draft.path().join(DATABASE);
    if rows(&database).await? < contents.rows {
        let why = "its database has fewer rows than it says".into();
        return Err(BackupError::Damaged { path: path.to_owned(), why });
    }
    dir.database()?.fill(&database, progress).await?;
    for name in BESIDE {
        let (from, to) = (draft.path().join(name), target.join(name));
        if from.exists() && !to.exists() {
            fs::rename(&from, &to).map_err(|source| cannot(&to, source))?;
        }
    }
    flush_folder(target).map_err(|source| cannot(target, source))?;
    let authority = dir.open().await?;
    let checked = async {
        // First: the row of the restoring takes the place of one that newer checkpoints may know.
        let audit = authority.verify_audit().await?;
        authority.record_restore(contents.made_at.as_second(), actor).await?;
        Ok::<_, AuthorityError>(audit)
    };
    let audit = checked.await;
    authority.close().await;
    Ok(Restored { contents, audit: audit? })
}

fn same(one: &Path, other: &Path) -> bool {
    let read = |path| -> io::Result<Vec<u8>> { fs::read(path) };
    matches!((read(one), read(other)), (Ok(one), Ok(other)) if one == other)
}
