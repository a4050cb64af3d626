//! Starting: from nothing, or from what the store held.

use super::snapshots::Snapshots;
use super::{Replica, Setup, SetupError};
use crate::app::App;
use crate::block::Block;
use crate::collector::{TimeoutCollector, VoteCollector};
use crate::committees::Committees;
use crate::event::{EntryCause, Event};
use crate::fetch::Fetch;
use crate::ids::{Epoch, Height, Time};
use crate::io::{Halt, Recovered};
use crate::ledger::Ledger;
use crate::mempool::{Mempool, MempoolBounds};
use crate::pacemaker::Pacemaker;
use crate::safety::Safety;
use crate::serving::Serving;
use crate::tree::BlockTree;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;

/// Builds a replica whose view is above every stored certificate (pitfall 17). Committed blocks
/// execute again, without replies or events.
pub(super) fn recover<A: App>(
    setup: Setup,
    app: A,
    recovered: Recovered,
    now: Time,
) -> Result<Replica<A>, SetupError> {
    let Setup { id, key, committee, joins_later, config } = setup;
    config.check(committee.limits())?;
    match committee.key(id) {
        Some(public) if public.public() != key.public() => return Err(SetupError::WrongKey(id)),
        None if !joins_later => return Err(SetupError::NotAMember(id)),
        _ => {}
    }

    let mut ledger = Ledger::new(app, committee.clone());
    let genesis = Block::genesis(&committee, ledger.root());
    let root = ledger.root();
    let genesis_ref = genesis.reference();
    let (governed, bounds) = (committee.governed(), config.tree_bounds());
    let mut snapshots = Snapshots::default();
    let mut tree = match recovered.snapshot {
        None => BlockTree::new(genesis, root, governed, bounds),
        Some(snapshot) => {
            let (base, root) = (snapshot.base().clone(), snapshot.root());
            let mismatch = SetupError::StateMismatch(base.reference());
            ledger.restore(&committee, snapshot.state, &root).map_err(|_| mismatch)?;
            snapshots.height = base.height();
            snapshots.handovers = snapshot.handovers;
            BlockTree::rooted(
                &snapshot.ancestors,
                base,
                ledger.schedules().for_children(),
                root,
                governed,
                bounds,
            )
        }
    };
    snapshots.handovers.extend(recovered.handovers);
    snapshots.useless_to = recovered
        .committed
        .first()
        .map_or(snapshots.height, |block| Height(block.height().0 - 1).min(snapshots.height));
    let base = tree.head().height;
    for block in recovered.committed.into_iter().filter(|block| block.height() > base) {
        let reference = block.reference();
        tree.insert(block.clone()).map_err(|_| SetupError::CorruptStore(reference))?;
        if tree.state_for_child_of(&block.parent()).is_some_and(|(_, own)| own != block.header().state_root) {
            return Err(SetupError::StateMismatch(reference));
        }
        let commits = tree.commits_of(&reference.id).expect("it was added just now");
        ledger.execute(&block, tree.head().view, commits);
        tree.commit(&reference.id, ledger.root());
    }
    // Every commit comes of certificates that raise the lock first. What a peer's snapshot holds does not.
    let lock = recovered.safety.as_ref().map_or(genesis_ref, |record| record.lock);
    if tree.head().height > base && lock.view < tree.head().view {
        return Err(SetupError::SafetyBehind { head: tree.head(), lock });
    }
    let mut uncommitted: alloc::vec::Vec<Block> = recovered.uncommitted.into_values().collect();
    uncommitted.sort_unstable_by_key(|block| (block.height(), block.view(), block.id()));
    // One off the committed branch is of no use, and one whose parent is missing is fetched.
    uncommitted.retain(|block| tree.insert(block.clone()).is_ok());

    let high_qc = recovered.high_qc.unwrap_or_else(|| committee.genesis_qc().clone());
    let timed_out = recovered.tc.as_ref().map_or(high_qc.view(), |tc| tc.view);
    let safety =
        Safety::new(id, key.clone(), (*committee.cluster(), governed), genesis_ref, recovered.safety);
    // Where it gave up beyond that view, it still gives up in it with the others.
    let view = high_qc.view().max(timed_out).next();
    let mut replica = Replica {
        id,
        now,
        safety,
        committees: Arc::new(Committees::new(ledger.schedules().committees())),
        told_epoch: Epoch::GENESIS,
        ledger,
        pacemaker: Pacemaker::new(view, now),
        entry_cause: EntryCause::Start,
        votes: VoteCollector::default(),
        timeouts: TimeoutCollector::default(),
        equivocators: BTreeMap::new(),
        own_proposal: None,
        has_own_qc: false,
        mempool: Mempool::new(MempoolBounds {
            commands: config.mempool_commands,
            client_commands: config.mempool_client_commands,
            bytes: config.mempool_bytes,
        }),
        fetch: Fetch::default(),
        high_qc,
        tc: recovered.tc,
        waiting: BTreeMap::new(),
        snapshots,
        serving: Serving::default(),
        is_halted: recovered.halted.is_some(),
        outputs: VecDeque::new(),
        tree,
        key,
        committee,
        config,
    };
    replica.event(Event::Started { head: replica.tree.head(), last_voted: replica.safety.last_voted() });
    if let Some(Halt { head, conflicting }) = recovered.halted {
        replica.event(Event::Halted { head, conflicting });
        return Ok(replica);
    }
    let schedule = replica.schedule();
    let (leader, next_leader) = (schedule.leader(view), schedule.leader(view.next()));
    replica.event(Event::ViewEntered { view, leader, next_leader, cause: EntryCause::Start });
    replica.note_state();
    for block in &uncommitted {
        replica.apply_certified(block.justify()); // a crash may have come before its effects
    }
    let high_qc = replica.high_qc.clone();
    replica.apply_certified(&high_qc);
    replica.settle();
    Ok(replica)
}
