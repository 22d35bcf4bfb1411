//! Customers.

use licentia_storage::StorageError;

use crate::Backend;
use crate::fixtures::{change, customer, id, look};

/// Found by e-mail in any case, of any alphabet; kept as given.
pub async fn a_customer_is_found_by_email_in_any_case(backend: &impl Backend) {
    let store = backend.open().await;
    let mut umlaut = customer(2);
    umlaut.email = "JÜRGEN@example.com".into();
    change!(store, |tx| {
        tx.insert_customer(&customer(1)).await?;
        tx.insert_customer(&umlaut).await?;
        assert_eq!(tx.customer(id(1)).await?, Some(customer(1)));
        assert_eq!(tx.customer_by_email("SOMEONE.1@EXAMPLE.COM").await?, Some(customer(1)));
        assert_eq!(tx.customer_by_email("jürgen@example.com").await?, Some(umlaut));
        assert_eq!(tx.customer_by_email("nobody@example.com").await?, None);
        assert_eq!(tx.customer(id(3)).await?, None);
        Ok(())
    })
    .unwrap();
}

/// One customer an address, in whatever case it is given.
pub async fn an_email_is_taken_once_in_any_case(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| tx.insert_customer(&customer(1)).await).unwrap();
    let mut same = customer(2);
    same.email = customer(1).email.to_lowercase();
    let refused = change!(store, |tx| tx.insert_customer(&same).await);
    assert_eq!(refused, Err(StorageError::Conflict("customer e-mail".into())));
}

/// An update changes name and organisation alone, and needs a row.
pub async fn only_name_and_organization_of_a_customer_change(backend: &impl Backend) {
    let store = backend.open().await;
    let mut changed = customer(1);
    changed.name = None;
    changed.organization = Some("Example".into());
    let mut too_much = changed.clone();
    too_much.email = "other@example.com".into();
    too_much.created_at = 0;
    change!(store, |tx| {
        tx.insert_customer(&customer(1)).await?;
        tx.update_customer(&too_much).await
    })
    .unwrap();
    assert_eq!(look!(store, |tx| tx.customer(id(1)).await).unwrap(), Some(changed));
    let refused = change!(store, |tx| tx.update_customer(&customer(2)).await);
    assert_eq!(refused, Err(StorageError::Stale("customer")));
}
