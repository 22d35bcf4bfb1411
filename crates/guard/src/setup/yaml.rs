//! One section of a YAML configuration, changed in place: every byte that is not one of its values stays.
//!
//! It reads no more of YAML than it has to: where the section begins and ends, and which lines belong to a key of it.
//! What it cannot be sure of it refuses, and changes nothing.

use std::fmt::Write;
use std::ops::Range;

/// A value that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(u64),
    List(Vec<String>),
}

/// Why a configuration is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum YamlError {
    /// The whole file is no mapping of keys in block style.
    #[error("the file is not a list of `key: value` lines (line {line})")]
    NotAMapping {
        /// Where.
        line: usize,
    },
    /// The section is written in a style that is not changed safely.
    #[error("the section `{section}` is not written as indented lines (line {line})")]
    Style {
        /// Which.
        section: String,
        /// Where.
        line: usize,
    },
    /// The section is there twice.
    #[error("the section `{section}` is there twice (line {line})")]
    Twice {
        /// Which.
        section: String,
        /// Where the second one is.
        line: usize,
    },
}

/// Whether the text has the section.
pub(super) fn has(text: &str, section: &str) -> Result<bool, YamlError> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    Ok(Section::find(&lines, section)?.is_some())
}

/// The text with these values in its section, which is made where it is missing.
pub(super) fn set(
    text: &str,
    section: &str,
    values: &[(&str, Value)],
) -> Result<String, YamlError> {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let found = {
        let all: Vec<&str> = lines.iter().map(String::as_str).collect();
        Section::find(&all, section)?
    };
    let Some(mut at) = found else {
        return Ok(appended(text, section, values, newline));
    };
    if at.is_empty_flow {
        let head = &lines[at.head];
        lines[at.head] = format!("{}:{}{newline}", written_key(head), comment_of(head));
    }
    for (key, value) in values {
        let indent = at.indent.clone();
        match at.key(&lines, key) {
            Some(range) => {
                let old = lines[range.start].clone();
                if range.len() == 1 && is_same(&old, value) {
                    continue;
                }
                let new = rendered(&indent, written_key(&old), value, &comment_of(&old), newline);
                let change = (range.len(), new.len());
                lines.splice(range, new);
                at.end = at.end - change.0 + change.1;
            }
            None => {
                if let Some(last) = lines[..at.end].last_mut()
                    && !last.ends_with('\n')
                {
                    last.push_str(newline);
                }
                let new = rendered(&indent, key, value, "", newline);
                let count = new.len();
                lines.splice(at.end..at.end, new);
                at.end += count;
            }
        }
    }
    Ok(lines.concat())
}

/// Where a section is: its head, and its own lines up to the last that holds something.
struct Section {
    head: usize,
    end: usize,
    indent: String,
    is_empty_flow: bool,
}

impl Section {
    fn find(lines: &[&str], section: &str) -> Result<Option<Self>, YamlError> {
        let mut found: Option<Self> = None;
        for (at, line) in lines.iter().enumerate() {
            let bare = line.trim_end();
            if bare.is_empty() || bare.starts_with([' ', '\t', '#', '%']) || is_marker(bare) {
                continue;
            }
            // An item of a list that belongs to the key above may stand at the margin, too.
            if bare == "-" || bare.starts_with("- ") {
                if at == 0 || !lines[..at].iter().any(|line| key_of(line).is_some()) {
                    return Err(YamlError::NotAMapping { line: at + 1 });
                }
                continue;
            }
            let Some(key) = key_of(line) else {
                // What closes a collection that was opened further up.
                if bare.starts_with(['}', ']']) {
                    continue;
                }
                return Err(YamlError::NotAMapping { line: at + 1 });
            };
            if key != section {
                continue;
            }
            if found.is_some() {
                return Err(YamlError::Twice { section: section.to_owned(), line: at + 1 });
            }
            found = Some(Self::at(lines, at, section)?);
        }
        Ok(found)
    }

    fn at(lines: &[&str], head: usize, section: &str) -> Result<Self, YamlError> {
        let style = |line: usize| YamlError::Style { section: section.to_owned(), line: line + 1 };
        let value = value_of(lines[head]);
        let is_empty_flow = matches!(value, "{}" | "~" | "null");
        if !value.is_empty() && !is_empty_flow {
            return Err(style(head));
        }
        let (mut end, mut indent) = (head + 1, None::<String>);
        for (at, line) in lines.iter().enumerate().skip(head + 1) {
            let bare = line.trim_end();
            if bare.is_empty() || bare.trim_start().starts_with('#') {
                continue;
            }
            let blank = &bare[..bare.len() - bare.trim_start().len()];
            if blank.is_empty() {
                if bare.starts_with("- ") {
                    return Err(style(at));
                }
                break;
            }
            if blank.contains('\t') || is_empty_flow {
                return Err(style(at));
            }
            let own = indent.get_or_insert_with(|| blank.to_owned());
            if blank.len() < own.len()
                || (blank == own
                    && key_of(bare.trim_start()).is_none()
                    && !bare.trim_start().starts_with("- "))
            {
                return Err(style(at));
            }
            end = at + 1;
        }
        let indent = indent.unwrap_or_else(|| "  ".to_owned());
        Ok(Self { head, end, indent, is_empty_flow })
    }

    /// The lines of a key.
    fn key(&self, lines: &[String], key: &str) -> Option<Range<usize>> {
        let own = |line: &str| {
            let rest = line.strip_prefix(self.indent.as_str())?;
            (!rest.starts_with([' ', '-', '#'])).then(|| key_of(rest)).flatten().map(str::to_owned)
        };
        let start =
            (self.head + 1..self.end).find(|at| own(&lines[*at]).as_deref() == Some(key))?;
        let next = (start + 1..self.end).find(|at| own(&lines[*at]).is_some()).unwrap_or(self.end);
        // Comments and blank lines before the next key are that one's.
        let belongs = |line: &str| {
            let bare = line.trim();
            !bare.is_empty() && !bare.starts_with('#')
        };
        let last = (start..next).rev().find(|at| belongs(&lines[*at])).unwrap_or(start);
        Some(start..last + 1)
    }
}

fn is_marker(line: &str) -> bool {
    matches!(line, "---" | "...") || line.starts_with("--- ")
}

/// The key of a line that begins with one.
fn key_of(line: &str) -> Option<&str> {
    let line = line.trim_end();
    let (key, rest) = match line.strip_prefix(['"', '\'']) {
        Some(quoted) => quoted.split_once(line.chars().next()?)?,
        None => {
            let at = line
                .find(':')
                .filter(|_| !line.starts_with(['{', '[', '&', '*', '!', '|', '>', '?']))?;
            (line[..at].trim_end(), &line[at..])
        }
    };
    let rest = rest.trim_start().strip_prefix(':')?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some(key)
}

/// The key as it is written, quotes and all.
fn written_key(line: &str) -> &str {
    let line = line.trim();
    let key = key_of(line).unwrap_or_default();
    let quoted = line.starts_with(['"', '\'']);
    &line[..key.len() + if quoted { 2 } else { 0 }]
}

/// What stands behind the key, without a comment.
fn value_of(line: &str) -> &str {
    let line = line.trim();
    let rest = &line[written_key(line).len()..];
    let rest = rest.trim_start().strip_prefix(':').unwrap_or_default();
    rest[..comment_at(rest).unwrap_or(rest.len())].trim()
}

/// The comment behind a value, with the blanks before it.
fn comment_of(line: &str) -> String {
    let line = line.trim_end();
    match comment_at(line) {
        Some(at) => {
            let value = line[..at].trim_end();
            line[value.len()..].to_owned()
        }
        None => String::new(),
    }
}

/// Where a comment begins: at a `#` after a blank and outside quotes.
fn comment_at(text: &str) -> Option<usize> {
    let (mut quote, mut before, mut escaped) = (None, ' ', false);
    for (at, c) in text.char_indices() {
        match quote {
            Some('"') if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '#' && before.is_whitespace() => return Some(at),
            None if matches!(c, '"' | '\'') && (before.is_whitespace() || before == ':') => {
                quote = Some(c);
            }
            None => {}
        }
        before = c;
    }
    None
}

/// Whether a line says this already, in whatever spelling.
fn is_same(line: &str, value: &Value) -> bool {
    let written = value_of(line);
    match value {
        Value::Number(number) => written == number.to_string(),
        Value::List(items) => items.is_empty() && written == "[]",
        Value::Text(text) => {
            let single = written.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            written == quoted(text)
                || single.is_some_and(|inner| inner.replace("''", "'") == *text)
                || (written == text && is_plain(text))
        }
    }
}

/// A word that means itself without quotes: a key, an address, a time.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:@+".contains(c))
        && !text.ends_with(':')
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off"
        )
}

fn rendered(indent: &str, key: &str, value: &Value, comment: &str, newline: &str) -> Vec<String> {
    match value {
        Value::Text(text) => vec![format!("{indent}{key}: {}{comment}{newline}", quoted(text))],
        Value::Number(number) => vec![format!("{indent}{key}: {number}{comment}{newline}")],
        Value::List(items) if items.is_empty() => {
            vec![format!("{indent}{key}: []{comment}{newline}")]
        }
        Value::List(items) => {
            let head = format!("{indent}{key}:{comment}{newline}");
            let item = |item: &String| format!("{indent}{indent}- {}{newline}", quoted(item));
            [head].into_iter().chain(items.iter().map(item)).collect()
        }
    }
}

fn appended(text: &str, section: &str, values: &[(&str, Value)], newline: &str) -> String {
    let mut text = text.to_owned();
    if !text.is_empty() {
        if !text.ends_with('\n') {
            text.push_str(newline);
        }
        if !text.ends_with(&format!("{newline}{newline}")) {
            text.push_str(newline);
        }
    }
    // Writing into a string does not fail.
    let _ = write!(text, "{section}:{newline}");
    for (key, value) in values {
        text.extend(rendered("  ", key, value, "", newline));
    }
    text
}

/// In double quotes, as JSON and YAML alike read it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
