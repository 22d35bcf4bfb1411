//! A served authority that Stripe delivers to, and Stripe's library.

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use licentia_server::config::Config;
use licentia_server::serve::Server;
use licentia_testing::TestAuthority;
use licentia_tests::checkout;
use licentia_tests::foreign::node_modules;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::events::{CATALOG, Sent};

pub(crate) const SECRET: &str = "whsec_the_secret_of_this_endpoint";
pub(crate) const SECTION: &str = "[payments.stripe]\nsecrets = [\"whsec_of_last_year\", \"whsec_the_secret_of_this_endpoint\"]\n\
    [payments.stripe.prices]\nprice_standard = \"bzzz/standard\"\nprice_enterprise = \"bzzz/enterprise\"\n";

/// The header of each body, by the library of Stripe's own.
pub(crate) fn sign(bodies: &[(String, i64)], secret: &str) -> Vec<String> {
    let mut node = Command::new("node")
        .arg(checkout().join("tests/foreign/stripe.mjs"))
        .arg(node_modules())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = node.stdin.take().unwrap();
    for (payload, timestamp) in bodies {
        let line = json!({ "payload": payload, "secret": secret, "timestamp": timestamp });
        writeln!(stdin, "{line}").unwrap();
    }
    drop(stdin);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "scripts/test installs Stripe's library");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

pub(crate) struct Served {
    pub(crate) test: TestAuthority,
    address: SocketAddr,
    client: reqwest::Client,
    stop: oneshot::Sender<()>,
    running: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Served {
    pub(crate) async fn new() -> Self {
        Self::configured(SECTION).await
    }

    /// One that mails by the server on this port.
    pub(crate) async fn mailing(port: u16) -> Self {
        let mail = "[mail]\nsmtp_host = \"127.0.0.1\"\nsecurity = \"none\"\nfrom = \"licenses@example.com\"\n";
        Self::configured(&format!("{SECTION}{mail}smtp_port = {port}\n")).await
    }

    async fn configured(sections: &str) -> Self {
        let test = TestAuthority::in_memory().await;
        test.import(CATALOG).await;
        let config = Config::load(Some(sections), std::iter::empty()).unwrap();
        let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(server.run(test.authority.clone(), config, async {
            let _ = stopped.await;
        }));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { test, address, client, stop, running }
    }

    /// Delivers a body as it stands; status and answer.
    pub(crate) async fn deliver(&self, body: String, header: Option<&str>) -> (u16, Value) {
        let mut request = self
            .client
            .post(format!("http://{}/v1/payments/stripe", self.address))
            .header("content-type", "application/json; charset=utf-8")
            .body(body);
        if let Some(header) = header {
            request = request.header("Stripe-Signature", header);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    /// Calls as a product or operator.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("http://{}{path}", self.address);
        let token = self.test.login.api_token.expose();
        let mut request = self.client.request(method.parse().unwrap(), url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    pub(crate) async fn end(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap().unwrap();
    }
}

/// Bodies and the times they are signed at.
pub(crate) fn bodies(sent: &[Sent], start: i64) -> Vec<(String, i64)> {
    let body = |sent: &Sent| (sent.body.to_string(), start + sent.day * crate::events::DAY);
    sent.iter().map(body).collect()
}
