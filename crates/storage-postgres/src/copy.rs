//! The tables as they are, for a copy from or into another database.

use async_trait::async_trait;
use licentia_storage::copy::{Cell, Copyable, Start, Table};
use licentia_storage::{Result, StorageError};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::connect::{Connected, Server};
use crate::error::storage_error;
use crate::schema;

const TABLES: &str = "
    SELECT c.relname, c.oid FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
      AND c.relname <> 'refinery_schema_history'
    ORDER BY c.oid";
const COLUMNS: &str = "
    SELECT a.attname, array_position(i.indkey::int2[], a.attnum)::bigint
    FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
    WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    ORDER BY a.attnum";
const TYPES: &str = "
    SELECT a.attname, format_type(a.atttypid, NULL) FROM pg_attribute a
    WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped";
// By convention a number is the first column and is called so.
const NUMBERS: &str = "
    SELECT pg_get_serial_sequence(attrelid::regclass::text, 'seq') FROM pg_attribute
    WHERE attrelid = $1::text::regclass AND attname = 'seq' AND attidentity <> ''";
const SET_LAST_NUMBER: &str =
    "SELECT setval($1::text::regclass, greatest($2::bigint, 1), $2::bigint > 0)";

/// A database. As a source it is one view of the moment in which it was opened.
pub struct PostgresTables {
    connected: Connected,
}

impl PostgresTables {
    /// Opens one to read from it: what is written later is not seen.
    pub async fn open(url: &str) -> Result<Self> {
        let tables = Self::create(url).await?;
        let view = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        tables.client().batch_execute(view).await.map_err(storage_error)?;
        Ok(tables)
    }

    /// Opens one to fill it, and brings its schema up to date.
    pub async fn create(url: &str) -> Result<Self> {
        let mut connected = Server::parse(url, None)?.connect().await?;
        schema::migrate(&mut connected.client).await?;
        let patience = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";
        connected.client.batch_execute(patience).await.map_err(storage_error)?;
        Ok(Self { connected })
    }

    fn client(&self) -> &Client {
        &self.connected.client
    }

    async fn number(&self, sql: &str) -> Result<i64> {
        let row = self.client().query_one(sql, &[]).await.map_err(storage_error)?;
        row.try_get(0).map_err(storage_error)
    }

    /// The sequence that numbers a table's rows.
    async fn numbers(&self, table: &Table) -> Result<Option<String>> {
        let row = self.client().query_opt(NUMBERS, &[&table.name]).await.map_err(storage_error)?;
        row.map(|row| row.try_get(0)).transpose().map_err(storage_error)
    }

    async fn types(&self, table: &Table) -> Result<Vec<Kind>> {
        let rows = self.client().query(TYPES, &[&table.name]).await.map_err(storage_error)?;
        let mut kinds = Vec::with_capacity(table.columns.len());
        for column in &table.columns {
            let known =
                rows.iter().find(|row| row.try_get::<_, &str>(0).is_ok_and(|name| name == column));
            let name = known.and_then(|row| row.try_get::<_, &str>(1).ok()).unwrap_or_default();
            kinds.push(Kind::of(name).ok_or_else(|| {
                StorageError::Internal(format!(
                    "{}.{column} is of a type that no twin has",
                    table.name
                ))
            })?);
        }
        Ok(kinds)
    }
}

#[async_trait]
impl Copyable for PostgresTables {
    // Migrations make a table after those that it refers to, so that order will do.
    async fn tables(&self) -> Result<Vec<Table>> {
        let mut tables = Vec::new();
        for row in self.client().query(TABLES, &[]).await.map_err(storage_error)? {
            let name: String = row.try_get(0).map_err(storage_error)?;
            let oid: u32 = row.try_get(1).map_err(storage_error)?;
            let (mut columns, mut key) = (Vec::new(), Vec::new());
            for row in self.client().query(COLUMNS, &[&oid]).await.map_err(storage_error)? {
                if let Some(order) = row.try_get::<_, Option<i64>>(1).map_err(storage_error)? {
                    key.push((order, columns.len()));
                }
                columns.push(row.try_get::<_, String>(0).map_err(storage_error)?);
            }
            key.sort_unstable();
            tables.push(Table {
                name,
                columns,
                key: key.into_iter().map(|(_, place)| place).collect(),
            });
        }
        Ok(tables)
    }

    async fn count(&self, table: &Table) -> Result<u64> {
        let count = self.number(&format!("SELECT count(*) FROM {}", table.name)).await?;
        Ok(count.unsigned_abs())
    }

    async fn rows(&self, table: &Table, start: &Start, limit: u32) -> Result<Vec<Vec<Cell>>> {
        let kinds = self.types(table).await?;
        let (columns, order) = (table.columns.join(", "), order(table).join(", "));
        let name = &table.name;
        let (condition, params) = match start {
            Start::Behind(Some(key)) => {
                let key_kinds = table.key.iter().map(|place| kinds[*place]);
                let places: Vec<String> = key_kinds
                    .clone()
                    .enumerate()
                    .map(|(n, kind)| format!("${}::{}", n + 1, kind.name()))
                    .collect();
                let params = key.iter().zip(key_kinds).map(|(cell, kind)| kind.one(cell));
                (
                    format!("WHERE ({order}) > ({})", places.join(", ")),
                    params.collect::<Result<_>>()?,
                )
            }
            _ => (String::new(), Vec::new()),
        };
        let skipped = match start {
            Start::Skipping(rows) => *rows,
            Start::Behind(_) => 0,
        };
        let sql = format!(
            "SELECT {columns} FROM {name} {condition} ORDER BY {order} LIMIT {limit} OFFSET {skipped}"
        );
        let rows = self.client().query(&sql, &borrowed(&params)).await.map_err(storage_error)?;
        rows.iter().map(|row| cells(row, &kinds)).collect()
    }

    async fn last_key(&self, table: &Table) -> Result<Option<Vec<Cell>>> {
        let kinds = self.types(table).await?;
        let order = order(table);
        let (columns, backwards) = (order.join(", "), order.join(" DESC, "));
        let sql = format!("SELECT {columns} FROM {} ORDER BY {backwards} DESC LIMIT 1", table.name);
        let row = self.client().query_opt(&sql, &[]).await.map_err(storage_error)?;
        let kinds: Vec<Kind> = table.key.iter().map(|place| kinds[*place]).collect();
        row.map(|row| cells(&row, &kinds)).transpose()
    }

    /// One statement for all rows, a list a column.
    async fn put(&self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<()> {
        let kinds = self.types(table).await?;
        let mut lists = Vec::with_capacity(kinds.len());
        for (place, kind) in kinds.iter().enumerate() {
            lists.push(kind.list(rows.iter().map(|row| &row[place]))?);
        }
        let places: Vec<String> = kinds
            .iter()
            .enumerate()
            .map(|(n, kind)| format!("${}::{}[]", n + 1, kind.name()))
            .collect();
        let sql = format!(
            "INSERT INTO {} ({}) SELECT * FROM unnest({})",
            table.name,
            table.columns.join(", "),
            places.join(", ")
        );
        self.client().execute(&sql, &borrowed(&lists)).await.map(drop).map_err(storage_error)
    }

    async fn clear(&self, table: &Table) -> Result<()> {
        let sql = format!("DELETE FROM {}", table.name);
        self.client().batch_execute(&sql).await.map_err(storage_error)
    }

    async fn last_number(&self, table: &Table) -> Result<Option<i64>> {
        let Some(numbers) = self.numbers(table).await? else { return Ok(None) };
        let last = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM";
        self.number(&format!("{last} {numbers}")).await.map(Some)
    }

    async fn set_last_number(&self, table: &Table, number: i64) -> Result<()> {
        let Some(numbers) = self.numbers(table).await? else { return Ok(()) };
        let set = self.client().query_one(SET_LAST_NUMBER, &[&numbers, &number]).await;
        set.map(drop).map_err(storage_error)
    }
}

type Owned = Box<dyn ToSql + Sync + Send>;

fn borrowed(params: &[Owned]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|param| &**param as &(dyn ToSql + Sync)).collect()
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Truth,
    Text,
    Bytes,
    Uuid,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "bigint" => Self::Integer,
            "boolean" => Self::Truth,
            "text" => Self::Text,
            "bytea" => Self::Bytes,
            "uuid" => Self::Uuid,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Integer => "bigint",
            Self::Truth => "boolean",
            Self::Text => "text",
            Self::Bytes => "bytea",
            Self::Uuid => "uuid",
        }
    }

    fn one(self, cell: &Cell) -> Result<Owned> {
        Ok(match self {
            Self::Integer => Box::new(integer(cell)?),
            Self::Truth => Box::new(truth(cell)?),
            Self::Text => Box::new(text(cell)?),
            Self::Bytes => Box::new(bytes(cell)?),
            Self::Uuid => Box::new(uuid(cell)?),
        })
    }

    fn list<'a>(self, cells: impl Iterator<Item = &'a Cell>) -> Result<Owned> {
        Ok(match self {
            Self::Integer => Box::new(cells.map(integer).collect::<Result<Vec<_>>>()?),
            Self::Truth => Box::new(cells.map(truth).collect::<Result<Vec<_>>>()?),
            Self::Text => Box::new(cells.map(text).collect::<Result<Vec<_>>>()?),
            Self::Bytes => Box::new(cells.map(bytes).collect::<Result<Vec<_>>>()?),
            Self::Uuid => Box::new(cells.map(uuid).collect::<Result<Vec<_>>>()?),
        })
    }
}

fn integer(cell: &Cell) -> Result<Option<i64>> {
    match cell {
        Cell::Null => Ok(None),
        Cell::Integer(number) => Ok(Some(*number)),
        _ => Err(misfit(cell)),
    }
}

fn truth(cell: &Cell) -> Result<Option<bool>> {
    match cell {
        Cell::Null => Ok(None),
        Cell::Integer(0) => Ok(Some(false)),
        Cell::Integer(1) => Ok(Some(true)),
        _ => Err(misfit(cell)),
    }
}

fn text(cell: &Cell) -> Result<Option<String>> {
    match cell {
        Cell::Null => Ok(None),
        Cell::Text(text) => Ok(Some(text.clone())),
        _ => Err(misfit(cell)),
    }
}

fn bytes(cell: &Cell) -> Result<Option<Vec<u8>>> {
    match cell {
        Cell::Null => Ok(None),
        Cell::Bytes(bytes) => Ok(Some(bytes.clone())),
        _ => Err(misfit(cell)),
    }
}

fn uuid(cell: &Cell) -> Result<Option<Uuid>> {
    match cell {
        Cell::Null => Ok(None),
        Cell::Text(text) => text.parse().map(Some).map_err(|_| misfit(cell)),
        _ => Err(misfit(cell)),
    }
}

/// The value itself may be a secret.
fn misfit(cell: &Cell) -> StorageError {
    let what = match cell {
        Cell::Null => "nothing",
        Cell::Integer(_) => "a number",
        Cell::Text(_) => "a text",
        Cell::Bytes(_) => "bytes",
    };
    StorageError::Internal(format!("{what} is in a column of another type"))
}

/// The columns that rows are ordered by.
fn order(table: &Table) -> Vec<&str> {
    if table.key.is_empty() {
        return table.columns.iter().map(String::as_str).collect();
    }
    table.key.iter().map(|place| table.columns[*place].as_str()).collect()
}

fn cells(row: &Row, kinds: &[Kind]) -> Result<Vec<Cell>> {
    let cell = |(place, kind): (usize, &Kind)| -> std::result::Result<Cell, tokio_postgres::Error> {
        let found = match kind {
            Kind::Integer => row.try_get::<_, Option<i64>>(place)?.map(Cell::Integer),
            Kind::Truth => {
                row.try_get::<_, Option<bool>>(place)?.map(|truth| Cell::Integer(truth.into()))
            }
            Kind::Text => row.try_get::<_, Option<String>>(place)?.map(Cell::Text),
            Kind::Bytes => row.try_get::<_, Option<Vec<u8>>>(place)?.map(Cell::Bytes),
            Kind::Uuid => {
                row.try_get::<_, Option<Uuid>>(place)?.map(|id| Cell::Text(id.to_string()))
            }
        };
        Ok(found.unwrap_or(Cell::Null))
    };
    kinds.iter().enumerate().map(cell).collect::<std::result::Result<_, _>>().map_err(storage_error)
}
