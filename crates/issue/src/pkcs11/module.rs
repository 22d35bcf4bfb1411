//! A maker's library in this process.
//!
//! What PKCS#11 keeps (tokens seen, sessions, log-ins) belongs to the process, not to a value: so each library is
//! loaded and initialised once, and stays. A library is started anew when a token that was gone has to be
//! found again; sessions of before are then void, and their numbers may be given to others, so each session
//! remembers in which run of the library it was opened.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use licentia_license::key::PublicKey;

use super::token::{self, Open};
use super::{HsmError, HsmKey};

static LOADED: Mutex<BTreeMap<PathBuf, Arc<Module>>> = Mutex::new(BTreeMap::new());

pub(super) struct Module {
    path: PathBuf,
    /// Read by calls, written by a restart: the library may not be finalised under a call.
    run: RwLock<Run>,
}

struct Run {
    library: Pkcs11,
    number: u64,
}

impl Module {
    pub(super) fn load(path: &Path) -> Result<Arc<Self>, HsmError> {
        let failed = |source| HsmError::Module { path: path.to_owned(), source };
        // Relative names would be looked for along the loader's path, which is not what was configured.
        let path = path.canonicalize().map_err(|e| failed(e.into()))?;
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = loaded.get(&path) {
            return Ok(Arc::clone(module));
        }
        let library = Pkcs11::new(&path).map_err(|e| failed(e.into()))?;
        initialize(&library).map_err(|e| failed(e.into()))?;
        let run = RwLock::new(Run { library, number: 0 });
        let module = Arc::new(Self { path: path.clone(), run });
        loaded.insert(path, Arc::clone(&module));
        Ok(module)
    }

    pub(super) fn open(&self, key: &HsmKey) -> Result<(Open, PublicKey), HsmError> {
        let run = self.run.read().unwrap_or_else(PoisonError::into_inner);
        token::open(&run.library, run.number, key)
    }

    pub(super) fn sign(&self, open: &Open, message: &[u8]) -> Result<Vec<u8>, HsmError> {
        let run = self.run.read().unwrap_or_else(PoisonError::into_inner);
        if open.run != run.number {
            return Err(HsmError::Device(Box::new(Error::Pkcs11(
                RvError::SessionHandleInvalid,
                cryptoki::context::Function::Sign,
            ))));
        }
        open.sign(message)
    }

    pub(super) fn close(&self, open: Open) {
        let run = self.run.read().unwrap_or_else(PoisonError::into_inner);
        if open.run == run.number {
            open.close();
        }
    }

    pub(super) fn restart(&self) -> Result<(), HsmError> {
        let mut run = self.run.write().unwrap_or_else(PoisonError::into_inner);
        run.number += 1;
        // Where it is down already, it only has to come up.
        let _ = run.library.clone().finalize();
        initialize(&run.library)
            .map_err(|e| HsmError::Module { path: self.path.clone(), source: e.into() })
    }
}

fn initialize(library: &Pkcs11) -> Result<(), Error> {
    match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        done => done,
    }
}
