//! Operators.

use crate::params;
use async_trait::async_trait;
use licentia_model::Operator;
use licentia_storage::Result;
use licentia_storage::operators::Operators;

use crate::columns::Columns;
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    INSERT = "INSERT INTO operators (id, name, role, created_at) VALUES ($1, $2, $3, $4)";
    ALL = "SELECT * FROM operators ORDER BY name";
}

#[async_trait]
impl Operators for PostgresTransaction {
    async fn insert_operator(&mut self, operator: &Operator) -> Result<()> {
        let params =
            params![operator.id, operator.name, operator.role.as_str(), operator.created_at];
        self.write_one("operator", INSERT, params).await
    }

    async fn operators(&mut self) -> Result<Vec<Operator>> {
        self.all("operators", ALL, &[], operator).await
    }
}

fn operator(row: &Columns<'_>) -> Result<Operator> {
    Ok(Operator {
        id: row.uuid("id")?,
        name: row.plain("name")?,
        role: row.word("role")?,
        created_at: row.plain("created_at")?,
    })
}
