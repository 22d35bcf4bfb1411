//! Making a backup while the authority runs.

use std::path::Path;

use jiff::Timestamp;
use licentia_issue::Secret;
use licentia_model::{Clock, Random};
use licentia_storage::copy::Progress;

use super::archive::{flush_folder, folder, list, pack};
use super::{BESIDE, BackupError, Contents, FORMAT, check};
use crate::database::rows;
use crate::startup::{DATABASE, DataDir, StartupError};
use crate::system::{SystemClock, SystemRandom};

/// Makes a backup of the authority in a data directory, then reads it again.
pub async fn create(
    dir: &DataDir,
    path: &Path,
    passphrase: Option<&Secret<Vec<u8>>>,
    progress: impl FnMut(Progress<'_>) + Send,
) -> Result<Contents, BackupError> {
    if path.exists() {
        return Err(BackupError::Exists(path.to_owned()));
    }
    if !dir.is_initialized() {
        return Err(StartupError::NotInitialized(dir.path().to_owned()).into());
    }
    let made_at = SystemClock.now();
    let cannot = |path: &Path, source| BackupError::Io { path: path.to_owned(), source };
    // Beside the backup, where there is room for it. Nobody else may enter.
    let parent = folder(path);
    let draft = tempfile::Builder::new().prefix(".licentia-backup").tempdir_in(parent);
    let draft = draft.map_err(|source| cannot(parent, source))?;
    let database = draft.path().join(DATABASE);
    dir.database()?.snapshot(&database, progress).await?;
    let rows = rows(&database).await?;
    let mut places = vec![database];
    places.extend(BESIDE.map(|name| dir.path().join(name)).into_iter().filter(|p| p.exists()));
    let mut files = Vec::with_capacity(places.len());
    for place in &places {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        files.push(list(&name, place).map_err(|source| cannot(place, source))?);
    }
    let contents = Contents {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: Timestamp::from_second(made_at).unwrap_or_default(),
        rows,
        files,
    };
    let random: &dyn Random = &SystemRandom;
    pack(path, &contents, &places, passphrase, random)?;
    flush_folder(parent).map_err(|source| cannot(parent, source))?;
    let read = check(path, passphrase)?;
    if read == contents {
        return Ok(contents);
    }
    Err(BackupError::Damaged { path: path.to_owned(), why: "it does not read as written".into() })
}
