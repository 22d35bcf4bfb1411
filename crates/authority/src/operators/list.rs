//! Operators as they see each other.

use licentia_model::Operator;
use licentia_model::operator::Role;
use licentia_protocol::resource;
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::export::Row;
use crate::seats::timestamp;

impl Row for resource::Operator {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "name",
        "role",
        "password",
        "second_factor",
        "recovery_codes",
        "created_at",
        "updated_at",
    ];
}

impl Authority {
    /// A page of operators, by name.
    pub async fn list_operators(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<resource::Operator>, AuthorityError> {
        self.read(move |_, tx| {
            Box::pin(async move {
                let mut list = Vec::new();
                for operator in tx.operators_after(&after.unwrap_or_default(), limit).await? {
                    list.push(view(tx, &operator).await?);
                }
                Ok(list)
            })
        })
        .await
    }

    /// One operator.
    pub async fn show_operator(&self, id: Uuid) -> Result<resource::Operator, AuthorityError> {
        self.read(move |_, tx| {
            Box::pin(async move {
                let operator = tx.operator(id).await?.ok_or_else(|| missing(id))?;
                view(tx, &operator).await
            })
        })
        .await
    }

    /// The id of an operator, by name.
    pub async fn operator_id(&self, name: &str) -> Result<Uuid, AuthorityError> {
        let name = name.to_owned();
        self.read(move |_, tx| {
            Box::pin(async move {
                let found = tx.operator_by_name(&name).await?;
                let found = found.ok_or(AuthorityError::NotFound { what: "operator", name })?;
                Ok(found.id)
            })
        })
        .await
    }
}

pub(crate) async fn view(
    tx: &mut dyn Transaction,
    operator: &Operator,
) -> Result<resource::Operator, AuthorityError> {
    Ok(resource::Operator {
        id: operator.id,
        name: operator.name.clone(),
        role: operator.role.to_string(),
        password: operator.password.is_some(),
        second_factor: operator.totp.is_some(),
        recovery_codes: tx.recovery_codes(operator.id).await?,
        created_at: timestamp(operator.created_at),
        updated_at: timestamp(operator.updated_at.max(operator.created_at)),
    })
}

/// An operator, alone with whoever changes operators.
pub(crate) async fn locked(tx: &mut dyn Transaction, id: Uuid) -> Result<Operator, AuthorityError> {
    tx.lock_audit_head().await?;
    tx.operator(id).await?.ok_or_else(|| missing(id))
}

/// Refuses to take away the last owner. Under the lock.
pub(crate) async fn keep_an_owner(
    tx: &mut dyn Transaction,
    operator: &Operator,
) -> Result<(), AuthorityError> {
    let others = tx.operators().await?;
    let mut others = others.iter().filter(|other| other.id != operator.id);
    if operator.role == Role::Owner && !others.any(|other| other.role == Role::Owner) {
        return Err(AuthorityError::LastOwner(operator.name.clone()));
    }
    Ok(())
}

pub(crate) fn role(word: &str) -> Result<Role, AuthorityError> {
    word.parse().map_err(|_| AuthorityError::Invalid {
        field: "role",
        problem: "wants `owner`, `operator`, `support` or `read-only`".into(),
    })
}

pub(crate) fn missing(id: Uuid) -> AuthorityError {
    AuthorityError::NotFound { what: "operator", name: id.to_string() }
}

pub(crate) fn subject(id: Uuid) -> String {
    format!("operator:{id}")
}
