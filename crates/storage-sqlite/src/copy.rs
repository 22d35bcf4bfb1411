//! The tables as they are, for a copy into another database.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use licentia_storage::copy::{Cell, Copyable, Start, Table};
use licentia_storage::{Result, StorageError};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};

use crate::connect;
use crate::error::storage_error;
use crate::store::Options;

const TABLES: &str = "
    SELECT name FROM sqlite_schema
    WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'refinery_schema_history'
    ORDER BY rowid";
const COLUMNS: &str = "SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid";
const LAST_NUMBER: &str = "
    SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?1), 0) FROM sqlite_schema
    WHERE type = 'table' AND name = ?1 AND sql LIKE '%AUTOINCREMENT%'";

/// A database that nobody else writes to as long as this value lives.
pub struct SqliteTables {
    connection: Mutex<Connection>,
}

impl SqliteTables {
    /// Opens one that is there.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Err(StorageError::Unavailable(format!("{} is not there", path.display())));
        }
        Self::create(path)
    }

    /// Opens one, or makes it.
    pub fn create(path: &Path) -> Result<Self> {
        let connection = connect::open(path, &Options::default())?;
        // One transaction a page would let others in between.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(storage_error)?;
        connection.execute_batch("BEGIN IMMEDIATE; COMMIT").map_err(storage_error)?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn query<T>(
        &self,
        sql: &str,
        params: &[Cell],
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(sql).map_err(storage_error)?;
        let rows = statement.query_map(params_from_iter(params.iter().map(value)), |row| read(row));
        rows.and_then(Iterator::collect).map_err(storage_error)
    }
}

#[async_trait]
impl Copyable for SqliteTables {
    // Migrations make a table after those that it refers to, so that order will do.
    async fn tables(&self) -> Result<Vec<Table>> {
        let mut tables = Vec::new();
        for name in self.query(TABLES, &[], |row| row.get::<_, String>(0))? {
            let columns = self.query(COLUMNS, &[Cell::Text(name.clone())], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
            })?;
            let mut key: Vec<(i64, usize)> = columns
                .iter()
                .enumerate()
                .filter_map(|(place, (_, order))| (*order > 0).then_some((*order, place)))
                .collect();
            key.sort_unstable();
            tables.push(Table {
                name,
                columns: columns.into_iter().map(|(column, _)| column).collect(),
                key: key.into_iter().map(|(_, place)| place).collect(),
            });
        }
        Ok(tables)
    }

    async fn count(&self, table: &Table) -> Result<u64> {
        let counted = self.query(&format!("SELECT count(*) FROM {}", table.name), &[], |row| {
            row.get::<_, i64>(0)
        })?;
        Ok(counted.first().copied().unwrap_or_default().unsigned_abs())
    }

    async fn rows(&self, table: &Table, start: &Start, limit: u32) -> Result<Vec<Vec<Cell>>> {
        let (columns, order) = (table.columns.join(", "), order(table).join(", "));
        let name = &table.name;
        let (mut sql, params) = match start {
            Start::Behind(Some(key)) => {
                let places: Vec<String> = (1..=key.len()).map(|n| format!("?{n}")).collect();
                let places = places.join(", ");
                (
                    format!(
                        "SELECT {columns} FROM {name} WHERE ({order}) > ({places}) ORDER BY {order}"
                    ),
                    &key[..],
                )
            }
            _ => (format!("SELECT {columns} FROM {name} ORDER BY {order}"), &[][..]),
        };
        sql.push_str(&format!(" LIMIT {limit}"));
        if let Start::Skipping(rows) = start {
            sql.push_str(&format!(" OFFSET {rows}"));
        }
        let width = table.columns.len();
        self.query(&sql, params, |row| (0..width).map(|place| cell(row, place)).collect())
    }

    async fn last_key(&self, table: &Table) -> Result<Option<Vec<Cell>>> {
        let order = order(table);
        let (columns, backwards) = (order.join(", "), order.join(" DESC, "));
        let sql = format!("SELECT {columns} FROM {} ORDER BY {backwards} DESC LIMIT 1", table.name);
        let width = order.len();
        let keys =
            self.query(&sql, &[], |row| (0..width).map(|place| cell(row, place)).collect())?;
        Ok(keys.into_iter().next())
    }

    async fn put(&self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<()> {
        let places: Vec<String> = (1..=table.columns.len()).map(|n| format!("?{n}")).collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            table.name,
            table.columns.join(", "),
            places.join(", ")
        );
        let mut connection = self.lock();
        (|| {
            let transaction = connection.transaction()?;
            {
                let mut statement = transaction.prepare_cached(&sql)?;
                for row in &rows {
                    statement.execute(params_from_iter(row.iter().map(value)))?;
                }
            }
            transaction.commit()
        })()
        .map_err(storage_error)
    }

    async fn clear(&self, table: &Table) -> Result<()> {
        let sql = format!("DELETE FROM {}", table.name);
        self.lock().execute(&sql, []).map(drop).map_err(storage_error)
    }

    async fn last_number(&self, table: &Table) -> Result<Option<i64>> {
        let name = [Cell::Text(table.name.clone())];
        Ok(self.query(LAST_NUMBER, &name, |row| row.get(0))?.first().copied())
    }

    async fn set_last_number(&self, table: &Table, number: i64) -> Result<()> {
        let name = &table.name;
        // There is nothing to update before the first row was numbered.
        self.lock()
            .execute_batch(&format!(
                "BEGIN; DELETE FROM sqlite_sequence WHERE name = '{name}';
                 INSERT INTO sqlite_sequence (name, seq) VALUES ('{name}', {number}); COMMIT"
            ))
            .map_err(storage_error)
    }
}

/// The columns that rows are ordered by.
fn order(table: &Table) -> Vec<&str> {
    if table.key.is_empty() {
        return table.columns.iter().map(String::as_str).collect();
    }
    table.key.iter().map(|place| table.columns[*place].as_str()).collect()
}

fn cell(row: &Row<'_>, place: usize) -> rusqlite::Result<Cell> {
    Ok(match row.get_ref(place)? {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Text(_) => Cell::Text(row.get(place)?),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        // No column of a strict table holds one.
        ValueRef::Real(_) => return Err(rusqlite::Error::InvalidColumnIndex(place)),
    })
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => Value::Integer(*number),
        Cell::Text(text) => Value::Text(text.clone()),
        Cell::Bytes(bytes) => Value::Blob(bytes.clone()),
    }
}
