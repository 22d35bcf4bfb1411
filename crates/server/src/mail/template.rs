//! The words of a mail: `NAME.txt`, whose first line is the subject, and `NAME.html` in `layout.html`. What several of
//! them say is in `terms` (what the licence is good for) and `lines` (how it gets into the product). HTML is escaped, a
//! name that is not known is an error. Files of the same names in the vendor's folder replace the built-in ones.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use licentia_authority::mail::{Template, sample};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde_json::{Value, json};

/// The built-in templates, by file name.
macro_rules! built_in {
    ($($name:literal),*) => {
        &[("layout.html", include_str!("../../templates/mail/layout.html"))
        , ("terms.txt", include_str!("../../templates/mail/terms.txt"))
        , ("terms.html", include_str!("../../templates/mail/terms.html"))
        , ("lines.txt", include_str!("../../templates/mail/lines.txt"))
        , ("lines.html", include_str!("../../templates/mail/lines.html"))
        $(, (concat!($name, ".txt"), include_str!(concat!("../../templates/mail/", $name, ".txt")))
          , (concat!($name, ".html"), include_str!(concat!("../../templates/mail/", $name, ".html"))))*]
    };
}

/// By file name.
pub const BUILT_IN: &[(&str, &str)] = built_in!(
    "license_delivered",
    "license_renewed",
    "license_changed",
    "license_expiring",
    "license_expired",
    "trial_ending",
    "license_suspended",
    "new_seat",
    "log_in"
);

/// Why there are no templates.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// The folder or a file cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of a name that no mail has.
    #[error("{}: no mail has a template of this name", .0.display())]
    Unknown(PathBuf),
    /// A mistake in one.
    #[error("the mail template {name}: {problem}")]
    Mistake {
        /// Its file.
        name: String,
        /// What, and in which line.
        problem: String,
    },
}

/// A mail in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// One line.
    pub subject: String,
    /// Text.
    pub text: String,
    /// HTML, a whole page.
    pub html: String,
}

/// Every template, read once.
pub struct Templates {
    environment: Environment<'static>,
    vendor: String,
}

impl Templates {
    /// Reads them; each has been rendered once, so that a mistake is found before the first mail.
    pub fn load(folder: Option<&Path>, vendor: &str) -> Result<Self, TemplateError> {
        // A line that holds a block tag alone leaves no empty line.
        let syntax =
            SyntaxConfig::builder().trim_blocks(true).build().map_err(|e| mistake("", &e))?;
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| {
            if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
        });
        environment.set_syntax(syntax);
        for (name, text) in BUILT_IN {
            add(&mut environment, name, (*text).to_owned())?;
        }
        if let Some(folder) = folder {
            let io = |source| TemplateError::Io { path: folder.to_owned(), source };
            for file in fs::read_dir(folder).map_err(io)? {
                let path = file.map_err(io)?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if name.starts_with('.') {
                    continue;
                }
                if !BUILT_IN.iter().any(|(known, _)| *known == name) {
                    return Err(TemplateError::Unknown(path));
                }
                let text = fs::read_to_string(&path)
                    .map_err(|source| TemplateError::Io { path: path.clone(), source })?;
                add(&mut environment, &name, text)?;
            }
        }
        let templates = Self { environment, vendor: vendor.to_owned() };
        for template in Template::ALL {
            templates.render(*template, &sample(*template))?;
        }
        Ok(templates)
    }

    /// Puts a mail in words.
    pub fn render(&self, template: Template, context: &Value) -> Result<Words, TemplateError> {
        let mut context = context.clone();
        context["vendor"] = json!({ "name": self.vendor });
        let name = template.as_str();
        let text = self.file(&format!("{name}.txt"), &context)?;
        let (subject, text) = text.split_once('\n').unwrap_or((&text, ""));
        let subject = subject.trim().strip_prefix("Subject:").ok_or_else(|| {
            let problem = "its first line is not `Subject: …`".into();
            TemplateError::Mistake { name: format!("{name}.txt"), problem }
        })?;
        Ok(Words {
            subject: subject
                .split(char::is_control)
                .collect::<Vec<_>>()
                .join(" ")
                .trim()
                .to_owned(),
            text: text.trim_start_matches('\n').to_owned(),
            html: self.file(&format!("{name}.html"), &context)?,
        })
    }

    fn file(&self, name: &str, context: &Value) -> Result<String, TemplateError> {
        let rendered =
            self.environment.get_template(name).and_then(|file| file.render(Serde(context)));
        rendered.map_err(|error| mistake(name, &error))
    }
}

fn add(
    environment: &mut Environment<'static>,
    name: &str,
    text: String,
) -> Result<(), TemplateError> {
    let added = environment.add_template_owned(name.to_owned(), text);
    added.map_err(|error| mistake(name, &error))
}

fn mistake(name: &str, error: &minijinja::Error) -> TemplateError {
    let place = error.line().map(|line| format!(" in line {line}")).unwrap_or_default();
    TemplateError::Mistake { name: name.to_owned(), problem: format!("{error}{place}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mail_is_rendered_and_escaped() {
        let templates = Templates::load(None, "Example & Sons").unwrap();
        for template in Template::ALL {
            let words = templates.render(*template, &sample(*template)).unwrap();
            assert!(!words.subject.is_empty() && words.text.len() > 80, "{template:?}");
            assert!(words.html.contains("Example &amp; Sons"), "{template:?}");
            assert!(words.text.contains("Example & Sons"), "{template:?}");
            if *template != Template::LogIn {
                assert!(words.text.contains("Ada <b>Lovelace</b>"), "{template:?}: {}", words.text);
                let escaped = words.html.contains("Ada &lt;b&gt;Lovelace&lt;");
                assert!(escaped && !words.html.contains("<b>Lovelace"), "{template:?}");
            }
        }
    }

    #[test]
    fn a_mistake_in_the_vendors_template_is_found_before_the_first_mail() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new_seat.txt");
        let load = || Templates::load(Some(folder.path()), "Example").map(drop);
        let problem = || load().unwrap_err().to_string();
        fs::write(&path, "Subject: {{ product.nmae }}\n\nx").unwrap();
        assert!(problem().contains("new_seat.txt"), "{}", problem());
        fs::write(&path, "Hello {{ product.name }}\n\nx").unwrap();
        assert!(problem().contains("Subject"));
        fs::write(&path, "Subject: {{ product.name }\n\nx").unwrap();
        assert!(problem().contains("line 1"), "{}", problem());
        fs::write(&path, "Subject: {{ product.name }}\n\nOwn words").unwrap();
        load().unwrap();
        let templates = Templates::load(Some(folder.path()), "Example").unwrap();
        let words = templates.render(Template::NewSeat, &sample(Template::NewSeat)).unwrap();
        assert_eq!((words.subject.as_str(), words.text.as_str()), ("BZZZ", "Own words"));
        fs::write(folder.path().join("new_seet.txt"), "Subject: x").unwrap();
        assert!(problem().contains("new_seet.txt"));
    }

    #[test]
    fn a_name_cannot_break_out_of_the_subject() {
        let folder = tempfile::tempdir().unwrap();
        let text = "Subject: {{ customer.name }}\n\nx";
        fs::write(folder.path().join("log_in.txt"), "Subject: x\n\nx").unwrap();
        fs::write(folder.path().join("new_seat.txt"), text).unwrap();
        let templates = Templates::load(Some(folder.path()), "Example").unwrap();
        let mut context = sample(Template::NewSeat);
        context["customer"]["name"] = json!("Ada\r\nBcc: all@example.com");
        let words = templates.render(Template::NewSeat, &context).unwrap();
        assert!(!words.subject.contains(['\r', '\n']), "{:?}", words.subject);
    }
}
