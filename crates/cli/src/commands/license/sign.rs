//! `licentia license sign`: a key out of claims, with a key file and nothing else.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::Time;
use licentia_issue::Signer;
use licentia_issue::sign::sign;
use licentia_license::keyset::Purpose;
use licentia_license::scheme::{v1, v2};
use licentia_license::{Document, Invalid, License};
use licentia_model::{Clock, Random};
use licentia_server::system::{SystemClock, SystemRandom};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::commands::license::verify::{read, read_secret, trimmed};
use crate::failure::Failure;
use crate::output::Output;

/// Sign a licence with a private key file; needs no authority and no database.
///
/// The claims are those of a licence. `sub`, `jti` and `iat` are made where they are missing. A v1 key takes
/// `tier`, `sub` and `exp` of them, and a v2 payload with `customer_id` is signed as it stands.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  licentia license sign --key 1f3c….private.pem --claims claims.json\n  \
                  licentia license sign --key 1f3c….private.pem --claims claims.json --scheme v2 --prefix CAIO\n  \
                  licentia license sign --secret-file tmws.secret --claims claims.json --scheme v1 --prefix TMWS"
)]
pub struct Args {
    /// The private key: PEM, readable by its owner only, or a PKCS#11 URI (see `key hsm`).
    #[arg(
        long,
        value_name = "PRIVATE.pem",
        required_unless_present = "secret_file",
        conflicts_with = "secret_file"
    )]
    key: Option<PathBuf>,
    /// The passphrase of the private key: a file with one line, readable by its owner only.
    #[arg(long, value_name = "FILE", requires = "key")]
    passphrase_file: Option<PathBuf>,
    /// The secret of v1 keys: the file's bytes less a trailing newline, readable by its owner only.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The claims, a JSON object.
    #[arg(long, value_name = "CLAIMS.json")]
    claims: PathBuf,
    /// Key scheme; none: `jwt` with a private key, `v1` with a secret.
    #[arg(long, value_parser = ["jwt", "v2", "v1"])]
    scheme: Option<String>,
    /// What a v1 or v2 key begins with; none: `aud` in capitals.
    #[arg(long)]
    prefix: Option<String>,
    /// The machine that a v1 key is for.
    #[arg(long, requires = "secret_file")]
    fingerprint: Option<String>,
}

/// Claims of a licence as they were given, members that this version does not know included.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Claims(Map<String, Value>);

impl Document for Claims {
    const TYP: &'static str = License::TYP;
    const PURPOSE: Purpose = License::PURPOSE;

    fn issued_at(&self) -> i64 {
        self.0.get("iat").and_then(Value::as_i64).unwrap_or_default()
    }
}

pub(crate) fn run(args: &Args, out: Output) -> Result<(), Failure> {
    let claims = complete(
        licentia_license::json::from_slice(read(&args.claims)?.as_bytes()).map_err(|e| {
            Failure::usage(
                format!("{}: {e}", args.claims.display()),
                "give a JSON object with the claims of a licence",
            )
        })?,
    );
    let scheme = args.scheme.as_deref();
    let (scheme, key) = match (&args.secret_file, scheme) {
        (Some(_), None | Some("v1")) => ("v1", v1_key(args, &claims)?),
        (Some(_), Some(_)) | (None, Some("v1")) => {
            return Err(Failure::usage(
                "a secret makes v1 keys, a private key makes jwt and v2 keys",
                "give --secret-file with --scheme v1, or --key with the others",
            ));
        }
        (None, Some("v2")) => ("v2", v2_key(args, claims)?),
        (None, _) => ("jwt", jwt_key(args, claims)?),
    };
    out.one(&json!({ "key": key, "scheme": scheme }), |_| key.clone())
}

/// Claims that need nobody's decision.
fn complete(mut claims: Map<String, Value>) -> Map<String, Value> {
    if claims.contains_key("customer_id") {
        return claims;
    }
    let random: &dyn Random = &SystemRandom;
    for name in ["sub", "jti"] {
        claims.entry(name).or_insert_with(|| json!(random.uuid()));
    }
    claims.entry("iat").or_insert_with(|| json!(SystemClock.now()));
    claims
}

fn license(args: &Args, claims: &Map<String, Value>) -> Result<License, Failure> {
    serde_json::from_value(Value::Object(claims.clone())).map_err(|e| {
        Failure::usage(
            format!("{}: {e}", args.claims.display()),
            "`iss` and `aud` are needed at least",
        )
    })
}

fn jwt_key(args: &Args, claims: Map<String, Value>) -> Result<String, Failure> {
    license(args, &claims)?;
    sign(&Claims(claims), &*signer(args)?).map_err(|e| undone(&e))
}

fn v2_key(args: &Args, mut claims: Map<String, Value>) -> Result<String, Failure> {
    let signer = signer(args)?;
    let legacy = claims.get("customer_id").and_then(Value::as_str).map(str::to_owned);
    let customer = match legacy {
        Some(customer) => customer,
        None => {
            let customer = license(args, &claims)?.customer;
            claims.entry("kid").or_insert_with(|| json!(signer.public_key().kid()));
            customer.map(|customer| customer.id.to_string()).unwrap_or_default()
        }
    };
    let payload = serde_json::to_vec(&claims).map_err(|e| undone(&e))?;
    let signature = signer.sign(&payload).map_err(|e| undone(&e))?;
    v2::compose(&prefix(args, &claims)?, &customer, &payload, &signature)
        .map_err(|e| unfit(args, &e))
}

fn v1_key(args: &Args, claims: &Map<String, Value>) -> Result<String, Failure> {
    let path = args.secret_file.clone().unwrap_or_default();
    let bytes = read_secret(&path)?;
    let secret = v1::Secret::new(trimmed(&bytes)).map_err(|e| {
        Failure::usage(
            format!("{}: {e}", path.display()),
            "`licentia key generate --alg hmac --out DIR` makes one",
        )
    })?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let (tier, id) = (text("tier"), text("sub"));
    if Uuid::try_parse(id).is_err() {
        return Err(Failure::usage(
            "the claim `sub` is not a UUID",
            "leave it out to have one made",
        ));
    }
    let expiry = match claims.get("exp") {
        None | Some(Value::Null) => "PERPETUAL".to_owned(),
        Some(exp) => exp.as_i64().and_then(last_day).ok_or_else(|| {
            Failure::usage(
                "a v1 key is valid through the end of a day, and `exp` is not the end of one",
                "give midnight after its last day, UTC, in seconds since the epoch",
            )
        })?,
    };
    let prefix = prefix(args, claims)?;
    v1::make(&secret, &prefix, tier, id, &expiry, args.fingerprint.as_deref())
        .map_err(|e| unfit(args, &e))
}

/// The day that ends at `exp`, as `YYYYMMDD`.
fn last_day(exp: i64) -> Option<String> {
    let end = Timestamp::from_second(exp).ok()?.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let day = end.date().yesterday().ok()?;
    (end.time() == Time::midnight()).then(|| day.strftime("%Y%m%d").to_string())
}

fn prefix(args: &Args, claims: &Map<String, Value>) -> Result<String, Failure> {
    let aud = claims.get("aud").and_then(Value::as_str).map(str::to_ascii_uppercase);
    args.prefix
        .clone()
        .or(aud)
        .ok_or_else(|| Failure::usage("the key has no prefix", "give --prefix, e.g. --prefix TMWS"))
}

fn signer(args: &Args) -> Result<Box<dyn Signer>, Failure> {
    let path = args.key.clone().unwrap_or_default();
    let hint = "give a private key in PEM, as `licentia key generate` makes it";
    crate::signer::open(&path, args.passphrase_file.as_deref(), "--passphrase-file", hint)
}

fn unfit(args: &Args, invalid: &Invalid) -> Failure {
    let reason = match invalid {
        Invalid::Malformed(reason) => (*reason).to_owned(),
        other => other.to_string(),
    };
    Failure::usage(
        format!("{}: no key can be made of it: {reason}", args.claims.display()),
        "correct the claims or --prefix",
    )
}

fn undone(error: &dyn std::error::Error) -> Failure {
    Failure::undone(
        format!("the licence was not signed: {error}"),
        "run it again; if it repeats, report this defect",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_v1_key_ends_with_a_day() {
        assert_eq!(last_day(1_766_016_000).as_deref(), Some("20251217"));
        assert_eq!(last_day(1_766_016_001), None);
        assert_eq!(last_day(i64::MAX), None);
    }
}
