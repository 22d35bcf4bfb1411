//! `licentia operator …`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use licentia_protocol::resource::{Operator, Page};
use reqwest::Method;
use serde_json::json;

use crate::args::Cli;
use crate::failure::Failure;
use crate::office::Office;
use crate::output::{Output, facts, more, note};

const OPERATORS: &str = "/v1/admin/operators";

/// Who operates the authority.
#[derive(Subcommand)]
pub enum Command {
    /// Make an operator; without a password there are tokens alone.
    #[command(
        after_help = "Example:\n  licentia operator create ada --role support --password-file ada.password"
    )]
    Create {
        /// Log-in name.
        name: String,
        /// What it may do.
        #[arg(long, value_parser = ROLES)]
        role: String,
        /// File with a first password, of at least 12 characters; `-` reads it from standard input.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Operators, by name.
    #[command(after_help = "Example:\n  licentia operator list")]
    List {
        /// Only those after this one: the `next` of the list before.
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// One operator.
    #[command(after_help = "Example:\n  licentia operator show ada")]
    Show {
        /// Log-in name.
        name: String,
    },
    /// Give an operator another role; it holds from the next request on.
    #[command(after_help = "Example:\n  licentia operator update ada --role operator")]
    Update {
        /// Log-in name.
        name: String,
        /// What it may do.
        #[arg(long, value_parser = ROLES)]
        role: String,
    },
    /// Set an operator's password; it ends the operator's sessions.
    #[command(
        after_help = "Example:\n  licentia operator password ada --password-file ada.password"
    )]
    Password {
        /// Log-in name.
        name: String,
        /// File with the password, of at least 12 characters; `-` reads it from standard input.
        #[arg(long, value_name = "FILE")]
        password_file: PathBuf,
    },
    /// Remove an operator, with its tokens and sessions. What it did stays on record.
    #[command(after_help = "Example:\n  licentia operator remove ada")]
    Remove {
        /// Log-in name.
        name: String,
    },
}

const ROLES: [&str; 4] = ["owner", "operator", "support", "read-only"];

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let office = Office::open(cli).await?;
    let operator: Operator = match command {
        Command::List { after, limit } => {
            let page = office.list(OPERATORS, &Vec::new(), after.clone(), *limit).await?;
            more(page.next.as_deref());
            return out.list(
                &page.items,
                ["ID", "NAME", "ROLE", "LOGS IN WITH"],
                |operator: &Operator| {
                    [
                        operator.id.to_string(),
                        operator.name.clone(),
                        operator.role.clone(),
                        log_in(operator).to_owned(),
                    ]
                },
            );
        }
        Command::Create { name, role, password_file } => {
            let password = password_file.as_deref().map(secret).transpose()?;
            let body = json!({ "name": name, "role": role, "password": password });
            office.send(Method::POST, OPERATORS, &body).await?
        }
        Command::Show { name } => named(&office, name).await?,
        Command::Update { name, role } => {
            let path = path(&named(&office, name).await?);
            let changed = office.change(Method::PATCH, &path, &json!({ "role": role })).await?;
            match changed {
                Some(operator) => operator,
                None => named(&office, name).await?,
            }
        }
        Command::Password { name, password_file } => {
            let body = json!({ "password": secret(password_file)? });
            let path = format!("{}/password", path(&named(&office, name).await?));
            office.send(Method::PUT, &path, &body).await?
        }
        Command::Remove { name } => {
            let operator = named(&office, name).await?;
            let _: Option<Operator> = office.change(Method::DELETE, &path(&operator), &()).await?;
            note(&format!("{name} is removed"));
            return out.one(&json!({ "id": operator.id, "removed": true }), |_| String::new());
        }
    };
    out.one(&operator, |operator| {
        facts(&[
            ("id", operator.id.to_string()),
            ("name", operator.name.clone()),
            ("role", operator.role.clone()),
            ("logs in with", log_in(operator).to_owned()),
            ("created", operator.created_at.to_string()),
        ])
    })
}

fn path(operator: &Operator) -> String {
    format!("{OPERATORS}/{}", operator.id)
}

fn log_in(operator: &Operator) -> &'static str {
    match (operator.password, operator.second_factor) {
        (false, _) => "tokens alone",
        (true, false) => "a password",
        (true, true) => "a password and a code",
    }
}

/// By name. There are few of them.
async fn named(office: &Office, name: &str) -> Result<Operator, Failure> {
    let page: Page<Operator> = office.list(OPERATORS, &Vec::new(), None, u32::MAX).await?;
    page.items.into_iter().find(|operator| operator.name == name).ok_or_else(|| {
        Failure::usage(
            format!("there is no operator `{name}`"),
            "`licentia operator list` shows what there is",
        )
    })
}

fn secret(path: &Path) -> Result<String, Failure> {
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin().lock())
    } else {
        std::fs::read_to_string(path)
    };
    let text = text.map_err(|e| {
        Failure::usage(format!("{}: {e}", path.display()), "check the path of --password-file")
    })?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}
