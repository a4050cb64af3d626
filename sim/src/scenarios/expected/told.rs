//! What a run has told, in the order of its steps: all that expectations are judged by.

use crate::checkers::Violation;
use crate::ids::HostId;
use crate::step::{Cause, Step};
use hotstuff_core::event::BlockSummary;
use hotstuff_core::{BlockId, BlockRef, Committee, Event, Height, ReplicaId, Time, View};
use std::collections::{BTreeMap, BTreeSet};

/// A run up to its script's end.
#[derive(Clone, Copy)]
pub(in crate::scenarios) struct Told<'a> {
    pub(in crate::scenarios) committee: &'a Committee,
    pub(in crate::scenarios) steps: &'a [Step],
    pub(in crate::scenarios) faulty: &'a BTreeSet<HostId>,
    pub(in crate::scenarios) violation: Option<&'a Violation>,
}

/// An event, where and when.
#[derive(Clone, Copy)]
pub(super) struct Happened<'a> {
    pub(super) time: Time,
    pub(super) host: HostId,
    pub(super) event: &'a Event,
}

impl<'a> Told<'a> {
    pub(super) fn is_honest(&self, host: HostId) -> bool {
        !self.faulty.contains(&host)
    }

    /// The events of all hosts.
    pub(super) fn all_events(&self) -> impl Iterator<Item = Happened<'a>> + use<'a> {
        self.steps.iter().flat_map(|step| {
            let happened = move |event| Some(Happened { time: step.time, host: step.host?, event });
            step.events.iter().filter_map(happened)
        })
    }

    /// The events of honest hosts.
    pub(super) fn events(&self) -> impl Iterator<Item = Happened<'a>> + use<'a> {
        let faulty = self.faulty;
        self.all_events().filter(move |happened| !faulty.contains(&happened.host))
    }

    /// What honest hosts committed.
    pub(super) fn commits(&self) -> impl Iterator<Item = (Time, HostId, &'a BlockSummary)> + use<'a> {
        self.events().filter_map(|Happened { time, host, event }| match event {
            Event::Committed { block, .. } => Some((time, host, block)),
            _ => None,
        })
    }

    /// The committed head of each honest host that is up at the end.
    pub(super) fn heads(&self) -> BTreeMap<HostId, BlockRef> {
        let mut heads = BTreeMap::new();
        for step in self.steps {
            let Some(host) = step.host.filter(|host| self.is_honest(*host)) else { continue };
            if step.cause == Cause::Killed {
                heads.remove(&host);
            }
            for event in &step.events {
                match event {
                    Event::Started { head, .. } => drop(heads.insert(host, *head)),
                    Event::Committed { block, .. } => drop(heads.insert(host, block.block)),
                    Event::SnapshotInstalled { block, .. } => drop(heads.insert(host, *block)),
                    _ => {}
                }
            }
        }
        heads
    }

    /// The highest block that an honest host committed.
    pub(super) fn top(&self) -> Height {
        self.commits().map(|(_, _, block)| block.block.height).max().unwrap_or_default()
    }

    /// All blocks that anyone has seen.
    pub(super) fn blocks(&self) -> BTreeMap<BlockId, &'a BlockSummary> {
        let mut blocks = BTreeMap::new();
        for happened in self.all_events() {
            if let Event::Proposed(block) | Event::BlockAdded(block) = happened.event {
                blocks.insert(block.block.id, block);
            }
        }
        blocks
    }

    /// The certificates that anyone made, as the first to make one told it.
    pub(super) fn certificates(&self) -> BTreeMap<BlockRef, &'a [ReplicaId]> {
        let mut certificates = BTreeMap::new();
        for happened in self.all_events() {
            if let Event::QcFormed { block, signers } = happened.event {
                certificates.entry(*block).or_insert(signers.as_slice());
            }
        }
        certificates
    }

    /// The views that a quorum gave up, and who led them.
    pub(super) fn given_up(&self) -> BTreeMap<View, Option<ReplicaId>> {
        let (mut leaders, mut views) = (BTreeMap::new(), BTreeSet::new());
        for happened in self.events() {
            match happened.event {
                Event::ViewEntered { view, leader, next_leader, .. } => {
                    leaders.entry(view.next()).or_insert(*next_leader);
                    leaders.insert(*view, *leader);
                }
                Event::TcFormed { view, .. } => drop(views.insert(*view)),
                _ => {}
            }
        }
        views.into_iter().map(|view| (view, leaders.get(&view).copied())).collect()
    }
}
