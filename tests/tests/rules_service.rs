//! The example of a web service as a process: free without a licence, layers that answer 403 and 429 with what is
//! needed, its `/health`, and its chain of actions at the authority.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use licentia_tests::{Home, binary, checkout};
use serde_json::{Value, json};

struct Service {
    child: Child,
    url: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Service {
    fn start(folder: &Path, trust: &str, variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(binary("rules-service"))
            .env_clear()
            .env("RULES_LICENSE_PUBLIC_KEY", trust)
            .envs(variables.iter().copied())
            .arg(folder)
            .arg("127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let first: Value = serde_json::from_str(&line).unwrap();
        Self { child, url: first["listening"].as_str().unwrap().to_owned() }
    }

    async fn ask(&self, method: &str, path: &str, tenant: &str) -> (u16, Value, Option<String>) {
        let url = format!("{}{path}", self.url);
        let client = reqwest::Client::new();
        let request = match method {
            "POST" => client.post(url).json(&json!({
                "when": { "country": "LV" }, "facts": { "country": "LV" },
            })),
            _ => client.get(url),
        };
        let answer = request.header("x-tenant", tenant).send().await.unwrap();
        let kind =
            answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        (answer.status().as_u16(), answer.json().await.unwrap_or_default(), kind)
    }

    fn stop(mut self) {
        let kill = format!("kill -INT {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

fn muonroi() -> String {
    std::fs::read_to_string(checkout().join("examples/catalogs/muonroi.toml")).unwrap()
}

fn trust(home: &Home) -> String {
    home.run(&["key", "export", "--public"]).done().stdout
}

#[tokio::test]
async fn t4_without_a_licence_it_is_free_and_says_what_is_needed() {
    let home = Home::with_catalog(&muonroi());
    let service = Service::start(home.folder.path(), &trust(&home), &[]);
    let (status, health, _) = service.ask("GET", "/health", "").await;
    assert_eq!(status, 200);
    assert_eq!((&health["standing"], &health["tier"]), (&json!("free"), &json!("FREE")));
    assert_eq!(health["reason"], "missing");
    assert!(health["advice"].as_str().unwrap().contains("LICENTIA_LICENSE_KEY"));

    assert_eq!(service.ask("POST", "/validate", "a").await.0, 200);
    let (status, problem, kind) = service.ask("POST", "/evaluate", "a").await;
    assert_eq!((status, kind.as_deref()), (403, Some("application/problem+json")));
    assert_eq!(problem["code"], "feature_needed");
    let needed = json!({ "feature": "rule-engine", "plan": "licensed", "tier": "Licensed" });
    assert_eq!(problem["needed"], needed);
    let (status, problem, _) = service.ask("GET", "/audit", "a").await;
    assert_eq!((status, &problem["code"]), (403, &json!("tier_needed")));
    assert_eq!(problem["needed"], json!({ "tier": "Enterprise" }));

    // Sixty a minute and tenant, of which `a` has used up three.
    let mut last = (0, Value::Null, None);
    for _ in 0..70 {
        last = service.ask("POST", "/validate", "a").await;
        if last.0 != 200 {
            break;
        }
    }
    assert_eq!(
        (last.0, &last.1["code"], &last.1["limit"]),
        (429, &json!("rate_limited"), &json!(60))
    );
    assert_eq!(service.ask("POST", "/validate", "b").await.0, 200);
    assert_eq!(service.ask("GET", "/health", "a").await.0, 200);
    service.stop();
}

#[tokio::test]
async fn m9_with_a_licence_it_works_and_its_actions_reach_the_authority_unbroken() {
    let home = Home::with_catalog(&muonroi().replace("240m", "2s"));
    let server = home.serve();
    let license = home.issue("muonroi", "licensed");
    let key = license["key"].as_str().unwrap();
    let variables = [("RULES_LICENSE_KEY", key), ("RULES_LICENSE_SERVER_URL", &server.url)];
    let service = Service::start(&home.folder.path().join("state"), &trust(&home), &variables);
    let (_, health, _) = service.ask("GET", "/health", "").await;
    assert_eq!((&health["standing"], &health["tier"]), (&json!("licensed"), &json!("Licensed")));
    assert!(health["expires_at"].as_str().unwrap().ends_with('Z'));
    for _ in 0..3 {
        let (status, answer, _) = service.ask("POST", "/evaluate", "acme").await;
        assert_eq!((status, &answer["holds"]), (200, &json!(true)));
    }
    assert_eq!(service.ask("GET", "/audit", "acme").await.0, 403);
    service.stop();
    // What was not delivered was kept, and is delivered by the next run.
    let service = Service::start(&home.folder.path().join("state"), &trust(&home), &variables);
    assert_eq!(service.ask("POST", "/evaluate", "acme").await.0, 200);
    let before = last_seen(&home);
    while last_seen(&home) == before {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let id = cluster(&home);
    service.stop();
    // Whoever activates is told where the chain stands.
    let (status, answer) = server.activate(&license["key"], &id, "nonce-of-the-test").await;
    assert_eq!((status, &answer["chain"]["sequence"]), (200, &json!(4)), "{answer}");
    let audit = home.run(&["audit", "list", "--json"]).done().stdout;
    assert!(audit.contains("activation.activate") && !audit.contains("chain."), "{audit}");
}

fn activation(home: &Home) -> Value {
    home.run(&["activation", "list", "--json"]).done().json()
}

fn last_seen(home: &Home) -> String {
    activation(home)["last_seen"].to_string()
}

fn cluster(home: &Home) -> String {
    activation(home)["cluster_id"].as_str().unwrap().to_owned()
}
