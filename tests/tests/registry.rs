//! A container registry that asks the authority for its tokens: Debian's docker-registry, and skopeo as the client.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use licentia_issue::{PrivateKey, Signer};
use licentia_tests::registry::{Registry, image};
use licentia_tests::{Home, Server, checkout};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const CATALOGS: [&str; 2] = [
    "[product]\ncode = \"app\"\nname = \"App\"\ndefault_plan = \"pro\"\n\n[[plan]]\ncode = \"pro\"\ntier = \"PRO\"\n\
     rank = 1\nseats = 1\n\n[plan.distribution]\nchannels = [\"stable\"]\n\
     repositories = [\"acme/app\", \"acme/app-{channel}\", \"acme/tools/*\"]\n\n\
     [[plan]]\ncode = \"bare\"\ntier = \"BARE\"\nrank = 2\nseats = 1\n",
    "[product]\ncode = \"other\"\nname = \"Other\"\ndefault_plan = \"pro\"\n\n[[plan]]\ncode = \"pro\"\ntier = \"PRO\"\n\
     rank = 1\nseats = 1\n\n[plan.distribution]\nchannels = [\"stable\"]\nrepositories = [\"acme/other\"]\n",
];

struct Shop {
    home: Home,
    server: Server,
    registry: Registry,
    operator: String,
}

impl Shop {
    fn open() -> Self {
        let home = Home::empty();
        let made = home.run(&["init", "--json"]).done().json();
        CATALOGS.iter().for_each(|catalog| home.import(catalog));
        let server = home.serve();
        let (out, storage) = (home.path("registry"), home.path("images"));
        let args = [
            "registry",
            "config",
            "--public-url",
            &server.url,
            "--out",
            &out,
            "--storage",
            &storage,
        ];
        let _ = home.run(&args).done();
        let registry = Registry::start(&Path::new(&out).join("config.yml"));
        let operator = format!("operator:{}", made["api_token"].as_str().unwrap());
        Self { home, server, registry, operator }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.home.folder.path().join(name)
    }

    fn licence(&self, product: &str, plan: &str) -> (String, String) {
        let issued = self.home.issue(product, plan);
        let text = |name: &str| issued[name].as_str().unwrap().to_owned();
        (text("id"), text("key"))
    }

    /// Runs a command as it was run three days ago.
    fn run_back_then(&self, args: &[&str]) -> Value {
        let mut command = self.home.command();
        command
            .env("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1")
            .env("FAKETIME", "-3d")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let ran = command.args(args).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        serde_json::from_slice(&ran.stdout).unwrap()
    }

    /// User and password of a pull token.
    fn pull_token(&self, license: &str) -> String {
        let args =
            ["registry", "login-command", license, "--registry", &self.registry.host, "--json"];
        self.as_login(&self.home.run(&args).done().json())
    }

    fn as_login(&self, made: &Value) -> String {
        let (user, password) = (made["user"].as_str().unwrap(), made["password"].as_str().unwrap());
        let command = made["command"].as_str().unwrap();
        assert!(command.contains(password) && command.ends_with(&self.registry.host), "{command}");
        format!("{user}:{password}")
    }

    /// Pulls into a new folder; whether it worked, and what was said.
    fn pull(&self, name: &str, credentials: &str) -> (bool, String) {
        let into = tempfile::tempdir_in(self.home.folder.path()).unwrap();
        let pulled = self.registry.pull(name, credentials, into.path());
        if pulled.status == 0 {
            assert!(into.path().join("manifest.json").exists());
        }
        (pulled.status == 0, pulled.stderr)
    }

    async fn token(&self, credentials: Option<&str>, query: &str) -> (u16, Value) {
        let url = format!("{}/v1/registry/token?{query}", self.server.url);
        let mut request = reqwest::Client::new().get(url);
        if let Some((user, password)) = credentials.and_then(|text| text.split_once(':')) {
            request = request.basic_auth(user, Some(password));
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        if status == 401 {
            assert_eq!(answer.headers()["www-authenticate"], "Basic realm=\"licentia\"");
        }
        (status, answer.json().await.unwrap())
    }
}

fn access(answer: &Value) -> Value {
    licentia_tests::claims(&answer["token"])["access"].clone()
}

#[tokio::test]
async fn c7_an_operator_pushes_and_a_licence_pulls_what_it_covers_and_no_more() {
    let shop = Shop::open();
    for (text, name) in
        [("app", "acme/app:1"), ("other", "acme/other:1"), ("tool", "acme/tools/x:1")]
    {
        let _ = shop.registry.push(&image(&shop.folder("."), text), name, &shop.operator).done();
    }
    let (id, key) = shop.licence("app", "pro");
    let by_key = format!("{id}:{key}");
    let by_token = shop.pull_token(&id);
    for credentials in [&by_key, &by_token] {
        assert!(shop.pull("acme/app:1", credentials).0);
        assert!(shop.pull("acme/tools/x:1", credentials).0);
        let (pulled, said) = shop.pull("acme/other:1", credentials);
        assert!(!pulled && said.contains("denied"), "another product's: {said}");
        let push = shop.registry.push(&image(&shop.folder("."), "evil"), "acme/app:1", credentials);
        assert!(push.status != 0 && push.stderr.contains("denied"), "{push:?}");
    }
    let (_, bare) = shop.licence("app", "bare");
    assert!(
        !shop.pull("acme/app:1", &format!("x:{bare}")).0,
        "a plan that says nothing covers nothing"
    );
    for wrong in
        [format!("{id}:{key}x"), format!("{id}:lpt_{}", "A".repeat(43)), "operator:lap_x".into()]
    {
        let (pulled, said) = shop.pull("acme/app:1", &wrong);
        assert!(!pulled && said.contains("invalid username/password"), "{said}");
    }

    let _ = shop.home.run(&["license", "suspend", &id]).done();
    assert!(!shop.pull("acme/app:1", &by_key).0 && !shop.pull("acme/app:1", &by_token).0);
    let (status, problem) = shop.token(Some(&by_token), "service=licentia-registry").await;
    assert_eq!((status, &problem["code"]), (403, &json!("suspended")));
    let _ = shop.home.run(&["license", "resume", &id]).done();
    assert!(shop.pull("acme/app:1", &by_token).0);

    let tokens = shop.home.run(&["registry", "tokens", &id, "--json"]).done().json();
    let token = tokens["id"].as_str().unwrap();
    let _ = shop.home.run(&["registry", "revoke-token", token]).done();
    assert!(!shop.pull("acme/app:1", &by_token).0, "the token is revoked");
    assert!(shop.pull("acme/app:1", &by_key).0, "the licence is not");

    let _ =
        shop.home.run(&["license", "revoke", &id, "--reason", "refund", "--grace", "7d"]).done();
    assert!(!shop.pull("acme/app:1", &by_key).0, "grace is for what runs");
    let (status, problem) = shop.token(Some(&by_key), "service=licentia-registry").await;
    assert_eq!((status, &problem["code"]), (403, &json!("revoked")));

    let trail = shop.home.run(&["audit", "list", "--json"]).done().stdout;
    for action in ["registry.token", "pull_token.create", "pull_token.revoke", "key.create"] {
        assert!(trail.contains(action), "{action}");
    }
    assert!(!trail.contains("lpt_") && !trail.contains(&key));
    assert_eq!(shop.home.run(&["audit", "verify"]).status, 0);
}

/// Three days old and good for one: expired, and as good as any other once it is renewed.
#[tokio::test]
async fn c7_an_expired_licence_pulls_nothing_until_it_is_renewed() {
    let shop = Shop::open();
    let _ =
        shop.registry.push(&image(&shop.folder("."), "app"), "acme/app:1", &shop.operator).done();
    let args = ["license", "issue", "--json", "--product", "app", "--plan", "pro"];
    let more = ["--email", "ada@example.com", "--days", "1"];
    let issued = shop.run_back_then(&[&args[..], &more].concat());
    let (id, key) = (issued["id"].as_str().unwrap(), issued["key"].as_str().unwrap());
    let args = ["registry", "login-command", id, "--registry", &shop.registry.host, "--json"];
    let by_token = shop.as_login(&shop.run_back_then(&args));
    let by_key = format!("{id}:{key}");
    for credentials in [&by_key, &by_token] {
        let (pulled, said) = shop.pull("acme/app:1", credentials);
        assert!(!pulled, "{said}");
        let asked = "service=licentia-registry&scope=repository:acme/app:pull";
        let (status, problem) = shop.token(Some(credentials), asked).await;
        assert_eq!((status, &problem["code"]), (403, &json!("expired")), "{problem}");
        assert_eq!(problem.get("token"), None);
    }
    let renewed = shop.home.run(&["license", "renew", id, "--days", "30", "--json"]).done().json();
    let renewed = format!("{id}:{}", renewed["key"].as_str().unwrap());
    for credentials in [&by_token, &renewed] {
        let (pulled, said) = shop.pull("acme/app:1", credentials);
        assert!(pulled, "{said}");
    }
}

/// An image that goes from one repository into another asks for both in one request.
#[tokio::test]
async fn c7_two_repositories_in_one_request_of_skopeo() {
    let shop = Shop::open();
    let _ =
        shop.registry.push(&image(&shop.folder("."), "app"), "acme/app:1", &shop.operator).done();
    let (id, key) = shop.licence("app", "pro");
    let customer = format!("{id}:{key}");
    let copy = |credentials: &str| {
        let name = |name: &str| format!("docker://{}/{name}", shop.registry.host);
        let way =
            ["copy", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false"];
        let who = ["--src-creds", credentials, "--dest-creds", credentials];
        let (from, to) = (name("acme/app:1"), name("acme/tools/copy:1"));
        shop.registry.skopeo(&[&way[..], &who, &[&from, &to]].concat())
    };
    // Both may be read, and neither may be written.
    let refused = copy(&customer);
    assert!(refused.status != 0 && refused.stderr.contains("denied"), "{refused:?}");
    assert!(!shop.pull("acme/tools/copy:1", &customer).0);
    let _ = copy(&shop.operator).done();
    assert!(shop.pull("acme/tools/copy:1", &customer).0);
}

/// What the matrix says of answers of the token service, with the client that it was measured with.
#[tokio::test]
async fn c7_the_token_service_answers_as_the_matrix_says() {
    let shop = Shop::open();
    let _ =
        shop.registry.push(&image(&shop.folder("."), "app"), "acme/app:1", &shop.operator).done();
    let (id, key) = shop.licence("app", "pro");
    let asked = "service=licentia-registry&scope=repository:acme/app:pull,push";
    let mut tried = 0;
    for row in matrix()["matrix"].as_array().unwrap() {
        match row["token"].as_str().unwrap() {
            "anonymous, empty access" => {
                assert_eq!(row["expect"], "token endpoint itself answers 200");
                let (status, answer) = shop.token(None, asked).await;
                assert_eq!((status, access(&answer)), (200, json!([])));
                let from = format!("docker://{}/acme/app:1", shop.registry.host);
                let way = ["inspect", "--tls-verify=false", "--no-creds", &from];
                let refused = shop.registry.skopeo(&way);
                let said = &refused.stderr;
                assert!(
                    refused.status != 0
                        && (said.contains("denied") || said.contains("unauthorized")),
                    "{said}"
                );
            }
            "bad password" => {
                assert_eq!(row["expect"], "token endpoint answers 401");
                let wrong = format!("{id}:{key}x");
                assert_eq!(shop.token(Some(&wrong), asked).await.0, 401);
                let (pulled, said) = shop.pull("acme/app:1", &wrong);
                assert!(!pulled && said.contains("invalid username/password"), "{said}");
            }
            "licence user asks pull,push" => {
                assert_eq!(row["expect"], "200 with the intersection");
                let shown = format!("{id}:{key}");
                let (status, answer) = shop.token(Some(&shown), asked).await;
                let pull = json!({ "type": "repository", "name": "acme/app", "actions": ["pull"] });
                assert_eq!((status, access(&answer)), (200, json!([pull])));
                let push =
                    shop.registry.push(&image(&shop.folder("."), "evil"), "acme/app:1", &shown);
                assert!(push.status != 0 && push.stderr.contains("denied"), "{push:?}");
            }
            _ => continue,
        }
        tried += 1;
    }
    assert_eq!(tried, 3, "the other nine are about tokens, below");
}

#[tokio::test]
async fn c7_a_token_holds_what_may_be_had_of_what_is_asked_for() {
    let shop = Shop::open();
    let (id, key) = shop.licence("app", "pro");
    let shown = format!("{id}:{key}");
    let pull = |name: &str| json!({ "type": "repository", "name": name, "actions": ["pull"] });
    for (query, expected) in [
        (
            "scope=repository:acme/app:pull&scope=repository:acme/tools/x:pull,push",
            json!([pull("acme/app"), pull("acme/tools/x")]),
        ),
        (
            "scope=repository:acme/app:pull&scope=repository:acme/other:pull",
            json!([pull("acme/app")]),
        ),
        (
            "scope=repository:acme/app:pull%20repository:acme/app-stable:pull",
            json!([pull("acme/app"), pull("acme/app-stable")]),
        ),
        (
            "scope=repository:acme/app:pull&scope=repository:acme/app:pull",
            json!([pull("acme/app")]),
        ),
        ("scope=repository:acme/app:push", json!([])),
        ("scope=repository:acme/app:*", json!([])),
        ("scope=repository:acme/app-beta:pull", json!([])),
        ("scope=repository:ACME/app:pull", json!([])),
        ("scope=repository:acme/tools/x/y:pull", json!([])),
        ("scope=registry:catalog:*", json!([])),
        ("scope=nonsense&account=me&client_id=docker&offline_token=true", json!([])),
        ("", json!([])),
    ] {
        let (status, answer) = shop.token(Some(&shown), &format!("service=r.test&{query}")).await;
        assert_eq!((status, access(&answer)), (200, expected), "{query}");
        let claims = licentia_tests::claims(&answer["token"]);
        assert_eq!((&claims["aud"], &claims["sub"]), (&json!("r.test"), &json!(id)));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
        assert_eq!(
            (&answer["access_token"], &answer["expires_in"]),
            (&answer["token"], &json!(300))
        );
        assert_eq!(answer.get("refresh_token"), None);
    }
    let all = "scope=repository:acme/x:pull,push,*&scope=registry:catalog:*";
    let (status, answer) = shop.token(Some(&shop.operator), &format!("service=r&{all}")).await;
    let expected = json!([
        { "type": "repository", "name": "acme/x", "actions": ["pull", "push", "*"] },
        { "type": "registry", "name": "catalog", "actions": ["*"] },
    ]);
    assert_eq!((status, access(&answer)), (200, expected));
    let args =
        ["token", "create", "reader", "--operator", "owner", "--scope", "releases:read", "--json"];
    let reader = shop.home.run(&args).done().json();
    let reader = format!("x:{}", reader["token"].as_str().unwrap());
    let (_, answer) = shop.token(Some(&reader), &format!("service=r&{all}")).await;
    assert_eq!(access(&answer), json!([pull("acme/x")]));

    // Without credentials a token for nothing; with wrong ones none.
    let (status, answer) = shop.token(None, "service=r&scope=repository:acme/app:pull").await;
    assert_eq!((status, access(&answer)), (200, json!([])));
    let (status, problem) = shop.token(Some("x:y"), "service=r").await;
    assert_eq!((status, &problem["code"]), (401, &json!("wrong_credentials")));
    assert_eq!(shop.token(Some(&shown), "scope=repository:acme/app:pull").await.0, 422);
    // Clients that post first are told to get.
    let posted =
        reqwest::Client::new().post(format!("{}/v1/registry/token", shop.server.url)).send().await;
    assert_eq!(posted.unwrap().status().as_u16(), 405);

    // Version 3 knows the key by its thumbprint, and Ed25519.
    let (_, answer) = shop.token(Some(&shown), "service=r&flavor=docker-registry-3").await;
    let (header, _) =
        licentia_license::verify::decode_unverified(answer["token"].as_str().unwrap()).unwrap();
    let out = shop.home.path("registry-3");
    let args =
        ["registry", "config", "--public-url", "https://l.example", "--flavor", "3", "--out", &out];
    let _ = shop.home.run(&args).done();
    let jwks: Value =
        serde_json::from_str(&std::fs::read_to_string(Path::new(&out).join("jwks.json")).unwrap())
            .unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    let header = serde_json::to_value(&header).unwrap();
    let key = keys.iter().find(|key| key["kid"] == header["kid"]).unwrap();
    assert_eq!((&key["kty"], &key["crv"]), (&json!("OKP"), &json!("Ed25519")));
    let jwk = serde_json::from_value(key.clone()).unwrap();
    let public = licentia_license::key::PublicKey::from_jwk(&jwk).unwrap();
    let (signed, signature) = answer["token"].as_str().unwrap().rsplit_once('.').unwrap();
    let signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
    assert!(public.is_signature_of(signed.as_bytes(), &signature));
}

/// The shapes of tokens that were measured elsewhere (`spec/vectors/registry-token`), and what this registry says.
#[tokio::test]
async fn c7_the_registry_takes_and_refuses_the_shapes_of_tokens_that_the_matrix_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let issuer = Issuer::new(folder.path());
    let config = format!(
        "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: 127.0.0.1:0}}\nauth: {{token: {{realm: \
         'http://127.0.0.1:1/token', service: registry.test, issuer: lic, rootcertbundle: {}}}}}\n",
        file("images").display(),
        file("cert.pem").display(),
    );
    std::fs::write(file("config.yml"), config).unwrap();
    let registry = Registry::start(&file("config.yml"));
    let mut tried = 0;
    for row in matrix()["matrix"].as_array().unwrap() {
        let shape = row["token"].as_str().unwrap();
        let Some(token) = issuer.token(shape) else { continue };
        let expected = row["expect"].as_str().unwrap().starts_with("accept");
        let url = format!("http://{}/v2/acme/app/tags/list", registry.host);
        let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
        // There is nothing in it: whoever is let in learns that.
        let let_in = match answer.status().as_u16() {
            404 => true,
            401 => false,
            status => panic!("{shape}: {status}"),
        };
        assert_eq!(let_in, expected, "{shape}");
        tried += 1;
    }
    assert_eq!(tried, 9, "the other three are about the answers of the token service, above");
}

fn matrix() -> Value {
    let matrix = checkout().join("spec/vectors/registry-token/matrix.json");
    serde_json::from_str(&std::fs::read_to_string(matrix).unwrap()).unwrap()
}

/// Somebody with a certificate that the registry trusts, who makes tokens of any shape.
struct Issuer {
    key: PrivateKey,
    certificate: Vec<u8>,
    stranger: PrivateKey,
}

impl Issuer {
    fn new(folder: &Path) -> Self {
        let ran = Command::new("openssl")
            .current_dir(folder)
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out",
                "cert.pem",
            ])
            .args(["-subj", "/CN=test", "-days", "2"])
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
        let pem = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let text: String = pem("cert.pem").lines().filter(|line| !line.starts_with('-')).collect();
        Self {
            key: PrivateKey::from_pem(&pem("key.pem"), None).unwrap(),
            certificate: Base64::decode_vec(&text).unwrap(),
            stranger: licentia_issue::signer::RsaSigner::generate(
                licentia_issue::signer::RsaBits::B2048,
            )
            .unwrap()
            .into(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the registry has the clock of this machine")]
    fn token(&self, shape: &str) -> Option<String> {
        let now =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "iss": "lic", "sub": "x", "aud": "registry.test", "exp": now + 300, "nbf": now - 200, "iat": now - 200,
            "jti": "1", "access": [{ "type": "repository", "name": "acme/app", "actions": ["pull"] }],
        });
        let x5c = json!([Base64::encode_string(&self.certificate)]);
        let libtrust = libtrust(&self.key);
        let mut header = json!({ "typ": "JWT", "alg": "RS256", "kid": libtrust });
        let mut key: Option<&dyn Signer> = Some(&self.key);
        let ed25519: PrivateKey = licentia_issue::Ed25519Signer::from_seed([7; 32]).unwrap().into();
        match shape {
            "RS256 + x5c (leaf = cert in rootcertbundle)" => {
                header = json!({ "typ": "JWT", "alg": "RS256", "x5c": x5c });
            }
            "RS256 + kid = libtrust fingerprint" => {}
            "RS256 + kid = RFC 7638 thumbprint" => {
                header["kid"] = self.key.public_key().kid().into();
            }
            "aud as JSON array" => {
                claims["aud"] = json!(["registry.test"]);
            }
            "EdDSA + x5c" => {
                header = json!({ "typ": "JWT", "alg": "EdDSA", "x5c": x5c });
                key = Some(&ed25519);
            }
            "exp 30 s ago" => {
                claims["exp"] = (now - 30).into();
            }
            "exp 90 s ago" => {
                claims["exp"] = (now - 90).into();
            }
            "alg none, empty signature" => {
                header = json!({ "typ": "JWT", "alg": "none" });
                key = None;
            }
            "embedded attacker jwk with trusted kid" => {
                header["jwk"] = serde_json::to_value(self.stranger.public_key().to_jwk()).unwrap();
                key = Some(&self.stranger);
            }
            "anonymous, empty access" | "bad password" | "licence user asks pull,push" => {
                return None;
            }
            other => panic!("the matrix has a shape that this test does not know: {other}"),
        }
        let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = key.map(|key| key.sign(signed.as_bytes()).unwrap()).unwrap_or_default();
        Some(format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature)))
    }
}

fn libtrust(key: &PrivateKey) -> String {
    let pem = key.public_key().to_pem();
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let digest = Sha256::digest(Base64::decode_vec(&text).unwrap());
    let bits: String = digest[..30].iter().map(|byte| format!("{byte:08b}")).collect();
    let letters: Vec<char> = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".chars().collect();
    let spelled: Vec<char> = bits
        .as_bytes()
        .chunks(5)
        .map(|five| letters[five.iter().fold(0, |n, bit| n << 1 | usize::from(bit - b'0'))])
        .collect();
    spelled.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(":")
}
