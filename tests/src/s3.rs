//! A bucket of a server that speaks S3: moto, by Python, one request at a time, as a service does that compares and swaps.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::header::AUTHORIZATION;

const PROGRAM: &str = r#"
from werkzeug.serving import make_server
from moto.server import DomainDispatcherApplication, create_backend_app
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
print(server.port, flush=True)
server.serve_forever()
"#;

/// Whom moto takes for somebody with rights; it checks no signature.
const SOMEBODY: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, \
    SignedHeaders=host, Signature=00";

/// A bucket `lists`, gone with the value.
pub struct Bucket {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub address: String,
}

impl Bucket {
    /// Starts the server and makes the bucket. The Python of `LICENTIA_TEST_PYTHON` has the library.
    pub async fn start() -> Self {
        let python = std::env::vars().find(|(name, _)| name == "LICENTIA_TEST_PYTHON");
        let python = python.map_or_else(|| "python3".to_owned(), |(_, path)| path);
        let mut child = Command::new(python)
            .args(["-c", PROGRAM])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python is there");
        let stdout = child.stdout.take().expect("its output is ours");
        let mut port = String::new();
        BufReader::new(stdout).read_line(&mut port).expect("it says its port");
        let address = format!("http://127.0.0.1:{}", port.trim());
        let bucket = Self { child, address };
        let made = client()
            .put(format!("{}/lists", bucket.address))
            .header(AUTHORIZATION, SOMEBODY)
            .send()
            .await;
        assert!(
            made.expect("the server answers: `./scripts/test` installs moto").status().is_success()
        );
        bucket
    }

    /// What a program needs in its environment to use it.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        vec![
            own("AWS_ENDPOINT", &self.address),
            own("AWS_ALLOW_HTTP", "true"),
            own("AWS_ACCESS_KEY_ID", "test"),
            own("AWS_SECRET_ACCESS_KEY", "test"),
            own("AWS_REGION", "us-east-1"),
        ]
    }

    /// Writes an object, as another system does.
    pub async fn put(&self, key: &str, text: &str) {
        let url = format!("{}/lists/{key}", self.address);
        let put = client()
            .put(url)
            .header(AUTHORIZATION, SOMEBODY)
            .body(text.to_owned())
            .send()
            .await
            .expect("it answers");
        assert!(put.status().is_success(), "{put:?}");
    }

    /// The names of all objects that begin like this, in order; at most a thousand.
    pub async fn names(&self, prefix: &str) -> Vec<String> {
        let url = format!("{}/lists?list-type=2&prefix={prefix}", self.address);
        let got = client().get(url).header(AUTHORIZATION, SOMEBODY).send().await;
        let text = got.expect("it answers").text().await.expect("text");
        let keys = text.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
        keys.map(|(key, _)| key.to_owned()).collect()
    }

    /// Removes an object, as another system does.
    pub async fn delete(&self, key: &str) {
        let url = format!("{}/lists/{key}", self.address);
        let gone = client().delete(url).header(AUTHORIZATION, SOMEBODY).send().await;
        assert!(gone.expect("it answers").status().is_success());
    }

    /// An object with its media type, as anybody reads it.
    pub async fn get(&self, key: &str) -> Option<(String, String)> {
        let got = client()
            .get(format!("{}/lists/{key}", self.address))
            .header(AUTHORIZATION, SOMEBODY)
            .send()
            .await
            .expect("it answers");
        let media = got.headers().get("content-type").and_then(|value| value.to_str().ok());
        let media = media.unwrap_or_default().to_owned();
        got.status().is_success().then_some(())?;
        Some((got.text().await.expect("text"), media))
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}
