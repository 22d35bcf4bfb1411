//! A year of a subscription, as it happens.

use licentia_server::config::notices::Notices;
use licentia_testing::START;
use licentia_tests::foreign::Foreign;
use serde_json::{Value, json};

use crate::events::{DAY, Subscription};
use crate::stripe::{SECRET, Served, bodies, sign};

fn day(n: i64) -> Value {
    let at = jiff::Timestamp::from_second(START + n * DAY).unwrap();
    Value::from(at.to_string())
}

/// What the scheduler does once a minute.
async fn notices(served: &Served) {
    let all = Notices::default().all();
    for days in &all {
        while served.test.authority.notice(*days, &all).await.unwrap().more {}
    }
}

/// What was mailed of all that has happened, with its day.
async fn mails(served: &Served, smtp: &Foreign, day: i64) -> Vec<(i64, String)> {
    while served.test.authority.dispatch(true).await.unwrap() > 0 {}
    loop {
        let (_, jobs) = served.call("GET", "/v1/admin/jobs?kind=mail&state=waiting", None).await;
        if jobs["items"].as_array().unwrap().is_empty() {
            break;
        }
    }
    let told = smtp.rest().into_iter().map(|mail| {
        assert_eq!(mail["to"], json!(["ada@example.com"]), "{mail}");
        (day, mail["headers"]["Subject"].as_str().unwrap().to_owned())
    });
    told.collect()
}

fn expected_mails() -> Vec<(i64, &'static str)> {
    let renewed = "Your licence for BZZZ is renewed";
    let mut all = vec![
        (0, "Your licence for BZZZ"),
        (7, "Your trial of BZZZ ends in 7 days"),
        (13, "Your trial of BZZZ ends tomorrow"),
        // Its last second has passed before the card is charged.
        (14, "Your licence for BZZZ has ended"),
        (14, "Your licence for BZZZ has changed"),
        (44, renewed),
        (60, "Your licence for BZZZ has changed"),
        // The card failed two days ago. Whoever pays in time is never told that a month ends.
        (76, "Your licence for BZZZ ends tomorrow"),
        (76, renewed),
        (90, "Your licence for BZZZ is suspended"),
    ];
    all.extend((104..=344).step_by(30).map(|day| (day, renewed)));
    all.push((360, "Your licence for BZZZ is suspended"));
    all
}

#[tokio::test]
async fn a_year_of_a_subscription_ends_in_the_licence_that_was_paid_for() {
    let smtp = Foreign::start("smtp.py", &["{}"]);
    let served = Served::mailing(smtp.port).await;
    let mut mailed = Vec::new();
    let year = Subscription { name: "y".into(), start: START }.year();
    let headers = sign(&bodies(&year, START), SECRET);
    assert_eq!(headers.len(), year.len());
    let (mut today, mut id, mut seat) = (0, Value::Null, None);
    for (sent, header) in year.iter().zip(&headers) {
        while today < sent.day {
            served.test.clock.advance(DAY);
            today += 1;
            notices(&served).await;
            mailed.extend(mails(&served, &smtp, today).await);
        }
        let (status, answer) = served.deliver(sent.body.to_string(), Some(header)).await;
        assert_eq!((status, &answer["counted"]), (200, &json!(true)), "{sent:?}");
        let (_, list) = served.call("GET", "/v1/admin/licenses", None).await;
        let licenses = list["items"].as_array().unwrap();
        let kind = sent.body["type"].as_str().unwrap();
        if kind == "customer.subscription.created" {
            assert!(licenses.is_empty(), "whose it is, is told by the invoice");
            continue;
        }
        assert_eq!(licenses.len(), 1, "one licence, from the trial to the end");
        let license = &licenses[0];
        if id.is_null() {
            id = license["id"].clone();
            // The trial's installation goes on under the paid licence, with the same seat.
            let body = json!({ "license_key": license["key"], "cluster_id": "walnut", "nonce": "nonce-0001" });
            let (status, answer) = served.call("POST", "/v1/license/activate", Some(body)).await;
            assert_eq!(status, 201, "{answer}");
            seat = Some(answer["activation_id"].clone());
        }
        assert_eq!(license["id"], id);
        let is = |state: &str, plan: &str, end: i64| {
            let found = (&license["state"], &license["plan"], &license["expires_at"]);
            assert_eq!(found, (&json!(state), &json!(plan), &day(end)), "day {today}, {kind}");
        };
        match (today, kind) {
            (0, _) => is("trial", "standard", 14),
            // A card is charged while the trial's last day still runs.
            (14, "invoice.paid") => is("active", "standard", 44 + 3),
            (44, _) => is("active", "standard", 74 + 3),
            (60 | 74, _) => is("active", "enterprise", 74 + 3),
            (76, _) => is("active", "enterprise", 104 + 3),
            (90, _) => is("suspended", "enterprise", 104 + 3),
            (100, _) => is("active", "enterprise", 104 + 3),
            (104, _) => is("active", "enterprise", 134 + 3),
            (350, _) => is("active", "enterprise", 374),
            (360, _) => is("suspended", "enterprise", 374),
            _ => {}
        }
        // The same event again changes nothing.
        let (status, again) = served.deliver(sent.body.to_string(), Some(header)).await;
        assert_eq!((status, &again["counted"]), (200, &json!(false)));
        mailed.extend(mails(&served, &smtp, today).await);
    }
    let mailed: Vec<_> = mailed.iter().map(|(day, subject)| (*day, &**subject)).collect();
    assert_eq!(mailed, expected_mails());
    let path = format!("/v1/admin/licenses/{}", id.as_str().unwrap());
    let (_, license) = served.call("GET", &path, None).await;
    assert_eq!(license["state"], "suspended");
    assert_eq!((&license["plan"], &license["expires_at"]), (&json!("enterprise"), &day(374)));
    assert_eq!(license["customer"]["email"], "ada@example.com");
    let (_, seats) = served.call("GET", "/v1/admin/activations", None).await;
    assert_eq!(seats["items"][0]["id"], seat.unwrap());
    let (_, trail) = served.call("GET", "/v1/admin/audit?limit=1000", None).await;
    let mut actions: Vec<&str> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["actor"] == "payment:stripe")
        .map(|row| row["action"].as_str().unwrap())
        .collect();
    actions.reverse();
    let counted = |action: &str| actions.iter().filter(|found| **found == action).count();
    let expected = [
        ("license.issue", 1),
        ("license.convert", 1),
        ("license.change_plan", 1),
        // One for each month that was paid, but the first, which ended the trial.
        ("license.renew", 11),
        ("license.ends_earlier", 1),
        ("license.suspend", 2),
        ("license.resume", 1),
        ("payment.paid", 14),
        ("payment.failed", 1),
        ("payment.disputed", 1),
        ("payment.dispute_won", 1),
        ("payment.refunded", 1),
        ("payment.subscription", 4),
        ("payment.subscription_ended", 1),
    ];
    for (action, times) in expected {
        assert_eq!(counted(action), times, "{action}: {actions:?}");
    }
    assert_eq!(actions.len(), expected.iter().map(|(_, times)| times).sum::<usize>());
    assert!(served.test.authority.verify_audit().await.unwrap().valid);
    served.end().await;
}
