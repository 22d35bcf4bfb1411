//! Every command fails well: two lines, the right exit status, nothing that looks like a crash, nothing lost.

#![expect(clippy::panic, reason = "helpers of tests are tests")]

use licentia_tests::{Home, Outcome, catalog};

/// Asserts status and the two lines: what happened, what to try.
fn failed(outcome: &Outcome, status: i32, says: &str) {
    assert_eq!(outcome.status, status, "{outcome:?}");
    let lines: Vec<_> = outcome.stderr.lines().collect();
    let [what, hint] = lines[lines.len().saturating_sub(2)..] else { panic!("{outcome:?}") };
    assert!(what.starts_with("licentia: ") && hint.starts_with("try: "), "{outcome:?}");
    assert!(outcome.stderr.contains(says), "{outcome:?}");
    for crash in ["panicked", "stack backtrace", "RUST_BACKTRACE", "Error {"] {
        assert!(!outcome.stderr.contains(crash), "{outcome:?}");
    }
}

#[test]
fn without_an_authority() {
    let home = Home::empty();
    for args in [
        &["license", "list"][..],
        &["license", "issue", "--product", "p", "--email", "a@b.c"],
        &["key", "list"],
        &["audit", "verify"],
        &["activation", "list"],
        &["plan", "list"],
    ] {
        failed(&home.run(args), 3, "is not set up yet");
    }
    assert!(!home.data().exists(), "a command that only looks must not make a data directory");
}

#[test]
fn set_up_twice() {
    let home = Home::empty();
    let first = home.run(&["init", "--json"]).done().json();
    assert!(first["api_token"].as_str().unwrap().starts_with("lap_"));
    failed(&home.run(&["init"]), 1, "is set up already");
    assert_eq!(home.run(&["audit", "verify"]).status, 0);

    // The root's private half is elsewhere, as it should be: a second set-up makes no other one.
    let private = home.data().join("root.private.pem");
    let public = std::fs::read(home.data().join("root.public.pem")).unwrap();
    let elsewhere = home.path("usb-stick.pem");
    std::fs::rename(&private, &elsewhere).unwrap();
    let made = home.run(&["key", "generate", "--out", &home.path("keys"), "--json"]).done().json();
    let stranger = made["private"].as_str().unwrap();
    for again in [&["init"][..], &["init", "--root", stranger]] {
        failed(&home.run(again), 1, "is set up already");
        assert!(!private.exists(), "{again:?} made another root");
        assert_eq!(
            std::fs::read(home.data().join("root.public.pem")).unwrap(),
            public,
            "{again:?}"
        );
    }
    let _ = home.run(&["key", "rotate", "--root", &elsewhere]).done();
}

#[test]
fn wrong_names_and_values() {
    let home = Home::with_catalog(&catalog(1));
    let issue = |more: &[&str]| {
        home.run(&[&["license", "issue", "--email", "ada@example.com"], more].concat())
    };
    failed(&issue(&["--product", "nope"]), 2, "no product `nope`");
    failed(&issue(&["--product", "p", "--plan", "nope"]), 2, "`nope`");
    failed(&issue(&["--product", "p", "--expires", "2020-01-01"]), 2, "past");
    failed(
        &home.run(&["license", "issue", "--product", "p", "--email", "nobody"]),
        2,
        "name@example.com",
    );
    failed(
        &home.run(&["license", "show", "5f0c2a4e-0000-4000-8000-000000000000"]),
        2,
        "no licence",
    );
    failed(&home.run(&["plan", "list", "--product", "nope"]), 2, "no product");
    failed(&home.run(&["product", "import", &home.path("nope.toml")]), 2, "nope.toml");
    assert_eq!(home.run(&["license", "list", "--json"]).done().stdout, "");
    for wrong_usage in [
        &["license", "issue"][..],
        &["license", "frobnicate"],
        &["license", "show", "not-a-uuid"],
        &["license", "issue", "--product", "p", "--email", "a@b.c", "--days", "0"],
        &["license", "issue", "--product", "p", "--email", "a@b.c", "--days", "1", "--perpetual"],
        &["license", "verify", "x"],
        &["key", "generate", "--alg", "rot13", "--out", "."],
        &[],
    ] {
        let outcome = home.run(wrong_usage);
        assert_eq!(outcome.status, 2, "{outcome:?}");
    }
}

#[test]
fn states_that_do_not_allow_it() {
    let home = Home::with_catalog(&catalog(1));
    let license = home.issue("p", "a");
    let id = license["id"].as_str().unwrap();
    failed(&home.run(&["license", "resume", id]), 1, "it is active");
    let _ = home.run(&["license", "suspend", id]).done();
    failed(&home.run(&["license", "suspend", id]), 1, "it is suspended");
    let _ = home.run(&["license", "revoke", id]).done();
    failed(&home.run(&["license", "revoke", id]), 1, "it is revoked");
    failed(&home.run(&["license", "resume", id]), 1, "it is revoked");
}

#[test]
fn a_mistake_in_a_catalogue_names_file_line_and_field() {
    let home = Home::with_catalog(&catalog(1));
    let path = home.path("wrong.toml");
    std::fs::write(&path, catalog(1).replace("rank = 1", "rank = \"first\"")).unwrap();
    let outcome = home.run(&["product", "import", &path]);
    failed(&outcome, 2, "wrong.toml");
    assert!(outcome.stderr.contains("line 9") && outcome.stderr.contains("rank"), "{outcome:?}");
}

#[test]
fn keys_that_are_not_valid() {
    let home = Home::with_catalog(&catalog(1));
    let trust = home.path("trust.pem");
    std::fs::write(&trust, home.run(&["key", "export", "--public"]).done().stdout).unwrap();
    let key = home.issue("p", "a")["key"].as_str().unwrap().to_owned();
    let verify = |more: &[&str], input: &str| {
        home.run_with_input(
            &[&["license", "verify", "--json", "--public-key", &trust], more].concat(),
            input,
        )
    };
    let good = verify(&[&key], "").done().json();
    assert_eq!((&good["valid"], &good["code"]), (&true.into(), &"valid".into()));
    assert_eq!(good["license"]["tier"], "A");
    let _ = verify(&["-"], &format!("{key}\n")).done();

    let half = &key[..key.len() / 2];
    let changed = format!("{}A.{}", half, key.rsplit('.').next().unwrap());
    let huge = "a".repeat(1024 * 1024);
    for (more, input, code) in [
        (&["-"][..], "garbage-key", "unrecognized"),
        (&["-"], "garbage", "malformed"),
        (&["-"], "", "malformed"),
        (&["-"], "two words", "malformed"),
        (&["-"], "a.b.c", "malformed"),
        (&["-"], &huge, "malformed"),
        (&["-"], half, "malformed"),
        (&["-"], &changed, "bad_signature"),
        (&["--product", "other", "-"], &key, "wrong_product"),
        (&["--at", "2040-01-01T00:00:00Z", "-"], &key, "expired"),
        (&["--at", "2020-01-01T00:00:00Z", "-"], &key, "not_yet_valid"),
    ] {
        let outcome = verify(more, input);
        failed(&outcome, 1, code);
        let report = outcome.json();
        assert_eq!(
            (&report["valid"], &report["code"]),
            (&false.into(), &code.into()),
            "{input:.40}"
        );
        assert!(!outcome.stderr.contains(&key));
    }
    // Signed by somebody else.
    let stranger =
        Home::with_catalog(&catalog(1)).issue("p", "a")["key"].as_str().unwrap().to_owned();
    failed(&verify(&[&stranger], ""), 1, "unknown_key");

    failed(
        &home.run(&["license", "verify", "--public-key", &home.path("nope.pem"), &key]),
        2,
        "nope.pem",
    );
    let private = home.data().join("root.private.pem").display().to_string();
    failed(&home.run(&["license", "verify", "--public-key", &private, &key]), 2, "private key");
    failed(&home.run(&["license", "decode", "garbage"]), 1, "malformed");
    assert_eq!(home.run(&["license", "decode", &key, "--json"]).done().json()["verified"], false);
}

#[test]
fn a_port_that_is_taken_and_an_address_that_others_can_reach() {
    let home = Home::with_catalog(&catalog(1));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    failed(&home.run(&["serve", "--listen", &address]), 3, "stop what uses the port");
    failed(&home.run(&["serve", "--listen", "0.0.0.0:0"]), 2, "--insecure");
    std::fs::write(home.data().join("licentia.toml"), "[server]\nlisen = \"127.0.0.1:0\"\n")
        .unwrap();
    failed(&home.run(&["serve"]), 2, "lisen");
}

#[test]
fn a_place_that_cannot_be_written_to() {
    // Root may write anywhere, so the place is one where nobody can.
    let home = Home::empty();
    std::fs::write(home.path("file"), "").unwrap();
    let below = format!("{}/data", home.path("file"));
    let outcome = home.run(&["init", "--data", &below]);
    failed(&outcome, 3, "may write to it");
    failed(
        &home.run(&["serve", "--listen", "127.0.0.1:0", "--data", "/proc/licentia"]),
        3,
        "/proc/licentia",
    );
    failed(&home.run(&["key", "generate", "--out", &below]), 3, "may write to the folder");
}

#[test]
fn a_damaged_data_directory() {
    let home = Home::with_catalog(&catalog(1));
    let master = home.data().join("master.key");
    let right = std::fs::read(&master).unwrap();
    std::fs::write(&master, "00".repeat(32)).unwrap();
    failed(&home.run(&["license", "list"]), 3, "master.key");
    std::fs::write(&master, "short").unwrap();
    failed(&home.run(&["license", "list"]), 3, "not a key file");
    std::fs::write(&master, right).unwrap();
    let _ = home.run(&["license", "list"]).done();

    std::fs::write(
        home.data().join("licentia.db"),
        "this is no database, and long enough to be looked at",
    )
    .unwrap();
    failed(&home.run(&["license", "list"]), 3, "database");
}

#[test]
fn a_licence_file_is_written_whole_and_never_over_another() {
    let home = Home::with_catalog(&catalog(1));
    let trust = home.path("trust.pem");
    // With the roots alone: the file itself brings the keyset that names the licence key.
    std::fs::copy(home.data().join("root.public.pem"), &trust).unwrap();
    let file = home.path("ada.lic");
    let issue = [
        "license",
        "issue",
        "--product",
        "p",
        "--email",
        "ada@example.com",
        "--perpetual",
        "--file",
        &file,
    ];
    let _ = home.run(&issue).done();
    let checked = home
        .run(&["license", "verify", "--json", "--public-key", &trust, "--file", &file])
        .done()
        .json();
    assert_eq!(checked["license"]["exp"], serde_json::Value::Null);
    failed(&home.run(&issue), 3, "nothing was issued");
    assert_eq!(home.run(&["license", "list", "--json"]).done().stdout.lines().count(), 1);
    failed(
        &home.run(&["license", "verify", "--public-key", &trust, "--file", &home.path("nope")]),
        2,
        "nope",
    );
}
