//! TOML values that know where they stand, read into numbers, words and durations.

use std::fmt::Display;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::CatalogError;

/// Largest number that every reader of JSON keeps exact (RFC 8259 section 6).
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// The text, to turn an offset into line and column.
#[derive(Clone, Copy)]
pub(super) struct Source<'a>(&'a str);

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text)
    }

    pub(super) fn parse(self) -> Result<Spanned<DeTable<'a>>, CatalogError> {
        DeTable::parse(self.0).map_err(|error| {
            let at = error.span().map_or(self.0.len(), |span| span.start);
            self.error(at, String::new(), error.message().lines().collect::<Vec<_>>().join(", "))
        })
    }

    fn error(self, at: usize, field: String, message: String) -> CatalogError {
        let before = self.0.get(..at).unwrap_or(self.0);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        CatalogError {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            field,
            message,
        }
    }
}

/// A table whose keys are all known.
pub(super) struct Table<'a> {
    source: Source<'a>,
    /// What errors call it, e.g. `[[plan]] "pro"`; empty for the whole text.
    place: String,
    start: usize,
    entries: &'a DeTable<'a>,
}

impl<'a> Table<'a> {
    /// The whole text.
    pub(super) fn top(
        source: Source<'a>,
        root: &'a Spanned<DeTable<'a>>,
        known: &[&str],
    ) -> Result<Self, CatalogError> {
        Self { source, place: String::new(), start: source.0.len(), entries: root.get_ref() }
            .knowing(known)
    }

    /// Refuses a key that is not in the list.
    fn knowing(self, known: &[&str]) -> Result<Self, CatalogError> {
        let unknown =
            self.entries.iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref()));
        match unknown.min_by_key(|(key, _)| key.span().start) {
            None => Ok(self),
            Some((key, _)) => {
                let field = field_name(&self.place, key.get_ref());
                let message = format!("unknown key; known here: {}", known.join(", "));
                Err(self.source.error(key.span().start, field, message))
            }
        }
    }

    pub(super) fn field(&self, key: &str) -> Option<Field<'a>> {
        let value = self.entries.get(key)?;
        Some(Field {
            source: self.source,
            place: self.place.clone(),
            path: key.to_owned(),
            span: value.span(),
            value: value.get_ref(),
        })
    }

    pub(super) fn require(&self, key: &str) -> Result<Field<'a>, CatalogError> {
        self.field(key).ok_or_else(|| self.error(key, "missing"))
    }

    /// A mistake in what is not there: told where the table begins.
    pub(super) fn error(&self, key: &str, message: &str) -> CatalogError {
        self.source.error(self.start, field_name(&self.place, key), message.to_owned())
    }
}

/// A value and its name.
pub(super) struct Field<'a> {
    source: Source<'a>,
    place: String,
    path: String,
    span: Range<usize>,
    value: &'a DeValue<'a>,
}

impl<'a> Field<'a> {
    pub(super) fn error(&self, message: &str) -> CatalogError {
        self.source.error(self.span.start, field_name(&self.place, &self.path), message.to_owned())
    }

    /// Says what belongs here and what stands here.
    pub(super) fn expected(&self, what: &str) -> CatalogError {
        let found = match self.value {
            DeValue::String(text) => format!("{:?}", text.as_ref()),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(_) => "a number with a decimal point".into(),
            DeValue::Boolean(value) => value.to_string(),
            DeValue::Datetime(_) => "a date".into(),
            DeValue::Array(_) => "a list".into(),
            DeValue::Table(_) => "a table".into(),
        };
        self.error(&format!("expected {what}, found {found}"))
    }

    pub(super) fn string(&self) -> Result<&'a str, CatalogError> {
        self.value.as_str().ok_or_else(|| self.expected("a text in quotes"))
    }

    pub(super) fn flag(&self) -> Result<bool, CatalogError> {
        self.value.as_bool().ok_or_else(|| self.expected("true or false"))
    }

    pub(super) fn number<T: TryFrom<u64>>(&self) -> Result<T, CatalogError> {
        self.number_as("a whole number from 0 on")
    }

    /// `None` is unlimited.
    pub(super) fn number_or_unlimited<T: TryFrom<u64>>(&self) -> Result<Option<T>, CatalogError> {
        if self.value.as_str() == Some("unlimited") {
            return Ok(None);
        }
        self.number_as("a whole number from 0 on or \"unlimited\"").map(Some)
    }

    fn number_as<T: TryFrom<u64>>(&self, expected: &str) -> Result<T, CatalogError> {
        let integer = self.value.as_integer().ok_or_else(|| self.expected(expected))?;
        if integer.as_str().starts_with('-') {
            return Err(self.expected(expected));
        }
        u64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .filter(|number| *number <= MAX_NUMBER)
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| self.error("the number is too large"))
    }

    /// Seconds, from a text such as `90s`, `15m`, `24h` or `30d`.
    pub(super) fn duration_s(&self) -> Result<u32, CatalogError> {
        let expected = || self.expected("a duration such as \"90s\", \"15m\", \"24h\" or \"30d\"");
        let text = self.value.as_str().ok_or_else(expected)?;
        let unit = match text.bytes().last() {
            Some(b's') => 1,
            Some(b'm') => 60,
            Some(b'h') => 60 * 60,
            Some(b'd') => 24 * 60 * 60,
            _ => return Err(expected()),
        };
        let digits = &text[..text.len() - 1];
        if digits.is_empty()
            || !digits.bytes().all(|b| b.is_ascii_digit())
            || digits.bytes().all(|b| b == b'0')
        {
            return Err(expected());
        }
        digits
            .parse::<u32>()
            .ok()
            .and_then(|number| number.checked_mul(unit))
            .ok_or_else(|| self.error("the duration is too long"))
    }

    /// One of the words of an enum.
    pub(super) fn word<T: Copy + Display>(&self, words: &[T]) -> Result<T, CatalogError> {
        let found = self.value.as_str();
        words.iter().find(|word| found == Some(word.to_string().as_str())).copied().ok_or_else(
            || {
                let words: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
                self.expected(&words.join(" or "))
            },
        )
    }

    /// The items of a list, named `features[0]` and so on.
    pub(super) fn items(&self) -> Result<Vec<Field<'a>>, CatalogError> {
        let list = self.value.as_array().ok_or_else(|| self.expected("a list in brackets"))?;
        Ok(list
            .iter()
            .enumerate()
            .map(|(index, item)| self.inner(format!("{}[{index}]", self.path), item))
            .collect())
    }

    /// The entries of a table whose keys are free, in the order of the text.
    pub(super) fn entries(&self) -> Result<Vec<(&'a str, Field<'a>)>, CatalogError> {
        let table = self.value.as_table().ok_or_else(|| self.expected("a table in braces"))?;
        let mut entries: Vec<_> = table
            .iter()
            .map(|(key, value)| {
                (
                    key.get_ref().as_ref(),
                    self.inner(format!("{}.{}", self.path, key.get_ref()), value),
                )
            })
            .collect();
        entries.sort_by_key(|(_, value)| value.span.start);
        Ok(entries)
    }

    pub(super) fn table(&self, place: String, known: &[&str]) -> Result<Table<'a>, CatalogError> {
        let entries = self.value.as_table().ok_or_else(|| self.expected("a table"))?;
        Table { source: self.source, place, start: self.span.start, entries }.knowing(known)
    }

    /// The tables of a list `[[name]]`, each called by the text under `key`, or else by its number.
    pub(super) fn tables(
        &self,
        name: &str,
        key: &str,
        known: &[&str],
    ) -> Result<Vec<Table<'a>>, CatalogError> {
        let header = format!("[[{name}]]");
        let list = self
            .value
            .as_array()
            .ok_or_else(|| self.expected(&format!("tables headed {header}")))?;
        list.iter()
            .enumerate()
            .map(|(index, item)| {
                let place = match item.get_ref().get(key).and_then(|value| value.get_ref().as_str())
                {
                    Some(text) => format!("{header} {text:?}"),
                    None => format!("{header} {}", index + 1),
                };
                self.inner(self.path.clone(), item).table(place, known)
            })
            .collect()
    }

    fn inner(&self, path: String, value: &'a Spanned<DeValue<'a>>) -> Field<'a> {
        Field {
            source: self.source,
            place: self.place.clone(),
            path,
            span: value.span(),
            value: value.get_ref(),
        }
    }
}

fn field_name(place: &str, path: &str) -> String {
    if place.is_empty() { path.to_owned() } else { format!("{place}: {path}") }
}
