//! Jobs.

use licentia_model::{Job, JobState};
use licentia_storage::jobs::{Path, Settled};
use licentia_storage::{Result, Transaction};

use crate::Backend;
use crate::fixtures::{NOW, change, id, licensed, look};

fn job(n: u32) -> Job {
    Job {
        seq: 0,
        id: id(n),
        kind: "webhook".into(),
        once: None,
        lane: None,
        license_id: None,
        target: None,
        event: "license.suspended".into(),
        payload: "{\"a\":1}".into(),
        sealed: None,
        state: JobState::Waiting,
        attempts: 0,
        due_at: NOW,
        outcome: None,
        created_at: NOW,
        ended_at: None,
    }
}

fn done(at: i64) -> Settled {
    let outcome = Some("200".into());
    Settled { state: JobState::Done, due_at: at, attempts: 1, outcome, ended_at: Some(at) }
}

fn again(due_at: i64) -> Settled {
    let outcome = Some("500".into());
    Settled { state: JobState::Waiting, due_at, attempts: 1, outcome, ended_at: None }
}

async fn claimed(tx: &mut dyn Transaction, now: i64, until: i64) -> Result<Vec<u128>> {
    let jobs = tx.claim_jobs("webhook", now, until, 9).await?;
    Ok(jobs.iter().map(|job| job.id.as_u128()).collect())
}

/// All that is known of it, and once where that is asked for.
pub async fn a_job_is_kept_and_queued_once(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        licensed(tx).await?;
        let full = Job {
            once: Some("1:a".into()),
            lane: Some("lane".into()),
            license_id: Some(id(1)),
            target: Some(id(7)),
            sealed: Some(vec![0, 1, 255]),
            ..job(1)
        };
        assert!(tx.insert_job(&full).await?);
        assert!(!tx.insert_job(&Job { id: id(2), ..full.clone() }).await?);
        assert!(tx.insert_job(&job(3)).await?);
        let kept = tx.job(id(1)).await?.unwrap();
        assert!(kept.seq > 0);
        assert_eq!(kept, Job { seq: kept.seq, ..full });
        assert_eq!(tx.job(id(2)).await?, None);
        assert_eq!(tx.job(id(3)).await?.map(|job| job.sealed), Some(None));
        Ok(())
    })
    .unwrap();
}

/// The longest due first, of its kind, to one at a time, and again where nobody settled it in time.
pub async fn a_job_is_claimed_until_it_is_settled(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.insert_job(&Job { due_at: NOW + 1, ..job(1) }).await?;
        tx.insert_job(&job(2)).await?;
        tx.insert_job(&Job { kind: "mail".into(), ..job(3) }).await?;
        assert_eq!(claimed(tx, NOW - 1, NOW).await?, []);
        let first = tx.claim_jobs("webhook", NOW + 1, NOW + 60, 1).await?;
        assert_eq!((first[0].id, first[0].attempts, first[0].due_at), (id(2), 1, NOW + 60));
        assert_eq!(claimed(tx, NOW + 1, NOW + 60).await?, [1]);
        assert_eq!(claimed(tx, NOW + 59, NOW + 90).await?, []);
        // Its time is over, and another has it.
        assert_eq!(claimed(tx, NOW + 60, NOW + 90).await?, [1, 2]);
        assert!(!tx.settle_job(first[0].seq, NOW + 60, &done(NOW + 61)).await?);
        assert_eq!(tx.job(id(2)).await?.map(|job| job.attempts), Some(2));
        assert!(tx.settle_job(first[0].seq, NOW + 90, &again(NOW + 300)).await?);
        assert_eq!(claimed(tx, NOW + 299, NOW + 400).await?, [1]);
        let last = tx.claim_jobs("webhook", NOW + 300, NOW + 500, 9).await?;
        assert_eq!((last[0].id, last[0].attempts), (id(2), 2));
        assert_eq!(last[0].outcome.as_deref(), Some("500"));
        assert!(tx.settle_job(last[0].seq, NOW + 500, &done(NOW + 301)).await?);
        assert!(!tx.settle_job(last[0].seq, NOW + 500, &done(NOW + 301)).await?, "settled");
        assert_eq!(claimed(tx, NOW + 9_999, NOW + 99_999).await?, [1]);
        Ok(())
    })
    .unwrap();
}

/// One behind the other, however many claim; other lanes go on.
pub async fn a_lane_is_carried_out_in_order(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        for n in 1..=3 {
            tx.insert_job(&Job { lane: Some("a".into()), ..job(n) }).await?;
        }
        tx.insert_job(&Job { lane: Some("b".into()), ..job(4) }).await?;
        let first = tx.claim_jobs("webhook", NOW, NOW + 60, 9).await?;
        assert_eq!(first.iter().map(|job| job.id).collect::<Vec<_>>(), [id(1), id(4)]);
        assert_eq!(claimed(tx, NOW + 1, NOW + 60).await?, [], "the first is under way");
        assert!(tx.settle_job(first[0].seq, NOW + 60, &again(NOW + 300)).await?);
        assert_eq!(
            claimed(tx, NOW + 299, NOW + 400).await?,
            [4],
            "the first waits to be tried again"
        );
        assert_eq!(claimed(tx, NOW + 300, NOW + 400).await?, [1]);
        assert!(tx.settle_job(first[0].seq, NOW + 400, &done(NOW + 301)).await?);
        assert_eq!(claimed(tx, NOW + 302, NOW + 500).await?, [2]);
        Ok(())
    })
    .unwrap();
}

/// A dead one too, with what it had; not one that waits.
pub async fn a_job_is_sent_again(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.insert_job(&Job { sealed: Some(vec![1]), ..job(1) }).await?;
        assert!(!tx.revive_job(id(1), NOW).await?, "it waits");
        let first = tx.claim_jobs("webhook", NOW, NOW + 60, 1).await?;
        let dead = Settled { state: JobState::Dead, ..done(NOW + 1) };
        assert!(tx.settle_job(first[0].seq, NOW + 60, &dead).await?);
        assert_eq!(claimed(tx, NOW + 99, NOW + 199).await?, []);
        assert!(tx.revive_job(id(1), NOW + 100).await?);
        assert!(!tx.revive_job(id(9), NOW + 100).await?);
        let next = tx.claim_jobs("webhook", NOW + 100, NOW + 160, 1).await?;
        assert_eq!(
            (next[0].attempts, &next[0].sealed, next[0].ended_at),
            (1, &Some(vec![1]), None)
        );
        assert!(tx.settle_job(next[0].seq, NOW + 160, &done(NOW + 101)).await?);
        assert_eq!(tx.job(id(1)).await?.unwrap().sealed, None, "what is done keeps no secret");
        Ok(())
    })
    .unwrap();
}

/// In pages, newest first; counted, given up and forgotten.
pub async fn jobs_are_walked_counted_and_pruned(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        licensed(tx).await?;
        tx.insert_job(&job(1)).await?;
        tx.insert_job(&Job { license_id: Some(id(1)), ..job(2) }).await?;
        tx.insert_job(&Job { target: Some(id(7)), ..job(3) }).await?;
        tx.insert_job(&Job { kind: "mail".into(), ..job(4) }).await?;
        assert_eq!(tx.bury_jobs(id(7), "gone", NOW + 5).await?, 1);
        assert_eq!(tx.bury_jobs(id(7), "gone", NOW + 5).await?, 0);
        let seq = tx.job(id(1)).await?.unwrap().seq;
        tx.claim_jobs("webhook", NOW, NOW + 60, 1).await?;
        assert!(tx.settle_job(seq, NOW + 60, &done(NOW + 1)).await?);
        Ok(())
    })
    .unwrap();
    look!(store, |tx| {
        let mut seen = Vec::new();
        let mut before = u64::MAX;
        loop {
            let page = tx.walk_jobs(Path::All, before, 3).await?;
            let Some(last) = page.last() else { break };
            before = last.seq;
            seen.extend(page.iter().map(|job| job.id.as_u128()));
        }
        assert_eq!(seen, [4, 3, 2, 1]);
        for (path, expected) in [
            (Path::OfLicense(id(1)), vec![2]),
            (Path::OfTarget(id(7)), vec![3]),
            (Path::InState(JobState::Waiting), vec![4, 2]),
            (Path::InState(JobState::Dead), vec![3]),
        ] {
            let found = tx.walk_jobs(path, u64::MAX, 9).await?;
            let found: Vec<_> = found.iter().map(|job| job.id.as_u128()).collect();
            assert_eq!(found, expected, "{path:?}");
        }
        let counts = tx.count_jobs().await?;
        assert_eq!(
            counts,
            [
                ("mail".to_owned(), JobState::Waiting, 1),
                ("webhook".to_owned(), JobState::Dead, 1),
                ("webhook".to_owned(), JobState::Waiting, 1),
            ]
        );
        Ok(())
    })
    .unwrap();
    change!(store, |tx| {
        tx.lock_dispatch().await?;
        assert_eq!(tx.prune_jobs(NOW + 1).await?, 0);
        assert_eq!(tx.prune_jobs(NOW + 2).await?, 1);
        assert_eq!(tx.prune_jobs(NOW + 99).await?, 1);
        assert_eq!(tx.walk_jobs(Path::All, u64::MAX, 9).await?.len(), 2, "what waits stays");
        Ok(())
    })
    .unwrap();
}

/// Of a licence, and by what makes them known; what others still wait for stays.
pub async fn jobs_are_erased_with_a_person(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        licensed(tx).await?;
        tx.enqueue(id(1), "license.issue", "{}", Some(b"a key"), NOW).await?;
        let of = |n, kind: &str| Job { kind: kind.into(), license_id: Some(id(1)), ..job(n) };
        tx.insert_job(&of(1, "mail")).await?;
        tx.insert_job(&Job { state: JobState::Dead, ended_at: Some(NOW), ..of(2, "mail") }).await?;
        tx.insert_job(&of(3, "webhook")).await?;
        tx.insert_job(&Job { state: JobState::Done, ended_at: Some(NOW), ..of(4, "webhook") })
            .await?;
        for (n, once) in [(5, "log-in/aa/1"), (6, "log-in/aa/2"), (7, "log-in/ab/1")] {
            tx.insert_job(&Job { kind: "mail".into(), once: Some(once.into()), ..job(n) }).await?;
        }
        let known: Vec<_> = tx.jobs_known_by("log-in/aa/", 9).await?.iter().map(|j| j.id).collect();
        assert_eq!(known, [id(6), id(5)]);
        assert_eq!(tx.erase_jobs(id(1), "mail").await?, 3);
        assert_eq!(tx.erase_jobs(id(1), "mail").await?, 0);
        assert_eq!(tx.erase_jobs_known_by("log-in/aa/").await?, 2);
        let left = tx.walk_jobs(Path::All, u64::MAX, 9).await?;
        assert_eq!(left.iter().map(|job| job.id).collect::<Vec<_>>(), [id(7), id(3)]);
        assert_eq!(tx.messages(9).await?[0].sealed, None);
        Ok(())
    })
    .unwrap();
}
