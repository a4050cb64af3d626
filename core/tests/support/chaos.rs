//! Runs in which much goes wrong, by chance but the same each time, and what must hold of them.

use super::{Table, spec};
use hotstuff_core::event::Event;
use hotstuff_core::*;
use std::collections::{BTreeMap, BTreeSet};

/// A small generator of chance (splitmix64).
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Messages are lost, repeated and overtake each other, replicas restart from their disks, and
/// time passes now and then; after `steps` of it the network heals and all commands execute.
pub fn chaos(rule: CommitRule, seed: u64, steps: u64) -> Table {
    let mut table = Table::of(CommitteeSpec { rule, ..spec(4) }, 0);
    let mut chance = Chance(seed);
    let mut sequence = 0;
    for _ in 0..steps {
        match chance.below(100) {
            0..3 => {
                sequence += 1;
                table.submit(sequence, &[sequence as u8]);
            }
            3..13 => table.pass_time(),
            13 => {
                let id = chance.below(4) as u16;
                table.crash(id);
                table.start(id);
            }
            _ if table.lanes.is_empty() => table.pass_time(),
            dice => {
                let position = chance.below(table.lanes.len().min(6) as u64) as usize;
                let envelope = table.lanes.remove(position).expect("it is below the length");
                if dice >= 98 {
                    table.lanes.push_back(envelope.clone());
                }
                if dice >= 25 {
                    table.deliver(envelope);
                }
            }
        }
    }
    for again in 1..=sequence {
        table.submit(again, &[again as u8]); // a restart forgets what waited
    }
    table.run_until_applied(&[0, 1, 2, 3], sequence as usize, |_| true);
    table
}

/// What every replica's events must show, whatever happened: blocks commit oldest first, each
/// once, the same everywhere; locks only rise; one vote a view, and none in a view given up; no
/// timeout hides the lock.
pub fn check(table: &Table) {
    let mut agreed = BTreeMap::new();
    for id in 0..table.replicas.len() as u16 {
        let (mut head, mut lock, mut given_up) = (Height(0), View(0), View(0));
        let mut voted = BTreeSet::new();
        for event in table.events.iter().filter(|(replica, _)| *replica == id).map(|(_, event)| event) {
            match event {
                Event::Committed { block, .. } => {
                    assert_eq!(block.block.height, head.next(), "r{id}: no gap, no repetition");
                    head = block.block.height;
                    let first = *agreed.entry(head).or_insert(block.block);
                    assert_eq!(first, block.block, "r{id}: agreement");
                }
                Event::LockRaised { block } => {
                    assert!(block.view > lock, "r{id}: the lock rises");
                    lock = block.view;
                }
                Event::Voted { block, .. } => {
                    assert!(voted.insert(block.view), "r{id}: one vote in view {}", block.view);
                    assert!(voted.last() == Some(&block.view) && block.view > given_up, "r{id}: {block}");
                }
                Event::TimedOut { view, high_qc, .. } => {
                    assert!(*high_qc >= lock, "r{id}: the timeout of view {view} hides the lock");
                    given_up = given_up.max(*view);
                }
                _ => {}
            }
        }
    }
}
