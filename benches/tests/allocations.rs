//! Allocations of the full offline check (goal P2): each costs time, and a small device has few to give.

use licentia_benches::sample::Sample;

/// The goal is 8. A [`licentia_license::License`] owns its texts: with five features, one limit and a customer these
/// alone are 16. What remains are the token, its three decoded parts, the key's id and the candidates.
const AT_MOST: u64 = 25;

#[test]
fn a_check_of_a_licence_with_five_features_allocates_no_more_than_it_did() {
    let sample = Sample::of(400).unwrap();
    let allocations = allocation_counter::measure(|| assert!(sample.check()));
    assert_eq!(allocations.count_current, 0, "{allocations:?}");
    assert!(allocations.count_total <= AT_MOST, "{allocations:?}");
}
