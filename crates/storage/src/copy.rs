//! Moving everything from one database to another, cell by cell: what a cell means is nobody's business here.
//!
//! Rows go in the order of their keys, a page at a time, so a copy that was cut short goes on where it ended. The
//! settings come last: until then the target is no authority that could be opened. In the end every row of both
//! sides is read again and compared.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::{Result, StorageError};

/// Rows of a page: a few MiB at most.
const PAGE: u32 = 1_000;
/// The table whose rows make an authority of a database.
const LAST: &str = "settings";

/// A value as both databases know it. UUIDs are text, truth is 0 or 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, by name; those that the database computes are left out.
    pub columns: Vec<String>,
    /// Places of the key's columns among them; none: rows that have no key and are in the order of all columns.
    pub key: Vec<usize>,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// Behind the row with this key; none: with the first.
    Behind(Option<Vec<Cell>>),
    /// Behind so many rows, where there is no key.
    Skipping(u64),
}

/// A database whose tables can be read and filled.
#[async_trait]
pub trait Copyable: Send + Sync {
    /// Its tables, each behind those that it refers to.
    async fn tables(&self) -> Result<Vec<Table>>;
    /// How many rows a table has.
    async fn count(&self, table: &Table) -> Result<u64>;
    /// A page of rows, in the order of the key.
    async fn rows(&self, table: &Table, start: &Start, limit: u32) -> Result<Vec<Vec<Cell>>>;
    /// The key of the last row.
    async fn last_key(&self, table: &Table) -> Result<Option<Vec<Cell>>>;
    /// Adds rows, all or none.
    async fn put(&self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<()>;
    /// Removes every row.
    async fn clear(&self, table: &Table) -> Result<()>;
    /// The last number that a row was given, even if the row was forgotten; `None` where rows are not numbered.
    async fn last_number(&self, table: &Table) -> Result<Option<i64>>;
    /// Goes on with the number behind this one.
    async fn set_last_number(&self, table: &Table, number: i64) -> Result<()>;
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The table.
    pub table: &'a str,
    /// Rows of all tables, copied or compared so far.
    pub done: u64,
    /// Rows of all tables.
    pub of: u64,
}

/// What a finished copy found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows by table.
    pub tables: Vec<(String, u64)>,
    /// What differs between the two.
    pub differences: Vec<String>,
}

/// Copies what is not in the target yet, then compares.
pub async fn copy(
    from: &dyn Copyable,
    to: &dyn Copyable,
    mut progress: impl FnMut(Progress<'_>) + Send,
) -> Result<Report> {
    let tables = common_tables(from, to).await?;
    let mut of = 0;
    for table in &tables {
        of += from.count(table).await?;
    }
    // It is an authority: this one, copied before, or another, whose rows must not be mixed with these.
    if let Some(last) = tables.last().filter(|table| table.name == LAST)
        && to.count(last).await? > 0
    {
        return compare(&tables, from, to, of, progress).await;
    }
    let mut done = 0;
    for table in &tables {
        let mut start = if table.key.is_empty() {
            to.clear(table).await?;
            Start::Skipping(0)
        } else {
            done += to.count(table).await?;
            Start::Behind(to.last_key(table).await?)
        };
        loop {
            progress(Progress { table: &table.name, done, of });
            let rows = from.rows(table, &start, PAGE).await?;
            let Some(last) = rows.last() else { break };
            start = behind(table, &start, last, rows.len());
            done += rows.len() as u64;
            to.put(table, rows).await?;
        }
        if let Some(number) = from.last_number(table).await? {
            to.set_last_number(table, number).await?;
        }
    }
    compare(&tables, from, to, of, progress).await
}

async fn compare(
    tables: &[Table],
    from: &dyn Copyable,
    to: &dyn Copyable,
    of: u64,
    mut progress: impl FnMut(Progress<'_>) + Send,
) -> Result<Report> {
    let (mut report, mut done) = (Report::default(), 0);
    for table in tables {
        let mut start = if table.key.is_empty() { Start::Skipping(0) } else { Start::Behind(None) };
        let mut count = 0;
        loop {
            progress(Progress { table: &table.name, done, of });
            let (here, there) =
                (from.rows(table, &start, PAGE).await?, to.rows(table, &start, PAGE).await?);
            if here != there {
                let at = here.iter().zip(&there).take_while(|(a, b)| a == b).count() as u64;
                report.differences.push(format!(
                    "{} differs from row {} on; the source has {} rows, the target {}",
                    table.name,
                    count + at + 1,
                    from.count(table).await?,
                    to.count(table).await?
                ));
                break;
            }
            let Some(last) = here.last() else { break };
            start = behind(table, &start, last, here.len());
            count += here.len() as u64;
            done += here.len() as u64;
        }
        report.tables.push((table.name.clone(), count));
    }
    Ok(report)
}

/// The tables of both, which must be the same.
async fn common_tables(from: &dyn Copyable, to: &dyn Copyable) -> Result<Vec<Table>> {
    let shape = |tables: &[Table]| -> BTreeSet<String> {
        tables
            .iter()
            .flat_map(|table| table.columns.iter().map(|column| format!("{}.{column}", table.name)))
            .collect()
    };
    let mut tables = from.tables().await?;
    if shape(&tables) != shape(&to.tables().await?) {
        return Err(StorageError::Unavailable(
            "the two databases are of different versions".into(),
        ));
    }
    tables.sort_by_key(|table| table.name == LAST);
    Ok(tables)
}

fn behind(table: &Table, start: &Start, last: &[Cell], rows: usize) -> Start {
    match start {
        Start::Skipping(skipped) => Start::Skipping(skipped + rows as u64),
        Start::Behind(_) => {
            Start::Behind(Some(table.key.iter().map(|place| last[*place].clone()).collect()))
        }
    }
}
