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
        let short = bytes
            .checked_sub(serde_json::to_vec(&license)?.len())
            .ok_or("the claims are longer than that already")?;
        fill(&mut license, short)?;
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
        features: names.map(String::from).to_vec(),
        limits: BTreeMap::from([("agents".into(), Some(10))]),
        seats: Some(2),
        nodes: Some(10),
        trial: false,
        bind: None,
        customer: Some(Customer { id: "c-4711".into(), name: None, email: None, organization: None }),
        attributes: serde_json::Map::new(),
    }
}

/// Adds limits, each of its own name, and a line of text for what is left.
fn fill(license: &mut License, mut short: usize) -> Result<(), Failure> {
    const EACH: usize = r#","requests-of-kind-00":100000"#.len();
    let limits = short.saturating_sub(100) / EACH;
    for n in 0..limits {
        license.limits.insert(format!("requests-of-kind-{n:02}"), Some(100_000));
    }
    short -= limits * EACH;
    let Some(customer) = &mut license.customer else { return Err("no customer".into()) };
    if let Some(length) = short.checked_sub(r#","organization":"""#.len()) {
        customer.organization = Some("Analytical Engines Ltd ".chars().cycle().take(length).collect());
    } else if short > 0 {
        customer.id.extend(std::iter::repeat_n('0', short));
    }
    Ok(())
}
