//! Printing results: JSON for programs, tables for people.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write};

use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;
use serde::Serialize;

use crate::failure::Failure;

/// How results are printed.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    /// One result.
    pub(crate) fn one<T: Serialize>(
        self,
        value: &T,
        human: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        if self.json { self.line(&encode(value)?) } else { self.line(human(value).trim_end()) }
    }

    /// A list: one object a line, or a table.
    pub(crate) fn list<T: Serialize, const N: usize>(
        self,
        values: &[T],
        headings: [&str; N],
        row: impl Fn(&T) -> [String; N],
    ) -> Result<(), Failure> {
        if self.json {
            return values.iter().try_for_each(|value| self.line(&encode(value)?));
        }
        if values.is_empty() {
            note("none");
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(headings);
        for value in values {
            table.add_row(row(value));
        }
        self.line(&table.trim_fmt())
    }

    /// A piece of a document on stdout; `false` where its reader has seen enough (`| head`).
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<bool, Failure> {
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(Failure::undone(
                format!("the result could not be printed: {error}"),
                "check where stdout goes",
            )),
            Ok(()) => Ok(true),
        }
    }

    /// A line on stdout. A reader that has seen enough (`| head`) is no failure.
    pub(crate) fn line(self, line: &str) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        match writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::undone(
                format!("the result could not be printed: {error}"),
                "check where stdout goes",
            )),
            _ => Ok(()),
        }
    }
}

/// A message for people, on stderr.
pub(crate) fn note(message: &str) {
    // Nobody is left to tell where stderr is closed.
    let _ = writeln!(std::io::stderr().lock(), "{message}");
}

/// Says where a list goes on that was longer than asked for.
pub(crate) fn more(next: Option<&str>) {
    if let Some(next) = next {
        note(&format!("there may be more: --after {next}"));
    }
}

/// Lines `name  value`, aligned.
pub(crate) fn facts(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    facts.iter().fold(String::new(), |mut text, (name, value)| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:width$}  {value}");
        text
    })
}

/// A number, or `unlimited`.
pub(crate) fn limit<T: ToString>(limit: Option<&T>) -> String {
    limit.map_or_else(|| "unlimited".to_owned(), ToString::to_string)
}

/// A time, or the word for its absence.
pub(crate) fn time(at: Option<Timestamp>, absent: &str) -> String {
    at.map_or_else(|| absent.to_owned(), |at| at.to_string())
}

fn encode<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|e| {
        Failure::undone(
            format!("the result could not be written as JSON: {e}"),
            "report this defect",
        )
    })
}
