//! What a mail tells, from the licence as it is when the mail is sent. One that is no longer true is not sent.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use licentia_license::file::LicenseFile;
use licentia_model::{Job, Product, Scheme};
use licentia_protocol::resource;
use licentia_storage::Transaction;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::audit::sealed_for;
use crate::authority::Authority;
use crate::customers::erase::NOBODY;
use crate::error::AuthorityError;
use crate::mail::Template;

/// A mail but for its words.
pub struct Letter {
    /// Its template.
    pub template: Template,
    /// To whom.
    pub email: String,
    /// His name.
    pub name: Option<String>,
    /// What the template may say.
    pub context: Value,
    /// The licence file: its name and text.
    pub file: Option<(String, String)>,
}

/// What becomes of a job.
pub enum Composed {
    /// A mail.
    Letter(Box<Letter>),
    /// Nothing, since it is no longer true; why.
    Void(String),
    /// Nothing, since it cannot be; why.
    Hopeless(String),
}

impl Authority {
    /// The mail that a job of the kind `mail` is.
    pub async fn compose_mail(&self, job: &Job) -> Result<Composed, AuthorityError> {
        let Ok(template) = job.event.parse::<Template>() else {
            return Ok(Composed::Hopeless(format!("there is no mail `{}`", job.event)));
        };
        let job = job.clone();
        self.read(move |this, tx| {
            Box::pin(async move {
                match (template, job.license_id) {
                    (Template::LogIn, _) => this.log_in_letter(tx, &job).await,
                    (_, Some(license)) => this.license_letter(tx, template, license, &job).await,
                    (_, None) => Ok(Composed::Hopeless("it is about no licence".into())),
                }
            })
        })
        .await
    }

    async fn license_letter(
        &self,
        tx: &mut dyn Transaction,
        template: Template,
        id: Uuid,
        job: &Job,
    ) -> Result<Composed, AuthorityError> {
        let Some(license) = tx.license(id).await? else {
            return Ok(Composed::Void("the licence is gone".into()));
        };
        let facts: Value = serde_json::from_str(&job.payload).unwrap_or_default();
        let known = self.know(tx, license.clone()).await?;
        let (product, _) = self.terms_of(tx, &known).await?;
        let view = self.view(tx, license.clone()).await?;
        if view.customer.email.ends_with(NOBODY) {
            return Ok(Composed::Void("the customer was erased".into()));
        }
        if let Some(why) = void(template, &view, &facts) {
            return Ok(Composed::Void(why));
        }
        let mut key = None;
        if template.brings_the_license() {
            key = match &job.sealed {
                Some(sealed) => {
                    let text = self.master().open(&sealed_for(id), sealed)?;
                    Some(String::from_utf8_lossy(text.expose()).into_owned())
                }
                None if view.scheme == Scheme::V1.as_str() => {
                    let secret = self.product_secrets(tx, product.id).await?.into_iter().next();
                    let now = self.clock().now();
                    let claims = &known.claims;
                    let drawn = self.draw_key(
                        &product,
                        &license,
                        claims,
                        Scheme::V1,
                        secret.as_ref(),
                        now,
                    )?;
                    Some(drawn.1)
                }
                None => view.key.clone(),
            };
            if key.is_none() && template == Template::LicenseDelivered {
                let why = "the key was sent before, and is not kept; `licentia license reissue` makes another";
                return Ok(Composed::Hopeless(why.into()));
            }
        }
        let machine = match facts["activation"].as_str().and_then(|id| Uuid::parse_str(id).ok()) {
            Some(id) if template == Template::NewSeat => tx.activation(id).await?.map(|known| {
                json!({ "hostname": known.hostname, "at": Timestamp::from_second(known.activated_at).ok() })
            }),
            _ => None,
        };
        let keyset =
            matches!(view.scheme.as_str(), "jwt" | "v2").then(|| self.keyring().keyset.clone());
        let file = key.as_ref().map(|key| {
            let file = LicenseFile { license: key.clone(), keyset, ..LicenseFile::default() };
            (format!("{}.lic", view.product), file.to_string())
        });
        Ok(Composed::Letter(Box::new(Letter {
            template,
            email: view.customer.email.clone(),
            name: view.customer.name.clone(),
            context: context(&view, &product, key.as_deref(), machine.as_ref(), self.clock().now()),
            file,
        })))
    }
}

/// Why it is no longer to be sent.
fn void(template: Template, license: &resource::License, facts: &Value) -> Option<String> {
    let state = license.state.as_str();
    let in_force = matches!(state, "active" | "trial");
    let same_end = license.expires_at.map(Timestamp::as_second) == facts["expires_at"].as_i64();
    let holds = match template {
        Template::LicenseExpiring | Template::TrialEnding => in_force && same_end,
        Template::LicenseExpired => state == "expired" && same_end,
        Template::LicenseSuspended => state == "suspended",
        Template::LicenseDelivered => !matches!(state, "revoked" | "cancelled"),
        Template::LicenseRenewed | Template::LicenseChanged | Template::NewSeat => in_force,
        Template::LogIn => true,
    };
    (!holds).then(|| format!("the licence is {state} now, or ends at another time"))
}

fn context(
    license: &resource::License,
    product: &Product,
    key: Option<&str>,
    machine: Option<&Value>,
    now: i64,
) -> Value {
    let variable = format!("{}_LICENSE_KEY", product.key_prefix.replace('-', "_").to_uppercase());
    let secret = format!("{}-license", product.code);
    let lines = key.map(|key| {
        json!({
            "variable": variable,
            "env": format!("{variable}={key}"),
            "compose": format!("environment:\n  {variable}: \"{key}\""),
            "kubernetes": format!(
                "kubectl create secret generic {secret} --from-literal={variable}='{key}'"
            ),
            "secret": secret,
        })
    });
    let left = license.expires_at.map(|end| (end.as_second() - now + 86_399).div_euclid(86_400));
    json!({
        "product": { "code": product.code, "name": product.name },
        "plan": license.plan,
        "tier": license.tier,
        "customer": {
            "name": license.customer.name,
            "email": license.customer.email,
            "organization": license.customer.organization,
        },
        "license": {
            "id": license.id,
            "expires_at": license.expires_at,
            "last_day": license.expires_at.map(last_day),
            "trial": license.trial,
            "seats": license.seats,
            "state": license.state,
        },
        "key": key,
        "lines": lines,
        "days": left.map(|days| days.max(0)),
        "machine": machine,
    })
}

/// The last day on which it is good, UTC.
fn last_day(end: Timestamp) -> String {
    let last = Timestamp::from_second(end.as_second() - 1).unwrap_or(end);
    last.to_zoned(TimeZone::UTC).date().to_string()
}

/// What the preview of a mail shows.
#[must_use]
pub fn sample(template: Template) -> Value {
    let key = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbiBleGFtcGxlIn0.c2lnbmF0dXJl";
    let brings = template.brings_the_license();
    json!({
        "product": { "code": "bzzz", "name": "BZZZ" },
        "plan": "standard",
        "tier": "STANDARD",
        "customer": {
            "name": "Ada <b>Lovelace</b>", "email": "ada@example.com", "organization": "Analytical & Co",
        },
        "license": {
            "id": "01920000-0000-7000-8000-000000000000",
            "expires_at": "2027-01-01T00:00:00Z",
            "last_day": "2026-12-31",
            "trial": template == Template::TrialEnding,
            "seats": 2,
            "state": "active",
        },
        "key": brings.then_some(key),
        "lines": brings.then(|| json!({
            "variable": "BZZZ_LICENSE_KEY",
            "env": format!("BZZZ_LICENSE_KEY={key}"),
            "compose": format!("environment:\n  BZZZ_LICENSE_KEY: \"{key}\""),
            "kubernetes": format!(
                "kubectl create secret generic bzzz-license --from-literal=BZZZ_LICENSE_KEY='{key}'"
            ),
            "secret": "bzzz-license",
        })),
        "days": 7,
        "machine": { "hostname": "build-7.example.com", "at": "2026-12-24T12:00:00Z" },
        "link": { "url": "https://licenses.example.com/portal/link?t=example", "minutes": 15 },
    })
}
