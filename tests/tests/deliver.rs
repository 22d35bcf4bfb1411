//! What the authority sends: mails to a real mail server, calls to receivers with the Standard Webhooks libraries, and
//! neither is lost when the authority is killed.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::process::{Command, Stdio};

use licentia_tests::foreign::{Foreign, node_modules};
use licentia_tests::{Home, Server, catalog};
use serde_json::{Value, json};

/// A certificate of localhost and its key, made for this test.
fn certificate(home: &Home) -> (String, String) {
    let (cert, key) = (home.path("cert.pem"), home.path("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &key, "-out", &cert])
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    (cert, key)
}

/// The command line with the section `[mail]` for this server.
fn mailing(home: &Home, port: u16, security: &str, more: &[(&str, &str)]) -> Command {
    let mut command = home.command();
    mail_variables(&mut command, port, security);
    for (name, value) in more {
        command.env(name, value);
    }
    command
}

fn mail_variables(command: &mut Command, port: u16, security: &str) {
    command
        .env("LICENTIA_MAIL__SMTP_HOST", "localhost")
        .env("LICENTIA_MAIL__SMTP_PORT", port.to_string())
        .env("LICENTIA_MAIL__SECURITY", security)
        .env("LICENTIA_MAIL__FROM", "Example licences <licenses@example.com>")
        .env("LICENTIA_MAIL__VENDOR", "Example & Sons");
}

fn issue(home: &Home, email: &str, scheme: &str) -> Value {
    let args = ["license", "issue", "--json", "--product", "p", "--plan", "a", "--name", "Ada Ü"];
    let more = ["--email", email, "--days", "365", "--scheme", scheme];
    home.run(&[&args[..], &more[..]].concat()).done().json()
}

#[test]
fn t6_t7_a_licence_is_mailed_once_with_its_file_by_starttls_and_by_tls() {
    for security in ["starttls", "tls"] {
        let home = Home::with_catalog(&catalog(9));
        let (cert, key) = certificate(&home);
        let smtp = json!({
            "security": security, "cert": cert, "key": key, "user": "me", "password": "horse battery",
        });
        let smtp = Foreign::start("smtp.py", &[&smtp.to_string()]);
        let password = home.path("password");
        std::fs::write(&password, "horse battery\n").unwrap();
        let server = Server::start(mailing(
            &home,
            smtp.port,
            security,
            &[
                ("LICENTIA_MAIL__CA_FILE", &cert),
                ("LICENTIA_MAIL__USER", "me"),
                ("LICENTIA_MAIL__PASSWORD_FILE", &password),
            ],
        ));
        for scheme in ["jwt", "v2", "short"] {
            let license = issue(&home, "ada@example.com", scheme);
            let key = license["key"].as_str().unwrap();
            let mail = smtp.next();
            assert_eq!(mail["defects"], json!([]), "{mail}");
            assert_eq!((&mail["tls"], &mail["authenticated"]), (&json!(true), &json!(true)));
            assert_eq!(mail["to"], json!(["ada@example.com"]));
            assert_eq!(mail["headers"]["Subject"], "Your licence for P");
            assert_eq!(mail["headers"]["To"], "Ada Ü <ada@example.com>");
            let (text, html) = (mail["text"].as_str().unwrap(), mail["html"].as_str().unwrap());
            for line in [
                format!("P_LICENSE_KEY={key}"),
                format!("P_LICENSE_KEY: \"{key}\""),
                format!("--from-literal=P_LICENSE_KEY='{key}'"),
            ] {
                assert!(text.contains(&line), "{line}: {text}");
            }
            assert!(html.contains(key) && html.contains("Example &amp; Sons"), "{html}");
            assert_eq!(mail["attachments"][0]["name"], "p.lic");
            let file = home.path("mailed.lic");
            std::fs::write(&file, mail["attachments"][0]["text"].as_str().unwrap()).unwrap();
            if scheme != "short" {
                let trust = home.path("trust.pem");
                let bundle = home.run(&["key", "export", "--public"]).done().stdout;
                std::fs::write(&trust, bundle).unwrap();
                let verify = ["license", "verify", "--file", &file, "--public-key", &trust];
                let verified = home.run(&verify);
                assert_eq!(verified.status, 0, "{scheme}: {verified:?}");
            }
        }
        let jobs = home.run(&["job", "list", "--kind", "mail", "--json"]).done();
        assert_eq!(jobs.stdout.lines().filter(|line| line.contains("\"done\"")).count(), 3);
        assert_eq!(smtp.rest(), Vec::<Value>::new(), "each once");
        assert!(
            !std::fs::read_to_string(home.data().join("audit-checkpoints.txt"))
                .unwrap()
                .contains("horse battery")
        );
        drop(server);
    }
}

#[test]
fn c6_v4_receivers_with_the_libraries_of_standard_webhooks_check_what_they_are_told() {
    let modules = node_modules().display().to_string();
    for (name, args) in [("receiver.py", vec![]), ("receiver.mjs", vec![modules.as_str()])] {
        let home = Home::with_catalog(&catalog(9));
        let mut receiver = Foreign::start(name, &args);
        let mut command = home.command();
        command.env("LICENTIA_WEBHOOKS__ALLOW", "127.0.0.1");
        let server = Server::start(command);
        let url = format!("http://127.0.0.1:{}/hook", receiver.port);
        let made = home.run(&["webhook", "create", &url, "--json"]).done().json();
        receiver.tell(made["secret"].as_str().unwrap());
        let license = issue(&home, "ada@example.com", "jwt");
        let id = license["id"].as_str().unwrap();
        let told = receiver.next();
        assert_eq!((&told["verified"], &told["signatures"]), (&json!(true), &json!(1)), "{told}");
        assert_eq!(told["event"]["type"], "license.issued");
        assert_eq!(told["event"]["data"]["license_id"], license["id"]);
        assert!(!told["body"].as_str().unwrap().contains("ada@example.com"), "{told}");

        // For a day both secrets sign: the receiver may change its own at any time.
        let webhook = made["id"].as_str().unwrap();
        let rotated = home.run(&["webhook", "rotate", webhook, "--json"]).done().json();
        let _ = home.run(&["license", "suspend", id, "--reason", "unpaid"]).done();
        let told = receiver.next();
        assert_eq!((&told["verified"], &told["signatures"]), (&json!(true), &json!(2)), "{told}");
        receiver.tell(rotated["secret"].as_str().unwrap());
        let _ = home.run(&["license", "resume", id]).done();
        let told = receiver.next();
        assert_eq!((&told["verified"], &told["signatures"]), (&json!(true), &json!(2)), "{told}");
        assert_eq!(told["event"]["type"], "license.resumed");

        let job = home.run(&["webhook", "test", webhook, "--json"]).done().json();
        let told = receiver.next();
        assert_eq!(told["event"]["type"], "webhook.test");
        let named = format!("msg_{}", job["id"].as_str().unwrap().replace('-', ""));
        assert_eq!(told["id"], named);
        // Sent again it is the same message.
        let id = job["id"].as_str().unwrap();
        while home.run(&["job", "show", id, "--json"]).done().json()["state"] != "done" {}
        let _ = home.run(&["job", "resend", id]).done();
        let told = receiver.next();
        assert_eq!((&told["id"], &told["verified"]), (&json!(named), &json!(true)));
        drop(server);
    }
}

/// A clock that can be moved while the process runs.
struct MovableClock {
    file: String,
}

impl MovableClock {
    fn new(home: &Home) -> Self {
        let clock = Self { file: home.path("clock") };
        clock.set("+0s");
        clock
    }

    fn set(&self, offset: &str) {
        std::fs::write(&self.file, offset).unwrap();
    }

    fn rule(&self, command: &mut Command) {
        let library = "/usr/$LIB/faketime/libfaketime.so.1";
        command
            .env("LD_PRELOAD", library)
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }
}

fn mails(home: &Home) -> Vec<Value> {
    let listed = home.run(&["job", "list", "--kind", "mail", "--json"]).done().stdout;
    listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_mail_server_that_is_away_for_an_hour_gets_each_mail_once_and_no_mailbox_holds_up_another() {
    let home = Home::with_catalog(&catalog(9));
    let port = Foreign::start("smtp.py", &["{}"]).port;
    let clock = MovableClock::new(&home);
    let mut command = mailing(&home, port, "none", &[]);
    clock.rule(&mut command);
    let server = Server::start(command);
    for email in
        ["gone@example.com", "full@example.com", "a@example.com", "b@example.com", "c@example.com"]
    {
        issue(&home, email, "jwt");
    }
    let all_tried = |times: u64| loop {
        let mails = mails(&home);
        let tried = mails.iter().filter(|job| job["attempts"].as_u64() >= Some(times));
        let failed = tried.filter(|job| job["outcome"].is_string());
        if mails.len() == 5 && failed.count() == 5 {
            break mails;
        }
    };
    let first = all_tried(1);
    assert!(first.iter().all(|job| job["state"] == "waiting"), "{first:?}");
    clock.set("+1h");
    all_tried(2);
    let smtp = json!({ "port": port });
    let smtp = Foreign::start("smtp.py", &[&smtp.to_string()]);
    clock.set("+70m");
    let mut to: Vec<_> =
        (0..3).map(|_| smtp.next()["to"][0].as_str().unwrap().to_owned()).collect();
    to.sort();
    assert_eq!(to, ["a@example.com", "b@example.com", "c@example.com"]);
    let ended = loop {
        let mails = mails(&home);
        if mails.iter().filter(|job| job["state"] != "waiting").count() == 4 {
            break mails;
        }
    };
    let dead: Vec<_> = ended.iter().filter(|job| job["state"] == "dead").collect();
    assert_eq!(dead.len(), 1);
    assert!(dead[0]["outcome"].as_str().unwrap().contains("550"), "{dead:?}");
    let full = || mails(&home).into_iter().find(|job| job["state"] == "waiting").unwrap();
    while !full()["outcome"].as_str().is_some_and(|why| why.contains("452")) {}
    assert_eq!(smtp.rest(), Vec::<Value>::new(), "each once");
    drop(server);
}

/// How many crash points; `./scripts/soak` takes more.
fn points() -> usize {
    let told = std::env::vars().find(|(name, _)| name == "LICENTIA_DELIVERY_POINTS");
    told.and_then(|(_, points)| points.parse().ok()).unwrap_or(6)
}

/// From the commit of the licence over the message and the job to the mail and its end there is a write to disk
/// between any two steps; the authority is killed at each of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_licence_is_mailed_whatever_step_the_authority_is_killed_at() {
    let home = Home::with_catalog(&catalog(9));
    if home.database.is_some() {
        // The writes that are counted are those of SQLite.
        return;
    }
    let smtp = Foreign::start("smtp.py", &["{}"]);
    let clock = MovableClock::new(&home);
    clock.set("+120s");
    let (points, mut crashed, mut twice) = (points(), 0, 0);
    for round in 0..points {
        let email = format!("ada-{round}@example.com");
        // Of one thread's writes: the one that writes the database has some twenty of them from the start on.
        let point = 2 + round * if points > 20 { 1 } else { 2 };
        let mut command = home.killed_at(point);
        command.stderr(Stdio::null());
        mail_variables(&mut command, smtp.port, "none");
        // What is issued before the server starts waits in the outbox, and is sent by whoever starts next.
        let license = issue(&home, &email, "short");
        let key = license["key"].as_str().unwrap().to_owned();
        if let Some(server) = Server::try_start(&mut command) {
            // Until it is killed, or has nothing left to do.
            while server.get("/health").await.0 != 0 {
                let jobs = home.run(&["job", "list", "--kind", "mail", "--json", "--limit", "1"]);
                let last = jobs.stdout.lines().next().unwrap_or_default().to_owned();
                if last.contains(license["id"].as_str().unwrap()) && last.contains("\"done\"") {
                    break;
                }
            }
            crashed += usize::from(server.get("/health").await.0 == 0);
        } else {
            crashed += 1;
        }
        // Two minutes later the claims of the one that was killed have ended.
        let mut command = mailing(&home, smtp.port, "none", &[]);
        clock.rule(&mut command);
        let server = Server::start(command);
        let mut mails = Vec::new();
        while mails.is_empty() {
            let mail = smtp.next();
            if mail["to"][0] == email.as_str() {
                assert!(mail["text"].as_str().unwrap().contains(&key), "point {point}: {mail}");
                mails.push(mail);
            }
        }
        while !home
            .run(&["job", "list", "--kind", "mail", "--state", "waiting", "--json"])
            .done()
            .stdout
            .trim()
            .is_empty()
        {}
        mails.extend(smtp.rest());
        let ids: Vec<_> = mails.iter().map(|mail| mail["headers"]["Message-ID"].clone()).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "point {point}: one mail, sent again: {ids:?}");
        twice += usize::from(mails.len() > 1);
        drop(server);
    }
    assert!(crashed > 0, "none of {points} runs was killed, and yet {twice} mails came twice");
}
