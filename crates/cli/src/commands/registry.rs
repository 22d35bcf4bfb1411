//! `licentia registry …`: a container registry that asks the authority for its tokens.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use jiff::civil::Date;
use licentia_protocol::distribution::PullToken;
use licentia_protocol::registry::RegistryKeys;
use licentia_protocol::resource::License;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::args::Cli;
use crate::commands::license::issue::end_of_day;
use crate::failure::Failure;
use crate::office::Office;
use crate::output::{Output, facts, more, time};

/// Where a registry listens if nobody says otherwise.
const REGISTRY: &str = "localhost:5000";

/// A container registry.
#[derive(Subcommand)]
pub enum Command {
    /// Write the configuration of a registry that asks the authority for its tokens.
    #[command(
        after_help = "Example:\n  licentia registry config --public-url https://licenses.vendor.example --out /etc/docker/registry"
    )]
    Config(Config),
    /// Make a pull token of a licence, and print the command by which its customer logs in.
    #[command(
        name = "login-command",
        after_help = "Example:\n  licentia registry login-command 5f0c2a4e-… --registry registry.vendor.example"
    )]
    Login {
        /// The licence's id.
        license: Uuid,
        /// The registry, as customers reach it.
        #[arg(long, env = "LICENTIA_REGISTRY", default_value = REGISTRY, value_name = "HOST[:PORT]")]
        registry: String,
        /// What the token is for.
        #[arg(long, default_value = "docker login")]
        name: String,
        /// Good through the end of this day, UTC; none: it ends with the licence.
        #[arg(long, value_name = "YYYY-MM-DD")]
        expires: Option<Date>,
    },
    /// The pull tokens of a licence, newest first.
    #[command(after_help = "Example:\n  licentia registry tokens 5f0c2a4e-…")]
    Tokens {
        /// The licence's id.
        license: Uuid,
        /// Only those after this one: the `next` of the list before.
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Revoke a pull token: it opens nothing from the next request on.
    #[command(after_help = "Example:\n  licentia registry revoke-token 5f0c2a4e-…")]
    RevokeToken {
        /// The token's id.
        id: Uuid,
    },
}

/// What the configuration says.
#[derive(clap::Args)]
pub struct Config {
    /// Where clients and registry reach the authority.
    #[arg(long, value_name = "URL")]
    public_url: String,
    /// The registry: versions differ in the keys that they know.
    #[arg(long, default_value = "docker-registry-2.8")]
    flavor: Flavor,
    /// What the registry calls itself; any name will do.
    #[arg(long, default_value = "licentia-registry", value_name = "NAME")]
    service: String,
    /// Where the registry listens.
    #[arg(long, default_value = ":5000", value_name = "ADDRESS")]
    listen: String,
    /// Where the registry keeps its images.
    #[arg(long, default_value = "/var/lib/registry", value_name = "DIR")]
    storage: String,
    /// Folder for the configuration; made where it is missing.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// A kind of registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Flavor {
    /// Debian's docker-registry, and `registry:2`.
    #[value(name = "docker-registry-2.8", alias = "2.8")]
    V28,
    /// `registry:3`.
    #[value(name = "docker-registry-3", alias = "3")]
    V3,
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let office = Office::open(cli).await?;
    match command {
        Command::Config(args) => {
            let keys: RegistryKeys = office.get("/v1/admin/registry", &Vec::new()).await?;
            let files = write(args, &keys)?;
            out.one(&json!({ "files": files, "issuer": keys.issuer }), |_| files.join("\n"))
        }
        Command::Login { license, registry, name, expires } => {
            // Also says that there is no such licence, before anything is made.
            let found: License =
                office.get(&format!("/v1/admin/licenses/{license}"), &Vec::new()).await?;
            let expires_at = expires.map(end_of_day).transpose()?;
            let body = json!({ "name": name, "expires_at": expires_at });
            let path = format!("/v1/admin/licenses/{}/pull-tokens", found.id);
            let token: PullToken = office.send(Method::POST, &path, &body).await?;
            let secret = token.token.clone().unwrap_or_default();
            let command = login_command(&found.id, &secret, registry);
            let told = json!({ "command": command, "registry": registry, "user": found.id, "password": secret, "pull_token": token });
            out.one(&told, |_| command.clone())
        }
        Command::Tokens { license, after, limit } => {
            let path = format!("/v1/admin/licenses/{license}/pull-tokens");
            let page = office.list(&path, &Vec::new(), after.clone(), *limit).await?;
            more(page.next.as_deref());
            let heads = ["ID", "NAME", "BEGINS", "MADE", "EXPIRES", "STATE"];
            out.list(&page.items, heads, |token: &PullToken| {
                [
                    token.id.to_string(),
                    token.name.clone(),
                    token.prefix.clone(),
                    time(Some(token.created_at), ""),
                    time(token.expires_at, "with the licence"),
                    if token.revoked_at.is_some() { "revoked" } else { "good" }.to_owned(),
                ]
            })
        }
        Command::RevokeToken { id } => {
            let path = format!("/v1/admin/pull-tokens/{id}");
            let token: PullToken = office.send(Method::DELETE, &path, &()).await?;
            out.one(&token, |token| {
                facts(&[
                    ("id", token.id.to_string()),
                    ("name", token.name.clone()),
                    ("revoked", time(token.revoked_at, "no")),
                ])
            })
        }
    }
}

/// The password goes through a pipe: an argument could be read by others on that machine.
fn login_command(license: &Uuid, secret: &str, registry: &str) -> String {
    format!("printf %s '{secret}' | docker login --username {license} --password-stdin {registry}")
}

fn write(args: &Config, keys: &RegistryKeys) -> Result<Vec<String>, Failure> {
    let failed = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::undone(
            format!("{}: {error}", path.display()),
            "choose a folder with --out that can be written",
        )
    };
    std::fs::create_dir_all(&args.out).map_err(|e| failed(&args.out, &e))?;
    let folder = args.out.canonicalize().map_err(|e| failed(&args.out, &e))?;
    let (trust, content) = match args.flavor {
        Flavor::V28 => ("rootcerts.pem", keys.certificates.concat()),
        Flavor::V3 => ("jwks.json", format!("{:#}\n", json!({ "keys": keys.keys }))),
    };
    let trust = folder.join(trust);
    let config = folder.join("config.yml");
    let text = configuration(args, &keys.issuer, &trust.display().to_string());
    for (path, content) in [(&trust, content), (&config, text)] {
        std::fs::write(path, content).map_err(|e| failed(path, &e))?;
    }
    Ok(vec![config.display().to_string(), trust.display().to_string()])
}

/// Values are JSON strings, which YAML reads as they are.
fn configuration(args: &Config, issuer: &str, trust: &str) -> String {
    let quoted = |text: &str| json!(text).to_string();
    let realm = format!("{}/v1/registry/token", args.public_url.trim_end_matches('/'));
    let (realm, trust) = match args.flavor {
        Flavor::V28 => (realm, format!("    rootcertbundle: {}\n", quoted(trust))),
        Flavor::V3 => (
            realm + "?flavor=docker-registry-3",
            // Named, since the registry would otherwise take symmetric ones too.
            format!("    jwks: {}\n    signingalgorithms: [EdDSA, RS256]\n", quoted(trust)),
        ),
    };
    format!(
        "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {storage}\n  delete:\n    enabled: true\nhttp:\n  \
         addr: {listen}\n  headers:\n    X-Content-Type-Options: [nosniff]\nauth:\n  token:\n    realm: {realm}\n    \
         service: {service}\n    issuer: {issuer}\n{trust}",
        storage = quoted(&args.storage),
        listen = quoted(&args.listen),
        realm = quoted(&realm),
        service = quoted(&args.service),
        issuer = quoted(issuer),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(flavor: Flavor) -> Config {
        Config {
            public_url: "https://licenses.example/".into(),
            flavor,
            service: "a \"name\"".into(),
            listen: ":5000".into(),
            storage: "/var/lib/registry".into(),
            out: PathBuf::new(),
        }
    }

    #[test]
    fn c7_the_configuration_is_yaml_that_says_what_was_asked() {
        for (flavor, realm, key) in [
            (Flavor::V28, "https://licenses.example/v1/registry/token", "rootcertbundle"),
            (
                Flavor::V3,
                "https://licenses.example/v1/registry/token?flavor=docker-registry-3",
                "jwks",
            ),
        ] {
            let text = configuration(&args(flavor), "urn:x", "/etc/trust");
            let read: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).unwrap();
            let token = &read["auth"]["token"];
            assert_eq!(token["realm"], realm);
            assert_eq!(token["service"], "a \"name\"");
            assert_eq!(token["issuer"], "urn:x");
            assert_eq!(token[key], "/etc/trust");
        }
    }
}
