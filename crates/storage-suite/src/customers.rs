//! Customers.

use licentia_storage::{Place, StorageError};

use crate::Backend;
use crate::fixtures::{NOW, change, customer, id, look};

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

/// An update changes all but id and time, keeps addresses apart, and needs a row.
pub async fn a_customer_is_replaced_but_for_its_origin(backend: &impl Backend) {
    let store = backend.open().await;
    let mut changed = customer(1);
    changed.email = "Other@Example.com".into();
    changed.name = None;
    changed.organization = Some("Example".into());
    let mut too_much = changed.clone();
    too_much.created_at = 0;
    change!(store, |tx| {
        tx.insert_customer(&customer(1)).await?;
        tx.insert_customer(&customer(2)).await?;
        tx.update_customer(&too_much).await
    })
    .unwrap();
    let refused = change!(store, |tx| tx.update_customer(&customer(3)).await);
    assert_eq!(refused, Err(StorageError::Stale("customer")));
    let mut taken = changed.clone();
    taken.email = customer(2).email.to_uppercase();
    let refused = change!(store, |tx| tx.update_customer(&taken).await);
    assert_eq!(refused, Err(StorageError::Conflict("customer e-mail".into())));
    look!(store, |tx| {
        assert_eq!(tx.customer(id(1)).await?, Some(changed.clone()));
        assert_eq!(tx.customer_by_email("other@EXAMPLE.com").await?, Some(changed));
        assert_eq!(tx.customer_by_email(&customer(1).email).await?, None);
        Ok(())
    })
    .unwrap();
}

/// By the time they were made, either way round.
pub async fn customers_are_walked_in_pages(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        for n in 1..=5 {
            let mut customer = customer(n);
            customer.created_at = NOW - i64::from(n / 2);
            tx.insert_customer(&customer).await?;
        }
        for (descending, wanted) in [(false, [4, 5, 2, 3, 1]), (true, [1, 3, 2, 5, 4])] {
            let mut after = Place::start(descending);
            let mut found = Vec::new();
            loop {
                let page = tx.walk_customers(descending, after, 2).await?;
                let Some(last) = page.last() else { break };
                after = Place { at: last.created_at, id: last.id };
                found.extend(page.iter().map(|customer| customer.id));
            }
            assert_eq!(found, wanted.map(id));
        }
        Ok(())
    })
    .unwrap();
}

/// By the beginning of a term, in the order of the terms; terms follow every change.
pub async fn customers_are_found_by_their_terms(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let mut ada = customer(1);
        ada.email = "ada@example.com".into();
        ada.name = Some("Ada Übermut".into());
        tx.insert_customer(&ada).await?;
        tx.insert_customer(&customer(2)).await?;
        let terms = tx.find_customers("some", None, 9).await?;
        let two = |term: &str| (term.to_owned(), customer(2));
        assert_eq!(terms, [two("someone"), two("someone.2@example.com")]);
        let ex = tx.find_customers("ex", None, 1).await?;
        assert_eq!(ex, [("example.com".into(), ada.clone())]);
        let after = Some((ex[0].0.as_str(), ex[0].1.id));
        assert_eq!(tx.find_customers("ex", after, 9).await?, [two("example.com")]);
        assert_eq!(tx.find_customers("übe", None, 9).await?, [("übermut".into(), ada.clone())]);
        // Not a pattern, and not the end of the alphabet.
        for none in ["%", "_", "bermut", "\u{10FFFF}", "'"] {
            assert_eq!(tx.find_customers(none, None, 9).await?, [], "{none}");
        }
        ada.name = Some("Ada Lovelace".into());
        tx.update_customer(&ada).await?;
        assert_eq!(tx.find_customers("übe", None, 9).await?, []);
        assert_eq!(tx.find_customers("love", None, 9).await?, [("lovelace".into(), ada)]);
        Ok(())
    })
    .unwrap();
}

/// Many at once are found as each alone would be, and one address that is taken keeps all out.
pub async fn many_customers_are_made_at_once(backend: &impl Backend) {
    let store = backend.open().await;
    let mut umlaut = customer(3);
    umlaut.email = "JÜRGEN@example.com".into();
    let (one, two) = (customer(1), customer(2));
    change!(store, |tx| {
        tx.insert_customers(&[]).await?;
        tx.insert_customers(&[&umlaut, &two]).await?;
        let emails = ["jürgen@example.com", "SOMEONE.2@example.com", "nobody@example.com"];
        let mut found = tx.customers_by_email(&emails.map(str::to_owned)).await?;
        found.sort_by_key(|customer| customer.id);
        assert_eq!(found, [two.clone(), umlaut.clone()]);
        assert_eq!(tx.customers_by_email(&[]).await?, []);
        let terms = tx.find_customers("jürgen", None, 9).await?;
        assert_eq!(terms, [("jürgen@example.com".into(), umlaut.clone())]);
        Ok(())
    })
    .unwrap();
    let mut taken = customer(4);
    taken.email = "Jürgen@EXAMPLE.com".into();
    let refused = change!(store, |tx| tx.insert_customers(&[&one, &taken]).await);
    assert_eq!(refused, Err(StorageError::Conflict("customer e-mail".into())));
    look!(store, |tx| {
        assert_eq!(tx.customer(id(1)).await?, None);
        Ok(())
    })
    .unwrap();
}
