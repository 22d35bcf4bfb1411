//! A hand in the database, past the authority.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use licentia_testing::TestAuthority;
use licentia_testing_postgres::Cluster;

/// Runs one statement that changes rows; how many.
pub(crate) fn edit(test: &TestAuthority, sql: &str) -> usize {
    let Some(url) = &test.database else {
        let path = test.folder.path().join("licentia.db");
        return rusqlite::Connection::open(path).unwrap().execute(sql, []).unwrap();
    };
    let name = url.rsplit('/').next().unwrap();
    let counted = format!("WITH edited AS ({sql} RETURNING 1) SELECT count(*) FROM edited");
    Cluster::shared().sql_in(name, &counted).trim().parse().unwrap()
}

/// Reads one text.
#[allow(dead_code, reason = "not every test that edits also reads")]
pub(crate) fn read(test: &TestAuthority, sql: &str) -> String {
    let Some(url) = &test.database else {
        let path = test.folder.path().join("licentia.db");
        return rusqlite::Connection::open(path)
            .unwrap()
            .query_row(sql, [], |row| row.get(0))
            .unwrap();
    };
    let name = url.rsplit('/').next().unwrap();
    Cluster::shared().sql_in(name, sql).trim().to_owned()
}
