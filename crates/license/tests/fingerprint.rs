//! Fingerprints and bindings: what is hashed, what the text forms promise, and which machine is the one.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::process::Command;

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signer, SigningKey};
use licentia_license::decide::{Circumstances, decide};
use licentia_license::fingerprint::{
    Bind, Component, Fingerprint, HostMac, MAX_TEXT_BYTES, MAX_VALUES, Parts,
};
use licentia_license::verify::verify;
use licentia_license::{Invalid, License, Trust, Verified, json};
use proptest::prelude::*;

fn machine(values: [&str; 5]) -> Parts {
    Component::ALL
        .into_iter()
        .zip(values)
        .filter(|(_, value)| !value.is_empty())
        .fold(Parts::default(), |parts, (component, value)| parts.with("bzzz", component, value))
}

fn print(parts: Parts) -> Fingerprint {
    Fingerprint::Parts(parts)
}

fn bind(text: &str) -> Bind {
    text.parse().unwrap()
}

#[test]
fn host_mac_is_what_python_computes() {
    let cases = [
        ("vm", [2, 0xfc, 0, 0, 0, 1]),
        ("büro-7", [0xff; 6]),
        ("", [0; 6]),
        ("a:b", [0, 0, 0, 0, 0, 9]),
    ];
    for (hostname, mac) in cases {
        let number: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        let program = "import hashlib, platform, sys, uuid\n\
                       platform.node = lambda: sys.argv[1]\n\
                       uuid.getnode = lambda: int(sys.argv[2], 16)\n\
                       print(hashlib.sha256(f\"{platform.node()}:{uuid.getnode()}\".encode()).hexdigest()[:16])";
        let python = Command::new("python3")
            .args(["-X", "utf8", "-c", program, hostname, &number])
            .output()
            .unwrap();
        let expected = String::from_utf8(python.stdout).unwrap();
        assert_eq!(HostMac::of(hostname, mac).digits(), expected.trim(), "{hostname}");
    }
}

#[test]
fn one_changed_component_is_forgiven_and_two_are_not() {
    let bound = bind(&print(machine(["id", "board", "cpu", "disk", "card"])).to_string());
    assert!(bound.admits(&[print(machine(["id", "board", "cpu", "disk", "card"]))]));
    assert!(bound.admits(&[print(machine(["id", "board", "cpu", "disk", "new card"]))]));
    assert!(bound.admits(&[print(machine(["id", "", "cpu", "disk", "card"]))]));
    assert!(!bound.admits(&[print(machine(["id", "board", "cpu", "new disk", "new card"]))]));
    assert!(!bound.admits(&[]));
    let moved = machine(["id", "board", "cpu", "", "new card"]);
    assert_eq!(bound.differences(&moved), [Component::Disk, Component::Network]);
}

#[test]
fn one_and_two_components_must_all_match_and_the_vendor_may_ask_for_fewer() {
    let two = print(machine(["id", "", "cpu", "", ""]));
    let half = print(machine(["id", "", "", "", ""]));
    assert!(!bind(&two.to_string()).admits(std::slice::from_ref(&half)));
    let loose = two.to_string().replace("parts:", "parts:need=1,");
    assert!(bind(&loose).admits(&[half]));
    assert!(!bind(&loose).admits(&[print(machine(["other", "", "other", "", ""]))]));
}

#[test]
fn of_several_disks_and_cards_one_is_enough() {
    let with = |values: &[&str]| {
        print(values.iter().fold(Parts::default(), |p, v| p.with("bzzz", Component::Disk, v)))
    };
    let bound = Bind::to(with(&["a", "b"]));
    assert!(bound.admits(&[with(&["b", "c", "d"])]));
    assert!(!bound.admits(&[with(&["c", "d"])]));
    let numbers: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    let many: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let backwards: Vec<&str> = many.iter().rev().copied().collect();
    assert_eq!(with(&many), with(&backwards));
    assert_eq!(with(&many).to_string().matches('.').count(), MAX_VALUES - 1);
}

#[test]
fn another_product_or_component_hashes_otherwise_and_nothing_raw_is_in_it() {
    let of = |product, component, value: &str| {
        print(Parts::default().with(product, component, value)).to_string()
    };
    let one = of("bzzz", Component::Disk, "S4EWNX0R");
    assert!(!one.contains("S4EWNX0R"));
    assert_ne!(one, of("tmws", Component::Disk, "S4EWNX0R"));
    assert_ne!(one.replace("disk", "cpu"), of("bzzz", Component::Cpu, "S4EWNX0R"));
    assert_ne!(of("ab", Component::Cpu, "c"), of("a", Component::Cpu, "bc"));
    let debug = format!("{:?}", print(Parts::default().with("bzzz", Component::Disk, "S4EWNX0R")));
    assert!(!debug.contains("S4EWNX0R"));
}

/// A licence whose claim `bind` is this JSON, through signature and parser.
fn license(bind: &str) -> Result<Verified<License>, Invalid> {
    let key = SigningKey::from_bytes(&[7; 32]);
    let encode = Base64UrlUnpadded::encode_string;
    let header = encode(br#"{"alg":"EdDSA","typ":"license+jwt"}"#);
    let claims = format!(r#"{{"iss":"i","sub":"s","aud":"bzzz","jti":"j","iat":1,"bind":{bind}}}"#);
    let input = format!("{header}.{}", encode(claims.as_bytes()));
    let token = format!("{input}.{}", encode(&key.sign(input.as_bytes()).to_bytes()));
    let x = encode(key.verifying_key().as_bytes());
    let trust = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}]}}"#);
    verify(&token, &Trust::from_text(&trust).unwrap())
}

#[test]
fn a_bound_licence_is_good_on_its_machine_only() {
    let here = [print(machine(["id", "board", "cpu", "disk", "card"]))];
    let there = [print(machine(["other", "board", "cpu", "other", "other"]))];
    let bound = license(&serde_json::to_string(&Bind::to(here[0].clone())).unwrap()).unwrap();
    let at = Circumstances::at(2).product("bzzz");
    assert_eq!(decide(&bound, &at.machine(&here)), Ok(()));
    assert_eq!(decide(&bound, &at.machine(&there)), Err(Invalid::WrongMachine));
    assert_eq!(decide(&bound, &at), Err(Invalid::WrongMachine));
    let later = license(r#"{"scheme":"tpm"}"#).unwrap();
    assert_eq!(decide(&later, &at.machine(&here)), Err(Invalid::WrongMachine));
    assert_eq!(license(r#"{"scheme":"parts"}"#).map(drop).unwrap_err().code(), "malformed");
    assert_eq!(license(r#""anything""#).map(drop).unwrap_err().code(), "malformed");
    assert_eq!(decide(&license("null").unwrap(), &at), Ok(()));
}

#[test]
fn a_scheme_admits_its_own_kind_only() {
    let parts = print(machine(["id", "", "", "", ""]));
    let host = Fingerprint::HostMac(HostMac::of("vm", [2, 0, 0, 0, 0, 1]));
    let other = Fingerprint::HostMac(HostMac::of("vm", [2, 0, 0, 0, 0, 2]));
    let bound = bind(&host.to_string());
    assert!(bound.admits(&[parts.clone(), host.clone()]));
    assert!(!bound.admits(&[parts.clone(), other]));
    assert!(!Bind::to(parts).admits(&[host]));
}

#[test]
fn a_claim_of_a_later_scheme_is_kept_and_admits_nobody() {
    let claim = r#"{"scheme":"tpm","ek":"abc"}"#;
    let later: Bind = json::from_slice(claim.as_bytes()).unwrap();
    assert!(!later.admits(&[print(machine(["id", "board", "cpu", "disk", "card"]))]));
    assert_eq!(
        serde_json::to_value(&later).unwrap(),
        serde_json::from_str::<serde_json::Value>(claim).unwrap()
    );
}

#[test]
fn malformed_claims_and_texts_are_refused() {
    let hash = "AAAAAAAAAAAAAAAAAAAAAA";
    for claim in [
        "{}".to_owned(),
        "[]".to_owned(),
        r#""host-mac""#.to_owned(),
        r#"{"scheme":"host-mac"}"#.to_owned(),
        r#"{"scheme":"host-mac","value":"0123456789ABCDEF"}"#.to_owned(),
        r#"{"scheme":"parts","need":1}"#.to_owned(),
        r#"{"scheme":"parts","need":1,"parts":{}}"#.to_owned(),
        format!(r#"{{"scheme":"parts","need":0,"parts":{{"cpu":["{hash}"]}}}}"#),
        format!(r#"{{"scheme":"parts","need":-1,"parts":{{"cpu":["{hash}"]}}}}"#),
        format!(r#"{{"scheme":"parts","need":2,"parts":{{"cpu":["{hash}"]}}}}"#),
        format!(r#"{{"scheme":"parts","parts":{{"cpu":["{hash}"]}}}}"#),
        format!(r#"{{"scheme":"parts","need":1,"parts":{{"cpu":["{hash}","{hash}"]}}}}"#),
        format!(r#"{{"scheme":"parts","need":1,"parts":{{"soul":["{hash}"]}}}}"#),
        r#"{"scheme":"parts","need":1,"parts":{"cpu":["short"]}}"#.to_owned(),
    ] {
        assert!(json::from_slice::<Bind>(claim.as_bytes()).is_err(), "{claim}");
    }
    for text in [
        "",
        "parts:",
        "parts:cpu",
        "parts:cpu=",
        "parts:cpu=AAAA",
        "host-mac:",
        "host-mac:0123456789abcde",
        "host-mac:+123456789abcdef",
        "tpm:abc",
        "0123456789abcdef",
        &format!("parts:cpu={hash},cpu={hash}"),
        &format!("parts:cpu={hash}B"),
        &format!("parts:need=2,cpu={hash}"),
        &format!("parts:need=0,cpu={hash}"),
        &format!("parts:need=x,cpu={hash}"),
        &format!("parts:need=1,need=1,cpu={hash}"),
        &format!("parts:cpu={}", [hash; 5].join(".")),
        &"p".repeat(MAX_TEXT_BYTES + 1),
    ] {
        assert!(text.parse::<Bind>().is_err(), "{text}");
        assert!(text.contains("need") || text.parse::<Fingerprint>().is_err(), "{text}");
    }
}

fn any_machine() -> impl Strategy<Value = Fingerprint> {
    let value = prop::option::of(prop::collection::vec(".{0,20}", 1..6));
    let parts = prop::collection::vec(value, 5).prop_filter_map("no component", |values| {
        let mut parts = Parts::default();
        for (component, values) in Component::ALL.into_iter().zip(values) {
            for value in values.into_iter().flatten() {
                parts = parts.with("bzzz", component, &value);
            }
        }
        (!parts.is_empty()).then_some(Fingerprint::Parts(parts))
    });
    let host = (".{0,20}", any::<[u8; 6]>())
        .prop_map(|(name, mac)| Fingerprint::HostMac(HostMac::of(&name, mac)));
    prop_oneof![parts, host]
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_and_fits(machine in any_machine()) {
        let text = machine.to_string();
        prop_assert!(text.len() <= MAX_TEXT_BYTES);
        prop_assert_eq!(&text.parse::<Fingerprint>().unwrap(), &machine);
        let bind = Bind::to(machine.clone());
        let claim = serde_json::to_vec(&bind).unwrap();
        prop_assert_eq!(&json::from_slice::<Bind>(&claim).unwrap(), &bind);
        prop_assert!(bind.admits(std::slice::from_ref(&machine)));
        prop_assert!(machine.is_same_machine(&machine));
    }

    #[test]
    fn only_one_spelling_reads_as_a_fingerprint(
        text in "(parts:|host-mac:)?[a-z0-9=.,:A-Q]{0,60}"
    ) {
        if let Ok(machine) = text.parse::<Fingerprint>() {
            prop_assert_eq!(machine.to_string(), text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,80}") {
        let _ = text.parse::<Fingerprint>();
        let _ = text.parse::<Bind>();
        let _ = json::from_slice::<Bind>(text.as_bytes());
    }
}
