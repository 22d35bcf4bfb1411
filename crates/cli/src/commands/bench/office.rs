//! What operators do by the million: issue, and look at lists. No load beside, one caller.

use std::path::Path;
use std::time::Instant;

use axum::body::Body;
use axum::http::header::COOKIE;
use axum::http::{Method, Request};
use futures_util::{StreamExt, stream};
use licentia_authority::operators::create::NewOperator;
use licentia_authority::sessions::begin::LogIn;
use licentia_authority::{Actor, Authority, AuthorityError, catalog};
use licentia_issue::Secret;
use licentia_license::verify::verify;
use licentia_protocol::licenses::{NewLicense, NewLicenses, Term};
use licentia_protocol::resource::{License, Page};
use licentia_server::config::DatabaseUrl;
use licentia_server::local::Local;
use licentia_server::startup::DataDir;
use serde_json::json;
use tempfile::TempDir;

use super::place::CATALOG;
use crate::failure::Failure;
use crate::output::{Output, facts, note};

/// Licences of one call.
const GROUP: usize = 1_000;
/// Calls under way at a time, as `license issue --count` has them.
const UNDER_WAY: usize = 2;
/// Looks at each list.
const LOOKS: usize = 200;

/// A throw-away authority.
struct Home {
    _folder: TempDir,
    authority: Authority,
}

impl Home {
    async fn new(below: Option<&Path>, database: Option<&str>) -> Result<Self, Failure> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("licentia-bench-");
        let folder = match below {
            Some(below) => builder.tempdir_in(below),
            None => builder.tempdir(),
        };
        let folder = folder.map_err(|e| {
            Failure::undone(format!("no temporary folder: {e}"), "choose another --place")
        })?;
        let url = database.map(|url| DatabaseUrl::new(url.to_owned()));
        let data = DataDir::new(folder.path().join("authority")).with_database(url)?;
        let (authority, _) = data.init(None, actor()).await?;
        let catalog = catalog::parse(CATALOG).map_err(AuthorityError::from)?;
        authority.import_catalog(catalog, actor()).await?;
        Ok(Self { _folder: folder, authority })
    }

    /// Issues so many, `per` of them to a customer; seconds.
    async fn issue(&self, count: usize, per: usize) -> Result<f64, Failure> {
        let begun = Instant::now();
        let calls = (0..count).step_by(GROUP).map(|from| {
            let licenses: Vec<_> = (from..count.min(from + GROUP)).map(|n| new(n / per)).collect();
            NewLicenses { licenses, ..NewLicenses::default() }
        });
        let calls = stream::iter(calls).map(|call| self.authority.issue_many(call, actor()));
        let mut calls = std::pin::pin!(calls.buffered(UNDER_WAY));
        while let Some(issued) = calls.next().await {
            issued?;
        }
        Ok(begun.elapsed().as_secs_f64())
    }
}

fn actor() -> Actor {
    Actor::new("cli:bench", "local")
}

fn new(customer: usize) -> NewLicense {
    NewLicense {
        product: "bench".into(),
        email: format!("customer-{customer}@example.com"),
        name: Some("Some Body".into()),
        term: Term { days: Some(365), ..Term::default() },
        ..NewLicense::default()
    }
}

/// Issues `count` licences with all their rows, beside what issuing cannot do without.
pub(crate) async fn issue(
    below: Option<&Path>,
    database: Option<&str>,
    count: usize,
    out: Output,
) -> Result<(), Failure> {
    let home = Home::new(below, database).await?;
    let one = home
        .authority
        .issue_many(NewLicenses { licenses: vec![new(0)], ..NewLicenses::default() }, actor());
    let one = one.await?.pop().and_then(|license| license.key).unwrap_or_default();
    let like = verify::<licentia_license::License>(&one, &home.authority.trust())
        .map_err(|e| Failure::undone(format!("{e:?}"), "report this defect"))?;
    let like = like.claims().clone();
    let floor = (count / 10).max(GROUP);
    note("sign and one insert …");
    let mut floor_s = f64::INFINITY;
    for _ in 0..2 {
        let begun = Instant::now();
        home.authority.sign_and_insert(like.clone(), floor, GROUP).await?;
        floor_s = floor_s.min(begun.elapsed().as_secs_f64());
    }
    note(&format!("{count} licences to one customer …"));
    let to_one = home.issue(count, usize::MAX).await?;
    note(&format!("{count} licences to a customer each …"));
    let to_each = home.issue(count, 1).await?;
    let rate = |count: usize, seconds: f64| count as f64 / seconds;
    let (floor, to_one, to_each) =
        (rate(floor, floor_s), rate(count, to_one), rate(count, to_each));
    let result = json!({
        "bench": "issue", "count": count,
        "sign_and_insert_per_second": floor.round(),
        "to_one_customer_per_second": to_one.round(), "ratio": to_one / floor,
        "to_a_customer_each_per_second": to_each.round(), "ratio_each": to_each / floor,
        "peak_kib": peak_kib(),
    });
    home.authority.close().await;
    out.one(&result, |_| {
        facts(&[
            ("sign and one insert", format!("{floor:.0} a second")),
            ("issue, one customer", format!("{to_one:.0} a second, ÷ {:.2}", to_one / floor)),
            ("issue, a customer each", format!("{to_each:.0} a second, ÷ {:.2}", to_each / floor)),
            ("peak memory", format!("{} KiB", peak_kib().unwrap_or_default())),
        ])
    })
}

/// Looks at lists among a thousand licences, then among `count`.
pub(crate) async fn list(
    below: Option<&Path>,
    database: Option<&str>,
    count: usize,
    out: Output,
) -> Result<(), Failure> {
    let mut times = Vec::new();
    let home = Home::new(below, database).await?;
    let mut there = 0;
    for size in [1_000, count] {
        note(&format!("{size} licences …"));
        home.issue(size - there, 10).await?;
        there = size;
        times.push(looks(&home.authority).await?);
    }
    let mut rows = Vec::new();
    for ((name, few), (_, many)) in times[0].iter().zip(&times[1]) {
        rows.push((*name, *few, *many, many / few));
    }
    home.authority.close().await;
    if out.json {
        return rows.iter().try_for_each(|(name, few, many, ratio)| {
            let line = json!({ "bench": "list", "list": name, "of_1000_ms": few, "of": count, "ms": many, "ratio": ratio });
            out.line(&line.to_string())
        });
    }
    out.list(&rows, ["LIST", "OF 1,000", "OF ALL", "RATIO"], |(name, few, many, ratio)| {
        [(*name).to_owned(), format!("{few:.2} ms"), format!("{many:.2} ms"), format!("{ratio:.2}")]
    })
}

/// The median time of each list, in milliseconds.
async fn looks(authority: &Authority) -> Result<Vec<(&'static str, f64)>, Failure> {
    let local = Local::new(authority.clone(), actor());
    // A few of other states among all the others, the oldest among them.
    let oldest: Page<License> = ask(&local, "/v1/admin/licenses?sort=created_at&limit=5").await?;
    for license in &oldest.items {
        let _ = authority.suspend(license.id, None, actor()).await;
    }
    let id = oldest.items.first().map(|license| license.id).unwrap_or_default();
    let middle = deep(&local).await?;
    let paths = [
        ("newest", "/v1/admin/licenses?limit=50".to_owned()),
        ("far down", format!("/v1/admin/licenses?limit=50&after={middle}")),
        ("of a product", "/v1/admin/licenses?limit=50&product=bench".to_owned()),
        ("suspended", "/v1/admin/licenses?limit=50&state=suspended".to_owned()),
        ("active", "/v1/admin/licenses?limit=50&state=active".to_owned()),
        ("expired", "/v1/admin/licenses?limit=50&state=expired".to_owned()),
        ("ending first", "/v1/admin/licenses?limit=50&sort=expires_at".to_owned()),
        (
            "of a customer",
            "/v1/admin/licenses?limit=50&customer=customer-7%40example.com".to_owned(),
        ),
        ("search, one address", "/v1/admin/licenses?limit=50&search=customer-77%40".to_owned()),
        ("search, a common word", "/v1/admin/licenses?limit=50&search=some".to_owned()),
        ("search, an id", format!("/v1/admin/licenses?limit=50&search={id}")),
        ("customers", "/v1/admin/customers?limit=50".to_owned()),
        ("customers, search", "/v1/admin/customers?limit=50&search=customer-9".to_owned()),
    ];
    let mut times = Vec::new();
    for (name, path) in paths {
        times.push((name, median(&local, &path, None).await?));
    }
    let session = log_in(authority).await?;
    for (name, path) in PAGES {
        times.push((*name, median(&local, path, Some(&session)).await?));
    }
    Ok(times)
}

/// The console's pages of lists, as a browser asks for them.
const PAGES: &[(&str, &str)] = &[
    ("page: licences", "/console/licenses"),
    ("page: licences, suspended", "/console/licenses?state=suspended"),
    ("page: licences, ending first", "/console/licenses?sort=expires_at"),
    ("page: licences, search", "/console/licenses?search=customer-77%40"),
    ("page: customers", "/console/customers"),
    ("page: customers, search", "/console/customers?search=customer-77%40"),
    ("page: products", "/console/products"),
    ("page: releases", "/console/releases"),
    ("page: revocations", "/console/revocations"),
    ("page: usage", "/console/usage"),
    ("page: keys", "/console/keys"),
    ("page: webhooks", "/console/webhooks"),
    ("page: deliveries", "/console/jobs"),
    ("page: audit trail", "/console/audit"),
    ("page: operators", "/console/operators"),
    ("page: tokens", "/console/tokens"),
];

/// The cookie of an owner who has logged in.
async fn log_in(authority: &Authority) -> Result<String, Failure> {
    let (name, password) = ("bench", "twelve horses at the lake");
    let new = NewOperator {
        name: name.into(),
        role: "owner".into(),
        password: Some(Secret::new(password.to_owned())),
    };
    // With the second size it is there already.
    match authority.create_operator(new, actor()).await {
        Ok(_) | Err(AuthorityError::Exists { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let log_in = LogIn {
        name: name.into(),
        password: Secret::new(password.to_owned()),
        code: None,
        agent: None,
        origin: "local".into(),
    };
    let token = authority.log_in(log_in).await?.token.unwrap_or_default();
    Ok(format!("__Host-licentia_session={token}"))
}

/// The median time of a look, in milliseconds.
async fn median(local: &Local, path: &str, cookie: Option<&str>) -> Result<f64, Failure> {
    let mut looks = Vec::with_capacity(LOOKS);
    for _ in 0..LOOKS {
        let begun = Instant::now();
        bytes_as(local, path, cookie).await?;
        looks.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    looks.sort_by(f64::total_cmp);
    Ok(looks[LOOKS / 2])
}

/// A place half-way down.
async fn deep(local: &Local) -> Result<String, Failure> {
    let mut after = String::new();
    for _ in 0..9 {
        let path = match after.as_str() {
            "" => "/v1/admin/licenses?limit=50".to_owned(),
            after => format!("/v1/admin/licenses?limit=50&after={after}"),
        };
        let page: Page<License> = ask(local, &path).await?;
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    Ok(after)
}

async fn ask<T: serde::de::DeserializeOwned>(local: &Local, path: &str) -> Result<T, Failure> {
    serde_json::from_slice(&bytes(local, path).await?)
        .map_err(|e| Failure::undone(format!("{path}: {e}"), "report this defect"))
}

async fn bytes(local: &Local, path: &str) -> Result<Vec<u8>, Failure> {
    bytes_as(local, path, None).await
}

async fn bytes_as(local: &Local, path: &str, cookie: Option<&str>) -> Result<Vec<u8>, Failure> {
    let mut request = Request::builder().method(Method::GET).uri(path);
    if let Some(cookie) = cookie {
        request = request.header(COOKIE, cookie);
    }
    let request = request.body(Body::empty());
    let response =
        local.call(request.map_err(|e| Failure::undone(&e, "report this defect"))?).await;
    let status = response.status();
    let mut body = response.into_body().into_data_stream();
    let mut all = Vec::new();
    while let Some(piece) = body.next().await {
        all.extend_from_slice(&piece.map_err(|e| Failure::undone(&e, "run it again"))?);
    }
    if status.is_success() {
        return Ok(all);
    }
    Err(Failure::undone(format!("{path}: {status}"), "report this defect"))
}

/// The most memory that this process ever held, where the system tells.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().split(' ').next()?.parse().ok()
}
