//! The state file: what an installation remembers between two runs. Never the access token.
//!
//! JSON with a version, mode 0600, replaced whole by temporary file, fsync and rename. Only the cluster id can
//! be read in it; the rest is sealed for this machine ([`crate::seal`]), and what grants something is believed
//! only for its own signature. Where the seal does not hold, because the file was copied, changed or torn, the
//! cluster id still counts, so that the installation reclaims its seat instead of taking another one.
//!
//! One process at a time leads on a folder: the one that holds the lock file. Only it writes.

mod chain;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use licentia_license::revocations::Mark;

use crate::airgap::Asked;
use crate::clock::Random;
use crate::engine::Remembered;
use crate::hex::hex;
use crate::seal::Seal;

const FILE: &str = "license-state.json";
const LOCK: &str = "license-state.lock";
/// The newest revocation list, as signed: it needs no seal.
const LIST: &str = "license-revocations.jwt";
const VERSION: u32 = 2;
const MAX_BYTES: u64 = 256 * 1024;

/// What became of the last run's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Memory {
    /// No folder was configured: nothing outlives the process.
    Unkept,
    /// There is none yet.
    New,
    /// It was there and is used.
    Kept,
    /// It was sealed on another machine or changed since; only the cluster id counts.
    Foreign,
    /// It is no state file, or was torn.
    Damaged,
    /// It could not be read.
    Unreadable,
}

impl Memory {
    /// The name in logs and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unkept => "unkept",
            Self::New => "new",
            Self::Kept => "kept",
            Self::Foreign => "foreign",
            Self::Damaged => "damaged",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// The installation's id at the authority. It lies beside the seal, not under it.
    #[serde(skip)]
    pub(crate) cluster_id: Option<String>,
    /// The last generation it was given.
    pub(crate) generation: Option<u64>,
    /// The last lease, as signed.
    pub(crate) lease: Option<String>,
    /// The licence the lease is for, as signed.
    pub(crate) license: Option<String>,
    /// The activation proof that came with the activation, as signed.
    pub(crate) proof: Option<String>,
    /// The authority's last no, as signed, where no grant came after it.
    pub(crate) refusal: Option<String>,
    /// The newest keyset, as signed.
    pub(crate) keyset: Option<String>,
    /// Which key all of this was got with, since a key that is typed says nothing of its licence.
    pub(crate) key: Option<String>,
    /// The newest time that the authority has signed, in seconds.
    pub(crate) signed_at: i64,
    /// How far the lease was used without news, in seconds: a clock that is set back gives none of it back.
    pub(crate) used_to: i64,
    /// The newest revocation list that was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) list: Option<Mark>,
    /// What a list said of the licence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revoked: Option<Remembered>,
    /// Since when lists are followed, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lists_since: Option<i64>,
    /// What was asked by a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offline: Option<Asked>,
    /// Usage that was sent and not acknowledged yet, under the name it was sent with.
    pub(crate) report: Option<Report>,
    /// Usage since.
    pub(crate) usage: BTreeMap<String, i64>,
}

/// Usage under a name, so that it counts once however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) id: String,
    pub(crate) usage: BTreeMap<String, i64>,
}

impl State {
    /// A name for a key from which the key cannot be read.
    pub(crate) fn name_of_key(key: &str) -> String {
        let digest = Sha256::digest(format!("licentia state key\n{key}"));
        hex(&digest[..16])
    }
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    version: u32,
    cluster_id: Option<String>,
    #[serde(default)]
    sealed: String,
}

enum Lead {
    /// Nobody asked yet, or another process has it.
    No,
    Locked {
        _lock: File,
    },
    /// Nothing is to be changed.
    LookingOnly,
    /// There is no folder, or no lock to be had in it: every process is on its own.
    Alone,
}

/// Where it is kept. Every failure is told once and then lived with.
pub(crate) struct Store {
    folder: Option<PathBuf>,
    seal: Seal,
    context: String,
    random: Arc<dyn Random>,
    lead: Lead,
    saved: Option<State>,
    told: bool,
}

impl Store {
    /// A store in this folder; without one, nothing outlives the process.
    pub(crate) fn new(
        folder: Option<PathBuf>,
        product: &str,
        seal: Seal,
        random: Arc<dyn Random>,
    ) -> Self {
        let lead = if folder.is_some() { Lead::No } else { Lead::Alone };
        let context = format!("{VERSION}|{product}|");
        Self { folder, seal, context, random, lead, saved: None, told: false }
    }

    /// Whether this process may speak to the authority and write; takes the lead where nobody has it.
    pub(crate) fn leads(&mut self) -> bool {
        let (Lead::No, Some(folder)) = (&self.lead, &self.folder) else { return true };
        self.lead = match lock(folder) {
            Ok(Some(file)) => Lead::Locked { _lock: file },
            Ok(None) => return false,
            Err(error) => {
                tracing::warn!(target: "license", folder = %folder.display(), %error,
                    "[License] The state directory cannot be locked; two processes on it would compete for the seat");
                Lead::Alone
            }
        };
        true
    }

    /// Writes nothing from now on; whether another process leads.
    pub(crate) fn look_only(&mut self) -> bool {
        let path = self.folder.as_ref().map(|folder| folder.join(LOCK));
        let taken = path
            .and_then(|path| File::open(path).ok())
            .is_some_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)));
        self.lead = Lead::LookingOnly;
        taken
    }

    /// The state of the last run, and what became of it.
    pub(crate) fn load(&mut self) -> (State, Memory) {
        let Some(folder) = &self.folder else { return (State::default(), Memory::Unkept) };
        let (state, memory) = match read(&folder.join(FILE)) {
            Ok(envelope) => self.open(&envelope),
            Err(error) => {
                let memory = match error.kind() {
                    io::ErrorKind::NotFound => Memory::New,
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Memory::Damaged,
                    _ => Memory::Unreadable,
                };
                (State::default(), memory)
            }
        };
        self.saved = (memory == Memory::Kept).then(|| state.clone());
        (state, memory)
    }

    fn open(&self, envelope: &Envelope) -> (State, Memory) {
        let cluster_id = envelope.cluster_id.clone();
        let state = self
            .seal
            .open(&envelope.sealed, self.context(cluster_id.as_deref()).as_bytes())
            .ok()
            .filter(|_| envelope.version == VERSION)
            .and_then(|text| serde_json::from_slice::<State>(&text).ok());
        match state {
            Some(state) => (State { cluster_id, ..state }, Memory::Kept),
            None => (State { cluster_id, ..State::default() }, Memory::Foreign),
        }
    }

    fn context(&self, cluster_id: Option<&str>) -> String {
        format!("{}{}", self.context, cluster_id.unwrap_or_default())
    }

    /// Replaces the state, where this process leads and there is news; whether it is on disk.
    pub(crate) fn save(&mut self, state: &State) -> bool {
        let Some(folder) = &self.folder else { return false };
        if !self.writes() || self.saved.as_ref() == Some(state) {
            return true;
        }
        match self.write(folder, state) {
            Ok(()) => {
                self.told = false;
                self.saved = Some(state.clone());
                true
            }
            Err(error) => {
                if !self.told {
                    tracing::warn!(target: "license", folder = %folder.display(), %error,
                        "[License] The state cannot be written; a restart while the authority is away will find no lease");
                }
                self.told = true;
                self.saved = None;
                false
            }
        }
    }

    /// Keeps a revocation list, where this process leads. Without it what the list said is remembered all the same.
    pub(crate) fn save_list(&self, list: &str) {
        if let Some(folder) = self.folder.as_ref().filter(|_| self.writes())
            && let Err(error) = replace(folder, LIST, list.as_bytes())
        {
            tracing::warn!(target: "license", %error, "[License] The revocation list cannot be kept");
        }
    }

    /// The list that was kept.
    pub(crate) fn load_list(&self) -> Option<String> {
        self.folder.as_ref().and_then(|folder| crate::lists::read(&folder.join(LIST)))
    }

    fn writes(&self) -> bool {
        !matches!(self.lead, Lead::No | Lead::LookingOnly)
    }

    fn write(&self, folder: &Path, state: &State) -> io::Result<()> {
        let context = self.context(state.cluster_id.as_deref());
        let text = serde_json::to_vec(state)?;
        let sealed = self.seal.close(&text, context.as_bytes(), &*self.random);
        let envelope = Envelope {
            version: VERSION,
            cluster_id: state.cluster_id.clone(),
            sealed: sealed.map_err(io::Error::other)?,
        };
        replace(folder, FILE, &serde_json::to_vec_pretty(&envelope)?)
    }
}

/// `None` where another process has it.
fn lock(folder: &Path) -> io::Result<Option<File>> {
    create(folder)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(folder.join(LOCK))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn create(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn read(path: &Path) -> io::Result<Envelope> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

fn replace(folder: &Path, file: &str, bytes: &[u8]) -> io::Result<()> {
    create(folder)?;
    let path = folder.join(file);
    // The process id keeps two processes on a folder that cannot be locked out of one temporary file.
    let temporary = folder.join(format!("{file}.{}.tmp", std::process::id()));
    let written = write_whole(&temporary, bytes).and_then(|()| {
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
    use crate::system::SystemRandom;

    fn some_state() -> State {
        State {
            cluster_id: Some("c".into()),
            generation: Some(7),
            lease: Some("a lease".into()),
            usage: [("tokens".to_owned(), 5)].into(),
            ..State::default()
        }
    }

    fn store(folder: &Path, machine: u8) -> Store {
        let seal = Seal::new("bzzz", Some(&[machine; 32]));
        Store::new(Some(folder.to_owned()), "bzzz", seal, Arc::new(SystemRandom))
    }

    fn leading(folder: &Path, machine: u8) -> Store {
        let mut store = store(folder, machine);
        assert!(store.leads());
        store
    }

    fn only_the_cluster_id() -> State {
        State { cluster_id: Some("c".into()), ..State::default() }
    }

    #[test]
    fn what_is_saved_is_loaded_sealed_and_only_the_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("made on demand");
        let mut store = leading(&inner, 1);
        assert_eq!(store.load(), (State::default(), Memory::New));
        assert!(store.save(&some_state()));
        assert_eq!(store.load(), (some_state(), Memory::Kept));
        let text = fs::read_to_string(inner.join(FILE)).unwrap();
        assert!(text.contains("\"c\"") && !text.contains("lease") && !text.contains("tokens"));
        assert_eq!(fs::read_dir(&inner).unwrap().count(), 2, "no temporary file stays");
        #[cfg(unix)]
        for (path, wanted) in [(inner.join(FILE), 0o600), (inner, 0o700)] {
            let mode =
                std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions());
            assert_eq!(mode & 0o777, wanted);
        }
    }

    #[test]
    fn on_another_machine_after_any_change_and_in_an_older_version_only_the_cluster_id_counts() {
        let folder = tempfile::tempdir().unwrap();
        leading(folder.path(), 1).save(&some_state());
        let copied = (only_the_cluster_id(), Memory::Foreign);
        assert_eq!(store(folder.path(), 2).load(), copied);
        let path = folder.path().join(FILE);
        let whole = fs::read_to_string(&path).unwrap();
        for (from, to) in
            [("\"version\": 2", "\"version\": 3"), ("\"sealed\": \"", "\"sealed\": \"A")]
        {
            fs::write(&path, whole.replace(from, to)).unwrap();
            assert_eq!(store(folder.path(), 1).load(), copied, "{to}");
        }
        fs::write(&path, whole.replace("\"c\"", "\"d\"")).unwrap();
        let (state, memory) = store(folder.path(), 1).load();
        assert_eq!(
            (state.cluster_id.as_deref(), state.lease, memory),
            (Some("d"), None, Memory::Foreign)
        );
        fs::write(&path, r#"{"version": 1, "cluster_id": "c", "generation": 9}"#).unwrap();
        assert_eq!(store(folder.path(), 1).load(), copied);
    }

    #[test]
    fn a_torn_file_is_no_state_wherever_it_was_torn_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mut store = leading(folder.path(), 1);
        store.save(&some_state());
        let whole = fs::read(&path).unwrap();
        let torn = (0..whole.len()).map(|end| whole[..end].to_vec());
        for bytes in torn.chain([b"[]".to_vec(), vec![0xff; 40], vec![0; 40]]) {
            fs::write(&path, &bytes).unwrap();
            assert_eq!(store.load(), (State::default(), Memory::Damaged));
        }
        assert!(store.save(&some_state()));
        assert_eq!(store.load(), (some_state(), Memory::Kept));
    }

    #[test]
    fn one_process_leads_on_a_folder_and_the_next_one_takes_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = leading(folder.path(), 1);
        first.save(&some_state());
        let mut second = store(folder.path(), 1);
        assert!(!second.leads());
        assert!(second.save(&State::default()), "who follows writes nothing");
        assert_eq!(second.load(), (some_state(), Memory::Kept));
        assert!(first.leads());
        drop(first);
        assert!(second.leads());
    }

    #[test]
    fn a_folder_that_cannot_be_written_fails_nothing() {
        let folder = tempfile::tempdir().unwrap();
        // A file in the folder's place stops root too, which permissions do not.
        let path = folder.path().join("file");
        fs::write(&path, "").unwrap();
        let mut store = leading(&path.join("state"), 1);
        assert!(!store.save(&some_state()));
        assert_eq!(store.load().0, State::default());
    }
}
