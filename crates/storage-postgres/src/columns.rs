//! Reading rows: every value is checked, and one that makes no sense is named by table, column and row.

use std::error::Error;
use std::str::FromStr;

use licentia_storage::{Result, StorageError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};
use uuid::Uuid;

/// A row of a table; its first column is its key.
pub(crate) struct Columns<'r> {
    table: &'static str,
    row: &'r Row,
}

impl<'r> Columns<'r> {
    pub(crate) fn new(table: &'static str, row: &'r Row) -> Self {
        Self { table, row }
    }

    /// A value as PostgreSQL has it: integer, truth, text, bytes.
    pub(crate) fn plain<T: FromSql<'r>>(&self, column: &'static str) -> Result<T> {
        self.row.try_get(column).map_err(|error| {
            if self.row.columns().iter().any(|known| known.name() == column) {
                self.corrupt(column)
            } else {
                StorageError::Internal(error.to_string())
            }
        })
    }

    /// An integer of a narrower or unsigned type.
    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T> {
        T::try_from(self.plain(column)?).map_err(|_| self.corrupt(column))
    }

    /// Yes or no.
    pub(crate) fn flag(&self, column: &'static str) -> Result<bool> {
        self.plain(column)
    }

    /// A UUID.
    pub(crate) fn uuid(&self, column: &'static str) -> Result<Uuid> {
        self.plain(column)
    }

    /// Text that parses.
    pub(crate) fn word<T: FromStr>(&self, column: &'static str) -> Result<T> {
        self.plain::<&str>(column)?.parse().map_err(|_| self.corrupt(column))
    }

    /// A hash of 32 bytes.
    pub(crate) fn hash(&self, column: &'static str) -> Result<[u8; 32]> {
        self.plain::<&[u8]>(column)?.try_into().map_err(|_| self.corrupt(column))
    }

    /// A list or map as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        serde_json::from_str(self.plain(column)?).map_err(|_| self.corrupt(column))
    }

    /// `None` where the column is null, else what `read` makes of it.
    pub(crate) fn optional<T>(
        &self,
        column: &'static str,
        read: impl FnOnce(&Self, &'static str) -> Result<T>,
    ) -> Result<Option<T>> {
        match self.plain::<Option<Anything>>(column)? {
            None => Ok(None),
            Some(Anything) => read(self, column).map(Some),
        }
    }

    pub(crate) fn corrupt(&self, column: &'static str) -> StorageError {
        let text = self.row.try_get::<_, String>(0);
        let number = || self.row.try_get::<_, i64>(0).map(|number| number.to_string());
        let id = || self.row.try_get::<_, Uuid>(0).map(|id| id.to_string());
        let row = text.or_else(|_| number()).or_else(|_| id());
        let row = row.unwrap_or_else(|_| "unknown".to_owned());
        StorageError::Corrupt { table: self.table, column, row }
    }
}

/// A value that is there, of whatever type.
struct Anything;

impl<'a> FromSql<'a> for Anything {
    fn from_sql(_: &Type, _: &'a [u8]) -> std::result::Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A list or map as JSON.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StorageError::Internal(error.to_string()))
}

/// An unsigned number as the database's signed one.
pub(crate) fn signed(number: u64) -> Result<i64> {
    i64::try_from(number)
        .map_err(|_| StorageError::Internal(format!("{number} is too large to store")))
}
