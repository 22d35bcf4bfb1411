//! Releases from the command line to customers: published in parts, downloaded by links, installed by pip.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

use licentia_tests::registry::{Registry, image};
use licentia_tests::{Home, Server};
use reqwest::Method;
use serde_json::{Value, json};
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
const PART: usize = 8 * 1024 * 1024;

struct Shop {
    home: Home,
    server: Server,
    operator: String,
    client: reqwest::Client,
}

impl Shop {
    fn open() -> Self {
        let home = Home::empty();
        let made = home.run(&["init", "--json"]).done().json();
        home.import(CATALOG);
        home.import(OTHER);
        let server = home.serve();
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { home, server, operator: made["api_token"].as_str().unwrap().to_owned(), client }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.home.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The command line against the served authority.
    fn remote(&self, args: &[&str]) -> licentia_tests::Outcome {
        let at = ["--server", &self.server.url, "--token", &self.operator, "--json"];
        self.home.run(&[args, &at].concat())
    }

    fn publish(&self, version: &str, more: &[&str]) -> Value {
        let args = ["release", "publish", "--product", "app", "--version", version];
        self.remote(&[&args[..], more].concat()).done().json()
    }

    fn licence(&self, product: &str, plan: &str) -> (String, String) {
        let issued = self.home.issue(product, plan);
        let text = |name: &str| issued[name].as_str().unwrap().to_owned();
        (text("id"), text("key"))
    }

    async fn as_operator(&self, method: Method, path: &str, body: Vec<u8>) -> (u16, Value) {
        let request = self.client.request(method, format!("{}{path}", self.server.url));
        let request =
            request.bearer_auth(&self.operator).header("content-type", "application/json");
        let answer = request.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    async fn as_customer(&self, password: &str, path: &str) -> (u16, Value) {
        let request = self.client.get(format!("{}{path}", self.server.url));
        let answer = request.basic_auth("x", Some(password)).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    /// The link of a file of a version.
    async fn link(&self, password: &str, version: &str, name: &str) -> String {
        let (status, page) =
            self.as_customer(password, &format!("/v1/releases/app?version={version}")).await;
        assert_eq!(status, 200, "{page}");
        let downloads = page["items"][0]["downloads"].as_array().unwrap();
        let found = downloads.iter().find(|download| download["artifact"]["name"] == name).unwrap();
        found["link"]["href"].as_str().unwrap().to_owned()
    }

    async fn fetch(&self, href: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let mut request = self.client.get(format!("{}{href}", self.server.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that do not repeat soon.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

fn python(program: &str, args: &[&str]) -> String {
    let ran = Command::new("python3").args(["-c", program]).args(args).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

#[tokio::test]
async fn c7_a_release_is_published_in_parts_goes_on_where_it_was_cut_short_and_stays_what_it_is() {
    let shop = Shop::open();
    let bytes = noise(2 * PART + 12_345);
    let path = shop.write("app.bin", &bytes);
    // What a command that was killed leaves: a draft, a file, and one part of it.
    let draft = json!({ "product": "app", "version": "1.0.0" }).to_string().into();
    let (status, release) = shop.as_operator(Method::POST, "/v1/admin/releases", draft).await;
    assert_eq!((status, &release["state"]), (201, &json!("draft")));
    let id = release["id"].as_str().unwrap();
    let file = json!({ "name": "app.bin", "size": bytes.len(), "sha256": hash(&bytes), "platform": "any" });
    let announce = format!("/v1/admin/releases/{id}/artifacts");
    let (status, artifact) =
        shop.as_operator(Method::POST, &announce, file.to_string().into()).await;
    assert_eq!((status, &artifact["stored_at"]), (201, &Value::Null));
    let artifact = artifact["id"].as_str().unwrap().to_owned();
    let part = |n: u32| format!("/v1/admin/artifacts/{artifact}/parts/{n}");
    assert_eq!(
        shop.as_operator(Method::PUT, &part(1), bytes[PART..2 * PART].to_vec()).await.0,
        204
    );
    for (n, wrong, expected) in [(0, 1, 422), (2, PART, 422), (3, 1, 404), (0, PART + 1, 413)] {
        let (status, problem) = shop.as_operator(Method::PUT, &part(n), vec![0; wrong]).await;
        assert_eq!(status, expected, "{n} {problem}");
    }
    let complete = format!("/v1/admin/artifacts/{artifact}/complete");
    let (status, problem) = shop.as_operator(Method::POST, &complete, Vec::new()).await;
    assert_eq!((status, &problem["code"]), (422, &json!("invalid")), "parts are missing");
    let publish = format!("/v1/admin/releases/{id}/publish");
    assert_eq!(
        shop.as_operator(Method::POST, &publish, Vec::new()).await.0,
        409,
        "files are missing"
    );
    let (_, upload) =
        shop.as_operator(Method::GET, &format!("/v1/admin/artifacts/{artifact}"), Vec::new()).await;
    assert_eq!((&upload["parts"], &upload["part_size"]), (&json!([1]), &json!(PART)));

    let done = shop.publish("1.0.0", &[&path]);
    assert_eq!((&done["state"], &done["id"]), (&json!("published"), &release["id"]));
    let stored = &done["artifacts"][0];
    assert_eq!((&stored["sha256"], &stored["size"]), (&json!(hash(&bytes)), &json!(bytes.len())));
    let (header, claims) =
        licentia_license::verify::decode_unverified(stored["signature"].as_str().unwrap()).unwrap();
    assert_eq!(serde_json::to_value(header).unwrap()["typ"], "manifest+jwt");
    assert_eq!(
        (&claims["version"], &claims["artifacts"][0]["sha256"]),
        (&json!("1.0.0"), &stored["sha256"])
    );

    // The same once more is done already; anything else is another release.
    assert_eq!(shop.publish("1.0.0", &[&path])["id"], release["id"]);
    let other = shop.write("other.bin", b"other");
    let refused =
        shop.remote(&["release", "publish", "--product", "app", "--version", "1.0.0", &other]);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert_eq!(shop.as_operator(Method::PUT, &part(0), bytes[..PART].to_vec()).await.0, 409);
    assert_eq!(
        shop.as_operator(Method::DELETE, &format!("/v1/admin/artifacts/{artifact}"), Vec::new())
            .await
            .0,
        409
    );

    // Stored once under its hash, whatever releases it is in, and no part is left.
    shop.publish("1.0.1", &[&path]);
    let store = shop.home.data().join("artifacts");
    let files = walk(&store);
    let object = store.join("sha256").join(&hash(&bytes)[..2]).join(hash(&bytes));
    assert_eq!(files, std::slice::from_ref(&object));
    assert_eq!(std::fs::read(object).unwrap(), bytes);

    // Bytes that are not what was announced are refused, and their parts forgotten.
    let draft = json!({ "product": "app", "version": "1.0.2" }).to_string().into();
    let (_, release) = shop.as_operator(Method::POST, "/v1/admin/releases", draft).await;
    let announce = format!("/v1/admin/releases/{}/artifacts", release["id"].as_str().unwrap());
    let file = json!({ "name": "x", "size": 3, "sha256": hash(b"abc") });
    let (_, artifact) = shop.as_operator(Method::POST, &announce, file.to_string().into()).await;
    let artifact = format!("/v1/admin/artifacts/{}", artifact["id"].as_str().unwrap());
    assert_eq!(
        shop.as_operator(Method::PUT, &format!("{artifact}/parts/0"), b"abd".to_vec()).await.0,
        204
    );
    let (status, problem) =
        shop.as_operator(Method::POST, &format!("{artifact}/complete"), Vec::new()).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("sha256")));
    let (_, upload) = shop.as_operator(Method::GET, &artifact, Vec::new()).await;
    assert_eq!(upload["parts"], json!([]));
    assert_eq!(shop.as_operator(Method::DELETE, &artifact, Vec::new()).await.0, 200);

    let yanked = shop
        .remote(&["release", "yank", "--product", "app", "1.0.1", "--reason", "broken"])
        .done()
        .json();
    assert_eq!((&yanked["state"], &yanked["reason"]), (&json!("yanked"), &json!("broken")));
    let (_, key) = shop.licence("app", "one");
    let (_, page) = shop.as_customer(&key, "/v1/releases/app").await;
    let versions: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|item| &item["version"]).collect();
    assert_eq!(versions, ["1.0.0"]);
    assert_eq!(shop.home.run(&["audit", "verify"]).status, 0);
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

#[tokio::test]
async fn c7_a_link_is_for_one_file_one_method_and_a_while() {
    let shop = Shop::open();
    let (one, two) = (noise(300_000), b"another".to_vec());
    shop.publish("1.0.0", &[&shop.write("one.bin", &one), &shop.write("two.bin", &two)]);
    let (license, key) = shop.licence("app", "one");
    let href = shop.link(&key, "1.0.0", "one.bin").await;
    let other = shop.link(&key, "1.0.0", "two.bin").await;

    let answer = shop.fetch(&href, &[]).await;
    let header = |answer: &reqwest::Response, name: &str| {
        answer.headers()[name].to_str().unwrap().to_owned()
    };
    assert_eq!(answer.status(), 200);
    let tag = header(&answer, "etag");
    assert_eq!(tag, format!("\"{}\"", hash(&one)));
    assert_eq!(header(&answer, "content-disposition"), "attachment; filename=\"one.bin\"");
    assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
    let modified = header(&answer, "last-modified");
    assert_eq!(answer.bytes().await.unwrap(), one);

    for (range, expected) in [
        ("bytes=0-0", 0..1),
        ("bytes=262143-262145", 262_143..262_146),
        ("bytes=-5", 299_995..300_000),
    ] {
        let answer = shop.fetch(&href, &[("range", range)]).await;
        assert_eq!(answer.status(), 206);
        let told = format!("bytes {}-{}/300000", expected.start, expected.end - 1);
        assert_eq!(header(&answer, "content-range"), told);
        assert_eq!(answer.bytes().await.unwrap(), one[expected]);
    }
    let answer = shop.fetch(&href, &[("range", "bytes=300000-")]).await;
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "content-range")),
        (416, "bytes */300000".into())
    );
    for (name, value, expected) in [
        ("if-none-match", tag.as_str(), 304),
        ("if-none-match", "\"x\"", 200),
        ("if-modified-since", &modified, 304),
        ("if-match", "\"x\"", 412),
        ("if-match", &tag, 200),
    ] {
        assert_eq!(shop.fetch(&href, &[(name, value)]).await.status(), expected, "{name}: {value}");
    }
    let part = [("range", "bytes=5-"), ("if-range", "\"another\"")];
    assert_eq!(shop.fetch(&href, &part).await.status(), 200, "another file is sent whole");
    assert_eq!(shop.fetch(&href, &[("range", "bytes=5-"), ("if-range", &tag)]).await.status(), 206);

    // Every field is under the code.
    let (path, query) = href.split_once('?').unwrap();
    let fields: Vec<(&str, &str)> =
        query.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
    assert_eq!(
        fields.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["exp", "kid", "license", "sig"]
    );
    let with = |at: usize, value: Option<String>| {
        let mut pairs: Vec<String> = Vec::new();
        for (place, (name, old)) in fields.iter().enumerate() {
            match &value {
                Some(new) if place == at => pairs.push(format!("{name}={new}")),
                None if place == at => {}
                _ => pairs.push(format!("{name}={old}")),
            }
        }
        format!("{path}?{}", pairs.join("&"))
    };
    let exp: i64 = fields[0].1.parse().unwrap();
    let (stranger, _) = shop.licence("app", "one");
    let mut altered = vec![
        with(0, Some((exp + 1).to_string())),
        with(0, Some(format!("0{exp}"))),
        with(0, Some(format!("{exp}%20"))),
        with(1, Some("00000000".into())),
        with(1, Some(String::new())),
        with(2, Some(stranger)),
        with(2, Some(license.to_uppercase())),
        with(3, Some(format!("{}A", fields[3].1))),
        with(3, Some(fields[3].1[..20].to_owned())),
        path.to_owned(),
        format!("{}?{query}", path.replace("one.bin", "two.bin")),
        format!("{}?{query}", path.replace("one.bin", "..%2f..%2flicentia.db")),
        format!("{}?{query}", other.split_once('?').unwrap().0),
    ];
    altered.extend((0..4).map(|at| with(at, None)));
    // Each letter of the code counts, and each of its bits.
    for (place, letter) in fields[3].1.char_indices() {
        let flipped = if letter == 'A' { 'B' } else { 'A' };
        let mut code = fields[3].1.to_owned();
        code.replace_range(place..=place, &flipped.to_string());
        altered.push(with(3, Some(code)));
    }
    for href in altered {
        let answer = shop.fetch(&href, &[]).await;
        let status = answer.status().as_u16();
        let problem: Value = answer.json().await.unwrap();
        assert!(
            status == 403 && problem["code"] == "bad_link" || status == 404,
            "{href}: {status} {problem}"
        );
    }
    let head = shop.client.head(format!("{}{href}", shop.server.url)).send().await.unwrap();
    assert_eq!(head.status(), 403, "a link for GET is none for HEAD");
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer =
            shop.client.request(method, format!("{}{href}", shop.server.url)).send().await.unwrap();
        assert_eq!(answer.status(), 405);
    }
    assert_eq!(shop.fetch(&href, &[]).await.status(), 200, "nothing of this has spoilt it");

    // The licence still has to be good, and the release out.
    let _ = shop.home.run(&["license", "suspend", &license]).done();
    assert_eq!(shop.fetch(&href, &[]).await.status(), 403);
    let _ = shop.home.run(&["license", "resume", &license]).done();
    assert_eq!(shop.fetch(&href, &[]).await.status(), 200);
    let _ = shop.remote(&["release", "yank", "--product", "app", "1.0.0"]).done();
    assert_eq!(shop.fetch(&href, &[]).await.status(), 403);
}

/// The end of a link is judged by the server's clock.
#[tokio::test]
async fn c7_a_link_ends_after_fifteen_minutes() {
    let shop = Shop::open();
    shop.publish("1.0.0", &[&shop.write("one.bin", b"one")]);
    let (_, key) = shop.licence("app", "one");
    let href = shop.link(&key, "1.0.0", "one.bin").await;
    let url = shop.server.url.clone();
    for (minutes, expected) in [(14, 200), (16, 403)] {
        // Not the program of that name: what it starts would outlive it.
        let mut later = shop.home.command();
        later
            .env("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1")
            .env("FAKETIME", format!("+{minutes}m"))
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let server = Server::start(later);
        assert_ne!(server.url, url);
        let answer = shop.client.get(format!("{}{href}", server.url)).send().await.unwrap();
        assert_eq!(answer.status(), expected, "{minutes} minutes");
        let _ = server.terminate();
    }
}

#[tokio::test]
async fn c7_curl_resumes_a_download() {
    let shop = Shop::open();
    let bytes = noise(3_000_000);
    shop.publish("1.0.0", &[&shop.write("app.bin", &bytes)]);
    let (_, key) = shop.licence("app", "one");
    let href = shop.link(&key, "1.0.0", "app.bin").await;
    let half = shop.write("half.bin", &bytes[..1_234_567]);
    let url = format!("{}{href}", shop.server.url);
    let curl = Command::new("curl")
        .args(["-sS", "--fail", "-C", "-", "-o", &half, &url])
        .output()
        .unwrap();
    assert!(curl.status.success(), "{}", String::from_utf8_lossy(&curl.stderr));
    assert_eq!(std::fs::read(half).unwrap(), bytes);
}

#[tokio::test]
async fn c7_what_is_covered_is_listed_and_nothing_else() {
    let shop = Shop::open();
    let file = shop.write("app.bin", b"app");
    for (version, channel) in
        [("1.0.0", "stable"), ("1.1.0-beta.1", "beta"), ("1.1.0", "stable"), ("2.0.0", "stable")]
    {
        shop.publish(version, &["--channel", channel, &file]);
    }
    shop.publish("1.9.0", &["--draft", &file]);
    let (_, one) = shop.licence("app", "one");
    let (_, beta) = shop.licence("app", "beta");
    let (_, none) = shop.licence("app", "none");
    let (_, other) = shop.licence("other", "a");
    let versions = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        let mut versions: Vec<String> =
            items.map(|item| item["version"].as_str().unwrap().to_owned()).collect();
        versions.sort();
        versions
    };
    for (key, expected) in [
        (&one, vec!["1.0.0", "1.1.0"]),
        (&beta, vec!["1.0.0", "1.1.0", "1.1.0-beta.1", "2.0.0"]),
        (&none, vec![]),
    ] {
        let (status, page) = shop.as_customer(key, "/v1/releases/app").await;
        assert_eq!(
            (status, versions(&page)),
            (200, expected.iter().map(ToString::to_string).collect())
        );
    }
    let (status, problem) = shop.as_customer(&other, "/v1/releases/app").await;
    assert_eq!((status, &problem["code"]), (403, &json!("not_covered")));
    let (unknown, same) = shop.as_customer(&other, "/v1/releases/nothing").await;
    assert_eq!(
        (unknown, &same["code"]),
        (403, &problem["code"]),
        "whether there is such a product is not told"
    );
    assert_eq!(shop.as_customer(&one, "/v1/releases/app?version=2.0.0").await.0, 403);
    assert_eq!(shop.as_customer("lpt_x", "/v1/releases/app").await.0, 401);
    let bare =
        shop.client.get(format!("{}/v1/releases/app", shop.server.url)).send().await.unwrap();
    assert_eq!(bare.status(), 401);

    let latest = |key: String, query: &'static str| {
        let shop = &shop;
        async move { shop.as_customer(&key, &format!("/v1/releases/app/latest?{query}")).await.1 }
    };
    assert_eq!(latest(one.clone(), "").await["release"]["version"], "1.1.0");
    assert_eq!(latest(one.clone(), "version=1.1.0").await["release"], Value::Null);
    assert_eq!(latest(beta.clone(), "version=1.1.0").await["release"]["version"], "2.0.0");
    assert_eq!(latest(beta.clone(), "channel=beta").await["release"]["version"], "1.1.0-beta.1");
    assert_eq!(latest(one.clone(), "channel=beta").await["release"], Value::Null);
    let news = latest(one.clone(), "version=1.0.0&platform=any").await;
    // Signed by the authority that the trust bundle names, and nobody else.
    let bundle = shop.home.run(&["key", "export", "--public"]).done().stdout;
    let trust = licentia_license::Trust::from_text(&bundle).unwrap();
    let signed = news["signed"].as_str().unwrap();
    let verified =
        licentia_license::verify::verify::<licentia_license::release::ReleaseNews>(signed, &trust)
            .unwrap();
    let told = verified.latest.as_ref().unwrap();
    assert_eq!(
        (told.version.as_str(), told.files[0].sha256.as_str()),
        ("1.1.0", hash(b"app").as_str())
    );
    assert_eq!((verified.version.as_deref(), verified.aud.as_str()), (Some("1.0.0"), "app"));
    let half = signed.rsplit_once('.').unwrap().0;
    let forged = format!("{half}.{}", "A".repeat(86));
    assert!(
        licentia_license::verify::verify::<licentia_license::release::ReleaseNews>(&forged, &trust)
            .is_err()
    );
    assert_eq!(shop.as_customer(&one, "/v1/releases/app/latest?version=one").await.0, 422);
}

/// V7: the first run needs nothing, and the original's hash stays what was published.
#[tokio::test]
async fn v7_an_archive_is_made_the_customers_own() {
    let shop = Shop::open();
    let folder = shop.home.folder.path().display().to_string();
    python(
        "import sys, io, tarfile, zipfile\n\
         for name, mode in [('app.tar', 'w'), ('app.tar.gz', 'w:gz')]:\n\
         \x20   with tarfile.open(f'{sys.argv[1]}/{name}', mode) as tape:\n\
         \x20       entry = tarfile.TarInfo('app/run'); entry.size = 70000\n\
         \x20       tape.addfile(entry, io.BytesIO(b'x' * 70000))\n\
         with zipfile.ZipFile(f'{sys.argv[1]}/app.zip', 'w', zipfile.ZIP_DEFLATED) as archive:\n\
         \x20   archive.comment = b'a comment'\n\
         \x20   archive.writestr('app/run', 'x' * 70000)\n\
         with zipfile.ZipFile(f'{sys.argv[1]}/taken.zip', 'w') as archive:\n\
         \x20   archive.writestr('app/license.lic', 'a placeholder')\n\
         with tarfile.open(f'{sys.argv[1]}/taken.tar.gz', 'w:gz') as tape:\n\
         \x20   tape.addfile(tarfile.TarInfo('./app/license.lic'))\n",
        &[&folder],
    );
    let names = ["app.tar", "app.tar.gz", "app.zip"];
    let mut args: Vec<String> = names.iter().map(|name| shop.home.path(name)).collect();
    for name in names {
        args.extend(["--personalize".into(), format!("{name}=app/license.lic")]);
    }
    let release = shop.publish("1.0.0", &args.iter().map(String::as_str).collect::<Vec<_>>());
    for name in ["taken.zip", "taken.tar.gz"] {
        let path = shop.home.path(name);
        let personal = format!("{name}=app/license.lic");
        let args = [
            "release",
            "publish",
            "--product",
            "app",
            "--version",
            "1.0.1",
            &path,
            "--personalize",
            &personal,
        ];
        let refused = shop.remote(&args);
        assert!(refused.status != 0 && refused.stderr.contains("already"), "{refused:?}");
    }
    let (_, key) = shop.licence("app", "one");
    let (_, another) = shop.licence("app", "one");
    let bundle = shop.home.run(&["key", "export", "--public"]).done().stdout;
    let trust = shop.write("trust.pem", bundle.as_bytes());
    for (place, name) in names.iter().enumerate() {
        let href = shop.link(&key, "1.0.0", name).await;
        let answer = shop.fetch(&href, &[]).await;
        let original = std::fs::read(shop.home.path(name)).unwrap();
        let told = &release["artifacts"].as_array().unwrap()[place];
        assert_eq!((&told["name"], &told["sha256"]), (&json!(name), &json!(hash(&original))));
        let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
        assert!(tag.starts_with(&format!("\"{}-", hash(&original))), "{tag}");
        assert!(answer.headers().get("repr-digest").is_none());
        let bytes = answer.bytes().await.unwrap();
        let own = shop.write(&format!("own-{name}"), &bytes);
        let listed = python(
            "import sys, tarfile, zipfile\n\
             path = sys.argv[1]\n\
             if path.endswith('.zip'):\n\
             \x20   archive = zipfile.ZipFile(path)\n\
             \x20   assert archive.testzip() is None and archive.comment.startswith(b'a comment')\n\
             \x20   read = {name: archive.read(name) for name in archive.namelist()}\n\
             else:\n\
             \x20   tape = tarfile.open(path)\n\
             \x20   read = {m.name: tape.extractfile(m).read() for m in tape.getmembers()}\n\
             assert read['app/run'] == b'x' * 70000, len(read['app/run'])\n\
             assert sorted(read) == ['app/license.lic', 'app/run'], sorted(read)\n\
             print(read['app/license.lic'].decode())",
            &[&own],
        );
        let file = shop.write("license.lic", listed.as_bytes());
        let args = [
            "license",
            "verify",
            "--file",
            &file,
            "--public-key",
            &trust,
            "--product",
            "app",
            "--json",
        ];
        let verdict = shop.home.run(&args).done().json();
        assert_eq!(verdict["valid"], true, "{verdict}");
        assert!(listed.contains(&key) && !listed.contains(&another));
        // A part is a part of the customer's own, wherever it begins.
        let cut = bytes.len() / 2;
        let range = format!("bytes={cut}-");
        let rest = shop.fetch(&href, &[("range", &range), ("if-range", &tag)]).await;
        assert_eq!(
            (rest.status().as_u16(), rest.bytes().await.unwrap()),
            (206, bytes.slice(cut..))
        );
        let all: Vec<u8> = {
            let mut all = Vec::new();
            for start in (0..bytes.len()).step_by(9_999) {
                let range = format!("bytes={start}-{}", start + 9_998);
                all.extend(shop.fetch(&href, &[("range", &range)]).await.bytes().await.unwrap());
            }
            all
        };
        assert!(all == bytes, "{name} in pieces");
        let theirs = shop.fetch(&shop.link(&another, "1.0.0", name).await, &[]).await;
        assert_ne!(theirs.headers()["etag"].to_str().unwrap(), tag);
    }
    if Command::new("unzip").arg("-v").output().is_ok() {
        let tested =
            Command::new("unzip").args(["-tq", &shop.home.path("own-app.zip")]).output().unwrap();
        assert!(tested.status.success(), "{tested:?}");
    }
    let listed =
        Command::new("tar").args(["-tzf", &shop.home.path("own-app.tar.gz")]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&listed.stdout), "app/license.lic\napp/run\n");
}

/// pip, from a clean virtual environment.
#[tokio::test]
async fn c7_pip_installs_and_upgrades_within_the_licence_and_is_refused_beyond() {
    let shop = Shop::open();
    let folder = shop.home.folder.path().display().to_string();
    let wheel = |version: &str| {
        python(
            "import sys, zipfile, hashlib, base64\n\
             folder, version = sys.argv[1:]\n\
             info = f'acme_app-{version}.dist-info'\n\
             files = {'acme_app.py': f'VERSION = \"{version}\"\\n',\n\
             \x20 f'{info}/METADATA': f'Metadata-Version: 2.1\\nName: acme-app\\nVersion: {version}\\nRequires-Python: >=3.7\\n\\nText\\n',\n\
             \x20 f'{info}/WHEEL': 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n'}\n\
             record = ''.join(f'{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b\"=\").decode()},{len(text)}\\n' for name, text in files.items())\n\
             files[f'{info}/RECORD'] = record + f'{info}/RECORD,,\\n'\n\
             path = f'{folder}/acme_app-{version}-py3-none-any.whl'\n\
             with zipfile.ZipFile(path, 'w') as archive:\n\
             \x20   for name, text in files.items(): archive.writestr(name, text)\n\
             print(path, end='')",
            &[&folder, version],
        )
    };
    shop.publish("1.0.0", &[&wheel("1.0.0")]);
    let (license, key) = shop.licence("app", "one");
    let args = ["registry", "login-command", &license, "--json"];
    let token = shop.home.run(&args).done().json()["password"].as_str().unwrap().to_owned();
    let venv = shop.home.path("venv");
    let made = Command::new("python3").args(["-m", "venv", &venv]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let index = shop.server.url.replace("http://", &format!("http://{license}:{token}@"))
        + "/pypi/app/simple";
    let pip = |index: &str, args: &[&str]| {
        let ran = Command::new(format!("{venv}/bin/python"))
            .args([
                "-m",
                "pip",
                "--isolated",
                "--disable-pip-version-check",
                "--no-cache-dir",
                "install",
                "--no-input",
            ])
            .args(["--index-url", index])
            .args(args)
            .output()
            .unwrap();
        (
            ran.status.success(),
            String::from_utf8_lossy(&ran.stdout).into_owned()
                + &String::from_utf8_lossy(&ran.stderr),
        )
    };
    let version = || {
        let ran = Command::new(format!("{venv}/bin/python"))
            .args(["-c", "import acme_app; print(acme_app.VERSION)"])
            .output();
        String::from_utf8(ran.unwrap().stdout).unwrap().trim().to_owned()
    };
    let (done, said) = pip(&index, &["acme-app"]);
    assert!(done, "{said}");
    assert_eq!(version(), "1.0.0");
    shop.publish("1.2.0", &[&wheel("1.2.0")]);
    shop.publish("2.0.0", &[&wheel("2.0.0")]);
    let (done, said) = pip(&index, &["--upgrade", "Acme.App"]);
    assert!(done, "{said}");
    assert_eq!(version(), "1.2.0", "the newest that the licence covers");
    let (done, said) = pip(&index, &["acme-app==2.0.0"]);
    assert!(!done && said.contains("No matching distribution"), "{said}");
    let (done, _) = pip(&index.replace(&token, "lpt_wrong"), &["--force-reinstall", "acme-app"]);
    assert!(!done);

    // Both forms of a page say the same, and nothing of what is not covered.
    let page = |accept: &'static str, path: &'static str, password: String| {
        let request = shop.client.get(format!("{}/pypi/app/simple/{path}", shop.server.url));
        async move {
            let answer = request
                .basic_auth("x", Some(password))
                .header("accept", accept)
                .send()
                .await
                .unwrap();
            let media = answer
                .headers()
                .get("content-type")
                .map(|value| value.to_str().unwrap().to_owned());
            (answer.status().as_u16(), media.unwrap_or_default(), answer.text().await.unwrap())
        }
    };
    let json = "application/vnd.pypi.simple.v1+json";
    let (status, media, text) = page(json, "acme-app/", key.clone()).await;
    assert_eq!((status, media.as_str()), (200, json));
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&told["meta"]["api-version"], &told["name"]), (&json!("1.0"), &json!("acme-app")));
    let names: Vec<_> =
        told["files"].as_array().unwrap().iter().map(|file| &file["filename"]).collect();
    assert_eq!(names, ["acme_app-1.0.0-py3-none-any.whl", "acme_app-1.2.0-py3-none-any.whl"]);
    assert_eq!(told["files"][0]["requires-python"], ">=3.7");
    let (_, media, html) = page("text/html", "acme_app/", key.clone()).await;
    assert_eq!(media, "text/html");
    assert!(
        html.contains("data-requires-python=\"&gt;=3.7\"") && html.contains("#sha256="),
        "{html}"
    );
    assert!(!html.contains("2.0.0"));
    let (_, _, projects) = page(json, "", key.clone()).await;
    assert_eq!(
        serde_json::from_str::<Value>(&projects).unwrap()["projects"],
        json!([{ "name": "acme-app" }])
    );
    let (_, none) = shop.licence("app", "none");
    assert_eq!(page(json, "acme-app/", none.clone()).await.0, 404);
    assert!(!page(json, "", none).await.2.contains("acme"));
    let (_, other) = shop.licence("other", "a");
    assert_eq!(page(json, "acme-app/", other).await.0, 403);
    let _ = shop.home.run(&["license", "suspend", &license]).done();
    assert_eq!(page(json, "acme-app/", key).await.0, 403);
    let (done, _) = pip(&index, &["--force-reinstall", "acme-app"]);
    assert!(!done);
}

/// A version past the end of maintenance is refused by the registry, and one before it is not.
#[tokio::test]
async fn c7_a_registry_hands_out_the_versions_that_maintenance_covers() {
    let shop = Shop::open();
    let (out, storage) = (shop.home.path("registry"), shop.home.path("images"));
    let args = [
        "registry",
        "config",
        "--public-url",
        &shop.server.url,
        "--out",
        &out,
        "--storage",
        &storage,
    ];
    let _ = shop.home.run(&args).done();
    let registry = Registry::start(&Path::new(&out).join("config.yml"));
    let layout = image(shop.home.folder.path(), "app");
    let operator = format!("operator:{}", shop.operator);
    for version in ["1.0.0", "1.1.0", "2.0.0"] {
        let _ = registry.push(&layout, &format!("acme/app/{version}:{version}"), &operator).done();
    }
    shop.publish("1.0.0", &[]);
    shop.publish("2.0.0", &[]);
    let issue = |until: &str| {
        let attribute = format!("maintenance_until={until}");
        let args = [
            "license",
            "issue",
            "--json",
            "--product",
            "app",
            "--plan",
            "one",
            "--email",
            "ada@example.com",
        ];
        let issued = shop.home.run(&[&args[..], &["--perpetual", "--attr", &attribute]].concat());
        format!("x:{}", issued.done().json()["key"].as_str().unwrap())
    };
    let pulls = |version: &str, credentials: &str| {
        let into = tempfile::tempdir_in(shop.home.folder.path()).unwrap();
        registry.pull(&format!("acme/app/{version}:{version}"), credentials, into.path()).status
            == 0
    };
    let (past, good) = (issue("2020-12-31"), issue("2100-12-31"));
    assert!(pulls("1.0.0", &good));
    assert!(!pulls("1.0.0", &past), "it came out after the end of maintenance");
    assert!(!pulls("2.0.0", &good), "a version that the plan leaves out");
    assert!(!pulls("1.1.0", &good), "pushed, and not released");
    shop.publish("1.1.0", &[]);
    assert!(pulls("1.1.0", &good));
    let _ = shop.remote(&["release", "yank", "--product", "app", "1.1.0"]).done();
    assert!(!pulls("1.1.0", &good), "taken back");
    let refused = shop.home.run(&[
        "license",
        "issue",
        "--product",
        "app",
        "--email",
        "a@b.example",
        "--perpetual",
        "--attr",
        "maintenance_until=soon",
    ]);
    assert_eq!(refused.status, 2, "{refused:?}");
}
