//! Revocation lists of large catalogues (goal P10): sizes, and what building, signing, verifying, loading and looking up
//! cost, in time and memory.
//!
//! `cargo bench -p licentia-benches --bench revocations`. A million licences with 1 % revoked, ten millions with 0.1 %:
//! ten thousand revoked ones each. "The floor" is the bare strict check of the signature and the inflation of the same
//! bytes.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::hint::black_box;
use std::time::Instant;

use allocation_counter::measure;
use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signature, SigningKey};
use licentia_benches::sample::{Failure, NOW, Sample};
use licentia_issue::sign::sign;
use licentia_license::revocations::{VALID_S, flatten, open};
use licentia_license::status_list::{ENTRIES, Status, StatusList, Statuses};
use licentia_license::verify::verify;
use licentia_license::{License, RevocationList, revocations::Revoked};
use miniz_oxide::inflate::decompress_to_vec_zlib;

/// An odd number: the median is one that was measured.
const ROUNDS: usize = 21;
const LOOK_UPS: u32 = 1_000_000;

fn main() -> Result<(), Failure> {
    let sample = Sample::of(400)?;
    for (licences, revoked) in [(1_000_000_u32, 10_000), (10_000_000, 10_000)] {
        println!("\n{licences} licences, {revoked} of them revoked");
        let ids = drawn(licences, revoked);
        by_id(&sample, &ids)?;
        by_place(&sample, licences, &ids)?;
    }
    Ok(())
}

/// `revocations.json`.
fn by_id(sample: &Sample, ids: &[u32]) -> Result<(), Failure> {
    let build = || RevocationList {
        iss: "https://l.example".into(),
        iat: NOW,
        exp: NOW + VALID_S,
        seq: 1,
        revoked: ids
            .iter()
            .map(|id| Revoked {
                // As long as the ids of keys are.
                id: format!("018f4d2c-7a1b-7c3d-8e4f-{id:012x}").as_str().into(),
                at: NOW,
                reason: Some("leaked".into()),
                grace_until: None,
            })
            .collect(),
    };
    let list = build();
    let token = sign(&list, &sample.signer)?;
    let served = flatten(&token).ok_or("no token")?;
    println!("revocations.json: {} bytes as served", served.len());
    println!("  build {}", median(|| drop(black_box(build()))));
    println!("  sign {}", median(|| drop(black_box(sign(&list, &sample.signer)))));
    println!("  verify and load {}", median(|| drop(black_box(open(&served, &sample.trust)))));
    let peak = measure(|| drop(black_box(open(&served, &sample.trust)))).bytes_max;
    println!("  memory: {peak} bytes at most while loading");
    let list = open(&served, &sample.trust)?;
    let license = verify::<License>(&sample.token, &sample.trust)?;
    println!(
        "  look-up of one that is not on it {}",
        median(|| _ = black_box(list.entry(&license)))
    );
    Ok(())
}

/// Status lists, filled to the last place.
fn by_place(sample: &Sample, licences: u32, ids: &[u32]) -> Result<(), Failure> {
    let lists = licences.div_ceil(ENTRIES);
    let build = |n: u32| {
        let mut statuses = Statuses::valid();
        for id in ids.iter().filter(|id| *id / ENTRIES == n) {
            statuses.set(id % ENTRIES, Status::Revoked);
        }
        statuses
    };
    let document = |statuses: &Statuses| StatusList {
        iss: "https://l.example".into(),
        sub: "https://l.example/status/0".into(),
        iat: NOW,
        exp: NOW + VALID_S,
        seq: 1,
        status_list: statuses.pack(),
    };
    let statuses = build(0);
    let list = document(&statuses);
    let token = sign(&list, &sample.signer)?;
    let packed = Base64UrlUnpadded::decode_vec(&list.status_list.lst)?;
    println!(
        "status lists: {lists} of {ENTRIES} entries; the first is {} bytes deflated, {} as served",
        packed.len(),
        token.len()
    );
    println!("  build all {}", median(|| (0..lists).for_each(|n| drop(black_box(build(n))))));
    println!("  compress one {}", median(|| drop(black_box(statuses.pack()))));
    println!("  sign one {}", median(|| drop(black_box(sign(&list, &sample.signer)))));
    let load = || verify::<StatusList>(&token, &sample.trust).and_then(|list| Statuses::of(&list));
    let (message, signature) = token.rsplit_once('.').ok_or("no token")?;
    let signature = Signature::from_slice(&Base64UrlUnpadded::decode_vec(signature)?)?;
    let key = SigningKey::from_bytes(sample.signer.seed().expose()).verifying_key();
    let floor = || {
        key.verify_strict(message.as_bytes(), &signature).is_ok()
            && decompress_to_vec_zlib(&packed).is_ok()
    };
    assert!(floor() && load()? == statuses, "the sample is good");
    let floor = median(|| _ = black_box(floor()));
    let loaded = median(|| drop(black_box(load())));
    println!("  the floor {floor}");
    println!("  verify and load {loaded}, {:.2} of the floor", loaded.0 / floor.0);
    let peak = measure(|| drop(black_box(load()))).bytes_max;
    let kept = measure(|| std::mem::forget(black_box(load()))).bytes_current;
    println!("  memory: {peak} bytes at most while loading, {kept} kept");
    let look_ups = median(|| {
        // A step that leads everywhere, and no cache knows where.
        let places = (0..LOOK_UPS).map(|n| n.wrapping_mul(2_654_435_761) % ENTRIES);
        _ = black_box(places.filter(|place| statuses.status(*place) == Status::Revoked).count());
    });
    println!("  look-up {:.2} ns", look_ups.0 / f64::from(LOOK_UPS));
    Ok(())
}

/// So many different numbers below `most`, the same in every run.
fn drawn(most: u32, count: usize) -> Vec<u32> {
    let mut state = 7_u64;
    let mut drawn = std::collections::BTreeSet::new();
    while drawn.len() < count {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        drawn.extend(u32::try_from((state >> 33) % u64::from(most)));
    }
    drawn.into_iter().collect()
}

/// Nanoseconds.
struct Nanos(f64);

impl std::fmt::Display for Nanos {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} µs", self.0 / 1e3)
    }
}

fn median(mut run: impl FnMut()) -> Nanos {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            run();
            began.elapsed().as_secs_f64() * 1e9
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    Nanos(times[ROUNDS / 2])
}
