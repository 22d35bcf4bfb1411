//! The same offline check by others, in one run with ours: `jsonwebtoken` decodes and judges the same token,
//! `keygen-rs` checks and parses a signed key with the same claims.
//!
//! `cargo run --release --manifest-path benches/compare/Cargo.toml`; needs valgrind for the instruction counts.

use base64ct::{Base64Url, Encoding};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use keygen_rs::config::KeygenConfig;
use keygen_rs::license::SchemeCode;
use licentia_benches::race::{Contender, race, table};
use licentia_benches::sample::{FEATURE, Failure, NOW, PRODUCT, Sample};
use licentia_issue::Signer;
use serde::Deserialize;

/// The claims that the others are asked for; owned, as an application would keep them.
#[derive(Deserialize)]
struct Claims {
    aud: String,
    exp: i64,
    features: Vec<String>,
}

impl Claims {
    fn grant(&self) -> bool {
        self.aud == PRODUCT && NOW < self.exp && self.features.iter().any(|name| name == FEATURE)
    }
}

fn main() -> Result<(), Failure> {
    for (name, bytes) in [("400", 400), ("1000", 1000)] {
        if std::env::args().nth(2).is_some_and(|asked| !asked.ends_with(name)) {
            continue;
        }
        let sample = Sample::of(bytes)?;
        let results = match bytes {
            400 => {
                contest(&sample, ["bare-400", "licentia-400", "jsonwebtoken-400", "keygen-rs-400"])?
            }
            _ => contest(
                &sample,
                ["bare-1000", "licentia-1000", "jsonwebtoken-1000", "keygen-rs-1000"],
            )?,
        };
        if !results.is_empty() {
            println!("{bytes} bytes of claims, a token of {}\n{results}", sample.token.len());
        }
    }
    Ok(())
}

fn contest(sample: &Sample, names: [&'static str; 4]) -> Result<String, Failure> {
    let key = DecodingKey::from_ed_pem(sample.signer.public_key().to_pem().as_bytes())?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[PRODUCT]);
    // The library reads the machine's clock; the sample's times are judged by us.
    validation.validate_exp = false;
    let config = keygen_config(sample);
    let signed = keygen_key(sample)?;
    let mut contenders = vec![
        Contender::new(names[0], sample.bare()?),
        Contender::new(names[1], || sample.check()),
        Contender::new(names[2], || {
            jsonwebtoken::decode::<Claims>(&sample.token, &key, &validation)
                .is_ok_and(|token| token.claims.grant())
        }),
        Contender::new(names[3], || {
            keygen_rs::verify_with_config(&config, SchemeCode::Ed25519Sign, &signed).is_ok_and(
                |bytes| serde_json::from_slice::<Claims>(&bytes).is_ok_and(|c| c.grant()),
            )
        }),
    ];
    let results = race(&mut contenders)?;
    Ok(if results.is_empty() { String::new() } else { table(&results, names[0]) })
}

fn keygen_config(sample: &Sample) -> KeygenConfig {
    let seed = sample.signer.public_key().to_jwk().x.unwrap_or_default();
    let bytes = base64ct::Base64UrlUnpadded::decode_vec(&seed).unwrap_or_default();
    let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    KeygenConfig { public_key: Some(hex), ..KeygenConfig::default() }
}

/// `key/CLAIMS.SIGNATURE`, as that authority signs it.
fn keygen_key(sample: &Sample) -> Result<String, Failure> {
    let message = format!("key/{}", Base64Url::encode_string(sample.claims.as_bytes()));
    let signature = sample.signer.sign(message.as_bytes())?;
    Ok(format!("{message}.{}", Base64Url::encode_string(&signature)))
}
