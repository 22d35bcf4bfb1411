//! Reading rows: every value is checked, and one that makes no sense is named by table, column and row.

use std::cell::Cell;
use std::str::FromStr;

use licentia_storage::{Result, StorageError};
use rusqlite::Row;
use rusqlite::types::{FromSql, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::error::storage_error;

/// A row of a table; its first column is its key.
pub(crate) struct Columns<'r> {
    table: &'static str,
    row: &'r Row<'r>,
    /// Behind the column that was read last.
    next: Cell<usize>,
}

impl<'r> Columns<'r> {
    pub(crate) fn new(table: &'static str, row: &'r Row<'r>) -> Self {
        Self { table, row, next: Cell::new(0) }
    }

    /// The place of a column. A row is mostly read in the order of its table, so the search begins where the last
    /// one ended: names are compared a few times a row and not with every column before each.
    fn place(&self, column: &'static str) -> Result<usize> {
        let statement = self.row.as_ref();
        let (next, count) = (self.next.get(), statement.column_count());
        for place in (next..count).chain(0..next.min(count)) {
            if statement.column_name(place).map_err(storage_error)? == column {
                self.next.set(place + 1);
                return Ok(place);
            }
        }
        Err(StorageError::Internal(format!("there is no column {column} in {}", self.table)))
    }

    /// A value as SQLite has it: integer, text, bytes.
    pub(crate) fn plain<T: FromSql>(&self, column: &'static str) -> Result<T> {
        self.row.get(self.place(column)?).map_err(|_| self.corrupt(column))
    }

    /// An integer of a narrower or unsigned type.
    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T> {
        T::try_from(self.plain(column)?).map_err(|_| self.corrupt(column))
    }

    /// 0 or 1.
    pub(crate) fn flag(&self, column: &'static str) -> Result<bool> {
        match self.plain::<i64>(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.corrupt(column)),
        }
    }

    /// A UUID as text.
    pub(crate) fn uuid(&self, column: &'static str) -> Result<Uuid> {
        self.word(column)
    }

    /// Text that parses.
    pub(crate) fn word<T: FromStr>(&self, column: &'static str) -> Result<T> {
        let text = self.row.get_ref(self.place(column)?).map_err(storage_error)?;
        let word = text.as_str().ok().and_then(|text| text.parse().ok());
        word.ok_or_else(|| self.corrupt(column))
    }

    /// A hash of 32 bytes.
    pub(crate) fn hash(&self, column: &'static str) -> Result<[u8; 32]> {
        self.plain(column)
    }

    /// A list or map as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        serde_json::from_str(&self.plain::<String>(column)?).map_err(|_| self.corrupt(column))
    }

    /// `None` where the column is null, else what `read` makes of it.
    pub(crate) fn optional<T>(
        &self,
        column: &'static str,
        read: impl FnOnce(&Self, &'static str) -> Result<T>,
    ) -> Result<Option<T>> {
        match self.row.get_ref(self.place(column)?).map_err(storage_error)? {
            ValueRef::Null => Ok(None),
            _ => read(self, column).map(Some),
        }
    }

    pub(crate) fn corrupt(&self, column: &'static str) -> StorageError {
        let row = match self.row.get_ref(0) {
            Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
            Ok(ValueRef::Integer(number)) => number.to_string(),
            _ => "unknown".to_owned(),
        };
        StorageError::Corrupt { table: self.table, column, row }
    }
}

/// A list or map as JSON.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StorageError::Internal(error.to_string()))
}

/// An unsigned number as SQLite's signed one.
pub(crate) fn signed(number: u64) -> Result<i64> {
    i64::try_from(number)
        .map_err(|_| StorageError::Internal(format!("{number} is too large to store")))
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_value_that_makes_no_sense_is_named() {
        let connection = Connection::open_in_memory().unwrap();
        let sql = "SELECT 'k1' AS id, -1 AS negative, 'x' AS word, x'00' AS hash, 2 AS flag, NULL AS blank";
        let mut statement = connection.prepare(sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        let columns = Columns::new("things", rows.next().unwrap().unwrap());
        let corrupt = |column| StorageError::Corrupt { table: "things", column, row: "k1".into() };
        assert_eq!(columns.number::<u64>("negative"), Err(corrupt("negative")));
        assert_eq!(columns.uuid("word"), Err(corrupt("word")));
        assert_eq!(columns.json::<Vec<String>>("word"), Err(corrupt("word")));
        assert_eq!(columns.hash("hash"), Err(corrupt("hash")));
        assert_eq!(columns.flag("flag"), Err(corrupt("flag")));
        assert_eq!(columns.plain::<i64>("blank"), Err(corrupt("blank")));
        assert_eq!(columns.optional("blank", Columns::plain::<i64>), Ok(None));
        assert_eq!(columns.optional("negative", Columns::number::<u32>), Err(corrupt("negative")));
        assert!(matches!(columns.plain::<i64>("absent"), Err(StorageError::Internal(_))));
        assert!(signed(u64::MAX).is_err());
    }
}
