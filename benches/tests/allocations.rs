//! Allocations of the full offline check (goal P2): each costs time, and a small device has few to give.

use licentia_benches::sample::Sample;

/// The token, its decoded header and payload, the list of features twice (it grows), the map of limits, and the two
/// texts of the sample that are longer than a [`licentia_license::Text`] holds in place.
const AT_MOST: u64 = 8;

#[test]
fn a_check_of_a_licence_with_five_features_allocates_no_more_than_it_did() {
    let sample = Sample::of(400).unwrap();
    let allocations = allocation_counter::measure(|| assert!(sample.check()));
    assert_eq!(allocations.count_current, 0, "{allocations:?}");
    assert!(allocations.count_total <= AT_MOST, "{allocations:?}");
}
