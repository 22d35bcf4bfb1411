//! The licence itself: found, judged, replaced while the product runs, and the word that it ends soon.

use std::sync::Arc;

use licentia_license::decide::{Circumstances, decide};
use licentia_license::scheme::{Rules, check};
use licentia_license::{Invalid, License, Verified};

use super::{Engine, farewell};
use crate::clock::SECOND;
use crate::discovery::Found;
use crate::log;
use crate::reason::Reason;
use crate::standing::{Event, Standing};

const DAY: i64 = 24 * 3600 * SECOND;
/// How long before the end of the licence the notices begin.
const NOTICE: i64 = 7 * DAY;

impl Engine {
    /// The key out of what was found.
    pub(super) fn read_found(&mut self) -> Result<String, Reason> {
        match self.found.clone() {
            Ok(Some(found)) => {
                tracing::debug!(target: "license", source = found.source, "[License] Licence found");
                Ok(self.take_keyset(found))
            }
            Ok(None) => Err(Reason::Missing),
            Err(unreadable) => Err(Reason::Unreadable(unreadable.0)),
        }
    }

    /// The key, with the keyset that lies beside it in the file taken into the trust.
    pub(super) fn take_keyset(&mut self, found: Found) -> String {
        if let Some(keyset) = &found.file.keyset
            && let Err(invalid) = self.trust.accept_keyset(keyset)
        {
            tracing::warn!(target: "license", source = found.source, code = invalid.code(),
                "[License] The keyset in the licence file does not count");
        }
        found.file.license
    }

    /// Judges the key as far as that goes here.
    pub(super) fn judge_key(&mut self) {
        let key = match (&self.key, &self.grace) {
            (Ok(key), _) => key.clone(),
            (Err(_), Some(grace)) => return self.apply(Event::Graced { until: grace.exp }),
            (Err(reason), None) => return self.apply(Event::NoLicense(reason.clone())),
        };
        let (license, fault) = self.check(&key);
        (self.license, self.fault) = (license, fault);
        if let (Some(license), None) = (self.license.clone(), &self.fault) {
            self.state.signed_at = self.state.signed_at.max(license.iat);
            self.store.save(&self.state);
        }
        match (&self.fault, self.online) {
            (None, false) => {
                self.apply(Event::Verified { expires: self.expires() });
                if self.set_back {
                    self.apply(Event::ClockSetBack);
                }
            }
            (Some(fault), false) => self.apply(Event::Invalid(fault.clone())),
            (Some(fault), true) if !may_be_known(fault) => {
                self.apply(Event::Invalid(fault.clone()));
            }
            (_, true) => self.next_contact = Some(self.now_micros()),
        }
    }

    fn check(&self, key: &str) -> (Option<Arc<Verified<License>>>, Option<Invalid>) {
        let rules = Rules::new().product(&self.settings.product);
        match check(key, &self.trust, &rules, self.now()) {
            Ok(license) => {
                let circumstances = Circumstances::at(self.now())
                    .product(&self.settings.product)
                    .machine(&self.settings.machine);
                let fault = decide(&license, &circumstances).err();
                (Some(Arc::new(license)), fault)
            }
            Err(invalid) => (None, Some(invalid)),
        }
    }

    /// Looks for the licence again, where it may have been replaced meanwhile (T8).
    pub(super) fn look(&mut self) {
        self.save_usage();
        self.save_chain();
        self.deliver_many();
        let found = self.places.find();
        if found == self.found {
            return;
        }
        self.found.clone_from(&found);
        match found {
            Ok(Some(found)) => self.replace(found),
            Ok(None) => {
                tracing::warn!(target: "license", "[License] The licence is gone from where it was; what was read stays until a restart");
            }
            Err(unreadable) => {
                tracing::warn!(target: "license", why = unreadable.0, "[License] The licence was changed and cannot be read now; what was read stays");
            }
        }
    }

    /// A licence that does not check out replaces nothing: a file half copied must lock nobody out.
    fn replace(&mut self, found: Found) {
        let source = found.source.clone();
        let key = self.take_keyset(found);
        if self.key.as_ref() == Ok(&key) {
            return;
        }
        let (license, fault) = self.check(&key);
        match &fault {
            Some(fault) if !(self.online && may_be_known(fault)) => {
                tracing::warn!(target: "license", source, code = fault.code(), "[License] The new licence does not count: {fault}");
                return;
            }
            _ => tracing::info!(target: "license", source, "[License] A new licence was put in"),
        }
        self.key = Ok(key);
        let same = match (&self.license, &license) {
            (Some(old), Some(new)) => old.sub == new.sub && old.iss == new.iss,
            _ => false,
        };
        if !self.online {
            (self.license, self.fault) = (license, fault);
            return self.apply(Event::Verified { expires: self.expires() });
        }
        if same && fault.is_none() {
            (self.license, self.fault) = (license, fault);
        } else {
            // Until the authority has granted it, what runs is the former one.
            self.next_license = license;
            self.left = self.session.take().map(farewell);
        }
        self.renew_nonces();
        self.hurry();
    }

    /// Says once a day, from seven days ahead on, that the licence ends.
    pub(super) fn notice(&mut self) {
        let (Some(exp), true) = (self.expires(), self.machine.standing().is_full()) else { return };
        let (now, end) = (self.now_micros(), exp.saturating_mul(SECOND));
        let left = end.saturating_sub(now);
        if now < self.next_notice || !(1..=NOTICE).contains(&left) {
            return;
        }
        self.next_notice = now.saturating_add(DAY);
        let days = left.saturating_add(DAY - 1) / DAY;
        tracing::warn!(target: "license", code = "expires_soon", days, expires = %log::time(exp),
            "[License] The licence expires in {days} day(s), at {}. Renew it and put the new one in; no restart is needed", log::time(exp));
    }

    pub(super) fn expires(&self) -> Option<i64> {
        self.license.as_ref().and_then(|license| license.exp)
    }

    /// Whether the product runs on something that could be lost.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.machine.standing(), Standing::Licensed | Standing::Grace { .. })
    }
}

/// The authority knows keys that say nothing by themselves, renewals, re-issues, and the time.
fn may_be_known(fault: &Invalid) -> bool {
    matches!(
        fault,
        Invalid::Unrecognized
            | Invalid::SchemeDisabled
            | Invalid::UnknownKey
            | Invalid::KeyCompromised
            | Invalid::Expired { .. }
            | Invalid::NotYetValid { .. }
    )
}
