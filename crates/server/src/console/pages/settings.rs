//! `GET /console/settings`: how this server is set up, to read. It is changed in `licentia.toml`.

use std::sync::Arc;

use axum::extract::State;
use licentia_authority::Authority;
use serde_json::json;

use crate::console::trouble::{OrTrouble, Shown};
use crate::console::visitor::Visitor;
use crate::metrics::Metrics;
use crate::router::Facts;

pub(crate) async fn handler(
    State(authority): State<Authority>,
    State(metrics): State<Arc<Metrics>>,
    State(facts): State<Facts>,
    visitor: Visitor,
) -> Shown {
    let (visitor, keys) = authority.list_keys().await.or_trouble(visitor)?;
    let (reading, writing) = authority.queued();
    let shown = json!({
        "section": "settings",
        "issuer": authority.issuer(),
        "version": env!("CARGO_PKG_VERSION"),
        "leads": authority.leads(),
        "reading": reading,
        "writing": writing,
        "roots": keys.iter().filter(|key| key.purposes.iter().any(|p| p == "root")).count(),
        "root_at_hand": authority.root_at_hand().is_ok(),
        "facts": facts.0.iter().map(|(name, value)| json!([name, value])).collect::<Vec<_>>(),
        "jobs": metrics.jobs().len(),
    });
    Ok(visitor.page("settings.html", shown))
}
