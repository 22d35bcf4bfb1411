//! Comma-separated values (RFC 4180), a record at a time.

use std::io::BufRead;

/// Longest record, in bytes.
const LONGEST: usize = 64 * 1024;

/// The records of a file, each with the line it begins on.
pub(crate) struct Records<R> {
    source: R,
    line: usize,
}

impl<R: BufRead> Records<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, line: 0 }
    }

    /// One line more of the record, its end included; whether there was one.
    fn more(&mut self, record: &mut Vec<u8>) -> Result<bool, String> {
        let before = record.len();
        let read = self.source.read_until(b'\n', record).map_err(|e| e.to_string())?;
        if record.len() > LONGEST {
            return Err(format!("line {}: it is longer than 64 KiB", self.line + 1));
        }
        self.line += usize::from(read > 0);
        Ok(record.len() > before)
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<(usize, Vec<String>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut record = Vec::new();
            match self.more(&mut record) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(e) => return Some(Err(e)),
            }
            let begun = self.line;
            // A quoted cell may hold the end of a line.
            while record.iter().filter(|byte| **byte == b'"').count() % 2 == 1 {
                match self.more(&mut record) {
                    Ok(true) => {}
                    Ok(false) => {
                        return Some(Err(format!("line {begun}: a quote is never closed")));
                    }
                    Err(e) => return Some(Err(e)),
                }
            }
            let record = if begun == 1 {
                record.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&record).to_vec()
            } else {
                record
            };
            let Ok(text) = String::from_utf8(record) else {
                return Some(Err(format!("line {begun}: it is not UTF-8")));
            };
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            if text.trim().is_empty() {
                continue;
            }
            return Some(
                cells(text).map(|cells| (begun, cells)).map_err(|e| format!("line {begun}: {e}")),
            );
        }
    }
}

fn cells(text: &str) -> Result<Vec<String>, String> {
    let mut cells = Vec::new();
    let mut rest = text;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut cell = String::new();
            let mut inner = quoted;
            let after = loop {
                let (part, behind) = inner.split_once('"').ok_or("a quote is never closed")?;
                cell.push_str(part);
                match behind.strip_prefix('"') {
                    Some(more) => {
                        cell.push('"');
                        inner = more;
                    }
                    None => break behind,
                }
            };
            cells.push(cell);
            match after.strip_prefix(',') {
                Some(next) => rest = next,
                None if after.is_empty() => return Ok(cells),
                None => return Err("something follows a closing quote".into()),
            }
        } else if let Some((cell, next)) = rest.split_once(',') {
            if cell.contains('"') {
                return Err("a quote within a cell that is not quoted".into());
            }
            cells.push(cell.to_owned());
            rest = next;
        } else {
            if rest.contains('"') {
                return Err("a quote within a cell that is not quoted".into());
            }
            cells.push(rest.to_owned());
            return Ok(cells);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<(usize, Vec<String>), String>> {
        Records::new(text.as_bytes()).collect()
    }

    #[test]
    fn records_are_read_as_rfc_4180_writes_them() {
        let text =
            "\u{feff}email,name\r\na@b.c,\"Lovelace, Ada\"\n\n\"x\"\"y\",\"two\nlines\"\nlast,";
        let wanted: Vec<_> = [
            (1, ["email", "name"]),
            (2, ["a@b.c", "Lovelace, Ada"]),
            (4, ["x\"y", "two\nlines"]),
            (6, ["last", ""]),
        ]
        .map(|(line, cells)| Ok((line, cells.map(str::to_owned).to_vec())))
        .into();
        assert_eq!(read(text), wanted);
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        for (text, line) in
            [("a\n\"b", "line 2"), ("a\nb\n\"c\"d", "line 3"), ("a,b\"c\"", "line 1")]
        {
            let error = read(text).into_iter().find_map(Result::err).unwrap_or_default();
            assert!(error.starts_with(line), "{text:?}: {error}");
        }
        assert!(read(&"x".repeat(70_000))[0].is_err());
    }
}
