//! The data directory.
//!
//! ```text
//! licentia.db          the database, unless it is PostgreSQL; then replicas share it, and each has the same master.key
//! master.key           seals what rests in the database (0600)
//! root.private.pem     signs keysets (0600); may be taken away and kept offline, or never be here (`init_under`)
//! root.public.pem
//! ```

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use licentia_authority::hex::{hex, unhex};
use licentia_authority::init::{FirstLogin, initialize, is_set_up};
use licentia_authority::{Actor, Authority, AuthorityError, Parts};
use licentia_issue::keyfile::{self, KeyFileError, ReadOptions};
use licentia_issue::master::{MASTER_KEY_BYTES, MasterKey};
use licentia_issue::signer::Ed25519Signer;
use licentia_issue::{PrivateKey, Secret, Signer};
use licentia_model::Random;
use licentia_storage::{StorageError, Store};

use crate::config::DatabaseUrl;
use crate::database::Place;
use crate::system::{SystemClock, SystemRandom};

pub(crate) const DATABASE: &str = "licentia.db";
pub(crate) const MASTER_KEY: &str = "master.key";
const ROOT: &str = "root";
const LOCK: &str = "init.lock";
/// Where the newest primary of PostgreSQL that was seen is remembered.
const PRIMARY: &str = "primary";

/// Why a data directory could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartupError {
    /// Nothing is set up here.
    #[error("{} is not set up yet", .0.display())]
    NotInitialized(PathBuf),
    /// Something is set up here already.
    #[error("{} is set up already", .0.display())]
    AlreadyInitialized(PathBuf),
    /// The database is set up, and the key that opens what is in it is not here.
    #[error("the database is set up already, and {} is missing", .0.display())]
    MasterKeyMissing(PathBuf),
    /// A database URL of no known kind.
    #[error("the database URL begins with neither postgres:// nor sqlite://")]
    UnknownDatabase,
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A key file cannot be used.
    #[error("{}: {source}", path.display())]
    KeyFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: KeyFileError,
    },
    /// The database or what is in it.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
}

impl From<StorageError> for StartupError {
    fn from(error: StorageError) -> Self {
        Self::Authority(error.into())
    }
}

/// A folder that holds, or will hold, an authority.
#[derive(Debug, Clone)]
pub struct DataDir {
    path: PathBuf,
    /// None: the file in the folder.
    database: Option<DatabaseUrl>,
}

impl DataDir {
    /// Names a folder; nothing is touched yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), database: None }
    }

    /// With the database elsewhere; `None` leaves it in the folder.
    pub fn with_database(mut self, url: Option<DatabaseUrl>) -> Result<Self, StartupError> {
        if let Some(url) = &url {
            Place::of(url)?;
        }
        self.database = url;
        Ok(self)
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether an authority may have been set up here; for sure only the database knows. A set-up that was cut
    /// short does not count and can be repeated.
    #[must_use]
    pub fn is_initialized(&self) -> bool {
        self.path.join(MASTER_KEY).exists()
            && (self.database.is_some() || self.path.join(DATABASE).exists())
    }

    /// Opens the authority.
    pub async fn open(&self) -> Result<Authority, StartupError> {
        if !self.is_initialized() {
            return Err(StartupError::NotInitialized(self.path.clone()));
        }
        let parts = self.parts().await?;
        match Authority::open(Arc::clone(&parts)).await {
            Ok(authority) => Ok(authority),
            Err(error) => {
                parts.store.close().await;
                Err(match error {
                    AuthorityError::NotInitialized => {
                        StartupError::NotInitialized(self.path.clone())
                    }
                    error => error.into(),
                })
            }
        }
    }

    /// Sets up an authority. Repeating a set-up that was cut short completes it; one that is complete is left
    /// alone. Two at once: one wins.
    pub async fn init(
        &self,
        issuer: Option<String>,
        actor: Actor,
    ) -> Result<(Authority, FirstLogin), StartupError> {
        self.init_under(issuer, None, actor).await
    }

    /// Sets up an authority under a root key that is kept elsewhere, in an HSM or offline. None: a new one, in a
    /// file of this directory.
    pub async fn init_under(
        &self,
        issuer: Option<String>,
        root: Option<&dyn Signer>,
        actor: Actor,
    ) -> Result<(Authority, FirstLogin), StartupError> {
        self.create_folder()?;
        let lock_path = self.path.join(LOCK);
        let lock = File::create(&lock_path).and_then(|file| file.lock().map(|()| file));
        let _lock = lock.map_err(|source| StartupError::Io { path: lock_path, source })?;

        // Before any file is made: the root's private half may be elsewhere, and no other one may take its place.
        match self.open().await {
            Err(StartupError::NotInitialized(_)) => {}
            Ok(authority) => {
                authority.close().await;
                return Err(StartupError::AlreadyInitialized(self.path.clone()));
            }
            Err(error) => return Err(error),
        }
        let random: &dyn Random = &SystemRandom;
        let master = self.path.join(MASTER_KEY);
        let makes_master = !master.exists();
        if makes_master {
            self.refuse_another_master().await?;
            let key = Secret::new(random.bytes::<MASTER_KEY_BYTES>());
            let text = Secret::new(hex(key.expose()));
            keyfile::write_secret(&master, text.expose().as_bytes())
                .map_err(|source| StartupError::Io { path: master.clone(), source })?;
        }
        let made;
        let root = match root {
            Some(root) => {
                let path = self.path.join(format!("{ROOT}.public.pem"));
                fs::write(&path, root.public_key().to_pem())
                    .map_err(|source| StartupError::Io { path, source })?;
                root
            }
            None => {
                made = self.root(random)?;
                &made
            }
        };
        let parts = self.parts().await?;
        match initialize(Arc::clone(&parts), issuer, root, actor).await {
            Ok(done) => Ok(done),
            Err(error) => {
                parts.store.close().await;
                Err(match error {
                    // Another replica was faster, with a master key of its own.
                    AuthorityError::AlreadyInitialized if makes_master => {
                        let _ = fs::remove_file(&master);
                        StartupError::MasterKeyMissing(master)
                    }
                    AuthorityError::AlreadyInitialized => {
                        StartupError::AlreadyInitialized(self.path.clone())
                    }
                    error => error.into(),
                })
            }
        }
    }

    pub(crate) fn create_folder(&self) -> Result<(), StartupError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&self.path)
            .map_err(|source| StartupError::Io { path: self.path.clone(), source })
    }

    /// A database that is set up opens with the master key that set it up, and no new one may take its place.
    async fn refuse_another_master(&self) -> Result<(), StartupError> {
        if self.database.is_none() {
            return Ok(());
        }
        let store = self.store().await?;
        let set_up = is_set_up(&*store).await;
        store.close().await;
        if set_up? {
            return Err(StartupError::MasterKeyMissing(self.path.join(MASTER_KEY)));
        }
        Ok(())
    }

    async fn store(&self) -> Result<Arc<dyn Store>, StartupError> {
        Ok(self.database()?.store(self.path.join(PRIMARY)).await?)
    }

    pub(crate) fn database(&self) -> Result<Place, StartupError> {
        match &self.database {
            Some(url) => Place::of(url),
            None => Ok(Place::File(self.path.join(DATABASE))),
        }
    }

    async fn parts(&self) -> Result<Arc<Parts>, StartupError> {
        let path = self.path.join(MASTER_KEY);
        let wrong = |source| StartupError::KeyFile { path: path.clone(), source };
        let text = keyfile::read_secret(&path).map_err(wrong)?;
        let key = std::str::from_utf8(&text).ok().and_then(|text| unhex(text.trim()));
        let key = key.ok_or_else(|| wrong(KeyFileError::NotAKey))?;
        let master = MasterKey::new(&Secret::new(key)).map_err(AuthorityError::from)?;
        Ok(Arc::new(Parts {
            store: self.store().await?,
            master,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            folder: Some(self.path.clone()),
        }))
    }

    fn root(&self, random: &dyn Random) -> Result<PrivateKey, StartupError> {
        let path = self.path.join(format!("{ROOT}.private.pem"));
        if path.exists() {
            return keyfile::read_signer(&path, &ReadOptions::default())
                .map_err(|source| StartupError::KeyFile { path, source });
        }
        let root: PrivateKey = Ed25519Signer::from_seed(random.bytes())
            .map_err(|e| AuthorityError::Keys(e.to_string()))?
            .into();
        keyfile::write_pair(&self.path, ROOT, &root, None)
            .map_err(|source| StartupError::KeyFile { path, source })?;
        Ok(root)
    }
}
