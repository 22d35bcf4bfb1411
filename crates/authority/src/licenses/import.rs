//! Takes over what another system issued: each key becomes the customer's key of a licence here, and is exchanged for a
//! signed one at the product's next contact.
//!
//! Every row is judged by itself: what is right is imported, what is not is told, and what is here already stays as it
//! is, so that the same file can be sent again. A `v1` key keeps its UUID as the id of its licence.

use std::collections::{BTreeMap, HashMap};

use licentia_issue::Secret;
use licentia_license::License as Claims;
use licentia_license::fingerprint::Bind;
use licentia_license::scheme::{check, scheme_of, v1};
use licentia_license::{Invalid, Text};
use licentia_model::{Customer, License, LicenseKey, LicenseState, Plan, Product, Scheme};
use licentia_protocol::import::{
    ImportLicenses, ImportReport, ImportedRow, NewImport, Outcome, State,
};
use licentia_storage::Transaction;
use serde_json::Value;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::customers::{Named, check_named};
use crate::error::AuthorityError;
use crate::licenses::customer_key::rules_of;
use crate::licenses::grant::{check_addons, grant, is_reserved};
use crate::licenses::term::Term;
use crate::licenses::transfer::claim;
use crate::seats::timestamp;

/// Most rows of one call.
pub const MOST: usize = 1_000;
/// Longest key of another system.
const LONGEST_KEY: usize = 16 * 1024;
/// Characters of all attributes of a row.
const MOST_ATTRIBUTES: usize = 4_096;

/// A row that is right.
struct Judged {
    place: usize,
    row: NewImport,
    id: Option<Uuid>,
    scheme: Scheme,
    lookup: [u8; 32],
    plan: Plan,
    expires_at: Option<i64>,
    bind: Option<Bind>,
}

/// What is true of a row.
enum Finding {
    New(Box<Judged>),
    Known(Uuid),
    Wrong(String),
}

impl Authority {
    /// Imports rows, or says what an import would do.
    pub async fn import_licenses(
        &self,
        request: ImportLicenses,
        ask: impl Into<Ask> + Send,
    ) -> Result<ImportReport, AuthorityError> {
        let ImportLicenses { product, rows, dry_run } = request;
        if !(1..=MOST).contains(&rows.len()) {
            return Err(AuthorityError::Invalid {
                field: "rows",
                problem: format!("one call imports 1 to {MOST} rows; make several calls"),
            });
        }
        let ask = ask.into();
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                let product = tx
                    .product_by_code(&product)
                    .await?
                    .ok_or(AuthorityError::NotFound { what: "product", name: product })?;
                let findings = this.judge_rows(tx, &product, rows).await?;
                let mut report = ImportReport { dry_run, ..ImportReport::default() };
                for (place, finding) in findings.into_iter().enumerate() {
                    let row = match finding {
                        Finding::Wrong(problem) => ImportedRow::wrong(place + 1, problem),
                        Finding::Known(id) => ImportedRow::known(place + 1, id),
                        Finding::New(judged) => {
                            let mut told = ImportedRow {
                                row: place + 1,
                                outcome: Outcome::Imported,
                                license_id: judged.id,
                                plan: Some(judged.plan.code.clone()),
                                expires_at: judged.expires_at.map(timestamp),
                                problem: None,
                            };
                            if !dry_run {
                                let id = this.import_row(tx, &product, *judged, &ask.actor).await?;
                                told.license_id = Some(id);
                            }
                            told
                        }
                    };
                    report.add(row);
                }
                Ok(report)
            })
        })
        .await
    }

    async fn judge_rows(
        &self,
        tx: &mut dyn Transaction,
        product: &Product,
        rows: Vec<NewImport>,
    ) -> Result<Vec<Finding>, AuthorityError> {
        let plans = tx.plans(product.id).await?;
        let secrets = self.product_secrets(tx, product.id).await?;
        let (mut findings, mut seen) = (Vec::with_capacity(rows.len()), HashMap::new());
        for (place, row) in rows.into_iter().enumerate() {
            let lookup = self.lookup(row.key.trim());
            let finding = match tx.license_key_by_lookup(&lookup).await? {
                Some(key) => Finding::Known(key.license_id),
                None => match self.judge_row(product, &plans, &secrets, row, (place, lookup)) {
                    Err(problem) => Finding::Wrong(problem),
                    Ok(judged) => self.place_row(tx, product, judged, &mut seen).await?,
                },
            };
            findings.push(finding);
        }
        Ok(findings)
    }

    /// Whether its key and its id are still free.
    async fn place_row(
        &self,
        tx: &mut dyn Transaction,
        product: &Product,
        judged: Judged,
        seen: &mut HashMap<[u8; 32], usize>,
    ) -> Result<Finding, AuthorityError> {
        if let Some(before) = seen.insert(judged.lookup, judged.place) {
            return Ok(Finding::Wrong(format!("row {} has the same key", before + 1)));
        }
        let Some(id) = judged.id else { return Ok(Finding::New(Box::new(judged))) };
        // By the id too: a `v1` licence that was renewed there has several keys.
        let by_id = self.master().hash("import", id.as_bytes());
        if let Some(before) = seen.insert(by_id, judged.place) {
            let problem =
                format!("row {} is of the same licence; give the newest key alone", before + 1);
            return Ok(Finding::Wrong(problem));
        }
        Ok(match tx.license(id).await? {
            None => Finding::New(Box::new(judged)),
            Some(license) if license.product_id == product.id => Finding::New(Box::new(judged)),
            Some(_) => Finding::Wrong("its UUID is that of a licence of another product".into()),
        })
    }

    fn judge_row(
        &self,
        product: &Product,
        plans: &[Plan],
        secrets: &[Secret<Vec<u8>>],
        row: NewImport,
        (place, lookup): (usize, [u8; 32]),
    ) -> Result<Judged, String> {
        let key = row.key.trim();
        if !(8..=LONGEST_KEY).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("`key` must be 8 or more printable ASCII characters without spaces".into());
        }
        check_named(&named(&row)).map_err(|e| e.to_string())?;
        row.addons.iter().try_for_each(check_addons).map_err(|e| e.to_string())?;
        check_attributes(&row.attributes)?;
        let scheme = scheme_of(key).unwrap_or(Scheme::Opaque);
        let mut tier = row.tier.clone();
        let (mut id, mut key_ends) = (None, None);
        if scheme == Scheme::V1 {
            let parts = v1::Parts::parse(key).map_err(|e| e.to_string())?;
            self.check_v1(key, product, secrets, row.fingerprint.as_deref())?;
            id = Some(Uuid::parse_str(parts.id).map_err(|_| "its UUID cannot be read".to_owned())?);
            tier.get_or_insert_with(|| parts.tier.to_owned());
            key_ends = Some(parts.exp);
        }
        let plan = plan_of(product, plans, row.plan.as_deref(), tier.as_deref())?;
        let told = Term::told(&row.term).map_err(|e| e.to_string())?;
        let now = self.clock().now();
        let expires_at = match (told, key_ends) {
            (Some(Term::Days(days)), _) => Some(now + i64::from(days) * super::term::DAY_S),
            (Some(Term::Until(at)), _) => Some(at),
            (Some(_), _) => None,
            (None, Some(ends)) => ends,
            (None, None) => {
                return Err("it says neither when it ends nor that it is perpetual".into());
            }
        };
        let bind = row.fingerprint.as_deref().map(|fingerprint| {
            let text = if fingerprint.contains(':') {
                fingerprint.to_owned()
            } else {
                format!("host-mac:{fingerprint}")
            };
            text.parse::<Bind>().map_err(|e| format!("`fingerprint`: {e}"))
        });
        let bind = bind.transpose()?;
        Ok(Judged { place, id, scheme, lookup, plan: plan.clone(), expires_at, bind, row })
    }

    fn check_v1(
        &self,
        key: &str,
        product: &Product,
        secrets: &[Secret<Vec<u8>>],
        fingerprint: Option<&str>,
    ) -> Result<(), String> {
        let mut rules = rules_of(product, secrets).map_err(|e| e.to_string())?;
        if let Some(fingerprint) = fingerprint {
            rules = rules.fingerprint(fingerprint.strip_prefix("host-mac:").unwrap_or(fingerprint));
        }
        match check(key, &self.keyring().trust, &rules, i64::MIN) {
            Err(Invalid::SchemeDisabled) => Err(
                "the product has no secret for `v1` keys; add it with `licentia key import` first"
                    .into(),
            ),
            Err(Invalid::BadSignature) => {
                Err("its signature fits no secret of the product; it is bound to a machine (give `fingerprint`), \
                     the secret is missing, or it was never issued"
                    .into())
            }
            Err(Invalid::Malformed(why)) => Err(why.to_owned()),
            Err(Invalid::WrongProduct { .. }) => Err("its prefix is another product's".into()),
            // When it ends, and which plan it is, is judged here.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn import_row(
        &self,
        tx: &mut dyn Transaction,
        product: &Product,
        judged: Judged,
        actor: &Actor,
    ) -> Result<Uuid, AuthorityError> {
        let now = self.clock().now();
        if let Some(id) = judged.id
            && tx.license(id).await?.is_some()
        {
            // It is here under another key, as after a renewal there: this one counts too.
            self.add_key(tx, id, &judged, actor, now).await?;
            return Ok(id);
        }
        let customer = self.customer_for(tx, &named(&judged.row), now).await?;
        let (id, jti) = (judged.id.unwrap_or_else(|| self.uuid()), self.uuid());
        let claims = self.imported_claims(product, &judged, &customer, (id, jti), now);
        let mut license = License {
            id,
            product_id: product.id,
            plan_id: judged.plan.id,
            customer_id: customer.id,
            state: LicenseState::Active,
            token_version: 1,
            jti,
            key_jti: jti,
            tier: judged.plan.tier.clone(),
            expires_at: judged.expires_at,
            trial: judged.row.trial,
            created_at: now,
            updated_at: now,
        };
        tx.insert_license(&license).await?;
        self.sign_record(tx, &license, claims, now).await?;
        license.key_jti = self.add_key(tx, id, &judged, actor, now).await?;
        let reason = Some("import".to_owned());
        match judged.row.state {
            State::Active => {}
            State::Suspended => license.state = LicenseState::Suspended { at: now, reason },
            State::Revoked => {
                license.state = LicenseState::Revoked { at: now, reason, grace_until: None };
            }
        }
        tx.update_license(&license).await?;
        if judged.row.trial {
            let marks = self.trial_marks_of(product, &customer.email);
            self.put_trial_marks(tx, product, id, &marks).await?;
        }
        let entry = Entry::change(Value::Null, license.state.as_str())
            .fact("product", product.code.clone())
            .fact("plan", judged.plan.code)
            .fact("scheme", judged.scheme.as_str())
            .fact("expires_at", license.expires_at)
            .fact("customer", customer.id.to_string())
            .personal("email", Some(&customer.email));
        self.announce(tx, actor, "license.import", id, entry).await?;
        Ok(id)
    }

    fn imported_claims(
        &self,
        product: &Product,
        judged: &Judged,
        customer: &Customer,
        (id, jti): (Uuid, Uuid),
        now: i64,
    ) -> Claims {
        let attributes = judged.row.attributes.iter();
        let mut claims = Claims {
            iss: self.issuer().into(),
            sub: id.to_string().into(),
            aud: product.code.as_str().into(),
            jti: jti.to_string().into(),
            iat: now,
            nbf: None,
            exp: judged.expires_at,
            tier: Text::default(),
            rank: 0,
            plan: Text::default(),
            features: Vec::new(),
            limits: BTreeMap::new(),
            seats: None,
            nodes: None,
            trial: judged.row.trial,
            telemetry: false,
            bind: judged.bind.clone(),
            customer: Some(claim(customer)),
            attributes: attributes.map(|(k, v)| (k.clone(), Value::from(v.clone()))).collect(),
        };
        grant(&mut claims, &judged.plan, judged.row.addons.as_ref());
        claims
    }

    async fn add_key(
        &self,
        tx: &mut dyn Transaction,
        license_id: Uuid,
        judged: &Judged,
        actor: &Actor,
        now: i64,
    ) -> Result<Uuid, AuthorityError> {
        let jti = self.uuid();
        let key = LicenseKey {
            jti,
            license_id,
            scheme: judged.scheme,
            kid: None,
            sealed: None,
            lookup: Some(judged.lookup),
            issued_at: now,
            voided_at: None,
        };
        tx.insert_license_key(&key).await?;
        let entry =
            Entry::change(Value::Null, jti.to_string()).fact("scheme", judged.scheme.as_str());
        let subject = crate::credential::subject(license_id);
        self.record(tx, actor, "license.import_key", subject, entry).await?;
        Ok(jti)
    }
}

fn named(row: &NewImport) -> Named {
    Named {
        email: row.email.clone(),
        name: row.name.clone(),
        organization: row.organization.clone(),
    }
}

fn check_attributes(attributes: &BTreeMap<String, String>) -> Result<(), String> {
    if attributes.iter().map(|(k, v)| k.len() + v.len()).sum::<usize>() > MOST_ATTRIBUTES {
        return Err("all attributes together may have 4,096 characters".into());
    }
    if attributes.keys().any(|name| is_reserved(name)) {
        return Err("names of attributes that begin with `licentia.` are reserved".into());
    }
    Ok(())
}

/// By its code, else by the tier, else the product's default.
fn plan_of<'a>(
    product: &Product,
    plans: &'a [Plan],
    code: Option<&str>,
    tier: Option<&str>,
) -> Result<&'a Plan, String> {
    let code = match (code, tier) {
        (None, Some(tier)) => {
            let found = plans.iter().find(|plan| plan.tier.eq_ignore_ascii_case(tier));
            return found.ok_or_else(|| format!("no plan of the product is of the tier `{tier}`"));
        }
        (code, _) => code.unwrap_or(&product.default_plan),
    };
    plans
        .iter()
        .find(|plan| plan.code == code)
        .ok_or_else(|| format!("there is no plan `{code}` of this product"))
}
