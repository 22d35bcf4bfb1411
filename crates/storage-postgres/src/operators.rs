//! Operators.

use crate::params;
use async_trait::async_trait;
use licentia_model::Operator;
use licentia_storage::Result;
use licentia_storage::operators::Operators;
use uuid::Uuid;

use crate::columns::Columns;
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    INSERT = "
        INSERT INTO operators
            (id, role, password, totp, totp_pending, totp_step, updated_at, name, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    UPDATE = "
        UPDATE operators
        SET role = $2, password = $3, totp = $4, totp_pending = $5, totp_step = $6, updated_at = $7
        WHERE id = $1";
    DELETE = "DELETE FROM operators WHERE id = $1";
    BY_ID = "SELECT * FROM operators WHERE id = $1";
    BY_NAME = "SELECT * FROM operators WHERE name = $1";
    ALL = "SELECT * FROM operators ORDER BY name";
    AFTER = "SELECT * FROM operators WHERE name > $1 ORDER BY name LIMIT $2";
    DROP_CODES = "DELETE FROM recovery_codes WHERE operator_id = $1";
    INSERT_CODE = "INSERT INTO recovery_codes (operator_id, hash) VALUES ($1, $2)";
    COUNT_CODES = "SELECT count(*) FROM recovery_codes WHERE operator_id = $1";
    USE_CODE = "DELETE FROM recovery_codes WHERE operator_id = $1 AND hash = $2";
}

#[async_trait]
impl Operators for PostgresTransaction {
    async fn insert_operator(&mut self, operator: &Operator) -> Result<()> {
        let params = params![
            operator.id,
            operator.role.as_str(),
            operator.password,
            operator.totp,
            operator.totp_pending,
            operator.totp_step,
            operator.updated_at,
            operator.name,
            operator.created_at,
        ];
        self.write_one("operator", INSERT, params).await
    }

    async fn update_operator(&mut self, operator: &Operator) -> Result<()> {
        let params = params![
            operator.id,
            operator.role.as_str(),
            operator.password,
            operator.totp,
            operator.totp_pending,
            operator.totp_step,
            operator.updated_at,
        ];
        self.write_one("operator", UPDATE, params).await
    }

    async fn delete_operator(&mut self, id: Uuid) -> Result<()> {
        self.write_one("operator", DELETE, params![id]).await
    }

    async fn operator(&mut self, id: Uuid) -> Result<Option<Operator>> {
        self.one("operators", BY_ID, params![id], operator).await
    }

    async fn operator_by_name(&mut self, name: &str) -> Result<Option<Operator>> {
        self.one("operators", BY_NAME, params![name], operator).await
    }

    async fn operators(&mut self) -> Result<Vec<Operator>> {
        self.all("operators", ALL, params![], operator).await
    }

    async fn operators_after(&mut self, name: &str, limit: u32) -> Result<Vec<Operator>> {
        self.all("operators", AFTER, params![name, limit], operator).await
    }

    async fn put_recovery_codes(&mut self, operator_id: Uuid, hashes: &[[u8; 32]]) -> Result<()> {
        self.write(DROP_CODES, params![operator_id]).await?;
        for hash in hashes {
            let params = params![operator_id, hash];
            self.write_one("recovery code", INSERT_CODE, params).await?;
        }
        Ok(())
    }

    async fn recovery_codes(&mut self, operator_id: Uuid) -> Result<u32> {
        let count = self.integer(COUNT_CODES, params![operator_id]).await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    async fn use_recovery_code(&mut self, operator_id: Uuid, hash: &[u8; 32]) -> Result<bool> {
        let params = params![operator_id, hash];
        Ok(self.write(USE_CODE, params).await? == 1)
    }
}

fn operator(row: &Columns<'_>) -> Result<Operator> {
    Ok(Operator {
        id: row.uuid("id")?,
        name: row.plain("name")?,
        role: row.word("role")?,
        password: row.plain("password")?,
        totp: row.plain("totp")?,
        totp_pending: row.plain("totp_pending")?,
        totp_step: row.plain("totp_step")?,
        created_at: row.plain("created_at")?,
        updated_at: row.plain("updated_at")?,
    })
}
