//! `revocations.txt`: a key id a line, and after `#` what people want to remember. Any system that can write a file can
//! revoke; so a line that makes no sense is told by its number, and hides none of the others.

/// Longest file that is read, in bytes.
pub const MAX_TEXT_BYTES: usize = 16 * 1024 * 1024;
/// Longest key id.
pub(crate) const MAX_ID: usize = 200;
/// What is kept of a comment, in characters.
const MAX_COMMENT: usize = 500;

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    /// Key ids, each once, in the order of the file.
    pub lines: Vec<Line>,
    /// Lines that make no sense.
    pub bad: Vec<BadLine>,
}

/// A line that revokes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// The key, or the licence.
    pub key_id: String,
    /// What follows the `#`.
    pub comment: Option<String>,
}

/// A line that does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub number: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Line {
    /// The public code of the reason: the comment's first word where it is one of them.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        let word = self.comment.as_deref().and_then(|text| {
            text.split(|c: char| !c.is_ascii_alphabetic()).find(|word| !word.is_empty())
        });
        licentia_model::public_reason(word.map(str::to_ascii_lowercase).as_deref())
    }
}

/// Reads a file.
#[must_use]
pub fn read(bytes: &[u8]) -> Lines {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut found = Lines::default();
    let mut seen = std::collections::HashSet::new();
    // An old Mac's file has one line for all others.
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let number = at + 1;
        match read_line(line) {
            Ok(None) => {}
            Ok(Some((key_id, comment))) => {
                if seen.insert(key_id.to_owned()) {
                    let key_id = key_id.to_owned();
                    found.lines.push(Line { number, key_id, comment });
                }
            }
            Err(problem) => found.bad.push(BadLine { number, problem }),
        }
    }
    found
}

fn read_line(line: &[u8]) -> Result<Option<(&str, Option<String>)>, &'static str> {
    // What is wrong in a comment must not un-revoke the key before it.
    let at = line.iter().position(|byte| *byte == b'#').unwrap_or(line.len());
    let (id, rest) = line.split_at(at);
    let id = std::str::from_utf8(id).map_err(|_| "the key id is not text")?.trim();
    let comment: String = String::from_utf8_lossy(rest.strip_prefix(b"#").unwrap_or_default())
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_COMMENT)
        .collect();
    if id.is_empty() {
        return Ok(None);
    }
    check_id(id)?;
    Ok(Some((id, Some(comment).filter(|comment| !comment.is_empty()))))
}

/// Whether a text can be a key id.
pub(crate) fn check_id(id: &str) -> Result<(), &'static str> {
    if id.len() > MAX_ID {
        Err("the key id is longer than 200 characters")
    } else if id.contains(char::is_whitespace) {
        Err("there are words behind the key id that are not behind a `#`")
    } else if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        Err("the key id has characters that no key id has")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v2_a_key_id_a_line_with_or_without_a_comment() {
        let text = "\u{feff}daS7y8sioiecYy # 2015-03-31 12:31 (key posted online)\r\n\r\n  b#leaked: by mail\n\
                    # only a comment\n\t\nc\t#\nb # again\nlast";
        let read = read(text.as_bytes());
        let lines: Vec<_> = read
            .lines
            .iter()
            .map(|l| (l.number, &*l.key_id, l.comment.as_deref(), l.reason()))
            .collect();
        assert_eq!(
            lines,
            [
                (1, "daS7y8sioiecYy", Some("2015-03-31 12:31 (key posted online)"), "other"),
                (3, "b", Some("leaked: by mail"), "leaked"),
                (6, "c", None, "other"),
                (8, "last", None, "other"),
            ]
        );
        assert_eq!(read.bad, []);
    }

    #[test]
    fn v2_a_bad_line_is_told_by_its_number_and_hides_no_other() {
        let long = "x".repeat(201);
        let mut text =
            b"good\ntwo words\nstill good # \xff\xff\nstill-good # \xff\xff\n\xffbad\n".to_vec();
        text.extend_from_slice(format!("k\u{fc}y\nnul\0id\n{long}\nlast").as_bytes());
        let read = read(&text);
        let ids: Vec<_> = read.lines.iter().map(|line| &*line.key_id).collect();
        assert_eq!(ids, ["good", "still-good", "last"]);
        let bad: Vec<_> = read.bad.iter().map(|bad| bad.number).collect();
        assert_eq!(bad, [2, 3, 5, 6, 7, 8]);
        assert_eq!(super::read(b""), Lines::default());
    }

    #[test]
    fn many_lines_are_read_in_linear_time() {
        let text: String = (0..200_000).map(|n| format!("key-{n} # {n}\n")).collect();
        assert_eq!(read(text.as_bytes()).lines.len(), 200_000);
    }
}
