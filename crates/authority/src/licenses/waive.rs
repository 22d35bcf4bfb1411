//! Switches enforcement off for a while (decision 41). The audit row is all that is kept of it.

use licentia_license::waiver::Waiver;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;

/// Longest exception, in seconds: what is to last longer is a licence.
pub(crate) const LONGEST_S: u32 = 90 * 24 * 3600;

/// What to waive.
#[derive(Debug, Clone)]
pub struct WaiverOrder {
    /// The product.
    pub product: String,
    /// For how many seconds from now.
    pub seconds: u32,
    /// Why; shown wherever it takes effect.
    pub reason: String,
    /// Who asked for it; shown too.
    pub who: String,
}

/// A signed exception, to be handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// The document.
    pub token: String,
    /// From when on it counts no more, in seconds since the epoch.
    pub expires_at: i64,
}

impl Authority {
    /// Signs a waiver.
    pub async fn waive(
        &self,
        order: WaiverOrder,
        ask: impl Into<Ask> + Send,
    ) -> Result<Exception, AuthorityError> {
        let ask = ask.into();
        check_length(order.seconds)?;
        check_text("reason", &order.reason)?;
        check_text("by", &order.who)?;
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                let now = this.clock().now();
                let product = tx.product_by_code(&order.product).await?.ok_or_else(|| {
                    AuthorityError::NotFound { what: "product", name: order.product.clone() }
                })?;
                let waiver = Waiver {
                    iss: this.issuer().to_owned(),
                    aud: product.code,
                    iat: now,
                    exp: now.saturating_add(order.seconds.into()),
                    reason: order.reason,
                    who: order.who,
                };
                let entry = Entry::change(Value::Null, json!({ "until": waiver.exp }))
                    .personal("reason", Some(&waiver.reason))
                    .personal("who", Some(&waiver.who));
                let subject = format!("product:{}", waiver.aud);
                this.record(tx, &ask.actor, "license.waive", subject, entry).await?;
                Ok(Exception { token: this.sign(&waiver)?, expires_at: waiver.exp })
            })
        })
        .await
    }
}

pub(crate) fn check_length(seconds: u32) -> Result<(), AuthorityError> {
    if (1..=LONGEST_S).contains(&seconds) {
        return Ok(());
    }
    Err(AuthorityError::Invalid {
        field: "for",
        problem:
            "it must be more than nothing and at most 90 days; what is to last longer is a licence"
                .into(),
    })
}

pub(crate) fn check_text(field: &'static str, text: &str) -> Result<(), AuthorityError> {
    let length = text.trim().chars().count();
    if (1..=500).contains(&length) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(AuthorityError::Invalid {
        field,
        problem: "it must be 1 to 500 characters without control characters".into(),
    })
}
