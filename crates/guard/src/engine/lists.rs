//! Revocation lists: where they come from is all the same, whether they are news is judged once, and what they say of
//! the licence in force counts as the authority's own word.

use licentia_license::revocations::{Mark, NoNews, VALID_S, open, weigh};
use licentia_license::{RevocationList, Verified};
use serde::{Deserialize, Serialize};

use super::Engine;
use crate::clock::{SECOND, jitter};
use crate::lists::{Answer, Fetch};
use crate::log;
use crate::reason::Reason;
use crate::standing::Event;
use crate::state::State;

/// The code of a revocation, as in a refusal.
const REVOKED: &str = "revoked";
/// How often a list is asked for where nobody said that there is a newer one.
const FETCH_EVERY: i64 = 3_600 * SECOND;
/// How long clients spread what they were all told to fetch at the same moment.
const SPREAD: i64 = 60 * SECOND;
/// The first step back where a list could not be fetched.
const FETCH_AGAIN: i64 = 30 * SECOND;

/// What is known of lists while the product runs.
#[derive(Default)]
pub(super) struct Lists {
    /// The newest one.
    newest: Option<Verified<RevocationList>>,
    /// The one that could not be judged yet, since no licence says whose lists count.
    waiting: Option<(String, String)>,
    /// The list and the licence that were compared last.
    compared: Option<(u64, String)>,
    /// Why a list was no news, told once.
    told: Option<(String, &'static str)>,
    /// That the newest one is out of date was acted on.
    stale: bool,
    /// A lease named a list of this number.
    named: u64,
    etag: Option<String>,
    /// When to fetch next, in microseconds; `None` where there is nowhere to, or it is under way.
    next_fetch: Option<i64>,
    failures: u32,
}

/// A revocation of our licence, kept so that a list that is thrown away takes nothing back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// The key it was got with: see [`State::name_of_key`].
    key: String,
    grace_until: Option<i64>,
    /// Number of the list that says so.
    seq: u64,
}

impl Engine {
    /// What was remembered, and what lies about.
    pub(super) fn begin_lists(&mut self) {
        if self.settings.follows_lists && self.state.lists_since.is_none() {
            self.state.lists_since = Some(self.now());
            self.store.save(&self.state);
        }
        if self.settings.fetches_lists {
            self.lists.next_fetch = Some(self.now_micros());
        }
        if let Some(text) = self.store.load_list() {
            self.take_list(&text, "the state directory");
        }
        self.look_for_activation();
        self.look_for_lists();
        self.mind_lists();
    }

    /// Looks at the places where somebody may have put one.
    pub(super) fn look_for_lists(&mut self) {
        let beside = self.found.as_ref().ok().and_then(Option::as_ref);
        if let Some(text) = beside.and_then(|found| found.file.revocations.clone()) {
            self.take_list(&text, "the licence file");
        }
        for (text, source) in self.places.lists() {
            self.take_list(&text, &source);
        }
        // Who follows reads what the process that leads has found.
        if !self.store.leads()
            && let Some(text) = self.store.load_list()
        {
            self.take_list(&text, "the state directory");
        }
    }

    /// Takes a list over where it is news; whether it is one that counts.
    pub(super) fn take_list(&mut self, text: &str, source: &str) -> bool {
        let Some(issuer) = self.license.as_ref().map(|license| license.iss.to_string()) else {
            self.lists.waiting = Some((text.to_owned(), source.to_owned()));
            return false;
        };
        let list = match open(text, &self.trust) {
            Ok(list) => list,
            Err(invalid) => {
                self.tell_no_news(source, invalid.code(), &invalid.to_string());
                return false;
            }
        };
        let seen = self.state.list.as_ref();
        let named = self.lists.named;
        let weighed = match weigh(&list, &issuer, seen, self.now_micros()) {
            // The authority has signed that there is a newer one: somebody keeps this one alive.
            Ok(_) if list.seq < named => Err(NoNews::RolledBack { seq: list.seq, seen: named }),
            weighed => weighed,
        };
        match weighed {
            Ok(news) => {
                if news {
                    self.state.list = Some(Mark::of(&list));
                    self.store.save_list(list.token());
                    self.store.save(&self.state);
                    self.time.at_least(list.iat);
                    tracing::info!(target: "license", source, seq = list.seq, until = %log::time(list.exp), "[License] A newer revocation list");
                }
                if news || self.lists.newest.is_none() {
                    self.lists.newest = Some(list);
                    self.lists.compared = None;
                }
                true
            }
            Err(no_news) => {
                self.tell_no_news(source, no_news.code(), &no_news.to_string());
                false
            }
        }
    }

    fn tell_no_news(&mut self, source: &str, code: &'static str, why: &str) {
        let told = Some((source.to_owned(), code));
        if self.lists.told != told {
            self.lists.told = told;
            tracing::warn!(target: "license", source, code, "[License] A revocation list is no news: {why}");
        }
    }

    /// Compares what is known with the licence in force, and sees to the end of the newest list. Cheap where nothing has
    /// changed.
    pub(super) fn mind_lists(&mut self) {
        if self.license.is_some()
            && let Some((text, source)) = self.lists.waiting.take()
        {
            self.take_list(&text, &source);
        }
        self.compare_list();
        if let Some(end) = self.list_ends() {
            let stale = end <= self.now();
            if stale && !self.lists.stale && self.is_judged() {
                self.lists.stale = true;
                tracing::warn!(target: "license", code = "list_stale", ended = %log::time(end), "[License] There was no newer revocation list in time");
                self.apply(Event::ListStale { deadline: end });
            } else if !stale && self.lists.stale {
                self.lists.stale = false;
                self.rise_again();
            }
        }
    }

    fn compare_list(&mut self) {
        let Some(license) = self.license.clone() else { return };
        let key = self.key.as_ref().ok().map(|key| State::name_of_key(key)).unwrap_or_default();
        if let Some(list) = self.lists.newest.as_ref() {
            let pair = Some((list.seq, license.jti.to_string()));
            if self.lists.compared != pair {
                let entry = list.entry(&license);
                let found = entry.map(|entry| Remembered {
                    key: key.clone(),
                    grace_until: entry.grace_until,
                    seq: list.seq,
                });
                self.lists.compared = pair;
                let was = self.state.revoked.take_if(|was| was.key == key && was.seq <= list.seq);
                if found.is_some() {
                    self.state.revoked = found;
                }
                if was != self.state.revoked {
                    self.store.save(&self.state);
                }
                if was.is_some() && self.state.revoked.is_none() {
                    tracing::info!(target: "license", "[License] The licence is no longer on the revocation list");
                    self.rise_again();
                }
            }
        }
        let Some(revoked) = self.state.revoked.as_ref().filter(|revoked| revoked.key == key) else {
            return;
        };
        if self.fault.is_none() && self.machine.reason().is_none_or(|reason| !is_revoked(reason)) {
            let grace_until = revoked.grace_until;
            self.apply(Event::Refused { code: REVOKED.to_owned(), grace_until });
        }
    }

    /// What spoke against the licence does so no more; where an authority is asked, it has the word.
    fn rise_again(&mut self) {
        if self.online {
            self.hurry();
        } else if self.license.is_some() && self.fault.is_none() {
            self.apply(Event::Verified { expires: self.expires() });
        }
    }

    /// When the newest list ends, where the product is to have one: from its first start on it has as long as any list
    /// counts.
    pub(super) fn list_ends(&self) -> Option<i64> {
        if !self.settings.follows_lists {
            return None;
        }
        let first = self.state.lists_since.map(|since| since.saturating_add(VALID_S));
        self.state.list.as_ref().map(|list| list.exp).or(first)
    }

    /// When lists ask for attention next, in microseconds.
    pub(super) fn lists_wake_at(&self) -> Option<i64> {
        let ends = self.list_ends().filter(|_| !self.lists.stale);
        let ends = ends.map(|end| end.saturating_mul(SECOND));
        ends.into_iter().chain(self.lists.next_fetch).min()
    }

    /// A lease says that there is a list of this number.
    pub(super) fn list_named(&mut self, seq: u64) {
        self.lists.named = self.lists.named.max(seq);
        let known = self.state.list.as_ref().map_or(0, |list| list.seq);
        if seq > known && self.lists.next_fetch.is_none_or(|at| at > self.now_micros() + SPREAD) {
            let wait = jitter(&*self.settings.random, SPREAD);
            self.lists.next_fetch = Some(self.now_micros().saturating_add(wait));
        }
    }

    /// What to fetch, if now is the time.
    pub(crate) fn list_to_fetch(&mut self) -> Option<Fetch> {
        let now = self.now_micros();
        if self.lists.next_fetch.is_none_or(|at| at > now) || !self.store.leads() {
            return None;
        }
        self.lists.next_fetch = None;
        Some(Fetch { etag: self.lists.etag.clone() })
    }

    /// What came of it.
    pub(crate) fn list_fetched(&mut self, answer: Answer) {
        let (wait, done) = match answer {
            Answer::List { text, etag } => {
                let counts = self.take_list(&text, "the network");
                // What does not count is fetched again, and whole.
                self.lists.etag = etag.filter(|_| counts);
                (FETCH_EVERY, counts)
            }
            Answer::Unchanged => (FETCH_EVERY, true),
            Answer::Silence(why) => {
                tracing::debug!(target: "license", why, "[License] The revocation list could not be fetched");
                (FETCH_AGAIN, false)
            }
        };
        let again = FETCH_AGAIN.saturating_mul(1 << self.lists.failures.min(10)).min(FETCH_EVERY);
        self.lists.failures = if done { 0 } else { self.lists.failures.saturating_add(1) };
        let wait = if done { wait } else { again };
        // Full jitter after a failure; else a tenth, so that clients do not come together.
        let wait = if done {
            wait - jitter(&*self.settings.random, wait / 10)
        } else {
            wait / 2 + jitter(&*self.settings.random, wait / 2)
        };
        let next = self.now_micros().saturating_add(wait.max(SECOND));
        // A lease that came meanwhile may have asked for an earlier one.
        self.lists.next_fetch = Some(self.lists.next_fetch.map_or(next, |at| at.min(next)));
    }
}

fn is_revoked(reason: &Reason) -> bool {
    matches!(reason, Reason::Refused(code) if code == REVOKED)
}
