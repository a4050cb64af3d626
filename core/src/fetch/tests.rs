//! Who is asked when, by peers of all kinds.

use super::*;
use crate::crypto::Digest;
use crate::ids::{Epoch, View};
use alloc::collections::VecDeque;

fn block(height: u64) -> BlockRef {
    BlockRef { epoch: Epoch(0), view: View(height), height: Height(height), id: Digest([height as u8; 32]) }
}

/// Three peers, whose answers take longer than `fetch_retry_us`, so that each is asked before the last
/// one has answered.
struct Slow {
    fetch: Fetch,
    config: Config,
    now: Time,
    /// Who sends a snapshot.
    sender: Option<ReplicaId>,
}

impl Slow {
    fn new() -> Self {
        let (mut fetch, config) = (Fetch::default(), Config::default());
        fetch.want(Time(0), &config, Some(block(40)));
        Self { fetch, config, now: Time(0), sender: None }
    }

    /// Waits until the next question is due, and returns whom it goes to and above which height.
    fn ask(&mut self) -> (ReplicaId, Option<Height>) {
        self.now = self.fetch.deadline().expect("something is missing");
        let peers = [1, 2, 3].map(ReplicaId);
        let (peer, _, reached) =
            self.fetch.ask(self.now, &self.config, &peers, self.sender).expect("it is due");
        (peer, reached)
    }

    /// A peer answers, with new blocks if they lead anywhere; returns whether it is set aside.
    fn answer(&mut self, peer: ReplicaId, reached: Option<u64>) -> bool {
        self.answer_with(peer, reached, reached.is_some())
    }

    fn answer_with(&mut self, peer: ReplicaId, reached: Option<u64>, is_new: bool) -> bool {
        assert!(self.fetch.take_answer(peer, Some(block(40).id)));
        self.fetch.note_answer(self.now, peer, Led { to: reached.map(Height), is_new })
    }
}

#[test]
fn late_answers_do_not_undo_what_better_ones_led_to() {
    let mut slow = Slow::new();
    let asked = [(); 3].map(|()| slow.ask());
    assert!(asked.iter().all(|(_, above)| above.is_none()));
    let [first, second, third] = asked.map(|(peer, _)| peer);
    assert!(!slow.answer(first, Some(9)));
    let (next, above) = slow.ask();
    assert_eq!((next, above), (first, Some(Height(9))), "more is asked for right away");
    for late in [second, third] {
        assert!(!slow.answer(late, Some(9)), "{late} is as good as any");
    }
    assert!(!slow.answer(first, Some(11)));
    let (next, above) = slow.ask();
    assert_eq!(above, Some(Height(11)));
    assert!(slow.answer(next, None), "it has nothing to go on with");
    assert_eq!(slow.ask().1, None, "from the committed head on");
}

#[test]
fn who_was_set_aside_is_asked_again_when_the_others_keep_silent() {
    let mut slow = Slow::new();
    let (useless, _) = slow.ask();
    assert!(slow.answer(useless, None));
    let others = [(); 2].map(|()| slow.ask().0);
    assert!(!others.contains(&useless) && others[0] != others[1]);
    let mut again: Vec<ReplicaId> = [(); 3].map(|()| slow.ask().0).to_vec();
    again.sort_unstable();
    assert_eq!(again, [1, 2, 3].map(ReplicaId));
}

/// What a peer makes of a question.
type Conduct = fn(&mut Slow, ReplicaId);

#[test]
fn nobody_keeps_the_others_from_being_asked() {
    let conducts: [(&str, Conduct); 4] = [
        ("keeps silent", |_, _| {}),
        ("answers uselessly", |slow, peer| {
            slow.answer(peer, None);
        }),
        ("tells what is known", |slow, peer| {
            slow.answer_with(peer, Some(9), false);
        }),
        ("tells what is committed", |slow, peer| {
            assert!(slow.fetch.take_answer(peer, Some(block(40).id)));
            slow.fetch.note_overtaken(peer);
        }),
    ];
    for (one, conduct) in conducts {
        for (other, conduct_of_others) in conducts {
            let mut slow = Slow::new();
            let mut turns = BTreeMap::new();
            for _ in 0..30 {
                let (peer, _) = slow.ask();
                *turns.entry(peer).or_insert(0) += 1;
                let conduct = if peer == ReplicaId(2) { conduct } else { conduct_of_others };
                conduct(&mut slow, peer);
            }
            assert!(turns.len() == 3 && turns.values().all(|count| *count > 5), "{one}, {other}: {turns:?}");
        }
    }
}

/// A peer leads off the way each time it is asked from the committed head; the others know no more of
/// that, and would help if they were asked from there.
#[test]
fn one_who_leads_off_the_way_does_not_keep_the_others_from_helping() {
    for (first, corrupt) in (40..46).flat_map(|view| (1..4).map(move |peer| (view, ReplicaId(peer)))) {
        let mut slow = Slow::new();
        slow.fetch = Fetch::default();
        let target = BlockRef { view: View(first), ..block(40) };
        slow.fetch.want(Time(0), &slow.config, Some(target));
        let is_helped = (0..30).any(|_| match slow.ask() {
            (peer, None) if peer != corrupt => true,
            (peer, above) => {
                slow.answer(peer, (peer == corrupt && above.is_none()).then_some(9));
                false
            }
        });
        assert!(is_helped, "{corrupt} from turn {first} on");
    }
}

#[test]
fn a_silent_peer_costs_one_wait() {
    let mut slow = Slow::new();
    let (first, _) = slow.ask();
    assert!(!slow.answer(first, Some(9)));
    let (silent, above) = slow.ask();
    assert_eq!(above, Some(Height(9)));
    let (next, above) = slow.ask();
    assert!(next != silent && above.is_none(), "perhaps nobody else knows where that led");
}

/// Plays questions and answers that take `answer_time` for a second, where the peers know no more than
/// what is here; returns how many questions there were.
fn asked_in_a_second(answer_time: u64, is_overtaken: bool) -> usize {
    let mut slow = Slow::new();
    let mut arrivals = VecDeque::new();
    let mut count = 0;
    while slow.now < Time(1_000_000_000) {
        let due = slow.fetch.deadline().expect("something is missing");
        if arrivals.front().is_some_and(|(arrives, _)| *arrives <= due) {
            let (arrives, peer) = arrivals.pop_front().expect("it was looked at");
            slow.now = slow.now.max(arrives);
            if !slow.fetch.take_answer(peer, Some(block(40).id)) {
                continue;
            }
            if is_overtaken {
                slow.fetch.note_overtaken(peer);
            } else {
                slow.fetch.note_answer(slow.now, peer, Led { to: Some(Height(9)), is_new: false });
            }
            continue;
        }
        let (peer, _) = slow.ask();
        count += 1;
        arrivals.push_back((slow.now + Span(answer_time), peer));
    }
    count
}

#[test]
fn what_is_known_does_not_keep_the_questions_frequent() {
    for answer_time in [1_000, 90_000, 250_000, 1_000_000] {
        for is_overtaken in [false, true] {
            let count = asked_in_a_second(answer_time, is_overtaken);
            assert!(count < 120, "{count} questions in 1,000 s, {answer_time} us each, {is_overtaken}");
        }
    }
}

#[test]
fn new_blocks_undo_failures_by_halves() {
    let mut slow = Slow::new();
    let retry = slow.config.fetch_retry_us;
    for _ in 0..12 {
        slow.ask();
    }
    let (peer, _) = slow.ask();
    slow.answer(peer, Some(9));
    assert_eq!(slow.fetch.deadline(), Some(slow.now), "there may be more");
    slow.ask();
    assert_eq!(slow.fetch.deadline(), Some(slow.now + Span(retry.0 * 4)), "12 failures are 6 now");
}

#[test]
fn others_are_asked_for_blocks_while_a_snapshot_comes() {
    let mut slow = Slow::new();
    let (sender, _) = slow.ask();
    assert!(slow.fetch.take_any_answer(sender));
    slow.fetch.note_download(slow.now, &slow.config);
    slow.sender = Some(sender);
    let began = slow.now;
    let (first, _) = slow.ask();
    assert_eq!(slow.now, began + patience(&slow.config));
    let (second, _) = slow.ask();
    let (third, _) = slow.ask();
    assert!(first != sender && second != sender && first != second && third != sender);
    slow.answer(third, Some(9));
    let (more, above) = slow.ask();
    assert!(more != sender && above == Some(Height(9)), "they are as fast as they can be");
}

#[test]
fn one_whose_snapshot_failed_is_asked_after_the_others() {
    for first in 40..46 {
        let mut slow = Slow::new();
        slow.fetch = Fetch::default();
        slow.fetch.want(Time(0), &slow.config, Some(BlockRef { view: View(first), ..block(40) }));
        let (corrupt, _) = slow.ask();
        for round in 1..4 {
            assert!(slow.fetch.take_any_answer(corrupt), "its snapshot begins");
            slow.fetch.note_failed_download(slow.now, corrupt, Span(9));
            assert_eq!(slow.fetch.failed_downloads(corrupt), round);
            assert_eq!(slow.fetch.deadline(), Some(slow.now), "another one is asked at once");
            let others = [(); 2].map(|()| slow.ask().0);
            assert!(!others.contains(&corrupt) && others[0] != others[1]);
            assert_eq!(slow.ask().0, corrupt, "who keeps silent is set aside all the same");
        }
        slow.fetch.note_installed();
        assert_eq!(slow.fetch.failed_downloads(corrupt), 0);
    }
}

/// One peer floods with messages of an unknown epoch, and answers with what is known; another sends one
/// message in a while.
#[test]
fn a_flood_of_hints_leaves_room_for_others() {
    let (mut fetch, config) = (Fetch::default(), Config::default());
    let (flooder, other) = (ReplicaId(1), ReplicaId(2));
    let (mut of_flooder, mut of_other) = (0, 0);
    for now in (0..1_000_000_000).step_by(1_000).map(Time) {
        if fetch.take_hint(now, &config, flooder, 3, false) {
            of_flooder += 1;
            assert!(fetch.take_answer(flooder, None));
            fetch.note_answer(now, flooder, Led { to: Some(Height(9)), is_new: false });
        }
        if now.0 % 170_000 == 0 && fetch.take_hint(now, &config, other, 3, false) {
            of_other += 1;
            assert!(fetch.take_answer(other, None));
            fetch.note_answer(now, other, Led { to: Some(Height(9)), is_new: true });
            fetch.ask_on(other);
            assert!(fetch.take_answer(other, None), "its answer led on");
        }
    }
    assert!(of_flooder < 60, "{of_flooder} questions to one that never helps");
    assert!(of_other > 1_500, "{of_other} of about 1,960 messages were followed");
}

#[test]
fn hints_are_followed_less_often_while_a_snapshot_comes() {
    let (mut fetch, config) = (Fetch::default(), Config::default());
    assert!(fetch.take_hint(Time(0), &config, ReplicaId(1), 3, true));
    let soon = Time(patience(&config).0 - 1);
    assert!(!fetch.take_hint(soon, &config, ReplicaId(2), 3, true));
    assert!(fetch.take_hint(soon + Span(1), &config, ReplicaId(2), 3, true));
    fetch.note_failed_download(soon, ReplicaId(1), Span(100_000_000));
    assert!(!fetch.take_hint(Time(90_000_000), &config, ReplicaId(1), 3, false), "as long again");
    assert!(fetch.take_hint(Time(110_000_000), &config, ReplicaId(1), 3, false));
}
