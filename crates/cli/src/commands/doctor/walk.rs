//! Everything inside an artifact: folders, archives, archives within archives. Nothing is unpacked to disk.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::Path;
use std::rc::Rc;

use flate2::read::MultiGzDecoder;

use super::finding::{Finding, Kind};
use super::scan::{Hit, Place, Scanner};

/// Archives within archives that are looked into.
const MAX_DEPTH: u32 = 4;
/// Entries of one artifact.
const MAX_ENTRIES: u64 = 1_000_000;
/// Findings of one artifact; who has so many needs no more.
const MAX_FINDINGS: usize = 10_000;
/// Largest zip within another archive, in bytes: it is held in memory.
const MAX_INNER_ZIP: u64 = 512 * 1024 * 1024;
/// All that is read may be so many times the artifact's size, archives within archives counted at each level.
const MAX_RATIO: u64 = 100;
/// And so many bytes in any case, so that small artifacts may compress well.
const MIN_BUDGET: u64 = 128 * 1024 * 1024;
/// But never more than this, in bytes.
const MAX_BUDGET: u64 = 64 * 1024 * 1024 * 1024;
/// What a tar may say of an entry before its content, in bytes: it is held in memory.
const MAX_HEADERS: u64 = 1024 * 1024;
const BEYOND_MEASURE: &str = "it inflates beyond all measure";
/// Enough to tell an archive by, in bytes.
const HEAD: usize = 512;

/// Languages whose sources are not to be delivered.
const SOURCES: &[&str] = &[
    "c", "cc", "cpp", "cs", "cxx", "fs", "go", "h", "hpp", "java", "jsx", "kt", "php", "py", "pyx",
    "rb", "rs", "scala", "swift", "ts", "tsx", "vb",
];
/// Zip archives that begin with something else: a launcher.
const LAUNCHED: &[&str] = &["par", "pex", "pyz", "shiv"];

/// What is asked for beside secrets. A folder limits it to what lies in that folder of the artifact.
pub(super) struct Wanted {
    pub(super) no_source: Option<String>,
    pub(super) notices: Option<String>,
    /// Files and folders of others, whose keys and names are no secrets of ours.
    pub(super) ignored: Vec<String>,
}

/// What came of a walk.
pub(super) struct Walked {
    pub(super) findings: Vec<Finding>,
    /// Why the artifact as a whole could not be read to its end.
    pub(super) broken: Option<io::Error>,
}

/// The walk through one artifact.
pub(super) struct Walk<'a> {
    scanner: &'a Scanner,
    wanted: &'a Wanted,
    findings: Vec<Finding>,
    entries: u64,
    left: Rc<Cell<u64>>,
    stopped: bool,
    license: bool,
    notice: bool,
}

impl<'a> Walk<'a> {
    /// Looks through the file or folder. An error means that it could not be opened.
    pub(super) fn through(
        path: &Path,
        scanner: &'a Scanner,
        wanted: &'a Wanted,
    ) -> io::Result<Walked> {
        let mut walk = Self {
            scanner,
            wanted,
            findings: Vec::new(),
            entries: 0,
            left: Rc::new(Cell::new(0)),
            stopped: false,
            license: false,
            notice: false,
        };
        let size = size_of(path)?;
        walk.left.set(size.saturating_mul(MAX_RATIO).max(MIN_BUDGET).min(MAX_BUDGET.max(size)));
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let kind = fs::metadata(path)?;
        let result = if kind.is_dir() {
            walk.folder(path, "")
        } else if kind.is_file() {
            walk.entry("", &name, Content::File(File::open(path)?), 0)
        } else {
            return Err(io::Error::other("it is neither a file nor a folder"));
        };
        let mut broken = result.err();
        if walk.left.get() == 0 {
            broken = None;
            walk.stop(&name, BEYOND_MEASURE);
        }
        if broken.is_none() {
            walk.missing(&name);
        }
        Ok(Walked { findings: walk.findings, broken })
    }

    fn folder(&mut self, path: &Path, inside: &str) -> io::Result<()> {
        let mut entries: Vec<_> = fs::read_dir(path)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            if self.stopped {
                return Ok(());
            }
            let kind = entry.file_type()?;
            let name = format!("{inside}{}", entry.file_name().to_string_lossy());
            if kind.is_dir() {
                // What is not readable is told, and the rest still looked at.
                if let Err(error) = self.folder(&entry.path(), &format!("{name}/")) {
                    self.not_checked(&name, &error.to_string());
                }
            } else if kind.is_file() {
                let result = File::open(entry.path())
                    .and_then(|file| self.entry("", &name, Content::File(file), 0));
                self.told("", &name, result)?;
            }
        }
        Ok(())
    }

    /// One file: `within` is the archive it lies in, with `!` behind it.
    fn entry(
        &mut self,
        within: &str,
        name: &str,
        content: Content<'_>,
        depth: u32,
    ) -> io::Result<()> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            self.stop(within, "it has more than a million entries");
        }
        if self.stopped {
            return Ok(());
        }
        let (shown, leaked) = self.scanner.name(name);
        let path = format!("{within}{shown}");
        if let Some((kind, message)) = leaked {
            self.push(Finding::of(&path, kind, format!("{message}, in the file's name")));
        }
        self.named(&path, name);
        self.content(&path, name, content, depth, false)
    }

    /// What a name alone tells.
    fn named(&mut self, path: &str, name: &str) {
        let file = name.rsplit('/').next().unwrap_or(name);
        if lies_in(self.wanted.no_source.as_deref(), name)
            && SOURCES.contains(&extension(file).as_str())
        {
            self.push(Finding::of(path, Kind::SourceFile, "a source file"));
        }
        if lies_in(self.wanted.notices.as_deref(), name) {
            let stem = file.split(['.', '-']).next().unwrap_or(file).to_ascii_uppercase();
            self.license |= matches!(stem.as_str(), "LICENSE" | "LICENCE");
            self.notice |= matches!(stem.as_str(), "NOTICE" | "NOTICES");
        }
    }

    fn content(
        &mut self,
        path: &str,
        name: &str,
        mut content: Content<'_>,
        depth: u32,
        inflated: bool,
    ) -> io::Result<()> {
        let mut head = Vec::with_capacity(HEAD);
        let size = u64::try_from(HEAD).unwrap_or(u64::MAX);
        self.meter(content.reader()).take(size).read_to_end(&mut head)?;
        let format = Format::of(&head, name);
        if format != Format::Plain && depth == MAX_DEPTH {
            self.not_checked(path, "archives are nested too deep");
            return Ok(());
        }
        let within = format!("{path}!");
        match format {
            Format::Tar => {
                let reader = self.meter(Cursor::new(head).chain(content.reader()));
                self.tar(&within, reader, depth)
            }
            Format::Gzip => {
                let unpacked =
                    MultiGzDecoder::new(BufReader::new(Cursor::new(head).chain(content.reader())));
                // A compressed archive is one archive; what is compressed again is not.
                let deeper = depth + u32::from(inflated);
                let mut unpacked = self.meter(unpacked);
                self.content(path, name, Content::Stream(&mut unpacked), deeper, true)
            }
            Format::Zip { sure } => match content.seekable(head, &self.left)? {
                Some(archive) => self.zip(path, &within, archive, sure, depth),
                None => {
                    self.not_checked(path, "it is a zip too large to be looked into here");
                    Ok(())
                }
            },
            Format::Other(what) => {
                self.not_checked(path, &format!("{what} cannot be looked into here"));
                Ok(())
            }
            Format::Plain => {
                let mut reader = self.meter(Cursor::new(head).chain(content.reader()));
                self.plain(path, &mut reader)
            }
        }
    }

    fn plain(&mut self, path: &str, reader: &mut dyn Read) -> io::Result<()> {
        let mut hits: Vec<Hit> = Vec::new();
        let (_, result) = self.scanner.file(reader, &mut hits);
        let inside = path.rsplit('!').next().unwrap_or(path);
        let ignored = self.wanted.ignored.iter().any(|folder| lies_in(Some(folder), inside));
        for hit in hits {
            // What was given to be looked for counts wherever it is.
            if ignored && !matches!(hit.kind, Kind::Secret | Kind::Token) {
                continue;
            }
            let mut finding = Finding::of(path, hit.kind, hit.message);
            match hit.place {
                Place::Line(line) => finding.line = Some(line),
                Place::Byte(byte) => finding.byte = Some(byte),
            }
            self.push(finding);
        }
        result
    }

    fn tar(&mut self, within: &str, reader: impl Read, depth: u32) -> io::Result<()> {
        let headers = Rc::new(Cell::new(MAX_HEADERS));
        let mut archive = tar::Archive::new(Meter { inner: reader, left: Rc::clone(&headers) });
        let mut entries = archive.entries()?;
        loop {
            headers.set(MAX_HEADERS);
            let Some(entry) = entries.next() else { return Ok(()) };
            headers.set(u64::MAX);
            let mut entry = entry?;
            if self.stopped {
                return Ok(());
            }
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            // Of links and devices there is only the name.
            let result = self.entry(within, &name, Content::Stream(&mut entry), depth + 1);
            self.told(within, &name, result)?;
            // What was left unread, so that headers are all that is read next.
            io::copy(&mut self.meter(&mut entry), &mut io::sink())?;
        }
    }

    fn zip(
        &mut self,
        path: &str,
        within: &str,
        archive: Box<dyn ReadSeek + '_>,
        sure: bool,
        depth: u32,
    ) -> io::Result<()> {
        let mut archive = match zip::ZipArchive::new(archive) {
            Ok(archive) => archive,
            // Only the extension said so.
            Err(_) if !sure => {
                self.not_checked(path, "by its name it holds a zip, and no zip was found in it");
                return Ok(());
            }
            Err(error) => return Err(io::Error::other(error)),
        };
        for index in 0..archive.len() {
            if self.stopped {
                return Ok(());
            }
            let name = String::from_utf8_lossy(
                archive.by_index_raw(index).map_err(io::Error::other)?.name_raw(),
            )
            .into_owned();
            let result = match archive.by_index(index) {
                Ok(entry) if entry.is_dir() => continue,
                Ok(mut entry) => self.entry(within, &name, Content::Stream(&mut entry), depth + 1),
                Err(error) => Err(io::Error::other(error)),
            };
            self.told(within, &name, result)?;
        }
        Ok(())
    }

    /// An entry that cannot be read is a finding, not the end; an exhausted budget is both.
    fn told(&mut self, within: &str, name: &str, result: io::Result<()>) -> io::Result<()> {
        let Err(error) = result else { return Ok(()) };
        if self.left.get() == 0 {
            return Err(error);
        }
        let (shown, _) = self.scanner.name(name);
        self.not_checked(&format!("{within}{shown}"), &error.to_string());
        Ok(())
    }

    fn missing(&mut self, name: &str) {
        if self.wanted.notices.is_none() {
            return;
        }
        if !self.license {
            self.push(Finding::of(name, Kind::MissingLicense, "no LICENSE file"));
        }
        if !self.notice {
            self.push(Finding::of(name, Kind::MissingNotice, "no NOTICE file"));
        }
    }

    fn meter<R: Read>(&self, inner: R) -> Meter<R> {
        Meter { inner, left: Rc::clone(&self.left) }
    }

    fn not_checked(&mut self, path: &str, why: &str) {
        self.push(Finding::of(path, Kind::NotChecked, format!("not looked into: {why}")));
    }

    fn stop(&mut self, path: &str, why: &str) {
        if !self.stopped {
            self.stopped = true;
            self.findings.push(Finding::of(
                path.trim_end_matches('!'),
                Kind::NotChecked,
                format!("the check ended here: {why}"),
            ));
        }
    }

    fn push(&mut self, finding: Finding) {
        if self.findings.len() == MAX_FINDINGS {
            self.stop(&finding.path, "there are more than 10,000 findings");
        }
        if !self.stopped {
            self.findings.push(finding);
        }
    }
}

/// Where a file's bytes come from.
enum Content<'a> {
    File(File),
    Stream(&'a mut dyn Read),
}

impl<'a> Content<'a> {
    fn reader(&mut self) -> &mut dyn Read {
        match self {
            Self::File(file) => file,
            Self::Stream(stream) => stream,
        }
    }

    /// The whole of it to go to and fro in; `None` where it is too large for that.
    fn seekable(
        self,
        head: Vec<u8>,
        left: &Rc<Cell<u64>>,
    ) -> io::Result<Option<Box<dyn ReadSeek + 'a>>> {
        match self {
            Self::File(mut file) => {
                file.rewind()?;
                Ok(Some(Box::new(BufReader::new(file))))
            }
            Self::Stream(stream) => {
                let mut bytes = head;
                let mut meter = Meter { inner: stream, left: Rc::clone(left) }.take(MAX_INNER_ZIP);
                meter.read_to_end(&mut bytes)?;
                let whole = meter.limit() > 0;
                Ok(whole.then(|| Box::new(Cursor::new(bytes)) as Box<dyn ReadSeek>))
            }
        }
    }
}

trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// Counts what is read against what the whole artifact may amount to.
struct Meter<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Meter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let left = self.left.get().checked_sub(u64::try_from(read).unwrap_or(u64::MAX));
        self.left.set(left.unwrap_or_default());
        match left {
            Some(1..) => Ok(read),
            _ => Err(io::Error::other(BEYOND_MEASURE)),
        }
    }
}

/// How a file is to be looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Plain,
    Tar,
    Gzip,
    Zip {
        /// Its first bytes say so, not only its name.
        sure: bool,
    },
    Other(&'static str),
}

impl Format {
    fn of(head: &[u8], name: &str) -> Self {
        match head {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Zip { sure: true },
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Other("zstd"),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Other("xz"),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Other("bzip2"),
            [b'7', b'z', 0xbc, 0xaf, ..] => Self::Other("7z"),
            _ if head.get(257..262) == Some(b"ustar") => Self::Tar,
            _ if LAUNCHED.contains(&extension(name).as_str()) => Self::Zip { sure: false },
            _ => Self::Plain,
        }
    }
}

fn extension(name: &str) -> String {
    Path::new(name).extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

/// Whether something is asked for, and of this entry too.
fn lies_in(folder: Option<&str>, name: &str) -> bool {
    let name = name.trim_start_matches("./").trim_start_matches('/');
    folder.is_some_and(|folder| {
        let folder = folder.trim_matches('/');
        let rest = name.strip_prefix(folder);
        folder.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Bytes in a file, or in all files of a folder.
fn size_of(path: &Path) -> io::Result<u64> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_dir() {
        return Ok(metadata.len());
    }
    let mut sum = 0_u64;
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        // What cannot be read is told by the walk itself.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) => sum = sum.saturating_add(metadata.len()),
                Err(_) => {}
            }
        }
    }
    Ok(sum)
}
