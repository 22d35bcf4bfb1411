//! The same story on a data directory of one's own and on an authority far away: same commands, same answers, to the
//! byte, but for ids, keys and times.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeMap;
use std::process::Command;

use licentia_tests::{Home, Server, checkout};
use serde_json::Value;

/// Somewhere to run commands.
struct Place {
    home: Home,
    server: Server,
    /// The token, where commands go over the network.
    token: Option<String>,
    /// What was learnt on the way.
    names: BTreeMap<&'static str, String>,
}

impl Place {
    fn new(far: bool) -> Self {
        let home = Home::empty();
        let login = home.run(&["init", "--json"]).done().json();
        let server = home.serve();
        let token = far.then(|| login["api_token"].as_str().unwrap().to_owned());
        Self { home, server, token, names: BTreeMap::new() }
    }

    fn command(&self) -> Command {
        let mut command = self.home.command();
        if let Some(token) = &self.token {
            // A folder that is not there: whoever looks into it fails.
            command.env("LICENTIA_DATA", self.home.path("nowhere"));
            command.env("LICENTIA_SERVER", &self.server.url);
            command.env("LICENTIA_TOKEN", token);
        }
        command
    }

    /// Runs a line; `{name}` stands for what was learnt, `@name` for a file of the checkout or of this home.
    fn run(&self, line: &str) -> (i32, String, String) {
        let mut command = self.command();
        for word in line.split(' ') {
            let mut word = word.replace('_', " ");
            for (name, value) in &self.names {
                word = word.replace(&format!("{{{name}}}"), value);
            }
            if let Some(file) = word.strip_prefix('@') {
                word = match file.strip_prefix("home/") {
                    Some(name) => self.home.path(name),
                    None => checkout().join(file).display().to_string(),
                };
            }
            command.arg(word);
        }
        let output = command.output().unwrap();
        let home = self.home.path("");
        let text = |bytes| String::from_utf8(bytes).unwrap().replace(&home, "HOME/");
        (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
    }

    fn learn(&mut self, name: &'static str, line: &str, field: &str) {
        let (status, out, err) = self.run(line);
        assert_eq!(status, 0, "{line}: {err}");
        let first: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
        let value = first.pointer(field).and_then(Value::as_str).unwrap();
        self.names.insert(name, value.to_owned());
    }
}

/// A text without what differs between two authorities and two moments.
fn bare(text: &str) -> String {
    let mut bare = String::new();
    let mut rest = text;
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '+');
    while !rest.is_empty() {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        bare.push_str(&kind(word));
        let gap = after.find(is_word).unwrap_or(after.len());
        bare.push_str(&after[..gap]);
        rest = &after[gap..];
    }
    // A table's columns are as wide as what stands in them; two places are equally wide all the same.
    bare
}

fn kind(word: &str) -> String {
    let hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let core = word.trim_end_matches(['.', ':']);
    let end = &word[core.len()..];
    let shown = if core.len() == 36 && hex(core) && core.matches('-').count() == 4 {
        "UUID"
    } else if core.starts_with("eyJ") || core.matches('.').count() == 2 && core.len() > 100 {
        "TOKEN"
    } else if core.len() == 20 && core.ends_with('Z') && core.contains('T') && core.contains(':') {
        "TIME"
    } else if core.len() == 32 && hex(core) {
        "NAME"
    } else if core.starts_with("MT") && core.len() > 50 {
        "PLACE"
    } else if core.starts_with("lap_") {
        "SECRET"
    } else if core.len() == 43
        && core.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    {
        "DIGEST"
    } else if core.starts_with("BZZZ-") && core.len() == 28 {
        "KEY"
    } else {
        core
    };
    format!("{shown}{end}")
}

const CSV: &str = "email,name,days\nmary@example.com,\"Shelley, Mary\",10\njane@example.com,,\n";

#[tokio::test]
async fn near_and_far_say_the_same() {
    let mut near = Place::new(false);
    let mut far = Place::new(true);
    for place in [&near, &far] {
        std::fs::write(place.home.path("many.csv"), CSV).unwrap();
        std::fs::write(place.home.path("password"), "correct horse battery\n").unwrap();
        std::fs::write(place.home.path("wrong.csv"), "email,days\nada@example.com,many\n").unwrap();
    }
    let both = |near: &Place, far: &Place, line: &str, wanted: i32| {
        let (here, there) = (near.run(line), far.run(line));
        assert_eq!(here.0, wanted, "{line}: {here:?}");
        assert_eq!(here.0, there.0, "{line}: {here:?} {there:?}");
        assert_eq!(bare(&here.1), bare(&there.1), "{line}: stdout");
        assert_eq!(bare(&here.2), bare(&there.2), "{line}: stderr");
    };
    for line in [
        "product import @examples/catalogs/bzzz.toml",
        "product import @examples/catalogs/bzzz.toml --json",
        "product list",
        "product show bzzz --json",
        "product create other --name Other --default-plan basic",
        "plan create --product other basic --tier BASIC --rank 1 --seats 1 --feature a --limit n=unlimited",
        "plan update --product other basic --seats unlimited --json",
        "plan show --product other basic",
        "plan list",
        "product update other --grace-s 7200",
        "customer create --email grace@example.com --name Grace_Hopper",
        "customer update grace@example.com --organization Navy --json",
        "customer show grace@example.com",
        "customer list --search hop",
    ] {
        both(&near, &far, line, 0);
    }
    let issue =
        "license issue --product bzzz --plan standard --email ada@example.com --days 30 --json";
    for place in [&mut near, &mut far] {
        place.learn("license", issue, "/id");
        place.learn("key", "license show {license} --json", "/key");
        place.learn(
            "trial",
            "license issue --product bzzz --email ada@example.com --trial --json",
            "/id",
        );
        let key = Value::from(place.names["key"].clone());
        let (status, answer) = place.server.activate(&key, "cluster-1", "nonce-0001").await;
        assert_eq!(status, 201, "{answer}");
        place.names.insert("activation", answer["activation_id"].as_str().unwrap().to_owned());
    }
    for (line, status) in [
        ("license list", 0),
        ("license list --state trial --json", 0),
        ("license list --search lovelace", 0),
        ("license list --search cluster-1 --json", 0),
        ("license list --limit 1", 0),
        ("license show {license}", 0),
        ("activation list", 0),
        ("activation list --license {license} --live --json", 0),
        ("license renew {license} --days 30", 0),
        ("license renew {license} --perpetual --json", 0),
        ("license renew {license} --days 30", 1),
        ("license change-plan {license} --plan enterprise --json", 0),
        ("license add-ons {license} --with extra --limit agents=5 --seats unlimited --json", 0),
        ("license convert {trial} --days 365", 0),
        ("license convert {trial} --days 365", 1),
        ("license suspend {license} --reason open_invoice --json", 0),
        ("license suspend {license}", 1),
        ("license resume {license}", 0),
        ("license transfer {license} --email grace@example.com --json", 0),
        ("activation release {activation}", 0),
        ("license reissue {license} --json", 0),
        ("license issue --product bzzz --email a@example.com --perpetual --scheme short", 0),
        (
            "license issue --product bzzz --email b@example.com --days 5 --count 3 --idempotency-key one",
            0,
        ),
        (
            "license issue --product bzzz --email b@example.com --days 5 --count 3 --idempotency-key one --json",
            0,
        ),
        (
            "license issue --product bzzz --email b@example.com --days 5 --count 4 --idempotency-key one",
            1,
        ),
        ("license issue --product bzzz --days 5 --from-csv @home/many.csv --json", 0),
        ("license issue --product bzzz --email c@example.com --days 5 --file @home/c.lic", 0),
        ("license export --format csv", 0),
        ("license export --product bzzz --state active", 0),
        ("usage show", 0),
        ("usage show --license {license} --json", 0),
        ("license cancel {trial} --reason moved_on", 0),
        ("license revoke {license} --reason refund --grace 7d --json", 0),
        ("license revoke {license}", 1),
        // What cannot be done, and what is said wrong.
        ("license show 00000000-0000-4000-8000-000000000000", 2),
        ("license renew 00000000-0000-4000-8000-000000000000 --days 1", 2),
        ("license issue --product nothing --email a@example.com --days 1", 2),
        ("license issue --product bzzz --plan nothing --email a@example.com --days 1", 2),
        ("license issue --product bzzz --email nobody --days 1", 2),
        ("license list --after nonsense", 2),
        ("license list --plan standard", 2),
        ("customer show nobody@example.com", 2),
        ("customer create --email grace@example.com", 1),
        ("plan create --product other Wrong --tier A --rank 1 --seats 1", 2),
        ("activation release 00000000-0000-4000-8000-000000000000", 2),
        ("license reissue --signed-by nobody", 2),
        ("operator create ada --role support --password-file @home/password --json", 0),
        ("operator create ada --role support", 1),
        ("operator update ada --role operator", 0),
        ("operator password ada --password-file @home/password", 0),
        ("operator show ada --json", 0),
        ("operator show nobody", 2),
        ("token create pipeline --operator ada --scope licenses:read --expires 2099-12-31", 0),
        ("token create pipeline --operator ada --scope everything", 2),
        ("token list --operator ada --json", 0),
        ("operator remove ada", 0),
        ("operator list", 0),
        ("session list --json", 0),
        ("session list --operator nobody", 0),
        ("session end 00000000-0000-4000-8000-000000000000", 2),
        ("usage show --per day --since 2026-01-01 --until 2026-12-31", 0),
        ("license waive --product bzzz --for 1d --reason a_move --by ada@example.com", 0),
        ("license waive --product nothing --for 1d --reason a_move --by ada@example.com", 2),
        ("license waive --product bzzz --for 100d --reason a_move --by ada@example.com --json", 2),
        ("license grace --product bzzz --for 14d --plan standard --json", 0),
        ("license grace --product bzzz --for 14d --plan nothing", 2),
        ("license grace --product bzzz --for 1d --out @home/grace.jwt", 0),
        ("license grace --product bzzz --for 1d --out @home/grace.jwt", 3),
        ("license import-key {license} MRR-2025-ABCDEF", 0),
        ("license import-key {license} MRR-2025-ABCDEF --json", 0),
        ("license import-key {trial} MRR-2025-ABCDEF", 1),
        ("license import-key {license} short", 2),
        ("key export --public --format keyset", 0),
        ("audit list --action nothing", 0),
        ("audit export --format csv --action nothing", 0),
        ("audit verify", 0),
    ] {
        both(&near, &far, line, status);
    }
    // A list of keys made in one second has no order of its own.
    let rotate = |place: &Place| {
        let (status, out, err) = place.run("key rotate --purpose revocation --at-once --json");
        let mut lines: Vec<_> = out.lines().map(bare).collect();
        lines.sort();
        assert_eq!((status, err.as_str()), (0, ""));
        lines
    };
    assert_eq!(rotate(&near), rotate(&far));
    // What products embed is the same, whoever asks for it.
    let local = far.home.run(&["key", "export", "--public"]).done().stdout;
    assert_eq!(far.run("key export --public"), (0, local, String::new()));
    // What signs does not travel.
    for line in [
        "key import --product bzzz @home/password",
        "key rotate --key @home/password",
        "key rotate --root @home/password",
        "key retire kid --root @home/password",
        "key compromise kid --root-passphrase-file @home/password",
    ] {
        let (status, _, said) = far.run(line);
        assert!(status == 2 && said.starts_with("licentia: stays_local: "), "{line}: {said}");
    }
    for place in [&near, &far] {
        let (status, _, err) = place.run("license issue --product bzzz --from-csv @home/wrong.csv");
        assert_eq!(status, 2);
        assert!(err.contains("wrong.csv: line 2: `many` is no number of days"), "{err}");
        // Whose token it is stands in the trail, and on a data directory who sat before it.
        let (_, out, _) = place.run("audit list --action license.renew --json");
        let entry: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
        let actor = entry["actor"].as_str().unwrap();
        match place.token {
            Some(_) => {
                assert_eq!((actor, &entry["origin"]), ("operator:owner", &"127.0.0.1".into()));
            }
            None => assert!(actor.starts_with("cli:"), "{actor}"),
        }
    }
}

#[test]
fn ten_thousand_are_issued_from_a_file_and_a_repetition_issues_no_more() {
    let home = Home::with_catalog(&licentia_tests::catalog(1));
    let mut file = String::from("email,days\n");
    for n in 0..10_000 {
        file.push_str(&format!("customer{n}@example.com,30\n"));
    }
    std::fs::write(home.path("many.csv"), file).unwrap();
    let csv = home.path("many.csv");
    let issue = [
        "license",
        "issue",
        "--product",
        "p",
        "--from-csv",
        &csv,
        "--idempotency-key",
        "one",
        "--json",
    ];
    let first = home.run(&issue).done();
    let ids = |out: &str| -> std::collections::BTreeSet<String> {
        let lines = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|license| license["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&first.stdout).len(), 10_000);
    assert_eq!(first.stdout, home.run(&issue).done().stdout);
    let exported = home.run(&["license", "export", "--format", "csv"]).done().stdout;
    assert_eq!(exported.lines().count(), 10_001);
}

#[test]
fn a_server_that_is_not_there_or_not_ours_and_a_missing_token_are_told() {
    let home = Home::empty();
    let run = |server: &str, token: Option<&str>| {
        let mut command = home.command();
        command.env("LICENTIA_SERVER", server).args(["license", "list"]);
        if let Some(token) = token {
            command.env("LICENTIA_TOKEN", token);
        }
        let output = command.output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, said) = run("http://127.0.0.1:1", None);
    assert!(status == 2 && said.contains("needs an API token"), "{said}");
    let (status, said) = run("127.0.0.1:1", Some("lap_x"));
    assert!(status == 2 && said.contains("is no address"), "{said}");
    let (status, said) = run("http://127.0.0.1:1", Some("lap_x"));
    assert!(status == 3 && said.contains("cannot be reached"), "{said}");
    let served = Home::empty();
    let _ = served.run(&["init"]).done();
    let server = served.serve();
    let (status, said) = run(&server.url, Some("lap_nobody"));
    assert!(status == 3 && said.contains("operator's token"), "{said}");
    assert!(!said.contains("lap_nobody"));
}
