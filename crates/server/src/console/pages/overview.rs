//! `GET /console`: how the authority stands, in numbers and charts.

use std::sync::Arc;

use axum::extract::{Query, State};
use jiff::Timestamp;
use licentia_authority::Authority;
use licentia_authority::audit::list::Filter as AuditFilter;
use licentia_authority::licenses::list::{Filter, Sort};
use licentia_authority::overview::Overview;
use serde_json::{Value, json};

use crate::console::history::Board;
use crate::console::trouble::{OrTrouble, Shown};
use crate::console::view::Done;
use crate::console::visitor::Visitor;
use crate::lists::Publisher;
use crate::metrics::Metrics;

/// Rows of the lists beside the numbers.
const ROWS: u32 = 6;
const DAY_S: i64 = 86_400;

/// In which order states are shown, and how they are coloured.
const STATES: [(&str, &str); 6] = [
    ("active", "good"),
    ("trial", "info"),
    ("suspended", "warn"),
    ("expired", "quiet"),
    ("cancelled", "quiet"),
    ("revoked", "bad"),
];

pub(crate) async fn handler(
    State(authority): State<Authority>,
    State(metrics): State<Arc<Metrics>>,
    State(board): State<Arc<Board>>,
    State(publisher): State<Publisher>,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    let (visitor, counted) = board.counted(&authority).await.or_trouble(visitor)?;
    let now = counted.at;
    let soon = Filter {
        ends_before: Some(now + 30 * DAY_S),
        sort: Some(Sort::Expires { descending: false }),
        state: Some("active".into()),
        limit: ROWS,
        ..Filter::default()
    };
    let (visitor, ending) = authority.list_licenses(soon).await.or_trouble(visitor)?;
    let trail = AuditFilter { limit: ROWS, ..AuditFilter::default() };
    let (visitor, trail) = authority.list_audit(trail).await.or_trouble(visitor)?;
    let (visitor, keys) = authority.list_keys().await.or_trouble(visitor)?;
    let (visitor, list) = publisher.published().await.or_trouble(visitor)?;
    let oldest = keys.iter().filter(|key| key.state == "active").map(|key| key.created_at).min();
    let counting = metrics.counted(now);
    let heartbeats = board.history.heartbeats(&counting);
    let minutes: Vec<Value> = heartbeats
        .iter()
        .map(|(at, count)| json!({ "label": minute(*at), "value": count }))
        .collect();
    let refusals: Vec<Value> = board
        .history
        .refusals(&counting)
        .into_iter()
        .map(|(code, count)| json!({ "code": code, "count": count }))
        .collect();
    let shown = json!({
        "section": "overview",
        "done": done.word(),
        "counted": shown(&counted),
        "at": time(now),
        "ending": ending.items,
        "trail": trail,
        "heartbeats": minutes,
        "heartbeats_sum": heartbeats.iter().map(|(_, count)| count).sum::<u64>(),
        "refusals": refusals,
        "refusals_sum": refusals.iter().filter_map(|one| one["count"].as_u64()).sum::<u64>(),
        "jobs": metrics.jobs().into_iter().map(|job| json!({
            "name": job.name, "good": job.good, "failed": job.failed, "last": job.last.map(time),
        })).collect::<Vec<_>>(),
        "active_keys": keys.iter().filter(|key| key.state == "active").count(),
        "next_keys": keys.iter().filter(|key| key.state == "next").count(),
        "bad_keys": keys.iter().filter(|key| key.state == "compromised").count(),
        "oldest_key": oldest,
        "list": list,
        "list_age_s": list.as_ref().map(|list| now.saturating_sub(list.signed_at.as_second()).max(0)),
        "waiting": counted.waiting,
        "dead": counted.dead,
        "keyset_signed": time(authority.keyset_signed_at()),
    });
    Ok(visitor.page("overview.html", shown))
}

fn shown(counted: &Overview) -> Value {
    let states: Vec<Value> = STATES
        .iter()
        .map(|(state, class)| {
            let count = counted.states.get(*state).copied().unwrap_or_default();
            json!({ "label": state, "value": count, "class": class })
        })
        .collect();
    let issued: Vec<Value> = counted
        .issued
        .iter()
        .map(|(day, count)| json!({ "label": day_of(*day), "value": count }))
        .collect();
    json!({
        "states": states,
        "licenses": counted.licenses,
        "seats": counted.seats,
        "ending": counted.ending,
        "issued": issued,
        "issued_sum": counted.issued.iter().map(|(_, count)| count).sum::<u64>(),
        "quotas": counted.quotas.iter()
            .map(|(id, metered)| json!({ "license": id, "meter": metered })).collect::<Vec<_>>(),
    })
}

fn time(at: i64) -> String {
    Timestamp::from_second(at).unwrap_or_default().to_string()
}

fn minute(at: i64) -> String {
    Timestamp::from_second(at).unwrap_or_default().strftime("%H:%M").to_string()
}

fn day_of(day: i64) -> String {
    let at = Timestamp::from_second(day.saturating_mul(DAY_S)).unwrap_or_default();
    at.strftime("%Y-%m-%d").to_string()
}
