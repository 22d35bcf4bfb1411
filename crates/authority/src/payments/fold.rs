//! What a licence is to be by all that is known of a purchase. Pure: the same events, in whatever order they came,
//! give the same answer.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Buyer, Fact, OnRefund, Price, Rules, Stage};

/// An event as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) at: i64,
    pub(crate) id: String,
    pub(crate) fact: Fact,
}

/// What a licence is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    /// None: the price is nothing that the configuration knows.
    pub(crate) price: Option<Price>,
    /// None: for ever.
    pub(crate) ends_at: Option<i64>,
    pub(crate) trial: bool,
    pub(crate) standing: Standing,
    /// A subscription that is paid goes on by itself.
    #[serde(default)]
    pub(crate) renews: bool,
}

/// Whether the money is with the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    Good,
    Suspended,
    Revoked,
}

/// What follows from a purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// None: nothing is paid and no trial was begun.
    pub(crate) target: Option<Target>,
    pub(crate) buyer: Option<Buyer>,
    pub(crate) license: Option<Uuid>,
}

/// Of all its events.
pub(crate) fn fold(mut events: Vec<Kept>, rules: &Rules) -> Outcome {
    events.sort_by(|a, b| (a.at, rank(&a.fact), &a.id).cmp(&(b.at, rank(&b.fact), &b.id)));
    let mut seen = Seen::default();
    for event in &events {
        seen.take(&event.fact, rules);
    }
    let target = seen.ends_at(rules.grace_s).map(|ends_at| Target {
        price: seen.price(rules),
        ends_at,
        trial: !seen.is_paid(),
        standing: seen.standing(),
        renews: seen.is_paid() && matches!(seen.stage, Some(Stage::Begun | Stage::Running)),
    });
    Outcome { target, buyer: seen.buyer, license: seen.license }
}

/// Of events of one second, what undoes another comes behind it.
fn rank(fact: &Fact) -> u8 {
    match fact {
        Fact::Subscription { stage: Stage::Begun, .. } => 0,
        Fact::Subscription { stage: Stage::Running, .. } => 1,
        Fact::Subscription { stage: Stage::Ending, .. } => 2,
        Fact::Subscription { stage: Stage::Ended, .. } => 3,
        Fact::Failed => 4,
        Fact::Paid { .. } => 5,
        Fact::Refunded | Fact::Disputed => 6,
        Fact::DisputeWon => 7,
        Fact::Linked => 8,
    }
}

#[derive(Default)]
struct Seen {
    stage: Option<Stage>,
    subscribed: Vec<String>,
    paid_for: Vec<String>,
    trial_until: Option<i64>,
    /// The end of what is paid: for ever, or until then.
    paid_until: Option<Option<i64>>,
    /// More than nothing.
    money: bool,
    refunded: bool,
    disputed: bool,
    revoked: bool,
    buyer: Option<Buyer>,
    license: Option<Uuid>,
}

impl Seen {
    fn take(&mut self, fact: &Fact, rules: &Rules) {
        match fact {
            Fact::Subscription { stage, prices, trial_until, license } => {
                self.stage = Some(*stage);
                if !prices.is_empty() {
                    self.subscribed.clone_from(prices);
                }
                self.trial_until = *trial_until;
                self.license = self.license.or(*license);
            }
            Fact::Paid { amount, prices, until, buyer, license } => {
                if *amount > 0 {
                    self.money = true;
                    self.refunded = false;
                }
                if !prices.is_empty() {
                    self.paid_for.clone_from(prices);
                }
                self.paid_until = Some(match (self.paid_until, until) {
                    (Some(None), _) | (_, None) => None,
                    (Some(Some(before)), Some(until)) => Some(before.max(*until)),
                    (None, Some(until)) => Some(*until),
                });
                // Whose it is, is told by the first who paid.
                self.buyer = self.buyer.take().or_else(|| buyer.clone());
                self.license = self.license.or(*license);
            }
            Fact::Refunded => self.back(rules.on_refund, false),
            Fact::Disputed => self.back(rules.on_dispute, true),
            Fact::DisputeWon => self.disputed = false,
            Fact::Failed | Fact::Linked => {}
        }
    }

    fn back(&mut self, rule: OnRefund, dispute: bool) {
        match rule {
            OnRefund::Ignore => {}
            OnRefund::Revoke => self.revoked = true,
            OnRefund::Suspend if dispute => self.disputed = true,
            OnRefund::Suspend => self.refunded = true,
        }
    }

    /// The invoice of a trial is paid too, with nothing.
    fn is_paid(&self) -> bool {
        match (self.paid_until, self.trial_until) {
            (None, _) => false,
            (Some(_), None) | (Some(None), _) => true,
            (Some(Some(until)), Some(trial)) => self.money || until > trial,
        }
    }

    fn ends_at(&self, grace_s: u32) -> Option<Option<i64>> {
        let until = match (self.paid_until, self.trial_until) {
            (None, None) => return None,
            (Some(None), _) => return Some(None),
            (Some(Some(paid)), trial) => paid.max(trial.unwrap_or(paid)),
            (None, Some(trial)) => trial,
        };
        let ends = matches!(self.stage, Some(Stage::Ending | Stage::Ended));
        let grace = if ends || !self.is_paid() { 0 } else { i64::from(grace_s) };
        Some(Some(until.saturating_add(grace)))
    }

    fn price(&self, rules: &Rules) -> Option<Price> {
        let prices = if self.subscribed.is_empty() { &self.paid_for } else { &self.subscribed };
        prices.iter().find_map(|price| rules.price(price))
    }

    fn standing(&self) -> Standing {
        match (self.revoked, self.refunded || self.disputed) {
            (true, _) => Standing::Revoked,
            (false, true) => Standing::Suspended,
            (false, false) => Standing::Good,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn kept(at: i64, fact: Fact) -> Kept {
        Kept { at, id: format!("evt_{at}"), fact }
    }

    fn subscription(stage: Stage, price: &str, trial_until: Option<i64>) -> Fact {
        Fact::Subscription { stage, prices: vec![price.into()], trial_until, license: None }
    }

    fn paid(amount: i64, until: Option<i64>) -> Fact {
        Fact::Paid { amount, prices: vec!["p/a".into()], until, buyer: None, license: None }
    }

    fn target(events: Vec<Kept>) -> Target {
        fold(events, &Rules::default()).target.unwrap()
    }

    #[test]
    fn a_trial_is_one_until_something_is_paid() {
        let begun = kept(0, subscription(Stage::Begun, "p/a", Some(30 * DAY)));
        let nothing = kept(0, paid(0, Some(30 * DAY)));
        let trial = target(vec![begun.clone(), nothing.clone()]);
        assert_eq!((trial.trial, trial.ends_at), (true, Some(30 * DAY)));
        let after = target(vec![kept(30 * DAY, paid(4_900, Some(60 * DAY))), nothing, begun]);
        assert_eq!((after.trial, after.ends_at), (false, Some(63 * DAY)));
        assert_eq!((trial.renews, after.renews), (false, true));
    }

    #[test]
    fn what_ends_ends_with_what_is_paid_and_a_subscription_that_goes_on_has_a_grace() {
        let events = |stage| {
            vec![kept(0, paid(1, Some(30 * DAY))), kept(5, subscription(stage, "p/b", None))]
        };
        assert_eq!(target(events(Stage::Running)).ends_at, Some(33 * DAY));
        assert_eq!(target(events(Stage::Ending)).ends_at, Some(30 * DAY));
        assert_eq!(target(events(Stage::Ended)).ends_at, Some(30 * DAY));
        let renews =
            [Stage::Running, Stage::Ending, Stage::Ended].map(|s| target(events(s)).renews);
        assert_eq!(renews, [true, false, false]);
        // The subscription says what is bought now, the payment what was.
        assert_eq!(target(events(Stage::Running)).price.unwrap().plan, "b");
    }

    #[test]
    fn what_was_bought_once_lasts_for_ever() {
        assert_eq!(target(vec![kept(0, paid(1, None)), kept(1, paid(1, Some(DAY)))]).ends_at, None);
    }

    #[test]
    fn money_that_went_back_suspends_until_it_is_paid_again_or_revokes_for_good() {
        let (first, back) = (kept(0, paid(1, Some(DAY))), kept(1, Fact::Refunded));
        let again = kept(2, paid(1, Some(2 * DAY)));
        let standing = |events, rules: &Rules| fold(events, rules).target.unwrap().standing;
        let rules = Rules::default();
        assert_eq!(standing(vec![back.clone(), first.clone()], &rules), Standing::Suspended);
        let all = vec![again.clone(), back.clone(), first.clone()];
        assert_eq!(standing(all.clone(), &rules), Standing::Good);
        let revoke = Rules { on_refund: OnRefund::Revoke, ..Rules::default() };
        assert_eq!(standing(all.clone(), &revoke), Standing::Revoked);
        let ignore = Rules { on_refund: OnRefund::Ignore, ..Rules::default() };
        assert_eq!(standing(vec![first.clone(), back], &ignore), Standing::Good);
        // A dispute is not over because the next month was paid.
        let disputed = vec![first, kept(1, Fact::Disputed), again];
        assert_eq!(standing(disputed.clone(), &rules), Standing::Suspended);
        let won = [disputed, vec![kept(3, Fact::DisputeWon)]].concat();
        assert_eq!(standing(won, &rules), Standing::Good);
    }

    #[test]
    fn of_one_second_the_later_stage_counts() {
        let one = |id: &str, fact| Kept { at: 0, id: id.into(), fact };
        let events = vec![
            one("evt_a", subscription(Stage::Running, "p/b", None)),
            one("evt_z", subscription(Stage::Begun, "p/a", None)),
            one("evt_m", paid(1, Some(DAY))),
        ];
        assert_eq!(target(events).price.unwrap().plan, "b");
    }

    #[test]
    fn without_payment_or_trial_nothing_follows() {
        let events = vec![kept(0, subscription(Stage::Begun, "p/a", None)), kept(1, Fact::Failed)];
        assert_eq!(fold(events, &Rules::default()).target, None);
    }

    #[test]
    fn a_price_that_nobody_knows_buys_nothing() {
        let events = vec![kept(0, paid(1, None)), kept(1, subscription(Stage::Begun, "x", None))];
        assert_eq!(target(events).price, None);
    }
}
