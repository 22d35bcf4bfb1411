//! A file of a release as it lies on this machine.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use licentia_protocol::distribution::NewArtifact;
use sha2::{Digest, Sha256};

use crate::failure::Failure;

const BUFFER: usize = 1024 * 1024;
/// Longest `METADATA` of a wheel that is looked at.
const MOST_METADATA: u64 = 1024 * 1024;

/// What was named: a path, and whom it is for behind the last `@`.
pub(super) struct Named {
    pub(super) path: PathBuf,
    platform: Option<String>,
}

impl Named {
    pub(super) fn parse(text: &str) -> Self {
        match text.rsplit_once('@') {
            // An `@` in a folder's name is no platform's.
            Some((path, platform))
                if !platform.contains(['/', '\\']) && !Path::new(text).exists() =>
            {
                Self { path: path.into(), platform: Some(platform.to_owned()) }
            }
            _ => Self { path: text.into(), platform: None },
        }
    }

    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Reads all of it once.
    pub(super) fn announce(&self, personalize: Option<String>) -> Result<NewArtifact, Failure> {
        let failed = |e: io::Error| self.failed(&e);
        let mut file = File::open(&self.path).map_err(failed)?;
        let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; BUFFER]);
        loop {
            match file.read(&mut buffer).map_err(failed)? {
                0 => break,
                read => {
                    hash.update(&buffer[..read]);
                    size += read as u64;
                }
            }
        }
        if let Some(inner) = &personalize {
            self.refuse_taken(inner)?;
        }
        Ok(NewArtifact {
            name: self.name(),
            platform: self.platform.clone(),
            size,
            sha256: hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            personalize,
            requires_python: self.requires_python(),
        })
    }

    pub(super) fn part(&self, start: u64, length: u64) -> Result<Vec<u8>, Failure> {
        let failed = |e: io::Error| self.failed(&e);
        let mut file = File::open(&self.path).map_err(failed)?;
        file.seek(SeekFrom::Start(start)).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::undone(
            format!("{}: {error}", self.path.display()),
            "check the path; PATH@PLATFORM says whom a file is for",
        )
    }

    /// What a wheel says of the Pythons that it is for (core metadata, `Requires-Python`).
    fn requires_python(&self) -> Option<String> {
        if self.path.extension()? != "whl" {
            return None;
        }
        let mut archive = zip::ZipArchive::new(File::open(&self.path).ok()?).ok()?;
        let is_metadata = |name: &std::borrow::Cow<'_, str>| name.ends_with(".dist-info/METADATA");
        let name = archive.file_names().filter_map(Result::ok).find(is_metadata)?.into_owned();
        let mut text = String::new();
        archive.by_name(&name).ok()?.take(MOST_METADATA).read_to_string(&mut text).ok()?;
        let head = text.split("\n\n").next()?;
        head.lines()
            .find_map(|line| line.strip_prefix("Requires-Python:"))
            .map(|value| value.trim().to_owned())
    }

    /// A file at the place of the customer's licence would be unpacked over it. The authority looks into zip files
    /// itself; a tape has to be read to its end.
    fn refuse_taken(&self, inner: &str) -> Result<(), Failure> {
        let name = self.name();
        let file = File::open(&self.path).map_err(|e| self.failed(&e))?;
        let tape: Box<dyn Read> = if name.ends_with(".tar") {
            Box::new(file)
        } else if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
            Box::new(flate2::read::MultiGzDecoder::new(file))
        } else {
            return Ok(());
        };
        let mut archive = tar::Archive::new(tape);
        for entry in archive.entries().map_err(|e| self.failed(&e))? {
            let entry = entry.map_err(|e| self.failed(&e))?;
            let path = entry.path_bytes();
            let path = path.strip_prefix(b"./").unwrap_or(&path);
            if path == inner.as_bytes() {
                return Err(Failure::usage(
                    format!("{} has a file `{inner}` already", self.path.display()),
                    "leave it out, so that the customer's licence takes its place",
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_stands_behind_the_last_at() {
        let named = Named::parse("out/app.tar.gz@linux-x86_64");
        assert_eq!(
            (named.name().as_str(), named.platform.as_deref()),
            ("app.tar.gz", Some("linux-x86_64"))
        );
        let named = Named::parse("user@host/app.tar.gz");
        assert_eq!((named.name().as_str(), named.platform), ("app.tar.gz", None));
    }
}
