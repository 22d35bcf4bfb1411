//! Where the trail stood, by the hour, signed, in a file outside the database (decision 42): whoever restores an older
//! backup, or rewrites the trail with all its hashes, does not have what the file knows. It is a line a checkpoint;
//! a copy of it on another machine is worth more than the file itself.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use licentia_license::checkpoint::Checkpoint;
use licentia_license::verify::verify;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::hex::hex;

/// The name of the file in the data directory.
pub const FILE: &str = "audit-checkpoints.txt";

/// What a file of checkpoints says.
#[derive(Debug, Default)]
pub(crate) struct Checkpoints {
    pub(crate) of: Vec<Checkpoint>,
    pub(crate) findings: Vec<String>,
}

impl Authority {
    /// Adds where the trail stands to the file; whether there was anything new. Without a folder nothing is kept.
    pub async fn checkpoint_audit(&self) -> Result<bool, AuthorityError> {
        let Some(path) = self.checkpoint_file() else { return Ok(false) };
        let head = self
            .read(|_, tx| {
                Box::pin(
                    async move { Ok(tx.last_audit_row().await?.map(|row| (row.seq, row.hash))) },
                )
            })
            .await?;
        let Some((seq, hash)) = head else { return Ok(false) };
        if self.checkpoints()?.of.last().is_some_and(|last| last.seq >= seq) {
            return Ok(false);
        }
        let (iss, iat) = (self.issuer().to_owned(), self.clock().now());
        let line = self.sign(&Checkpoint { iss, iat, seq, hash: hex(&hash) })?;
        append(&path, &line).map_err(|error| unusable(&path, &error))?;
        Ok(true)
    }

    /// What the file says; nothing where there is none.
    pub(crate) fn checkpoints(&self) -> Result<Checkpoints, AuthorityError> {
        let Some(path) = self.checkpoint_file() else { return Ok(Checkpoints::default()) };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Checkpoints::default()),
            Err(error) => return Err(unusable(&path, &error)),
        };
        let mut read = Checkpoints::default();
        for (place, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            match verify::<Checkpoint>(line.trim(), &self.keyring().records) {
                Ok(checkpoint) if checkpoint.iss == self.issuer() => {
                    read.of.push((*checkpoint).clone());
                }
                _ => read.findings.push(format!(
                    "line {place} of the checkpoints was not signed by this authority, or was edited"
                )),
            }
        }
        Ok(read)
    }

    fn checkpoint_file(&self) -> Option<PathBuf> {
        self.parts().folder.as_ref().map(|folder| folder.join(FILE))
    }
}

fn append(path: &Path, line: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    // One write: two processes of one folder do not mix their lines.
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_data()
}

fn unusable(path: &Path, error: &std::io::Error) -> AuthorityError {
    AuthorityError::Storage(licentia_storage::StorageError::Unavailable(format!(
        "the checkpoints of its audit trail cannot be used: {}: {error}",
        path.display()
    )))
}
