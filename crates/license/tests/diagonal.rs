//! Each signed thing presented to each verifier: only the diagonal passes.
//!
//! Everything is signed by one key that may sign everything, so that nothing but its kind holds it apart.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use licentia_license::activation::ActivationProof;
use licentia_license::delegation::Delegation;
use licentia_license::keyset::Keyset;
use licentia_license::lease::Standing;
use licentia_license::manifest::{Artifact, Manifest};
use licentia_license::offline::{OfflineLease, OfflineRequest, OfflineReturn};
use licentia_license::receipt::Receipt;
use licentia_license::refusal::Refusal;
use licentia_license::release::ReleaseNews;
use licentia_license::scheme::{Profile, check, short};
use licentia_license::status_list::{StatusList, Statuses};
use licentia_license::verdict::OnlineVerdict;
use licentia_license::verify::verify;
use licentia_license::waiver::{GraceGrant, Waiver};
use licentia_license::{Document, Invalid, Lease, License, RevocationList, Trust};

use support::{Key, caio_payload, license, rules, v1_key};

type Verifier = fn(&str, &Trust) -> Result<(), Invalid>;

fn document<T: Document>(token: &str, trust: &Trust) -> Result<(), Invalid> {
    verify::<T>(token, trust).map(|_| ())
}

fn key(token: &str, trust: &Trust, product: &str, profile: Option<Profile>) -> Result<(), Invalid> {
    check(token, trust, &rules(product, profile), 1_900_000_000).map(|_| ())
}

const VERIFIERS: &[(&str, Verifier)] = &[
    ("license", document::<License>),
    ("lease", document::<Lease>),
    ("offline", document::<OfflineLease>),
    ("activation", document::<ActivationProof>),
    ("refusal", document::<Refusal>),
    ("verdict", document::<OnlineVerdict>),
    ("keyset", document::<Keyset>),
    ("manifest", document::<Manifest>),
    ("release", document::<ReleaseNews>),
    ("waiver", document::<Waiver>),
    ("grace", document::<GraceGrant>),
    ("request", document::<OfflineRequest>),
    ("return", document::<OfflineReturn>),
    ("receipt", document::<Receipt>),
    ("delegation", document::<Delegation>),
    ("revocations", document::<RevocationList>),
    ("status list", document::<StatusList>),
    ("a key of caio", |token, trust| key(token, trust, "caio", None)),
    ("a key of tmws", |token, trust| key(token, trust, "tmws", None)),
    ("an old key of caio", |token, trust| key(token, trust, "caio", Some(Profile::Caio))),
    ("an old key of volcanic", |token, trust| key(token, trust, "pixels", Some(Profile::Volcanic))),
];

/// What each thing passes for. A licence is a key of every product until `decide` has judged its `aud`.
fn expected(artefact: &str) -> &[&str] {
    match artefact {
        "license" => &[
            "license",
            "a key of caio",
            "a key of tmws",
            "an old key of caio",
            "an old key of volcanic",
        ],
        "v2" => &["a key of caio", "an old key of caio"],
        "v1" => &["a key of tmws"],
        "v2 of caio" => &["an old key of caio"],
        "volcanic" => &["an old key of volcanic"],
        "short" | "opaque" => &[],
        _ => std::slice::from_ref(
            VERIFIERS.iter().map(|(name, _)| name).find(|name| **name == artefact).unwrap(),
        ),
    }
}

fn lease() -> Lease {
    Lease {
        iss: "a".into(),
        sub: "s".into(),
        aud: "caio".into(),
        iat: 1,
        exp: 2,
        act: "act".into(),
        cluster_id: "c".into(),
        token_version: 1,
        generation: 1,
        nonce: "n".into(),
        server_nonce: "n".into(),
        tier: "PRO".into(),
        rank: 2,
        features: Vec::new(),
        limits: [].into(),
        nodes: None,
        standing: Standing::Active,
        next_at: 1,
        revocations_seq: 0,
        fingerprint: None,
    }
}

fn artefacts(signer: &Key) -> Vec<(&'static str, String)> {
    let (iss, sub, aud) = ("a".to_owned(), "s".to_owned(), "caio".to_owned());
    let (iat, exp, nonce, act) = (1, 2, "n".to_owned(), "act".to_owned());
    let cluster_id = "c".to_owned();
    let manifest = Manifest {
        iss: iss.clone(),
        iat,
        exp: None,
        product: aud.clone(),
        version: "1.0.0".into(),
        artifacts: vec![Artifact {
            name: "lib/app.so".into(),
            version: None,
            sha256: "00".repeat(32),
            signer: None,
        }],
    };
    let news = ReleaseNews {
        iss: iss.clone(),
        aud: aud.clone(),
        iat,
        exp: iat + 60,
        channel: "stable".into(),
        platform: None,
        version: None,
        latest: None,
    };
    let proof = ActivationProof {
        iss: iss.clone(),
        sub: sub.clone(),
        aud: aud.clone(),
        iat,
        act,
        cluster_id: cluster_id.clone(),
        fingerprint: None,
        artifacts: None,
    };
    let refusal = Refusal {
        iss: iss.clone(),
        iat,
        exp,
        code: "suspended".into(),
        nonce: nonce.clone(),
        sub: None,
        cluster_id: None,
        grace_until: None,
    };
    let verdict = OnlineVerdict {
        iss: iss.clone(),
        iat,
        exp,
        nonce: nonce.clone(),
        valid: true,
        code: "valid".into(),
        sub: None,
        key: Some("digest".into()),
        aud: Some("p".into()),
        plan: None,
        tier: None,
        features: Vec::new(),
        limits: std::collections::BTreeMap::new(),
        license_exp: None,
    };
    let waiver = Waiver {
        iss: iss.clone(),
        aud: aud.clone(),
        iat,
        exp,
        reason: "fair".into(),
        who: "ada".into(),
    };
    let grace = GraceGrant {
        iss: iss.clone(),
        aud: aud.clone(),
        iat,
        exp,
        plan: None,
        tier: "PRO".into(),
        rank: 2,
        features: vec!["a".into()],
        limits: [("tokens".into(), None)].into(),
        fingerprint: None,
        reason: None,
    };
    let request = OfflineRequest {
        iss: cluster_id.clone(),
        iat,
        exp,
        aud: aud.clone(),
        license_key: "BZZZ-2025-ABC123-XYZ".into(),
        cluster_id,
        fingerprint: None,
        nonce,
        jwk: signer.jwk(),
    };
    let returned = OfflineReturn {
        iss: "c".into(),
        iat,
        aud: aud.clone(),
        sub: sub.clone(),
        act: "act".into(),
        cluster_id: "c".into(),
        jwk: signer.jwk(),
    };
    let receipt = Receipt {
        iss: iss.clone(),
        iat,
        log: "log".into(),
        index: 0,
        leaf: "AA".into(),
        tree_size: 1,
        root: "AA".into(),
        proof: Vec::new(),
    };
    let delegation = Delegation {
        iss: iss.clone(),
        sub,
        aud,
        jti: "d".into(),
        iat,
        exp,
        relay: "r".into(),
        jwk: signer.jwk(),
        seats: 3,
    };
    let revocations = RevocationList { iss: iss.clone(), iat, exp, seq: 1, revoked: Vec::new() };
    let statuses = StatusList {
        iss: iss.clone(),
        sub: "https://a.example/status/1".into(),
        iat,
        exp,
        seq: 1,
        status_list: Statuses::valid().pack(),
    };
    let keyset = Keyset { iss, iat, exp: None, version: 1, keys: Vec::new() };
    let claims = serde_json::to_value(license()).unwrap();
    vec![
        ("license", signer.document(&license())),
        ("lease", signer.document(&lease())),
        ("offline", signer.document(&OfflineLease(lease()))),
        ("activation", signer.document(&proof)),
        ("refusal", signer.document(&refusal)),
        ("verdict", signer.document(&verdict)),
        ("keyset", signer.document(&keyset)),
        ("manifest", signer.document(&manifest)),
        ("release", signer.document(&news)),
        ("waiver", signer.document(&waiver)),
        ("grace", signer.document(&grace)),
        ("request", signer.document(&request)),
        ("return", signer.document(&returned)),
        ("receipt", signer.document(&receipt)),
        ("delegation", signer.document(&delegation)),
        ("revocations", signer.document(&revocations)),
        ("status list", signer.document(&statuses)),
        ("v2", signer.v2("CAIO", "acme-eu-west", &claims)),
        ("v2 of caio", signer.v2("CAIO", "acme-eu-west", &caio_payload())),
        ("v1", v1_key()),
        ("short", short::make("CAIO", &[5; 12]).unwrap().to_string()),
        ("opaque", "BZZZ-2025-ABC123-XYZ".to_owned()),
    ]
}

#[test]
fn only_the_diagonal_passes() {
    for signer in [Key::ed25519(1), Key::rsa()] {
        let trust = signer.trust();
        let mut artefacts = artefacts(&signer);
        if matches!(signer, Key::Rsa(_)) {
            artefacts.push(("volcanic", signer.volcanic()));
        }
        for (name, token) in &artefacts {
            let passed: Vec<&str> = VERIFIERS
                .iter()
                .filter(|(_, verifier)| verifier(token, &trust).is_ok())
                .map(|(verifier, _)| *verifier)
                .collect();
            assert_eq!(passed, expected(name), "{name}");
        }
    }
}

#[test]
fn nothing_passes_under_a_key_for_another_purpose() {
    use licentia_license::keyset::{KeyEntry, KeyState, Purpose};
    let (root, online) = (Key::ed25519(1), Key::rsa());
    let every = [
        (
            Purpose::License,
            &["license", "waiver", "grace", "delegation", "v2", "v2 of caio", "volcanic"][..],
        ),
        (
            Purpose::Lease,
            &["lease", "offline", "activation", "refusal", "verdict", "request", "return"],
        ),
        (Purpose::Manifest, &["manifest", "release"]),
        (Purpose::Log, &["receipt"]),
        (Purpose::Revocation, &["revocations", "status list"]),
        (Purpose::Registry, &[]),
        (Purpose::Root, &[]),
    ];
    for (purpose, kinds) in every {
        let keys = vec![KeyEntry {
            jwk: online.jwk(),
            purposes: vec![purpose],
            state: KeyState::Active,
            not_before: None,
            not_after: None,
        }];
        let keyset = Keyset { iss: "a".into(), iat: 1, exp: None, version: 1, keys };
        let mut trust = root.trust();
        trust.accept_keyset(&root.document(&keyset)).unwrap();
        let mut artefacts = artefacts(&online);
        artefacts.push(("volcanic", online.volcanic()));
        for (name, token) in artefacts.iter().filter(|(name, _)| *name != "v1") {
            let passes = VERIFIERS.iter().any(|(_, verifier)| verifier(token, &trust).is_ok());
            assert_eq!(passes, kinds.contains(name), "{name} under a key for {purpose:?}");
        }
    }
}

#[test]
fn an_offline_request_is_checked_against_the_key_that_it_brings() {
    let signer = Key::ed25519(1);
    let (_, token) = artefacts(&signer).into_iter().find(|(name, _)| *name == "request").unwrap();
    assert_eq!(OfflineRequest::open(&token).unwrap().nonce, "n");
    let changed = token.replacen('.', ".e", 1);
    assert!(OfflineRequest::open(&changed).is_err());
    let mut other = OfflineRequest::open(&token).unwrap().claims().clone();
    other.jwk = Key::ed25519(2).jwk();
    assert!(OfflineRequest::open(&signer.document(&other)).is_err());
    assert!(OfflineRequest::open(&signer.document(&license())).is_err());
}
