//! Products and plans, made and changed field by field.

use licentia_authority::{Ask, AuthorityError, version};
use licentia_protocol::catalog::{NewPlan, NewProduct, PlanFields, ProductFields};
use licentia_protocol::resource::{Meter, Quota};
use licentia_testing::{TestAuthority, actor, order};

use crate::support::{activate, request, rows};

fn product(code: &str) -> NewProduct {
    NewProduct {
        code: code.into(),
        fields: ProductFields {
            name: Some("Example".into()),
            default_plan: Some("basic".into()),
            ..ProductFields::default()
        },
    }
}

fn plan(code: &str) -> NewPlan {
    NewPlan {
        product: "example".into(),
        code: code.into(),
        fields: PlanFields {
            tier: Some("BASIC".into()),
            rank: Some(1),
            seats: Some(Some(2)),
            ..PlanFields::default()
        },
    }
}

fn field<T: std::fmt::Debug>(result: Result<T, AuthorityError>) -> &'static str {
    match result.unwrap_err() {
        AuthorityError::Invalid { field, .. } => field,
        _ => "none",
    }
}

#[tokio::test]
async fn a_catalogue_is_made_by_hand_and_licences_are_issued_from_it() {
    let test = TestAuthority::new().await;
    let made = test.authority.create_product(product("example"), actor()).await.unwrap();
    assert_eq!((made.key_prefix.as_str(), made.scheme.as_str()), ("EXAMPLE", "jwt"));
    assert_eq!((made.heartbeat_interval_s, made.grace_s), (900, 86_400));
    let again = test.authority.create_product(product("example"), actor()).await;
    assert!(matches!(again, Err(AuthorityError::Exists { what: "product", .. })));
    test.authority.create_plan(plan("basic"), actor()).await.unwrap();
    let again = test.authority.create_plan(plan("basic"), actor()).await;
    assert!(matches!(again, Err(AuthorityError::Exists { .. })));
    let license = test.authority.issue(order("example"), actor()).await.unwrap();
    activate(&test.authority, request(license.key.as_deref().unwrap(), "c1")).await.unwrap();

    // What was issued stays as it was signed; the next one is of the plan as it is now.
    let more = PlanFields { features: Some(vec!["new".into()]), ..PlanFields::default() };
    let changed = test.authority.update_plan("example".into(), "basic".into(), more, actor()).await;
    assert_eq!(changed.unwrap().seats, Some(2), "what is not told stays");
    assert!(test.authority.show_license(license.id).await.unwrap().features.is_empty());
    let next = test.authority.issue(order("example"), actor()).await.unwrap();
    assert_eq!(next.features, ["new"]);

    let meters = vec![Meter { name: "jobs".into(), unit: String::new(), scale: 0 }];
    let told = ProductFields { meters: Some(meters.clone()), ..ProductFields::default() };
    let told = test.authority.update_product("example".into(), told, actor()).await.unwrap();
    assert_eq!((told.meters, told.name.as_str()), (meters, "Example"));
    let quota = Quota { per: "month".into(), kind: "hard".into() };
    let quotas = PlanFields {
        quotas: Some([("jobs".to_owned(), quota)].into()),
        limits: Some([("jobs".to_owned(), Some(5))].into()),
        ..PlanFields::default()
    };
    test.authority.update_plan("example".into(), "basic".into(), quotas, actor()).await.unwrap();
    let none = ProductFields { meters: Some(Vec::new()), ..ProductFields::default() };
    let none = test.authority.update_product("example".into(), none, actor()).await;
    assert_eq!(field(none), "meters", "a quota counts on it");
    let trail = rows(&test, "SELECT details FROM audit WHERE action = 'plan.update' ORDER BY seq");
    assert!(trail[0].contains("\"before\":{") && trail[0].contains("\"new\""), "{trail:?}");
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test]
async fn what_makes_no_sense_is_named_by_its_field() {
    let test = TestAuthority::new().await;
    assert_eq!(field(test.authority.create_product(product("No"), actor()).await), "code");
    let of = |fields: ProductFields| {
        let made = product("p");
        NewProduct {
            fields: ProductFields {
                name: fields.name.clone().or(made.fields.name),
                default_plan: fields.default_plan.clone().or(made.fields.default_plan),
                ..fields
            },
            ..made
        }
    };
    let text = |text: &str| Some(text.to_owned());
    let any = ProductFields::default;
    for (wanted, fields) in [
        ("name", ProductFields { name: text(" "), ..any() }),
        ("key_prefix", ProductFields { key_prefix: text("a-b"), ..any() }),
        ("scheme", ProductFields { scheme: text("opaque"), ..any() }),
        ("enforcement", ProductFields { enforcement: text("none"), ..any() }),
        ("grace_s", ProductFields { grace_s: Some(5), ..any() }),
        ("heartbeat_interval_s", ProductFields { heartbeat_interval_s: Some(0), ..any() }),
        ("default_plan", ProductFields { default_plan: text("No"), ..any() }),
        ("profile", ProductFields { profile: Some(text("other")), ..any() }),
        (
            "meters",
            ProductFields {
                meters: Some(vec![Meter { name: "a b".into(), unit: String::new(), scale: 0 }]),
                ..any()
            },
        ),
    ] {
        assert_eq!(field(test.authority.create_product(of(fields), actor()).await), wanted);
    }
    let bare = NewProduct { code: "p".into(), fields: any() };
    assert_eq!(field(test.authority.create_product(bare, actor()).await), "name");
    test.authority.create_product(product("example"), actor()).await.unwrap();
    let any = PlanFields::default;
    for (wanted, fields) in [
        ("tier", PlanFields { tier: text("A-B"), ..any() }),
        ("rank", PlanFields { rank: Some(0), ..any() }),
        ("on_clone", PlanFields { on_clone: text("x"), ..any() }),
        ("on_chain_broken", PlanFields { on_chain_broken: text("x"), ..any() }),
        ("trial_days", PlanFields { trial_days: Some(Some(0)), ..any() }),
        ("grace_s", PlanFields { grace_s: Some(Some(1)), ..any() }),
        ("contacts_per_minute", PlanFields { contacts_per_minute: Some(Some(0)), ..any() }),
        ("features", PlanFields { features: Some(vec!["a".into(), "a".into()]), ..any() }),
        ("limits", PlanFields { limits: Some([(String::new(), None)].into()), ..any() }),
        (
            "quotas",
            PlanFields {
                quotas: Some(
                    [("x".to_owned(), Quota { per: "day".into(), kind: "soft".into() })].into(),
                ),
                ..any()
            },
        ),
    ] {
        let made = plan("basic");
        let fields = PlanFields {
            tier: fields.tier.clone().or(made.fields.tier),
            rank: fields.rank.or(made.fields.rank),
            seats: made.fields.seats,
            ..fields
        };
        let made = NewPlan { fields, product: made.product, code: made.code };
        assert_eq!(field(test.authority.create_plan(made, actor()).await), wanted);
    }
    let bare = NewPlan { fields: any(), ..plan("basic") };
    assert_eq!(field(test.authority.create_plan(bare, actor()).await), "tier");
    let nowhere = NewPlan { product: "none".into(), ..plan("basic") };
    let nowhere = test.authority.create_plan(nowhere, actor()).await;
    assert!(matches!(nowhere, Err(AuthorityError::NotFound { what: "product", .. })));
    assert!(test.authority.list_plans(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_product_is_changed_only_as_it_was_read() {
    let test = TestAuthority::new().await;
    let read = test.authority.create_product(product("example"), actor()).await.unwrap();
    let rename = |name: &str| ProductFields { name: Some(name.into()), ..ProductFields::default() };
    let change = Ask { only_if: Some(vec![version(&read)]), ..actor().into() };
    test.authority.update_product("example".into(), rename("One"), change.clone()).await.unwrap();
    let late = test.authority.update_product("example".into(), rename("Two"), change).await;
    assert!(matches!(late, Err(AuthorityError::Changed)));
    assert_eq!(test.authority.show_product("example".into()).await.unwrap().name, "One");
}
