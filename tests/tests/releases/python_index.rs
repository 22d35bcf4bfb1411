//! The Python index, with pip.

use std::process::Command;

use serde_json::{Value, json};

use crate::shop::{Shop, python};

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
