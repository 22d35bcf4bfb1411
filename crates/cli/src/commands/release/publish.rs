//! `licentia release publish`: the draft, its files in parts, and then it is out. Every step may be repeated: what is
//! there already is not sent again.

use std::collections::HashMap;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use licentia_protocol::distribution::{Artifact, NewArtifact, NewRelease, Release, Upload};
use reqwest::Method;

use super::file::Named;
use super::{RELEASES, find};
use crate::failure::Failure;
use crate::office::Office;

/// What is published.
#[derive(clap::Args)]
pub struct Args {
    /// Product code.
    #[arg(long, value_name = "CODE")]
    product: String,
    /// Its semantic version.
    #[arg(long, value_name = "VERSION")]
    version: String,
    /// Its channel.
    #[arg(long, default_value = "stable")]
    channel: String,
    /// File with what is new, for people.
    #[arg(long, value_name = "FILE")]
    notes: Option<PathBuf>,
    /// Where in an archive each customer's licence file is put; may be repeated.
    #[arg(long, value_name = "ARCHIVE=PATH", value_parser = pair)]
    personalize: Vec<(String, String)>,
    /// Leave it a draft, which nobody but operators sees.
    #[arg(long)]
    draft: bool,
    /// The files, each PATH or PATH@PLATFORM.
    #[arg(value_name = "FILE")]
    files: Vec<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, path) = text.split_once('=').ok_or("wants archive=path")?;
    Ok((name.to_owned(), path.to_owned()))
}

pub(super) async fn run(office: &Office, args: &Args) -> Result<Release, Failure> {
    let files = announced(args)?;
    let release = draft(office, args).await?;
    if release.state != "draft" {
        return already_out(release, &files);
    }
    let bar = ProgressBar::new(files.iter().map(|(_, new)| new.size).sum());
    let look = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left";
    bar.set_style(
        ProgressStyle::with_template(look).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    for (named, new) in &files {
        bar.set_message(new.name.clone());
        let path = format!("{RELEASES}/{}/artifacts", release.id);
        let artifact: Artifact = office.send(Method::POST, &path, new).await?;
        if artifact.stored_at.is_some() {
            bar.inc(new.size);
        } else {
            upload(office, named, &artifact, &bar).await?;
        }
    }
    bar.finish_and_clear();
    let path = format!("{RELEASES}/{}", release.id);
    if args.draft {
        return office.get(&path, &Vec::new()).await;
    }
    office.send(Method::POST, &format!("{path}/publish"), &()).await
}

fn announced(args: &Args) -> Result<Vec<(Named, NewArtifact)>, Failure> {
    let mut personal: HashMap<&str, &str> =
        args.personalize.iter().map(|(name, path)| (name.as_str(), path.as_str())).collect();
    let mut files = Vec::new();
    for text in &args.files {
        let named = Named::parse(text);
        let place = personal.remove(named.name().as_str()).map(str::to_owned);
        let new = named.announce(place)?;
        files.push((named, new));
    }
    match personal.keys().next() {
        None => Ok(files),
        Some(name) => Err(Failure::usage(
            format!("--personalize names `{name}`, which is none of the files"),
            "name the archive as it is called, without its folder",
        )),
    }
}

async fn draft(office: &Office, args: &Args) -> Result<Release, Failure> {
    if let Some(release) = find(office, &args.product, &args.version).await? {
        return Ok(release);
    }
    let notes = match &args.notes {
        None => None,
        Some(path) => Some(std::fs::read_to_string(path).map_err(|e| {
            Failure::usage(format!("{}: {e}", path.display()), "check the path of --notes")
        })?),
    };
    let new = NewRelease {
        product: args.product.clone(),
        version: args.version.clone(),
        channel: Some(args.channel.clone()),
        notes,
    };
    office.send(Method::POST, RELEASES, &new).await
}

/// A release that is out stays what it is: the same once more is done already, anything else is another version.
fn already_out(release: Release, files: &[(Named, NewArtifact)]) -> Result<Release, Failure> {
    let has = |new: &NewArtifact| {
        release.artifacts.iter().any(|file| file.name == new.name && file.sha256 == new.sha256)
    };
    if release.state == "published" && files.iter().all(|(_, new)| has(new)) {
        return Ok(release);
    }
    Err(Failure::no(
        format!("release {} is {} and stays what it is", release.version, release.state),
        "publish these files under another version",
    ))
}

async fn upload(
    office: &Office,
    named: &Named,
    artifact: &Artifact,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    let path = format!("/v1/admin/artifacts/{}", artifact.id);
    let there: Upload = office.get(&path, &Vec::new()).await?;
    let mut start = 0;
    let mut part = 0_u32;
    while start < artifact.size {
        let length = there.part_size.min(artifact.size - start);
        if !there.parts.contains(&part) {
            let bytes = named.part(start, length)?;
            office.put_bytes(&format!("{path}/parts/{part}"), bytes).await.map_err(|e| {
                e.after("run the command again, and it goes on where it was cut short")
            })?;
        }
        bar.inc(length);
        start += length;
        part += 1;
    }
    let _: Artifact = office.send(Method::POST, &format!("{path}/complete"), &()).await?;
    Ok(())
}
