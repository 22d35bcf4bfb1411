//! An authority with one licence, and requests to it.

use std::sync::atomic::{AtomicU32, Ordering};

use licentia_authority::Authority;
use licentia_license::Lease;
use licentia_license::verify::verify;
use licentia_protocol::activate::{Answer, Request};
use licentia_protocol::{Problem, heartbeat};
use licentia_testing::TestAuthority;
use licentia_testing_postgres::Cluster;

pub(crate) const CATALOG: &str = r#"
[product]
code = "bzzz"
name = "BZZZ"
heartbeat = "15m"
grace = "24h"
default_plan = "standard"
project_seed = "00112233"

[[plan]]
code = "standard"
tier = "STANDARD"
rank = 2
seats = 2
nodes = 10
features = ["a"]
limits = { tokens = "unlimited" }
"#;

/// Two seats, with these lines more in the plan; the licence's key.
pub(crate) async fn with(plan_lines: &str) -> (TestAuthority, String) {
    from(&CATALOG.replace("limits =", &format!("{plan_lines}\nlimits ="))).await
}

/// A licence of the default plan of this catalogue; its key.
pub(crate) async fn from(catalog: &str) -> (TestAuthority, String) {
    let test = TestAuthority::new().await;
    test.import(catalog).await;
    let key = test.issue_key("bzzz").await;
    (test, key)
}

static NONCE: AtomicU32 = AtomicU32::new(0);

pub(crate) fn nonce() -> String {
    format!("nonce-{:08}", NONCE.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn request(key: &str, cluster: &str) -> Request {
    Request {
        license_key: key.into(),
        cluster_id: cluster.into(),
        nonce: nonce(),
        ..Request::default()
    }
}

pub(crate) async fn activate(
    authority: &Authority,
    request: Request,
) -> Result<Answer, Box<Problem>> {
    authority.activate(request, "192.0.2.1".into()).await.map(|a| a.answer).map_err(Box::new)
}

pub(crate) fn beat(answer: &Answer, generation: u64) -> heartbeat::Request {
    heartbeat::Request {
        activation_id: Some(answer.activation_id),
        access_token: Some(answer.access_token.clone()),
        token_version: answer.token_version,
        nonce: nonce(),
        generation,
        ..heartbeat::Request::default()
    }
}

pub(crate) async fn heartbeat(
    authority: &Authority,
    request: heartbeat::Request,
) -> Result<heartbeat::Answer, Box<Problem>> {
    authority.heartbeat(request, "192.0.2.1".into()).await.map_err(Box::new)
}

pub(crate) fn lease(authority: &Authority, token: &str) -> Lease {
    verify::<Lease>(token, &authority.trust()).unwrap().claims().clone()
}

pub(crate) fn code<T>(result: Result<T, Box<Problem>>) -> String {
    result.err().map_or_else(|| "granted".into(), |problem| problem.code)
}

/// What a query finds, as an operator with a shell has it: one column, as text.
pub(crate) fn rows(test: &TestAuthority, sql: &str) -> Vec<String> {
    let Some(url) = &test.database else {
        let path = test.folder.path().join("licentia.db");
        let database = rusqlite::Connection::open(path).unwrap();
        let mut found = database.prepare(sql).unwrap();
        let text = |row: &rusqlite::Row<'_>| match row.get_ref(0)? {
            rusqlite::types::ValueRef::Integer(number) => Ok(number.to_string()),
            value => Ok(value.as_str()?.to_owned()),
        };
        return found.query_map([], text).unwrap().map(Result::unwrap).collect();
    };
    let name = url.rsplit('/').next().unwrap();
    Cluster::shared().sql_in(name, sql).lines().map(str::to_owned).collect()
}

/// Runs statements, as an attacker or an operator with a shell does.
pub(crate) fn run(test: &TestAuthority, sql: &str) {
    match &test.database {
        None => {
            let path = test.folder.path().join("licentia.db");
            rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
        }
        Some(url) => {
            Cluster::shared().sql_in(url.rsplit('/').next().unwrap(), sql);
        }
    }
}

/// Details of the audit rows of an action, in order.
pub(crate) fn audited(test: &TestAuthority, action: &str) -> Vec<String> {
    rows(test, &format!("SELECT details FROM audit WHERE action = '{action}' ORDER BY seq"))
}
