//! What a transaction promises.

use licentia_storage::{Access, StorageError, Verdict, write};
use tokio::task::JoinSet;

use crate::Backend;
use crate::fixtures::{NOW, change, id, licensed, look, product};

/// No commit, nothing happened: in no table.
pub async fn a_rollback_leaves_nothing(backend: &impl Backend) {
    let store = backend.open().await;
    let refused: Result<(), _> = change!(store, |tx| {
        licensed(tx).await?;
        tx.put_setting("name", "value").await?;
        tx.insert_event(Some(id(1)), licentia_model::EventKind::Changed, NOW).await?;
        Err(StorageError::Stale("test"))
    });
    assert_eq!(refused, Err(StorageError::Stale("test")));
    look!(store, |tx| {
        assert_eq!(tx.products().await?, []);
        assert_eq!(tx.license(id(1)).await?, None);
        assert_eq!(tx.setting("name").await?, None);
        assert_eq!(tx.events_after(0, 10).await?, []);
        Ok(())
    })
    .unwrap();
}

/// A job that asks for its rollback gets it, and no error.
pub async fn a_verdict_of_rollback_is_no_failure(backend: &impl Backend) {
    let store = backend.open().await;
    let job: licentia_storage::Job = Box::new(|tx| {
        Box::pin(async move {
            tx.put_setting("name", "value").await.unwrap();
            Verdict::Rollback
        })
    });
    assert_eq!(store.submit(Access::Write, job).await, Ok(()));
    assert_eq!(look!(store, |tx| tx.setting("name").await).unwrap(), None);
}

/// Many at once, every third rolled back, every fifth panicking: each has its own fate.
pub async fn neighbours_do_not_share_a_rollback(backend: &impl Backend) {
    let store = backend.open().await;
    let mut jobs = JoinSet::new();
    for n in 0..60 {
        let store = store.clone();
        jobs.spawn(async move {
            let outcome = change!(store, |tx| {
                tx.put_setting(&n.to_string(), "value").await?;
                assert!(n % 5 != 0, "this panic is part of the test");
                if n % 3 == 0 { Err(StorageError::Stale("test")) } else { Ok(()) }
            });
            (n, outcome)
        });
    }
    for (n, outcome) in jobs.join_all().await {
        let kept = outcome.is_ok();
        match outcome {
            Ok(()) => assert!(n % 3 != 0 && n % 5 != 0),
            Err(StorageError::Stale(_)) => assert!(n % 3 == 0 && n % 5 != 0),
            Err(StorageError::Internal(_)) => assert!(n % 5 == 0),
            Err(other) => panic!("{other}"),
        }
        let stored = look!(store, |tx| tx.setting(&n.to_string()).await).unwrap();
        assert_eq!(stored.is_some(), kept, "{n}");
    }
}

/// A panic is the job's own defect; the store goes on.
pub async fn a_panic_stays_with_its_job(backend: &impl Backend) {
    let store = backend.open().await;
    let panicked: Result<(), _> = change!(store, |tx| {
        tx.put_setting("name", "value").await?;
        panic!("this panic is part of the test")
    });
    assert!(matches!(panicked, Err(StorageError::Internal(_))), "{panicked:?}");
    let panicked: Result<(), _> = look!(store, |tx| {
        tx.setting("name").await?;
        panic!("this panic is part of the test")
    });
    assert!(matches!(panicked, Err(StorageError::Internal(_))), "{panicked:?}");
    assert_eq!(look!(store, |tx| tx.setting("name").await).unwrap(), None);
    change!(store, |tx| tx.put_setting("name", "value").await).unwrap();
}

/// What a transaction wrote, it reads.
pub async fn a_transaction_sees_its_own_changes(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.insert_product(&product(1)).await?;
        assert_eq!(tx.products().await?, [product(1)]);
        Ok(())
    })
    .unwrap();
}

/// A reading job can neither write nor take a lock, whatever it makes of the error.
pub async fn a_reading_job_changes_nothing(backend: &impl Backend) {
    let store = backend.open().await;
    let license = change!(store, |tx| Ok(licensed(tx).await?.id)).unwrap();
    let refused = [
        look!(store, |tx| tx.put_setting("name", "value").await),
        look!(store, |tx| tx.insert_product(&product(2)).await),
        look!(store, |tx| tx.lock_license(license).await.map(drop)),
        look!(store, |tx| tx.lock_audit_head().await.map(drop)),
        look!(store, |tx| tx.takeovers_since(id(1), 0).await.map(drop)),
        look!(store, |tx| tx.prune_events(0).await.map(drop)),
    ];
    for refused in refused {
        assert!(matches!(refused, Err(StorageError::Internal(_))), "{refused:?}");
    }
    let swallowed = look!(store, |tx| {
        assert!(tx.put_setting("name", "value").await.is_err());
        Ok(())
    });
    assert_eq!(swallowed, Ok(()));
    assert_eq!(look!(store, |tx| tx.setting("name").await).unwrap(), None);
}

/// Written and answered, then read: by anybody, at once.
pub async fn what_was_answered_can_be_read(backend: &impl Backend) {
    let store = backend.open().await;
    for n in 0..50 {
        change!(store, |tx| tx.put_setting("counter", &n.to_string()).await).unwrap();
        let read = look!(store, |tx| tx.setting("counter").await).unwrap();
        assert_eq!(read, Some(n.to_string()));
    }
}

/// What was answered is there after closing and opening again; a closed store refuses.
pub async fn acknowledged_is_durable(backend: &impl Backend) {
    let store = backend.open().await;
    let mut jobs = JoinSet::new();
    for n in 0..100 {
        let store = store.clone();
        jobs.spawn(async move {
            (n, change!(store, |tx| tx.put_setting(&n.to_string(), "value").await))
        });
    }
    // Closed in the middle: what is then refused is not there, what was answered is.
    let (first, outcome) = jobs.join_next().await.unwrap().unwrap();
    store.close().await;
    let mut outcomes = jobs.join_all().await;
    outcomes.push((first, outcome));
    let refused = change!(store, |tx| tx.put_setting("late", "value").await);
    assert!(matches!(refused, Err(StorageError::Unavailable(_))), "{refused:?}");
    let refused = look!(store, |tx| tx.setting("late").await);
    assert!(matches!(refused, Err(StorageError::Unavailable(_))), "{refused:?}");
    store.close().await;

    let store = backend.open().await;
    for (n, outcome) in outcomes {
        let stored = look!(store, |tx| tx.setting(&n.to_string()).await).unwrap();
        assert_eq!(stored.is_some(), outcome.is_ok(), "{n}: {outcome:?}");
    }
    assert_eq!(look!(store, |tx| tx.setting("late").await).unwrap(), None);
}

/// The error of a use case may be any type that storage errors turn into.
pub async fn a_use_case_keeps_its_own_error(backend: &impl Backend) {
    #[derive(Debug, PartialEq)]
    enum Refusal {
        NoSeat,
        Storage(StorageError),
    }
    impl From<StorageError> for Refusal {
        fn from(error: StorageError) -> Self {
            Self::Storage(error)
        }
    }
    let store = backend.open().await;
    let refused: Result<(), Refusal> = write(&*store, |tx| {
        Box::pin(async move {
            tx.put_setting("name", "value").await?;
            Err(Refusal::NoSeat)
        })
    })
    .await;
    assert_eq!(refused, Err(Refusal::NoSeat));
    store.close().await;
    let refused: Result<(), Refusal> = write(&*store, |_| Box::pin(async { Ok(()) })).await;
    assert!(matches!(refused, Err(Refusal::Storage(StorageError::Unavailable(_)))));
}
