//! Everything from one database into the other, and back.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use licentia_testing_postgres::Cluster;
use licentia_tests::{Home, catalog, heartbeat};
use serde_json::{Value, json};

fn copy(home: &Home, from: &str, to: &str) -> licentia_tests::Outcome {
    home.run(&["migrate", "copy", "--json", "--from", from, "--to", to])
}

/// An authority on a file, with something in every corner.
async fn lived_in() -> (Home, Value, Value) {
    let home = Home { database: None, ..Home::empty() };
    let _ = home.run(&["init"]).done();
    home.import(&catalog(50));
    let license = home.issue("p", "a");
    let server = home.serve();
    let (status, activation) = server.activate(&license["key"], "c0", "nonce-0001").await;
    assert_eq!(status, 201);
    for n in 1..20 {
        let cluster = format!("c{n}");
        assert_eq!(server.activate(&license["key"], &cluster, "nonce-0001").await.0, 201);
    }
    // Taken over within one second, twice over: two rows that nothing tells apart.
    for nonce in ["nonce-0002", "nonce-0003"] {
        assert_eq!(server.activate(&license["key"], "c1", nonce).await.0, 200);
    }
    let mut beat = heartbeat(&activation, 1, "nonce-0002");
    beat["usage"] = json!({ "calls": 7 });
    beat["usage_id"] = json!("report-1");
    assert_eq!(server.post("/v1/license/heartbeat", &beat).await.0, 200);
    let other = home.issue("p", "a")["id"].as_str().unwrap().to_owned();
    let _ = home.run(&["license", "suspend", &other, "--reason", "überfällig \u{1f511}"]).done();
    assert_eq!(server.terminate(), Some(0));
    (home, license, activation)
}

#[tokio::test]
async fn to_postgresql_and_back_every_row_is_the_same_and_products_go_on() {
    let (home, license, activation) = lived_in().await;
    let file = format!("sqlite://{}", home.path("data/licentia.db"));
    let database = Cluster::shared().database();
    let copied = copy(&home, &file, &database).done().json();
    assert_eq!((&copied["differences"], &copied["audit"]["valid"]), (&json!([]), &json!(true)));
    let rows = |table: &str| {
        let tables = copied["tables"].as_array().unwrap();
        tables.iter().find(|t| t["name"] == table).unwrap()["rows"].as_u64().unwrap()
    };
    assert_eq!((rows("activations"), rows("seats"), rows("takeovers")), (20, 20, 2));
    assert!(rows("usage_hours") == 1 && rows("events") >= 1 && rows("audit") > 20);

    // Again: nothing to do, and all the same.
    assert_eq!(copy(&home, &file, &database).done().json(), copied);

    // Back into a new file, by way of a file that holds the URL.
    std::fs::write(home.path("url"), &database).unwrap();
    let back = format!("sqlite://{}", home.path("back.db"));
    let args = ["migrate", "copy", "--json", "--from-file", &home.path("url"), "--to", &back];
    let returned = home.run(&args).done().json();
    assert_eq!((&returned["rows"], &returned["audit"]), (&copied["rows"], &copied["audit"]));

    // The product that was at generation 2 on the file goes on at PostgreSQL, and a new event has a new number.
    let moved = Home { database: Some(database), folder: home.folder };
    let server = moved.serve();
    let beat = heartbeat(&activation, 2, "nonce-0004");
    let (status, answer) = server.post("/v1/license/heartbeat", &beat).await;
    assert_eq!(status, 200, "{answer}");
    let _ = moved.run(&["license", "suspend", license["id"].as_str().unwrap()]).done();
    let beat = heartbeat(&activation, 3, "nonce-0005");
    assert_eq!(server.post("/v1/license/heartbeat", &beat).await.0, 403);
    assert_eq!(moved.run(&["audit", "verify"]).status, 0);
}

#[tokio::test]
async fn a_copy_that_was_cut_short_goes_on_and_one_that_differs_is_told() {
    let (home, _, _) = lived_in().await;
    let file = format!("sqlite://{}", home.path("data/licentia.db"));
    let database = Cluster::shared().database();
    let name = database.rsplit('/').next().unwrap();
    let copied = copy(&home, &file, &database).done().json();

    // As if it had ended in the middle of the activations: what comes later is missing, the end of a table too.
    Cluster::shared().sql_in(
        name,
        "TRUNCATE settings, takeovers, access_tokens, seats, chains, usage_hours, usage_totals, usage_reports,
                  audit_secrets, audit, events, outbox, recovery_codes, sessions, operators, api_tokens, signing_keys,
                  idempotency_keys;
         DELETE FROM activations WHERE id > (SELECT id FROM activations ORDER BY id OFFSET 7 LIMIT 1)",
    );
    let half = Home { database: Some(database.clone()), ..home.replica() };
    assert_ne!(half.run(&["license", "list"]).status, 0, "half a copy is no authority");
    assert_eq!(copy(&home, &file, &database).done().json(), copied);

    Cluster::shared().sql_in(name, "UPDATE seats SET last_seen = last_seen + 1");
    let differs = copy(&home, &file, &database);
    assert_eq!(differs.status, 1, "{differs:?}");
    assert!(
        differs.json()["differences"][0].as_str().unwrap().starts_with("seats differs from row 1")
    );

    // Another authority is not mixed with this one.
    let other = Home::on(Cluster::shared().database());
    let _ = other.run(&["init"]).done();
    let mixed = copy(&home, &file, other.database.as_deref().unwrap());
    assert_ne!(mixed.status, 0);
    let kept = other.run(&["license", "list", "--json"]).done();
    assert_eq!(kept.stdout, "", "nothing came into it");
}

#[tokio::test]
async fn a_file_that_is_served_is_not_copied() {
    let (home, _, _) = lived_in().await;
    let server = home.serve();
    let file = format!("sqlite://{}", home.path("data/licentia.db"));
    let refused = copy(&home, &file, &Cluster::shared().database());
    assert_eq!(refused.status, 3, "{refused:?}");
    assert!(refused.stderr.contains("locked"), "{}", refused.stderr);
    assert_eq!(server.get("/ready").await.0, 200);
}
