//! The state file: what an installation remembers between two runs. Never the access token.
//!
//! JSON with a version, mode 0600, replaced whole by temporary file, fsync and rename. It is not sealed, so
//! nothing in it is believed that is not signed; cluster id and generation only ever cost a re-activation.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const FILE: &str = "license-state.json";
const VERSION: u32 = 1;
const MAX_BYTES: u64 = 256 * 1024;

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    version: u32,
    /// The installation's id at the authority.
    pub(crate) cluster_id: Option<String>,
    /// The last generation it was given.
    pub(crate) generation: Option<u64>,
    /// The last lease, as signed.
    pub(crate) lease: Option<String>,
    /// The licence the lease is for, as signed.
    pub(crate) license: Option<String>,
    /// The newest keyset, as signed.
    pub(crate) keyset: Option<String>,
    /// Which key the lease was got with, since a key that is typed says nothing of its licence.
    pub(crate) key: Option<String>,
}

impl State {
    /// A name for a key from which the key cannot be read.
    pub(crate) fn name_of_key(key: &str) -> String {
        let digest = Sha256::digest(format!("licentia state key\n{key}"));
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Where it is kept. Every failure is told once and then lived with.
pub(crate) struct Store {
    folder: Option<PathBuf>,
    told: bool,
}

impl Store {
    /// A store in this folder; without one, nothing outlives the process.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, told: false }
    }

    /// The state of the last run; an empty one where there is none that can be used.
    pub(crate) fn load(&mut self) -> State {
        let Some(folder) = &self.folder else { return State::default() };
        match read(&folder.join(FILE)) {
            Ok(state) => state,
            Err(error) if error.kind() == io::ErrorKind::NotFound => State::default(),
            Err(error) => {
                tracing::warn!(target: "license", folder = %folder.display(), %error,
                    "[License] The state of the last run cannot be used; starting without it");
                State::default()
            }
        }
    }

    /// Replaces the state.
    pub(crate) fn save(&mut self, state: &State) {
        let Some(folder) = &self.folder else { return };
        let state = State { version: VERSION, ..state.clone() };
        match write(folder, &state) {
            Ok(()) => self.told = false,
            Err(error) if !self.told => {
                self.told = true;
                tracing::warn!(target: "license", folder = %folder.display(), %error,
                    "[License] The state cannot be written; a restart while the authority is away will find no lease");
            }
            Err(_) => {}
        }
    }
}

fn read(path: &Path) -> io::Result<State> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    let state: State = serde_json::from_slice(&bytes)?;
    if state.version != VERSION {
        return Err(io::Error::other("it was written by another version"));
    }
    Ok(state)
}

fn write(folder: &Path, state: &State) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let path = folder.join(FILE);
    // The process id keeps two processes on one folder from writing into one temporary file.
    let temporary = folder.join(format!("{FILE}.{}.tmp", std::process::id()));
    let written = write_whole(&temporary, &serde_json::to_vec_pretty(state)?).and_then(|()| {
        fs::rename(&temporary, &path)?;
        // The rename itself lasts only once the folder is on disk.
        if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
    });
    if written.is_err() {
        // Best effort: the error that counts is the one above.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some_state() -> State {
        State {
            version: VERSION,
            cluster_id: Some("c".into()),
            generation: Some(7),
            ..State::default()
        }
    }

    #[test]
    fn what_is_saved_is_loaded_and_only_the_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("made on demand");
        let mut store = Store::new(Some(inner.clone()));
        assert_eq!(store.load(), State::default());
        store.save(&some_state());
        assert_eq!(store.load(), some_state());
        assert_eq!(fs::read_dir(&inner).unwrap().count(), 1, "no temporary file stays");
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &fs::metadata(inner.join(FILE)).unwrap().permissions(),
            );
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_torn_foreign_or_future_file_is_no_state_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mut store = Store::new(Some(folder.path().to_owned()));
        store.save(&some_state());
        let whole = fs::read(&path).unwrap();
        let future =
            String::from_utf8(whole.clone()).unwrap().replace("\"version\": 1", "\"version\": 2");
        for bytes in [&whole[..whole.len() / 2], b"", b"[]", &[0xff; 40], future.as_bytes()] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(store.load(), State::default());
            store.save(&some_state());
            assert_eq!(store.load(), some_state());
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_fails_nothing() {
        let folder = tempfile::tempdir().unwrap();
        // A file in the folder's place stops root too, which permissions do not.
        let path = folder.path().join("file");
        fs::write(&path, "").unwrap();
        let mut store = Store::new(Some(path.join("state")));
        store.save(&some_state());
        assert_eq!(store.load(), State::default());
    }
}
