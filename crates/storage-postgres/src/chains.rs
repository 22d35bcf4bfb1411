//! Chains of actions.

use crate::params;
use async_trait::async_trait;
use licentia_model::ChainHead;
use licentia_storage::Result;
use licentia_storage::chains::Chains;
use uuid::Uuid;

use crate::columns::{Columns, signed};
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    BY_ACTIVATION = "SELECT * FROM chains WHERE activation_id = $1";
    PUT = "
        INSERT INTO chains (activation_id, sequence, mac) VALUES ($1, $2, $3)
        ON CONFLICT (activation_id) DO UPDATE SET sequence = excluded.sequence, mac = excluded.mac";
}

#[async_trait]
impl Chains for PostgresTransaction {
    async fn chain_head(&mut self, activation_id: Uuid) -> Result<Option<ChainHead>> {
        self.one("chains", BY_ACTIVATION, params![activation_id], chain_head).await
    }

    async fn put_chain_head(&mut self, head: &ChainHead) -> Result<()> {
        let params = params![head.activation_id, signed(head.sequence)?, head.mac];
        self.write_one("chain of actions", PUT, params).await
    }
}

fn chain_head(row: &Columns<'_>) -> Result<ChainHead> {
    Ok(ChainHead {
        activation_id: row.uuid("activation_id")?,
        sequence: row.number("sequence")?,
        mac: row.hash("mac")?,
    })
}
