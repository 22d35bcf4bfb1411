//! What others are to hear of is queued with the change.

use licentia_testing::actor;

use crate::support::{activate, beat, heartbeat, request, rows, with};

#[tokio::test]
async fn a_change_of_a_licence_queues_its_facts_and_nothing_personal() {
    let (test, key) = with("").await;
    let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
    let id = crate::support::lease(&test.authority, &answer.lease).sub.parse().unwrap();
    heartbeat(&test.authority, beat(&answer, 1)).await.unwrap();
    let _ = heartbeat(&test.authority, beat(&answer, 1)).await;
    let reason = Some("a private reason".to_owned());
    test.authority.suspend(id, reason, actor()).await.unwrap();
    assert!(test.authority.suspend(id, None, actor()).await.is_err());
    test.authority.resume(id, actor()).await.unwrap();
    test.authority.reissue(id, actor()).await.unwrap();
    test.authority.revoke(id, None, 0, actor()).await.unwrap();
    let queued = || rows(&test, "SELECT kind || ' ' || facts FROM outbox ORDER BY seq");
    let messages = queued();
    let kinds: Vec<_> = messages.iter().map(|row| row.split(' ').next().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "license.issue",
            "activation.activate",
            "activation.clone_detected",
            "license.suspend",
            "license.resume",
            "license.reissue",
            "license.revoke",
        ]
    );
    for message in messages {
        assert!(!message.contains("private") && !message.contains('@'), "{message}");
    }
    // However long nobody sends: what is not a job yet is not forgotten.
    test.clock.advance(99 * 86_400);
    test.authority.prune(90).await.unwrap();
    assert_eq!(queued().len(), 7);
    assert_eq!(test.authority.dispatch(true).await.unwrap(), 7);
    assert_eq!(queued(), [] as [String; 0]);
}
