//! `licentia product …`.

use std::path::PathBuf;

use clap::Subcommand;
use licentia_authority::catalog;
use serde_json::json;

use crate::args::Cli;
use crate::failure::Failure;
use crate::local::{actor, authority};
use crate::output::{Output, note};

/// Largest catalogue that is read.
const MAX_BYTES: u64 = 1024 * 1024;

/// Products of the catalogue.
#[derive(Subcommand)]
pub enum Command {
    /// Set up a product with its plans and meters; repeatable.
    #[command(after_help = "Example:\n  licentia product import examples/catalogs/bzzz.toml")]
    Import {
        /// The catalogues.
        #[arg(required = true, value_name = "FILE.toml")]
        files: Vec<PathBuf>,
    },
    /// All products.
    #[command(after_help = "Example:\n  licentia product list --json")]
    List,
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    match command {
        Command::Import { files } => import(cli, files, out).await,
        Command::List => {
            let products = authority(cli).await?.list_products().await?;
            out.list(
                &products,
                ["CODE", "NAME", "SCHEME", "ENFORCEMENT", "HEARTBEAT", "GRACE"],
                |product| {
                    [
                        product.code.clone(),
                        product.name.clone(),
                        product.scheme.clone(),
                        product.enforcement.clone(),
                        format!("{} s", product.heartbeat_interval_s),
                        format!("{} s", product.grace_s),
                    ]
                },
            )
        }
    }
}

/// All files are read and checked before the first is imported.
async fn import(cli: &Cli, files: &[PathBuf], out: Output) -> Result<(), Failure> {
    let mut catalogs = Vec::new();
    for path in files {
        let unreadable = |e: &dyn std::fmt::Display| {
            Failure::usage(
                format!("{}: {e}", path.display()),
                "give the path of a catalogue in TOML",
            )
        };
        let size = std::fs::metadata(path).map_err(|e| unreadable(&e))?.len();
        if size > MAX_BYTES {
            return Err(unreadable(&"the file is larger than 1 MiB"));
        }
        let text = std::fs::read_to_string(path).map_err(|e| unreadable(&e))?;
        let catalog = catalog::parse(&text).map_err(|e| {
            Failure::usage(
                format!("{}: {e}", path.display()),
                "correct the catalogue at that place",
            )
        })?;
        catalogs.push(catalog);
    }
    let authority = authority(cli).await?;
    for catalog in catalogs {
        let imported = authority.import_catalog(catalog, actor()).await?;
        let verb = if imported.created { "created" } else { "updated" };
        let plans = if imported.plans == 1 {
            "1 plan".to_owned()
        } else {
            format!("{} plans", imported.plans)
        };
        note(&format!("{verb} {} with {plans}", imported.product.code));
        if out.json {
            let (product, plans, created) = (&imported.product, imported.plans, imported.created);
            out.line(
                &json!({ "product": product, "plans": plans, "created": created }).to_string(),
            )?;
        }
    }
    Ok(())
}
