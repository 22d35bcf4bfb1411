//! Licences of a given size, signed by a key of their own.

use std::collections::BTreeMap;

use ed25519_dalek::{Signature, VerifyingKey};
use licentia_issue::sign::sign;
use licentia_issue::{Ed25519Signer, Signer};
use licentia_license::claims::Customer;
use licentia_license::decide::{Circumstances, decide};
use licentia_license::verify::verify;
use licentia_license::{License, Trust};

/// 2026-01-01T00:00:00Z, the time of every check.
pub const NOW: i64 = 1_767_225_600;
/// The product that every sample is for.
pub const PRODUCT: &str = "tmws";
/// A feature that every sample grants, the last of its list.
pub const FEATURE: &str = "priority-support";

/// A signed licence and what it takes to check it.
pub struct Sample {
    /// The compact token.
    pub token: String,
    /// Whom to trust.
    pub trust: Trust,
    /// The private key, for those who make tokens of another form.
    pub signer: Ed25519Signer,
    /// The claims as JSON, exactly as long as was asked for.
    pub claims: String,
}

/// Why a sample could not be made.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Sample {
    /// A licence with 5 features whose claims are `bytes` long as JSON.
    pub fn of(bytes: usize) -> Result<Self, Failure> {
        let mut license = plain();
        fill(&mut license, bytes)?;
        let claims = serde_json::to_string(&license)?;
        if claims.len() != bytes {
            return Err(format!("{} bytes instead of {bytes}", claims.len()).into());
        }
        let signer = Ed25519Signer::from_seed([7; 32])?;
        let token = sign(&license, &signer)?;
        let trust = Trust::new(vec![signer.public_key().clone()]);
        Ok(Self { token, trust, signer, claims })
    }

    /// The bare strict check of the signature over the same bytes, with nothing to decode.
    pub fn bare(&self) -> Result<impl Fn() -> bool, Failure> {
        let (message, _) = self.token.rsplit_once('.').ok_or("no token")?;
        let message = message.as_bytes().to_vec();
        let signature = Signature::from_slice(&self.signer.sign(&message)?)?;
        let seed = ed25519_dalek::SigningKey::from_bytes(self.signer.seed().expose());
        let key: VerifyingKey = seed.verifying_key();
        Ok(move || key.verify_strict(&message, &signature).is_ok())
    }

    /// The full offline check: split, base64, strict signature, parse, expiry, product and a feature.
    #[must_use]
    pub fn check(&self) -> bool {
        verify::<License>(&self.token, &self.trust).is_ok_and(|license| {
            decide(&license, &Circumstances::at(NOW).product(PRODUCT)).is_ok()
                && license.has_feature(FEATURE)
        })
    }
}

fn plain() -> License {
    let names = ["agents", "sso", "audit", "export", FEATURE];
    License {
        iss: "https://l.example".into(),
        sub: "018f4d2c-7a1b-7c3d-8e4f-5a6b7c8d9e0f".into(),
        aud: PRODUCT.into(),
        jti: "01JGZ6Q2".into(),
        iat: NOW - 86_400,
        nbf: None,
        exp: Some(NOW + 86_400 * 365),
        tier: "PRO".into(),
        rank: 2,
        plan: "pro-yearly".into(),
        features: names.map(Into::into).to_vec(),
        limits: BTreeMap::from([("agents".into(), Some(10))]),
        seats: Some(2),
        nodes: Some(10),
        trial: false,
        telemetry: false,
        bind: None,
        customer: Some(Customer {
            id: "c-4711".into(),
            name: None,
            email: None,
            organization: None,
        }),
        attributes: serde_json::Map::new(),
    }
}

/// More of everything where there is room for it, and a line of text for what is left.
fn fill(license: &mut License, bytes: usize) -> Result<(), Failure> {
    let Some(customer) = &mut license.customer else { return Err("no customer".into()) };
    if bytes >= 1000 {
        license.iss = "https://licenses.example.com".into();
        license.jti = "018f4d2c-7a1b-7c3d-8e4f-0123456789ab".into();
        license.nbf = Some(license.iat);
        license
            .limits
            .extend(["users", "projects", "requests"].map(|name| (name.into(), Some(100_000))));
        license.limits.insert("tokens".into(), None);
        customer.id = "018f4d2c-7a1b-7c3d-8e4f-ba9876543210".into();
        customer.name = Some("Ada Lovelace".into());
        customer.email = Some("ada@analytical-engines.example".into());
        for (name, value) in [("chargeId", "ch_1Q2w3E4r5T6y"), ("channel", "reseller")] {
            license.attributes.insert(name.into(), value.into());
        }
    }
    let short = |license: &License| -> Result<usize, Failure> {
        let length = serde_json::to_vec(license)?.len();
        Ok(bytes.checked_sub(length).ok_or("the claims are longer than that already")?)
    };
    let text = short(license)?.saturating_sub(r#","organization":"""#.len());
    if let Some(customer) = license.customer.as_mut().filter(|_| text > 0) {
        customer.organization =
            Some("Analytical Engines Ltd ".chars().cycle().take(text).collect());
    }
    Ok(())
}
