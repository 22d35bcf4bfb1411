//! Counts what products report, and says how quotas stand. Best effort: whatever fails here, the heartbeat goes on
//! and no verdict changes.
//!
//! A report counts once: `usage_id` names it, a lost answer that is asked for again counts nothing anew, and
//! counting is part of the heartbeat's own transaction, as a part that may fail alone.
//!
//! A limit is in the licence and in whole units; a report is in the meter's smallest unit. `cpu_hours` with a scale
//! of 3 and a limit of 100 is used up at 100,000.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use licentia_model::{Meter, Plan, Product, Quota, QuotaKind, Window};
use licentia_protocol::heartbeat::{Advice, AdviceKind, PlanHint, Request};
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::activations::activate::text;
use crate::authority::Authority;
use crate::credential::Known;
use crate::error::AuthorityError;
use crate::seats::{Claimed, timestamp};

/// Most meters in one report; what is beyond them is not counted.
const MAX_METERS: usize = 100;
/// Most meters of a licence that its product's catalogue does not name.
const MAX_FREE_METERS: usize = 500;
/// Of a quota, from which part on the customer is told.
const NEAR_PERCENT: i128 = 80;
const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 86_400;

/// What came of a heartbeat's report.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Metered {
    /// `None` where nothing was reported.
    pub(crate) counted: Option<bool>,
    pub(crate) advice: Vec<Advice>,
}

/// What a heartbeat's usage is judged by.
pub(crate) struct Metering<'a> {
    pub(crate) known: &'a Known,
    pub(crate) product: &'a Product,
    pub(crate) plan: &'a Plan,
    pub(crate) activation_id: Uuid,
    pub(crate) claimed: Claimed,
    /// Whether the answer was given before.
    pub(crate) lost: bool,
    pub(crate) now: i64,
}

impl Authority {
    /// Counts the report of a heartbeat and gives advice.
    pub(crate) async fn meter(
        &self,
        tx: &mut dyn Transaction,
        request: &Request,
        metering: &Metering<'_>,
    ) -> Result<Metered, AuthorityError> {
        let sent = !request.usage.is_empty();
        if !sent && metering.plan.quotas.is_empty() && !metering.claimed.overage {
            return Ok(Metered::default());
        }
        tx.begin_part().await?;
        match metering.run(tx, request).await {
            Ok(metered) => {
                tx.keep_part().await?;
                Ok(metered)
            }
            Err(error) => {
                tracing::warn!(%error, license = %metering.known.license.id, "usage was not counted; the heartbeat goes on");
                tx.undo_part().await?;
                Ok(Metered { counted: sent.then_some(false), advice: Vec::new() })
            }
        }
    }
}

impl Metering<'_> {
    async fn run(
        &self,
        tx: &mut dyn Transaction,
        request: &Request,
    ) -> Result<Metered, AuthorityError> {
        let meters = tx.meters(self.product.id).await?;
        let counted = match request.usage.is_empty() {
            true => None,
            false => Some(self.count(tx, request, &meters).await?),
        };
        let mut advice = Vec::new();
        for (name, quota) in &self.plan.quotas {
            advice.extend(self.quota(tx, &meters, name, *quota).await?);
        }
        if let (true, Some(seats)) = (self.claimed.overage, self.known.claims.seats) {
            let used = i64::from(self.claimed.taken);
            let plan = self
                .larger_plan(tx, |plan| plan.seats.is_none_or(|seats| seats >= self.claimed.taken))
                .await?;
            advice.push(Advice {
                kind: AdviceKind::SeatOverage,
                meter: None,
                unit: None,
                scale: 0,
                per: None,
                used,
                limit: i64::from(seats),
                resets_at: None,
                plan,
            });
        }
        Ok(Metered { counted, advice })
    }

    async fn count(
        &self,
        tx: &mut dyn Transaction,
        request: &Request,
        meters: &[Meter],
    ) -> Result<bool, AuthorityError> {
        let report = request.usage_id.as_deref();
        if report.is_some_and(|id| text("usage_id", id, 1, 128).is_err()) {
            return Ok(false);
        }
        // Without a name a repeat cannot be told from a report; this one was counted when it was first answered.
        if self.lost && report.is_none() {
            return Ok(true);
        }
        let mut amounts: BTreeMap<String, i64> = BTreeMap::new();
        let mut free = None;
        for (name, amount) in request.usage.iter().take(MAX_METERS) {
            if *amount < 0 || text("usage", name, 1, 64).is_err() {
                continue;
            }
            if !meters.iter().any(|meter| meter.name == *name) {
                let known = match &mut free {
                    Some(known) => known,
                    none => none.insert(tx.usage_totals(self.known.license.id).await?),
                };
                if !known.contains_key(name) && known.len() >= MAX_FREE_METERS {
                    continue;
                }
                known.entry(name.clone()).or_default();
            }
            amounts.insert(name.clone(), *amount);
        }
        let license = self.known.license.id;
        tx.add_usage(license, self.activation_id, report, &amounts, self.now).await?;
        Ok(true)
    }

    async fn quota(
        &self,
        tx: &mut dyn Transaction,
        meters: &[Meter],
        name: &str,
        quota: Quota,
    ) -> Result<Option<Advice>, AuthorityError> {
        let license = self.known.license.id;
        // A licence that names no limit is from before the quota; it promised nothing.
        let Some(Some(limit)) = self.known.claims.limits.get(name).copied() else {
            return Ok(None);
        };
        let meter = meters.iter().find(|meter| meter.name == name);
        let scale = meter.map_or(0, |meter| meter.scale);
        let limit = scaled(limit, scale);
        let (used, resets_at) = match span(quota.per, self.now) {
            Some((from, to)) => (tx.usage(license, name, from, to).await?, Some(to)),
            None => (tx.usage_totals(license).await?.get(name).copied().unwrap_or_default(), None),
        };
        let Some(kind) = kind(used, limit, quota.kind) else { return Ok(None) };
        let plan = self
            .larger_plan(tx, |plan| match plan.limits.get(name) {
                Some(None) => true,
                Some(Some(other)) => scaled(*other, scale) > limit.max(used),
                None => false,
            })
            .await?;
        Ok(Some(Advice {
            kind,
            meter: Some(name.to_owned()),
            unit: meter.map(|meter| meter.unit.clone()).filter(|unit| !unit.is_empty()),
            scale,
            per: Some(quota.per.to_string()),
            used,
            limit,
            resets_at: resets_at.map(timestamp),
            plan,
        }))
    }

    /// The plan of the lowest rank, not below one's own, that would fit.
    async fn larger_plan(
        &self,
        tx: &mut dyn Transaction,
        fits: impl Fn(&Plan) -> bool,
    ) -> Result<Option<PlanHint>, AuthorityError> {
        let plans = tx.plans(self.product.id).await?;
        let plan = plans.into_iter().find(|plan| {
            plan.rank >= self.known.claims.rank && plan.code != self.known.claims.plan && fits(plan)
        });
        Ok(plan.map(|plan| PlanHint { code: plan.code, tier: plan.tier }))
    }
}

fn kind(used: i64, limit: i64, quota: QuotaKind) -> Option<AdviceKind> {
    if used >= limit {
        return Some(match quota {
            QuotaKind::Soft => AdviceKind::QuotaOver,
            QuotaKind::Hard => AdviceKind::QuotaExceeded,
        });
    }
    (i128::from(used) * 100 >= i128::from(limit) * NEAR_PERCENT).then_some(AdviceKind::QuotaNear)
}

/// Whole units in the meter's smallest.
pub(crate) fn scaled(limit: u64, scale: u8) -> i64 {
    let scaled = limit.saturating_mul(10_u64.saturating_pow(u32::from(scale)));
    i64::try_from(scaled).unwrap_or(i64::MAX)
}

/// Beginning and end of the window that `now` lies in, UTC; `None` where it has none.
pub(crate) fn span(per: Window, now: i64) -> Option<(i64, i64)> {
    let begin = |length: i64| now.div_euclid(length).saturating_mul(length);
    match per {
        Window::Total => None,
        Window::Hour => Some((begin(HOUR_S), begin(HOUR_S).saturating_add(HOUR_S))),
        Window::Day => Some((begin(DAY_S), begin(DAY_S).saturating_add(DAY_S))),
        Window::Month => {
            let today = timestamp(now).to_zoned(TimeZone::UTC).date();
            let midnight = |date: Date| {
                date.to_zoned(TimeZone::UTC).map_or(i64::MAX, |at| at.timestamp().as_second())
            };
            let next = today.last_of_month().tomorrow().map_or(i64::MAX, midnight);
            Some((midnight(today.first_of_month()), next))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-02-28T23:30:00Z
    const NOW: i64 = 1_772_321_400;

    #[test]
    fn decision_17_windows_are_of_the_calendar_and_in_utc() {
        assert_eq!(span(Window::Hour, NOW), Some((NOW - 1_800, NOW + 1_800)));
        assert_eq!(span(Window::Day, NOW), Some((NOW - 84_600, NOW + 1_800)));
        assert_eq!(
            span(Window::Month, NOW),
            Some((NOW - 27 * DAY_S - 84_600, NOW + 1_800)),
            "February has 28 days in 2026"
        );
        assert_eq!(span(Window::Month, NOW + 1_800).map(|span| span.0), Some(NOW + 1_800));
        assert_eq!(span(Window::Total, NOW), None);
        for now in [i64::MIN, i64::MAX] {
            assert!(span(Window::Month, now).is_some());
        }
    }

    #[test]
    fn near_begins_at_four_fifths_and_over_at_the_limit() {
        for (used, limit, expected) in [
            (79, 100, None),
            (80, 100, Some(AdviceKind::QuotaNear)),
            (99, 100, Some(AdviceKind::QuotaNear)),
            (100, 100, Some(AdviceKind::QuotaOver)),
            (0, 0, Some(AdviceKind::QuotaOver)),
            (i64::MAX, i64::MAX, Some(AdviceKind::QuotaOver)),
        ] {
            assert_eq!(kind(used, limit, QuotaKind::Soft), expected, "{used} of {limit}");
        }
        assert_eq!(kind(5, 5, QuotaKind::Hard), Some(AdviceKind::QuotaExceeded));
    }

    #[test]
    fn decision_17_a_limit_is_in_whole_units() {
        assert_eq!(scaled(100, 3), 100_000);
        assert_eq!(scaled(u64::MAX, 9), i64::MAX);
    }
}
