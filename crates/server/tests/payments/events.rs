//! Events as Stripe sends them.

use serde_json::{Value, json};

pub(crate) const DAY: i64 = 86_400;
pub(crate) const CATALOG: &str = r#"
[product]
code = "bzzz"
name = "BZZZ"
heartbeat = "15m"
grace = "24h"
default_plan = "standard"

[[plan]]
code = "standard"
tier = "STANDARD"
rank = 2
seats = 2
features = ["a"]

[[plan]]
code = "enterprise"
tier = "ENTERPRISE"
rank = 3
seats = 10
features = ["a", "b"]
"#;

/// An event, and when it is sent: in days since the beginning.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) day: i64,
    pub(crate) body: Value,
}

/// A subscription of Ada's; every id of it ends with its name.
pub(crate) struct Subscription {
    pub(crate) name: String,
    pub(crate) start: i64,
}

impl Subscription {
    fn event(&self, day: i64, kind: &str, object: &Value) -> Sent {
        let id = format!("evt_{}_{day}_{}", self.name, kind.replace('.', "_"));
        let body = json!({
            "id": id, "object": "event", "api_version": "2025-08-27.basil", "type": kind, "livemode": false,
            "created": self.start + day * DAY, "pending_webhooks": 1, "request": { "id": null, "idempotency_key": null },
            "data": { "object": object }
        });
        Sent { day, body }
    }

    /// `customer.subscription.*`.
    pub(crate) fn is(&self, day: i64, kind: &str, status: &str, price: &str, more: &Value) -> Sent {
        let mut object = json!({
            "id": format!("sub_{}", self.name), "object": "subscription", "customer": format!("cus_{}", self.name),
            "status": status, "cancel_at_period_end": false, "cancel_at": null, "trial_end": null, "metadata": {},
            "items": { "object": "list", "data": [{ "id": "si_1", "object": "subscription_item", "quantity": 1,
                "price": { "id": price, "object": "price", "recurring": { "interval": "month" } } }] }
        });
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.event(day, &format!("customer.subscription.{kind}"), &object)
    }

    /// `invoice.*`, for the time from one day to another.
    pub(crate) fn invoice(
        &self,
        day: i64,
        kind: &str,
        (from, to): (i64, i64),
        price: &str,
        amount: i64,
    ) -> Sent {
        let at = |day: i64| self.start + day * DAY;
        let object = json!({
            "id": format!("in_{}_{from}_{amount}", self.name), "object": "invoice", "customer": format!("cus_{}", self.name),
            "customer_email": "ada@example.com", "customer_name": "Ada Lovelace", "status": "paid",
            "amount_paid": if kind == "paid" { amount } else { 0 }, "currency": "usd",
            "parent": { "type": "subscription_details", "subscription_details":
                { "subscription": format!("sub_{}", self.name), "metadata": {} } },
            "lines": { "object": "list", "data": [{ "id": "il_1", "object": "line_item", "amount": amount,
                "period": { "start": at(from), "end": at(to) },
                "pricing": { "type": "price_details", "price_details": { "price": price, "product": "prod_1" } } }] }
        });
        self.event(day, &format!("invoice.{kind}"), &object)
    }

    /// Says which payment an invoice was paid with.
    pub(crate) fn paid_with(&self, day: i64, (from, amount): (i64, i64)) -> Sent {
        let object = json!({
            "id": format!("inpay_{}_{from}", self.name), "object": "invoice_payment", "status": "paid",
            "invoice": format!("in_{}_{from}_{amount}", self.name),
            "payment": { "type": "payment_intent", "payment_intent": format!("pi_{}_{from}", self.name) }
        });
        self.event(day, "invoice_payment.paid", &object)
    }

    /// `charge.refunded`, in full.
    pub(crate) fn refunded(&self, day: i64, from: i64) -> Sent {
        let object = json!({
            "id": format!("ch_{}_{from}", self.name), "object": "charge", "refunded": true, "amount": 19_900,
            "amount_refunded": 19_900, "customer": format!("cus_{}", self.name),
            "payment_intent": format!("pi_{}_{from}", self.name)
        });
        self.event(day, "charge.refunded", &object)
    }

    /// `charge.dispute.*`.
    pub(crate) fn dispute(&self, day: i64, kind: &str, status: &str, from: i64) -> Sent {
        let object = json!({
            "id": format!("du_{}_{from}", self.name), "object": "dispute", "status": status,
            "charge": format!("ch_{}_{from}", self.name), "payment_intent": format!("pi_{}_{from}", self.name)
        });
        self.event(day, &format!("charge.dispute.{kind}"), &object)
    }

    /// A trial, paid months, an upgrade, a card that fails and recovers, a dispute that is won, a cancellation, and in the
    /// end a refund.
    pub(crate) fn year(&self) -> Vec<Sent> {
        let trial_end = json!({ "trial_end": self.start + 14 * DAY });
        let (standard, enterprise) = ("price_standard", "price_enterprise");
        let mut year = vec![
            self.is(0, "created", "trialing", standard, &trial_end),
            self.invoice(0, "paid", (0, 14), standard, 0),
            self.is(14, "updated", "active", standard, &trial_end),
            self.invoice(14, "paid", (14, 44), standard, 4_900),
            self.invoice(44, "paid", (44, 74), standard, 4_900),
            self.is(60, "updated", "active", enterprise, &trial_end),
            self.invoice(60, "paid", (60, 74), enterprise, 7_000),
            self.invoice(74, "payment_failed", (74, 104), enterprise, 19_900),
            self.invoice(76, "paid", (74, 104), enterprise, 19_900),
            self.paid_with(76, (74, 19_900)),
            self.dispute(90, "created", "needs_response", 74),
            self.dispute(100, "closed", "won", 74),
        ];
        for month in 0..9 {
            let from = 104 + 30 * month;
            year.push(self.invoice(from, "paid", (from, from + 30), enterprise, 19_900));
            year.push(self.paid_with(from, (from, 19_900)));
        }
        let ending = json!({ "trial_end": self.start + 14 * DAY, "cancel_at_period_end": true });
        year.push(self.is(350, "updated", "active", enterprise, &ending));
        year.push(self.refunded(360, 344));
        let ended =
            json!({ "trial_end": self.start + 14 * DAY, "ended_at": self.start + 374 * DAY });
        year.push(self.is(374, "deleted", "canceled", enterprise, &ended));
        year
    }
}
