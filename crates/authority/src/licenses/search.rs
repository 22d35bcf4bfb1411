//! Which licences a list shows, and in which order.
//!
//! A list walks one index in its order and leaves out what does not fit the rest of the filter. A search walks through
//! what it finds: a licence by one of the ids around it, then the licences of customers, then those of clusters whose
//! name begins so.

use licentia_model::customer::search_words;
use licentia_model::{License, LicenseState};
use licentia_storage::licenses::{Path, Walk};
use licentia_storage::{Place, Transaction};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::customers::list::{AtTerm, Finder, Match};
use crate::error::AuthorityError;
use crate::paging::{Budget, Structured, cursor, place_of, read_cursor};

/// The states as answers have them.
pub const STATES: &[&str] = &["active", "trial", "suspended", "expired", "cancelled", "revoked"];
/// A cluster id is looked for from so many letters on.
const SHORTEST_CLUSTER: usize = 3;

/// What a licence must be like to be listed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) product_id: Option<Uuid>,
    pub(crate) plan_id: Option<Uuid>,
    pub(crate) customer_id: Option<Uuid>,
    pub(crate) state: Option<String>,
    /// Ends before.
    pub(crate) ends_before: Option<i64>,
    /// In the order of their ends.
    pub(crate) by_end: bool,
    pub(crate) ascending: bool,
}

/// The state of a licence as answers have it.
pub(crate) fn state_at(license: &License, now: i64) -> &'static str {
    match (&license.state, license.expires_at.is_some_and(|at| now >= at), license.trial) {
        (LicenseState::Active, true, _) => "expired",
        (LicenseState::Active, false, true) => "trial",
        (state, ..) => state.as_str(),
    }
}

impl Wanted {
    /// The index that leaves least to be left out.
    fn path(&self, now: i64) -> Result<(Path, bool, Option<Place>), AuthorityError> {
        let ended = self.state.as_deref() == Some("expired");
        if ended || self.by_end || self.ends_before.is_some() {
            if self.customer_id.is_some() && self.by_end {
                let problem = "the licences of one customer are listed by their age".into();
                return Err(AuthorityError::Invalid { field: "sort", problem });
            }
            if self.customer_id.is_none() {
                let path = self.product_id.map_or(Path::Ending, Path::OfProductEnding);
                // What ends later is not wanted: begin behind it, or stop before it.
                let latest = if ended { Some(now) } else { None };
                let latest = match (latest, self.ends_before) {
                    (Some(a), Some(b)) => Some(a.min(b.saturating_sub(1))),
                    (a, b) => a.or(b.map(|b| b.saturating_sub(1))),
                };
                let descending = if self.by_end { !self.ascending } else { ended };
                return Ok((path, descending, latest.map(|at| Place { at, id: Uuid::max() })));
            }
        }
        let path = match (self.customer_id, self.state.as_deref(), self.product_id, self.plan_id) {
            (Some(customer), ..) => Path::OfCustomer(customer),
            (_, Some(state @ ("suspended" | "cancelled" | "revoked")), product, _) => {
                let state =
                    STATES.iter().find(|known| **known == state).copied().unwrap_or_default();
                match product {
                    Some(product) => Path::OfProductInState(product, state),
                    None => Path::InState(state),
                }
            }
            (_, Some("trial"), ..) => Path::OnTrial,
            (_, _, _, Some(plan)) => Path::OfPlan(plan),
            (_, _, Some(product), _) => Path::OfProduct(product),
            _ => Path::All,
        };
        Ok((path, !self.ascending, None))
    }

    fn fits(&self, license: &License, now: i64) -> bool {
        let is = |wanted: Option<Uuid>, id: Uuid| wanted.is_none_or(|wanted| wanted == id);
        is(self.product_id, license.product_id)
            && is(self.plan_id, license.plan_id)
            && is(self.customer_id, license.customer_id)
            && self.state.as_deref().is_none_or(|state| state == state_at(license, now))
            && self
                .ends_before
                .is_none_or(|before| license.expires_at.is_some_and(|at| at < before))
    }

    /// Whether nothing on this path is left out.
    fn all_fit(&self, path: Path) -> bool {
        self.state.is_none()
            && self.ends_before.is_none()
            && match path {
                Path::All | Path::Ending => self.product_id.is_none() && self.plan_id.is_none(),
                Path::OfProduct(_) | Path::OfProductEnding(_) => self.plan_id.is_none(),
                Path::OfPlan(_) => true,
                Path::OfCustomer(_) => self.product_id.is_none() && self.plan_id.is_none(),
                _ => false,
            }
    }
}

/// A page of a list, and where the next begins.
pub(crate) async fn walk(
    tx: &mut dyn Transaction,
    wanted: &Wanted,
    after: Option<&str>,
    limit: usize,
    now: i64,
) -> Result<(Vec<License>, Option<String>), AuthorityError> {
    let (path, descending, latest) = wanted.path(now)?;
    let mut budget = Budget::default();
    let mut at = place_of(after, descending)?;
    if let Some(latest) = latest.filter(|_| descending && after.is_none()) {
        at = latest;
    }
    let mut page = Vec::new();
    let all_fit = wanted.all_fit(path);
    loop {
        let ask = budget.ask(limit - page.len(), all_fit);
        let chunk = tx.walk_licenses(&Walk { path, descending, after: at, limit: ask }).await?;
        let last_chunk = chunk.len() < ask as usize;
        budget.spend(ask);
        for license in chunk {
            at = path.place(&license);
            if latest.is_some_and(|latest| !descending && at.at > latest.at) {
                return Ok((page, None));
            }
            if wanted.fits(&license, now) {
                page.push(license);
                if page.len() == limit {
                    return Ok((page, Some(cursor(&at))));
                }
            }
        }
        if last_chunk {
            return Ok((page, None));
        }
        if budget.is_spent() {
            return Ok((page, Some(cursor(&at))));
        }
    }
}

/// Where a search stands.
#[derive(Serialize, Deserialize, Clone)]
enum At {
    /// Among the customers; within the licences of the last one behind a place.
    #[serde(rename = "c")]
    Customer(Option<AtTerm>, Option<(i64, Uuid)>),
    /// Among the clusters.
    #[serde(rename = "k")]
    Cluster(Option<(String, Uuid)>),
}

impl Structured for At {}

/// A page of what a search finds, and where the next begins.
pub(crate) async fn search(
    tx: &mut dyn Transaction,
    text: &str,
    wanted: &Wanted,
    after: Option<&str>,
    limit: usize,
    now: i64,
) -> Result<(Vec<License>, Option<String>), AuthorityError> {
    if let Ok(id) = Uuid::parse_str(text.trim()) {
        let found = by_id(tx, id).await?;
        let fits = found.into_iter().filter(|license| wanted.fits(license, now)).collect();
        return Ok((fits, None));
    }
    let words = search_words(text);
    let mut at = after.map(read_cursor::<At>).transpose()?.unwrap_or(At::Customer(None, None));
    let mut budget = Budget::default();
    let mut page = Vec::new();
    // It goes on where the term in `at` stands.
    let mut finder = None;
    let full = |page: &Vec<License>, budget: &Budget| page.len() == limit || budget.is_spent();
    while !full(&page, &budget) {
        match at.clone() {
            At::Customer(Some(term), Some((place, id))) => {
                // Once more the customer whose licences the last page ended in.
                let place = Place { at: place, id };
                let rest =
                    of_customer(tx, term.id, place, wanted, limit - page.len(), &mut budget, now);
                let (found, end) = rest.await?;
                page.extend(found);
                at = At::Customer(Some(term), end.map(|end| (end.at, end.id)));
            }
            At::Customer(term, _) => {
                let wanted = limit - page.len();
                let finder = finder.get_or_insert_with(|| Finder::behind(term, &words, wanted));
                match finder.next(tx, &mut budget).await? {
                    Match::Found(_) => {
                        let start = Place::start(true);
                        at = At::Customer(finder.at.clone(), Some((start.at, start.id)));
                    }
                    Match::Enough => at = At::Customer(finder.at.clone(), None),
                    Match::End => at = At::Cluster(None),
                }
            }
            At::Cluster(behind) => {
                let [word] = &words[..] else { return Ok((page, None)) };
                let word = if text.trim().chars().count() < SHORTEST_CLUSTER {
                    return Ok((page, None));
                } else {
                    (text.trim(), word)
                };
                let behind = behind.as_ref().map(|(cluster, id)| (cluster.as_str(), *id));
                let Some(found) = tx.find_clusters(word.0, behind, 1).await?.pop() else {
                    return Ok((page, None));
                };
                budget.spend(1);
                at = At::Cluster(Some((found.cluster_id.clone(), found.id)));
                // A licence with several such clusters is shown at the first of them, and not again where its
                // customer was found.
                let first = tx.first_cluster(found.license_id, word.0).await?;
                if first != Some(found.id) {
                    continue;
                }
                let Some(license) = tx.license(found.license_id).await? else { continue };
                let customer = tx.customer(license.customer_id).await?;
                let shown = customer.is_some_and(|customer| customer.answers(&words));
                if !shown && wanted.fits(&license, now) {
                    page.push(license);
                }
            }
        }
    }
    Ok((page, Some(cursor(&at))))
}

/// Licences of a customer behind a place, and where they were left, if not at their end.
async fn of_customer(
    tx: &mut dyn Transaction,
    customer_id: Uuid,
    mut at: Place,
    wanted: &Wanted,
    missing: usize,
    budget: &mut Budget,
    now: i64,
) -> Result<(Vec<License>, Option<Place>), AuthorityError> {
    let path = Path::OfCustomer(customer_id);
    let mut found = Vec::new();
    loop {
        let ask = budget.ask(missing - found.len(), false);
        let chunk =
            tx.walk_licenses(&Walk { path, descending: true, after: at, limit: ask }).await?;
        budget.spend(u32::try_from(chunk.len()).unwrap_or(ask));
        let last_chunk = chunk.len() < ask as usize;
        for license in chunk {
            at = path.place(&license);
            if wanted.fits(&license, now) {
                found.push(license);
                if found.len() == missing {
                    return Ok((found, Some(at)));
                }
            }
        }
        if last_chunk {
            return Ok((found, None));
        }
        if budget.is_spent() {
            return Ok((found, Some(at)));
        }
    }
}

/// The licence with this id, or with the key or the activation of this id.
async fn by_id(tx: &mut dyn Transaction, id: Uuid) -> Result<Option<License>, AuthorityError> {
    if let Some(license) = tx.license(id).await? {
        return Ok(Some(license));
    }
    let of_key = tx.license_key(id).await?.map(|key| key.license_id);
    let owner = match of_key {
        Some(owner) => Some(owner),
        None => tx.activation(id).await?.map(|activation| activation.license_id),
    };
    Ok(match owner {
        Some(owner) => tx.license(owner).await?,
        None => None,
    })
}
