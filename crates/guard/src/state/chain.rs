//! The actions that wait, beside the state: they come far oftener and may be far more.

use std::fs::File;
use std::io::Read;

use super::{Store, VERSION, replace};
use crate::chain::Kept;

const FILE: &str = "license-chain.json";
/// More than 10,000 of the longest take.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

impl Store {
    /// What waited when the last run ended. What cannot be read is lost, and the authority says where its chain
    /// goes on.
    pub(crate) fn load_chain(&self) -> Kept {
        let Some(folder) = &self.folder else { return Kept::default() };
        let mut sealed = String::new();
        let read = File::open(folder.join(FILE))
            .and_then(|file| file.take(MAX_BYTES).read_to_string(&mut sealed));
        let opened =
            read.ok().and_then(|_| self.seal.open(&sealed, self.chain_context().as_bytes()).ok());
        opened.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    /// Replaces it, where this process leads.
    pub(crate) fn save_chain(&mut self, kept: &Kept) {
        let Some(folder) = self.folder.as_ref().filter(|_| self.writes()) else { return };
        let written = serde_json::to_vec(kept).map_err(std::io::Error::other).and_then(|text| {
            let context = self.chain_context();
            let sealed = self.seal.close(&text, context.as_bytes(), &*self.random);
            replace(folder, FILE, sealed.map_err(std::io::Error::other)?.as_bytes())
        });
        if let Err(error) = written {
            tracing::warn!(target: "license", folder = %folder.display(), %error,
                "[License] Recorded actions cannot be written; a restart would lose those that wait");
        }
    }

    fn chain_context(&self) -> String {
        format!("{VERSION}|chain|{}", self.context)
    }
}
