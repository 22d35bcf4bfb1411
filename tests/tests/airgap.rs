//! A machine without network: its request is carried out, its activation is carried in, and its seat comes back on its
//! signed word.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;

use licentia_tests::{Home, Outcome, catalog};

/// A machine, which has nothing but what is carried to it.
struct Machine {
    folder: tempfile::TempDir,
    home: Home,
    key: String,
}

impl Machine {
    fn new(bundle: &str, key: &str) -> Self {
        let machine =
            Self { folder: tempfile::tempdir().unwrap(), home: Home::empty(), key: key.to_owned() };
        fs::write(machine.path("trust.pem"), bundle).unwrap();
        machine
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn run(&self, verb: &str, more: &[&str]) -> Outcome {
        let (trust, state) = (self.path("trust.pem"), self.path("state"));
        let own = ["--json", verb, "--product", "p", "--trust", &trust, "--state-dir", &state];
        // Nobody is there.
        let rest = ["--key", &self.key, "--license-server", "http://127.0.0.1:9"];
        self.home.run(&[&own[..], &rest, more].concat())
    }

    fn request(&self) -> String {
        let out = self.path("request.jwt");
        let _ = self.run("activate", &["--offline", "--out", &out]).done();
        out
    }
}

#[test]
fn a_seat_is_carried_to_a_machine_and_back() {
    let office = Home::with_catalog(&catalog(1));
    let key = office.issue("p", "a")["key"].as_str().unwrap().to_owned();
    let bundle = office.run(&["key", "export", "--public"]).done().stdout;
    let (one, other) = (Machine::new(&bundle, &key), Machine::new(&bundle, &key));
    let answer = |request: &str, to: &Machine| {
        office.run(&[
            "--json",
            "activation",
            "offline",
            request,
            "--out",
            &to.path("activation.lic"),
        ])
    };
    let request = one.request();
    let answered = answer(&request, &one).done();
    assert!(
        answered.json()["lease_until"].is_string() && answered.stderr.contains('\u{2588}'),
        "a QR code"
    );
    let again = answer(&request, &one).done().json();
    assert_eq!(
        again["activation_id"],
        answered.json()["activation_id"],
        "the same request, the same seat"
    );

    // The only seat is taken, and what is one machine's is nobody else's.
    let refused = answer(&other.request(), &other);
    assert_ne!(refused.status, 0, "{refused:?}");
    let foreign = other.run("activate", &["--activation", &one.path("activation.lic")]);
    assert_eq!(foreign.status, 1, "{foreign:?}");

    let accepted = one.run("activate", &["--activation", &one.path("activation.lic")]).done();
    assert_eq!(accepted.json()["activated"], true);
    let status = one.run("status", &[]).done().json();
    assert_eq!(
        (status["standing"].as_str(), status["reason"].as_str()),
        (Some("licensed"), None),
        "{status}"
    );
    assert_eq!(status["lease_until"], again["lease_until"]);

    // It gives the seat back, runs no more, and the proof frees the seat, once and again.
    let proof = one.path("return.jwt");
    let first = one.run("deactivate", &["--offline", "--out", &proof]).done().json();
    assert_eq!(one.run("deactivate", &["--offline", "--out", &proof]).done().json(), first);
    assert_ne!(one.run("status", &[]).status, 0);
    let undone = one.run("activate", &["--activation", &one.path("activation.lic")]);
    assert_eq!(undone.status, 1, "the old file brings nothing back: {undone:?}");
    for _ in 0..2 {
        assert!(answer(&proof, &one).done().json()["lease_until"].is_null());
    }
    let _ = answer(&other.request(), &other).done();
    let _ = other.run("activate", &["--activation", &other.path("activation.lic")]).done();

    // Nobody else's word frees it.
    let text = fs::read_to_string(&proof).unwrap();
    fs::write(&proof, text.replacen('.', ".e", 1)).unwrap();
    assert_ne!(answer(&proof, &one).status, 0);
    let trail = office.run(&["--json", "audit", "list", "--limit", "100"]).done().stdout;
    for action in ["activation.activate\"", "activation.return\""] {
        assert!(trail.contains(action), "{action}: {trail}");
    }
    let _ = office.run(&["audit", "verify"]).done();
}

#[test]
fn where_nothing_may_be_carried_people_type() {
    let office = Home::with_catalog(&catalog(1));
    let key = office.issue("p", "a")["key"].as_str().unwrap().to_owned();
    let bundle = office.run(&["key", "export", "--public"]).done().stdout;
    let (one, other) = (Machine::new(&bundle, &key), Machine::new(&bundle, &key));
    let ask = |machine: &Machine| {
        let asked = machine.run("activate", &["--offline", "--typed"]).done().json();
        asked["request"].as_str().unwrap().to_owned()
    };
    let answer = |code: &str| {
        office.run(&["--json", "activation", "offline", "--code", code, "--key", &key])
    };
    let type_in = |machine: &Machine, typed: &str| {
        // Standing in for the keyboard.
        fs::write(machine.path("typed"), typed).unwrap();
        machine.run("activate", &["--activation", &machine.path("typed")])
    };
    let request = ask(&one);
    assert_eq!(ask(&one), request);
    let answered = answer(&request).done().json();
    let typed = answered["typed"].as_str().unwrap();
    assert_eq!((typed.lines().count(), typed.len()), (8, 8 * 18));

    let mistyped = typed.replacen('-', "-U", 1);
    assert_eq!(type_in(&one, &mistyped).status, 1);
    let foreign = type_in(&other, typed);
    assert_eq!(foreign.status, 1, "{foreign:?}");
    let accepted = type_in(&one, &typed.to_lowercase()).done().json();
    let status = one.run("status", &[]).done().json();
    assert_eq!(status["standing"], "licensed", "{status}");
    assert_eq!(status["lease_until"], accepted["lease_until"]);
    assert_ne!(answer(&ask(&other)).status, 0, "the only seat is taken");

    let word = one.run("deactivate", &["--offline"]).done().json();
    let word = word["return"].as_str().unwrap();
    assert!(word.starts_with("RETURN-"), "{word}");
    assert_ne!(one.run("status", &[]).status, 0);
    assert!(answer(word).done().json()["lease_until"].is_null());
    let answered = answer(&ask(&other)).done().json();
    let _ = type_in(&other, answered["typed"].as_str().unwrap()).done();
}
