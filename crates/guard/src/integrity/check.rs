//! The check itself. It reads and hashes, and so never runs where heartbeats wait.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use licentia_license::manifest::{Artifact, Manifest};
use licentia_license::verify::verify;
use licentia_license::{Document, Trust, Verified};
use sha2::{Digest, Sha256};

use super::loaded::{Code, loaded};
use super::{FILE, Integrity, SIGNER_SUFFIX, sha256, within};
use crate::finding::{Fact, Finding};
use crate::hex::hex;

/// What the activation proof says of the release.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    /// Digest of the manifest that was activated with.
    pub(crate) digest: String,
}

/// Checks one release.
#[derive(Clone)]
pub(crate) struct Checker {
    product: String,
    settings: Integrity,
    root: PathBuf,
    /// The manifest of the start.
    first: Option<Verified<Manifest>>,
}

impl Checker {
    pub(crate) fn new(product: &str, settings: Integrity, program_folder: Option<&Path>) -> Self {
        let root = settings.root.clone().or_else(|| program_folder.map(Path::to_owned));
        let root = root.unwrap_or_else(|| PathBuf::from("."));
        // As the system names what is loaded from it.
        let root = fs::canonicalize(&root).unwrap_or(root);
        Self { product: product.to_owned(), settings, root, first: None }
    }

    /// Reads the manifest that counts from now on; its digest, as an activation tells it.
    pub(crate) fn begin(&mut self, trust: &Trust) -> Option<String> {
        self.first = self.read(trust).ok();
        self.first.as_ref().map(|manifest| digest(manifest.token()))
    }

    fn read(&self, trust: &Trust) -> Result<Verified<Manifest>, Finding> {
        let none = |why: String| Finding::integrity(Fact::NoManifest, FILE, why);
        let text = read_text(&self.root.join(FILE), Manifest::MAX_BYTES)
            .map_err(|error| unreadable(FILE, &error, Fact::NoManifest))?;
        let manifest = verify::<Manifest>(text.trim(), trust)
            .map_err(|invalid| none(format!("it does not check out: {invalid}")))?;
        if manifest.product != self.product {
            return Err(none(format!("it is of the product {}", manifest.product)));
        }
        if let Some(version) = &self.settings.version
            && *version != manifest.version
        {
            let detail = format!("{}, and the program {version}", manifest.version);
            return Err(Finding::integrity(Fact::WrongVersion, FILE, detail));
        }
        Ok(manifest)
    }

    /// All that is wrong with the files and with what is loaded.
    pub(crate) fn check(&self, trust: &Trust, proof: Option<&Proof>) -> Vec<Finding> {
        let mut findings = BTreeSet::new();
        let listed = self.files(trust, proof, &mut findings);
        for code in loaded() {
            findings.extend(self.code(code, &listed));
        }
        findings.into_iter().collect()
    }

    /// All that is wrong with the files.
    pub(crate) fn check_folder(&self, trust: &Trust) -> Vec<Finding> {
        let mut findings = BTreeSet::new();
        self.files(trust, None, &mut findings);
        findings.into_iter().collect()
    }

    fn files(
        &self,
        trust: &Trust,
        proof: Option<&Proof>,
        findings: &mut BTreeSet<Finding>,
    ) -> Listed {
        let now = match self.read(trust) {
            Ok(manifest) => Some(manifest),
            Err(finding) => {
                findings.insert(finding);
                None
            }
        };
        // That of the start still says what the running program is made of.
        let manifests: Vec<&Manifest> =
            now.iter().chain(&self.first).map(Verified::claims).collect();
        if let (Some(now), Some(proof)) = (&now, proof)
            && digest(now.token()) != proof.digest
        {
            findings.insert(Finding::integrity(Fact::OtherRelease, FILE, now.version.clone()));
        }
        let listed = Listed::of(&manifests);
        if let Some(manifest) = manifests.first() {
            for artifact in &manifest.artifacts {
                findings.extend(self.file(artifact, &listed, trust));
            }
            findings.extend(self.others(&listed));
        }
        listed
    }

    fn file(&self, artifact: &Artifact, listed: &Listed, trust: &Trust) -> Option<Finding> {
        let name = &artifact.name;
        let finding = |fact, detail: &str| Some(Finding::integrity(fact, name, detail));
        let Some(path) = within(&self.root, name) else {
            return finding(Fact::Missing, "the manifest names no file of the release by it");
        };
        let found = match File::open(&path).and_then(|mut file| sha256(&mut file)) {
            Ok(found) => found,
            Err(error) => return Some(unreadable(name, &error, Fact::Missing)),
        };
        if !listed.has(name, &found) {
            return finding(Fact::Changed, "");
        }
        match &artifact.signer {
            Some(signer) if found == artifact.sha256 => {
                let says = self.is_signed(&path, artifact, signer, trust);
                if says { None } else { finding(Fact::WrongSigner, signer) }
            }
            _ => None,
        }
    }

    /// Whether the file's own signer says the same of it.
    fn is_signed(&self, path: &Path, artifact: &Artifact, signer: &str, trust: &Trust) -> bool {
        let mut beside = path.as_os_str().to_owned();
        beside.push(SIGNER_SUFFIX);
        let text = read_text(Path::new(&beside), Manifest::MAX_BYTES).unwrap_or_default();
        let Ok(statement) = verify::<Manifest>(text.trim(), trust) else { return false };
        statement.kid() == signer
            && artifact.version.as_ref().is_none_or(|version| *version == statement.version)
            && statement.artifacts.iter().any(|signed| signed.sha256 == artifact.sha256)
    }

    /// What lies in the release's folders beside what belongs there.
    fn others(&self, listed: &Listed) -> Vec<Finding> {
        let folders: BTreeSet<&str> = listed.names().map(folder_of).collect();
        let is_open = |folder: &str| {
            let open = |open: &String| folder == open || folder.starts_with(&format!("{open}/"));
            if folder.is_empty() {
                !self.settings.closed
            } else {
                self.settings.open.iter().any(open)
            }
        };
        let mut findings = Vec::new();
        for folder in folders.into_iter().filter(|folder| !is_open(folder)) {
            // A folder that cannot be listed has files that are missed above.
            let Ok(entries) = fs::read_dir(self.root.join(folder)) else { continue };
            for entry in entries.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if !is_folder && name != FILE && !listed.knows(&name) {
                    findings.push(Finding::integrity(Fact::Unlisted, name, ""));
                }
            }
        }
        findings
    }

    /// One piece of code that this process has loaded.
    fn code(&self, code: Code, listed: &Listed) -> Option<Finding> {
        let Code { path, file, is_program } = code;
        let shown = path.display().to_string();
        let Ok(name) = path.strip_prefix(&self.root) else {
            let foreign = self.settings.known_code_only && !is_program && !is_system(&path);
            return foreign.then(|| Finding::integrity(Fact::ForeignCode, file_name(&path), shown));
        };
        let name = name.to_string_lossy().replace('\\', "/");
        if !listed.knows(&name) {
            return Some(Finding::integrity(Fact::UnlistedCode, name, shown));
        }
        match file.and_then(|mut file| sha256(&mut file)) {
            Ok(found) if listed.has(&name, &found) => None,
            Ok(_) => Some(Finding::integrity(Fact::Changed, name, "as it is loaded")),
            // What is loaded may have been replaced on disk, where it was looked at by its name.
            Err(error) => Some(Finding::integrity(Fact::Unreadable, name, error.to_string())),
        }
    }

    /// Opens a listed file, and hands out the very handle that was hashed.
    pub(crate) fn open(&self, name: &str, trust: &Trust) -> Result<File, Finding> {
        let missing = |error: &io::Error| unreadable(name, error, Fact::Missing);
        let path = within(&self.root, name);
        let path = path.ok_or_else(|| Finding::integrity(Fact::Missing, name, "no such name"))?;
        let mut file = File::open(path).map_err(|error| missing(&error))?;
        let found = sha256(&mut file).map_err(|error| missing(&error))?;
        let now = self.read(trust);
        let manifests: Vec<&Manifest> =
            now.iter().chain(&self.first).map(Verified::claims).collect();
        let listed = Listed::of(&manifests);
        if listed.has(name, &found) {
            Ok(file)
        } else if listed.knows(name) {
            Err(Finding::integrity(Fact::Changed, name, ""))
        } else {
            Err(now.err().unwrap_or_else(|| Finding::integrity(Fact::Unlisted, name, "")))
        }
    }
}

/// What the manifests list.
struct Listed(BTreeMap<String, BTreeSet<String>>);

impl Listed {
    fn of(manifests: &[&Manifest]) -> Self {
        let mut all = BTreeMap::<String, BTreeSet<String>>::new();
        for artifact in manifests.iter().flat_map(|manifest| &manifest.artifacts) {
            all.entry(artifact.name.clone()).or_default().insert(artifact.sha256.clone());
        }
        Self(all)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    fn has(&self, name: &str, sha256: &str) -> bool {
        self.0.get(name).is_some_and(|hashes| hashes.contains(sha256))
    }

    /// Listed, or the statement of a listed file's signer.
    fn knows(&self, name: &str) -> bool {
        let of = name.strip_suffix(SIGNER_SUFFIX);
        self.0.contains_key(name) || of.is_some_and(|of| self.0.contains_key(of))
    }
}

/// The digest of a manifest, as activations and proofs tell it.
fn digest(token: &str) -> String {
    hex(&Sha256::digest(token))
}

fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn is_system(path: &Path) -> bool {
    const PLACES: &[&str] = &["/usr", "/lib", "/lib64", "/System", "/Library/Apple", r"C:\Windows"];
    PLACES.iter().any(|place| path.starts_with(place))
}

/// What passes by itself, such as too many open files, is nobody's fault and is looked at again.
fn unreadable(name: &str, error: &io::Error, otherwise: Fact) -> Finding {
    let lasting = matches!(
        error.kind(),
        ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::IsADirectory
            | ErrorKind::NotADirectory
            | ErrorKind::InvalidData
    );
    let fact = if lasting { otherwise } else { Fact::Unreadable };
    Finding::integrity(fact, name, error.to_string())
}

fn read_text(path: &Path, most: usize) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(most as u64 + 1).read_to_string(&mut text)?;
    if text.len() > most {
        return Err(io::Error::new(ErrorKind::InvalidData, "it is too large"));
    }
    Ok(text)
}
