//! Everything between the events of the world and the state machine. It does no network and no waiting:
//! the background thread asks it what to ask, and hands it what came back.

use std::sync::Arc;

use licentia_license::decide::{Circumstances, decide};
use licentia_license::scheme::{Rules, check};
use licentia_license::verify::verify;
use licentia_license::{Invalid, LEEWAY_S, Lease, License, Trust, Verified};
use licentia_protocol::{activate, deactivate};

use crate::clock::{NoEntropy, jitter, unguessable};
use crate::contact::{Ask, Contact, Reply, Session};
use crate::judge::Grant;
use crate::log;
use crate::policy::Arm;
use crate::reason::Reason;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::standing::{Event, Machine};
use crate::state::{State, Store};

const SECOND: i64 = 1_000_000;
/// Shortest time between two contacts that events ask for; a second is what an event may take.
const HURRY: i64 = SECOND / 5;
/// First step of the backoff.
const BACKOFF: i64 = SECOND;
/// How long to wait at most where no lease says how often to come.
const LONGEST_BACKOFF: i64 = 15 * 60 * SECOND;
/// A clock so far behind signed times is set back, not merely inexact.
const SET_BACK_S: i64 = 5 * 60;

/// What begins a run.
pub(crate) struct Start {
    pub(crate) settings: Settings,
    pub(crate) trust: Trust,
    /// The key as found, with the keyset beside it; or why there is none.
    pub(crate) key: Result<String, Reason>,
    pub(crate) cluster_id: String,
    pub(crate) state: State,
    pub(crate) store: Store,
    pub(crate) nodes: Option<u32>,
    /// Whether there is an authority to ask.
    pub(crate) online: bool,
}

struct Nonces {
    activate: String,
    heartbeat: String,
}

pub(crate) struct Engine {
    settings: Settings,
    machine: Machine,
    trust: Trust,
    key: Result<String, Reason>,
    license: Option<Arc<Verified<License>>>,
    /// Why the key found does not check out here; the authority may know better.
    fault: Option<Invalid>,
    cluster_id: String,
    session: Option<Session>,
    lease: Option<Verified<Lease>>,
    state: State,
    store: Store,
    nonces: Nonces,
    nodes: Option<u32>,
    failures: u32,
    /// When to contact the authority next, in microseconds; `None` where it is of no use, or under way.
    next_contact: Option<i64>,
    last_contact: i64,
    /// When the next heartbeat is due; until then a failed one is no news.
    due: i64,
    under_way: bool,
    again: bool,
    /// Microseconds that the clock is behind what the authority has signed.
    behind: i64,
}

impl Engine {
    /// Judges what can be judged here; where only the authority can tell, the first contact is due.
    pub(crate) fn new(start: Start) -> Result<Self, NoEntropy> {
        let nonces = new_nonces(&start.settings)?;
        let machine = Machine::new(start.settings.policy);
        let mut engine = Self {
            settings: start.settings,
            machine,
            trust: start.trust,
            key: start.key,
            license: None,
            fault: None,
            cluster_id: start.cluster_id,
            session: None,
            lease: None,
            state: start.state,
            store: start.store,
            nonces,
            nodes: start.nodes,
            failures: 0,
            next_contact: None,
            last_contact: 0,
            due: 0,
            under_way: false,
            again: false,
            behind: 0,
        };
        if engine.state.cluster_id.as_deref() != Some(&engine.cluster_id) {
            engine.state.cluster_id = Some(engine.cluster_id.clone());
            engine.store.save(&engine.state);
        }
        engine.begin(start.online);
        Ok(engine)
    }

    fn begin(&mut self, online: bool) {
        if let Some(keyset) = self.state.keyset.take() {
            // Kept only while a root of this build stands behind it.
            let kept = self.trust.accept_keyset(&keyset).is_ok();
            self.state.keyset = kept.then_some(keyset);
        }
        let key = match &self.key {
            Ok(key) => key.clone(),
            Err(reason) => return self.apply(Event::NoLicense(reason.clone())),
        };
        let rules = Rules::new().product(&self.settings.product);
        match check(&key, &self.trust, &rules, self.now()) {
            Ok(license) => {
                let circumstances = Circumstances::at(self.now())
                    .product(&self.settings.product)
                    .machine(&self.settings.machine);
                self.fault = decide(&license, &circumstances).err();
                self.license = Some(Arc::new(license));
            }
            Err(invalid) => self.fault = Some(invalid),
        }
        match (&self.fault, online) {
            (None, false) => self.apply(Event::Verified { expires: self.expires() }),
            // The authority knows keys that say nothing by themselves, renewals, re-issues, and the time.
            (
                None
                | Some(
                    Invalid::Unrecognized
                    | Invalid::SchemeDisabled
                    | Invalid::UnknownKey
                    | Invalid::KeyCompromised
                    | Invalid::Expired { .. }
                    | Invalid::NotYetValid { .. },
                ),
                true,
            ) => self.next_contact = Some(self.now_micros()),
            (Some(fault), _) => self.apply(Event::Invalid(fault.clone())),
        }
    }

    /// Microseconds since the epoch, never before what the authority has signed.
    fn now_micros(&self) -> i64 {
        self.settings.clock.now_micros().saturating_add(self.behind)
    }

    fn now(&self) -> i64 {
        self.now_micros().div_euclid(SECOND)
    }

    pub(crate) fn is_judged(&self) -> bool {
        self.machine.is_judged()
    }

    pub(crate) fn access_token(&self) -> Option<&str> {
        self.session.as_ref().map(|session| session.access_token.as_str())
    }

    pub(crate) fn set_nodes(&mut self, nodes: u32) {
        self.nodes = Some(nodes);
    }

    /// When the engine wants to be called next, on the clock's own time.
    pub(crate) fn wake_at(&self) -> Option<i64> {
        let deadline = self.machine.deadline().map(|seconds| seconds.saturating_mul(SECOND));
        let contact = self.next_contact;
        deadline.into_iter().chain(contact).min().map(|at| at.saturating_sub(self.behind))
    }

    /// Time passed.
    pub(crate) fn tick(&mut self) {
        if self.is_judged() {
            self.apply(Event::Timer);
        }
    }

    /// What to ask the authority, if now is the time.
    pub(crate) fn ask(&mut self) -> Option<Ask> {
        if !self.machine.is_open() {
            self.next_contact = None;
        }
        let now = self.now_micros();
        if self.under_way || self.next_contact.is_none_or(|at| at > now) {
            return None;
        }
        let key = self.key.as_ref().ok()?.clone();
        self.next_contact = None;
        self.last_contact = now;
        self.under_way = true;
        let setup = self.settings.setup.clone();
        Some(Ask {
            product: self.settings.product.clone(),
            cluster_id: self.cluster_id.clone(),
            activate: activate::Request {
                license_key: key,
                product: Some(self.settings.product.clone()),
                cluster_id: self.cluster_id.clone(),
                nonce: self.nonces.activate.clone(),
                generation: self.state.generation,
                email: setup.email,
                organization_name: setup.organization_name,
                terms_accepted_at: setup.terms_accepted_at,
                hostname: self.settings.hostname.clone(),
                fingerprint: self.fingerprint(),
                nodes: self.nodes,
                ..activate::Request::default()
            },
            session: self.session.clone(),
            heartbeat_nonce: self.nonces.heartbeat.clone(),
            license: self.license.clone(),
            nodes: self.nodes,
            trust: self.trust.clone(),
            now: self.now(),
        })
    }

    /// The fingerprint that the licence is bound by, else the default one.
    fn fingerprint(&self) -> Option<String> {
        let machine = &self.settings.machine;
        let bind = self.license.as_ref().and_then(|license| license.bind.as_ref());
        let bound = machine.iter().find(|fingerprint| {
            bind.is_some_and(|bind| bind.admits(std::slice::from_ref(fingerprint)))
        });
        bound.or(machine.first()).map(ToString::to_string)
    }

    /// Takes over what came back.
    pub(crate) fn take(&mut self, contact: Contact) {
        self.under_way = false;
        self.trust = contact.trust;
        if contact.session_lost {
            self.session = None;
        }
        match contact.reply {
            Reply::Granted(grant) => self.granted(*grant),
            Reply::Refused(refusal) => {
                self.renew_nonces();
                let known = self.license.is_some() && self.fault.is_none();
                let grace_until = refusal.grace_until.filter(|_| known);
                self.apply(Event::Refused { code: refusal.code.clone(), grace_until });
                self.back_off(None);
            }
            Reply::Unreachable { why, retry_after_s } => {
                tracing::warn!(target: "license", why, "[License] The authority gave no answer that counts");
                self.unreachable();
                self.back_off(retry_after_s);
            }
        }
        if std::mem::take(&mut self.again) {
            self.hurry();
        }
    }

    /// Something happened at the authority: go and see, soon.
    pub(crate) fn hurry(&mut self) {
        if self.under_way {
            self.again = true;
        } else if self.machine.is_open() && self.key.is_ok() {
            self.next_contact =
                Some(self.now_micros().max(self.last_contact.saturating_add(HURRY)));
        }
    }

    fn granted(&mut self, grant: Grant) {
        self.renew_nonces();
        self.failures = 0;
        if let Some(license) = grant.license {
            self.license = Some(license);
            self.fault = None;
        }
        let access_token =
            grant.access_token.or_else(|| self.session.take().map(|session| session.access_token));
        self.session = access_token.map(|access_token| Session {
            activation_id: grant.activation_id,
            access_token,
            token_version: grant.lease.token_version,
            generation: grant.lease.generation,
        });
        self.settle_clock(grant.lease.iat);
        self.remember(&grant.lease);
        let lease = grant.lease;
        // Counted from the answer on, so that a clock that is wrong makes nobody come too often.
        let now = self.now_micros();
        let interval = usual_interval(&lease);
        let wait = interval.saturating_add(jitter(&*self.settings.random, interval / 10));
        let left = lease.exp.saturating_mul(SECOND).saturating_sub(now);
        self.due = now.saturating_add(interval);
        // A lease that ends before the next heartbeat is renewed half way.
        let wait = if (1..=wait).contains(&left) { left / 2 } else { wait };
        self.next_contact = Some(now.saturating_add(wait.max(HURRY)));
        let until = lease.exp;
        self.lease = Some(lease);
        self.apply(Event::Answered { expires: self.expires(), lease: until });
    }

    /// Judged by a fresh signed time: a clock behind it is corrected, so that no end moves away.
    fn settle_clock(&mut self, signed_s: i64) {
        let behind =
            signed_s.saturating_mul(SECOND).saturating_sub(self.settings.clock.now_micros());
        let was = std::mem::replace(
            &mut self.behind,
            if behind > SET_BACK_S * SECOND { behind } else { 0 },
        );
        if was == 0 && self.behind > 0 {
            tracing::warn!(target: "license", seconds = self.behind / SECOND,
                "[License] This machine's clock is behind the authority's; the authority's time counts");
        }
    }

    fn remember(&mut self, lease: &Verified<Lease>) {
        self.state.generation = Some(lease.generation);
        self.state.lease = Some(lease.token().to_owned());
        self.state.license = self.license.as_ref().map(|license| license.token().to_owned());
        self.state.keyset = self.trust.keyset_token().map(str::to_owned);
        self.state.key = self.key.as_ref().ok().map(|key| State::name_of_key(key));
        self.store.save(&self.state);
    }

    fn unreachable(&mut self) {
        if self.is_judged() {
            // A heartbeat that an event asked for may fail early; grace runs from the first missed one.
            if self.due <= self.now_micros() {
                self.apply(Event::Unreachable);
            }
            return;
        }
        let stays = self.machine.policy().unreachable == Arm::Stay;
        match (self.kept_lease(), self.fault.clone()) {
            (Some((lease, license)), _) => {
                tracing::info!(target: "license", until = %log::time(lease.exp), "[License] Running on the lease of the last run");
                let until = lease.exp;
                (self.license, self.lease, self.fault) = (Some(license), Some(lease), None);
                self.apply(Event::Answered { expires: self.expires(), lease: until });
                self.apply(Event::Unreachable);
            }
            (None, None) if stays => self.apply(Event::Verified { expires: self.expires() }),
            (
                None,
                None | Some(Invalid::Unrecognized | Invalid::UnknownKey | Invalid::SchemeDisabled),
            ) => {
                self.apply(Event::Unreachable);
            }
            (None, Some(fault)) => self.apply(Event::Invalid(fault)),
        }
    }

    /// The last run's lease with its licence, where they check out, are ours, and run (decision 12).
    fn kept_lease(&mut self) -> Option<(Verified<Lease>, Arc<Verified<License>>)> {
        let lease = verify::<Lease>(self.state.lease.as_deref()?, &self.trust).ok()?;
        let license = verify::<License>(self.state.license.as_deref()?, &self.trust).ok()?;
        let same_licence = match &self.license {
            Some(own) => own.sub == license.sub && own.iss == license.iss,
            None => self.state.key == self.key.as_ref().ok().map(|key| State::name_of_key(key)),
        };
        let ours = lease.cluster_id == self.cluster_id
            && [&lease.aud, &license.aud].iter().all(|aud| **aud == self.settings.product)
            && lease.sub == license.sub
            && lease.iss == license.iss
            && same_licence;
        let now = self.now();
        if ours && lease.iat > now.saturating_add(SET_BACK_S) {
            tracing::warn!(target: "license", "[License] The clock was set back; the lease of the last run does not count");
            self.apply(Event::ClockSetBack);
            return None;
        }
        let runs = lease.exp > now && license.exp.is_none_or(|exp| exp > now);
        let begun = license.nbf.is_none_or(|nbf| nbf <= now.saturating_add(LEEWAY_S));
        (ours && runs && begun).then(|| (lease, Arc::new(license)))
    }

    /// Exponential backoff with full jitter, up to the usual time between heartbeats.
    fn back_off(&mut self, retry_after_s: Option<i64>) {
        let most = self
            .lease
            .as_deref()
            .map_or(LONGEST_BACKOFF, usual_interval)
            .clamp(BACKOFF, LONGEST_BACKOFF);
        let limit = BACKOFF.saturating_mul(1 << self.failures.min(20)).min(most);
        self.failures = self.failures.saturating_add(1);
        let asked = retry_after_s.unwrap_or(0).saturating_mul(SECOND).clamp(0, most);
        let wait = jitter(&*self.settings.random, limit).max(asked).max(HURRY / 2);
        self.next_contact = Some(self.now_micros().saturating_add(wait));
    }

    fn renew_nonces(&mut self) {
        // Without entropy the old ones stay: at worst a recorded answer counts until its signed end.
        if let Ok(nonces) = new_nonces(&self.settings) {
            self.nonces = nonces;
        }
    }

    /// Ends it; what to tell the authority, with the token to tell it under.
    pub(crate) fn shut_down(&mut self) -> Option<(Option<String>, deactivate::Request)> {
        let asking = self.under_way;
        self.apply(Event::ShutDown);
        (self.next_contact, self.under_way) = (None, false);
        if let Some(session) = self.session.take() {
            let request = deactivate::Request {
                activation_id: Some(session.activation_id),
                ..deactivate::Request::default()
            };
            return Some((Some(session.access_token), request));
        }
        // An activation whose answer is still on its way may hold a seat already.
        let key = self.key.as_ref().ok().filter(|_| asking)?.clone();
        let cluster_id = Some(self.cluster_id.clone());
        Some((
            None,
            deactivate::Request {
                license_key: Some(key),
                cluster_id,
                ..deactivate::Request::default()
            },
        ))
    }

    /// The seat was given back, so its lease must not be run on again.
    pub(crate) fn released(&mut self) {
        self.state.lease = None;
        self.store.save(&self.state);
    }

    /// The guard itself failed: as if the authority could not be reached, with nothing to go on with.
    pub(crate) fn fail(&mut self) {
        let machine = &self.machine;
        let event = match (machine.policy().unreachable, &self.fault) {
            (Arm::Stay, None) if !machine.is_judged() && self.license.is_some() => {
                Event::Verified { expires: self.expires() }
            }
            (Arm::Stay, _) => Event::Unreachable,
            // No deadline would be kept any more, so the lease counts as over.
            _ => Event::ListStale { deadline: i64::MIN },
        };
        self.apply(event);
    }

    fn expires(&self) -> Option<i64> {
        self.license.as_ref().and_then(|license| license.exp)
    }

    fn apply(&mut self, event: Event) {
        let now = self.now();
        let before = self.machine.standing().clone();
        let first = !self.is_judged();
        self.machine = self.machine.clone().on(event, now);
        if first || before != *self.machine.standing() {
            log::standing(&self.machine, self.license.as_deref().map(Verified::claims));
        }
    }

    /// What the checks are to read.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::new(&self.machine, self.license.as_ref(), &self.settings);
        snapshot.cluster_id.clone_from(&self.cluster_id);
        snapshot.lease_until = self.lease.as_ref().map(|lease| lease.exp);
        snapshot
    }
}

fn new_nonces(settings: &Settings) -> Result<Nonces, NoEntropy> {
    let random = &*settings.random;
    Ok(Nonces { activate: unguessable(random)?, heartbeat: unguessable(random)? })
}

/// Microseconds between heartbeats, as the authority spreads them.
fn usual_interval(lease: &Lease) -> i64 {
    lease.next_at.saturating_sub(lease.iat).max(1).saturating_mul(SECOND)
}
