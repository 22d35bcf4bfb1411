//! An authority of forty lines that signs for real, and a world whose time stands until it is moved.

pub(crate) mod clock;
pub(crate) mod http;
pub(crate) mod log;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use licentia::{Builder, Environment, Guard, License, Policy, Snapshot, Standing, Watch};
use licentia_issue::sign::sign;
use licentia_issue::{Ed25519Signer, Signer};
use licentia_license::activation::ActivationProof;
use licentia_license::lease::{Lease, Standing as Seat};
use licentia_license::refusal::Refusal;
use serde_json::{Value, json};
use uuid::Uuid;

use clock::{Counter, ManualClock};
use http::{Reply, Request, Server};

pub(crate) const T0: i64 = 1_800_000_000;
pub(crate) const HEARTBEAT: i64 = 900;
pub(crate) const GRACE: i64 = 86_400;
/// Only ends a test that has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const TOKEN: &str = "lat_a-token-that-must-not-be-seen";

/// How the authority answers the next calls.
pub(crate) type Behaviour = Box<dyn FnMut(&Authority, &Request) -> Reply + Send>;

pub(crate) struct Authority {
    pub(crate) signer: Ed25519Signer,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) license: Mutex<License>,
    pub(crate) generation: Mutex<u64>,
    pub(crate) seen: Mutex<Vec<Request>>,
    behaviour: Mutex<Option<Behaviour>>,
}

/// A guard's whole surroundings.
pub(crate) struct World {
    pub(crate) authority: Arc<Authority>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) server: Server,
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) fn activation_id() -> Uuid {
    Uuid::from_u128(7)
}

pub(crate) fn signer(seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed([seed; 32]).unwrap()
}

pub(crate) fn license(product: &str) -> License {
    License {
        iss: "https://authority.example".into(),
        sub: Uuid::from_u128(1).to_string().into(),
        aud: product.into(),
        jti: "key-1".into(),
        iat: T0 - 1000,
        nbf: None,
        exp: Some(T0 + 30 * 86_400),
        tier: "STANDARD".into(),
        rank: 2,
        plan: "standard".into(),
        features: vec!["task-distribution".into(), "advanced".into()],
        limits: [("tokens".into(), None), ("jobs".into(), Some(5))].into(),
        seats: Some(2),
        nodes: Some(10),
        trial: false,
        telemetry: false,
        bind: None,
        customer: None,
        attributes: serde_json::Map::new(),
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(T0));
        let authority = Arc::new(Authority {
            signer: signer(1),
            clock: Arc::clone(&clock),
            license: Mutex::new(license("bzzz")),
            generation: Mutex::new(0),
            seen: Mutex::new(Vec::new()),
            behaviour: Mutex::new(None),
        });
        let answering = Arc::clone(&authority);
        let server = Server::start(move |request| answering.answer(&request));
        Self { authority, clock, server, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn key(&self) -> String {
        sign(&*self.authority.license.lock().unwrap(), &self.authority.signer).unwrap()
    }

    /// A builder that knows only this world, with the authority's key as trust root.
    pub(crate) fn offline(&self) -> Builder {
        Guard::builder("bzzz", self.authority.signer.public_key().to_pem())
            .environment(Environment::default())
            .clock(Arc::<ManualClock>::clone(&self.clock))
            .random(Arc::new(Counter::default()))
            .license_key(self.key())
    }

    /// The authority's key as trust root.
    pub(crate) fn trust(&self) -> String {
        self.authority.signer.public_key().to_pem()
    }

    /// As [`World::offline`], with the licence in a file.
    pub(crate) fn in_file(&self, path: &std::path::Path) -> Builder {
        Guard::builder("bzzz", self.trust())
            .environment(Environment::default())
            .clock(Arc::<ManualClock>::clone(&self.clock))
            .random(Arc::new(Counter::default()))
            .license_file(path)
    }

    pub(crate) fn online(&self) -> Builder {
        self.offline().server(self.server.address()).state_dir(self.folder.path().join("state"))
    }

    pub(crate) fn guard(&self, policy: Policy) -> Guard {
        self.online().policy(policy).start().unwrap()
    }

    /// Ends a guard whose seat is not given back, as a kill does; the authority is away from then on.
    pub(crate) fn kill(&self, guard: Guard) {
        self.behave(|_, _| Reply::empty(503));
        drop(guard);
        self.behave(|_, _| Reply::Nothing);
    }

    /// From now on the authority answers so.
    pub(crate) fn behave(
        &self,
        behaviour: impl FnMut(&Authority, &Request) -> Reply + Send + 'static,
    ) {
        *self.authority.behaviour.lock().unwrap() = Some(Box::new(behaviour));
    }

    pub(crate) fn behave_well(&self) {
        *self.authority.behaviour.lock().unwrap() = None;
    }
}

impl Authority {
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        self.seen.lock().unwrap().push(request.clone());
        let mut behaviour = self.behaviour.lock().unwrap();
        match &mut *behaviour {
            Some(behaviour) => behaviour(self, request),
            None => self.grant(request),
        }
    }

    /// What a good authority answers.
    pub(crate) fn grant(&self, request: &Request) -> Reply {
        match request.path.as_str() {
            "/v1/license/activate" => Reply::json(201, &self.activation(request)),
            "/v1/license/heartbeat" => Reply::json(200, &self.heartbeat(request)),
            "/v1/license/deactivate" => Reply::empty(204),
            _ => Reply::empty(404),
        }
    }

    pub(crate) fn lease(&self, request: &Request) -> Lease {
        let license = self.license.lock().unwrap();
        let mut generation = self.generation.lock().unwrap();
        *generation += 1;
        let now = self.clock.now();
        Lease {
            iss: license.iss.to_string(),
            sub: license.sub.clone(),
            aud: license.aud.clone(),
            iat: now,
            exp: now + GRACE,
            act: activation_id().to_string(),
            cluster_id: "the-cluster".into(),
            token_version: 1,
            generation: *generation,
            nonce: request.body["nonce"].as_str().unwrap_or_default().into(),
            server_nonce: "server".into(),
            tier: license.tier.clone(),
            rank: license.rank,
            features: license.features.clone(),
            limits: license.limits.clone(),
            nodes: license.nodes,
            standing: Seat::Active,
            next_at: now + HEARTBEAT,
            revocations_seq: 0,
            fingerprint: None,
        }
    }

    pub(crate) fn activation(&self, request: &Request) -> Value {
        let mut lease = self.lease(request);
        lease.cluster_id = request.body["cluster_id"].as_str().unwrap_or_default().into();
        self.activation_with(&lease)
    }

    pub(crate) fn activation_with(&self, lease: &Lease) -> Value {
        let proof = ActivationProof {
            iss: lease.iss.clone(),
            sub: lease.sub.to_string(),
            aud: lease.aud.to_string(),
            iat: lease.iat,
            act: lease.act.clone(),
            cluster_id: lease.cluster_id.clone(),
            fingerprint: None,
            artifacts: None,
        };
        json!({
            "activation_id": activation_id(), "access_token": TOKEN, "token_expires_at": "2030-01-01T00:00:00Z",
            "token_version": 1, "cluster_id": lease.cluster_id,
            "license": sign(&*self.license.lock().unwrap(), &self.signer).unwrap(),
            "license_type": "standard", "tier": lease.tier, "features": lease.features, "limits": lease.limits,
            "max_nodes": lease.nodes, "expires_at": null, "heartbeat_interval_s": HEARTBEAT, "grace_s": GRACE,
            "server_nonce": "server", "salt": "c2FsdA", "lease": sign(lease, &self.signer).unwrap(),
            "activation_proof": sign(&proof, &self.signer).unwrap(),
            "chain": { "sequence": 0, "head": "0".repeat(64) },
        })
    }

    pub(crate) fn heartbeat(&self, request: &Request) -> Value {
        let lease = self.lease(request);
        let mut answer = self.heartbeat_with(&sign(&lease, &self.signer).unwrap());
        if let Some(last) = request.body["chain"]["entries"].as_array().and_then(|all| all.last()) {
            answer["chain"] = json!({ "sequence": last["sequence"], "head": last["mac"] });
        }
        answer
    }

    pub(crate) fn heartbeat_with(&self, lease: &str) -> Value {
        json!({
            "token_version": 1, "token_expires_at": "2030-01-01T00:00:00Z", "server_nonce": "server",
            "lease": lease, "keyset_version": 0, "revocations_seq": 0,
        })
    }

    pub(crate) fn refusal(&self, request: &Request, code: &str) -> Refusal {
        let now = self.clock.now();
        Refusal {
            iss: self.license.lock().unwrap().iss.to_string(),
            iat: now,
            exp: now + 300,
            code: code.into(),
            nonce: request.body["nonce"].as_str().unwrap_or_default().into(),
            sub: None,
            cluster_id: None,
            grace_until: None,
        }
    }

    pub(crate) fn problem(&self, status: u16, refusal: Option<&Refusal>) -> Reply {
        let refusal = refusal.map(|refusal| sign(refusal, &self.signer).unwrap());
        problem(status, refusal.as_deref())
    }

    pub(crate) fn seen(&self, path: &str) -> Vec<Request> {
        self.seen.lock().unwrap().iter().filter(|request| request.path == path).cloned().collect()
    }
}

pub(crate) fn problem(status: u16, refusal: Option<&str>) -> Reply {
    let body = json!({
        "type": "urn:licentia:error:suspended", "title": "t", "status": status, "detail": "d",
        "code": "suspended", "refusal": refusal,
    });
    Reply::json(status, &body)
}

/// Waits for a standing that fits.
pub(crate) fn until(watch: &mut Watch, fits: impl Fn(&Standing) -> bool) -> Arc<Snapshot> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let waiting = async {
            loop {
                let current = watch.changed().await.expect("the guard is there");
                if fits(current.standing()) {
                    return current;
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the standing never came")
    })
}

pub(crate) fn is_grace(standing: &Standing) -> bool {
    matches!(standing, Standing::Grace { .. })
}

pub(crate) fn is_licensed(standing: &Standing) -> bool {
    *standing == Standing::Licensed
}

pub(crate) fn is_stopped(standing: &Standing) -> bool {
    matches!(standing, Standing::Stopped { .. })
}

pub(crate) fn is_free(standing: &Standing) -> bool {
    *standing == Standing::Free
}

/// Waits for a lease that ends then.
pub(crate) fn until_lease(watch: &mut Watch, end: i64) -> Arc<Snapshot> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let waiting = async {
            loop {
                let current = watch.changed().await.expect("the guard is there");
                assert!(!is_stopped(current.standing()), "it stopped: {:?}", current.reason());
                if current.lease_until() == Some(end) {
                    return current;
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the lease never came")
    })
}

/// Moves the clock by seconds until something fits.
pub(crate) fn advance_until(
    world: &World,
    watch: &mut Watch,
    fits: impl Fn(&Snapshot) -> bool,
) -> Arc<Snapshot> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        for _ in 0..600 {
            let waiting = tokio::time::timeout(Duration::from_millis(20), watch.changed());
            if let Ok(changed) = waiting.await {
                let current = changed.expect("the guard is there");
                if fits(&current) {
                    return current;
                }
            } else {
                world.clock.advance(1);
            }
        }
        panic!("it never came");
    })
}

/// As [`advance_until`], a minute at a time.
pub(crate) fn advance_far_until(
    world: &World,
    watch: &mut Watch,
    fits: impl Fn(&Snapshot) -> bool,
) -> Arc<Snapshot> {
    for _ in 0..60 {
        world.clock.advance(60);
        log::wait(Duration::from_millis(20));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let changed = runtime.block_on(async {
            tokio::time::timeout(Duration::from_millis(20), watch.changed()).await
        });
        if let Ok(Some(current)) = changed
            && fits(&current)
        {
            return current;
        }
    }
    panic!("it never came")
}
