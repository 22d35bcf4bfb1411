//! What the pages say, by language: a file of keys and texts each, embedded, with the same keys in all of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::{HeaderMap, header};

use crate::extract::cookie;

/// The languages that there are: English first, which is spoken where nobody asks for one of them.
pub(crate) const LANGUAGES: [(&str, &str, &str); 2] = [
    ("en", "English", include_str!("messages/en.toml")),
    ("de", "Deutsch", include_str!("messages/de.toml")),
];

/// The cookie of who has chosen one.
pub(crate) const COOKIE: &str = "__Host-licentia_language";

type Texts = BTreeMap<String, String>;

static ALL: LazyLock<Vec<(&str, Texts)>> = LazyLock::new(|| {
    let texts = LANGUAGES.iter().map(|(language, _, file)| {
        let table = file.parse::<toml::Table>().unwrap_or_default();
        let mut texts = Texts::new();
        flatten("", &table, &mut texts);
        (*language, texts)
    });
    texts.collect()
});

fn flatten(above: &str, table: &toml::Table, texts: &mut Texts) {
    for (key, value) in table {
        let key = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match value {
            toml::Value::String(text) => {
                texts.insert(key, text.clone());
            }
            toml::Value::Table(below) => flatten(&key, below, texts),
            _ => {}
        }
    }
}

/// The text of a key in a language, or in English where that has none.
pub(crate) fn text(language: &str, key: &str) -> Option<&'static str> {
    let of = |language: &str| {
        let (_, texts) = ALL.iter().find(|(name, _)| *name == language)?;
        texts.get(key).map(String::as_str)
    };
    of(language).or_else(|| of("en"))
}

/// The language of whoever asks: the one that he has chosen, or the first of ours that his browser names.
pub(crate) fn language(headers: &HeaderMap) -> &'static str {
    let known = |wanted: &str| {
        let wanted = wanted.trim().to_ascii_lowercase();
        let main = wanted.split(['-', ';']).next().unwrap_or_default();
        LANGUAGES.iter().map(|(name, ..)| *name).find(|name| *name == main)
    };
    let chosen = cookie(headers, COOKIE);
    if let Some(language) = chosen.as_deref().and_then(known) {
        return language;
    }
    let named = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    named.and_then(|named| named.split(',').find_map(known)).unwrap_or("en")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<&str> {
        let mut places: Vec<&str> = text
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}').map(|it| it.0))
            .collect();
        places.sort_unstable();
        places
    }

    #[test]
    fn every_language_says_everything_with_the_same_places() {
        for (_, _, file) in LANGUAGES {
            file.parse::<toml::Table>().unwrap();
        }
        let (_, english) = &ALL[0];
        assert!(english.len() > 100);
        for (language, texts) in ALL.iter() {
            for (key, text) in english {
                let theirs =
                    texts.get(key).unwrap_or_else(|| panic!("{language}: {key} is missing"));
                assert_eq!(places(theirs), places(text), "{language}: {key}");
            }
            for key in texts.keys() {
                assert!(
                    english.contains_key(key),
                    "{language}: {key} is in no template's language"
                );
            }
        }
    }

    #[test]
    fn the_language_is_the_chosen_one_or_the_first_that_there_is() {
        let with = |name, value: &str| {
            HeaderMap::from_iter([(name, axum::http::HeaderValue::from_str(value).unwrap())])
        };
        for (asked, got) in
            [("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr, en", "en"), ("fr", "en"), ("", "en")]
        {
            assert_eq!(language(&with(header::ACCEPT_LANGUAGE, asked)), got, "{asked}");
        }
        assert_eq!(language(&with(header::COOKIE, "a=b; __Host-licentia_language=de")), "de");
        assert_eq!(language(&with(header::COOKIE, "__Host-licentia_language=<x>")), "en");
    }
}
