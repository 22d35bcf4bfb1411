//! An archive with the customer's licence file in it (V7): the original's bytes stay where they are, and a few of our own
//! go before or between them. So it can be resumed, and costs no memory. Pure; whoever has the bytes reads what is asked for.
//!
//! - `.tar`: an entry in front, since a tape begins anywhere.
//! - `.tar.gz`: the same, as a gzip member of its own (RFC 1952 section 2.2).
//! - `.zip`: an entry behind the last one, and the directory after it with one line more.

use std::ops::Range;

/// A stretch of what is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Ours.
    Own(Vec<u8>),
    /// Of the original.
    Original(Range<u64>),
}

impl Segment {
    /// How many bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a stretch is not a collection")]
    pub fn len(&self) -> u64 {
        match self {
            Self::Own(bytes) => bytes.len() as u64,
            Self::Original(range) => range.end - range.start,
        }
    }
}

/// What of the segments lies in a part of the whole.
#[must_use]
pub fn clip(segments: Vec<Segment>, part: &Range<u64>) -> Vec<Segment> {
    let mut at = 0;
    let mut clipped = Vec::new();
    for segment in segments {
        let (start, end) = (at, at + segment.len());
        at = end;
        let (from, to) = (part.start.max(start), part.end.min(end));
        if from >= to {
            continue;
        }
        clipped.push(match segment {
            Segment::Original(range) => {
                Segment::Original(range.start + (from - start)..range.start + (to - start))
            }
            Segment::Own(bytes) => {
                // Both lie within a buffer in memory.
                let within = |place: u64| usize::try_from(place - start).unwrap_or(usize::MAX);
                Segment::Own(bytes[within(from)..within(to)].to_vec())
            }
        });
    }
    clipped
}

/// Why an archive cannot be made a customer's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Not what its name says.
    #[error("it is not the archive that its name says")]
    NotAnArchive,
    /// Larger than the plain form of the format allows.
    #[error("it has more entries or bytes than a plain zip file may have (4 GiB)")]
    TooLarge,
    /// The place is taken.
    #[error(
        "there is a file at that path already; leave it out, so that the customer's takes its place"
    )]
    Taken,
}

/// Largest directory of a zip file that is looked at.
const MOST_DIRECTORY: u64 = 32 * 1024 * 1024;

/// Bytes of the beginning of a tape that [`tape`] wants to see.
pub const HEAD_BYTES: u64 = 512;

/// A `.tar`, `.tar.gz` or `.tgz` with a file at `path`, by the first bytes of the original.
pub fn tape(
    (name, size): (&str, u64),
    head: &[u8],
    path: &str,
    content: &[u8],
    modified: i64,
) -> Result<Vec<Segment>, Unfit> {
    let entry = tar_entry(path, content, modified);
    let own = if name.ends_with(".tar") {
        (head.get(257..262) == Some(b"ustar")).then_some(entry)
    } else {
        head.starts_with(&[0x1f, 0x8b, 0x08]).then(|| gzip_member(&entry))
    };
    Ok(vec![Segment::Own(own.ok_or(Unfit::NotAnArchive)?), Segment::Original(0..size)])
}

/// An entry of `ustar` (POSIX.1-1988), padded to blocks, without the end of the archive.
fn tar_entry(path: &str, content: &[u8], modified: i64) -> Vec<u8> {
    let mut header = [0_u8; 512];
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(0, path.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{:011o}\0", content.len()).as_bytes());
    put(136, format!("{:011o}\0", modified.clamp(0, 0o77_777_777_777)).as_bytes());
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut entry = header.to_vec();
    entry.extend_from_slice(content);
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}

/// A gzip member of stored blocks (RFC 1951 section 3.2.4): nothing to compress, nothing to go wrong.
fn gzip_member(content: &[u8]) -> Vec<u8> {
    let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut blocks = content.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        member.push(u8::from(blocks.peek().is_none()));
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        member.extend_from_slice(&length.to_le_bytes());
        member.extend_from_slice(&(!length).to_le_bytes());
        member.extend_from_slice(block);
    }
    member.extend_from_slice(&crc32(content).to_le_bytes());
    member.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes());
    member
}

/// CRC-32 (ISO-HDLC). Bit by bit: it is a licence file.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

/// The end of a zip file (APPNOTE 4.3.16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    entries: u16,
    /// Where the directory stands.
    pub directory: Range<u64>,
    comment: Vec<u8>,
}

const END_BYTES: usize = 22;
/// Bytes of the end of a zip file that [`end_of`] wants to see.
pub const TAIL_BYTES: u64 = 22 + 0xffff;

/// Reads the end of a zip file of so many bytes.
pub fn end_of(tail: &[u8], size: u64) -> Result<End, Unfit> {
    let u16_at = |at: usize| tail.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]));
    let u32_at =
        |at: usize| tail.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    // The last place at which signature and length of the comment agree.
    let at = (0..=tail.len().checked_sub(END_BYTES).ok_or(Unfit::NotAnArchive)?)
        .rev()
        .find(|at| {
            tail[*at..].starts_with(b"PK\x05\x06")
                && u16_at(at + 20)
                    .is_some_and(|comment| at + END_BYTES + usize::from(comment) == tail.len())
        })
        .ok_or(Unfit::NotAnArchive)?;
    let read = || {
        Some((
            u16_at(at + 4)?,
            u16_at(at + 8)?,
            u16_at(at + 10)?,
            u32_at(at + 12)?,
            u32_at(at + 16)?,
        ))
    };
    let (disk, here, entries, length, start) = read().ok_or(Unfit::NotAnArchive)?;
    if entries == u16::MAX || start == u32::MAX || length == u32::MAX {
        return Err(Unfit::TooLarge);
    }
    let directory = u64::from(start)..u64::from(start) + u64::from(length);
    let end_starts = size.checked_sub((tail.len() - at) as u64).ok_or(Unfit::NotAnArchive)?;
    if disk != 0 || here != entries || directory.end != end_starts {
        return Err(Unfit::NotAnArchive);
    }
    if directory.end - directory.start > MOST_DIRECTORY {
        return Err(Unfit::TooLarge);
    }
    Ok(End { entries, directory, comment: tail[at + END_BYTES..].to_vec() })
}

/// A zip file with a file at `path`, by its end and the bytes of its directory.
pub fn zip(end: &End, directory: &[u8], path: &str, content: &[u8]) -> Result<Vec<Segment>, Unfit> {
    if names(directory).ok_or(Unfit::NotAnArchive)?.contains(&path.as_bytes()) {
        return Err(Unfit::Taken);
    }
    let too_large = |_| Unfit::TooLarge;
    let length = u32::try_from(content.len()).map_err(too_large)?;
    let name_length = u16::try_from(path.len()).map_err(too_large)?;
    let offset = u32::try_from(end.directory.start).map_err(too_large)?;
    // What both headers say: version 2.0, no flags, stored, 1980-01-01, sum and sizes (APPNOTE 4.3.7, 4.3.12).
    let mut facts = Vec::new();
    for number in [20_u16, 0, 0, 0, 0x21] {
        facts.extend_from_slice(&number.to_le_bytes());
    }
    for number in [crc32(content), length, length] {
        facts.extend_from_slice(&number.to_le_bytes());
    }
    facts.extend_from_slice(&name_length.to_le_bytes());
    facts.extend_from_slice(&[0, 0]);

    let local = [b"PK\x03\x04", &*facts, path.as_bytes(), content].concat();
    // Made on Unix; a plain file that everybody may read.
    let mut line = [b"PK\x01\x02", &[20, 3][..], &facts, &[0, 0, 0, 0, 0, 0]].concat();
    line.extend_from_slice(&(0o100_644_u32 << 16).to_le_bytes());
    line.extend_from_slice(&offset.to_le_bytes());
    line.extend_from_slice(path.as_bytes());

    let entries = end.entries.checked_add(1).filter(|n| *n < u16::MAX).ok_or(Unfit::TooLarge)?;
    let new_start = offset.checked_add(u32::try_from(local.len()).map_err(too_large)?);
    let new_length = u32::try_from(directory.len() + line.len()).map_err(too_large)?;
    let mut last = [line, b"PK\x05\x06\0\0\0\0".to_vec()].concat();
    last.extend_from_slice(&entries.to_le_bytes());
    last.extend_from_slice(&entries.to_le_bytes());
    last.extend_from_slice(&new_length.to_le_bytes());
    last.extend_from_slice(&new_start.ok_or(Unfit::TooLarge)?.to_le_bytes());
    let comment = u16::try_from(end.comment.len()).map_err(too_large)?;
    last.extend_from_slice(&comment.to_le_bytes());
    last.extend_from_slice(&end.comment);
    Ok(vec![
        Segment::Original(0..end.directory.start),
        Segment::Own(local),
        Segment::Original(end.directory.clone()),
        Segment::Own(last),
    ])
}

/// The names in the directory of a zip file; `None`: it is none.
fn names(directory: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut names, mut rest) = (Vec::new(), directory);
    while !rest.is_empty() {
        let u16_at =
            |at: usize| rest.get(at..at + 2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])));
        if !rest.starts_with(b"PK\x01\x02") {
            return None;
        }
        let (name, extra, comment) = (u16_at(28)?, u16_at(30)?, u16_at(32)?);
        names.push(rest.get(46..46 + name)?);
        rest = rest.get(46 + name + extra + comment..)?;
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_segments_is_cut_at_its_ends() {
        let own = |text: &'static str| Segment::Own(text.as_bytes().to_vec());
        let all = || vec![own("abc"), Segment::Original(10..20), own("xyz")];
        assert_eq!(clip(all(), &(0..16)), all());
        assert_eq!(clip(all(), &(2..4)), [own("c"), Segment::Original(10..11)]);
        assert_eq!(clip(all(), &(5..6)), [Segment::Original(12..13)]);
        assert_eq!(clip(all(), &(12..16)), [Segment::Original(19..20), own("xyz")]);
    }

    #[test]
    fn the_sum_is_that_of_the_standard() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn what_is_no_zip_file_is_told() {
        assert!(matches!(end_of(b"PK", 2), Err(Unfit::NotAnArchive)));
        assert!(matches!(end_of(&[0; 100], 100), Err(Unfit::NotAnArchive)));
        let mut empty = b"PK\x05\x06".to_vec();
        empty.resize(22, 0);
        assert!(end_of(&empty, 22).is_ok());
        assert!(matches!(end_of(&empty, 23), Err(Unfit::NotAnArchive)));
        empty[10] = 0xff;
        empty[11] = 0xff;
        assert!(matches!(end_of(&empty, 22), Err(Unfit::TooLarge)));
        assert_eq!(names(b"PK\x01\x02"), None);
        assert_eq!(names(b""), Some(Vec::new()));
    }
}
