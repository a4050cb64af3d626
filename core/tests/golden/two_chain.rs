//! The two-chain rule (Jolteon), beside the three-chain rule where that tells more.

use crate::support::hostile::{altered, timeout};
use crate::support::{Envelope, Table, spec, vote, without};
use expect_test::expect_file;
use hotstuff_core::event::Event;
use hotstuff_core::message::Proposal;
use hotstuff_core::*;

fn table(rule: CommitRule) -> Table {
    Table::of(CommitteeSpec { rule, ..spec(4) }, 0)
}

/// What r0 does about views, locks and commits, by view.
fn columns(rule: CommitRule, act: impl Fn(&mut Table)) -> Vec<Vec<String>> {
    let mut table = table(rule);
    act(&mut table);
    let mut views = vec![Vec::new()];
    for (_, event) in table.events.iter().filter(|(id, _)| *id == 0) {
        if matches!(event, Event::ViewEntered { .. }) {
            views.push(Vec::new());
        }
        let line = match event {
            Event::ViewEntered { view, cause, .. } => format!("entered view {view} ({cause:?})"),
            Event::Voted { block, .. } => format!("voted for b{}@v{}", block.height, block.view),
            Event::LockRaised { block } => format!("locked b{}@v{}", block.height, block.view),
            Event::TimedOut { view, .. } => format!("gave up on view {view}"),
            Event::TcFormed { view, .. } => format!("formed a TC for view {view}"),
            Event::Executed { command, .. } => format!("executed {}", command.sequence),
            Event::Committed { block, .. } => {
                format!("committed b{}@v{}", block.block.height, block.block.view)
            }
            _ => continue,
        };
        views.last_mut().expect("there is one").push(line);
    }
    views
}

/// Both rules, side by side, view by view.
fn side_by_side(act: impl Fn(&mut Table)) -> String {
    let (three, two) = (columns(CommitRule::ThreeChain, &act), columns(CommitRule::TwoChain, &act));
    let mut text = format!("\n{:<34}| {}\n", "three-chain", "two-chain");
    for view in 1..three.len().max(two.len()) {
        let of = |views: &[Vec<String>]| views.get(view).cloned().unwrap_or_default();
        let (left, right) = (of(&three), of(&two));
        text.push_str(&format!("{:-<34}+{:-<34}\n", "", ""));
        for line in 0..left.len().max(right.len()) {
            let at = |column: &[String]| column.get(line).cloned().unwrap_or_default();
            text.push_str(format!("{:<34}| {}", at(&left), at(&right)).trim_end());
            text.push('\n');
        }
    }
    text
}

#[test]
fn beside_three_chain() {
    let mut told = Table::new(4);
    told.say(
        "The same inputs under both rules; what r0 does. A command arrives, and nothing fails. Look for \
         two things. The lock: two-chain locks a block as soon as it is certified, three-chain when its \
         child is. The commit: one certified descendant fewer, so one view earlier, and one view less \
         until all is flushed.",
    );
    told.script += &side_by_side(|table| {
        table.submit(1, b"x");
        table.run_all();
    });
    told.say(
        "The same with r1 down, which leads views 1 and 5. Both commit: three views in a row are enough \
         for either. Two-chain does without the votes that r1 should collect in view 4, and so without \
         waiting for the timeouts that bring them.",
    );
    told.script += &side_by_side(|table| {
        table.crash(1);
        table.submit(1, b"x");
        table.run_until_applied(&[0, 2, 3], 1, |_| true);
    });
    expect_file!["../scripts/two_chain/beside_three_chain.txt"].assert_eq(&told.script);
}

#[test]
fn view_change() {
    let mut table = table(CommitRule::TwoChain);
    table.watch(&[2, 3]);
    table.say(
        "Two-chain; r2 and r3 are shown. r3 does not get the block of view 1. r2 collects the votes of \
         the others, and then r1 goes down and r2's block of view 2 is lost: r2 alone has the QC of \
         view 1. It locks b1 at once: under this rule a certified block may be committed elsewhere as \
         soon as its child is certified.",
    );
    table.submit(1, b"x");
    table.hop(|envelope| envelope.to != 3);
    table.hop(|envelope| envelope.to == 2);
    assert_eq!(table.replica(2).status().lock.view, View(1));
    table.lanes.clear();
    table.crash(1);
    table.say(
        "Patience ends. r0 and r3 give up on view 1, r2 on view 2. r2's timeout carries the QC of view 1, \
         as what a replica says in a timeout is never below its lock; so the others come to view 2 by \
         it. Their patience ends once more, and so does the TC of view 2 carry it, whoever forms it. It \
         names the view of each signer's high QC, and holds the highest in full.",
    );
    let is_new = |envelope: &Envelope| match &envelope.message {
        Message::Proposal(proposal) => proposal.block.view() > View(2),
        Message::Vote(vote) => vote.block.view > View(2),
        _ => true,
    };
    while table.replica(3).status().view < View(3) {
        table.pass_time();
        table.hop(is_new);
        table.hop(is_new);
    }
    let tc = table.last_tc(3).expect("r3 entered view 3 by it");
    assert_eq!((tc.view, tc.high_qc.view()), (View(2), View(1)));
    table.say(
        "r3 leads view 3. It must show a justify that is at least the highest QC that the TC names, or \
         nobody votes (Jolteon, figure 2). So it fetches b1 and extends it. Two certified blocks in \
         consecutive views commit the first, and b1 with it.",
    );
    table.run_until_applied(&[0, 2, 3], 1, is_new);
    expect_file!["../scripts/two_chain/view_change.txt"].assert_eq(&table.script);
}

/// Lets r3 alone have the QC of view 2, and r0, which leads view 4, be Byzantine: it extends
/// genesis with a TC of itself, r1 and r2, whose high QCs are of view 1.
fn hidden_qc(table: &mut Table) {
    table.submit(1, b"x");
    let Message::Proposal(Proposal { block: first, .. }) = table.lanes[0].message.clone() else {
        panic!("r1 proposes")
    };
    (0..4).for_each(|_| table.hop(|_| true));
    table.lanes.clear();
    table.crash(0);
    for view in [2, 3] {
        table.now = table.now + table.config.timeout_min_us;
        for id in [1, 2] {
            table.input(id, Input::Tick);
        }
        for to in [1, 2] {
            let message = timeout(0, view, table.committee.genesis_qc().clone(), None);
            table.deliver(Envelope { from: 0, to, message });
        }
        table.run(without(3));
    }
    let second = altered(&first, |header| {
        header.view = View(4);
        header.proposer = ReplicaId(0);
    });
    let proposal = Proposal { block: second.clone(), tc: table.last_tc(1) };
    table.say(
        "r0 leads view 4 and extends genesis, with the TC for view 3. The TC shows that a signer has a \
         QC of view 1.",
    );
    for to in [1, 2, 3] {
        table.deliver(Envelope { from: 0, to, message: Message::Proposal(proposal.clone()) });
    }
    table.deliver(Envelope { from: 0, to: 1, message: Message::Vote(vote(0, second.reference())) });
}

#[test]
fn hidden_qc_under_both_rules() {
    let mut scripts = String::new();
    for rule in [CommitRule::ThreeChain, CommitRule::TwoChain] {
        let mut table = table(rule);
        table.watch(&[1, 3]);
        table.say(match rule {
            CommitRule::ThreeChain => {
                "Three-chain; r1 and r3 are shown. r3 alone has the QC of view 2. r0 is Byzantine."
            }
            CommitRule::TwoChain => {
                "The same under two-chain. Here b1 is committed at r3, by the QC of view 2."
            }
        });
        hidden_qc(&mut table);
        table.say(match rule {
            CommitRule::ThreeChain => {
                "r1 voted: it is locked on genesis, and nobody can have committed b1, as that takes a \
                 quorum that is locked on it. A leader needs no more than a justify that is newer than \
                 the voters' locks; the abandoned blocks are the price of that freedom."
            }
            CommitRule::TwoChain => {
                "Nobody votes, and b1 is safe. That is what the TC is for: a quorum's QCs stand in it, \
                 one of a replica that voted for b2 and so had the QC for b1 among them. A leader \
                 cannot leave it out."
            }
        });
        let refused = |id, events: &[(u16, Event)]| {
            events.iter().any(|(replica, event)| {
                *replica == id
                    && matches!(event, Event::VoteRefused { why: Refusal::BelowTimeouts { .. }, .. })
            })
        };
        assert_eq!(refused(1, &table.events), rule == CommitRule::TwoChain);
        if !scripts.is_empty() {
            scripts.push('\n');
        }
        scripts += &table.script;
    }
    expect_file!["../scripts/two_chain/hidden_qc.txt"].assert_eq(&scripts);
}
