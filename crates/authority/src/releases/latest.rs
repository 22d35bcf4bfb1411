//! The newest release for an application, signed.

use licentia_license::release::{Latest, ReleaseFile, ReleaseNews};
use licentia_protocol::distribution;
use semver::Version;
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::releases::create::STABLE;

/// How long the answer is news, in seconds.
const NEWS_LIFE_S: i64 = 24 * 60 * 60;
const LONGEST: usize = 100;

/// What an application is, and what it has.
#[derive(Debug, Clone, Default)]
pub struct LatestRequest {
    /// Its product's code.
    pub product: String,
    /// The channel that it follows; `None`: `stable`.
    pub channel: Option<String>,
    /// The version that it is.
    pub version: Option<String>,
    /// The platform that it runs on.
    pub platform: Option<String>,
}

impl Authority {
    /// The newest release of a channel that is newer than what the application is and open to whoever asks.
    pub async fn latest_release(
        &self,
        password: Option<String>,
        request: LatestRequest,
    ) -> Result<(distribution::Latest, Option<Uuid>), AuthorityError> {
        let has = check(&request)?;
        let product = request.product.clone();
        self.with_covered(password, product, move |this, tx, covered| {
            Box::pin(async move {
                let channel = request.channel.unwrap_or_else(|| STABLE.to_owned());
                let newer = |version: &Version| has.as_ref().is_none_or(|has| version > has);
                let newest = covered
                    .releases
                    .iter()
                    .filter(|release| release.channel == channel)
                    .filter_map(|release| Some((Version::parse(&release.version).ok()?, release)))
                    .filter(|(version, _)| newer(version))
                    .max_by(|(a, _), (b, _)| a.cmp(b));
                let release = match newest {
                    None => None,
                    Some((_, release)) => Some(
                        this.covered_view(tx, &covered, release, request.platform.as_deref())
                            .await?,
                    ),
                };
                let now = this.clock().now();
                let news = ReleaseNews {
                    iss: this.issuer().to_owned(),
                    aud: covered.product.code.clone(),
                    iat: now,
                    exp: now.saturating_add(NEWS_LIFE_S),
                    channel,
                    platform: request.platform,
                    version: request.version,
                    latest: release.as_ref().map(signed),
                };
                Ok((
                    distribution::Latest { release, signed: this.sign(&news)? },
                    covered.license_id,
                ))
            })
        })
        .await
    }
}

fn signed(release: &distribution::CoveredRelease) -> Latest {
    let files = release.downloads.iter().map(|download| ReleaseFile {
        name: download.artifact.name.clone(),
        size: download.artifact.size,
        sha256: download.artifact.sha256.clone(),
    });
    Latest {
        version: release.version.clone(),
        published_at: release.published_at.map_or(0, |at| at.as_second()),
        files: files.collect(),
    }
}

fn check(request: &LatestRequest) -> Result<Option<Version>, AuthorityError> {
    let invalid =
        |field, problem: &str| Err(AuthorityError::Invalid { field, problem: problem.to_owned() });
    for (field, value) in [("channel", &request.channel), ("platform", &request.platform)] {
        if value
            .as_ref()
            .is_some_and(|value| value.len() > LONGEST || value.chars().any(char::is_control))
        {
            return invalid(field, "wants at most 100 printable characters");
        }
    }
    match &request.version {
        None => Ok(None),
        Some(text) if text.len() <= LONGEST => match Version::parse(text) {
            Ok(version) => Ok(Some(version)),
            Err(_) => invalid("version", "wants a semantic version such as `1.4.2`"),
        },
        Some(_) => invalid("version", "wants a semantic version such as `1.4.2`"),
    }
}
