//! The second factor of an operator: begun, confirmed by a first code, and taken away.

use licentia_issue::Secret;
use licentia_model::Operator;
use licentia_protocol::resource;
use uuid::Uuid;

use crate::access::Principal;
use crate::access::codes::{new_secret, seal_name, step_of};
use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::base32::base32;
use crate::error::AuthorityError;
use crate::operators::list::{locked, missing, subject, view};

impl Authority {
    /// Makes a secret for an authenticator. It counts once a code of it was shown.
    pub async fn begin_codes(
        &self,
        id: Uuid,
        password: Option<Secret<String>>,
        by: &Principal,
        ask: impl Into<Ask>,
    ) -> Result<resource::SecondFactor, AuthorityError> {
        let ask = ask.into();
        let before = self.own(id, password, by).await?;
        let issuer = self.issuer().to_owned();
        self.write(move |this, tx| {
            Box::pin(async move {
                let mut operator = locked(tx, id).await?;
                if operator.password != before.password {
                    return Err(AuthorityError::Changed);
                }
                let secret = new_secret(this.random());
                let sealed =
                    this.master().seal(&seal_name(&operator), secret.expose(), this.random().bytes())?;
                let begun = |pending: bool| if pending { "begun" } else { "none" };
                let before = begun(operator.totp_pending.replace(sealed).is_some());
                operator.updated_at = this.clock().now();
                tx.update_operator(&operator).await?;
                let entry = Entry::change(before, begun(true)).fact("name", operator.name.clone());
                this.record(tx, &ask.actor, "operator.codes_begin", subject(id), entry).await?;
                let secret = base32(secret.expose());
                let label = |text: &str| percent(text);
                let uri = format!(
                    "otpauth://totp/{0}:{1}?secret={secret}&issuer={0}&algorithm=SHA1&digits=6&period=30",
                    label(&issuer),
                    label(&operator.name)
                );
                Ok(resource::SecondFactor { secret, uri })
            })
        })
        .await
    }

    /// Confirms the secret by a first code; recovery codes are shown this once.
    pub async fn confirm_codes(
        &self,
        id: Uuid,
        code: &str,
        by: &Principal,
        ask: impl Into<Ask>,
    ) -> Result<resource::RecoveryCodes, AuthorityError> {
        let ask = ask.into();
        if by.operator_id != id {
            return Err(not_own());
        }
        let code = code.to_owned();
        self.write(move |this, tx| {
            Box::pin(async move {
                let mut operator = locked(tx, id).await?;
                let Some(sealed) = operator.totp_pending.take() else {
                    return Err(AuthorityError::NotAllowed {
                        what: "second factor",
                        action: "confirmed",
                        state: "not begun",
                    });
                };
                let secret = this.master().open(&seal_name(&operator), &sealed)?;
                let now = this.clock().now();
                let Some(step) = step_of(secret.expose(), code.trim(), now, 0) else {
                    let problem = "is not the code that the authenticator shows now".into();
                    return Err(AuthorityError::Invalid { field: "code", problem });
                };
                let before = operator.totp.replace(sealed).is_some();
                operator.totp_step = step;
                operator.updated_at = now;
                tx.update_operator(&operator).await?;
                let codes = this.new_recovery_codes(tx, &operator).await?;
                let entry = Entry::change(if before { "set" } else { "none" }, "set")
                    .fact("name", operator.name.clone());
                this.record(tx, &ask.actor, "operator.codes", subject(id), entry).await?;
                Ok(resource::RecoveryCodes { codes })
            })
        })
        .await
    }

    /// Takes the second factor away: one's own by the password, or for an owner anybody's who has lost the device.
    pub async fn drop_codes(
        &self,
        id: Uuid,
        password: Option<Secret<String>>,
        by: &Principal,
        ask: impl Into<Ask>,
    ) -> Result<resource::Operator, AuthorityError> {
        let ask = ask.into();
        if by.operator_id == id {
            self.own(id, password, by).await?;
        } else if !by.is_over_others() {
            return Err(not_own());
        }
        self.write(move |this, tx| {
            Box::pin(async move {
                let mut operator = locked(tx, id).await?;
                operator.totp_pending = None;
                if operator.totp.take().is_some() {
                    let entry = Entry::change("set", "none").fact("name", operator.name.clone());
                    this.record(tx, &ask.actor, "operator.codes", subject(id), entry).await?;
                }
                operator.updated_at = this.clock().now();
                tx.update_operator(&operator).await?;
                tx.put_recovery_codes(id, &[]).await?;
                view(tx, &operator).await
            })
        })
        .await
    }

    /// The operator who asks, who has shown that it is himself.
    async fn own(
        &self,
        id: Uuid,
        password: Option<Secret<String>>,
        by: &Principal,
    ) -> Result<Operator, AuthorityError> {
        if by.operator_id != id {
            return Err(not_own());
        }
        let operator = self
            .read(move |_, tx| {
                Box::pin(async move { tx.operator(id).await?.ok_or_else(|| missing(id)) })
            })
            .await?;
        self.prove_own(by, operator.password.clone(), password).await?;
        Ok(operator)
    }
}

fn not_own() -> AuthorityError {
    AuthorityError::Forbidden("a second factor is set up by the operator whose it is".into())
}

fn percent(text: &str) -> String {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if fine(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
