//! Eighty hours on a clock of the test's own: a list by the hour, a publisher that stops at hour five, an alarm at hour
//! eight, and three products at hour seventy-seven.

use std::sync::Arc;

use licentia::clock::{Clock, Wait};
use licentia::{Environment, Guard, Policy, Reason, Standing};
use licentia_license::revocations::open;
use licentia_server::config::Revocations;
use licentia_server::lists::Publisher;
use licentia_testing::{START, TestAuthority};
use tokio::sync::watch;

const HOUR: i64 = 3_600;

/// The products' clock, moved together with the authority's.
struct Moved(watch::Sender<i64>);

impl Moved {
    fn set(&self, seconds: i64) {
        self.0.send_replace(seconds * 1_000_000);
    }
}

impl Clock for Moved {
    fn now_micros(&self) -> i64 {
        *self.0.borrow()
    }

    fn wait_until(&self, micros: i64) -> Wait<'_> {
        let mut now = self.0.subscribe();
        Box::pin(async move {
            let _ = now.wait_for(|now| *now >= micros).await;
        })
    }
}

fn until(guard: &Guard, fits: impl Fn(&Guard) -> bool) {
    let begun = std::time::Instant::now();
    while !fits(guard) {
        assert!(begun.elapsed().as_secs() < 60, "{:?}", guard.snapshot().standing());
        std::thread::yield_now();
    }
}

#[test]
fn v3_eighty_hours_with_a_publisher_that_stops_at_the_fifth() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let test = runtime.block_on(async {
        let test = TestAuthority::new().await;
        test.import(include_str!("../../../examples/catalogs/bzzz.toml")).await;
        test
    });
    let key = runtime.block_on(test.issue_key("bzzz"));
    let out = test.folder.path().join("out");
    let config = Revocations { publish: Some(out.display().to_string()), ..Revocations::default() };
    let publisher = Publisher::open(test.authority.clone(), &config, []).unwrap();
    let file = out.join("revocations.json");
    let clock = Arc::new(Moved(watch::Sender::new(START * 1_000_000)));

    let mut now = START;
    let mut go_to = |then: i64| {
        test.clock.advance(then - now);
        clock.set(then);
        now = then;
    };
    let mut seqs = Vec::new();
    let mut look = || {
        runtime.block_on(publisher.look(false));
        let document = std::fs::read_to_string(&file).unwrap_or_default();
        if let Ok(list) = open(&document, &test.authority.trust()) {
            seqs.push((list.seq, list.iat));
        }
    };
    look();
    let trust = test.authority.trust().to_text();
    let product = |policy| {
        Guard::builder("bzzz", &trust)
            .environment(Environment::default())
            .clock(Arc::<Moved>::clone(&clock))
            .license_key(&key)
            .policy(policy)
            .revocation_file(&file)
            .start()
            .unwrap()
    };
    let products = [Policy::strict(), Policy::degrade(), Policy::lenient()].map(product);
    for hour in 1..=5 {
        go_to(START + hour * HOUR);
        look();
        // A product looks every ten seconds.
        go_to(START + hour * HOUR + 10);
        for guard in &products {
            let end = Some(START + (hour + 72) * HOUR);
            until(guard, |guard| guard.snapshot().revocations_until() == end);
        }
    }
    // From now on nothing gets to where products look.
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let stopped = START + 5 * HOUR;
    for hour in 6..=80 {
        let then = START + hour * HOUR;
        if hour == 77 {
            go_to(then - 1);
            for guard in &products {
                assert_eq!(guard.standing(), Standing::Licensed, "a second before");
            }
        }
        go_to(then);
        look();
        assert_eq!(publisher.is_late(), then - stopped > 3 * HOUR, "hour {hour}");
        if hour == 8 {
            go_to(then + 1);
            look();
            assert!(publisher.is_late(), "over three hours");
        }
        if hour == 77 {
            let [strict, degrade, lenient] = &products;
            until(strict, |guard| matches!(guard.standing(), Standing::Stopped { .. }));
            until(degrade, |guard| guard.standing() == Standing::Free);
            for guard in [strict, degrade] {
                assert_eq!(guard.snapshot().reason(), Some(&Reason::Unreachable));
            }
            assert_eq!(lenient.standing(), Standing::Licensed);
        }
    }
    assert_eq!(products[2].standing(), Standing::Licensed, "no news changes nothing");
    assert!(
        products[2].has_feature("task-distribution")
            && !products[1].has_feature("task-distribution")
    );
    // By the hour, each with a higher number.
    let by_hour: Vec<i64> = seqs.iter().map(|(_, iat)| (iat - START) / HOUR).collect();
    assert_eq!(by_hour, [0, 1, 2, 3, 4, 5]);
    assert!(seqs.windows(2).all(|pair| pair[0].0 < pair[1].0), "{seqs:?}");
}
