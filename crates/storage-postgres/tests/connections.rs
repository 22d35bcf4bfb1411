//! What happens to connections: bounded waits, sessions that end, notifications, the one that leads, and
//! primaries that come and go.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests: what fails, panics")]
#![expect(clippy::print_stdout, reason = "how long it took is told with --nocapture")]

use std::time::Duration;

use licentia_model::EventKind;
use licentia_storage::{Access, Job, Result, StorageError, Store, Verdict, read, write};
use licentia_storage_postgres::{Options, PostgresStore};
use licentia_testing_postgres::{Cluster, Disk};
use tokio::sync::oneshot;
use tokio::time::{Instant, interval, timeout};

/// Longer than anything takes that works.
const LONG: Duration = Duration::from_secs(30);

async fn put(store: &PostgresStore, name: &str) -> Result<()> {
    let name = name.to_owned();
    write(store, move |tx| Box::pin(async move { tx.put_setting(&name, "value").await })).await
}

async fn has(store: &PostgresStore, name: &str) -> Result<bool> {
    let name = name.to_owned();
    read(store, move |tx| Box::pin(async move { Ok(tx.setting(&name).await?.is_some()) })).await
}

/// Asks until it is so.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    let mut ticks = interval(Duration::from_millis(20));
    while !holds().await {
        ticks.tick().await;
        assert!(began.elapsed() < LONG, "{what}");
    }
}

fn unavailable<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(StorageError::Unavailable(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

/// A job that holds its connection until told to end it.
fn held() -> (Job, oneshot::Receiver<()>, oneshot::Sender<()>) {
    let (started, running) = oneshot::channel();
    let (release, released) = oneshot::channel::<()>();
    let job: Job = Box::new(move |tx| {
        Box::pin(async move {
            tx.put_setting("held", "value").await.unwrap();
            let _ = started.send(());
            let _ = released.await;
            Verdict::Commit
        })
    });
    (job, running, release)
}

#[tokio::test]
async fn waiting_for_a_connection_is_bounded_and_so_is_the_queue() {
    let (connections, queue) = (1, 2);
    let wait = Duration::from_millis(50);
    let options = Options { connections, wait, queue, ..Options::default() };
    let store = PostgresStore::open_with(&Cluster::shared().database(), &options).await.unwrap();
    let (job, running, release) = held();
    let first = store.submit(Access::Write, job);
    let meanwhile = async {
        running.await.unwrap();
        assert!(unavailable(put(&store, "second").await).contains("no connection"));
        let (waits, too_many) = tokio::join!(put(&store, "third"), put(&store, "fourth"));
        assert!(unavailable(waits).contains("no connection"));
        assert!(unavailable(too_many).contains("too many"));
        release.send(()).unwrap();
    };
    let (first, ()) = tokio::join!(first, meanwhile);
    assert_eq!(first, Ok(()));
    assert_eq!(put(&store, "fifth").await, Ok(()));
    assert!(has(&store, "held").await.unwrap() && !has(&store, "second").await.unwrap());
    store.close().await;
}

#[tokio::test]
async fn a_job_is_finished_even_if_nobody_waits_for_it() {
    let store = PostgresStore::open(&Cluster::shared().database()).await.unwrap();
    let (job, running, release) = held();
    tokio::select! {
        _ = store.submit(Access::Write, job) => panic!("it is held"),
        _ = running => {}
    }
    release.send(()).unwrap();
    store.close().await;
    let refused = put(&store, "late").await;
    assert!(unavailable(refused).contains("closed"));
}

#[tokio::test]
async fn a_swallowed_failure_commits_nothing() {
    let store = PostgresStore::open(&Cluster::shared().database()).await.unwrap();
    let outcome: Result<()> = write(&store, |tx| {
        Box::pin(async move {
            tx.put_setting("before", "value").await?;
            // No such licence: the foreign key refuses it, and this job makes nothing of that.
            let id = "00000000-0000-0000-0000-000000000001".parse().unwrap();
            assert!(tx.insert_event(Some(id), EventKind::Changed, 0).await.is_err());
            Ok(())
        })
    })
    .await;
    assert!(matches!(outcome, Err(StorageError::Internal(_))), "{outcome:?}");
    assert!(!has(&store, "before").await.unwrap());
}

#[tokio::test]
async fn a_session_that_ends_takes_its_job_and_no_other() {
    let url = Cluster::shared().database();
    let name = url.rsplit('/').next().unwrap();
    let store = PostgresStore::open(&url).await.unwrap();
    let (job, running, release) = held();
    let first = store.submit(Access::Write, job);
    let meanwhile = async {
        running.await.unwrap();
        let killed = Cluster::shared().sql(&format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
        ));
        assert!(killed.trim().parse::<u32>().unwrap() > 0);
        release.send(()).unwrap();
    };
    let (first, ()) = tokio::join!(first, meanwhile);
    let reason = unavailable(first);
    assert!(!reason.contains(Cluster::password()), "{reason}");
    assert_eq!(put(&store, "next").await, Ok(()));
    assert!(!has(&store, "held").await.unwrap());
}

#[tokio::test]
async fn an_event_of_one_process_wakes_the_others_when_it_is_committed() {
    let url = Cluster::shared().database();
    let (one, other) =
        (PostgresStore::open(&url).await.unwrap(), PostgresStore::open(&url).await.unwrap());
    let event = async {
        loop {
            write::<_, StorageError, _>(&one, |tx| {
                Box::pin(async move { tx.insert_event(None, EventKind::Keyset, 0).await })
            })
            .await
            .unwrap();
            // The other one may not listen yet.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        woken = timeout(LONG, other.events_hinted()) => woken.unwrap(),
        () = event => {}
    }
}

#[tokio::test]
async fn one_process_leads_and_the_next_takes_over_when_it_is_gone() {
    let url = Cluster::shared().database();
    let one = PostgresStore::open(&url).await.unwrap();
    until("the first leads", async || one.leads()).await;
    let other = PostgresStore::open(&url).await.unwrap();
    put(&other, "some work").await.unwrap();
    assert!(one.leads() && !other.leads());
    drop(one);
    until("the other takes over", async || other.leads()).await;
}

#[tokio::test]
async fn replicas_that_start_at_the_same_moment_migrate_once() {
    let url = Cluster::shared().database();
    let opened = futures_util::future::join_all((0..6).map(|_| PostgresStore::open(&url))).await;
    for store in opened {
        store.unwrap().close().await;
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let url = Cluster::shared().database();
    PostgresStore::open(&url).await.unwrap().close().await;
    let name = url.rsplit('/').next().unwrap();
    Cluster::shared().sql_in(
        name,
        "INSERT INTO refinery_schema_history VALUES (1000, 'later', '2030-01-01T00:00:00Z', '1')",
    );
    let reason = unavailable(PostgresStore::open(&url).await.map(drop));
    assert!(reason.contains("version 1000") && reason.contains("newer program"), "{reason}");
}

#[tokio::test]
async fn nothing_that_fails_tells_the_password() {
    let url = Cluster::shared().database();
    for wrong in [
        url.replace(Cluster::password(), "another-secret"),
        url.replace("/test", "/absent"),
        "postgres://licentia:another-secret@127.0.0.1:1/test".to_owned(),
    ] {
        let reason = unavailable(PostgresStore::open(&wrong).await.map(drop));
        assert!(
            !reason.contains("another-secret") && !reason.contains(Cluster::password()),
            "{reason}"
        );
    }
}

/// What keeps the table of the seats small and its indexes still: the new version of a row fits on its page.
#[tokio::test]
async fn a_heartbeat_touches_no_index() {
    let url = Cluster::shared().database();
    let name = url.rsplit('/').next().unwrap();
    let store = PostgresStore::open(&url).await.unwrap();
    // Rows without what they refer to, since nothing but the seats is looked at.
    Cluster::shared().sql_in(
        name,
        "SET session_replication_role = replica;
         INSERT INTO seats (activation_id, license_id, generation, nonce, server_nonce, lease_until, last_seen,
                            overage, token_hash, token_issued_at, token_version, lease_day)
         SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, gen_random_uuid(), 1,
                repeat('n', 43), repeat('s', 43), 1800000000, 0, false, decode(repeat('00', 32), 'hex'), 0, 1,
                1800000000 / 86400
         FROM generate_series(1, 2000) n",
    );
    for round in 0..3 {
        for n in (1..=2000).step_by(10) {
            let id = format!("00000000-0000-0000-0000-{n:012}").parse().unwrap();
            write::<_, StorageError, _>(&store, move |tx| {
                Box::pin(async move {
                    let mut seat = tx.seat(id).await?.unwrap();
                    (seat.lease_until, seat.last_seen) = (seat.lease_until + 900, 900 * round);
                    seat.generation += 1;
                    tx.put_seat(&seat).await
                })
            })
            .await
            .unwrap();
        }
    }
    store.close().await;
    let counts = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'seats'";
    until("the statistics are written", async || {
        let counts = Cluster::shared().sql_in(name, counts);
        let (updates, hot) = counts.trim().split_once('|').unwrap();
        let (updates, hot): (u32, u32) = (updates.parse().unwrap(), hot.parse().unwrap());
        assert_eq!(updates, hot, "{updates} updates, {hot} of them without an index");
        updates == 600
    })
    .await;
}

/// A pair with synchronous replication, twice over: the primary dies under load, the standby is promoted, and the
/// old primary comes back and takes itself for one still.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_a_standby_is_promoted_and_the_old_primary_does_no_harm()
{
    let rounds = rounds();
    for round in 0..rounds {
        let old = Cluster::start(Disk::Durable);
        let database = old.database();
        let name = database.rsplit('/').next().unwrap().to_owned();
        let new = old.standby("standby");
        old.configure("synchronous_standby_names = 'standby'\n");
        old.sql("SELECT pg_reload_conf()");
        let url = Cluster::url_of_all(&[&old, &new], &name);
        let options = Options { wait: Duration::from_secs(2), ..Options::default() };
        let store = std::sync::Arc::new(PostgresStore::open_with(&url, &options).await.unwrap());

        let mut writers = tokio::task::JoinSet::new();
        let (stop, stopped) = tokio::sync::watch::channel(false);
        for writer in 0..8 {
            let (store, stopped) = (store.clone(), stopped.clone());
            writers.spawn(async move {
                let mut acknowledged = Vec::new();
                for n in 0.. {
                    let name = format!("{writer}.{n}");
                    match put(&store, &name).await {
                        Ok(()) => acknowledged.push(name),
                        Err(StorageError::Unavailable(_)) => tokio::task::yield_now().await,
                        Err(other) => panic!("{other}"),
                    }
                    if *stopped.borrow() {
                        break;
                    }
                }
                acknowledged
            });
        }
        until("work before the end", async || has(&store, "0.20").await.unwrap_or(false)).await;
        old.kill();
        let died = Instant::now();
        new.sql("ALTER SYSTEM SET synchronous_standby_names = ''");
        new.promote();
        until("service is back", async || put(&store, "back").await.is_ok()).await;
        println!("round {round}: service was back after {:?}", died.elapsed());
        until("work after it", async || put(&store, "more").await.is_ok()).await;

        // It lists first in the URL, and it takes writes: its configuration does not name the standby any more.
        old.configure("synchronous_standby_names = ''\n");
        old.restart();
        for n in 0..50 {
            put(&store, &format!("later.{n}")).await.unwrap();
        }
        stop.send(true).unwrap();
        for acknowledged in writers.join_all().await {
            for name in acknowledged {
                assert!(has(&store, &name).await.unwrap(), "round {round}: {name} is lost");
            }
        }
        store.close().await;
        let strays = "SELECT count(*) FROM settings WHERE name LIKE 'later.%' OR name = 'back'";
        assert_eq!(old.sql_in(&name, strays).trim(), "0", "nothing was written to the old one");
        assert_eq!(new.sql_in(&name, strays).trim(), "51");
        // Somebody who starts only now is told the newer one as well.
        let store = PostgresStore::open(&url).await.unwrap();
        assert!(has(&store, "later.49").await.unwrap());
        drop(new);
        // With the old one alone left, better no service than one of the past.
        let refused = until_refused(&store).await;
        assert!(refused.contains("replaced by a promotion"), "{refused}");
        store.close().await;
    }
}

/// The server dies as if its machine lost power, again and again: what was answered is on its disk.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_the_server_dies_and_starts_again() {
    let cluster = Cluster::start(Disk::Durable);
    // Nobody but those who commit may write the log to the disk meanwhile.
    cluster.configure("wal_writer_delay = 10s\nwal_writer_flush_after = 1GB\n");
    cluster.sql("SELECT pg_reload_conf()");
    let options = Options { wait: Duration::from_secs(2), ..Options::default() };
    let store = PostgresStore::open_with(&cluster.database(), &options).await.unwrap();
    let store = std::sync::Arc::new(store);
    for round in 0..3 * rounds() {
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..8 {
            let store = store.clone();
            writers.spawn(async move {
                let mut acknowledged = Vec::new();
                loop {
                    let name = format!("{round}.{writer}.{}", acknowledged.len());
                    match put(&store, &name).await {
                        Ok(()) => acknowledged.push(name),
                        Err(StorageError::Unavailable(_)) => return acknowledged,
                        Err(other) => panic!("{other}"),
                    }
                }
            });
        }
        let name = format!("{round}.0.10");
        until("work before the end", async || has(&store, &name).await.unwrap_or(false)).await;
        cluster.kill();
        let acknowledged: Vec<String> = writers.join_all().await.into_iter().flatten().collect();
        cluster.restart();
        until("service is back", async || put(&store, "back").await.is_ok()).await;
        assert!(acknowledged.len() >= 10, "{}", acknowledged.len());
        for name in acknowledged {
            assert!(has(&store, &name).await.unwrap(), "round {round}: {name} is lost");
        }
    }
    store.close().await;
}

async fn until_refused(store: &PostgresStore) -> String {
    for _ in 0..100 {
        if let Err(StorageError::Unavailable(reason)) = put(store, "too late").await
            && reason.contains("replaced")
        {
            return reason;
        }
    }
    panic!("the old primary was written to");
}

/// One round as a rule; the soak asks for more.
#[expect(clippy::disallowed_methods, reason = "the soak says how many")]
fn rounds() -> u32 {
    std::env::var("LICENTIA_FAILOVERS").ok().and_then(|n| n.parse().ok()).unwrap_or(1)
}
