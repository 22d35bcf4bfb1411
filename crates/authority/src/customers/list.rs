//! Customers as operators see them, and the search that finds them.

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
                let mut at = filter.after.as_deref().map(read_cursor::<AtTerm>).transpose()?;
                let mut items = Vec::new();
                while items.len() < limit as usize {
                    match next_match(tx, &words, &mut at, &mut budget).await? {
                        Match::Found(customer) => items.push(customer_view(*customer)),
                        Match::End => return Ok(Page { items, next: None }),
                        Match::Enough => break,
                    }
                }
                Ok(Page { items, next: at.as_ref().map(cursor) })
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

/// The next customer behind `at` who answers to every word. Each is found once, at the first of his terms that
/// the longest word begins.
pub(crate) async fn next_match(
    tx: &mut dyn Transaction,
    words: &[String],
    at: &mut Option<AtTerm>,
    budget: &mut Budget,
) -> Result<Match, AuthorityError> {
    let Some(longest) = words.iter().max_by_key(|word| word.len()) else { return Ok(Match::End) };
    loop {
        let after = at.as_ref().map(|at| (at.term.as_str(), at.id));
        let terms = tx.find_customers(longest, after, 20).await?;
        let last_terms = terms.len() < 20;
        for (term, id) in terms {
            if budget.is_spent() {
                return Ok(Match::Enough);
            }
            budget.spend(1);
            let customer = tx.customer(id).await?;
            *at = Some(AtTerm { term: term.clone(), id });
            let Some(customer) = customer.filter(|customer| customer.answers(words)) else {
                continue;
            };
            let first = customer.terms().into_iter().find(|term| term.starts_with(longest));
            if first.as_deref() == Some(&term) {
                return Ok(Match::Found(Box::new(customer)));
            }
        }
        if last_terms {
            return Ok(Match::End);
        }
    }
}
