//! Who is asked when, by peers of all kinds.

use super::*;
use crate::crypto::Digest;
use crate::ids::{Epoch, View};
use alloc::collections::VecDeque;

pub(super) fn block(height: u64) -> BlockRef {
    BlockRef { epoch: Epoch(0), view: View(height), height: Height(height), id: Digest([height as u8; 32]) }
}

/// Three peers, whose answers take longer than `fetch_retry_us`, so that each is asked before the last
/// one has answered.
struct Slow {
    fetch: Fetch,
    config: Config,
    now: Time,
    /// Whether a snapshot is on its way.
    is_downloading: bool,
}

impl Slow {
    fn new() -> Self {
        let (mut fetch, config) = (Fetch::default(), Config::default());
        fetch.want(Time(0), &config, Some(block(40)));
        Self { fetch, config, now: Time(0), is_downloading: false }
    }

    /// Waits until the next question is due, and returns whom it goes to and above which height.
    fn ask(&mut self) -> (ReplicaId, Option<Height>) {
        self.now = self.fetch.deadline().expect("something is missing");
        let peers = [1, 2, 3].map(ReplicaId);
        let (peer, _, reached) =
            self.fetch.ask(self.now, &self.config, &peers, self.is_downloading).expect("it is due");
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
            slow.fetch.note_turn(peer);
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
                slow.fetch.note_turn(peer);
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

/// The cluster is busy: a new block is certified between any two questions.
#[test]
fn a_head_that_runs_ahead_does_not_make_questions_as_frequent_as_blocks() {
    for is_downloading in [false, true] {
        let mut slow = Slow::new();
        slow.is_downloading = is_downloading;
        let mut count = 0;
        for (height, now) in (41..).zip((0..1_000_000_000).step_by(10_000)).map(|(h, now)| (h, Time(now))) {
            let target = BlockRef { view: View(height), height: Height(height), ..block(40) };
            slow.fetch.want(now, &slow.config, Some(target));
            let peers = [1, 2, 3].map(ReplicaId);
            if slow.fetch.ask(now, &slow.config, &peers, is_downloading).is_some() {
                count += 1;
            }
        }
        assert!(count < 120, "{count} questions in 1,000 s, of which none was answered");
    }
}

/// A busy cluster and a slow link: when an answer comes, others have been asked, its sender too, and for later
/// blocks.
#[test]
fn answers_count_however_far_the_head_has_moved_on() {
    let mut slow = Slow::new();
    let peers = [1, 2, 3].map(ReplicaId);
    let (mut arrivals, mut height, mut questions, mut helped) = (VecDeque::new(), 40, 0, 0);
    for now in (0..1_000_000_000).step_by(50_000).map(Time) {
        height += 1;
        let target = BlockRef { view: View(height), height: Height(height), ..block(height % 251) };
        slow.fetch.want(now, &slow.config, Some(target));
        if let Some((peer, target, _)) = slow.fetch.ask(now, &slow.config, &peers, false) {
            questions += 1;
            arrivals.push_back((now + Span(6_700_000), peer, target.id));
        }
        let arrived = arrivals.pop_front_if(|(arrives, ..)| *arrives <= now);
        if let Some((_, peer, target)) = arrived
            && slow.fetch.take_answer(peer, Some(target))
        {
            helped += 1;
            slow.fetch.note_answer(now, peer, Led { to: Some(Height(helped)), is_new: true });
        }
    }
    assert!(helped > 100, "{helped} answers counted");
    assert!(questions < 4 * helped, "{questions} questions for {helped} answers");
}

/// A faulty peer answers with a block, and then with a snapshot that ends at once; the others take a second to
/// answer, while the head runs ahead.
#[test]
fn downloads_that_end_do_not_keep_slow_answers_from_counting() {
    let mut slow = Slow::new();
    let (peers, faulty) = ([1, 2, 3].map(ReplicaId), ReplicaId(2));
    let (mut arrivals, mut height, mut lies, mut helped) = (VecDeque::new(), 40, 0, 0);
    for now in (0..60_000_000).step_by(10_000).map(Time) {
        if now.0 % 50_000 == 0 {
            height += 1;
            let target = BlockRef { view: View(height), height: Height(height), ..block(height % 251) };
            slow.fetch.want(now, &slow.config, Some(target));
        }
        match slow.fetch.ask(now, &slow.config, &peers, false) {
            Some((peer, target, above)) if peer == faulty => {
                assert!(slow.fetch.take_answer(peer, Some(target.id)));
                lies += 1;
                if lies % 2 == 1 {
                    let to = Some(above.unwrap_or_default().next());
                    slow.fetch.note_answer(now, peer, Led { to, is_new: true });
                } else {
                    slow.fetch.note_download(now, &slow.config);
                    slow.fetch.note_answer(now, peer, Led::NOWHERE);
                    slow.fetch.note_download_ended(now, peer);
                }
            }
            Some((peer, target, _)) => arrivals.push_back((now + Span(1_000_000), peer, target.id)),
            None => {}
        }
        let arrived = arrivals.pop_front_if(|(arrives, ..)| *arrives <= now);
        helped +=
            u32::from(arrived.is_some_and(|(_, peer, target)| slow.fetch.take_answer(peer, Some(target))));
    }
    assert!(lies > 20, "{lies}");
    assert!(helped > 20 && arrivals.len() < 64, "{helped} answers counted, {} wait", arrivals.len());
}

#[test]
fn a_block_certified_after_a_pause_is_asked_for_soon() {
    let mut slow = Slow::new();
    for _ in 0..30 {
        slow.ask();
    }
    let pause = patience(&slow.config);
    let (asked, due) = (slow.now, slow.fetch.deadline().unwrap());
    assert!(due > asked + Span(3 * pause.0), "nobody has answered for long");
    let mut hear = |view, now| {
        slow.fetch.want(now, &slow.config, Some(BlockRef { view: View(view), ..block(41) }));
        slow.fetch.deadline().unwrap()
    };
    assert_eq!(hear(50, asked), asked + slow.config.fetch_retry_us);
    slow.now = asked;
    slow.ask();
    let again = slow.now;
    let mut hear = |view, now| {
        slow.fetch.want(now, &slow.config, Some(BlockRef { view: View(view), ..block(41) }));
        slow.fetch.deadline().unwrap()
    };
    assert_eq!(hear(51, again), again + pause, "the head runs ahead");
    assert_eq!(hear(51, again + Span(1)), again + pause, "that is no other block");
}

#[test]
fn others_are_asked_for_blocks_while_a_snapshot_comes() {
    let mut slow = Slow::new();
    let (sender, _) = slow.ask();
    assert!(slow.fetch.take_any_answer(sender));
    slow.fetch.note_download(slow.now, &slow.config);
    slow.is_downloading = true;
    let began = slow.now;
    let others: Vec<ReplicaId> =
        [1, 2, 3].map(ReplicaId).into_iter().filter(|peer| *peer != sender).collect();
    let ask = |slow: &mut Slow| {
        slow.now = slow.fetch.deadline().expect("something is missing");
        let (peer, _, above) = slow.fetch.ask(slow.now, &slow.config, &others, true).expect("it is due");
        (peer, above)
    };
    let (first, _) = ask(&mut slow);
    assert_eq!(slow.now, began + patience(&slow.config));
    let (second, _) = ask(&mut slow);
    assert_eq!(slow.now, began + Span(2 * patience(&slow.config).0));
    assert_ne!(first, second);
    slow.answer(second, Some(9));
    assert_eq!(ask(&mut slow).1, Some(Height(9)));
    assert_eq!(slow.now, began + Span(2 * patience(&slow.config).0), "blocks come as fast as they can");
}

#[test]
fn where_nobody_can_be_asked_time_passes_all_the_same() {
    let mut slow = Slow::new();
    for _ in 0..10 {
        let due = slow.fetch.deadline().unwrap();
        assert_eq!(slow.fetch.ask(due, &slow.config, &[], true), None);
        assert!(slow.fetch.deadline() > Some(due));
    }
}

#[test]
fn after_a_snapshot_its_sender_is_not_the_next_to_be_asked() {
    for first in 40..46 {
        let mut slow = Slow::new();
        slow.fetch = Fetch::default();
        slow.fetch.want(Time(0), &slow.config, Some(BlockRef { view: View(first), ..block(40) }));
        let (sender, _) = slow.ask();
        assert!(slow.fetch.take_any_answer(sender));
        slow.fetch.note_answer(slow.now, sender, Led { to: Some(Height(9)), is_new: true });
        slow.fetch.note_download_ended(slow.now, sender);
        assert_eq!(slow.fetch.deadline(), Some(slow.now));
        assert_ne!(slow.ask(), (sender, Some(Height(9))));
    }
}
