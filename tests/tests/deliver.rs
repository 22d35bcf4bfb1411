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

/// An authority for certificates, and one of localhost by it with its key, all made for this test.
fn issued_certificate(home: &Home) -> (String, String, String) {
    let [ca, ca_key, cert, key] =
        ["ca.pem", "ca.key", "leaf.pem", "leaf.key"].map(|name| home.path(name));
    let make = |args: &[&str]| {
        let fixed = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
        let made = Command::new("openssl")
            .args(fixed)
            .args(["-nodes", "-days", "2"])
            .args(args)
            .stderr(Stdio::null())
            .status();
        assert!(made.unwrap().success());
    };
    make(&["-subj", "/CN=An authority of this test", "-keyout", &ca_key, "-out", &ca]);
    let name = "subjectAltName=DNS:localhost";
    let leaf = ["-subj", "/CN=localhost", "-addext", name, "-keyout", &key, "-out", &cert];
    let by = ["-addext", "basicConstraints=critical,CA:FALSE", "-CA", &ca, "-CAkey", &ca_key];
    make(&[&leaf[..], &by[..]].concat());
    (ca, cert, key)
}

#[test]
fn v4_a_webhook_is_called_by_tls_and_only_where_its_certificate_is_trusted_and_its_own() {
    let home = Home::with_catalog(&catalog(9));
    let (ca, cert, key) = issued_certificate(&home);
    let mut receiver = Foreign::start("receiver.py", &[&cert, &key]);
    let tried = |id: &str, wanted: &str| loop {
        let job = home.run(&["job", "show", id, "--json"]).done().json();
        if job["outcome"].as_str().is_some_and(|outcome| outcome.contains(wanted)) {
            break;
        }
        assert_ne!(job["state"], "dead", "{job}");
    };
    let url = |host: &str| format!("https://{host}:{}/hook", receiver.port);
    let (named, numbered) = (url("localhost"), url("127.0.0.1"));
    // By the authorities of the system, which `SSL_CERT_FILE` may replace.
    for trusted in [false, true] {
        let mut command = home.command();
        command.env("LICENTIA_WEBHOOKS__ALLOW", "127.0.0.1,::1");
        if trusted {
            command.env("SSL_CERT_FILE", &ca);
        }
        let server = Server::start(command);
        let url = if trusted { &numbered } else { &named };
        let made = home.run(&["webhook", "create", url, "--json"]).done().json();
        let hook = made["id"].as_str().unwrap().to_owned();
        let job = home.run(&["webhook", "test", &hook, "--json"]).done().json();
        // An authority that nobody knows, and a known one's certificate of another name.
        tried(job["id"].as_str().unwrap(), "not trusted");
        assert_eq!(receiver.rest(), Vec::<Value>::new(), "nothing was said before the check");
        let _ = home.run(&["webhook", "remove", &hook]).done();
        if trusted {
            let made = home.run(&["webhook", "create", &named, "--json"]).done().json();
            receiver.tell(made["secret"].as_str().unwrap());
            let _ = home.run(&["webhook", "test", made["id"].as_str().unwrap()]).done();
            let told = receiver.next();
            assert_eq!(
                (&told["verified"], &told["event"]["type"]),
                (&json!(true), &json!("webhook.test"))
            );
        }
        drop(server);
    }
}

#[tokio::test]
async fn t6_whoever_has_lost_his_key_is_mailed_a_link_that_lets_him_in_once() {
    let home = Home::empty();
    let _ = home.run(&["init", "--issuer", "https://licenses.example.com"]).done();
    home.import(&catalog(9));
    let smtp = Foreign::start("smtp.py", &["{}"]);
    let server = Server::start(mailing(&home, smtp.port, "none", &[]));
    let license = issue(&home, "ada@example.com", "jwt");
    assert_eq!(smtp.next()["headers"]["Subject"], "Your licence for P");
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let post = async |path: &str, form: &[(&str, &str)]| {
        let url = reqwest::Url::parse_with_params("http://x/", form).unwrap();
        let request = client.post(format!("{}{path}", server.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(url.query().unwrap().to_owned()).send().await.unwrap();
        let headers = answer.headers().clone();
        (answer.status().as_u16(), headers, answer.text().await.unwrap())
    };
    // The same answer for a stranger, who gets nothing: the next mail is Ada's.
    let (status, headers, body) =
        post("/portal/log-in-link", &[("email", "eve@example.com")]).await;
    let (same, again, text) = post("/portal/log-in-link", &[("email", "ADA@example.com")]).await;
    assert_eq!((status, headers["location"].to_str().unwrap()), (303, "/portal?done=link_sent"));
    assert_eq!((same, &again["location"], text), (status, &headers["location"], body));
    let mail = smtp.next();
    assert_eq!((&mail["to"], &mail["defects"]), (&json!(["ada@example.com"]), &json!([])));
    assert_eq!(mail["headers"]["Subject"], "Your link to log in");
    let text = mail["text"].as_str().unwrap();
    let link = text.split_whitespace().find(|word| word.starts_with("https://")).unwrap();
    let path = link.strip_prefix("https://licenses.example.com").unwrap();
    let token = path.split_once("?t=").unwrap().1;
    assert!(mail["html"].as_str().unwrap().contains(token), "{mail}");
    // A scanner of links opens it first, and takes nothing away.
    for _ in 0..2 {
        let page = client.get(format!("{}{path}", server.url)).send().await.unwrap();
        assert_eq!(page.headers()["referrer-policy"], "no-referrer");
        let page = page.text().await.unwrap();
        assert!(page.contains(license["id"].as_str().unwrap()), "{page}");
    }
    let form = [("t", token), ("license", license["id"].as_str().unwrap())];
    let (status, headers, _) = post("/portal/link", &form).await;
    assert_eq!((status, headers["location"].to_str().unwrap()), (303, "/portal/license"));
    let cookie = headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let inside = client.get(format!("{}/portal/license", server.url)).header("cookie", cookie);
    let inside = inside.send().await.unwrap();
    assert_eq!(inside.status(), 200);
    assert!(inside.text().await.unwrap().contains(license["id"].as_str().unwrap()));
    assert_eq!(post("/portal/link", &form).await.0, 410, "once");
    assert_eq!(smtp.rest(), Vec::<Value>::new());
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
