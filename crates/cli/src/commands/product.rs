//! `licentia product …`.

use std::path::PathBuf;

use clap::Subcommand;
use licentia_authority::catalog;
use licentia_protocol::catalog::{Imported, NewProduct, ProductFields};
use licentia_protocol::resource::Page;
use licentia_protocol::resource::Product;
use reqwest::Method;

use crate::args::Cli;
use crate::failure::Failure;
use crate::office::{Office, escaped};
use crate::output::{Output, facts, note};

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
    /// Make a product by hand; its plans come after it.
    #[command(
        after_help = "Example:\n  licentia product create bzzz --name BZZZ --default-plan standard"
    )]
    Create {
        /// Short name.
        code: String,
        /// What it is like.
        #[command(flatten)]
        fields: Fields,
    },
    /// All products.
    #[command(after_help = "Example:\n  licentia product list --json")]
    List,
    /// One product.
    #[command(after_help = "Example:\n  licentia product show bzzz")]
    Show {
        /// Short name.
        code: String,
    },
    /// Change a product; what is not named stays.
    #[command(after_help = "Example:\n  licentia product update bzzz --grace-s 43200")]
    Update {
        /// Short name.
        code: String,
        /// What it is to be like.
        #[command(flatten)]
        fields: Fields,
    },
}

/// What can be told of a product.
#[derive(clap::Args)]
pub struct Fields {
    /// Name for people.
    #[arg(long)]
    name: Option<String>,
    /// Prefix of keys and environment variables; default: the code in capitals.
    #[arg(long, value_name = "PREFIX")]
    key_prefix: Option<String>,
    /// Scheme of new keys.
    #[arg(long, value_parser = ["jwt", "v2", "v1", "short"])]
    scheme: Option<String>,
    /// Preset of the guard.
    #[arg(long, value_parser = ["strict", "degrade", "lenient"])]
    enforcement: Option<String>,
    /// Seconds between heartbeats.
    #[arg(long, value_name = "SECONDS")]
    heartbeat_s: Option<u32>,
    /// Seconds of grace.
    #[arg(long, value_name = "SECONDS")]
    grace_s: Option<u32>,
    /// Plan of licences that name none.
    #[arg(long, value_name = "CODE")]
    default_plan: Option<String>,
    /// Of what there is one trial; may be repeated.
    #[arg(long, value_parser = ["customer", "domain", "machine"])]
    trial_once_per: Vec<String>,
}

impl Fields {
    fn told(&self) -> ProductFields {
        ProductFields {
            name: self.name.clone(),
            key_prefix: self.key_prefix.clone(),
            scheme: self.scheme.clone(),
            enforcement: self.enforcement.clone(),
            heartbeat_interval_s: self.heartbeat_s,
            grace_s: self.grace_s,
            default_plan: self.default_plan.clone(),
            trial_once_per: (!self.trial_once_per.is_empty()).then(|| self.trial_once_per.clone()),
            ..ProductFields::default()
        }
    }
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let product: Product = match command {
        Command::Import { files } => return import(cli, files, out).await,
        Command::List => {
            let page: Page<Product> = Office::open(cli)
                .await?
                .list("/v1/admin/products", &Vec::new(), None, u32::MAX)
                .await?;
            return out.list(
                &page.items,
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
            );
        }
        Command::Create { code, fields } => {
            let new = NewProduct { code: code.clone(), fields: fields.told() };
            Office::open(cli).await?.send(Method::POST, "/v1/admin/products", &new).await?
        }
        Command::Show { code } => Office::open(cli).await?.get(&path(code), &Vec::new()).await?,
        Command::Update { code, fields } => {
            Office::open(cli).await?.send(Method::PATCH, &path(code), &fields.told()).await?
        }
    };
    out.one(&product, |product| {
        facts(&[
            ("code", product.code.clone()),
            ("name", product.name.clone()),
            ("key prefix", product.key_prefix.clone()),
            ("scheme", product.scheme.clone()),
            ("enforcement", product.enforcement.clone()),
            ("heartbeat", format!("{} s", product.heartbeat_interval_s)),
            ("grace", format!("{} s", product.grace_s)),
            ("default plan", product.default_plan.clone()),
            (
                "meters",
                product.meters.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(" "),
            ),
        ])
    })
}

fn path(code: &str) -> String {
    format!("/v1/admin/products/{}", escaped(code))
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
        catalog::parse(&text).map_err(|e| {
            Failure::usage(
                format!("{}: {e}", path.display()),
                "correct the catalogue at that place",
            )
        })?;
        catalogs.push(text);
    }
    let office = Office::open(cli).await?;
    for catalog in catalogs {
        let done: Imported =
            office.send_text("/v1/admin/products/import", "application/toml", catalog).await?;
        let verb = if done.created { "created" } else { "updated" };
        let plans =
            if done.plans == 1 { "1 plan".to_owned() } else { format!("{} plans", done.plans) };
        note(&format!("{verb} {} with {plans}", done.product.code));
        if out.json {
            out.one(&done, |_| String::new())?;
        }
    }
    Ok(())
}
