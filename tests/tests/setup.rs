//! B1: the set-up in the product, in a real browser as a phone and as a desktop, and from the command line; the
//! configuration before and after, byte for byte.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use licentia_tests::node::Place;
use licentia_tests::{Home, Server, checkout};
use serde_json::{Value, json};

/// An old configuration, with comments and keys of other parts, and no licence.
const OLD: &str = "# BZZZ agent, installed by ada\nagent:\n  id: walnut   # this host\n  models: [a, b]\ngithub:\n  token: |\n    license: not a section\n";

struct Scene {
    home: Home,
    server: Server,
    license: Value,
    place: Place,
    config: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let home = Home::empty();
        let _ = home.run(&["init"]).done();
        let catalog = checkout().join("examples/catalogs/bzzz.toml");
        let _ = home.run(&["product", "import", &catalog.display().to_string()]).done();
        let license = home.issue("bzzz", "standard");
        let trust = PathBuf::from(home.path("trust.pem"));
        std::fs::write(&trust, home.run(&["key", "export", "--public"]).done().stdout).unwrap();
        let place = Place::new(home.folder.path(), "walnut", &trust);
        let config = place.folder.join("config.yaml");
        let server = home.serve();
        Self { home, server, license, place, config }
    }

    fn key(&self) -> &str {
        self.license["key"].as_str().unwrap()
    }

    fn configuration(&self, extra: &str) -> String {
        let text = format!("{OLD}{extra}");
        std::fs::write(&self.config, &text).unwrap();
        text
    }

    fn written(&self) -> String {
        std::fs::read_to_string(&self.config).unwrap()
    }

    fn variables(&self) -> Vec<(&str, &str)> {
        vec![("BZZZ_LICENSE_SERVER_URL", &self.server.url)]
    }

    /// What the section says, in the seed's names.
    fn section(&self) -> Value {
        let python = "import json, sys, re\nout = {}\nkey = None\nfor line in open(sys.argv[1]).read().split('\\nlicense:')[1].split('\\n')[1:]:\n    m = re.match(r'  (\\w+): ?(.*)', line)\n    if m:\n        key = m[1]\n        out[key] = json.loads(m[2]) if m[2] else []\n    elif line.startswith('    - '):\n        out[key].append(json.loads(line[6:]))\nprint(json.dumps(out))";
        let output =
            Command::new("python3").args(["-c", python]).arg(&self.config).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn modules() -> PathBuf {
    let path = std::env::var_os("LICENTIA_TEST_NODE_MODULES")
        .map_or_else(|| checkout().join("target/node/node_modules"), PathBuf::from);
    assert!(path.join("playwright-core").exists(), "run ./scripts/test, which installs it");
    path
}

fn browse(url: &str, shots: &Path, (width, height): (u32, u32), steps: &Value) -> Value {
    let script = checkout().join("tests/foreign/setup.mjs");
    let output = Command::new("node")
        .arg(script)
        .arg(modules())
        .arg("/usr/bin/chromium")
        .arg(url)
        .arg(shots)
        .args([width.to_string(), height.to_string(), steps.to_string()])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Where screenshots go: kept where somebody wants to see them.
fn shots(home: &Home) -> PathBuf {
    let kept = std::env::var_os("LICENTIA_TEST_SHOTS").map(PathBuf::from);
    kept.unwrap_or_else(|| home.folder.path().to_owned())
}

#[tokio::test]
async fn b1_the_page_sets_up_on_a_phone_and_on_a_desktop_and_says_what_is_wrong() {
    for size in [(390, 844), (1280, 800)] {
        let scene = Scene::new();
        let old = scene.configuration("");
        let mut node = scene.place.set_up(&["--set-up", "127.0.0.1:0"], &scene.variables());
        let page = node.until("served", |line| line["event"] == "set_up_page").await;
        let steps = json!([
            { "email": "ada" },
            { "license_key": "BZZZ-<b>nonsense</b>-\"1\"", "email": "ada@example.com", "terms": true },
            { "license_key": scene.key(), "organization": "Example & Söhne" },
        ]);
        let seen = browse(page["url"].as_str().unwrap(), &shots(&scene.home), size, &steps);
        assert_eq!(seen["complaints"], json!([]));
        let report = seen["report"].as_array().unwrap();
        for page in report {
            for nothing in ["nameless", "unexplained", "small"] {
                assert_eq!(page[nothing], json!([]), "{nothing}: {page}");
            }
            assert_eq!(page["overflows"], false, "{page}");
        }
        let [empty, faulty, refused, done] = &report[..] else { panic!("{report:?}") };
        assert_eq!((&empty["http"], &empty["heading"]), (&json!(200), &json!("Set up BZZZ")));
        assert_eq!(empty["alerts"], json!([]));
        assert_eq!(faulty["http"], 422);
        assert_eq!(faulty["invalid"], json!(["license_key", "email", "terms"]));
        assert_eq!(faulty["values"]["email"], "ada");
        assert!(faulty["title"].as_str().unwrap().starts_with("Error: "));
        assert_eq!((&refused["http"], &refused["invalid"]), (&json!(422), &json!([])));
        let alert = refused["alerts"][0].as_str().unwrap();
        assert!(
            alert.contains("The product cannot start") && !alert.contains("nonsense"),
            "{alert}"
        );
        assert_eq!(refused["values"]["license_key"], "BZZZ-<b>nonsense</b>-\"1\"");
        assert_eq!(refused["values"]["terms"], true);
        assert_eq!((&done["http"], &done["alerts"]), (&json!(200), &json!([])));
        assert_eq!(done["facts"]["Tier"], "STANDARD");

        // The node goes on into its work, and its configuration is the old one with a section behind it.
        node.until_standing("licensed").await;
        let written = scene.written();
        assert!(written.starts_with(&format!("{old}\nlicense:\n")), "{written}");
        let section = scene.section();
        assert_eq!(section["license_key"], scene.key());
        assert_eq!(section["email"], "ada@example.com");
        assert_eq!(section["organization_name"], "Example & Söhne");
        assert_eq!(
            (&section["license_type"], &section["max_nodes"]),
            (&json!("standard"), &json!(10))
        );
        assert_eq!(section["features"].as_array().unwrap().len(), 3);
        for time in ["validated_at", "terms_accepted_at", "expires_at"] {
            assert!(section[time].as_str().unwrap().ends_with('Z'), "{section}");
        }
        assert!(!written.contains("lat_"), "the token is never written");

        // The page that is there still only shows what stands.
        let again = reqwest::get(page["url"].as_str().unwrap()).await.unwrap();
        let headers = again.headers().clone();
        assert!(
            headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'")
        );
        let text = again.text().await.unwrap();
        assert!(text.contains("This installation is licensed") && !text.contains("<form"));
        let url = page["url"].as_str().unwrap();
        let sent = reqwest::Client::new()
            .post(url)
            .body(format!("license_key={}&email=ada%40example.com&terms=accepted", scene.key()));
        assert_eq!(sent.send().await.unwrap().status(), 409);
        drop(node);

        // What was set up starts by itself, and tells the authority what was accepted.
        let mut node = scene.place.set_up(&[], &scene.variables());
        let standing = node.until_standing("licensed").await;
        assert_eq!(standing["cluster_id"], section["cluster_id"]);
        assert_eq!(scene.written(), written);
    }
}

#[tokio::test]
async fn b1_another_sites_page_cannot_set_up() {
    let scene = Scene::new();
    scene.configuration("");
    let mut node = scene.place.set_up(&["--set-up", "127.0.0.1:0"], &scene.variables());
    let page = node.until("served", |line| line["event"] == "set_up_page").await;
    let sent = reqwest::Client::new()
        .post(page["url"].as_str().unwrap())
        .header("origin", "https://evil.example")
        .body(format!("license_key={}&email=ada%40example.com&terms=accepted", scene.key()));
    let answer = sent.send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert!(answer.text().await.unwrap().contains("sent by another site"));
    assert_eq!(scene.written(), OLD);
}

#[tokio::test]
async fn b1_the_command_line_does_the_same_and_keeps_what_it_does_not_set() {
    let scene = Scene::new();
    let section = "license: # from the vendor\n  license_key: \"OLD\" # typed by hand\n  nodes: 2\n  email: old@example.com\n# the end\n";
    let old = scene.configuration(section);
    let enter = |key: &'static str, more: &[&'static str]| {
        let args = [&["--enter", key, "ada@example.com", "Example Corp"][..], more].concat();
        scene.place.set_up(&args, &scene.variables())
    };
    let refused = enter("BZZZ-1", &[]).ended().await.1;
    assert!(refused.contains("terms: The terms have to be accepted."), "{refused}");
    let refused = enter("BZZZ-nothing-of-the-kind", &["--accept-terms"]).ended().await.1;
    assert!(refused.contains("nothing was written"), "{refused}");
    assert_eq!(scene.written(), old);

    let args = ["--enter", scene.key(), "ada@example.com", "Example Corp", "--accept-terms"];
    let mut node = scene.place.set_up(&args, &scene.variables());
    node.until_standing("licensed").await;
    let written = scene.written();
    let wanted = [
        format!(
            "license: # from the vendor\n  license_key: \"{}\" # typed by hand\n  nodes: 2\n",
            scene.key()
        ),
        "  email: \"ada@example.com\"\n".to_owned(),
        "  organization_name: \"Example Corp\"\n".to_owned(),
    ];
    for part in &wanted {
        assert!(written.contains(part), "{written}");
    }
    assert!(written.starts_with(OLD) && written.ends_with("# the end\n"), "{written}");
}
