//! From a key to its licence: what activation, heartbeat, deactivation and validation all begin with.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use licentia_license::decide::{Circumstances, decide};
use licentia_license::fingerprint::Fingerprint;
use licentia_license::verify::verify;
use licentia_license::{Invalid, License as Claims, Trust, Verified};
use licentia_model::{License, LicenseKey, LicenseState, Plan, Product, Scheme};
use licentia_protocol::Code;
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::denied::Denied;
use crate::error::AuthorityError;
use crate::keyring::{Keyring, Named};

/// How many keys' claims are kept; a few hundred bytes each.
const CACHED_CLAIMS: usize = 20_000;

/// Verified claims by `jti`. A key never changes, so an entry is never wrong.
#[derive(Default)]
pub(crate) struct ClaimsCache {
    claims: Mutex<HashMap<Uuid, Arc<Verified<Claims>>>>,
    reported: Mutex<HashSet<(Uuid, u64)>>,
}

/// A licence with the claims of its key in force.
pub(crate) struct Known {
    pub(crate) license: License,
    pub(crate) claims: Arc<Verified<Claims>>,
}

/// The reason of a revocation for a broken chain of actions; it is the code of the refusals that follow.
pub(crate) const CHAIN_BROKEN: &str = "chain_broken";

/// The name under which a licence key is sealed.
pub(crate) fn seal_name(jti: Uuid) -> String {
    format!("license_keys/{jti}")
}

impl Authority {
    /// The licence that a key belongs to. Every key that cannot be verified, of whatever fault, is
    /// [`Code::UnknownLicense`]: the answer tells nothing about a key whose signature did not pass.
    pub(crate) async fn license_of_key(
        &self,
        tx: &mut dyn Transaction,
        key: &str,
    ) -> Result<Result<Uuid, Denied>, AuthorityError> {
        let key = key.trim();
        let mut work = Work::default();
        let mut found = self.license_of_record(tx, key, &mut work).await?;
        if found.is_none() {
            found = self.license_of_other_key(tx, key).await?;
        }
        if found.is_none() {
            work.make_up(&self.keyring());
        }
        self.count_signature_checks(work.checks);
        Ok(found.ok_or_else(|| Denied::new(Code::UnknownLicense)))
    }

    /// The licence of a `jwt` key that was issued here.
    async fn license_of_record(
        &self,
        tx: &mut dyn Transaction,
        key: &str,
        work: &mut Work,
    ) -> Result<Option<Uuid>, AuthorityError> {
        let keyring = self.keyring();
        let checked = keyring.check(key, |key, trust| work.verify(key, trust));
        let Some(Named { license_id: id, jti, product, trusted }) = checked else {
            return Ok(None);
        };
        let row = tx.license_key(jti).await?;
        let counts = |row: &LicenseKey| row.license_id == id && row.voided_at.is_none();
        let Some(row) = row.filter(counts) else {
            return Ok(None);
        };
        if !trusted {
            let Some(sealed) = &row.sealed else { return Ok(None) };
            let issued = self.master().open(&seal_name(jti), sealed)?;
            if !licentia_issue::master::equal_bytes(issued.expose(), key.as_bytes()) {
                return Ok(None);
            }
        }
        // By the licence's own word: a row that names another product changes nothing.
        let product = tx.product_by_code(&product).await?;
        let now = self.clock().now();
        let refused = product.is_some_and(|product| product.refuses(Scheme::Jwt, now));
        Ok((!refused).then_some(id))
    }

    /// The claims of a licence's key in force: the record, which no column can change.
    pub(crate) async fn claims_of(
        &self,
        tx: &mut dyn Transaction,
        license: &License,
    ) -> Result<Arc<Verified<Claims>>, AuthorityError> {
        self.claims_of_record(tx, license.id, license.jti).await
    }

    /// The claims of any record of a licence, the one in force or one before it.
    pub(crate) async fn claims_of_record(
        &self,
        tx: &mut dyn Transaction,
        license_id: Uuid,
        jti: Uuid,
    ) -> Result<Arc<Verified<Claims>>, AuthorityError> {
        let cached = lock(&self.claims().claims).get(&jti).map(Arc::clone);
        if let Some(claims) = cached.filter(|claims| claims.sub == license_id.to_string()) {
            return Ok(claims);
        }
        let row = tx.license_key(jti).await?.ok_or_else(|| {
            AuthorityError::Keys(format!("the key {jti} of a licence is missing"))
        })?;
        let sealed = row.sealed.ok_or_else(|| {
            AuthorityError::Keys(format!("the record {jti} of a licence is not kept"))
        })?;
        let key = self.master().open(&seal_name(jti), &sealed)?;
        let key = std::str::from_utf8(key.expose())
            .map_err(|_| AuthorityError::Keys(format!("the stored key {jti} is not text")))?;
        let claims = verify::<Claims>(key, &self.keyring().records).map_err(|e| {
            AuthorityError::Keys(format!("the stored key {jti} does not verify: {e}"))
        })?;
        if claims.sub != license_id.to_string() || claims.jti != jti.to_string() {
            return Err(AuthorityError::Keys(format!("the key {jti} belongs to another licence")));
        }
        let claims = Arc::new(claims);
        let mut cache = lock(&self.claims().claims);
        if cache.len() >= CACHED_CLAIMS {
            cache.clear();
        }
        cache.insert(jti, Arc::clone(&claims));
        Ok(claims)
    }

    /// Forgets what this process remembers of a licence's documents.
    pub(crate) fn forget_claims(&self, license_id: Uuid) {
        let id = license_id.to_string();
        lock(&self.claims().claims).retain(|_, claims| claims.sub != id);
    }

    /// Joins a licence with its claims, and reports a row that contradicts them.
    pub(crate) async fn know(
        &self,
        tx: &mut dyn Transaction,
        license: License,
    ) -> Result<Known, AuthorityError> {
        let claims = self.claims_of(tx, &license).await?;
        Ok(Known { license, claims })
    }

    /// Puts on record, once a process and change, that a row says something else than its licence.
    pub(crate) async fn report_tampering(
        &self,
        tx: &mut dyn Transaction,
        known: &Known,
        product: &Product,
        plan: &Plan,
    ) -> Result<(), AuthorityError> {
        let license = &known.license;
        let mut columns = known.contradictions();
        if license.product_id != product.id {
            columns.push("product_id");
        }
        if license.plan_id != plan.id {
            columns.push("plan_id");
        }
        self.report_columns(tx, license, columns).await
    }

    /// The same for the columns that need no other row; also where the licence was only asked about.
    pub(crate) async fn report_columns(
        &self,
        tx: &mut dyn Transaction,
        license: &License,
        columns: Vec<&'static str>,
    ) -> Result<(), AuthorityError> {
        if columns.is_empty() || !lock(&self.claims().reported).insert(change(license, &columns)) {
            return Ok(());
        }
        tracing::warn!(target: "integrity", license = %license.id, ?columns,
            "[Integrity] tampered_row: the row contradicts its signed licence and is ignored");
        let entry = Entry::new().fact("columns", columns);
        let actor = Actor::new("system", "local");
        self.announce(tx, &actor, "license.tampered_row", license.id, entry).await
    }

    /// Whether this contradiction has not been reported yet by this process.
    pub(crate) fn is_news(&self, license: &License, columns: &[&'static str]) -> bool {
        let mut reported = lock(&self.claims().reported);
        if reported.len() >= CACHED_CLAIMS {
            reported.clear();
        }
        !reported.contains(&change(license, columns))
    }
}

/// Names a contradiction, so that the same one is reported once and another one anew.
fn change(license: &License, columns: &[&'static str]) -> (Uuid, u64) {
    let mut change = DefaultHasher::new();
    let row = (&license.tier, license.expires_at, license.plan_id, license.product_id);
    (columns, row, license.customer_id).hash(&mut change);
    (license.id, change.finish())
}

/// Signature checks spent on a key. An unknown key costs the same whatever its fault: what is short of it is made up.
#[derive(Default)]
struct Work {
    checks: u8,
}

impl Work {
    /// What a key with a wrong signature costs: once under the keys of the day, once under all there ever were.
    const UNKNOWN: u8 = 2;

    fn verify(&mut self, key: &str, trust: &Trust) -> Result<Verified<Claims>, Invalid> {
        let verified = verify::<Claims>(key, trust);
        // All else is found before or without a look at the signature.
        if matches!(verified, Ok(_) | Err(Invalid::BadSignature | Invalid::KeyCompromised)) {
            self.checks += 1;
        }
        verified
    }

    fn make_up(&mut self, keyring: &Keyring) {
        while self.checks < Self::UNKNOWN {
            let _ = std::hint::black_box(verify::<Claims>(&keyring.decoy, &keyring.records));
            self.checks += 1;
        }
    }
}

/// The word for a licence in the audit trail.
pub(crate) fn subject(id: Uuid) -> String {
    format!("license:{id}")
}

impl Known {
    /// Columns of the licence's own row that say something else than its claims.
    pub(crate) fn contradictions(&self) -> Vec<&'static str> {
        let (license, claims) = (&self.license, &self.claims);
        let mut columns = Vec::new();
        if license.expires_at != claims.exp {
            columns.push("expires_at");
        }
        if license.tier != claims.tier {
            columns.push("tier");
        }
        if license.trial != claims.trial {
            columns.push("trial");
        }
        let customer = claims.customer.as_ref().map(|customer| customer.id.as_str());
        if customer.is_some_and(|id| id != license.customer_id.to_string()) {
            columns.push("customer_id");
        }
        columns
    }

    /// Whether the licence gives a right at `now`; until when the authority may promise it.
    ///
    /// `Ok(Some(t))`: the licence, or the grace of its revocation, ends at `t`.
    pub(crate) fn standing(
        &self,
        now: i64,
        product: Option<&str>,
        fingerprint: Option<&str>,
    ) -> Result<Option<i64>, Denied> {
        let denied = |code: Code| Denied::new(code).of(self.license.id);
        // One that is not in our text form is a name the product gives its machine; it binds nothing.
        let machine: Vec<Fingerprint> =
            fingerprint.and_then(|text| text.parse().ok()).into_iter().collect();
        let mut circumstances = Circumstances::at(now).machine(&machine);
        if let Some(product) = product {
            circumstances = circumstances.product(product);
        }
        let verdict = decide(&self.claims, &circumstances);
        if let Err(Invalid::WrongProduct { .. }) = verdict {
            return Err(denied(Code::WrongProduct));
        }
        let mut end = self.claims.exp;
        match &self.license.state {
            LicenseState::Active => {}
            LicenseState::Suspended { .. } => return Err(denied(Code::Suspended)),
            LicenseState::Cancelled { .. } => return Err(denied(Code::Cancelled)),
            LicenseState::Revoked { grace_until: Some(until), .. } if now < *until => {
                end = Some(end.map_or(*until, |end| end.min(*until)));
            }
            LicenseState::Revoked { reason, .. } if reason.as_deref() == Some(CHAIN_BROKEN) => {
                return Err(denied(Code::ChainBroken));
            }
            LicenseState::Revoked { .. } => return Err(denied(Code::Revoked)),
        }
        match verdict {
            Ok(()) => Ok(end),
            Err(Invalid::Expired { .. }) => Err(denied(Code::Expired)),
            Err(Invalid::NotYetValid { .. }) => Err(denied(Code::NotYetValid)),
            Err(_) => Err(denied(Code::WrongMachine)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
