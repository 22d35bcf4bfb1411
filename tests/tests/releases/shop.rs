//! A vendor with releases, and what all of these tests do with them.

use std::process::Command;

use licentia_tests::{Home, Server};
use reqwest::Method;
use serde_json::Value;
use sha2::{Digest, Sha256};

const CATALOG: &str = "
[product]
code = \"app\"
name = \"App\"
default_plan = \"one\"

[[plan]]
code = \"one\"
tier = \"ONE\"
rank = 1
seats = 1
distribution = { channels = [\"stable\"], versions = \"<2\", repositories = [\"acme/app/{version}\"] }

[[plan]]
code = \"beta\"
tier = \"BETA\"
rank = 2
seats = 1
distribution = { channels = [\"stable\", \"beta\"] }

[[plan]]
code = \"none\"
tier = \"NONE\"
rank = 3
seats = 1
";
const OTHER: &str = "[product]\ncode = \"other\"\nname = \"Other\"\ndefault_plan = \"a\"\n\n[[plan]]\ncode = \"a\"\n\
    tier = \"A\"\nrank = 1\nseats = 1\ndistribution = { channels = [\"stable\"] }\n";
/// Bytes of a part of an upload.
pub(crate) const PART: usize = 8 * 1024 * 1024;

pub(crate) struct Shop {
    pub(crate) home: Home,
    pub(crate) server: Server,
    pub(crate) operator: String,
    pub(crate) client: reqwest::Client,
}

impl Shop {
    pub(crate) fn open() -> Self {
        Self::with(&[])
    }

    /// One whose server has these in its environment.
    pub(crate) fn with(variables: &[(String, String)]) -> Self {
        let home = Home::empty();
        let made = home.run(&["init", "--json"]).done().json();
        home.import(CATALOG);
        home.import(OTHER);
        let mut serve = home.command();
        serve.envs(variables.iter().cloned());
        let server = Server::start(serve);
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { home, server, operator: made["api_token"].as_str().unwrap().to_owned(), client }
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.home.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The command line against the served authority.
    pub(crate) fn remote(&self, args: &[&str]) -> licentia_tests::Outcome {
        let at = ["--server", &self.server.url, "--token", &self.operator, "--json"];
        self.home.run(&[args, &at].concat())
    }

    pub(crate) fn publish(&self, version: &str, more: &[&str]) -> Value {
        let args = ["release", "publish", "--product", "app", "--version", version];
        self.remote(&[&args[..], more].concat()).done().json()
    }

    pub(crate) fn licence(&self, product: &str, plan: &str) -> (String, String) {
        let issued = self.home.issue(product, plan);
        let text = |name: &str| issued[name].as_str().unwrap().to_owned();
        (text("id"), text("key"))
    }

    pub(crate) async fn as_operator(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> (u16, Value) {
        let request = self.client.request(method, format!("{}{path}", self.server.url));
        let request =
            request.bearer_auth(&self.operator).header("content-type", "application/json");
        let answer = request.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn as_customer(&self, password: &str, path: &str) -> (u16, Value) {
        let request = self.client.get(format!("{}{path}", self.server.url));
        let answer = request.basic_auth("x", Some(password)).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    /// The link of a file of a version.
    pub(crate) async fn link(&self, password: &str, version: &str, name: &str) -> String {
        let (status, page) =
            self.as_customer(password, &format!("/v1/releases/app?version={version}")).await;
        assert_eq!(status, 200, "{page}");
        let downloads = page["items"][0]["downloads"].as_array().unwrap();
        let found = downloads.iter().find(|download| download["artifact"]["name"] == name).unwrap();
        found["link"]["href"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn fetch(&self, href: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let mut request = self.client.get(format!("{}{href}", self.server.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }
}

pub(crate) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that do not repeat soon.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

pub(crate) fn python(program: &str, args: &[&str]) -> String {
    let ran = Command::new("python3").args(["-c", program]).args(args).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}
