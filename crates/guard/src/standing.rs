//! The pure state machine: what a product may do, and what moves it. No I/O, no clock.
//!
//! The invariants are written, and searched exhaustively, in the tests below.

use licentia_license::Invalid;

use crate::policy::{Arm, Fall, Policy, Recovery};
use crate::reason::Reason;

/// What a product may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// All that the licence grants.
    Licensed,
    /// All that the licence grants, until this second since the epoch.
    Grace {
        /// First second in which it is over.
        until: i64,
    },
    /// The features of the free tier. Without a reason it is no verdict: nothing was heard yet, at a start or
    /// after the machine slept past the end of its lease.
    Free,
    /// Nothing; final for the process.
    Stopped {
        /// Why.
        reason: Reason,
    },
}

impl Standing {
    /// The name in logs and answers.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Licensed => "licensed",
            Self::Grace { .. } => "grace",
            Self::Free => "free",
            Self::Stopped { .. } => "stopped",
        }
    }

    /// Whether what the licence grants may be used.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Licensed | Self::Grace { .. })
    }
}

/// What happened. Times are seconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// The licence checks out, and is a grant by itself: offline, or where only the lenient go on.
    Verified { expires: Option<i64> },
    /// The authority granted: a lease, fresh or kept from the last run.
    Answered { expires: Option<i64>, lease: i64 },
    /// No licence, or one that could not be read.
    NoLicense(Reason),
    /// The licence does not check out.
    Invalid(Invalid),
    /// The activation proof does not check out.
    InvalidProof,
    /// No licence yet, and the authority signed that it is not needed before `until`.
    Graced { until: i64 },
    /// The authority refused, signed. `grace_until` is its own, signed too.
    Refused { code: String, grace_until: Option<i64> },
    /// No answer that counts.
    Unreachable,
    /// The clock stands behind what was signed already.
    ClockSetBack,
    /// What must be renewed was not, and counts until `deadline`: a revocation list.
    ListStale { deadline: i64 },
    /// A debugger or instrumentation was found.
    Tampered,
    /// The code is not that of the release.
    Integrity,
    /// Neither is found any more.
    Clean,
    /// Time passed.
    Timer,
    /// The process was not run, past the end of its lease: it begins anew, as after a restart.
    Slept,
    /// The product is done.
    ShutDown,
}

/// A standing with the facts that it rests on.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    policy: Policy,
    standing: Standing,
    /// Why it is not `Licensed`.
    reason: Option<Reason>,
    /// End of the licence.
    expires: Option<i64>,
    /// End of the last lease that was granted.
    lease: Option<i64>,
    /// Whether something is found that no answer of the authority outweighs.
    found: bool,
    /// Whether the first verdict has been given: before it, `Free` is nowhere to come back from.
    judged: bool,
}

impl Machine {
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            policy,
            standing: Standing::Free,
            reason: None,
            expires: None,
            lease: None,
            found: false,
            judged: false,
        }
    }

    pub(crate) fn standing(&self) -> &Standing {
        &self.standing
    }

    pub(crate) fn reason(&self) -> Option<&Reason> {
        self.reason.as_ref()
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Another policy decides from now on, on what is known already.
    #[must_use]
    pub(crate) fn under(mut self, policy: Policy) -> Self {
        self.policy = policy;
        match (&self.standing, self.reason.clone()) {
            (Standing::Free, Some(reason)) => self.fall_for(reason),
            (Standing::Grace { .. }, Some(reason)) if policy.arm(&reason) == Arm::Stay => {
                self.rise()
            }
            _ => self,
        }
    }

    pub(crate) fn is_judged(&self) -> bool {
        self.judged
    }

    /// Whether an answer of the authority could still change anything for the better.
    pub(crate) fn is_open(&self) -> bool {
        match self.standing {
            Standing::Licensed | Standing::Grace { .. } => true,
            Standing::Free => !self.judged || self.policy.recovery == Recovery::Automatic,
            Standing::Stopped { .. } => false,
        }
    }

    /// When time alone moves it next.
    pub(crate) fn deadline(&self) -> Option<i64> {
        let full = self.standing.is_full();
        self.holds_until().into_iter().chain(self.expires).min().filter(|_| full)
    }

    /// Until when it runs in full without another answer, as long as the licence itself lasts.
    pub(crate) fn holds_until(&self) -> Option<i64> {
        match self.standing {
            Standing::Licensed if self.policy.unreachable != Arm::Stay => self.lease,
            Standing::Licensed | Standing::Free | Standing::Stopped { .. } => None,
            Standing::Grace { until } => Some(until),
        }
    }

    /// What follows from an event.
    #[must_use]
    pub(crate) fn on(mut self, event: Event, now: i64) -> Self {
        if matches!(self.standing, Standing::Stopped { .. }) {
            return self;
        }
        let mut next = match event {
            Event::Verified { expires } => {
                self.expires = expires;
                if self.lease.is_none() { self.rise() } else { self }
            }
            Event::Answered { expires, lease } if lease > now => {
                self.expires = expires;
                self.lease = Some(lease);
                self.rise()
            }
            Event::Answered { .. } | Event::Unreachable => self.unreachable(None, now),
            Event::ClockSetBack => self.set_back(now),
            Event::Graced { until } => self.graced(until, now),
            Event::Slept => self.slept(),
            Event::ListStale { deadline } => self.unreachable(Some(deadline), now),
            Event::NoLicense(reason) => self.fall_for(reason),
            Event::InvalidProof => self.fall_for(Reason::InvalidProof),
            Event::Invalid(Invalid::Expired { .. }) => self.fall_for(Reason::Expired),
            Event::Invalid(invalid) => self.fall_for(Reason::Invalid(invalid)),
            Event::Refused { code, grace_until } => self.refused(code, grace_until, now),
            Event::Tampered => self.finds(Reason::Tampered),
            Event::Integrity => self.finds(Reason::Integrity),
            Event::Clean => Self { found: false, ..self },
            Event::Timer => self,
            Event::ShutDown => self.fall(Fall::Stop, Reason::ShutDown),
        };
        next = next.pass(now);
        // Time alone, or a finding that changes nothing, is no verdict yet.
        next.judged |= next.standing == Standing::Licensed || next.reason.is_some();
        next
    }

    /// What is found in the program stands against every grant until it is gone.
    fn finds(mut self, reason: Reason) -> Self {
        self.found |= self.policy.arm(&reason) != Arm::Stay;
        self.fall_for(reason)
    }

    /// Up, where the way is open.
    fn rise(mut self) -> Self {
        if self.is_open() && !self.found {
            self.standing = Standing::Licensed;
            self.reason = None;
        }
        self
    }

    fn fall(mut self, fall: Fall, reason: Reason) -> Self {
        self.standing = match fall {
            Fall::Stop => Standing::Stopped { reason: reason.clone() },
            Fall::Free => Standing::Free,
        };
        self.reason = Some(reason);
        self
    }

    fn fall_for(self, reason: Reason) -> Self {
        let arm = self.policy.arm(&reason);
        self.found(arm, reason)
    }

    fn found(self, arm: Arm, reason: Reason) -> Self {
        match arm {
            Arm::Stop => self.fall(Fall::Stop, reason),
            Arm::Free => self.fall(Fall::Free, reason),
            Arm::Stay => self,
        }
    }

    fn grace(mut self, until: i64, reason: Reason) -> Self {
        self.standing = Standing::Grace { until };
        self.reason = Some(reason);
        self
    }

    /// No word from the authority. Grace ends where the last lease does; no failure prolongs it.
    fn unreachable(self, deadline: Option<i64>, now: i64) -> Self {
        let arm = self.policy.unreachable;
        let until = self.lease.into_iter().chain(deadline).min();
        match (&self.standing, arm, until) {
            (Standing::Free, ..) if self.judged => self,
            (Standing::Free, Arm::Stay, _) => self.fall(Fall::Free, Reason::Unreachable),
            (_, Arm::Stay, _) => self,
            (Standing::Grace { until: end }, _, _) => {
                let end = deadline.map_or(*end, |deadline| deadline.min(*end));
                Self { standing: Standing::Grace { until: end }, ..self }
            }
            (Standing::Licensed, _, Some(until)) if until > now => {
                self.grace(until, Reason::Unreachable)
            }
            _ => self.found(arm, Reason::Unreachable),
        }
    }

    /// The lease still counts to its end, in a time that nobody sets; where there is none, so does the licence.
    fn set_back(self, now: i64) -> Self {
        match (&self.standing, self.policy.unreachable, self.lease) {
            (_, Arm::Stay, _) => self,
            (Standing::Licensed, _, Some(until)) if until > now => {
                self.grace(until, Reason::ClockSetBack)
            }
            _ => self,
        }
    }

    fn graced(self, until: i64, now: i64) -> Self {
        if self.judged {
            return self;
        }
        if until > now {
            self.grace(until, Reason::Missing)
        } else {
            self.fall_for(Reason::Missing)
        }
    }

    /// Nothing that was granted counts any more, and nothing was said against a new grant.
    fn slept(mut self) -> Self {
        if self.standing.is_full() && self.policy.unreachable != Arm::Stay {
            (self.standing, self.reason, self.lease) = (Standing::Free, None, None);
            self.judged = false;
        }
        self
    }

    /// A signed no.
    fn refused(self, code: String, grace_until: Option<i64>, now: i64) -> Self {
        let reason = Reason::Refused(code);
        if reason.code() == "expired" {
            return self.fall_for(Reason::Expired);
        }
        let running = self.standing.is_full();
        if reason.is_seat() {
            // What runs goes on to the end of its lease; a first start has nothing to be graceful about.
            return match self.lease {
                Some(lease) if running && lease > now => self.grace(lease, reason),
                _ => self.fall_for(reason),
            };
        }
        match grace_until {
            Some(until) if until > now && (running || !self.judged) => self.grace(until, reason),
            _ => self.fall_for(reason),
        }
    }

    /// Deadlines that have come.
    fn pass(self, now: i64) -> Self {
        if self.standing.is_full() && self.expires.is_some_and(|expires| expires <= now) {
            return self.fall_for(Reason::Expired);
        }
        match (&self.standing, &self.reason) {
            (Standing::Grace { until }, Some(reason)) if *until <= now => {
                let reason = reason.clone();
                self.fall_for(reason)
            }
            (Standing::Licensed, _) if self.lease.is_some_and(|lease| lease <= now) => {
                self.fall_for(Reason::Unreachable)
            }
            _ => self,
        }
    }
}

#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
