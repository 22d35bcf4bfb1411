//! Customers as operators see them, and the search that finds them.

use std::collections::VecDeque;

use licentia_model::Customer;
use licentia_model::customer::search_words;
use licentia_protocol::resource::{self, Page};
use licentia_storage::{Place, Transaction};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::customer_view;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::export::Row;
use crate::paging::{Budget, Structured, cursor, limit_of, place_of, read_cursor};

/// Terms that one look reads at most.
const MOST_AT_ONCE: u32 = 200;

/// What a list of customers is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Words that begin words of the customer: of the address, the name, the organisation.
    pub search: Option<String>,
    /// Oldest first.
    pub ascending: bool,
    /// Where the last page ended.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// Where a search for customers stands.
#[derive(Serialize, Deserialize, Clone)]
pub(crate) struct AtTerm {
    pub(crate) term: String,
    pub(crate) id: Uuid,
}

impl Structured for AtTerm {}

impl Row for resource::Customer {
    const COLUMNS: &'static [&'static str] = &["id", "email", "name", "organization", "created_at"];
}

impl Authority {
    /// A page of customers, newest first; those that a search finds in the order of the words that were found.
    pub async fn list_customers(
        &self,
        filter: Filter,
    ) -> Result<Page<resource::Customer>, AuthorityError> {
        let limit = limit_of(filter.limit)?;
        self.read(move |_, tx| {
            Box::pin(async move {
                let words = filter.search.as_deref().map(search_words).unwrap_or_default();
                if words.is_empty() {
                    let after = place_of(filter.after.as_deref(), !filter.ascending)?;
                    let found = tx.walk_customers(!filter.ascending, after, limit).await?;
                    let full = found.len() == limit as usize;
                    let next = found.last().filter(|_| full);
                    let next = next.map(|last| cursor(&Place { at: last.created_at, id: last.id }));
                    return Ok(Page {
                        items: found.into_iter().map(customer_view).collect(),
                        next,
                    });
                }
                let mut budget = Budget::default();
                let at = filter.after.as_deref().map(read_cursor::<AtTerm>).transpose()?;
                let mut finder = Finder::behind(at, &words, limit as usize);
                let mut items = Vec::new();
                while items.len() < limit as usize {
                    match finder.next(tx, &mut budget).await? {
                        Match::Found(customer) => items.push(customer_view(*customer)),
                        Match::End => return Ok(Page { items, next: None }),
                        Match::Enough => break,
                    }
                }
                Ok(Page { items, next: finder.at.as_ref().map(cursor) })
            })
        })
        .await
    }

    /// One customer, by id or e-mail address.
    pub async fn show_customer(&self, name: String) -> Result<resource::Customer, AuthorityError> {
        self.read(move |_, tx| Box::pin(async move { Ok(customer_view(named(tx, &name).await?)) }))
            .await
    }
}

/// By id or e-mail address.
pub(crate) async fn named(
    tx: &mut dyn Transaction,
    name: &str,
) -> Result<Customer, AuthorityError> {
    let found = match Uuid::parse_str(name) {
        Ok(id) => tx.customer(id).await?,
        Err(_) => tx.customer_by_email(name).await?,
    };
    found.ok_or_else(|| AuthorityError::NotFound { what: "customer", name: name.to_owned() })
}

pub(crate) fn missing(id: Uuid) -> AuthorityError {
    AuthorityError::NotFound { what: "customer", name: id.to_string() }
}

pub(crate) enum Match {
    Found(Box<Customer>),
    /// As many rows were looked at as a page may cost.
    Enough,
    End,
}

/// Finds the customers who answer to every word, one after the other. Each is found once, at the first of his terms that
/// the longest word begins.
pub(crate) struct Finder {
    longest: String,
    words: Vec<String>,
    /// The last term that was looked at.
    pub(crate) at: Option<AtTerm>,
    /// Terms behind it that were read already; how many are read at once; whether there are more.
    read: VecDeque<(String, Customer)>,
    at_once: u32,
    more: bool,
}

impl Finder {
    /// Behind a place; some `wanted` are looked for.
    pub(crate) fn behind(at: Option<AtTerm>, words: &[String], wanted: usize) -> Self {
        let longest = words.iter().max_by_key(|word| word.len()).cloned().unwrap_or_default();
        let at_once = u32::try_from(wanted).unwrap_or(MOST_AT_ONCE).clamp(1, MOST_AT_ONCE);
        let more = !longest.is_empty();
        Self { longest, words: words.to_vec(), at, read: VecDeque::new(), at_once, more }
    }

    /// The next of them.
    pub(crate) async fn next(
        &mut self,
        tx: &mut dyn Transaction,
        budget: &mut Budget,
    ) -> Result<Match, AuthorityError> {
        loop {
            let Some((term, customer)) = self.read.pop_front() else {
                if !self.more {
                    return Ok(Match::End);
                }
                let after = self.at.as_ref().map(|at| (at.term.as_str(), at.id));
                let terms = tx.find_customers(&self.longest, after, self.at_once).await?;
                self.more = terms.len() == self.at_once as usize;
                self.read = terms.into();
                continue;
            };
            if budget.is_spent() {
                self.read.push_front((term, customer));
                return Ok(Match::Enough);
            }
            budget.spend(1);
            self.at = Some(AtTerm { term: term.clone(), id: customer.id });
            if !customer.answers(&self.words) {
                continue;
            }
            let first = customer.terms().into_iter().find(|term| term.starts_with(&self.longest));
            if first.as_deref() == Some(&term) {
                return Ok(Match::Found(Box::new(customer)));
            }
        }
    }
}
