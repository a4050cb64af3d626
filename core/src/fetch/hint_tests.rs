//! Whose messages of unknown epochs are followed, and how often.

use super::tests::block;
use super::*;

/// One peer floods with messages of an unknown epoch, and answers with what is known; another sends one
/// message in a while.
#[test]
fn a_flood_of_hints_leaves_room_for_others() {
    let (mut fetch, config) = (Fetch::default(), Config::default());
    let (flooder, other) = (ReplicaId(1), ReplicaId(2));
    let (mut of_flooder, mut of_other) = (0, 0);
    for now in (0..1_000_000_000).step_by(1_000).map(Time) {
        if fetch.take_hint(now, &config, flooder, Height(8), 3, false) {
            of_flooder += 1;
            assert!(fetch.take_answer(flooder, None));
            fetch.note_hint_answer(flooder, Led { to: Some(Height(9)), is_new: false });
        }
        if now.0 % 170_000 == 0 && fetch.take_hint(now, &config, other, Height(8), 3, false) {
            of_other += 1;
            assert!(fetch.take_answer(other, None));
            fetch.note_hint_answer(other, Led { to: Some(Height(9)), is_new: true });
            fetch.ask_on(other, Height(9));
            assert!(fetch.take_answer(other, None), "its answer led on");
        }
    }
    assert!(of_flooder < 60, "{of_flooder} questions to one that never helps");
    assert!(of_other > 1_500, "{of_other} of about 1,960 messages were followed");
}

#[test]
fn hints_are_followed_less_often_while_something_else_may_help() {
    for (is_downloading, is_missing) in [(true, false), (false, true)] {
        let (mut fetch, config) = (Fetch::default(), Config::default());
        fetch.want(Time(0), &config, is_missing.then(|| block(40)));
        assert!(fetch.take_hint(Time(0), &config, ReplicaId(1), Height(8), 3, is_downloading));
        let soon = Time(patience(&config).0 - 1);
        assert!(!fetch.take_hint(soon, &config, ReplicaId(2), Height(8), 3, is_downloading));
        assert!(fetch.take_hint(soon + Span(1), &config, ReplicaId(2), Height(8), 3, is_downloading));
    }
}

#[test]
fn another_epoch_undoes_what_hints_have_cost() {
    let (mut fetch, config) = (Fetch::default(), Config::default());
    let mut now = Time(0);
    for _ in 0..12 {
        now = now + config.timeout_max_us;
        assert!(fetch.take_hint(now, &config, ReplicaId(1), Height(8), 3, false));
        assert!(fetch.take_answer(ReplicaId(1), None));
    }
    assert!(!fetch.take_hint(now + Span::millis(20_000), &config, ReplicaId(1), Height(8), 3, false));
    fetch.forget_hints(|_| true);
    now = now + config.timeout_max_us;
    assert!(fetch.take_hint(now, &config, ReplicaId(1), Height(8), 3, false));
    assert!(
        fetch.take_hint(now + Span::millis(300), &config, ReplicaId(1), Height(8), 3, false),
        "as at first"
    );
    assert!(fetch.take_answer(ReplicaId(1), None));
    fetch.forget_hints(|_| false);
    assert_eq!(fetch.hinted(), 0);
}
