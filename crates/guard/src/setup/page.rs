//! The page itself: one document without scripts and without anything from elsewhere, readable on a phone.

use std::fmt::Write;

use super::{Entry, SaveError, SetUpError};
use crate::guard::Guard;
use crate::log::time;

/// Nothing but the style that the page brings.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const STYLE: &str = include_str!("style.css");

/// What is shown.
pub(super) enum Page {
    Form {
        entry: Entry,
        fields: Vec<(&'static str, &'static str)>,
        refused: Option<(String, String)>,
    },
    Facts {
        title: &'static str,
        facts: Vec<(&'static str, String)>,
        warning: Option<String>,
    },
    Elsewhere,
}

impl Page {
    pub(super) fn empty() -> Self {
        Self::Form { entry: Entry::default(), fields: Vec::new(), refused: None }
    }

    /// What was entered, with what is wrong with it.
    pub(super) fn again(entry: &Entry, error: &SetUpError) -> Self {
        let entry = entry.clone();
        match error {
            SetUpError::Fields(fields) => {
                Self::Form { entry, fields: fields.clone(), refused: None }
            }
            SetUpError::Refused(error) => {
                let refused = Some((error.to_string(), error.advice().into_owned()));
                Self::Form { entry, fields: Vec::new(), refused }
            }
            SetUpError::Licensed => Self::Form { entry, fields: Vec::new(), refused: None },
        }
    }

    pub(super) fn licensed(guard: &Guard) -> Self {
        Self::Facts { title: "This installation is licensed", facts: facts(guard), warning: None }
    }

    pub(super) fn done(guard: &Guard, unsaved: Option<&SaveError>) -> Self {
        let warning = unsaved.map(|error| {
            format!("The configuration could not be written, so the next start asks again. {error}")
        });
        Self::Facts { title: "The licence is in force", facts: facts(guard), warning }
    }

    pub(super) fn elsewhere() -> Self {
        Self::Elsewhere
    }

    pub(super) fn html(&self, product: &str, terms: Option<&str>) -> String {
        let mut html = String::with_capacity(8 * 1024);
        let product = escaped(product);
        let _ = write!(
            html,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{}Set up {product}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
            if self.is_wrong() { "Error: " } else { "" }
        );
        match self {
            Self::Form { entry, fields, refused } => {
                let _ = write!(html, "<h1>Set up {product}</h1>\n<p>Enter what came with your purchase. {product} takes its licence and starts.</p>\n");
                wrong(&mut html, fields, refused.as_ref());
                form(&mut html, entry, fields, terms);
            }
            Self::Facts { title, facts, warning } => {
                let _ = write!(html, "<h1>{product}</h1>\n<p class=\"good\" role=\"status\">{title}.</p>\n");
                if let Some(warning) = warning {
                    let _ = writeln!(html, "<p class=\"bad\" role=\"alert\">{}</p>", escaped(warning));
                }
                html.push_str("<dl>\n");
                for (name, value) in facts {
                    let _ = writeln!(html, "<div><dt>{name}</dt><dd>{}</dd></div>", escaped(value));
                }
                html.push_str("</dl>\n");
            }
            Self::Elsewhere => html.push_str(
                "<h1>Not from here</h1>\n<p class=\"bad\" role=\"alert\">This was sent by another site. Open the set-up page itself and enter it there.</p>\n",
            ),
        }
        html.push_str("</main>\n</body>\n</html>\n");
        html
    }

    fn is_wrong(&self) -> bool {
        match self {
            Self::Form { fields, refused, .. } => !fields.is_empty() || refused.is_some(),
            Self::Facts { warning, .. } => warning.is_some(),
            Self::Elsewhere => true,
        }
    }
}

/// What is wrong, before everything else, with links to the fields.
fn wrong(html: &mut String, fields: &[(&str, &str)], refused: Option<&(String, String)>) {
    if let Some((what, advice)) = refused {
        let _ = writeln!(
            html,
            "<div class=\"bad\" role=\"alert\"><strong>{}.</strong> {}</div>",
            escaped(&capital(what)),
            escaped(advice)
        );
    }
    if !fields.is_empty() {
        html.push_str("<div class=\"bad\" role=\"alert\"><strong>Please correct:</strong>\n<ul>\n");
        for (name, why) in fields {
            let _ = writeln!(html, "<li><a href=\"#{name}\">{why}</a></li>");
        }
        html.push_str("</ul></div>\n");
    }
}

fn form(html: &mut String, entry: &Entry, fields: &[(&str, &str)], terms: Option<&str>) {
    let fault = |name: &str| fields.iter().find(|(field, _)| *field == name).map(|(_, why)| *why);
    let marked = |name: &str| match fault(name) {
        Some(_) => format!(" aria-invalid=\"true\" aria-describedby=\"{name}-why\""),
        None => String::new(),
    };
    let why = |name: &str| match fault(name) {
        Some(why) => format!("<span class=\"why\" id=\"{name}-why\">{why}</span>\n"),
        None => String::new(),
    };
    html.push_str("<form method=\"post\" novalidate>\n");
    let _ = write!(
        html,
        "<label for=\"license_key\">Licence key</label>\n{}<textarea id=\"license_key\" name=\"license_key\" rows=\"3\" \
         required autocomplete=\"off\" autocapitalize=\"off\" spellcheck=\"false\"{}>\n{}</textarea>\n",
        why("license_key"),
        marked("license_key"),
        escaped(&entry.license)
    );
    let _ = write!(
        html,
        "<label for=\"email\">E-mail</label>\n{}<input id=\"email\" name=\"email\" type=\"email\" required \
         autocomplete=\"email\" maxlength=\"254\" value=\"{}\"{}>\n",
        why("email"),
        escaped(&entry.email),
        marked("email")
    );
    let _ = write!(
        html,
        "<label for=\"organization\">Organisation <small>(optional)</small></label>\n{}<input id=\"organization\" \
         name=\"organization\" autocomplete=\"organization\" maxlength=\"200\" value=\"{}\"{}>\n",
        why("organization"),
        escaped(&entry.organization),
        marked("organization")
    );
    if let Some(terms) = terms {
        let _ = write!(
            html,
            "<h2 id=\"terms-title\">Terms</h2>\n<div class=\"terms\" role=\"region\" tabindex=\"0\" \
             aria-labelledby=\"terms-title\">{}</div>\n{}<label class=\"check\"><input type=\"checkbox\" id=\"terms\" \
             name=\"terms\" value=\"accepted\" required{}{}> <span>I accept the terms</span></label>\n",
            escaped(terms),
            why("terms"),
            if entry.terms_accepted { " checked" } else { "" },
            marked("terms")
        );
    }
    html.push_str("<button type=\"submit\">Set up</button>\n</form>\n");
}

fn facts(guard: &Guard) -> Vec<(&'static str, String)> {
    let snapshot = guard.snapshot();
    let license = snapshot.license();
    let expires = match license.and_then(|license| license.exp) {
        Some(exp) => time(exp),
        None => "never".to_owned(),
    };
    let customer = license.and_then(|license| license.customer.as_ref());
    let mut facts = vec![("Tier", snapshot.tier().to_owned()), ("Expires", expires)];
    if let Some(name) = customer.and_then(|c| c.organization.clone().or_else(|| c.name.clone())) {
        facts.push(("Licensed to", name.to_string()));
    }
    facts.push(("Installation", snapshot.cluster_id().to_owned()));
    facts
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// As text in HTML, also within an attribute's double quotes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::denied::StartError;
    use crate::reason::Reason;

    #[test]
    fn what_was_entered_comes_back_as_text_and_what_is_wrong_beside_it() {
        let entry = Entry {
            license: "</textarea><script>alert(1)</script>".into(),
            email: "\" onfocus=\"alert(1)".into(),
            organization: "A & B".into(),
            terms_accepted: true,
        };
        let error =
            SetUpError::Fields(vec![("email", "Enter an e-mail address such as ada@example.com.")]);
        let html = Page::again(&entry, &error).html("B<ZZ", Some("a < b"));
        assert!(!html.contains("<script") && !html.contains("\" onfocus"), "{html}");
        assert!(html.contains("<h1>Set up B&lt;ZZ</h1>") && html.contains("a &lt; b"));
        assert!(html.contains("value=\"A &amp; B\"") && html.contains(" checked"));
        assert!(html.contains("aria-invalid=\"true\" aria-describedby=\"email-why\""));
        assert!(html.contains("<title>Error: Set up"));
        let refused = SetUpError::Refused(StartError::Unlicensed(Reason::Unreachable));
        let html = Page::again(&entry, &refused).html("BZZZ", None);
        assert!(
            html.contains("could not be reached")
                && html.contains("Check address, network and proxy")
        );
        assert!(!html.contains("type=\"checkbox\""));
    }
}
