//! Whether a secret variable's name comes with a value, in the notations of configuration and documents.

/// What stands behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assigned {
    /// The name alone, a placeholder, or an expression.
    Nothing,
    /// A value.
    Literal,
}

/// Beginnings of values that only stand for one.
const PLACEHOLDERS: &[&str] = &["your", "xxx", "change", "replace", "example", "todo"];
/// Words that are no secret.
const WORDS: &[&str] =
    &["", "null", "none", "nil", "true", "false", "undefined", "required", "optional", "string"];

/// Judges a name by the line before it and by what follows it.
pub(super) fn assigned(before: &str, after: &str) -> Assigned {
    let rest = after.trim_start_matches(['"', '\'', '\\', '`', ']']);
    let spaced = rest.trim_start_matches([' ', '\t']);
    let line = before.trim_start().to_ascii_uppercase();
    let docker = ["ENV ", "ARG "].iter().any(|word| line.starts_with(word));
    let (value, colon) = if let Some(default) = spaced.strip_prefix(":-") {
        (default, false)
    } else if spaced.starts_with("==") || spaced.starts_with(":?") || spaced.starts_with("::") {
        return Assigned::Nothing;
    } else if let Some(value) = ["=>", ":=", "="].iter().find_map(|sign| spaced.strip_prefix(sign))
    {
        (value, false)
    } else if let Some(value) = spaced.strip_prefix(':') {
        (value, true)
    } else if docker && spaced.len() < rest.len() {
        (spaced, false)
    } else {
        // Kubernetes: the value is on the line below the name.
        let below = spaced.trim_start_matches(['\r', '\n']).trim_start_matches([' ', '\t']);
        match below.strip_prefix("value:") {
            Some(value) if below.len() < spaced.len() => (value, false),
            _ => return Assigned::Nothing,
        }
    };
    if is_literal(value.lines().next().unwrap_or_default().trim(), colon) {
        Assigned::Literal
    } else {
        Assigned::Nothing
    }
}

fn is_literal(value: &str, colon: bool) -> bool {
    let bare = value.trim_start_matches('\\');
    let quote = bare.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
    let text = match quote {
        Some(quote) => bare[1..].split([quote, '\\']).next().unwrap_or_default(),
        None => {
            let end = |c: char| {
                c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '}' | ')' | '\\' | '`')
            };
            let (text, rest) = bare.split_at(bare.find(end).unwrap_or(bare.len()));
            // `NAME: the secret that …` explains; `NAME: value` and `NAME: value # why` assign.
            let prose = rest.trim_start().starts_with(|c: char| c.is_alphanumeric());
            if colon && prose {
                return false;
            }
            text
        }
    };
    let lower = text.trim().to_lowercase();
    let expression = quote.is_none() && lower.contains(['(', '[']);
    let stands_for = lower.starts_with(['$', '<', '{', '%', '[', '(', '*', '…', '.', '|', '&'])
        || PLACEHOLDERS.iter().any(|beginning| lower.starts_with(beginning));
    let looked_up =
        ["environ", "getenv", "process.env", "env::"].iter().any(|call| lower.contains(call));
    !(WORDS.contains(&lower.as_str()) || expression || stands_for || looked_up)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The notation with `NAME` for the name.
    fn judge(text: &str) -> Assigned {
        let (before, after) = text.split_once("NAME").unwrap();
        assigned(before.lines().last().unwrap_or_default(), after)
    }

    #[test]
    fn a_value_is_seen_in_every_notation() {
        for text in [
            "NAME=hunter22",
            "export NAME=\"hunter22\"",
            "NAME = 'hunter22'",
            "NAME: hunter22",
            "NAME: hunter22 # the shared one",
            "  - NAME=hunter22",
            "\"NAME\": \"hunter22\"",
            "\"NAME=hunter22\",",
            "{\\\"NAME\\\":\\\"hunter22\\\"}",
            "ENV NAME hunter22",
            "ARG NAME=hunter22",
            "os.environ[\"NAME\"] = \"hunter22\"",
            "${NAME:-hunter22}",
            "- name: NAME\n  value: hunter22",
            "set NAME=hunter22",
        ] {
            assert_eq!(judge(text), Assigned::Literal, "{text}");
        }
    }

    #[test]
    fn a_mention_a_placeholder_and_an_expression_are_no_value() {
        for text in [
            "NAME",
            "NAME=",
            "NAME=\"\"",
            "NAME=$OTHER",
            "NAME: ${OTHER}",
            "NAME=<your secret>",
            "NAME=your-secret-here",
            "NAME: {{ .Values.secret }}",
            "NAME: the secret that signs",
            "NAME = os.environ[\"X\"]",
            "NAME = load(path)",
            "if NAME == \"x\"",
            "${NAME:?missing}",
            "- name: NAME\n  valueFrom:\n",
            "Never set NAME on the customer's side.",
        ] {
            assert_eq!(judge(text), Assigned::Nothing, "{text}");
        }
    }
}
