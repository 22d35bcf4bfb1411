//! What a client asks a registry for (Distribution specification, *token scope*). Pure.
//!
//! `repository:acme/app:pull,push`: a name may hold colons, so the type ends at the first and the actions begin behind
//! the last one. Nothing is normalised: what the registry will compare, it compares byte for byte.

/// Most resources that are asked for at once.
pub const MOST: usize = 50;
/// Longest text of a scope.
const LONGEST: usize = 1_000;

/// A resource and what is to be done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// `repository`, `registry`.
    pub kind: String,
    /// Its name, such as `acme/app`.
    pub name: String,
    /// `pull`, `push`, `delete`, `*`.
    pub actions: Vec<String>,
}

/// Reads scopes, each of which may itself hold several, separated by blanks. One that cannot be read asks for nothing;
/// a resource that is named twice counts once, with all its actions.
pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Scope> {
    let mut scopes: Vec<Scope> = Vec::new();
    let words = texts.into_iter().flat_map(|text| text.split(' '));
    for scope in words.filter(|word| word.len() <= LONGEST).filter_map(read) {
        let same = |known: &Scope| known.kind == scope.kind && known.name == scope.name;
        match scopes.iter().position(same) {
            Some(place) => {
                for action in scope.actions {
                    if !scopes[place].actions.contains(&action) {
                        scopes[place].actions.push(action);
                    }
                }
            }
            None if scopes.len() < MOST => scopes.push(scope),
            None => {}
        }
    }
    scopes
}

fn read(word: &str) -> Option<Scope> {
    let (kind, rest) = word.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    // `repository(plugin)` is a class that registries of today do not tell apart.
    let kind = kind.split_once('(').map_or(kind, |(kind, _)| kind);
    if kind.is_empty() || name.is_empty() {
        return None;
    }
    let mut list: Vec<String> = Vec::new();
    for action in actions.split(',').filter(|action| !action.is_empty()) {
        if !list.iter().any(|known| known == action) {
            list.push(action.to_owned());
        }
    }
    Some(Scope { kind: kind.to_owned(), name: name.to_owned(), actions: list })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(kind: &str, name: &str, actions: &[&str]) -> Scope {
        let actions = actions.iter().map(|&action| action.to_owned()).collect();
        Scope { kind: kind.into(), name: name.into(), actions }
    }

    #[test]
    fn c7_a_name_may_hold_colons_and_a_parameter_several_scopes() {
        let read = parse([
            "repository:localhost:5000/acme/app:pull,push",
            "registry:catalog:* repository:b:pull",
        ]);
        let expected = [
            scope("repository", "localhost:5000/acme/app", &["pull", "push"]),
            scope("registry", "catalog", &["*"]),
            scope("repository", "b", &["pull"]),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_asked_twice_counts_once() {
        let read = parse([
            "repository:a:pull",
            "repository:a:pull",
            "repository(plugin):a:pull,push,push",
        ]);
        assert_eq!(read, [scope("repository", "a", &["pull", "push"])]);
    }

    #[test]
    fn what_cannot_be_read_asks_for_nothing() {
        let long = format!("repository:{}:pull", "a".repeat(LONGEST));
        for text in ["", " ", "repository", "repository:a", ":a:pull", "repository::pull", &long] {
            assert_eq!(parse([text]), [], "{text}");
        }
        assert_eq!(parse(["repository:a:"]), [scope("repository", "a", &[])]);
        let many: Vec<String> = (0..100).map(|n| format!("repository:a{n}:pull")).collect();
        assert_eq!(parse(many.iter().map(String::as_str)).len(), MOST);
    }
}
