//! `licentia release …`.

mod file;
mod publish;

use clap::Subcommand;
use licentia_protocol::distribution::Release;
use licentia_protocol::resource::Page;
use reqwest::Method;
use serde_json::json;

use crate::args::Cli;
use crate::failure::Failure;
use crate::office::Office;
use crate::output::{Output, facts, more, time};

const RELEASES: &str = "/v1/admin/releases";

/// Releases: what customers download, as far as their licences cover it.
#[derive(Subcommand)]
pub enum Command {
    /// Upload files and publish them as a release. Run again, it goes on where it was cut short.
    #[command(
        after_help = "Example:\n  licentia release publish --product acme --version 1.4.2 \\\n    \
                      acme-linux.tar.gz@linux-x86_64 acme-1.4.2-py3-none-any.whl --personalize acme-linux.tar.gz=acme/license.lic"
    )]
    Publish(publish::Args),
    /// Releases, newest first.
    #[command(after_help = "Example:\n  licentia release list --product acme")]
    List {
        /// Only of this product.
        #[arg(long, value_name = "CODE")]
        product: Option<String>,
        /// Only those after this one: the `next` of the list before.
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// One release with its files.
    #[command(after_help = "Example:\n  licentia release show --product acme 1.4.2")]
    Show {
        /// Product code.
        #[arg(long, value_name = "CODE")]
        product: String,
        /// Its version.
        version: String,
    },
    /// Take a release back: nobody is offered it any more.
    #[command(
        after_help = "Example:\n  licentia release yank --product acme 1.4.2 --reason \"loses data\""
    )]
    Yank {
        /// Product code.
        #[arg(long, value_name = "CODE")]
        product: String,
        /// Its version.
        version: String,
        /// Why, for people.
        #[arg(long)]
        reason: Option<String>,
    },
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let office = Office::open(cli).await?;
    let release = match command {
        Command::Publish(args) => publish::run(&office, args).await?,
        Command::List { product, after, limit } => {
            let parameters = vec![("product", product.clone())];
            let page = office.list(RELEASES, &parameters, after.clone(), *limit).await?;
            more(page.next.as_deref());
            let heads = ["PRODUCT", "VERSION", "CHANNEL", "STATE", "PUBLISHED", "FILES"];
            return out.list(&page.items, heads, |release: &Release| {
                [
                    release.product.clone(),
                    release.version.clone(),
                    release.channel.clone(),
                    release.state.clone(),
                    time(release.published_at, "no"),
                    release.artifacts.len().to_string(),
                ]
            });
        }
        Command::Show { product, version } => known(&office, product, version).await?,
        Command::Yank { product, version, reason } => {
            let release = known(&office, product, version).await?;
            let path = format!("{RELEASES}/{}/yank", release.id);
            office.send(Method::POST, &path, &json!({ "reason": reason })).await?
        }
    };
    out.one(&release, |release| {
        let files = release.artifacts.iter().map(|file| {
            let stored = if file.stored_at.is_some() { "" } else { ", not stored" };
            format!(
                "{} ({}, {} bytes{stored})\n  sha256 {}",
                file.name, file.platform, file.size, file.sha256
            )
        });
        let files: Vec<String> = files.collect();
        let about = facts(&[
            ("id", release.id.to_string()),
            ("product", release.product.clone()),
            ("version", release.version.clone()),
            ("channel", release.channel.clone()),
            ("state", release.state.clone()),
            ("published", time(release.published_at, "no")),
        ]);
        format!("{about}\n{}", files.join("\n"))
    })
}

/// A release by its version.
async fn find(office: &Office, product: &str, version: &str) -> Result<Option<Release>, Failure> {
    let mut after = None;
    loop {
        let parameters = vec![
            ("product", Some(product.to_owned())),
            ("after", after.take()),
            ("limit", Some("1000".to_owned())),
        ];
        let page: Page<Release> = office.get(RELEASES, &parameters).await?;
        if let Some(found) = page.items.into_iter().find(|release| release.version == version) {
            return Ok(Some(found));
        }
        match page.next {
            None => return Ok(None),
            next => after = next,
        }
    }
}

async fn known(office: &Office, product: &str, version: &str) -> Result<Release, Failure> {
    find(office, product, version).await?.ok_or_else(|| {
        Failure::no(
            format!("`{product}` has no release {version}"),
            "look at `licentia release list`",
        )
    })
}
