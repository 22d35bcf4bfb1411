//! Single values of the authority itself.

use crate::params;
use async_trait::async_trait;
use licentia_storage::Result;
use licentia_storage::settings::Settings;

use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    BY_NAME = "SELECT * FROM settings WHERE name = $1";
    PUT = "
        INSERT INTO settings (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
}

#[async_trait]
impl Settings for PostgresTransaction {
    async fn setting(&mut self, name: &str) -> Result<Option<String>> {
        self.one("settings", BY_NAME, params![name], |row| row.plain("value")).await
    }

    async fn put_setting(&mut self, name: &str, value: &str) -> Result<()> {
        self.write_one("setting", PUT, params![name, value]).await
    }
}
