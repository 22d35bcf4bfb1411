//! The catalogue of a product as a vendor writes it: one TOML text with the product, its plans and its
//! meters. Pure; storing it is [`crate`]'s business, naming the file the caller's.
//!
//! Nothing is guessed. An unknown key is an error, so that a slip of the pen cannot turn a limit into a
//! default, and `unlimited` has to be written out. A mistake is told with line, column and field.
//!
//! To add a key: the field here, its name in the list of known keys, its line in the reader below, a row in
//! the table of mistakes.

mod reader;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use licentia_model::plan::{OnChainBroken, OnClone};
use licentia_model::{
    Distribution, Enforcement, Meter, Profile, Quota, QuotaKind, Scheme, TrialOf, Upgrade, Window,
};

use self::reader::{Field, Source, Table};
use crate::distribution::coverage;

/// A product with its plans and meters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// The product.
    pub product: ProductEntry,
    /// Its plans in the order of the text; at least one.
    pub plans: Vec<PlanEntry>,
    /// Its meters in the order of the text.
    pub meters: Vec<Meter>,
}

/// What a catalogue says of its product; the fields are those of [`licentia_model::Product`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductEntry {
    /// Short name, `[a-z0-9][a-z0-9-]{0,62}`.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Prefix of keys and environment variables, `[A-Z0-9]{1,16}`; the code in capitals if not given.
    pub key_prefix: String,
    /// Scheme of new keys; `jwt` if not given.
    pub scheme: Scheme,
    /// Preset of the guard; `strict` if not given.
    pub enforcement: Enforcement,
    /// Seconds between heartbeats; 15 minutes if not given.
    pub heartbeat_s: u32,
    /// Seconds of grace; 24 hours if not given.
    pub grace_s: u32,
    /// Code of one of the plans.
    pub default_plan: String,
    /// Another system's keys that are accepted too.
    pub profile: Option<Profile>,
    /// Schemes that are refused from a time on; in the text the last day on which they are accepted.
    pub sunset: BTreeMap<Scheme, i64>,
    /// Schemes whose holders are warned from a time on; in the text the first day.
    pub warning: BTreeMap<Scheme, i64>,
    /// Of what there is one trial; of the customer if not given.
    pub trial_once_per: Vec<TrialOf>,
    /// For installations that never had a licence; `until` is in the text the last day.
    pub upgrade: Option<Upgrade>,
    /// Part of the key of the chain of actions, hex in the text.
    pub project_seed: Option<Vec<u8>>,
}

/// What a catalogue says of a plan; the fields are those of [`licentia_model::Plan`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanEntry {
    /// Short name, unique within the catalogue.
    pub code: String,
    /// Tier name, without dash.
    pub tier: String,
    /// Order of tiers, from 1.
    pub rank: u32,
    /// Clusters at a time; `None` is unlimited.
    pub seats: Option<u32>,
    /// Seats granted beyond `seats`.
    pub overage: u32,
    /// Seconds of silence after which a seat may be given away; `None`: at the end of its lease.
    pub reclaim_after_s: Option<u32>,
    /// How often a day a live cluster id may be taken over.
    pub takeovers_per_day: u32,
    /// What a copied installation leads to.
    pub on_clone: OnClone,
    /// What a broken chain of actions leads to; `warn` if not given.
    pub on_chain_broken: OnChainBroken,
    /// Nodes in one cluster; `None` is unlimited, also where the text says nothing.
    pub nodes: Option<u32>,
    /// Length of a trial in seconds.
    pub trial_s: Option<u32>,
    /// Whether the product may send what it counts beyond quotas.
    pub telemetry: bool,
    /// Seconds between heartbeats, where not the product's.
    pub heartbeat_s: Option<u32>,
    /// Seconds of grace, where not the product's.
    pub grace_s: Option<u32>,
    /// How long a machine without network holds its seat, in seconds; `None`: thirty days.
    pub offline_s: Option<u32>,
    /// Requests a minute of one licence; `None`: the server's own limit.
    pub contacts_per_minute: Option<u32>,
    /// Features granted.
    pub features: Vec<String>,
    /// Limits by name; `None` is unlimited.
    pub limits: BTreeMap<String, Option<u64>>,
    /// Quotas by meter; the limit of the same name says how much, in whole units.
    pub quotas: BTreeMap<String, Quota>,
    /// What its customers may fetch; nothing if not given.
    pub distribution: Distribution,
    /// For people: price, support, SLA.
    pub info: BTreeMap<String, String>,
}

/// A mistake in a catalogue, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {}{message}", if field.is_empty() { String::new() } else { format!("{field}: ") })]
pub struct CatalogError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// E.g. `[[plan]] "pro": limits.max_agents`; empty where the text is not TOML.
    pub field: String,
    /// What is expected.
    pub message: String,
}

const TOP_KEYS: &[&str] = &["product", "plan", "meter"];
const PRODUCT_KEYS: &[&str] = &[
    "code",
    "name",
    "key_prefix",
    "scheme",
    "enforcement",
    "heartbeat",
    "grace",
    "default_plan",
    "profile",
    "sunset",
    "warning",
    "trial_once_per",
    "upgrade",
    "project_seed",
];
const PLAN_KEYS: &[&str] = &[
    "code",
    "tier",
    "rank",
    "seats",
    "overage",
    "reclaim_after",
    "takeovers_per_day",
    "on_clone",
    "on_chain_broken",
    "nodes",
    "trial",
    "telemetry",
    "heartbeat",
    "grace",
    "offline",
    "contacts_per_minute",
    "features",
    "limits",
    "quotas",
    "distribution",
    "info",
];
const DISTRIBUTION_KEYS: &[&str] = &["channels", "versions", "maintenance", "repositories"];
const UPGRADE_KEYS: &[&str] = &["until", "days", "plan"];
const METER_KEYS: &[&str] = &["name", "unit", "scale"];
const QUOTA_KEYS: &[&str] = &["per", "kind"];

pub(crate) const HEARTBEAT_S: u32 = 15 * 60;
pub(crate) const GRACE_S: u32 = 24 * 60 * 60;
pub(crate) const TAKEOVERS_PER_DAY: u32 = 3;
/// Days of a grace without licence if not given, and the most.
pub(crate) const UPGRADE_DAYS: u32 = 30;
pub(crate) const MOST_UPGRADE_DAYS: u32 = 90;
/// Longest seed of the chain of actions, in bytes.
const MAX_SEED_BYTES: usize = 64;
/// Most decimal places of a meter: billionths.
pub(crate) const MAX_SCALE: u8 = 9;

/// Reads a catalogue, or tells the first mistake in it.
pub fn parse(text: &str) -> Result<Catalog, CatalogError> {
    let source = Source::new(text);
    let root = source.parse()?;
    let top = Table::top(source, &root, TOP_KEYS)?;

    let product_table = top.require("product")?.table("[product]".into(), PRODUCT_KEYS)?;
    let product = product(&product_table)?;

    let mut meters: Vec<Meter> = Vec::new();
    if let Some(field) = top.field("meter") {
        for table in field.tables("meter", "name", METER_KEYS)? {
            let meter = meter(&table)?;
            if meters.iter().any(|other| other.name == meter.name) {
                return Err(table.require("name")?.error("another meter has this name already"));
            }
            meters.push(meter);
        }
    }

    let mut plans: Vec<PlanEntry> = Vec::new();
    for table in top.require("plan")?.tables("plan", "code", PLAN_KEYS)? {
        let plan = plan(&table, &product, &meters)?;
        if plans.iter().any(|other| other.code == plan.code) {
            return Err(table.require("code")?.error("another plan has this code already"));
        }
        plans.push(plan);
    }
    if !plans.iter().any(|plan| plan.code == product.default_plan) {
        let codes: Vec<_> = plans.iter().map(|plan| plan.code.as_str()).collect();
        let message = format!("expected the code of a plan, one of {}", codes.join(", "));
        return Err(product_table.require("default_plan")?.error(&message));
    }
    Ok(Catalog { product, plans, meters })
}

fn product(table: &Table<'_>) -> Result<ProductEntry, CatalogError> {
    let code = code(&table.require("code")?)?;
    let product = ProductEntry {
        name: text(&table.require("name")?)?,
        key_prefix: key_prefix(table, &code)?,
        scheme: scheme(table)?,
        enforcement: table
            .field("enforcement")
            .map_or(Ok(Enforcement::Strict), |f| f.word(Enforcement::ALL))?,
        heartbeat_s: table.field("heartbeat").map_or(Ok(HEARTBEAT_S), |f| f.duration_s())?,
        grace_s: table.field("grace").map_or(Ok(GRACE_S), |f| f.duration_s())?,
        default_plan: table.require("default_plan")?.string()?.to_owned(),
        profile: table.field("profile").map(|f| f.word(Profile::ALL)).transpose()?,
        sunset: table.field("sunset").map_or(Ok(BTreeMap::new()), |f| sunset(&f))?,
        warning: table.field("warning").map_or(Ok(BTreeMap::new()), |f| warning(&f))?,
        trial_once_per: table
            .field("trial_once_per")
            .map_or(Ok(vec![TrialOf::Customer]), |f| trial_once_per(&f))?,
        upgrade: table.field("upgrade").map(|f| upgrade(&f)).transpose()?,
        project_seed: table.field("project_seed").map(|f| seed(&f)).transpose()?,
        code,
    };
    grace_covers_heartbeat(table, product.heartbeat_s, product.grace_s)?;
    Ok(product)
}

fn plan(
    table: &Table<'_>,
    product: &ProductEntry,
    meters: &[Meter],
) -> Result<PlanEntry, CatalogError> {
    let duration = |key| table.field(key).map(|f| f.duration_s()).transpose();
    let plan = PlanEntry {
        code: code(&table.require("code")?)?,
        tier: tier(&table.require("tier")?)?,
        rank: rank(&table.require("rank")?)?,
        seats: table.require("seats")?.number_or_unlimited()?,
        overage: table.field("overage").map_or(Ok(0), |f| f.number())?,
        reclaim_after_s: table.field("reclaim_after").map_or(Ok(None), |f| reclaim_after(&f))?,
        takeovers_per_day: table
            .field("takeovers_per_day")
            .map_or(Ok(TAKEOVERS_PER_DAY), |f| f.number())?,
        on_clone: table.field("on_clone").map_or(Ok(OnClone::Warn), |f| f.word(OnClone::ALL))?,
        on_chain_broken: table
            .field("on_chain_broken")
            .map_or(Ok(OnChainBroken::Warn), |f| f.word(OnChainBroken::ALL))?,
        nodes: table.field("nodes").map_or(Ok(None), |f| f.number_or_unlimited())?,
        trial_s: duration("trial")?,
        telemetry: table.field("telemetry").map_or(Ok(false), |f| f.flag())?,
        heartbeat_s: duration("heartbeat")?,
        grace_s: duration("grace")?,
        offline_s: table.field("offline").map(|f| offline(&f)).transpose()?,
        contacts_per_minute: table
            .field("contacts_per_minute")
            .map(|f| contacts_per_minute(&f))
            .transpose()?,
        features: table.field("features").map_or(Ok(Vec::new()), |f| features(&f))?,
        limits: table.field("limits").map_or(Ok(BTreeMap::new()), |f| limits(&f))?,
        quotas: table.field("quotas").map_or(Ok(BTreeMap::new()), |f| quotas(&f, meters))?,
        distribution: table
            .field("distribution")
            .map_or(Ok(Distribution::default()), |f| distribution(&f))?,
        info: table.field("info").map_or(Ok(BTreeMap::new()), |f| info(&f))?,
    };
    if let Some(meter) = plan.quotas.keys().find(|meter| !plan.limits.contains_key(*meter)) {
        let message = format!("a quota needs the limit `{meter}`, which says how much");
        return Err(table.error("limits", &message));
    }
    grace_covers_heartbeat(
        table,
        plan.heartbeat_s.unwrap_or(product.heartbeat_s),
        plan.grace_s.unwrap_or(product.grace_s),
    )?;
    Ok(plan)
}

fn meter(table: &Table<'_>) -> Result<Meter, CatalogError> {
    let scale = match table.field("scale") {
        None => 0,
        Some(field) => match field.number()? {
            scale if scale <= MAX_SCALE => scale,
            _ => return Err(field.error(&format!("expected at most {MAX_SCALE} decimal places"))),
        },
    };
    let name = table.require("name")?;
    Ok(Meter {
        name: word(&name, name.string()?)?,
        unit: table.field("unit").map_or(Ok(String::new()), |f| f.string().map(str::to_owned))?,
        scale,
    })
}

/// A lease that ends before the next heartbeat is due would stop products that do nothing wrong.
fn grace_covers_heartbeat(
    table: &Table<'_>,
    heartbeat_s: u32,
    grace_s: u32,
) -> Result<(), CatalogError> {
    if grace_s >= heartbeat_s {
        return Ok(());
    }
    let message = format!(
        "grace ({grace_s} s) must not be shorter than the heartbeat interval ({heartbeat_s} s)"
    );
    Err(match table.field("grace").or_else(|| table.field("heartbeat")) {
        Some(field) => field.error(&message),
        None => table.error("grace", &message),
    })
}

/// An activation that ends as it begins would activate nothing.
fn offline(field: &Field<'_>) -> Result<u32, CatalogError> {
    match field.duration_s()? {
        0 => Err(field.error("expected more than no time")),
        seconds => Ok(seconds),
    }
}

/// Less than one would lock out who has a right.
fn contacts_per_minute(field: &Field<'_>) -> Result<u32, CatalogError> {
    match field.number()? {
        0 => Err(field.error("expected at least 1")),
        requests => Ok(requests),
    }
}

fn code(field: &Field<'_>) -> Result<String, CatalogError> {
    let code = field.string()?;
    if is_code(code) { Ok(code.to_owned()) } else { Err(field.expected(CODE)) }
}

pub(crate) const CODE: &str = "1 to 63 lower-case letters, digits and dashes, no dash first";
pub(crate) const KEY_PREFIX: &str = "1 to 16 capital letters and digits, no dash";

pub(crate) fn is_code(code: &str) -> bool {
    let is_start = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=63).contains(&code.len())
        && code.starts_with(is_start)
        && code.chars().all(|c| is_start(c) || c == '-')
}

pub(crate) fn is_key_prefix(prefix: &str) -> bool {
    (1..=16).contains(&prefix.len())
        && prefix.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// A name for programs.
pub(crate) fn is_word(word: &str) -> bool {
    !word.is_empty() && !word.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn key_prefix(table: &Table<'_>, code: &str) -> Result<String, CatalogError> {
    if let Some(field) = table.field("key_prefix") {
        let prefix = field.string()?;
        return if is_key_prefix(prefix) {
            Ok(prefix.to_owned())
        } else {
            Err(field.expected(KEY_PREFIX))
        };
    }
    let prefix = code.to_ascii_uppercase();
    if is_key_prefix(&prefix) {
        return Ok(prefix);
    }
    Err(table
        .error("key_prefix", &format!("missing, and the code makes none: expected {KEY_PREFIX}")))
}

fn scheme(table: &Table<'_>) -> Result<Scheme, CatalogError> {
    let Some(field) = table.field("scheme") else { return Ok(Scheme::Jwt) };
    match field.word(Scheme::ALL)? {
        Scheme::Opaque => Err(field.expected("a scheme that keys can be issued in")),
        scheme => Ok(scheme),
    }
}

fn sunset(field: &Field<'_>) -> Result<BTreeMap<Scheme, i64>, CatalogError> {
    let mut sunset = BTreeMap::new();
    for (name, value) in field.entries()? {
        let scheme =
            name.parse().map_err(|_| value.expected("a scheme such as `v1` for its name"))?;
        let ends = value
            .string()?
            .parse::<Date>()
            .and_then(|last| last.tomorrow())
            .and_then(|first| first.to_zoned(TimeZone::UTC))
            .map_err(|_| {
                value.expected("the last day on which it is accepted, such as \"2027-06-30\"")
            })?;
        sunset.insert(scheme, ends.timestamp().as_second());
    }
    Ok(sunset)
}

fn distribution(field: &Field<'_>) -> Result<Distribution, CatalogError> {
    let table = field.table("distribution".into(), DISTRIBUTION_KEYS)?;
    let list = |key| match table.field(key) {
        None => Ok(Vec::new()),
        Some(field) => field.items()?.iter().map(|item| item.string().map(str::to_owned)).collect(),
    };
    let distribution = Distribution {
        channels: list("channels")?,
        versions: table.field("versions").map(|f| f.string().map(str::to_owned)).transpose()?,
        maintenance_s: table.field("maintenance").map(|f| f.duration_s()).transpose()?,
        repositories: list("repositories")?,
    };
    match coverage::check(&distribution) {
        Ok(()) => Ok(distribution),
        Err((key, problem)) => Err(table.require(key)?.error(&problem)),
    }
}

/// By scheme, the first day of the warning.
fn warning(field: &Field<'_>) -> Result<BTreeMap<Scheme, i64>, CatalogError> {
    let mut warning = BTreeMap::new();
    for (name, value) in field.entries()? {
        let scheme =
            name.parse().map_err(|_| value.expected("a scheme such as `v1` for its name"))?;
        let first = value
            .string()?
            .parse::<Date>()
            .and_then(|first| first.to_zoned(TimeZone::UTC))
            .map_err(|_| value.expected("the first day of the warning, such as \"2027-01-01\""))?;
        warning.insert(scheme, first.timestamp().as_second());
    }
    Ok(warning)
}

fn trial_once_per(field: &Field<'_>) -> Result<Vec<TrialOf>, CatalogError> {
    let mut of: Vec<_> =
        field.items()?.iter().map(|item| item.word(TrialOf::ALL)).collect::<Result<_, _>>()?;
    of.sort_unstable();
    of.dedup();
    Ok(of)
}

fn upgrade(field: &Field<'_>) -> Result<Upgrade, CatalogError> {
    let table = field.table("[product.upgrade]".into(), UPGRADE_KEYS)?;
    let until = table.require("until")?;
    let ends = until
        .string()?
        .parse::<Date>()
        .and_then(|last| last.tomorrow())
        .and_then(|first| first.to_zoned(TimeZone::UTC))
        .map_err(|_| until.expected("the last day without a licence, such as \"2027-06-30\""))?;
    let days = match table.field("days") {
        None => UPGRADE_DAYS,
        Some(days) => match days.number()? {
            few @ 1..=MOST_UPGRADE_DAYS => few,
            _ => return Err(days.expected("1 to 90 days")),
        },
    };
    let plan = table.field("plan").map(|plan| code(&plan)).transpose()?;
    Ok(Upgrade { until: ends.timestamp().as_second(), days, plan })
}

fn tier(field: &Field<'_>) -> Result<String, CatalogError> {
    let tier = word(field, field.string()?)?;
    if tier.contains('-') { Err(field.expected("a name without dash")) } else { Ok(tier) }
}

fn rank(field: &Field<'_>) -> Result<u32, CatalogError> {
    match field.number()? {
        0 => Err(field.expected("a number from 1 on")),
        rank => Ok(rank),
    }
}

fn reclaim_after(field: &Field<'_>) -> Result<Option<u32>, CatalogError> {
    if field.string()? == "lease" { Ok(None) } else { field.duration_s().map(Some) }
}

fn features(field: &Field<'_>) -> Result<Vec<String>, CatalogError> {
    let mut seen = BTreeSet::new();
    let mut features = Vec::new();
    for item in field.items()? {
        let feature = word(&item, item.string()?)?;
        if !seen.insert(feature.clone()) {
            return Err(item.error(&format!("\"{feature}\" stands here twice")));
        }
        features.push(feature);
    }
    Ok(features)
}

fn limits(field: &Field<'_>) -> Result<BTreeMap<String, Option<u64>>, CatalogError> {
    let mut limits = BTreeMap::new();
    for (name, value) in field.entries()? {
        limits.insert(word(&value, name)?, value.number_or_unlimited()?);
    }
    Ok(limits)
}

fn quotas(field: &Field<'_>, meters: &[Meter]) -> Result<BTreeMap<String, Quota>, CatalogError> {
    let mut quotas = BTreeMap::new();
    for (name, value) in field.entries()? {
        if !meters.iter().any(|meter| meter.name == name) {
            return Err(value.error("a quota is on a meter; add a [[meter]] of this name"));
        }
        let table = value.table(format!("quota {name:?}"), QUOTA_KEYS)?;
        let kind = table.field("kind").map_or(Ok(QuotaKind::Soft), |f| f.word(QuotaKind::ALL))?;
        let per = table.require("per")?.word(Window::ALL)?;
        quotas.insert(name.to_owned(), Quota { per, kind });
    }
    Ok(quotas)
}

fn info(field: &Field<'_>) -> Result<BTreeMap<String, String>, CatalogError> {
    field
        .entries()?
        .into_iter()
        .map(|(name, value)| Ok((name.to_owned(), value.string()?.to_owned())))
        .collect()
}

fn seed(field: &Field<'_>) -> Result<Vec<u8>, CatalogError> {
    let digits = field.string()?.as_bytes();
    let expected = || field.expected(&format!("1 to {MAX_SEED_BYTES} bytes in hex"));
    if !(1..=MAX_SEED_BYTES).contains(&digits.len().div_ceil(2)) {
        return Err(expected());
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect::<Option<_>>()
        .ok_or_else(expected)
}

/// A text for people: anything but blank.
fn text(field: &Field<'_>) -> Result<String, CatalogError> {
    match field.string()? {
        blank if blank.trim().is_empty() => Err(field.expected("some text")),
        text => Ok(text.to_owned()),
    }
}

/// A name for programs.
fn word(field: &Field<'_>, word: &str) -> Result<String, CatalogError> {
    if is_word(word) {
        Ok(word.to_owned())
    } else {
        Err(field.error("expected a name without white space"))
    }
}
