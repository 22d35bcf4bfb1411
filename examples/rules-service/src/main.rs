//! A rule engine as a web service, in the manner of Muonroi: without a licence it runs in the free tier, and what a
//! route needs of the licence is a layer on it.
//!
//! `rules-service FOLDER [ADDRESS [LEVEL]]`: the folder keeps its state. Set `RULES_LICENSE_KEY` and
//! `RULES_LICENSE_SERVER_URL`. LEVEL is `plain`, or `enterprise`, which looks at the program too and is free where
//! something is found; `hard` stops then, `warn` and `observe` only tell.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use licentia::policy::Arm;
use licentia::tower::{limit_rate, require_feature, require_tier};
use licentia::{Builder, Guard, Health, Integrity, Policy, StartError, Tamper};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The keys whose licences this build accepts. A vendor replaces the file with `licentia key export --public`.
const TRUST: &str = include_str!("../trust.pem");
/// The catalogue's `project_seed`.
const PROJECT_SEED: [u8; 8] = *b"muonroi1";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let filter =
        EnvFilter::builder().with_default_directive(LevelFilter::OFF.into()).from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next().map(PathBuf::from) else {
        return complain(2, "a folder is wanted", "Try: rules-service FOLDER [ADDRESS [LEVEL]]");
    };
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let level = arguments.next().unwrap_or_else(|| "plain".to_owned());
    let guard = match start(folder, &level).await {
        Ok(guard) => guard,
        Err(error) => return complain(1, &error.to_string(), &error.advice()),
    };
    match serve(&address, &guard).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(1, &format!("{address}: {error}"), "Choose another address."),
    }
}

async fn start(folder: PathBuf, level: &str) -> Result<Guard, StartError> {
    let mut policy = Policy::degrade();
    match level {
        "hard" => policy.integrity = Arm::Stop,
        "warn" => (policy.integrity, policy.tampered) = (Arm::Stay, Arm::Stay),
        _ => {}
    }
    let guard = Guard::builder("muonroi", TRUST)
        .env_prefix("RULES")
        .danger_trust_from_environment(true)
        .state_dir(folder)
        .policy(policy)
        .free_features(["http.request", "api.validate"])
        .free_limit("requests_per_minute", Some(60))
        .tier("LICENSED", 2)
        .tier("ENTERPRISE", 3)
        .plan_of_tier("licensed", "Licensed", ["rule-engine"])
        .chain(PROJECT_SEED);
    let guard = match level {
        "plain" => guard,
        "observe" => inspected(guard).observe_only(),
        _ => inspected(guard),
    };
    guard.start_async().await
}

/// The level of enterprises: whether the program is the release's, and whether somebody looks into it.
fn inspected(guard: Builder) -> Builder {
    let integrity = Integrity::new().version(env!("CARGO_PKG_VERSION"));
    guard.integrity(integrity).tamper(Tamper::new())
}

/// What is free, what has its price, and how often a tenant may ask.
fn routes(guard: &Guard) -> Router {
    let paced = limit_rate(guard, "requests_per_minute", |parts| tenant(&parts.headers));
    let paid = post(evaluate).layer(require_feature(guard, "rule-engine"));
    let audit = get(|| async { Json(json!({ "entries": [] })) });
    Router::new()
        .route("/validate", post(validate).layer(require_feature(guard, "api.validate")))
        .route("/evaluate", paid)
        .route("/audit", audit.layer(require_tier(guard, "Enterprise")))
        .layer(paced)
        .route("/health", get(health))
        .route("/inspect", post(inspect))
        .with_state(guard.clone())
}

async fn serve(address: &str, guard: &Guard) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    let listening = format!("http://{}", listener.local_addr()?);
    // Whoever closed the output does not want to know.
    let _ = writeln!(std::io::stdout(), "{}", json!({ "listening": listening }));
    let ending = async { drop(tokio::signal::ctrl_c().await) };
    axum::serve(listener, routes(guard)).with_graceful_shutdown(ending).await?;
    guard.shutdown().await;
    Ok(())
}

/// What support asks first.
async fn health(State(guard): State<Guard>) -> Json<Health> {
    Json(guard.health())
}

/// The same after a look at the program as it is now.
async fn inspect(State(guard): State<Guard>) -> Json<Health> {
    guard.inspect().await;
    Json(guard.health())
}

async fn validate(Json(rule): Json<Value>) -> Json<Value> {
    Json(json!({ "valid": rule["when"].is_object() }))
}

/// Evaluates `{"when": {"field": value, …}, "facts": {…}}`, and keeps on record that it did.
async fn evaluate(
    State(guard): State<Guard>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, StatusCode> {
    let rule: Value = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let when = rule["when"].as_object().ok_or(StatusCode::UNPROCESSABLE_ENTITY)?;
    let holds = when.iter().all(|(field, wanted)| rule["facts"][field] == *wanted);
    // A chain that is full, or off, stops nobody.
    let _ = guard.record("rule-engine", &tenant(&headers), &body);
    Ok(Json(json!({ "holds": holds })))
}

/// Who asks. A real service takes it from what it has proved.
fn tenant(headers: &HeaderMap) -> String {
    headers.get("x-tenant").and_then(|name| name.to_str().ok()).unwrap_or_default().to_owned()
}

fn complain(status: u8, what: &str, advice: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "rules-service: {what}\n{advice}");
    ExitCode::from(status)
}
