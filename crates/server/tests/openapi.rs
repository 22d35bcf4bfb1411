//! `docs/openapi.json` is made from the code: `UPDATE_DOCS=1 cargo test -p licentia-server`.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::{env, fs};

use licentia_authority::Actor;
use licentia_protocol::Code;
use licentia_server::config::Config;
use licentia_server::openapi::reference;
use licentia_server::serve::Server;
use licentia_server::startup::DataDir;
use reqwest::Method;
use serde_json::Value;
use tokio::sync::oneshot;

struct Endpoint {
    method: Method,
    path: String,
    operation: Value,
}

fn endpoints() -> Vec<Endpoint> {
    let document: Value = serde_json::from_str(&reference()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            all.push(Endpoint { method, path: path.clone(), operation: operation.clone() });
        }
    }
    all
}

impl Endpoint {
    /// The codes it can answer with, under a status or under any.
    fn codes(&self, status: Option<u16>) -> BTreeSet<String> {
        let responses = self.operation["responses"].as_object().unwrap().iter();
        let wanted =
            responses.filter(|(key, _)| status.is_none_or(|status| **key == status.to_string()));
        let lists = wanted.filter_map(|(_, response)| {
            let schema = &response["content"]["application/problem+json"]["schema"];
            schema["allOf"][1]["properties"]["code"]["enum"].as_array()
        });
        lists.flatten().map(|code| code.as_str().unwrap().to_owned()).collect()
    }
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The text of a folder, but for those in it which serve pages to people: they are not part of the reference.
fn sources(folder: &Path, pages: &[&str]) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !pages.iter().any(|name| path.ends_with(name)) {
                text += &sources(&path, pages);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text += &fs::read_to_string(path).unwrap();
        }
    }
    text
}

#[test]
#[expect(clippy::disallowed_methods, reason = "UPDATE_DOCS is told to the test itself")]
fn the_reference_of_the_api_is_up_to_date() {
    let path = crates().join("../docs/openapi.json");
    if env::var("UPDATE_DOCS").is_ok() {
        fs::write(&path, reference()).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        text == reference(),
        "docs/openapi.json is stale: UPDATE_DOCS=1 cargo test -p licentia-server"
    );
}

/// A route made with `routes!` is documented, or does not compile; so there may be no other kind.
#[test]
fn every_route_is_a_documented_one_and_every_endpoint_is_routed() {
    let source = sources(&crates().join("server/src"), &["console", "portal"]);
    for other in [".route(", ".route_service(", ".nest(", ".nest_service(", ".fallback_service("] {
        assert!(
            !source.contains(other),
            "`{other}…)` is served without being documented: use `routes!`"
        );
    }
    let handlers = source.matches("async fn handler(").count();
    let routed: BTreeSet<_> =
        endpoints().iter().map(|e| (e.method.to_string(), e.path.clone())).collect();
    assert_eq!((routed.len(), source.matches("routes!(").count()), (handlers, handlers));
}

#[test]
fn every_code_that_is_answered_is_documented_and_no_other() {
    let [authority, server] =
        ["authority/src", "server/src/api"].map(|folder| sources(&crates().join(folder), &[]));
    let outside = [Code::NotFound, Code::MethodNotAllowed, Code::PlainHttp];
    let before = [Code::Malformed, Code::TooLarge, Code::RateLimited];
    let documented: BTreeSet<_> =
        endpoints().iter().flat_map(|endpoint| endpoint.codes(None)).collect();
    for code in Code::ALL {
        let (name, variant) = (code.as_str(), format!("{code:?}"));
        let answered = [&authority, &server].into_iter().any(|text| {
            text.match_indices(&format!("Code::{variant}")).any(|(at, found)| {
                !text[at + found.len()..].starts_with(|c: char| c.is_alphanumeric())
            })
        });
        // Some are answered in front of the endpoints, some by what their handlers begin with.
        if outside.contains(code) {
            assert!(!documented.contains(name), "{name}");
        } else {
            assert_eq!(documented.contains(name), answered || before.contains(code), "{name}");
        }
    }
}

/// A served authority.
struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: tokio::task::JoinHandle<std::io::Result<()>>,
    _folder: tempfile::TempDir,
}

async fn serve() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let data = DataDir::new(folder.path().join("data"));
    let (authority, _) = data.init(None, Actor::new("test", "local")).await.unwrap();
    let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = server.address();
    let (stop, stopped) = oneshot::channel();
    let running = tokio::spawn(server.run(authority, Config::default(), async {
        let _ = stopped.await;
    }));
    Served { address, stop, running, _folder: folder }
}

#[tokio::test]
async fn a_server_answers_under_every_path_as_its_reference_says() {
    let served = serve().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for endpoint in endpoints() {
        let url = format!("http://{}{}", served.address, endpoint.path);
        let answer = client.request(endpoint.method.clone(), url).send().await.unwrap();
        let status = answer.status().as_u16();
        let response = &endpoint.operation["responses"][status.to_string()];
        assert!(response.is_object(), "{} answers {status}", endpoint.path);
        let media = answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        assert!(response["content"][&media].is_object(), "{} answers {media}", endpoint.path);
        if media == "application/problem+json" {
            let problem: Value = answer.json().await.unwrap();
            assert!(
                endpoint.codes(Some(status)).contains(problem["code"].as_str().unwrap()),
                "{problem}"
            );
        } else {
            // A page for people says no in its own words.
            assert!(status == 200 || media == "text/html", "{}", endpoint.path);
        }
    }
    served.stop.send(()).unwrap();
    served.running.await.unwrap().unwrap();
}

#[tokio::test]
async fn public_answers_have_the_documented_members() {
    let served = serve().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let document: Value = serde_json::from_str(&reference()).unwrap();
    let schemas = &document["components"]["schemas"];
    let members =
        |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    for (path, schema) in [
        ("health", "Health"),
        ("ready", "Ready"),
        ("keyset.json", "KeysetAnswer"),
        (".well-known/jwks.json", "JwksAnswer"),
    ] {
        let answer = client.get(format!("http://{}/{path}", served.address)).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(members(&answer), members(&schemas[schema]["properties"]), "{path}");
        if schema == "JwksAnswer" {
            // Each kind of key has some of the members.
            let key = members(&answer["keys"][0]);
            assert!(key.is_subset(&members(&schemas["JsonWebKey"]["properties"])), "{key:?}");
            let needed = schemas["JsonWebKey"]["required"].as_array().unwrap();
            assert!(needed.iter().all(|name| key.contains(name.as_str().unwrap())), "{key:?}");
        }
    }
    let told = client.get(format!("http://{}/openapi.json", served.address)).send().await.unwrap();
    assert_eq!(told.text().await.unwrap(), reference());
    served.stop.send(()).unwrap();
    served.running.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_page_for_people_shows_everything_and_runs_and_loads_nothing() {
    let served = serve().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(format!("http://{}/docs", served.address)).send().await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"),
        "{policy}"
    );
    let page = answer.text().await.unwrap();
    for endpoint in endpoints() {
        assert!(
            page.contains(&format!("<code>{}</code></h2>", endpoint.path)),
            "{}",
            endpoint.path
        );
    }
    for code in Code::ALL {
        assert!(page.contains(&format!("<dt id=\"{}\">", code.as_str())), "{}", code.as_str());
    }
    for field in ["license_key", "heartbeat_interval_s", "usage_id", "refusal", "verdict", "keyset"]
    {
        assert!(page.contains(&format!("<dt><code>{field}</code>")), "{field}");
    }
    for forbidden in ["<script", "src=", "http:", "https:", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let ids: Vec<_> =
        page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "two things have one id");
    for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(ids.contains(&link), "#{link} leads nowhere");
    }
    served.stop.send(()).unwrap();
    served.running.await.unwrap().unwrap();
}

/// `docs/privacy.md` is what a vendor tells his customers: whatever a product sends stands in it.
#[test]
fn t14_the_data_sheet_names_every_field_that_a_product_sends() {
    let sheet = fs::read_to_string(crates().join("../docs/privacy.md")).unwrap();
    let document: Value = serde_json::from_str(&reference()).unwrap();
    let schemas = &document["components"]["schemas"];
    let mut fields = 0;
    for request in ["ActivateRequest", "HeartbeatRequest", "DeactivateRequest", "ValidateRequest"] {
        for field in schemas[request]["properties"].as_object().unwrap().keys() {
            assert!(sheet.contains(&format!("`{field}`")), "{request}: {field}");
            fields += 1;
        }
    }
    assert!(fields > 25, "{fields}");
}
