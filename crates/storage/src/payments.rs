//! What payment providers told.

use async_trait::async_trait;
use licentia_model::{PaymentEvent, Purchase};
use uuid::Uuid;

use crate::{Place, Result};

/// Events of payment providers, and the purchases that they are about.
#[async_trait]
pub trait Payments {
    /// Keeps an event; `false`, and nothing kept, where it came before.
    async fn insert_payment_event(&mut self, event: &PaymentEvent) -> Result<bool>;
    /// What a purchase is made of: the oldest of its events first.
    async fn payment_events(&mut self, purchase_id: Uuid) -> Result<Vec<PaymentEvent>>;
    /// Puts other facts in the place of an event's.
    async fn replace_payment_facts(&mut self, id: Uuid, facts: &str) -> Result<()>;
    /// A page of all events, the last that came first.
    async fn walk_payment_events(&mut self, after: Place, limit: u32) -> Result<Vec<PaymentEvent>>;
    /// A new purchase.
    async fn insert_purchase(&mut self, purchase: &Purchase) -> Result<()>;
    /// Replaces its licence, and what was applied.
    async fn update_purchase(&mut self, purchase: &Purchase) -> Result<()>;
    /// By row id.
    async fn purchase(&mut self, id: Uuid) -> Result<Option<Purchase>>;
    /// The purchase that one of a provider's own ids belongs to.
    async fn purchase_of(&mut self, provider: &str, reference: &str) -> Result<Option<Uuid>>;
    /// Makes one of a provider's ids a purchase's, unless it is one's already.
    async fn refer_to_purchase(
        &mut self,
        provider: &str,
        reference: &str,
        purchase_id: Uuid,
    ) -> Result<()>;
    /// The purchases of a licence.
    async fn purchases_of_license(&mut self, license_id: Uuid) -> Result<Vec<Purchase>>;
    /// Two purchases turn out to be one: events and ids of `from` are those of `into`, and `from` is gone.
    async fn join_purchases(&mut self, from: Uuid, into: Uuid) -> Result<()>;
}
