//! What issuing cannot do without, for `licentia bench issue`: a signature, and one row that makes it durable. On a
//! throw-away database only; nobody finds a licence that was made so.

use licentia_license::License as Claims;

use crate::authority::Authority;
use crate::error::AuthorityError;

impl Authority {
    /// Signs so many licences like this record and keeps each in one row, a group a transaction.
    pub async fn sign_and_insert(
        &self,
        like: Claims,
        count: usize,
        group: usize,
    ) -> Result<(), AuthorityError> {
        for from in (0..count).step_by(group) {
            let mut signed = Vec::with_capacity(group);
            for _ in from..count.min(from + group) {
                let jti = self.uuid().to_string();
                let claims = Claims { jti: jti.as_str().into(), ..like.clone() };
                signed.push((jti, self.sign(&claims)?));
            }
            self.write(move |_, tx| {
                Box::pin(async move {
                    for (name, text) in &signed {
                        tx.put_setting(name, text).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        }
        Ok(())
    }
}
