//! Each reason alone, and what is no reason.

use super::*;
use crate::client::status::{Head, Link, StatusError};
use hotstuff_core::committee::{CommitteeSpec, Limits, Member};
use hotstuff_core::crypto::{ClusterId, SecretKey};
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::{CommitRule, Power};

fn committee() -> Committee {
    let key = |id: u16| SecretKey::from_seed([id as u8 + 1; 32]).public();
    let member = |id| Member { id: ReplicaId(id), key: key(id), power: Power(1) };
    Committee::new(CommitteeSpec {
        cluster: ClusterId([9; 32]),
        members: (0..4).map(member).collect(),
        leaders: LeaderRule::default(),
        rule: CommitRule::default(),
        operator: None,
        limits: Limits::default(),
    })
    .unwrap()
}

/// Four replicas, all well, after `change`; and what is then out of the ordinary about each.
fn told(change: impl FnOnce(&mut [Report; 4])) -> [Vec<Why>; 4] {
    told_without(&[], change)
}

/// The same where some do not answer.
fn told_without(down: &[u16], change: impl FnOnce(&mut [Report; 4])) -> [Vec<Why>; 4] {
    let mut reports = [0, 1, 2, 3].map(well);
    change(&mut reports);
    let found = reports.map(|report| {
        let is_down = down.contains(&report.id.0);
        let (id, http) = (report.id, format!("127.0.0.1:808{}", report.id.0).parse().unwrap());
        let report = if is_down { Err(StatusError::Other(ReplicaId(9))) } else { Ok(report) };
        Found { id, http, report, why: Vec::new() }
    });
    reasons(&committee(), &found).try_into().unwrap()
}

fn well(id: u16) -> Report {
    let link = |id| Link { id: ReplicaId(id), connected: true, receiving: true };
    Report {
        id: ReplicaId(id),
        epoch: 2,
        member: true,
        view: 1_000,
        committed_head: Head { height: 900, id: "ab".repeat(32) },
        state_root: "1f".repeat(32),
        leader: ReplicaId(1),
        halted: false,
        fetching: false,
        last_voted: 999,
        timeouts: 5,
        store_syncing_us: 0,
        peers: Some((0..4).filter(|other| *other != id).map(link).collect()),
        version: "0.1.0".into(),
    }
}

#[track_caller]
fn assert_only(told: [Vec<Why>; 4], id: usize, expected: Why) {
    for (other, why) in told.into_iter().enumerate() {
        let expected = if other == id { vec![expected.clone()] } else { Vec::new() };
        assert_eq!(why, expected, "of r{other}");
    }
}

#[test]
fn nothing_is_said_of_replicas_that_are_well_and_were_asked_one_after_the_other() {
    let told = told(|reports| {
        reports[3].view += LAG_VIEWS - 1;
        reports[3].last_voted += LAG_VIEWS - 1;
        reports[3].committed_head.height += LAG_BLOCKS - 1;
    });
    assert_eq!(told, [const { Vec::new() }; 4]);
}

#[test]
fn another_state_at_the_same_height_is_an_alarm_at_both() {
    let told = told(|reports| {
        reports.iter_mut().for_each(|report| report.committed_head.height += u64::from(report.id.0) % 2);
        reports[2].state_root = "2e".repeat(32);
    });
    let differs = |from| vec![Why::StateDiffers { from: ReplicaId(from), height: 900 }];
    assert_eq!(told, [differs(2), vec![], differs(0), vec![]]);
    assert!(told[0][0].is_alarm());
    assert_eq!(told[0][0].to_string(), "ALARM: DIFFERS from r2 at the same height 900");
}

#[test]
fn another_block_at_the_same_height_is_an_alarm_too() {
    let told = told(|reports| reports[3].committed_head.id = "cd".repeat(32));
    assert_eq!(told[3], [Why::StateDiffers { from: ReplicaId(0), height: 900 }]);
}

#[test]
fn who_does_not_answer_is_not_reachable() {
    let error = "r9 is there instead".to_owned();
    assert_only(told_without(&[3], |_| {}), 3, Why::Unreachable { error });
}

#[test]
fn who_has_halted_is_told() {
    assert_only(told(|reports| reports[2].halted = true), 2, Why::Halted);
}

#[test]
fn who_is_no_member_needs_no_links() {
    let told = told(|reports| {
        reports[2].member = false;
        reports[2].peers = Some(Vec::new());
    });
    assert_only(told, 2, Why::NotAMember { epoch: 2 });
}

#[test]
fn who_knows_an_older_epoch_is_told() {
    let told = told(|reports| reports[0].epoch = 1);
    assert_only(told, 0, Why::OlderEpoch { epoch: 1, newest: 2 });
}

#[test]
fn a_link_in_one_direction_is_none_and_two_of_four_are_no_quorum() {
    let cut = |reports: &mut [Report; 4], count: usize| {
        for (number, link) in reports[0].peers.as_mut().unwrap().iter_mut().take(count).enumerate() {
            *(if number == 0 { &mut link.connected } else { &mut link.receiving }) = false;
        }
    };
    assert_eq!(told(|reports| cut(reports, 1))[0], []);
    let unlinked = vec![ReplicaId(1), ReplicaId(2)];
    assert_only(told(|reports| cut(reports, 2)), 0, Why::NoQuorum { unlinked });
}

#[test]
fn who_says_nothing_of_links_is_not_judged_by_them() {
    assert_eq!(told(|reports| reports[0].peers = None)[0], []);
}

#[test]
fn who_waits_for_its_disk_is_told() {
    let us = SYNC_US_MAX + 1_000_000;
    let told = told(|reports| reports[1].store_syncing_us = us);
    assert_eq!(told[1][0].to_string(), "waits for its disk for 3 s");
    assert_only(told, 1, Why::WaitsForDisk { us });
    assert_eq!(self::told(|reports| reports[1].store_syncing_us = SYNC_US_MAX)[1], []);
}

#[test]
fn who_is_blocks_behind_fetches_them_or_does_not() {
    let lag = |reports: &mut [Report; 4], fetching| {
        reports[3].committed_head = Head { height: 900 - LAG_BLOCKS, id: "cd".repeat(32) };
        reports[3].fetching = fetching;
    };
    let blocks = LAG_BLOCKS;
    assert_only(told(|reports| lag(reports, true)), 3, Why::Fetching { blocks });
    assert_only(told(|reports| lag(reports, false)), 3, Why::BlocksBehind { blocks });
}

#[test]
fn who_is_views_behind_is_told() {
    let told = told(|reports| {
        reports[3].view -= LAG_VIEWS;
        reports[3].last_voted = reports[3].view - 1;
    });
    assert_only(told, 3, Why::ViewsBehind { views: LAG_VIEWS });
}

#[test]
fn who_does_not_vote_while_others_do_is_told_unless_that_has_a_reason() {
    let last_voted = 900;
    let told_with = |change: fn(&mut Report)| {
        told(|reports| {
            reports[3].last_voted = last_voted;
            change(&mut reports[3]);
        })
    };
    assert_only(told_with(|_| {}), 3, Why::NotVoting { last_voted, others: 999 });
    assert_eq!(told_with(|report| report.fetching = true)[3], []);
    assert_eq!(told_with(|report| report.halted = true)[3], [Why::Halted]);
    let all = told(|reports| reports.iter_mut().for_each(|report| report.last_voted = last_voted));
    assert_eq!(all, [const { Vec::new() }; 4], "nobody votes where all views are given up");
}

#[test]
fn those_whose_leader_is_down_or_has_halted_wait_for_it() {
    let waits = Why::WaitsForLeader { leader: ReplicaId(1), view: 1_000, timeouts: 5 };
    let down = told_without(&[1], |_| {});
    assert!(matches!(down[1][..], [Why::Unreachable { .. }]));
    let halted = told(|reports| reports[1].halted = true);
    assert_eq!(halted[1], [Why::Halted]);
    for id in [0, 2, 3] {
        assert_eq!((&down[id][..], &halted[id][..]), (&[waits.clone()][..], &[waits.clone()][..]));
    }
    let text = "waits for r1, which leads view 1000 and is down; 5 views given up so far";
    assert_eq!(waits.to_string(), text);
}

#[test]
fn who_runs_another_version_than_most_is_told() {
    let (version, most) = ("0.2.0".to_owned(), "0.1.0".to_owned());
    let told = told(|reports| reports[2].version.clone_from(&version));
    assert_only(told, 2, Why::OtherVersion { version, most });
}
