//! A database that cannot take more: 503 with `Retry-After`, at once, and nothing half done.

use std::net::SocketAddr;
use std::sync::{Arc, mpsc};

use licentia_authority::init::initialize;
use licentia_authority::licenses::issue::{Order, Term};
use licentia_authority::{Actor, Parts, catalog};
use licentia_issue::Secret;
use licentia_issue::master::MasterKey;
use licentia_issue::signer::Ed25519Signer;
use licentia_server::config::Config;
use licentia_server::serve::Server;
use licentia_server::system::{SystemClock, SystemRandom};
use licentia_storage::{Access, Job, Store, Verdict};
use licentia_storage_sqlite::{Options, SqliteStore};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

const CATALOG: &str = "[product]\ncode = \"p\"\nname = \"P\"\ndefault_plan = \"a\"\n\n[[plan]]\ncode = \"a\"\n\
                       tier = \"A\"\nrank = 1\nseats = 100\n";
const CLIENTS: usize = 8;

fn order() -> Order {
    Order {
        product: "p".into(),
        email: "ada@example.com".into(),
        term: Term::Days(30),
        ..Order::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_answered_503_with_retry_after_and_what_waited_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { queue: 1, batch: 1, ..Options::default() };
    let path = folder.path().join("licentia.db");
    let store = Arc::new(SqliteStore::open_with(&path, &options).unwrap());
    let parts = Parts {
        store: store.clone(),
        master: MasterKey::new(&Secret::new([7; 32])).unwrap(),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        folder: None,
    };
    let root = Ed25519Signer::from_seed([42; 32]).unwrap();
    let actor = || Actor::new("cli:test", "local");
    let (authority, _) = initialize(Arc::new(parts), None, &root, actor()).await.unwrap();
    authority.import_catalog(catalog::parse(CATALOG).unwrap(), actor()).await.unwrap();
    let key = authority.issue(order(), actor()).await.unwrap().key.unwrap();

    let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let url = format!("http://{}/v1/license/activate", server.address());
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(server.run(authority, Config::default(), async {
        let _ = stopped.await;
    }));
    // One answer first: the server's own jobs have had their turn at the writer.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = |n: usize| json!({ "license_key": key, "cluster_id": format!("c-{n}"), "nonce": format!("nonce-{n:05}") });
    let warm = client.post(&url).json(&body(CLIENTS)).send().await.unwrap();
    assert_eq!(warm.status().as_u16(), 201);

    // The writer is busy until it is released.
    let (started, running) = oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    let job: Job = Box::new(move |_| {
        Box::pin(async move {
            let _ = started.send(());
            let _ = released.recv();
            Verdict::Commit
        })
    });
    let holder = store.clone();
    let held = tokio::spawn(async move { holder.submit(Access::Write, job).await });
    running.await.unwrap();

    let mut clients = JoinSet::new();
    for n in 0..CLIENTS {
        let sent = client.post(&url).json(&body(n)).send();
        clients.spawn(async move {
            let answer = sent.await.unwrap();
            let retry =
                answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
            let status = answer.status().as_u16();
            (status, retry, answer.json::<Value>().await.unwrap())
        });
    }
    for _ in 1..CLIENTS {
        let (status, retry, body) = clients.join_next().await.unwrap().unwrap();
        assert_eq!((status, body["code"].as_str()), (503, Some("unavailable")), "{body}");
        assert_eq!(retry.as_deref(), Some("5"));
        assert!(body["refusal"].is_null(), "it stops no product");
    }
    release.send(()).unwrap();
    held.await.unwrap().unwrap();
    let (status, _, body) = clients.join_next().await.unwrap().unwrap();
    assert_eq!(status, 201, "the one that waited: {body}");
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
}
