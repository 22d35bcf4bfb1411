//! Who asks for something to fetch: a customer with a pull token or a licence key, or an operator.

use licentia_model::scope::Resource;
use licentia_model::{License, LicenseState, Release, Scope};
use licentia_protocol::Code;
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::access::Principal;
use crate::authority::Authority;
use crate::credential::Known;
use crate::denied::Denied;
use crate::distribution::coverage::Coverage;
use crate::error::AuthorityError;
use crate::secrets::{API_TOKEN, PULL_TOKEN};

/// Most releases of a product that are looked at; the ones published last.
pub(crate) const MOST_RELEASES: u32 = 10_000;

/// The holder of a licence.
pub(crate) struct Customer {
    pub(crate) license_id: Uuid,
    pub(crate) product_id: Uuid,
    pub(crate) product: String,
    pub(crate) coverage: Coverage,
}

impl Customer {
    /// The releases that the licence covers, the one published last first.
    pub(crate) async fn covered(
        &self,
        tx: &mut dyn Transaction,
    ) -> Result<Vec<Release>, AuthorityError> {
        let mut releases = tx.published_releases(self.product_id, MOST_RELEASES).await?;
        releases.retain(|release| self.coverage.release(release));
        Ok(releases)
    }
}

impl Authority {
    /// An operator, where a password is an operator's token; it is looked up in a transaction of its own.
    pub(crate) async fn pulling_operator(
        &self,
        password: &str,
    ) -> Result<Option<Principal>, AuthorityError> {
        if !password.starts_with(API_TOKEN) {
            return Ok(None);
        }
        match self.authenticate(password).await? {
            Some(principal) if principal.may(Scope::read(Resource::Releases)) => {
                Ok(Some(principal))
            }
            Some(_) => Err(AuthorityError::Refused(Code::NotCovered)),
            None => Err(AuthorityError::Refused(Code::WrongCredentials)),
        }
    }

    /// The customer who shows a pull token or a licence key.
    pub(crate) async fn customer_of(
        &self,
        tx: &mut dyn Transaction,
        password: &str,
    ) -> Result<Customer, AuthorityError> {
        let license = if password.starts_with(PULL_TOKEN) {
            let token = tx.pull_token(&self.pull_token_hash(password)).await?;
            let now = self.clock().now();
            token.filter(|token| token.is_good(now)).map(|token| token.license_id)
        } else {
            self.license_of_key(tx, password).await?.ok()
        };
        let license = match license {
            Some(id) => tx.license(id).await?,
            None => None,
        };
        let license = license.ok_or(AuthorityError::Refused(Code::WrongCredentials))?;
        self.holder_of(tx, license).await
    }

    /// The customer of a licence that is in force.
    pub(crate) async fn holder_of(
        &self,
        tx: &mut dyn Transaction,
        license: License,
    ) -> Result<Customer, AuthorityError> {
        let known = self.know(tx, license).await?;
        self.still_good(&known).map_err(AuthorityError::Refused)?;
        let (product, plan) = self.terms_of(tx, &known).await?;
        Ok(Customer {
            license_id: known.license.id,
            product_id: product.id,
            product: product.code,
            coverage: Coverage::of(&plan, &known.claims),
        })
    }

    /// The grace of a revocation is for what runs already, and a machine is bound where the product runs, not where
    /// it is fetched.
    pub(crate) fn still_good(&self, known: &Known) -> Result<(), Code> {
        if let LicenseState::Revoked { .. } = known.license.state {
            return Err(Code::Revoked);
        }
        match known.standing(self.clock().now(), None, None) {
            Ok(_) | Err(Denied { code: Code::WrongMachine, .. }) => Ok(()),
            Err(denied) => Err(denied.code),
        }
    }

    pub(crate) fn pull_token_hash(&self, token: &str) -> [u8; 32] {
        self.master().hash("pull token", token.as_bytes())
    }
}
