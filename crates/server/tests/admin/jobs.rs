//! Jobs: listed, shown, sent again.

use licentia_authority::jobs::{Backoff, NewJob, Outcome};
use serde_json::json;

use crate::support::{Served, send};

const JOBS: &str = "/v1/admin/jobs";

#[tokio::test]
async fn dead_letters_are_found_and_sent_again() {
    let served = Served::new().await;
    let authority = &served.test.authority;
    for n in 0..5 {
        let new = NewJob {
            kind: "test",
            event: format!("event.{n}"),
            payload: json!({ "n": n }),
            ..NewJob::default()
        };
        assert!(authority.queue_job(new).await.unwrap());
    }
    for job in authority.claim_jobs("test", 2).await.unwrap() {
        let outcome = Outcome::Hopeless("550 no such mailbox".into());
        authority.settle_job(&job, outcome, Backoff::MAIL).await.unwrap();
    }
    let page = served.get(&format!("{JOBS}?state=dead&kind=test&limit=1")).await.done();
    assert_eq!(page["items"][0]["event"], "event.1");
    let rest = format!("{JOBS}?state=dead&limit=1&after={}", page["next"].as_str().unwrap());
    let rest = served.get(&rest).await.done();
    assert_eq!(
        (&rest["items"][0]["event"], &rest["items"][0]["state"]),
        (&json!("event.0"), &json!("dead"))
    );
    assert_eq!(rest["items"][0]["outcome"], "550 no such mailbox");

    let id = rest["items"][0]["id"].as_str().unwrap();
    let shown = served.get(&format!("{JOBS}/{id}")).await.done();
    assert_eq!((&shown["payload"], &shown["due_at"]), (&json!({ "n": 0 }), &json!(null)));
    let resend = format!("{JOBS}/{id}/resend");
    let reader = served.token(&["jobs:read"]).await;
    send(served.by(&reader, "POST", &resend)).await.refused(403, "forbidden");
    for _ in 0..2 {
        let again = send(served.by(&served.owner(), "POST", &resend)).await.done();
        assert_eq!((&again["state"], &again["attempts"]), (&json!("waiting"), &json!(0)));
    }
    let trail = served.get("/v1/admin/audit?action=job.resend").await.done();
    assert_eq!(
        trail["items"].as_array().unwrap().len(),
        1,
        "the second time changed nothing: {trail}"
    );
    served.get(&format!("{JOBS}?state=lost")).await.refused(422, "invalid");
    served.get(&format!("{JOBS}/{}", uuid::Uuid::nil())).await.refused(404, "no_such_resource");
    let events = served.get(&format!("{JOBS}?event=event.4")).await.done();
    assert_eq!(events["items"].as_array().unwrap().len(), 1);
    served.end().await;
}
