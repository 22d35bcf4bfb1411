//! What the targets share: keys that exist nowhere else, and licences signed with them.
//!
//! A target asserts more than that nothing panics. Of those that verify: only the bytes that were really
//! signed pass. Of those that read: what is written is read back the same.

use licentia_issue::sign::sign;
use licentia_issue::{Ed25519Signer, Signer};
use licentia_license::scheme::{Plan, Rules, v1};
use licentia_license::{License, Trust};

/// The secret behind the v1 key.
pub const SECRET: &[u8] = b"a secret of the fuzz targets alone";

/// A trust root, what it accepts, and all the keys that may pass.
pub struct Fixture {
    /// The root.
    pub signer: Ed25519Signer,
    /// Trust in it alone.
    pub trust: Trust,
    /// Rules under which every genuine key passes.
    pub rules: Rules,
    /// A jwt, a v2 and a v1 key.
    pub genuine: [String; 3],
}

impl Fixture {
    /// Makes everything anew, the same each time.
    pub fn new() -> Self {
        let signer = Ed25519Signer::from_seed([42; 32]).expect("a key");
        let trust = Trust::new(vec![signer.public_key().clone()]);
        let plan = Plan { code: "pro".into(), tier: "PRO".into(), ..Plan::default() };
        let rules =
            Rules::new().plan(plan).default_plan("pro").secret(SECRET, None).expect("rules");
        let license: License = serde_json::from_str(
            r#"{"iss":"i","sub":"018f4d2c-7a1b-7c3d-8e4f-5a6b7c8d9e0f","aud":"p","jti":"j","iat":1767225600,
            "features":["a"],"limits":{"n":1},"customer":{"id":"acme-eu"}}"#,
        )
        .expect("claims");
        let jwt = sign(&license, &signer).expect("a token");
        let v2 = licentia_issue::sign::sign_v2("P", &license, &signer).expect("a v2 key");
        let secret = v1::Secret::new(SECRET).expect("a secret");
        let v1 = v1::make(&secret, "P", "PRO", &license.sub, "PERPETUAL", None).expect("a v1 key");
        Self { signer, trust, rules, genuine: [jwt, v2, v1] }
    }
}

impl Default for Fixture {
    fn default() -> Self {
        Self::new()
    }
}

thread_local! {
    /// The fixture, made once.
    pub static FIXTURE: Fixture = Fixture::new();
}
