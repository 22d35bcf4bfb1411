//! Whether the program that runs is that of the release (M4): the executable, the libraries that are loaded and the
//! files of the manifest, by name, version, SHA-256 and signer, against the manifest that the vendor signed.
//!
//! `licentia manifest create` makes it at release. It lies beside the program as `manifest.jwt`; the root of the build
//! or a key of purpose `manifest` has signed it. Whoever upgrades in place puts the new manifest there with the new
//! files: a file is good if either the manifest of the start or the one that lies there now lists it so.

mod check;
mod loaded;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use licentia_license::Trust;
use sha2::{Digest, Sha256};

pub(crate) use self::check::{Checker, Proof};
use crate::finding::Finding;
use crate::hex::hex;

/// The manifest's name beside the program.
pub(crate) const FILE: &str = "manifest.jwt";
/// What the statement of a file's own signer is called: the file's name with this behind it.
pub(crate) const SIGNER_SUFFIX: &str = ".manifest.jwt";

/// What is to be checked of the program's integrity, at the start, every ten minutes and on demand; from
/// [`Builder::integrity`](crate::Builder::integrity). What follows is [`Policy::integrity`](crate::Policy): stop is
/// Muonroi's hard mode, free and stay are its soft ones.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Integrity {
    pub(crate) root: Option<PathBuf>,
    pub(crate) version: Option<String>,
    pub(crate) open: Vec<String>,
    pub(crate) closed: bool,
    pub(crate) known_code_only: bool,
}

impl Integrity {
    /// The program's folder against `manifest.jwt` in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The release's folder, where it is not the program's.
    pub fn root(mut self, folder: impl Into<PathBuf>) -> Self {
        self.root = Some(folder.into());
        self
    }

    /// The version that this build is of, e.g. `env!("CARGO_PKG_VERSION")`: a manifest of another release, however
    /// well signed, is not this one's.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// A folder of the release into which the customer may put files. In every other one that the manifest lists files
    /// in, the release's own folder apart, a file that is not listed is a finding.
    pub fn open_folder(mut self, name: impl Into<String>) -> Self {
        self.open.push(name.into());
        self
    }

    /// Looks at a folder alone, not at the program that runs: what a release check does.
    #[must_use]
    pub fn check_folder(self, product: &str, trust: &Trust) -> Vec<Finding> {
        Checker::new(product, self, None).check_folder(trust)
    }

    /// Files that are not listed are findings in the release's own folder too.
    pub fn closed(mut self) -> Self {
        self.closed = true;
        self
    }

    /// Libraries from outside the release count too, unless they are the system's (`/usr`, `/lib`, `/System`, `C:\Windows`).
    pub fn known_code_only(mut self) -> Self {
        self.known_code_only = true;
        self
    }
}

/// Reads an open file from its beginning, and leaves it there: whoever uses this handle uses the bytes that were
/// hashed, whatever has become of the name since. In lower-case hex.
pub fn sha256(file: &mut File) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    file.seek(SeekFrom::Start(0))?;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(hex(&hash.finalize()))
}

/// A name of the manifest as a path; none where it would lead out of the folder.
pub(crate) fn within(root: &Path, name: &str) -> Option<PathBuf> {
    let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':', '\0']);
    name.split('/').all(plain).then(|| root.join(name))
}
