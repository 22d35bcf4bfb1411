//! Links to files, and downloads by them.

use std::process::Command;

use licentia_tests::Server;
use reqwest::Method;
use serde_json::Value;

use crate::shop::{Shop, hash, noise};

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
        ("if-match", "*", 200),
        ("if-match", &format!("\"x\", {tag}"), 200),
        // A weak one is the same when something is known, and not when something is meant exactly.
        ("if-none-match", &format!("W/{tag}"), 304),
        ("if-match", &format!("W/{tag}"), 412),
        ("if-none-match", "*", 304),
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
