//! The story itself, act by act. A step that does not hold ends it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use licentia_authority::licenses::issue::{Order, Term};
use licentia_authority::{Actor, Authority, catalog};
use licentia_issue::Secret;
use licentia_license::decide::{Circumstances, decide};
use licentia_license::scheme::{Rules, check};
use licentia_license::verify::verify;
use licentia_license::{Invalid, License, Trust};
use licentia_model::{Clock, Scheme};
use licentia_protocol::resource;
use licentia_server::system::SystemClock;

use crate::commands::demo::Timeline;
use crate::commands::demo::child::{Node, broken};
use crate::failure::Failure;

/// The catalogues of the five seeds.
const CATALOGS: [(&str, &str, Scheme); 5] = [
    ("TMWS", include_str!("../../../../../examples/catalogs/tmws.toml"), Scheme::V1),
    ("CAIO", include_str!("../../../../../examples/catalogs/caio.toml"), Scheme::V2),
    ("BZZZ", include_str!("../../../../../examples/catalogs/bzzz.toml"), Scheme::Jwt),
    (
        "Volcanic Pixels",
        include_str!("../../../../../examples/catalogs/volcanic-pixels.toml"),
        Scheme::Jwt,
    ),
    ("Muonroi", include_str!("../../../../../examples/catalogs/muonroi.toml"), Scheme::Short),
];
/// The shared secret of TMWS's old keys, in this demo.
const SECRET: &[u8] = b"the demo's secret for v1 keys, known to everybody";

/// Seconds between heartbeats in the demo, so that one can be seen; the catalogues say minutes and hours.
const HEARTBEAT_S: u32 = 1;
/// Within this time a suspension must have reached a running product.
const AT_ONCE: Duration = Duration::from_secs(1);

pub(crate) async fn tell(
    timeline: &Timeline,
    authority: &Authority,
    home: &Path,
    server: &str,
) -> Result<(), Failure> {
    let story = Story { timeline, authority, home, server, trust: home.join("trust.pem") };
    let licenses = story.catalogue_and_licenses().await?;
    let bundle = story.verify_offline(&licenses)?;
    std::fs::write(&story.trust, &bundle)
        .map_err(|e| broken(&format!("the trust bundle was not written: {e}")))?;
    let bzzz = of(&licenses, "bzzz")?;
    let muonroi = of(&licenses, "muonroi")?;
    story.seats_and_gates(bzzz).await?;
    story.suspended_and_resumed(bzzz, muonroi).await?;
    story.revoked(bzzz).await?;
    story.audited().await
}

struct Story<'a> {
    timeline: &'a Timeline,
    authority: &'a Authority,
    home: &'a Path,
    server: &'a str,
    trust: PathBuf,
}

impl Story<'_> {
    async fn catalogue_and_licenses(&self) -> Result<Vec<resource::License>, Failure> {
        self.timeline.act("Five products, a licence each, in every scheme")?;
        let mut licenses = Vec::new();
        for (name, text, scheme) in CATALOGS {
            let mut catalog =
                catalog::parse(text).map_err(|e| broken(&format!("catalogue of {name}: {e}")))?;
            catalog.product.heartbeat_s = HEARTBEAT_S;
            let imported = self.authority.import_catalog(catalog, actor()).await?;
            if scheme == Scheme::V1 {
                let secret = Secret::new(SECRET.to_vec());
                self.authority
                    .import_secret(imported.product.code.clone(), secret, actor())
                    .await?;
            }
            let order = Order {
                product: imported.product.code.clone(),
                plan: best_plan(&imported.product.code),
                scheme: Some(scheme),
                email: "ada@example.com".into(),
                name: Some("Ada Lovelace".into()),
                organization: Some("Analytical Engines".into()),
                term: Term::Days(365),
                ..Order::default()
            };
            let license = self.authority.issue(order, actor()).await?;
            self.timeline.held(&format!(
                "{name}: {}, a `{}` key on `{}` until {}",
                if imported.plans == 1 {
                    "1 plan".to_owned()
                } else {
                    format!("{} plans", imported.plans)
                },
                license.scheme,
                license.plan,
                license.expires_at.map_or_else(|| "for ever".to_owned(), |at| at.to_string()),
            ))?;
            licenses.push(license);
        }
        Ok(licenses)
    }

    fn verify_offline(&self, licenses: &[resource::License]) -> Result<String, Failure> {
        self.timeline.act("Verified offline, with nothing but the public trust bundle")?;
        let bundle = self.authority.trust().to_text();
        let trust =
            Trust::from_text(&bundle).map_err(|e| broken(&format!("the trust bundle: {e}")))?;
        let now = SystemClock.now();
        for license in licenses {
            let rules = self.rules(license)?;
            let circumstances = Circumstances::at(now).product(&license.product);
            let verdict = check(key_of(license)?, &trust, &rules, now)
                .and_then(|checked| decide(&checked, &circumstances));
            match (license.scheme.as_str(), verdict) {
                ("short", Err(Invalid::Unrecognized)) => {
                    self.timeline
                        .held("short: says nothing by itself, the authority will know it")?;
                }
                ("v1", Ok(())) => {
                    let what = "v1: the licence of tmws is valid under the shared secret";
                    self.timeline.held(what)?;
                }
                (scheme, Ok(())) => {
                    self.timeline
                        .held(&format!("{scheme}: the licence of {} is valid", license.product))?;
                }
                (_, Err(e)) => {
                    return Err(broken(&format!("the licence of {}: {e}", license.product)));
                }
            }
        }
        let mut refused = 0_usize;
        let key = key_of(of(licenses, "bzzz")?)?;
        for at in (0..key.len()).step_by(7) {
            let mut bytes = key.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8_lossy(&bytes);
            if forged != key && verify::<License>(&forged, &trust).is_ok() {
                return Err(broken("a forged licence passed"));
            }
            refused += 1;
        }
        self.timeline.held(&format!(
            "{refused} forgeries of one of them, a single character changed: all refused"
        ))?;
        Ok(bundle)
    }

    /// What a verifier of this product knows beside whom to trust.
    fn rules(&self, license: &resource::License) -> Result<Rules, Failure> {
        let rules = Rules::new().product(&license.product);
        match license.scheme.as_str() {
            "v1" => rules.secret(SECRET, None).map_err(|e| broken(&e.to_string())),
            _ => Ok(rules),
        }
    }

    async fn seats_and_gates(&self, license: &resource::License) -> Result<(), Failure> {
        self.timeline.act("BZZZ runs: activation, heartbeat, feature gates, seats")?;
        let mut first = self.node("walnut", license, "")?;
        first.until_standing("licensed").await?;
        self.timeline
            .held("node walnut is a process of its own; it activated itself and is Licensed")?;
        first.until_gate("task-distribution", true).await?;
        first.until_gate("advanced-ai-integration", true).await?;
        self.timeline
            .held("its gates `task-distribution` and `advanced-ai-integration` are open")?;
        let beats = self.heard_from(license, 3).await?;
        self.timeline.held(&format!("its heartbeats arrive: {beats} signed leases so far"))?;

        let mut second = self.node("acacia", license, "")?;
        second.until_standing("licensed").await?;
        let third = self.node("ironwood", license, "")?.ended().await?;
        if third.status.success() {
            return Err(broken("a third node ran on two seats"));
        }
        self.timeline.held(&format!(
            "node acacia takes the second seat; ironwood finds none: {}",
            third.reason
        ))?;
        let ended = second.stop().await?;
        if !ended.status.success() || self.live(license).await? != 1 {
            return Err(broken(&format!("acacia did not give its seat back: {}", ended.reason)));
        }
        self.timeline.held("acacia is told to stop and gives its seat back; one seat is taken")?;
        let ended = first.stop().await?;
        if ended.status.success() { Ok(()) } else { Err(broken(&ended.reason)) }
    }

    async fn suspended_and_resumed(
        &self,
        strict: &resource::License,
        degrade: &resource::License,
    ) -> Result<(), Failure> {
        self.timeline.act("Suspended: one product stops, the other drops to Free")?;
        let mut bzzz = self.node("walnut", strict, "")?;
        let mut muonroi = self.node(
            "rules",
            degrade,
            "  product: muonroi\n  env_prefix: MUONROI\n  enforcement: degrade\n  gates: [rule-engine, http.request]\n  \
             free_features: [http.request, api.validate]\n",
        )?;
        bzzz.until_standing("licensed").await?;
        muonroi.until_standing("licensed").await?;
        muonroi.until_gate("rule-engine", true).await?;
        self.timeline
            .held("BZZZ (strict) and Muonroi (degrade) run side by side, both Licensed")?;

        let began = Instant::now();
        self.authority.suspend(strict.id, Some("invoice 17 is open".into()), actor()).await?;
        bzzz.until_standing("stopped").await?;
        let took = began.elapsed();
        let ended = bzzz.ended().await?;
        if ended.status.code() != Some(1) || took > AT_ONCE {
            return Err(broken(&format!(
                "BZZZ took {} ms to stop, {}",
                took.as_millis(),
                ended.status
            )));
        }
        self.timeline.held(&format!(
            "BZZZ suspended: the node stopped {} ms later with status 1: {}",
            took.as_millis(),
            ended.reason
        ))?;

        let began = Instant::now();
        self.authority.suspend(degrade.id, Some("invoice 18 is open".into()), actor()).await?;
        muonroi.until_standing("free").await?;
        let took = began.elapsed();
        muonroi.until_gate("rule-engine", false).await?;
        muonroi.until_gate("http.request", true).await?;
        if took > AT_ONCE {
            return Err(broken(&format!("Muonroi took {} ms to drop to Free", took.as_millis())));
        }
        self.timeline.held(&format!(
            "Muonroi suspended: Free {} ms later; `rule-engine` is closed, `http.request` stays open",
            took.as_millis()
        ))?;
        let ended = muonroi.stop().await?;
        if !ended.status.success() {
            return Err(broken(&ended.reason));
        }

        self.timeline.act("Resumed")?;
        self.authority.resume(strict.id, actor()).await?;
        let mut bzzz = self.node("walnut", strict, "")?;
        bzzz.until_standing("licensed").await?;
        self.timeline.held("BZZZ is in force again; node walnut starts and is Licensed")?;
        bzzz.stop().await.map(|_| ())
    }

    async fn revoked(&self, license: &resource::License) -> Result<(), Failure> {
        self.timeline.act("Revoked")?;
        let mut node = self.node("walnut", license, "")?;
        node.until_standing("licensed").await?;
        let began = Instant::now();
        self.authority.revoke(license.id, Some("refund".into()), 0, actor()).await?;
        node.until_standing("stopped").await?;
        let took = began.elapsed();
        node.ended().await?;
        self.timeline.held(&format!(
            "the licence is revoked: the running node stopped {} ms later",
            took.as_millis()
        ))?;
        let again = self.node("walnut", license, "")?.ended().await?;
        if again.status.success() {
            return Err(broken("a revoked licence started a node"));
        }
        self.timeline.held(&format!("it does not start again: {}", again.reason))
    }

    async fn audited(&self) -> Result<(), Failure> {
        self.timeline.act("Audited")?;
        let report = self.authority.verify_audit().await?;
        if !report.valid {
            return Err(broken(&report.findings.join("; ")));
        }
        self.timeline.held(&format!("{} entries, chained by hash: the trail is whole", report.rows))
    }

    /// A node with a configuration of its own, in the form of the seed.
    fn node(&self, name: &str, license: &resource::License, more: &str) -> Result<Node, Failure> {
        let folder = self.home.join(format!("{}-{name}", license.product));
        let config = folder.join("config.yaml");
        let yaml = format!(
            "license:\n  server_url: \"{}\"\n  license_key: \"{}\"\n  cluster_id: \"{}-cluster-{name}\"\n  \
             email: \"ada@example.com\"\n  organization_name: \"Analytical Engines\"\n{more}",
            self.server,
            key_of(license)?,
            license.product
        );
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&config, yaml))
            .map_err(|e| broken(&format!("the node's configuration was not written: {e}")))?;
        Node::start(&config, &self.trust)
    }

    /// Waits until an activation of the licence has had so many answers; how many it had.
    async fn heard_from(&self, license: &resource::License, answers: u64) -> Result<u64, Failure> {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        for _ in 0..200 {
            ticks.tick().await;
            let list = self.authority.list_activations(Some(license.id), 10).await?;
            if let Some(most) =
                list.iter().map(|a| a.generation).max().filter(|most| *most >= answers)
            {
                return Ok(most);
            }
        }
        Err(broken("no heartbeat arrived within 20 s"))
    }

    async fn live(&self, license: &resource::License) -> Result<usize, Failure> {
        let list = self.authority.list_activations(Some(license.id), 10).await?;
        Ok(list.iter().filter(|activation| activation.live).count())
    }
}

/// The plan that the story is told with; none: the product's default.
fn best_plan(product: &str) -> Option<String> {
    match product {
        "muonroi" => Some("enterprise".into()),
        "tmws" => Some("pro".into()),
        _ => None,
    }
}

fn of<'a>(
    licenses: &'a [resource::License],
    product: &str,
) -> Result<&'a resource::License, Failure> {
    licenses
        .iter()
        .find(|license| license.product == product)
        .ok_or_else(|| broken(&format!("there is no licence of {product}")))
}

fn key_of(license: &resource::License) -> Result<&str, Failure> {
    license
        .key
        .as_deref()
        .ok_or_else(|| broken(&format!("the licence of {} has no key", license.product)))
}

fn actor() -> Actor {
    Actor::new("cli:demo", "local")
}
