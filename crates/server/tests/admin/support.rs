//! A served authority, and requests to it.

use std::net::SocketAddr;

use licentia_server::config::Config;
use licentia_server::serve::Server;
use licentia_testing::TestAuthority;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// A served authority.
pub(crate) struct Served {
    pub(crate) test: TestAuthority,
    pub(crate) address: SocketAddr,
    client: reqwest::Client,
    stop: oneshot::Sender<()>,
    running: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) etag: Option<String>,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Reply {
    /// What was asked for was done.
    pub(crate) fn done(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.body
    }

    /// It was refused, as it should be.
    pub(crate) fn refused(self, status: u16, code: &str) -> Value {
        let problem = self.body.clone();
        assert_eq!((self.status, problem["code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(self.headers["content-type"], "application/problem+json");
        problem
    }
}

impl Served {
    pub(crate) async fn new() -> Self {
        Self::over(TestAuthority::new().await).await
    }

    pub(crate) async fn over(test: TestAuthority) -> Self {
        Self::configured(test, Config::default()).await
    }

    pub(crate) async fn configured(test: TestAuthority, config: Config) -> Self {
        let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(server.run(test.authority.clone(), config, async {
            let _ = stopped.await;
        }));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { test, address, client, stop, running }
    }

    /// The token of the first operator, an owner.
    pub(crate) fn owner(&self) -> String {
        self.test.login.api_token.expose().clone()
    }

    /// A request that is not sent yet.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    /// A request of the holder of a token.
    pub(crate) fn by(&self, token: &str, method: &str, path: &str) -> RequestBuilder {
        self.request(method, path).bearer_auth(token)
    }

    /// Looks, as the owner.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        send(self.by(&self.owner(), "GET", path)).await
    }

    /// Changes, as the owner.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        send(self.by(&self.owner(), "POST", path).json(body)).await
    }

    /// Makes an operator with a password of the same kind; its id.
    pub(crate) async fn operator(&self, name: &str, role: &str) -> String {
        let body = json!({ "name": name, "role": role, "password": password(name) });
        let made = self.post("/v1/admin/operators", &body).await.done();
        made["id"].as_str().unwrap().to_owned()
    }

    /// Tries to log in.
    pub(crate) async fn log_in(&self, name: &str, password: &str, code: Option<&str>) -> Reply {
        let body = json!({ "name": name, "password": password, "code": code });
        send(self.request("POST", "/v1/admin/sessions").json(&body)).await
    }

    /// Logs in; the session's token.
    pub(crate) async fn session(&self, name: &str) -> String {
        let begun = self.log_in(name, &password(name), None).await.done();
        begun["token"].as_str().unwrap().to_owned()
    }

    /// Makes a token of the owner's with these scopes.
    pub(crate) async fn token(&self, scopes: &[&str]) -> String {
        let body = json!({ "name": "test", "scopes": scopes });
        let made = self.post("/v1/admin/tokens", &body).await.done();
        made["token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn end(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap().unwrap();
    }
}

/// The password of an operator that [`Served::operator`] makes.
pub(crate) fn password(name: &str) -> String {
    format!("horse battery of {} letters, {:x?}", name.len(), name.as_bytes())
}

/// Sends a request.
pub(crate) async fn send(request: RequestBuilder) -> Reply {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let etag = headers.get("etag").map(|tag| tag.to_str().unwrap().to_owned());
    let text = answer.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or_default();
    Reply { status, etag, headers, text, body }
}
