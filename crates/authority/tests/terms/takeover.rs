//! What another system issued, taken over.

use licentia_issue::Secret;
use licentia_license::License as Claims;
use licentia_license::scheme::v1;
use licentia_license::verify::verify;
use licentia_protocol::activate::Request;
use licentia_protocol::import::{ImportLicenses, ImportReport, NewImport, Outcome, State};
use licentia_protocol::licenses::Term;
use licentia_protocol::validate;
use licentia_testing::{START, TestAuthority, actor};

use crate::support::DAY;

const OLD: &[u8] = b"the old secret of thirty-two letters and more";

/// TMWS as it was, its secret known here; old keys are warned of from the 1st of June, and refused from July on.
async fn tmws() -> TestAuthority {
    let test = TestAuthority::new().await;
    test.import(
        "[product]\ncode = \"tmws\"\nname = \"TMWS\"\nkey_prefix = \"TMWS\"\ndefault_plan = \"free\"\n\
         warning = { v1 = \"2026-06-01\" }\nsunset = { v1 = \"2026-06-30\" }\n\
         [[plan]]\ncode = \"free\"\ntier = \"FREE\"\nrank = 1\nseats = 1\n\
         [[plan]]\ncode = \"pro\"\ntier = \"PRO\"\nrank = 2\nseats = 5\nfeatures = [\"search\"]\n",
    )
    .await;
    let secret = Secret::new(OLD.to_vec());
    test.authority.import_secret("tmws".into(), secret, actor()).await.unwrap();
    test
}

fn old_key(tier: &str, id: &str, expiry: &str, machine: Option<&str>) -> String {
    v1::make(&v1::Secret::new(OLD).unwrap(), "TMWS", tier, id, expiry, machine).unwrap()
}

fn row(key: &str, email: &str) -> NewImport {
    NewImport { key: key.into(), email: email.into(), ..NewImport::default() }
}

async fn import(test: &TestAuthority, rows: &[NewImport], dry_run: bool) -> ImportReport {
    let request = ImportLicenses { product: "tmws".into(), rows: rows.to_vec(), dry_run };
    test.authority.import_licenses(request, actor()).await.unwrap()
}

/// The signed licence that a product gets for a key, or the code of the refusal.
async fn contact(test: &TestAuthority, key: &str, machine: Option<&str>) -> Result<Claims, String> {
    let request = Request {
        license_key: key.into(),
        product: Some("tmws".into()),
        cluster_id: "cluster-1".into(),
        nonce: "nonce-0001".into(),
        fingerprint: machine.map(Into::into),
        ..Request::default()
    };
    match test.authority.activate(request, "192.0.2.1".into()).await {
        Ok(activated) => {
            let license = verify::<Claims>(&activated.answer.license, &test.authority.trust());
            Ok(license.unwrap().claims().clone())
        }
        Err(problem) => Err(problem.code),
    }
}

const ADA: &str = "550e8400-e29b-41d4-a716-446655440000";
const GRACE: &str = "550e8400-e29b-41d4-a716-446655440001";

#[tokio::test]
async fn c3_each_old_key_becomes_a_signed_licence_of_the_same_id_at_the_next_contact() {
    let test = tmws().await;
    let (ada, grace) =
        (old_key("PRO", ADA, "20261231", None), old_key("FREE", GRACE, "PERPETUAL", None));
    assert_eq!(contact(&test, &ada, None).await.unwrap_err(), "unknown_license");
    let rows = [row(&ada, "ada@example.com"), row(&grace, "grace@example.com")];
    let tried = import(&test, &rows, true).await;
    assert_eq!((tried.dry_run, tried.imported, tried.refused), (true, 2, 0));
    assert_eq!(tried.rows[0].license_id.unwrap().to_string(), ADA);
    assert_eq!(contact(&test, &ada, None).await.unwrap_err(), "unknown_license", "it was a try");
    assert_eq!(import(&test, &rows, false).await.imported, 2);
    let licensed = contact(&test, &ada, None).await.unwrap();
    assert_eq!((licensed.sub.as_str(), licensed.tier.as_str()), (ADA, "PRO"));
    assert_eq!((licensed.exp, licensed.features.len()), (Some(START + 365 * DAY), 1));
    assert_eq!(licensed.customer.unwrap().email.as_deref(), Some("ada@example.com"));
    assert_eq!(contact(&test, &grace, None).await.unwrap().exp, None);
    // The same file again finds everything as it is.
    let again = import(&test, &rows, false).await;
    assert_eq!((again.imported, again.known, again.refused), (0, 2, 0));
    assert_eq!(again.rows[1].license_id.unwrap().to_string(), GRACE);
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test]
async fn c3_old_keys_are_warned_of_on_one_date_and_refused_on_the_other() {
    let test = tmws().await;
    let key = old_key("PRO", ADA, "20261231", None);
    import(&test, &[row(&key, "ada@example.com")], false).await;
    let id = ADA.parse().unwrap();
    let days = |days| Term { days: Some(days), ..Term::default() };
    // Before the warning a renewal is an old key again; from then on a new one.
    let renewed = test.authority.renew(id, days(10), actor()).await.unwrap();
    assert_eq!(renewed.scheme, "v1");
    test.clock.advance(151 * DAY);
    assert!(advice(&test, &key).await.contains(&"key_retiring".to_owned()));
    let renewed = test.authority.renew(id, days(10), actor()).await.unwrap();
    assert_eq!((renewed.scheme.as_str(), renewed.id), ("jwt", id));
    let new = renewed.key.unwrap();
    assert!(!advice(&test, &new).await.contains(&"key_retiring".to_owned()));
    contact(&test, &key, None).await.unwrap();
    test.clock.advance(30 * DAY);
    assert_eq!(contact(&test, &key, None).await.unwrap_err(), "unknown_license");
    contact(&test, &new, None).await.unwrap();
}

/// What is told beside the answer about a key.
async fn advice(test: &TestAuthority, key: &str) -> Vec<String> {
    let request = validate::Request { license_key: key.into(), ..validate::Request::default() };
    let answer = test.authority.validate(request).await.unwrap();
    assert!(answer.valid, "{}", answer.code);
    answer.advice.into_iter().map(|advice| advice.kind).collect()
}

#[tokio::test]
async fn what_is_wrong_with_a_row_is_told_and_the_others_are_imported() {
    let test = tmws().await;
    let good = old_key("PRO", ADA, "20261231", None);
    let forged = good.replace("PRO", "FREE");
    let expiring = |key: &str, email: &str| NewImport {
        term: Term { days: Some(30), ..Term::default() },
        ..row(key, email)
    };
    let rows = [
        row(&good, "ada@example.com"),
        row(&good, "ada@example.com"),
        row(&forged, "ada@example.com"),
        row(&old_key("PRO", GRACE, "20261231", None), "nobody"),
        row(&old_key("GOLD", GRACE, "20261231", None), "grace@example.com"),
        row("short", "grace@example.com"),
        row("LEGACY-KEY-0001", "grace@example.com"),
        NewImport { plan: Some("none".into()), ..expiring("LEGACY-KEY-0002", "g@example.com") },
        NewImport { plan: Some("pro".into()), ..expiring("LEGACY-KEY-0003", "g@example.com") },
        NewImport { state: State::Suspended, ..expiring("LEGACY-KEY-0004", "g@example.com") },
    ];
    let report = import(&test, &rows, false).await;
    let problem = |at: usize| report.rows[at].problem.clone().unwrap_or_default();
    let outcomes: Vec<_> = report.rows.iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes[0], Outcome::Imported);
    for (at, words) in [
        (1, "row 1 has the same key"),
        (2, "signature fits no secret"),
        (3, "email"),
        (4, "tier `GOLD`"),
        (5, "8 or more"),
        (6, "neither when it ends"),
        (7, "no plan `none`"),
    ] {
        assert_eq!(outcomes[at], Outcome::Refused);
        assert!(problem(at).contains(words), "{at}: {}", problem(at));
    }
    assert_eq!((report.imported, report.refused), (3, 7));
    assert_eq!(contact(&test, "LEGACY-KEY-0003", None).await.unwrap().tier, "PRO");
    assert_eq!(contact(&test, "LEGACY-KEY-0004", None).await.unwrap_err(), "suspended");
}

#[tokio::test]
async fn an_old_key_for_one_machine_stays_its() {
    let test = tmws().await;
    let machine = "00112233445566ff";
    let key = old_key("PRO", ADA, "20261231", Some(machine));
    let unbound = import(&test, &[row(&key, "ada@example.com")], true).await;
    assert_eq!(unbound.refused, 1, "whose machine it is has to be told");
    let bound = NewImport { fingerprint: Some(machine.into()), ..row(&key, "ada@example.com") };
    assert_eq!(import(&test, &[bound], false).await.imported, 1);
    let own = format!("host-mac:{machine}");
    assert_eq!(contact(&test, &key, Some(&own)).await.unwrap().sub, ADA);
    let other = contact(&test, &key, Some("host-mac:ffffffffffffffff")).await;
    assert_eq!(other.unwrap_err(), "wrong_machine");
}

#[tokio::test]
async fn without_the_old_secret_nothing_is_believed() {
    let test = TestAuthority::new().await;
    test.import("[product]\ncode = \"tmws\"\nname = \"T\"\ndefault_plan = \"a\"\n[[plan]]\ncode = \"a\"\ntier = \"PRO\"\nrank = 1\nseats = 1\n").await;
    let key = old_key("PRO", ADA, "20261231", None);
    let report = import(&test, &[row(&key, "ada@example.com")], false).await;
    assert_eq!(report.refused, 1);
    assert!(report.rows[0].problem.as_ref().unwrap().contains("licentia key import"));
}
