//! Everything between the events of the world and the state machine. It does no network and no waiting:
//! the background thread asks it what to ask, and hands it what came back.

mod airgap;
mod chain;
mod inspect;
mod license;
mod lists;
mod past;
mod report;

pub(crate) use self::lists::Remembered;

use std::sync::Arc;

use licentia_license::refusal::Refusal;
use licentia_license::waiver::{GraceGrant, Waiver};
use licentia_license::{Invalid, Lease, License, Trust, Verified};
use licentia_protocol::heartbeat::Advice;
use licentia_protocol::{activate, deactivate};

use self::lists::Lists;
use crate::chain::Chain;
use crate::clock::{NoEntropy, SECOND, jitter, unguessable};
use crate::contact::{Ask, Contact, Reply, Session};
use crate::discovery::{Found, Places, Unreadable};
use crate::finding::Finding;
use crate::inspection::Inspector;
use crate::judge::Grant;
use crate::lists::Source;
use crate::log;
use crate::policy::{Arm, Policy};
use crate::reason::Reason;
use crate::record::Records;
use crate::settings::{Settings, Setup};
use crate::snapshot::Snapshot;
use crate::standing::{Event, Machine, Standing};
use crate::state::{Memory, State, Store};
use crate::switch::{Enforcement, Papers};
use crate::time::Time;
use crate::usage::Usage;

/// Shortest time between two contacts that events ask for; a second is what an event may take.
const HURRY: i64 = SECOND / 5;
/// First step of the backoff.
const BACKOFF: i64 = SECOND;
/// How long to wait at most where no lease says how often to come.
const LONGEST_BACKOFF: i64 = 15 * 60 * SECOND;
/// How often the licence is looked for again, and what was counted is saved.
const LOOK_EVERY: i64 = 10 * SECOND;
/// How often a process looks at the state of the one that leads.
const FOLLOW_EVERY: i64 = SECOND;
/// How long a process waits at its start for the one that leads.
const FOLLOW_AT_MOST: i64 = 30 * SECOND;
/// A deadline that is found so late was slept through: awake, the guard looks every few seconds.
const OVERSLEPT: i64 = 60 * SECOND;

/// What begins a run.
pub(crate) struct Start {
    pub(crate) settings: Settings,
    pub(crate) trust: Trust,
    /// What was found, where, and where to look again.
    pub(crate) found: Result<Option<Found>, Unreadable>,
    pub(crate) places: Places,
    pub(crate) papers: Papers,
    pub(crate) cluster_id: String,
    pub(crate) state: State,
    pub(crate) memory: Memory,
    pub(crate) store: Store,
    pub(crate) usage: Arc<Usage>,
    pub(crate) records: Arc<Records>,
    pub(crate) inspector: Arc<Inspector>,
    /// Digest of the manifest of the release that runs.
    pub(crate) artifacts_digest: Option<String>,
    /// What the build keys its chain of actions with; none: it keeps none.
    pub(crate) project_seed: Option<Vec<u8>>,
    pub(crate) nodes: Option<u32>,
    /// Whether there is an authority to ask.
    pub(crate) online: bool,
    /// Where revocation lists are fetched.
    pub(crate) list_source: Option<Source>,
}

struct Nonces {
    activate: String,
    heartbeat: String,
    /// The authority has no answer to this activation any more: it is asked as if it were new, under the same
    /// nonce, which still tells the holder of the seat.
    outdated: bool,
}

pub(crate) struct Engine {
    settings: Settings,
    machine: Machine,
    /// What would have been decided, where enforcement is off.
    decided: Option<Machine>,
    trust: Trust,
    key: Result<String, Reason>,
    license: Option<Arc<Verified<License>>>,
    /// A licence that was put in while another runs; it counts once the authority has granted it.
    next_license: Option<Arc<Verified<License>>>,
    /// Why the key found does not check out here; the authority may know better.
    fault: Option<Invalid>,
    cluster_id: String,
    session: Option<Session>,
    /// A seat that is no longer needed.
    left: Option<Farewell>,
    lease: Option<Verified<Lease>>,
    /// The lease, as signed, of the seat that is being given back.
    released: Option<String>,
    waiver: Option<Verified<Waiver>>,
    grace: Option<Verified<GraceGrant>>,
    found: Result<Option<Found>, Unreadable>,
    places: Places,
    state: State,
    memory: Memory,
    store: Store,
    usage: Arc<Usage>,
    records: Arc<Records>,
    chain: Option<Chain>,
    inspector: Arc<Inspector>,
    artifacts_digest: Option<String>,
    /// What the last look at the program found.
    findings: Vec<Finding>,
    inspecting: bool,
    next_inspection: i64,
    nonces: Nonces,
    nodes: Option<u32>,
    online: bool,
    time: Time,
    lists: Lists,
    /// The activation file that was looked at last.
    activation_seen: Option<String>,
    set_back: bool,
    following: bool,
    failures: u32,
    /// When to contact the authority next, in microseconds; `None` where it is of no use, or under way.
    next_contact: Option<i64>,
    last_contact: i64,
    /// When to look at the surroundings again.
    next_look: i64,
    /// When to tell of the coming expiry again.
    next_notice: i64,
    /// Until when to wait for the process that leads.
    follow_until: i64,
    /// When the next heartbeat is due; until then a failed one is no news.
    due: i64,
    under_way: bool,
    again: bool,
    advice: Vec<Advice>,
}

/// What to tell the authority, and the token to tell it under.
pub(crate) type Farewell = (Option<String>, deactivate::Request);

impl Engine {
    /// Judges what can be judged here; where only the authority can tell, the first contact is due.
    pub(crate) fn new(start: Start) -> Result<Self, NoEntropy> {
        let nonces = new_nonces(&start.settings)?;
        let time = Time::new(Arc::clone(&start.settings.clock));
        let policy = start.settings.policy;
        let chain = start.project_seed.map(Chain::new);
        let mut engine = Self {
            settings: start.settings,
            machine: Machine::new(policy),
            decided: None,
            trust: start.trust,
            key: Err(Reason::Missing),
            license: None,
            next_license: None,
            fault: None,
            cluster_id: start.cluster_id,
            session: None,
            left: None,
            lease: None,
            released: None,
            waiver: None,
            grace: None,
            found: start.found,
            places: start.places,
            state: start.state,
            memory: start.memory,
            store: start.store,
            usage: start.usage,
            records: start.records,
            chain,
            inspector: start.inspector,
            artifacts_digest: start.artifacts_digest,
            findings: Vec::new(),
            inspecting: false,
            next_inspection: i64::MIN,
            nonces,
            nodes: start.nodes,
            online: start.online,
            time,
            lists: Lists::default(),
            activation_seen: None,
            set_back: false,
            following: false,
            failures: 0,
            next_contact: None,
            last_contact: 0,
            next_look: 0,
            next_notice: 0,
            follow_until: 0,
            due: 0,
            under_way: false,
            again: false,
            advice: Vec::new(),
        };
        engine.begin(&start.papers);
        Ok(engine)
    }

    fn begin(&mut self, papers: &Papers) {
        self.store.leads();
        if let Some(keyset) = self.state.keyset.take() {
            // Kept only while a root of this build stands behind it.
            let kept = self.trust.accept_keyset(&keyset).is_ok();
            self.state.keyset = kept.then_some(keyset);
        }
        self.set_back = self.time.at_least(self.state.signed_at.max(self.state.used_to));
        if self.set_back {
            tracing::warn!(target: "license", code = "clock_set_back",
                "[License] This machine's clock was set back; time counts on from what was signed last");
        }
        if self.state.cluster_id.as_deref() != Some(&self.cluster_id) {
            self.state.cluster_id = Some(self.cluster_id.clone());
            self.store.save(&self.state);
        }
        let (now, product) = (self.now(), self.settings.product.as_str());
        self.waiver = papers.waiver(product, &self.trust, now);
        self.grace = papers.grace(product, &self.settings.machine, &self.trust, now);
        self.next_look = self.now_micros().saturating_add(LOOK_EVERY);
        self.key = self.read_found();
        self.restart();
        self.resume_carried();
        self.begin_lists();
    }

    /// A new run in the same process: nothing was said for or against it yet.
    fn restart(&mut self) {
        self.machine = Machine::new(self.settings.policy);
        self.decided = None;
        if !self.enforcement().is_on() {
            self.machine = Machine::new(Policy::observing());
            self.decided = Some(Machine::new(self.settings.policy));
        }
        self.follow_until = self.now_micros().saturating_add(FOLLOW_AT_MOST);
        self.judge_key();
    }

    /// Begins anew with what the user entered (decision 37).
    pub(crate) fn set_up(&mut self, key: Result<Found, Reason>, setup: Setup) {
        self.time.look();
        self.found = key.clone().map(Some).map_err(|_| Unreadable(String::new()));
        (self.license, self.next_license, self.fault, self.failures) = (None, None, None, 0);
        (self.under_way, self.next_contact, self.session) = (false, None, None);
        self.settings.setup = setup;
        self.key = key.map(|found| self.take_keyset(found));
        self.restart();
    }

    fn now_micros(&self) -> i64 {
        self.time.now_micros()
    }

    fn now(&self) -> i64 {
        self.time.now()
    }

    fn enforcement(&self) -> Enforcement {
        match &self.waiver {
            _ if self.settings.observe_only => Enforcement::ObserveOnly,
            Some(waiver) => {
                Enforcement::Waived { until: waiver.exp, reason: waiver.reason.clone() }
            }
            None => Enforcement::On,
        }
    }

    pub(crate) fn is_judged(&self) -> bool {
        self.machine.is_judged()
    }

    pub(crate) fn access_token(&self) -> Option<&str> {
        self.session.as_ref().map(|session| session.access_token.as_str())
    }

    /// What it would remember if it ended now.
    #[cfg(test)]
    pub(crate) fn remembered(&self) -> &State {
        &self.state
    }

    pub(crate) fn set_nodes(&mut self, nodes: u32) {
        self.nodes = Some(nodes);
    }

    /// When the engine wants to be called next, on the clock's own time.
    pub(crate) fn wake_at(&self) -> Option<i64> {
        let seconds = |seconds: i64| seconds.saturating_mul(SECOND);
        let deadline = self.machine.deadline().map(seconds);
        let waiver = self.waiver.as_ref().map(|waiver| seconds(waiver.exp));
        let look = matches!(self.machine.standing(), Standing::Stopped { .. })
            .then_some(i64::MAX)
            .unwrap_or(self.next_look);
        let next = deadline.into_iter().chain(self.next_contact).chain(waiver);
        let next = next.chain(self.inspect_at()).chain(self.lists_wake_at()).min();
        Some(self.time.on_clock(next.map_or(look, |next| next.min(look))))
    }

    /// Time passed.
    pub(crate) fn tick(&mut self) {
        self.time.look();
        if self.time.is_set_back() {
            tracing::warn!(target: "license", code = "clock_set_back",
                "[License] This machine's clock was set back while the product ran");
            self.apply(Event::ClockSetBack);
            self.hurry();
        }
        if self.overslept() {
            tracing::info!(target: "license", "[License] The machine slept past the end of the lease; asking anew");
            self.apply(Event::Slept);
            self.follow_until = self.now_micros().saturating_add(FOLLOW_AT_MOST);
            self.hurry();
        }
        if self.is_judged() {
            let ran = self.machine.standing().is_full();
            self.apply(Event::Timer);
            if ran && !self.machine.standing().is_full() {
                self.use_up();
            }
        }
        if self.waiver.as_ref().is_some_and(|waiver| waiver.exp <= self.now()) {
            self.waiver = None;
            self.enforce();
        }
        let now = self.now_micros();
        if self.next_look <= now {
            self.next_look = now.saturating_add(LOOK_EVERY);
            self.look();
            self.look_for_activation();
            self.look_for_lists();
            self.use_up();
        }
        self.mind_lists();
        self.notice();
    }

    /// The waiver has ended.
    fn enforce(&mut self) {
        tracing::warn!(target: "license", "[License] Enforcement is on again");
        self.decided = None;
        // What was found while it was off counts now.
        self.findings = Vec::new();
        self.inspect_now();
        let machine = self.machine.clone().under(self.settings.policy);
        self.machine = machine.on(Event::Timer, self.now());
        log::standing(&self.machine, self.license.as_deref().map(Verified::claims));
    }

    fn overslept(&self) -> bool {
        let end = self.machine.holds_until().map(|end| end.saturating_mul(SECOND));
        let late = self.now_micros().saturating_sub(OVERSLEPT);
        self.online && self.lease.is_some() && end.is_some_and(|end| end < late)
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
        if !self.may_lead() {
            self.next_contact = Some(now.saturating_add(FOLLOW_EVERY));
            self.follow();
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
                artifacts_digest: self.artifacts_digest.clone(),
                ..activate::Request::default()
            },
            anew: self.nonces.outdated,
            session: self.session.clone(),
            report: self.session.is_some().then(|| self.next_report()).flatten(),
            chain: self.session.is_some().then(|| self.next_chain()).flatten(),
            heartbeat_nonce: self.nonces.heartbeat.clone(),
            license: self.next_license.clone().or_else(|| self.license.clone()),
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
        self.time.look();
        self.under_way = false;
        self.trust = contact.trust;
        if contact.session_lost {
            self.session = None;
        }
        self.nonces.outdated |= contact.outdated;
        self.reported(contact.report);
        self.chain_reported(contact.chain);
        match contact.reply {
            Reply::Granted(grant) => self.granted(*grant),
            Reply::Refused(refusal) => {
                self.renew_nonces();
                self.refused(&refusal);
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

    fn refused(&mut self, refusal: &Verified<Refusal>) {
        let known = self.license.is_some() && self.fault.is_none();
        let grace_until = refusal.grace_until.filter(|_| known);
        self.remember_refusal(refusal);
        self.apply(Event::Refused { code: refusal.code.clone(), grace_until });
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
        if grant.advice != self.advice {
            grant.advice.iter().for_each(log::advice);
            self.advice = grant.advice;
        }
        if let Some(license) = grant.license {
            (self.license, self.next_license, self.fault) = (Some(license), None, None);
        }
        let access_token =
            grant.access_token.or_else(|| self.session.take().map(|session| session.access_token));
        self.session = access_token.map(|access_token| Session {
            activation_id: grant.activation_id,
            access_token,
            token_version: grant.lease.token_version,
            generation: grant.lease.generation,
        });
        let more = self.chained(grant.chained, &grant.lease.server_nonce);
        self.settle_clock(grant.lease.iat);
        self.remember(&grant.lease, grant.proof);
        self.list_named(grant.lease.revocations_seq);
        let lease = grant.lease;
        // Counted from the answer on, so that a clock that is wrong makes nobody come too often.
        let now = self.now_micros();
        let interval = self.interval(&lease);
        let wait = interval.saturating_add(jitter(&*self.settings.random, interval / 10));
        let until = self.end_of(&lease);
        let left = until.saturating_mul(SECOND).saturating_sub(now);
        self.due = now.saturating_add(interval);
        // A lease that ends before the next heartbeat is renewed half way.
        let wait = if (1..=wait).contains(&left) { left / 2 } else { wait };
        self.next_contact = Some(now.saturating_add(wait.max(HURRY)));
        self.lease = Some(lease);
        self.apply(Event::Answered { expires: self.expires(), lease: until });
        if more || self.session.is_none() {
            self.hurry();
        }
    }

    fn unreachable(&mut self) {
        if !self.is_judged() {
            return self.run_on_the_past();
        }
        // A heartbeat that an event asked for may fail early; grace runs from the first missed one.
        if self.due <= self.now_micros() {
            self.apply(Event::Unreachable);
        }
    }

    /// Exponential backoff with full jitter, up to the usual time between heartbeats.
    fn back_off(&mut self, retry_after_s: Option<i64>) {
        let most = self
            .lease
            .as_deref()
            .map_or(LONGEST_BACKOFF, |lease| self.interval(lease))
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
    pub(crate) fn shut_down(&mut self) -> Option<Farewell> {
        self.time.look();
        let asking = self.under_way;
        self.use_up();
        self.save_usage();
        self.save_chain();
        self.apply(Event::ShutDown);
        (self.next_contact, self.under_way) = (None, false);
        if let Some(session) = self.session.take() {
            return Some(farewell(session));
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

    /// Ends it, and keeps the seat for the next run.
    pub(crate) fn leave(&mut self) {
        self.time.look();
        self.use_up();
        self.save_usage();
        self.save_chain();
        self.apply(Event::ShutDown);
        (self.next_contact, self.under_way, self.session) = (None, false, None);
    }

    /// A seat of a licence that was replaced.
    pub(crate) fn left(&mut self) -> Option<Farewell> {
        self.left.take()
    }

    /// The seat is given back, so its lease must not be run on again. Before the request is sent: a kill, or an
    /// answer that somebody holds up, would leave both the seat to others and the lease here.
    pub(crate) fn released(&mut self) {
        self.released = self.state.lease.take();
        self.store.save(&self.state);
    }

    /// It was not: whoever answered did not take it.
    pub(crate) fn not_released(&mut self) {
        self.state.lease = self.released.take().or(self.state.lease.take());
        self.store.save(&self.state);
    }

    /// The guard itself failed: as if the authority could not be reached, with nothing to go on with.
    pub(crate) fn fail(&mut self) {
        self.time.look();
        if self.waiver.take().is_some() && !self.settings.observe_only {
            // Nobody would end it.
            self.enforce();
        }
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

    /// Where not even [`Engine::fail`] could be carried out: the policy's arm alone, on nothing that was granted. `None`
    /// where that is to stay.
    pub(crate) fn last_word(&self) -> Option<Snapshot> {
        let policy = self.settings.policy;
        let stays = policy.unreachable == Arm::Stay || self.settings.observe_only;
        (!stays).then(|| {
            let fallen = Machine::new(policy).on(Event::Unreachable, i64::MAX);
            Snapshot::new(&fallen, None, None, &self.settings)
        })
    }

    fn apply(&mut self, event: Event) {
        let now = self.now();
        let license = self.license.as_deref().map(Verified::claims);
        if let Some(decided) = self.decided.take() {
            let before = (decided.is_judged(), decided.standing().clone());
            let decided = decided.on(event.clone(), now);
            if before != (decided.is_judged(), decided.standing().clone()) {
                log::observed(&decided);
            }
            self.decided = Some(decided);
        }
        let before = (self.is_judged(), self.machine.standing().clone());
        self.machine = self.machine.clone().on(event, now);
        if before != (self.is_judged(), self.machine.standing().clone()) && self.is_judged() {
            log::standing(&self.machine, license);
        }
    }

    /// What the checks are to read.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let grace = self.grace.as_deref().filter(|_| self.license.is_none());
        let mut snapshot =
            Snapshot::new(&self.machine, self.license.as_ref(), grace, &self.settings);
        if !self.enforcement().is_on() {
            snapshot.lift(self.enforcement(), self.decided.as_ref());
        }
        snapshot.cluster_id.clone_from(&self.cluster_id);
        snapshot.lease_until = self.lease.as_ref().map(|lease| self.end_of(lease));
        snapshot.revocations_until = self.state.list.as_ref().map(|list| list.exp);
        snapshot.memory = self.memory;
        snapshot.advice.clone_from(&self.advice);
        snapshot.findings.clone_from(&self.findings);
        snapshot
    }

    /// End of a lease; who runs the product may shorten it, never lengthen (decision 39).
    fn end_of(&self, lease: &Lease) -> i64 {
        let shortened = self.settings.offline_grace_s.map(|s| lease.iat.saturating_add(s));
        shortened.map_or(lease.exp, |end| end.min(lease.exp))
    }

    /// Microseconds between heartbeats: as the authority spreads them, or later where that was configured, but
    /// never so late that one lost heartbeat would cost the lease.
    fn interval(&self, lease: &Lease) -> i64 {
        let usual = lease.next_at.saturating_sub(lease.iat).max(1);
        let half = self.end_of(lease).saturating_sub(lease.iat) / 2;
        let wanted = self.settings.heartbeat_s.unwrap_or(0).min(half);
        usual.max(wanted).saturating_mul(SECOND)
    }
}

fn farewell(session: Session) -> Farewell {
    let request = deactivate::Request {
        activation_id: Some(session.activation_id),
        ..deactivate::Request::default()
    };
    (Some(session.access_token), request)
}

fn new_nonces(settings: &Settings) -> Result<Nonces, NoEntropy> {
    let random = &*settings.random;
    Ok(Nonces { activate: unguessable(random)?, heartbeat: unguessable(random)?, outdated: false })
}
