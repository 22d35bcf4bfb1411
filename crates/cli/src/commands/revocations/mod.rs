//! `licentia revocations …`.

mod publish;
pub(crate) mod verify;

use std::process::ExitCode;

use clap::Subcommand;
use licentia_protocol::revocations::{KeyRevocation, Published, RevokeKey};
use reqwest::Method;

use crate::args::Cli;
use crate::failure::Failure;
use crate::office::Office;
use crate::output::{Output, facts, more, note, time};

/// What is revoked, and the list that says so.
#[derive(Subcommand)]
pub enum Command {
    /// Publish the revocation list: the authority's, or, with --text and --key, one without any authority.
    Publish(publish::Args),
    /// Check a list; needs no authority and no network. Exit status 0 good, 1 not.
    Verify(verify::Args),
    /// The newest list of the authority, and what `revocations.txt` said when it was last read.
    #[command(after_help = "Example:\n  licentia revocations show")]
    Show,
    /// Keys that were revoked by their id.
    #[command(after_help = "Example:\n  licentia revocations list")]
    List {
        /// Only those after this one: the `next` of the list before.
        #[arg(long, value_name = "KEY_ID")]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Revoke a key by its id, whether it was issued here or not.
    #[command(
        after_help = "Example:\n  licentia revocations add daS7y8sioiecYy --reason leaked --comment 'posted online'"
    )]
    Add {
        /// The key's id (`jti`), or the licence's.
        #[arg(value_name = "KEY_ID")]
        key_id: String,
        /// What the public is told: refund, terms, leaked, superseded or other.
        #[arg(long)]
        reason: Option<String>,
        /// What to remember besides; it is not published.
        #[arg(long)]
        comment: Option<String>,
        /// How long running products may go on, e.g. 7d.
        #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = seconds)]
        grace: u32,
    },
    /// Take back the revocation of a key that is none of a licence here; a line that is gone does not do that.
    #[command(after_help = "Example:\n  licentia revocations lift daS7y8sioiecYy")]
    Lift {
        /// The key's id.
        #[arg(value_name = "KEY_ID")]
        key_id: String,
    },
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<ExitCode, Failure> {
    match command {
        Command::Verify(args) => return verify::run(args, out),
        Command::Publish(args) => publish::run(cli, args, out).await?,
        Command::Show => {
            let office = Office::open(cli).await?;
            let published: Published =
                office.get("/v1/admin/revocations/published", &vec![]).await?;
            out.one(&published, describe)?;
        }
        Command::List { after, limit } => {
            let office = Office::open(cli).await?;
            let path = "/v1/admin/revocations/keys";
            let page = office.list(path, &vec![], after.clone(), *limit).await?;
            more(page.next.as_deref());
            keys(&page.items, out)?;
        }
        Command::Add { key_id, reason, comment, grace } => {
            let request = RevokeKey {
                key_id: key_id.clone(),
                reason: reason.clone(),
                comment: comment.clone(),
                grace_s: *grace,
            };
            let office = Office::open(cli).await?;
            keys(&[office.send(Method::POST, "/v1/admin/revocations", &request).await?], out)?;
        }
        Command::Lift { key_id } => {
            let office = Office::open(cli).await?;
            let path = format!("/v1/admin/revocations/{}/lift", encoded(key_id));
            keys(&[office.send(Method::POST, &path, &()).await?], out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A duration such as `90s`, `15m`, `24h` or `7d`.
pub(crate) fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || format!("`{text}` is no duration; write e.g. 90s, 15m, 24h or 7d");
    let (number, unit) = text.split_at(text.len().saturating_sub(1));
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    number.parse::<u32>().ok().and_then(|n| n.checked_mul(unit)).ok_or_else(wrong)
}

/// A segment of a path (RFC 3986 section 3.3).
fn encoded(segment: &str) -> String {
    segment.bytes().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        // Writing to a String cannot fail.
        let _ = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => {
                write!(text, "{}", char::from(byte))
            }
            other => write!(text, "%{other:02X}"),
        };
        text
    })
}

fn keys(keys: &[KeyRevocation], out: Output) -> Result<(), Failure> {
    let missing = keys.iter().filter(|key| key.missing_since.is_some() && key.lifted_at.is_none());
    for key in missing {
        note(&format!(
            "the line of {} is gone; it stays revoked until `licentia revocations lift {}`",
            key.key_id, key.key_id
        ));
    }
    out.list(
        keys,
        ["KEY", "REVOKED", "REASON", "GRACE UNTIL", "SOURCE", "LIFTED", "COMMENT"],
        |key| {
            [
                key.key_id.clone(),
                key.revoked_at.to_string(),
                key.reason.clone(),
                time(key.grace_until, ""),
                key.source.clone(),
                time(key.lifted_at, ""),
                key.comment.clone().unwrap_or_default(),
            ]
        },
    )
}

fn describe(published: &Published) -> String {
    let mut told = vec![
        ("seq", published.seq.to_string()),
        ("signed", published.signed_at.to_string()),
        ("counts until", published.expires_at.to_string()),
        ("revoked", published.revoked.to_string()),
        ("late", published.late.to_string()),
    ];
    let Some(text) = &published.text else { return facts(&told) };
    told.push(("text read", text.read_at.to_string()));
    told.push(("lines", text.lines.to_string()));
    told.push(("bad lines", text.bad_lines.to_string()));
    told.push(("lines gone", text.missing.to_string()));
    let mut described = facts(&told);
    for problem in &text.problems {
        described.push_str(&format!("line {}: {}\n", problem.line, problem.problem));
    }
    described
}
