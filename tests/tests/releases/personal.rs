//! Archives that are made a customer's own.

use std::process::Command;

use serde_json::json;

use crate::shop::{Shop, hash, python};

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
