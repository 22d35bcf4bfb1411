//! `licentia mail …`: the words of the mails, before anybody is sent one.

use std::fs;
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use licentia_authority::mail::{Template, sample};
use licentia_server::mail::template::{BUILT_IN, Templates};
use serde_json::json;

use crate::failure::Failure;
use crate::output::Output;

/// The words of the mails.
#[derive(Subcommand)]
pub enum Command {
    /// Show a mail as it would be sent, with made-up values; every template is checked.
    #[command(
        after_help = "Example:\n  licentia mail preview license_delivered --templates ./mail --part html > preview.html"
    )]
    Preview {
        /// Which: license_delivered, license_renewed, license_changed, license_expiring, license_expired,
        /// trial_ending, license_suspended, new_seat or log_in.
        #[arg(value_parser = template)]
        template: Template,
        /// The folder of one's own templates.
        #[arg(long, value_name = "DIR")]
        templates: Option<PathBuf>,
        /// The name of the vendor.
        #[arg(long, default_value = "Licentia")]
        vendor: String,
        /// Only this part.
        #[arg(long)]
        part: Option<Part>,
    },
    /// Write the built-in templates into a folder, to be changed; files that are there stay.
    #[command(after_help = "Example:\n  licentia mail templates ./mail")]
    Templates {
        /// The folder.
        folder: PathBuf,
    },
}

/// A part of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The subject.
    Subject,
    /// Text.
    Text,
    /// HTML.
    Html,
}

fn template(name: &str) -> Result<Template, String> {
    name.parse().map_err(|_| {
        let names: Vec<_> = Template::ALL.iter().map(|template| template.as_str()).collect();
        format!("there are {}", names.join(", "))
    })
}

pub(crate) fn run(command: &Command, out: Output) -> Result<(), Failure> {
    match command {
        Command::Preview { template, templates, vendor, part } => {
            let words = Templates::load(templates.as_deref(), vendor)
                .and_then(|templates| templates.render(*template, &sample(*template)))
                .map_err(|e| {
                    Failure::no(
                        e.to_string(),
                        "mend the file, or remove it to use the built-in one",
                    )
                })?;
            match part {
                Some(Part::Subject) => out.line(&words.subject),
                Some(Part::Text) => out.line(&words.text),
                Some(Part::Html) => out.line(&words.html),
                None => {
                    let all = json!({
                        "subject": words.subject, "text": words.text, "html": words.html,
                    });
                    out.one(&all, |_| format!("Subject: {}\n\n{}", words.subject, words.text))
                }
            }
        }
        Command::Templates { folder } => {
            let failed = |e: std::io::Error| {
                Failure::undone(
                    format!("{}: {e}", folder.display()),
                    "name a folder that can be written",
                )
            };
            fs::create_dir_all(folder).map_err(failed)?;
            let mut written = Vec::new();
            for (name, text) in BUILT_IN {
                let path = folder.join(name);
                if !path.exists() {
                    fs::write(&path, text).map_err(failed)?;
                    written.push(path.display().to_string());
                }
            }
            out.one(&json!({ "written": written }), |_| written.join("\n"))
        }
    }
}
