//! The file: written whole or not at all, and read with every byte checked.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use licentia_authority::hex::hex;
use licentia_issue::Secret;
use licentia_issue::age::{Entropy, Opened, Sealed};
use licentia_model::Random;
use sha2::{Digest, Sha256};
use tar::{Archive, Builder, Header};

use super::{BackupError, CONTENTS, Contents, FORMAT, Listed};

/// Longest description, in bytes.
const LONGEST: u64 = 64 * 1024;
/// How every gzip file begins (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Reads a backup from its beginning to its end and compares it with what it says of itself. Writes nothing.
pub fn check(path: &Path, passphrase: Option<&Secret<Vec<u8>>>) -> Result<Contents, BackupError> {
    unpack(path, passphrase, None)
}

/// What the file at `path` is listed as.
pub(super) fn list(name: &str, path: &Path) -> io::Result<Listed> {
    let (size, sha256) = copy(File::open(path)?, io::sink())?;
    Ok(Listed { name: name.to_owned(), size, sha256 })
}

/// Writes a backup; `places` has the path of each listed file.
pub(super) fn pack(
    path: &Path,
    contents: &Contents,
    places: &[PathBuf],
    passphrase: Option<&Secret<Vec<u8>>>,
    random: &dyn Random,
) -> Result<(), BackupError> {
    let cannot = |source| BackupError::Io { path: path.to_owned(), source };
    let file = tempfile::NamedTempFile::new_in(folder(path)).map_err(cannot)?;
    let packed = (|| match passphrase {
        None => fill(BufWriter::new(file.as_file()), contents, places)?.flush(),
        Some(passphrase) => {
            let entropy = Entropy {
                salt: random.bytes(),
                file_key: Secret::new(random.bytes()),
                nonce: random.bytes(),
            };
            let sealed = Sealed::new(BufWriter::new(file.as_file()), passphrase, &entropy)?;
            fill(sealed, contents, places)?.finish().map(|_| ())
        }
    })();
    packed.and_then(|()| file.as_file().sync_all()).map_err(cannot)?;
    file.persist_noclobber(path).map_err(|error| match error.error.kind() {
        ErrorKind::AlreadyExists => BackupError::Exists(path.to_owned()),
        _ => cannot(error.error),
    })?;
    Ok(())
}

fn fill<W: Write>(to: W, contents: &Contents, places: &[PathBuf]) -> io::Result<W> {
    let mut archive = Builder::new(GzEncoder::new(to, Compression::fast()));
    let text = serde_json::to_vec_pretty(contents)?;
    let header = |size: u64| {
        let mut header = Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(contents.made_at.as_second().unsigned_abs());
        header
    };
    archive.append_data(&mut header(text.len() as u64), CONTENTS, &*text)?;
    for (listed, place) in contents.files.iter().zip(places) {
        archive.append_data(&mut header(listed.size), &listed.name, File::open(place)?)?;
    }
    archive.into_inner()?.finish()
}

/// Reads a backup; each file goes into the folder, where one is given.
pub(super) fn unpack(
    path: &Path,
    passphrase: Option<&Secret<Vec<u8>>>,
    into: Option<&Path>,
) -> Result<Contents, BackupError> {
    let cannot = |source| BackupError::Io { path: path.to_owned(), source };
    let mut file = BufReader::new(File::open(path).map_err(cannot)?);
    let start = file.fill_buf().map_err(cannot)?;
    if start.starts_with(&GZIP) {
        return walk(path, file, into);
    }
    if !start.starts_with(b"age-encryption.org/") {
        return Err(damaged(path, "it is not a backup"));
    }
    let Some(passphrase) = passphrase else {
        return Err(BackupError::PassphraseWanted(path.to_owned()));
    };
    let opened = Opened::new(file, passphrase);
    walk(path, opened.map_err(|error| BackupError::Sealed(path.to_owned(), error))?, into)
}

fn walk(path: &Path, from: impl Read, into: Option<&Path>) -> Result<Contents, BackupError> {
    let broken = |error: io::Error| damaged(path, error.to_string());
    let mut archive = Archive::new(GzDecoder::new(from));
    let mut entries = archive.entries().map_err(broken)?;
    let mut next = || entries.next().transpose().map_err(broken);
    let first = next()?.ok_or_else(|| damaged(path, "it is empty"))?;
    if first.path_bytes() != CONTENTS.as_bytes() {
        return Err(damaged(path, "it is not a backup of an authority"));
    }
    let contents: Contents = serde_json::from_reader(first.take(LONGEST))
        .map_err(|error| damaged(path, format!("{CONTENTS}: {error}")))?;
    if contents.format != FORMAT {
        let why = format!("its format is {}; this version reads {FORMAT}", contents.format);
        return Err(damaged(path, why));
    }
    for listed in &contents.files {
        let entry = next()?.ok_or_else(|| damaged(path, "it ends too early"))?;
        if !Contents::is_known(&listed.name) || entry.path_bytes() != listed.name.as_bytes() {
            return Err(damaged(path, format!("{} is in a wrong place", listed.name)));
        }
        let found = match into {
            None => copy(entry, io::sink()),
            Some(folder) => {
                let place = folder.join(&listed.name);
                private(&place).and_then(|file| {
                    let found = copy(entry, &file)?;
                    file.sync_all()?;
                    Ok(found)
                })
            }
        };
        let (size, sha256) = found.map_err(broken)?;
        if (size, &sha256) != (listed.size, &listed.sha256) {
            return Err(damaged(path, format!("{} is not what was saved", listed.name)));
        }
    }
    if next()?.is_some() {
        return Err(damaged(path, "it has more in it than it says"));
    }
    // What comes behind the archive belongs to the file as well: under a passphrase its end is what proves it whole.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(broken)?;
    Ok(contents)
}

fn copy(mut from: impl Read, to: impl Write) -> io::Result<(u64, String)> {
    let mut digesting = Digesting { to, hash: Sha256::new() };
    let size = io::copy(&mut from, &mut digesting)?;
    Ok((size, hex(&digesting.hash.finalize())))
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The folder that a file is in.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The entry of a new file in its folder survives a loss of power only when the folder was flushed.
pub(super) fn flush_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

fn damaged(path: &Path, why: impl Into<String>) -> BackupError {
    BackupError::Damaged { path: path.to_owned(), why: why.into() }
}

struct Digesting<W> {
    to: W,
    hash: Sha256,
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
