//! Whom licences are issued to.

use std::collections::BTreeSet;

use uuid::Uuid;

/// A customer. All fields but the id are personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Row id; the only part that licences and audit rows keep in clear.
    pub id: Uuid,
    /// E-mail address as given; found by its lower-case form.
    pub email: String,
    /// Personal name.
    pub name: Option<String>,
    /// Organisation.
    pub organization: Option<String>,
    /// First licence.
    pub created_at: i64,
}

/// Most words that a customer is found by, and the longest of them in characters.
const MOST_TERMS: usize = 32;
const LONGEST_TERM: usize = 64;

impl Customer {
    /// The words that a search finds this customer by, each by its beginning: the address, its domain, and the
    /// words of both names, in lower case.
    #[must_use]
    pub fn terms(&self) -> BTreeSet<String> {
        let email = self.email.to_lowercase();
        let domain = email.split_once('@').map(|(_, domain)| domain.to_owned());
        let names =
            [&self.name, &self.organization].into_iter().flatten().map(|n| n.to_lowercase());
        let words = names.flat_map(|name| words(&name).map(str::to_owned).collect::<Vec<_>>());
        let short = |term: String| term.chars().take(LONGEST_TERM).collect::<String>();
        [Some(email), domain]
            .into_iter()
            .flatten()
            .chain(words)
            .take(MOST_TERMS)
            .map(short)
            .collect()
    }

    /// Whether every word of a search begins one of this customer's.
    #[must_use]
    pub fn answers(&self, search: &[String]) -> bool {
        let terms = self.terms();
        search.iter().all(|word| terms.iter().any(|term| term.starts_with(word.as_str())))
    }
}

/// The words of a search, as terms have them.
#[must_use]
pub fn search_words(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let words = text.split_whitespace().map(|word| word.chars().take(LONGEST_TERM).collect());
    words.take(MOST_TERMS).collect()
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '"'))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_found_by_the_beginning_of_any_word() {
        let ada = Customer {
            id: Uuid::nil(),
            email: "Ada@Example.com".into(),
            name: Some("Ada Lovelace".into()),
            organization: Some("Analytical Engines (Übersee), Ltd".into()),
            created_at: 0,
        };
        for found in ["ada", "LOVE", "example.com", "engines anal", "über", "ada@exa lovelace"] {
            assert!(ada.answers(&search_words(found)), "{found}");
        }
        for not in ["babbage", "ada babbage", "velace"] {
            assert!(!ada.answers(&search_words(not)), "{not}");
        }
        assert!(ada.terms().iter().all(|term| *term == term.to_lowercase()));
    }

    #[test]
    fn however_long_a_name_is_its_terms_are_few_and_short() {
        let long = Customer {
            id: Uuid::nil(),
            email: format!("{}@example.com", "x".repeat(200)),
            name: Some("word ".repeat(40)),
            organization: Some((0..200).map(|n| format!("{n} ")).collect()),
            created_at: 0,
        };
        assert!(long.terms().len() <= MOST_TERMS);
        assert!(long.terms().iter().all(|term| term.chars().count() <= LONGEST_TERM));
    }
}
