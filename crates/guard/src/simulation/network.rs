//! A network that loses, repeats, delays and replays, between a real contact and the real use cases.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use licentia_authority::{Authority, Caller};
use licentia_license::verify::verify;
use licentia_license::{Lease, Trust};
use licentia_protocol::{Problem, activate, heartbeat};

use crate::client::{Raw, Silence, Transport};

/// How long an idempotency key counts (decision 13).
const KEY_S: i64 = 24 * 3600;

/// What becomes of one contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    Works,
    LosesQuestions,
    LosesAnswers,
    /// The question arrives twice; the second answer comes back.
    Repeats,
    /// The question arrives later, when nobody waits for its answer any more.
    Delays,
    /// An older answer to somebody's question comes back, not the one to this.
    Replays,
}

impl Network {
    pub(super) fn roll(number: u64) -> Self {
        match number % 16 {
            0 | 1 => Self::LosesQuestions,
            2 | 3 => Self::LosesAnswers,
            4 => Self::Repeats,
            5 => Self::Delays,
            6 => Self::Replays,
            _ => Self::Works,
        }
    }
}

/// A question as it was sent.
#[derive(Clone)]
pub(super) enum Question {
    /// With its `Idempotency-Key`.
    Activate(activate::Request, Option<String>),
    Heartbeat(heartbeat::Request),
}

/// What passed, and what has to hold of it.
#[derive(Default)]
pub(super) struct Log {
    /// What was reached, and how often.
    pub(super) probes: BTreeMap<String, u64>,
    /// Highest generation of each cluster.
    highest: BTreeMap<String, u64>,
    /// Generation and time by the nonce of the heartbeat, or the key of the activation, that it was granted to.
    granted: BTreeMap<String, (u64, i64)>,
    /// Answers that granted, for replays.
    answers: Vec<Raw>,
    /// Questions still under way.
    pub(super) stray: Vec<(String, Question)>,
    /// No grant may pass while this holds.
    pub(super) closed: bool,
    /// Whether the authority's own answer reached who asked.
    pub(super) heard: bool,
}

impl Log {
    pub(super) fn reach(&mut self, probe: &str) {
        *self.probes.entry(probe.to_owned()).or_default() += 1;
    }

    fn granted(&mut self, lease: &str, what: &str, name: Option<&str>, trust: &Trust) {
        assert!(
            !self.closed,
            "I3: a lease was granted although the licence is suspended or revoked"
        );
        let lease = verify::<Lease>(lease, trust).unwrap();
        if let Some(name) = name {
            let first = self.granted.get(name).copied();
            // A key counts for a day.
            match first.filter(|(_, at)| what == "heartbeat" || lease.iat - at < KEY_S) {
                Some((generation, _)) => {
                    assert_eq!(generation, lease.generation, "I4: one {what} counted twice");
                    return self.reach(&format!("{what} answered again"));
                }
                None => drop(self.granted.insert(name.to_owned(), (lease.generation, lease.iat))),
            }
        }
        let highest = self.highest.entry(lease.cluster_id.to_string()).or_default();
        assert!(lease.generation > *highest, "I5: {} after {highest}", lease.generation);
        *highest = lease.generation;
        self.reach(&format!("{what} granted"));
    }
}

pub(super) struct Wire<'a> {
    pub(super) authority: &'a Authority,
    pub(super) network: Network,
    pub(super) cluster: &'a str,
    pub(super) log: &'a Mutex<Log>,
    /// A number for what the network leaves to luck.
    pub(super) luck: usize,
}

impl Wire<'_> {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    async fn carry(&self, question: Question) -> Result<Raw, Silence> {
        self.log().heard = false;
        match self.network {
            Network::LosesQuestions => return Err(Silence("the question is lost".into())),
            Network::Delays => {
                self.log().stray.push((self.cluster.to_owned(), question));
                return Err(Silence("no answer in time".into()));
            }
            Network::Repeats => drop(self.ask(question.clone()).await),
            Network::Works | Network::LosesAnswers | Network::Replays => {}
        }
        let raw = self.ask(question).await;
        let mut log = self.log();
        match self.network {
            Network::LosesAnswers => Err(Silence("the answer is lost".into())),
            Network::Replays if !log.answers.is_empty() => {
                let old = &log.answers[self.luck % log.answers.len()];
                let old = Raw { status: old.status, retry_after_s: None, body: old.body.clone() };
                log.reach("old answer replayed");
                Ok(old)
            }
            Network::Replays => Err(Silence("the answer is lost".into())),
            _ => {
                log.heard = true;
                if raw.status < 300 {
                    let body = raw.body.clone();
                    log.answers.push(Raw { status: raw.status, retry_after_s: None, body });
                }
                Ok(raw)
            }
        }
    }

    /// The authority's answer, however it comes back.
    pub(super) async fn ask(&self, question: Question) -> Raw {
        let trust = self.authority.trust();
        match question {
            Question::Activate(request, idempotency_key) => {
                let key = idempotency_key.clone();
                let caller = Caller { origin: "simulated".into(), idempotency_key };
                let answer = self.authority.activate(request, caller).await;
                let answer = answer.map(|activated| activated.answer);
                if let Ok(answer) = &answer {
                    self.log().granted(&answer.lease, "activation", key.as_deref(), &trust);
                }
                self.raw(201, &answer)
            }
            Question::Heartbeat(request) => {
                let nonce = request.nonce.clone();
                let answer = self.authority.heartbeat(request, "simulated".into()).await;
                if let Ok(answer) = &answer {
                    self.log().granted(&answer.lease, "heartbeat", Some(&nonce), &trust);
                }
                self.raw(200, &answer)
            }
        }
    }

    fn raw<T: serde::Serialize>(&self, status: u16, answer: &Result<T, Problem>) -> Raw {
        let (status, body) = match answer {
            Ok(answer) => (status, serde_json::to_vec(answer)),
            Err(problem) => {
                assert!(problem.status < 500, "the authority failed: {problem:?}");
                self.log().reach(&format!("refused: {}", problem.code));
                (problem.status, serde_json::to_vec(problem))
            }
        };
        Raw { status, retry_after_s: None, body: body.unwrap() }
    }
}

impl Transport for Wire<'_> {
    async fn activate(&self, body: &activate::Request, key: Option<&str>) -> Result<Raw, Silence> {
        self.carry(Question::Activate(body.clone(), key.map(str::to_owned))).await
    }

    async fn heartbeat(&self, token: &str, body: &heartbeat::Request) -> Result<Raw, Silence> {
        let request = heartbeat::Request { access_token: Some(token.into()), ..body.clone() };
        self.carry(Question::Heartbeat(request)).await
    }

    async fn refresh_keyset(&self, _: &mut Trust) -> bool {
        false
    }
}
