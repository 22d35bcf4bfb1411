//! Which machine this is: reads what tells it from others, hashes it, and says what was used and what not.
//!
//! Raw values are hashed where they are read and go no further: neither a [`Machine`] nor its explanation
//! holds one. What is read does not depend on who reads it, so `sudo` makes no other machine: serial numbers
//! that only root sees are left out. The host name is part of `host-mac` alone.
//!
//! Inside a container processor, board and disks are the host's, and stay the same when the container is
//! started again. Its network card is made anew each time and its machine id came with the image, so neither
//! counts, unless the host's machine id was mounted.
//!
//! Linux is read through `/etc`, `/proc` and `/sys`. What macOS and Windows tell through their own commands
//! is taken too, but has not been tested.

mod collect;
mod told;

use std::fmt;
use std::io;
use std::path::Path;

use licentia_license::fingerprint::Fingerprint;

use collect::Collector;

/// A machine: its fingerprints, and where they come from.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    fingerprints: Vec<Fingerprint>,
    explanations: Vec<Explanation>,
    seal: Option<SealSecret>,
}

/// What the state file is sealed with. It is in no fingerprint, so who hears those cannot open a file.
#[derive(Clone, Copy)]
pub(crate) struct SealSecret {
    pub(crate) secret: [u8; 32],
    /// Whether it tells this machine from others of its model.
    pub(crate) is_unique: bool,
}

impl fmt::Debug for SealSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealSecret")
    }
}

/// What became of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The component, or `host-mac`.
    pub part: &'static str,
    /// The file or command; never what it said.
    pub source: String,
    /// Whether it counts.
    pub outcome: Outcome,
}

/// Whether a source counts, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It went into the fingerprint.
    Used,
    /// There is no such thing here.
    Absent,
    /// It is there and could not be read.
    Unreadable(io::ErrorKind),
    /// It was read and does not tell this machine from others, or not for long.
    LeftOut(&'static str),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Used => f.write_str("used"),
            Self::Absent => f.write_str("not there"),
            Self::Unreadable(kind) => write!(f, "not readable: {kind}"),
            Self::LeftOut(why) => write!(f, "left out: {why}"),
        }
    }
}

impl Machine {
    /// The one that this process runs on, as this product sees it.
    #[must_use]
    pub fn here(product: &str) -> Self {
        let mut collector = Collector::new(Path::new("/"), product);
        told::TOLD.iter().for_each(|told| collector.told(told));
        collector.finish()
    }

    /// The one whose `/etc`, `/proc`, `/sys` and `/dev` lie under this folder.
    #[must_use]
    pub fn under(root: &Path, product: &str) -> Self {
        Collector::new(root, product).finish()
    }

    /// What it is known by, the default scheme first; empty where nothing could be read.
    #[must_use]
    pub fn fingerprints(&self) -> &[Fingerprint] {
        &self.fingerprints
    }

    /// What a state file is sealed with here; none where nothing stable could be read.
    pub(crate) fn seal(&self) -> Option<SealSecret> {
        self.seal
    }

    /// What was used and what not, in the order in which it was looked at.
    #[must_use]
    pub fn explanations(&self) -> &[Explanation] {
        &self.explanations
    }
}
