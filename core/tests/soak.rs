//! Memory and disk stay flat, in short; the example `million_views` does the same for a million.

#[path = "../examples/million_views.rs"]
mod million_views;

#[test]
fn what_replicas_hold_stays_the_same_over_thousands_of_views() {
    let parts = million_views::soak(4_000, |_, _| {});
    let late = parts.last().expect("there are parts");
    assert!(late.memory.committed_blocks <= 65 && late.stored <= 2 * 256 + 64, "{late:?}");
    for part in &parts[8..] {
        assert_eq!(part.memory, late.memory, "flat after the first snapshots");
        assert!(part.stored <= 2 * 256 + 64, "{part:?}");
    }
}
