//! Lists: pages, filters, search, order.

use licentia_authority::AuthorityError;
use licentia_authority::licenses::list::{Filter, STATES};
use licentia_authority::{activations, customers};
use licentia_protocol::licenses::{EditCustomer, NewCustomer, NewLicense, NewLicenses, Term};
use licentia_testing::{TestAuthority, actor};
use uuid::Uuid;

use crate::support::{CATALOG, activate, from, request, run, with};

const DAY: i64 = 86_400;

/// Twelve licences of two products and plans, in every state, of Ada and Grace in turns; by age.
async fn dozen() -> (TestAuthority, Vec<Uuid>) {
    let (test, _) = from(CATALOG).await;
    test.import(&CATALOG.replace("bzzz", "other").replace("BZZZ", "OTHER")).await;
    let mut ids = vec![test.authority.list_licenses(Filter::default()).await.unwrap().items[0].id];
    for n in 1..12_u32 {
        test.clock.advance(1);
        let email = if n % 2 == 0 { "ada@example.com" } else { "grace.hopper@navy.example" };
        let new = NewLicense {
            product: if n % 3 == 0 { "other" } else { "bzzz" }.into(),
            email: email.into(),
            organization: (n % 2 == 1).then(|| "US Navy".into()),
            term: Term { days: (n != 7).then_some(n), ..Term::default() },
            trial: n == 4,
            ..NewLicense::default()
        };
        let call = NewLicenses { licenses: vec![new], ..NewLicenses::default() };
        ids.push(test.authority.issue_many(call, actor()).await.unwrap()[0].id);
    }
    test.authority.suspend(ids[5], None, actor()).await.unwrap();
    test.authority.cancel(ids[6], None, actor()).await.unwrap();
    test.authority.revoke(ids[8], Some("refund".into()), 60, actor()).await.unwrap();
    test.clock.advance(2 * DAY);
    (test, ids)
}

/// All pages of a list, as places among the ids; every page but the last is full or says where to go on.
async fn all(test: &TestAuthority, ids: &[Uuid], filter: &Filter) -> Vec<usize> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = Filter { after, ..filter.clone() };
        let page = test.authority.list_licenses(page).await.unwrap();
        assert!(page.items.len() <= filter.limit as usize);
        found.extend(page.items.iter().map(|l| ids.iter().position(|id| *id == l.id).unwrap()));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn licences_are_filtered_on_pages_of_any_size() {
    let (test, ids) = dozen().await;
    let text = |text: &str| Some(text.to_owned());
    let any = Filter::default;
    let cases = [
        (any(), vec![11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        (Filter { sort: "created_at".parse().ok(), ..any() }, (0..12).collect()),
        (Filter { product: text("other"), ..any() }, vec![9, 6, 3]),
        (
            Filter { product: text("bzzz"), plan: text("standard"), ..any() },
            vec![11, 10, 8, 7, 5, 4, 2, 1, 0],
        ),
        (Filter { customer: text("ADA@example.com"), ..any() }, vec![10, 8, 6, 4, 2, 0]),
        (Filter { customer: text("nobody@example.com"), ..any() }, vec![]),
        (Filter { product: text("other"), customer: text("ada@example.com"), ..any() }, vec![6]),
        (Filter { state: text("active"), ..any() }, vec![11, 10, 9, 7, 3, 0]),
        (Filter { state: text("trial"), ..any() }, vec![4]),
        (Filter { state: text("suspended"), ..any() }, vec![5]),
        (Filter { state: text("cancelled"), product: text("other"), ..any() }, vec![6]),
        (Filter { state: text("cancelled"), product: text("bzzz"), ..any() }, vec![]),
        (Filter { state: text("revoked"), ..any() }, vec![8]),
        (Filter { state: text("expired"), ..any() }, vec![2, 1]),
        (Filter { state: text("expired"), customer: text("ada@example.com"), ..any() }, vec![2]),
        (
            Filter { sort: "expires_at".parse().ok(), product: text("bzzz"), ..any() },
            vec![1, 2, 4, 5, 8, 10, 11, 0, 7],
        ),
        (
            Filter { sort: "-expires_at".parse().ok(), product: text("other"), ..any() },
            vec![9, 6, 3],
        ),
        (Filter { search: text("gra"), ..any() }, vec![11, 9, 7, 5, 3, 1]),
        (Filter { search: text("US navy"), product: text("other"), ..any() }, vec![9, 3]),
        (Filter { search: text("navy ada"), ..any() }, vec![]),
        (Filter { search: text("lovelace"), ..any() }, vec![10, 8, 6, 4, 2, 0]),
        (Filter { search: text("%"), ..any() }, vec![]),
        (Filter { search: Some(ids[3].to_string()), ..any() }, vec![3]),
    ];
    for (filter, wanted) in cases {
        for limit in [1, 2, 100] {
            let filter = Filter { limit, ..filter.clone() };
            assert_eq!(all(&test, &ids, &filter).await, wanted, "{filter:?}");
        }
    }
    let soon = Filter { ends_before: Some(licentia_testing::START + 4 * DAY), ..any() };
    assert_eq!(all(&test, &ids, &soon).await, [1, 2, 3], "what ends by then, soonest first");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_its_name() {
    let (test, _) = dozen().await;
    let field = |filter: Filter| {
        let authority = test.authority.clone();
        async move {
            match authority.list_licenses(filter).await {
                Err(AuthorityError::Invalid { field, .. }) => field,
                other => panic!("{other:?}"),
            }
        }
    };
    let any = Filter::default;
    assert_eq!(field(Filter { limit: 0, ..any() }).await, "limit");
    assert_eq!(field(Filter { limit: 1_001, ..any() }).await, "limit");
    assert_eq!(field(Filter { after: Some("x".into()), ..any() }).await, "after");
    assert_eq!(field(Filter { state: Some("lost".into()), ..any() }).await, "state");
    assert_eq!(field(Filter { plan: Some("standard".into()), ..any() }).await, "plan");
    let both = Filter { search: Some("ada".into()), sort: "created_at".parse().ok(), ..any() };
    assert_eq!(field(both).await, "sort");
    let customer = Some("ada@example.com".to_owned());
    let both = Filter { customer, sort: "expires_at".parse().ok(), ..any() };
    assert_eq!(field(both).await, "sort");
    assert!("size".parse::<licentia_authority::licenses::list::Sort>().is_err());
    for state in STATES {
        test.authority
            .list_licenses(Filter { state: Some((*state).into()), ..any() })
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_licence_is_found_by_what_is_around_it() {
    let (test, ids) = dozen().await;
    let license = test.authority.show_license(ids[9]).await.unwrap();
    let key = license.key.clone().unwrap();
    let mut activation = Uuid::nil();
    for cluster in ["eu-west-1", "eu-west-2"] {
        let answer = activate(&test.authority, request(&key, cluster)).await.unwrap();
        activation = answer.activation_id;
    }
    for search in
        [license.key_id.to_string(), activation.to_string(), "eu-west".into(), "eu-west-2".into()]
    {
        for limit in [1, 5] {
            let filter = Filter { search: Some(search.clone()), limit, ..Filter::default() };
            assert_eq!(all(&test, &ids, &filter).await, [9], "{search}");
        }
    }
    let filter =
        activations::list::Filter { search: Some("eu-".into()), limit: 1, ..Default::default() };
    let one = test.authority.page_of_activations(filter.clone()).await.unwrap();
    assert_eq!(one.items[0].cluster_id, "eu-west-1");
    let rest = activations::list::Filter { after: one.next, limit: 9, ..filter };
    let rest = test.authority.page_of_activations(rest).await.unwrap();
    assert_eq!((rest.items[0].cluster_id.as_str(), rest.items.len()), ("eu-west-2", 1));
    assert_eq!(rest.next, None);
    test.authority.release(activation, actor()).await.unwrap();
    for (live, wanted) in [(Some(true), 1), (Some(false), 1), (None, 2)] {
        let filter = activations::list::Filter { live, limit: 9, ..Default::default() };
        assert_eq!(test.authority.page_of_activations(filter).await.unwrap().items.len(), wanted);
    }
}

#[tokio::test]
async fn a_narrow_filter_costs_a_page_no_more_than_so_many_rows() {
    let (test, _) = from(CATALOG).await;
    let like = NewLicense {
        product: "bzzz".into(),
        email: "bulk@example.com".into(),
        ..NewLicense::default()
    };
    let call = NewLicenses { count: Some(2_500), like: Some(like), ..NewLicenses::default() };
    test.clock.advance(10);
    test.authority.issue_many(call, actor()).await.unwrap();
    // The oldest one alone is Ada's trial-free licence that ends; the others are perpetual.
    let filter = Filter {
        customer: Some("bulk@example.com".into()),
        state: Some("suspended".into()),
        ..Filter::default()
    };
    let short = test.authority.list_licenses(filter.clone()).await.unwrap();
    assert!(short.items.is_empty() && short.next.is_some(), "handed out short, and goes on");
    let rest = Filter { after: short.next, ..filter };
    let rest = test.authority.list_licenses(rest).await.unwrap();
    assert!(rest.items.is_empty() && rest.next.is_none());
}

#[tokio::test]
async fn customers_are_made_changed_listed_and_found() {
    let (test, _) = from(CATALOG).await;
    let new = |email: &str, name: &str| NewCustomer {
        email: email.into(),
        name: Some(name.into()),
        organization: None,
    };
    test.clock.advance(1);
    let grace = test.authority.create_customer(new("grace@navy.example", "Grace Hopper"), actor());
    let grace = grace.await.unwrap();
    let taken = test.authority.create_customer(new("GRACE@navy.example", "Other"), actor()).await;
    assert!(matches!(taken, Err(AuthorityError::Exists { what: "customer", .. })));
    let refused = test.authority.create_customer(new("grace", "x"), actor()).await;
    assert!(matches!(refused, Err(AuthorityError::Invalid { field: "email", .. })));

    let list = |search: Option<&str>| {
        let filter = customers::list::Filter {
            search: search.map(str::to_owned),
            limit: 1,
            ..Default::default()
        };
        let authority = test.authority.clone();
        async move {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let filter = customers::list::Filter { after, ..filter.clone() };
                let page = authority.list_customers(filter).await.unwrap();
                found.extend(page.items.into_iter().map(|customer| customer.email));
                after = page.next;
                if after.is_none() {
                    return found;
                }
            }
        }
    };
    assert_eq!(list(None).await, ["grace@navy.example", "ada@example.com"]);
    assert_eq!(list(Some("hop")).await, ["grace@navy.example"]);
    let edit = EditCustomer {
        email: Some("hopper@yale.example".into()),
        name: Some(None),
        organization: Some(Some("Yale".into())),
    };
    let edited = test.authority.update_customer(grace.id, edit, actor()).await.unwrap();
    assert_eq!((edited.name, edited.organization.as_deref()), (None, Some("Yale")));
    assert_eq!(list(Some("grace")).await, Vec::<String>::new());
    assert_eq!(list(Some("yale")).await, ["hopper@yale.example"]);
    let nothing = test.authority.update_customer(grace.id, EditCustomer::default(), actor()).await;
    assert_eq!(nothing.unwrap().email, "hopper@yale.example");
    let taken = EditCustomer { email: Some("ADA@example.com".into()), ..EditCustomer::default() };
    let taken = test.authority.update_customer(grace.id, taken, actor()).await;
    assert!(matches!(taken, Err(AuthorityError::Exists { .. })));
    for name in [grace.id.to_string(), "Hopper@yale.example".into()] {
        assert_eq!(test.authority.show_customer(name).await.unwrap().id, grace.id);
    }
    assert!(test.authority.show_customer("nobody@example.com".into()).await.is_err());
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test]
async fn revocations_are_listed_the_latest_first() {
    let (test, ids) = dozen().await;
    test.authority.revoke(ids[0], None, 0, actor()).await.unwrap();
    let first = test.authority.list_revocations(None, 1).await.unwrap();
    assert_eq!(first.items[0].license_id, ids[0]);
    let rest = test.authority.list_revocations(first.next, 9).await.unwrap();
    assert_eq!((rest.items[0].license_id, rest.items.len()), (ids[8], 1));
    assert_eq!(rest.items[0].reason.as_deref(), Some("refund"));
    assert!(rest.items[0].grace_until.is_some() && rest.next.is_none());
}

/// Customers from before the search have their address in it and nothing else.
#[tokio::test]
async fn customers_from_before_the_search_are_found_by_their_names_once_they_are_mended() {
    let (test, _) = with("").await;
    for n in 0..450 {
        let new = NewCustomer {
            email: format!("customer{n}@example.com"),
            name: Some("Grace Hopper".into()),
            organization: (n == 449).then(|| "Eckert Mauchly".into()),
        };
        test.authority.create_customer(new, actor()).await.unwrap();
    }
    let count = async |search: &str| {
        let filter = customers::list::Filter {
            search: Some(search.into()),
            limit: 1_000,
            ..Default::default()
        };
        test.authority.list_customers(filter).await.unwrap().items.len()
    };
    run(&test, "DELETE FROM customer_terms");
    run(&test, "INSERT INTO customer_terms SELECT email_folded, id FROM customers");
    assert_eq!((count("hopper").await, count("customer44").await), (0, 11));
    assert_eq!(test.authority.mend_customers().await.unwrap(), 451);
    assert_eq!((count("hopper").await, count("mauchly").await), (450, 1));
    assert_eq!(count("customer44").await, 11);
    // Once and for all.
    assert_eq!(test.authority.mend_customers().await.unwrap(), 0);
}
