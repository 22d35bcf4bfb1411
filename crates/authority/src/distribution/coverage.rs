//! Whether a licence covers a release or a repository. Pure.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use licentia_license::License as Claims;
use licentia_model::{Distribution, Plan, Release, ReleaseState};
use semver::{Prerelease, Version, VersionReq};
use serde::Serialize;

use crate::catalog::is_code;

/// The attribute by which a vendor says until when a licence is maintained: a time, or the last day.
pub(crate) const MAINTENANCE_UNTIL: &str = "maintenance_until";
/// The same, counted from the plan when the licence was issued; seconds since the epoch.
pub(crate) const MAINTAINED: &str = "licentia.maintenance_until";

const MOST_CHANNELS: usize = 20;
const MOST_REPOSITORIES: usize = 100;
/// Longest name of a repository (Distribution specification).
const LONGEST_REPOSITORY: usize = 255;
const VERSION: &str = "{version}";
const CHANNEL: &str = "{channel}";

/// Why a release is not covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNot {
    /// The plan does not name its channel.
    Channel,
    /// The plan is for other versions.
    Version,
    /// It is a draft, or was yanked.
    NotOut,
    /// It came out after the maintenance of the licence had ended.
    Maintenance,
    /// The licence is for another product.
    Product,
}

/// What a licence covers.
#[derive(Debug, Clone)]
pub(crate) struct Coverage {
    channels: Vec<String>,
    repositories: Vec<String>,
    versions: VersionReq,
    /// A release must have been published before.
    until: Option<i64>,
}

impl Coverage {
    /// What a licence of this plan covers. What cannot be read covers nothing.
    pub(crate) fn of(plan: &Plan, claims: &Claims) -> Self {
        match maintained_until(claims) {
            Ok(None) => Self::of_plan(plan),
            Ok(until) => {
                let of_plan = Self::of_plan(plan);
                Self { until: of_plan.until.or(until), ..of_plan }
            }
            Err(()) => {
                tracing::error!(plan = %plan.code, license = %claims.sub, "the end of maintenance cannot be read, so nothing is covered");
                Self::nothing()
            }
        }
    }

    /// What a plan covers for as long as a licence of it is maintained.
    pub(crate) fn of_plan(plan: &Plan) -> Self {
        let Distribution { channels, versions, repositories, .. } = plan.distribution.clone();
        match versions.as_deref().map_or(Ok(VersionReq::STAR), VersionReq::parse) {
            Ok(versions) => Self { channels, repositories, versions, until: None },
            Err(_) => {
                tracing::error!(plan = %plan.code, "`versions` of the plan cannot be read, so nothing is covered");
                Self::nothing()
            }
        }
    }

    fn nothing() -> Self {
        Self {
            channels: Vec::new(),
            repositories: Vec::new(),
            versions: VersionReq::STAR,
            until: Some(0),
        }
    }

    /// Whether it covers a release.
    pub(crate) fn release(&self, release: &Release) -> bool {
        self.why_not(release).is_none()
    }

    /// Why it does not cover a release. Whether that is out is looked at after what the plan says about it.
    pub(crate) fn why_not(&self, release: &Release) -> Option<WhyNot> {
        let Ok(mut version) = Version::parse(&release.version) else {
            return Some(WhyNot::Version);
        };
        // How ripe a version is, its channel says; a requirement is about its numbers.
        version.pre = Prerelease::EMPTY;
        if !self.channels.contains(&release.channel) {
            return Some(WhyNot::Channel);
        }
        if !self.versions.matches(&version) {
            return Some(WhyNot::Version);
        }
        match release.published_at {
            Some(at) if release.state == ReleaseState::Published => {
                self.until.is_some_and(|until| at >= until).then_some(WhyNot::Maintenance)
            }
            _ => Some(WhyNot::NotOut),
        }
    }

    /// Whether it covers a repository now; `releases` are those of the product that are out. Names are compared byte
    /// for byte.
    pub(crate) fn repository(&self, name: &str, releases: &[Release], now: i64) -> bool {
        let maintained = self.until.is_none_or(|until| now < until);
        self.repositories.iter().any(|pattern| {
            if pattern.contains(VERSION) {
                releases.iter().filter(|release| self.release(release)).any(|release| {
                    let pattern = pattern.replace(VERSION, &release.version);
                    fits(&pattern.replace(CHANNEL, &release.channel), name)
                })
            } else if pattern.contains(CHANNEL) {
                maintained
                    && self
                        .channels
                        .iter()
                        .any(|channel| fits(&pattern.replace(CHANNEL, channel), name))
            } else {
                maintained && fits(pattern, name)
            }
        })
    }
}

/// Whether a name fits a pattern, where `*` is anything but a slash.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    // The last star, and how much it has swallowed: only the last one ever has to give way.
    let mut star = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(letter) if *letter == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, swallowed)) if name[swallowed] != b'/' => {
                    star = Some((at, swallowed + 1));
                    p = at + 1;
                    n = swallowed + 1;
                }
                _ => return false,
            },
        }
    }
    pattern[p..].iter().all(|letter| *letter == b'*')
}

/// Until when a licence is maintained; `Ok(None)`: for ever.
pub(crate) fn maintained_until(claims: &Claims) -> Result<Option<i64>, ()> {
    if let Some(value) = claims.attributes.get(MAINTENANCE_UNTIL) {
        return read_end(value.as_str().ok_or(())?).map(Some);
    }
    match claims.attributes.get(MAINTAINED) {
        None => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or(()),
    }
}

/// A time, or the end of a day, UTC.
pub(crate) fn read_end(text: &str) -> Result<i64, ()> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_second());
    }
    let day: Date = text.parse().map_err(drop)?;
    let after = day.tomorrow().and_then(|day| day.to_zoned(TimeZone::UTC)).map_err(drop)?;
    Ok(after.timestamp().as_second())
}

/// What is wrong with what a plan says: the key, and the problem.
pub(crate) fn check(distribution: &Distribution) -> Result<(), (&'static str, String)> {
    let Distribution { channels, versions, repositories, .. } = distribution;
    if channels.len() > MOST_CHANNELS {
        return Err(("channels", format!("there may be at most {MOST_CHANNELS}")));
    }
    if let Some(odd) = channels.iter().find(|channel| !is_code(channel)) {
        return Err((
            "channels",
            format!("{odd:?} is no channel; expected {}", crate::catalog::CODE),
        ));
    }
    if let Some(text) = versions
        && (text.len() > 200 || VersionReq::parse(text).is_err())
    {
        return Err(("versions", "expected a requirement such as `>=1.2, <3`".into()));
    }
    if repositories.len() > MOST_REPOSITORIES {
        return Err(("repositories", format!("there may be at most {MOST_REPOSITORIES}")));
    }
    if let Some(odd) = repositories.iter().find(|pattern| !is_pattern(pattern)) {
        let problem = format!(
            "{odd:?} is no repository; expected lower-case letters, digits, `.`, `_`, `-`, `/`, and `*`, `{VERSION}` \
             and `{CHANNEL}`"
        );
        return Err(("repositories", problem));
    }
    Ok(())
}

fn is_pattern(pattern: &str) -> bool {
    let rest = pattern.replace(VERSION, "0").replace(CHANNEL, "0");
    // One star at a place: more say nothing and cost time.
    !rest.contains("**")
        && (1..=LONGEST_REPOSITORY).contains(&pattern.len())
        && rest.split('/').all(|part| {
            !part.is_empty()
                && part.chars().all(|c| {
                    c.is_ascii_lowercase()
                        || c.is_ascii_digit()
                        || matches!(c, '.' | '_' | '-' | '*')
                })
        })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn release(version: &str, channel: &str, at: i64) -> Release {
        Release {
            id: Uuid::nil(),
            product_id: Uuid::nil(),
            version: version.into(),
            channel: channel.into(),
            state: ReleaseState::Published,
            notes: None,
            reason: None,
            created_at: at,
            published_at: Some(at),
            updated_at: at,
        }
    }

    fn coverage(versions: &str, repositories: &[&str], until: Option<i64>) -> Coverage {
        Coverage {
            channels: vec!["stable".into(), "lts".into()],
            repositories: repositories.iter().map(|&text| text.to_owned()).collect(),
            versions: VersionReq::parse(versions).unwrap(),
            until,
        }
    }

    #[test]
    fn c7_channel_version_and_time_all_have_to_fit() {
        let covers = coverage(">=1.2, <3", &[], Some(100));
        assert!(covers.release(&release("1.2.0", "stable", 99)));
        assert!(covers.release(&release("2.9.9", "lts", 0)));
        assert!(covers.release(&release("2.0.0-rc.1", "stable", 0)));
        for (version, channel, at) in [
            ("1.1.9", "stable", 0),
            ("3.0.0", "stable", 0),
            ("3.0.0-rc.1", "stable", 0),
            ("1.2.0", "beta", 0),
            ("1.2.0", "stable", 100),
            ("1.2", "stable", 0),
        ] {
            assert!(!covers.release(&release(version, channel, at)), "{version} {channel} {at}");
        }
        for state in [ReleaseState::Draft, ReleaseState::Yanked] {
            assert!(!covers.release(&Release { state, ..release("1.2.0", "stable", 0) }));
        }
        let draft = Release { published_at: None, ..release("1.2.0", "stable", 0) };
        assert!(!covers.release(&draft));
    }

    #[test]
    fn c7_a_repository_is_covered_by_its_version_or_while_maintenance_lasts() {
        let out = [release("1.2.0", "stable", 50), release("1.3.0", "stable", 150)];
        let patterns = ["acme/app/{version}", "acme/{channel}/tools-*", "acme/docs"];
        let covers = coverage("*", &patterns, Some(100));
        for (name, before, after) in [
            ("acme/app/1.2.0", true, true),
            ("acme/app/1.3.0", false, false),
            ("acme/app/9.0.0", false, false),
            ("acme/stable/tools-x", true, false),
            ("acme/beta/tools-x", false, false),
            ("acme/stable/tools-x/y", false, false),
            ("acme/docs", true, false),
            ("acme/docs/", false, false),
            ("acme/doc", false, false),
            ("Acme/docs", false, false),
            ("acme/docs2", false, false),
            ("", false, false),
        ] {
            assert_eq!(covers.repository(name, &out, 99), before, "{name}");
            assert_eq!(covers.repository(name, &out, 100), after, "{name}");
        }
    }

    #[test]
    fn a_star_stands_for_anything_but_a_slash() {
        for (pattern, name, expected) in [
            ("*", "a", true),
            ("*", "", true),
            ("*", "a/b", false),
            ("a/*/c", "a/b/c", true),
            ("a/*/c", "a/b/b/c", false),
            ("a*b*c", "axbxbc", true),
            ("a*b*c", "axbxbd", false),
            ("*b", "aab", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn what_a_plan_says_is_checked() {
        let good = Distribution {
            channels: vec!["stable".into()],
            versions: Some("^1".into()),
            maintenance_s: None,
            repositories: vec!["acme/app/{version}".into(), "a/*-{channel}".into()],
        };
        assert_eq!(check(&good), Ok(()));
        for repository in ["", "/a", "a/", "a//b", "A", "a:b", "a/{x}", "a/**", "a b", "ä"] {
            let bad = Distribution { repositories: vec![repository.into()], ..good.clone() };
            assert_eq!(check(&bad).unwrap_err().0, "repositories", "{repository}");
        }
        let bad = Distribution { versions: Some("one".into()), ..good.clone() };
        assert_eq!(check(&bad).unwrap_err().0, "versions");
        let bad = Distribution { channels: vec!["Stable".into()], ..good };
        assert_eq!(check(&bad).unwrap_err().0, "channels");
    }

    #[test]
    fn the_end_of_maintenance_is_a_time_or_the_end_of_a_day() {
        assert_eq!(read_end("1970-01-01T00:01:00Z"), Ok(60));
        assert_eq!(read_end("1970-01-01"), Ok(86_400));
        assert_eq!(read_end("soon"), Err(()));
    }
}
