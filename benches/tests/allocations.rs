//! Allocations of the full offline check (goal P2): each costs time, and a small device has few to give.

use licentia_benches::sample::Sample;

#[test]
fn a_check_of_a_licence_with_five_features_allocates_little() {
    let sample = Sample::of(400).unwrap();
    let allocations = allocation_counter::measure(|| assert!(sample.check()));
    assert_eq!(allocations.count_current, 0, "{allocations:?}");
    assert!(allocations.count_total <= 8, "{allocations:?}");
}
