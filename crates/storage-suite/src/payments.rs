//! What payment providers told.

use licentia_model::{PaymentEvent, Purchase};
use licentia_storage::Place;
use uuid::Uuid;

use crate::Backend;
use crate::fixtures::{NOW, change, id, licensed, look};

fn purchase(n: u32) -> Purchase {
    Purchase {
        id: id(n),
        provider: "stripe".into(),
        license_id: None,
        applied: None,
        created_at: NOW,
    }
}

fn event(n: u32, purchase_id: Uuid, at: i64) -> PaymentEvent {
    PaymentEvent {
        id: id(n),
        provider: "stripe".into(),
        event: format!("evt_{n}"),
        purchase_id,
        kind: "invoice.paid".into(),
        at,
        received_at: NOW + i64::from(n),
        facts: "{}".into(),
    }
}

/// However often it comes; of another provider it is another.
pub async fn a_payment_event_is_kept_once(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.insert_purchase(&purchase(1)).await?;
        assert!(tx.insert_payment_event(&event(1, id(1), NOW)).await?);
        let again = PaymentEvent { id: id(2), facts: "other".into(), ..event(1, id(1), NOW + 5) };
        assert!(!tx.insert_payment_event(&again).await?);
        let other = PaymentEvent { id: id(3), provider: "other".into(), ..event(1, id(1), NOW) };
        assert!(tx.insert_payment_event(&other).await?);
        assert!(tx.insert_payment_event(&event(4, id(1), NOW - 1)).await?);
        tx.replace_payment_facts(id(4), "{\"a\":1}").await?;
        Ok(())
    })
    .unwrap();
    let (events, newest) = look!(store, |tx| {
        let newest = tx.walk_payment_events(Place { at: NOW + 4, id: id(4) }, 2).await?;
        Ok((tx.payment_events(id(1)).await?, newest))
    })
    .unwrap();
    assert_eq!(events.len(), 3);
    assert_eq!((events[0].id, events[0].facts.as_str()), (id(4), "{\"a\":1}"));
    assert_eq!(events[1], event(1, id(1), NOW));
    assert_eq!(newest.iter().map(|e| e.id).collect::<Vec<_>>(), [id(3), id(1)]);
}

/// The first purchase that an id is told of keeps it.
pub async fn a_purchase_is_found_by_any_of_its_ids(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let license = licensed(tx).await?;
        tx.insert_purchase(&purchase(1)).await?;
        tx.insert_purchase(&purchase(2)).await?;
        for (reference, of) in [("sub_1", 1), ("in_1", 1), ("ch_1", 2), ("in_1", 2)] {
            tx.refer_to_purchase("stripe", reference, id(of)).await?;
        }
        assert_eq!(tx.purchase_of("stripe", "in_1").await?, Some(id(1)));
        assert_eq!(tx.purchase_of("other", "in_1").await?, None);
        let paid =
            Purchase { license_id: Some(license.id), applied: Some("{}".into()), ..purchase(1) };
        tx.update_purchase(&paid).await?;
        assert_eq!(tx.purchase(id(1)).await?, Some(paid.clone()));
        assert_eq!(tx.purchases_of_license(license.id).await?, [paid]);
        Ok(())
    })
    .unwrap();
}

/// All that was one's is the other's.
pub async fn purchases_are_joined(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.insert_purchase(&purchase(1)).await?;
        tx.insert_purchase(&purchase(2)).await?;
        tx.refer_to_purchase("stripe", "ch_1", id(2)).await?;
        tx.insert_payment_event(&event(1, id(1), NOW)).await?;
        tx.insert_payment_event(&event(2, id(2), NOW + 1)).await?;
        tx.join_purchases(id(2), id(1)).await?;
        assert_eq!(tx.purchase(id(2)).await?, None);
        assert_eq!(tx.purchase_of("stripe", "ch_1").await?, Some(id(1)));
        assert_eq!(tx.payment_events(id(1)).await?.len(), 2);
        Ok(())
    })
    .unwrap();
}
