//! Starting: from nothing, or from what the store held.

use super::{Replica, Setup, SetupError};
use crate::app::App;
use crate::block::Block;
use crate::collector::{TimeoutCollector, VoteCollector};
use crate::event::{EntryCause, Event};
use crate::fetch::Fetch;
use crate::ids::Time;
use crate::io::Recovered;
use crate::ledger::Ledger;
use crate::mempool::Mempool;
use crate::pacemaker::Pacemaker;
use crate::safety::Safety;
use crate::tree::BlockTree;
use alloc::collections::VecDeque;

/// Builds a replica whose view is above every stored certificate (pitfall 17). Committed blocks
/// execute again, without replies or events.
pub(super) fn recover<A: App>(
    setup: Setup,
    app: A,
    recovered: Recovered,
    now: Time,
) -> Result<Replica<A>, SetupError> {
    let Setup { id, key, committee, config } = setup;
    config.check()?;
    let public = committee.key(id).ok_or(SetupError::NotAMember(id))?;
    if *public.as_bytes() != key.public().0 {
        return Err(SetupError::WrongKey(id));
    }

    let mut ledger = Ledger::new(app, committee.limits());
    let genesis = Block::genesis(&committee, ledger.root());
    let root = ledger.root();
    let genesis_ref = genesis.reference();
    let mut tree = BlockTree::new(genesis, root, config.retained_blocks, config.tree_blocks);
    for block in recovered.committed {
        let reference = block.reference();
        tree.insert(block.clone()).map_err(|_| SetupError::CorruptStore(reference))?;
        if tree.state_for_child_of(&block.parent()).is_some_and(|(_, own)| own != block.header().state_root) {
            return Err(SetupError::StateMismatch(reference));
        }
        ledger.execute(&block);
        tree.commit(&reference.id, ledger.root());
    }
    let mut uncommitted: alloc::vec::Vec<Block> = recovered.uncommitted.into_values().collect();
    uncommitted.sort_unstable_by_key(|block| (block.height(), block.view(), block.id()));
    for block in uncommitted {
        // One off the committed branch is of no use, and one whose parent is missing is fetched.
        let _ = tree.insert(block);
    }

    let high_qc = recovered.high_qc.unwrap_or_else(|| committee.genesis_qc().clone());
    let timed_out = recovered.tc.as_ref().map_or(high_qc.view(), |tc| tc.view);
    let safety = Safety::new(id, key.clone(), *committee.cluster(), genesis_ref, recovered.safety);
    // Below a view it gave up it could neither vote nor time out: were all so, none would move.
    let view = high_qc.view().max(timed_out).next().max(safety.last_timeout());
    let mut replica = Replica {
        id,
        now,
        safety,
        ledger,
        pacemaker: Pacemaker::new(view, now),
        entry_cause: EntryCause::Start,
        votes: VoteCollector::default(),
        timeouts: TimeoutCollector::default(),
        sent_timeout: None,
        has_own_qc: false,
        mempool: Mempool::new(config.mempool_commands, config.mempool_client_commands),
        fetch: Fetch::default(),
        high_qc,
        tc: recovered.tc,
        waiting: None,
        is_halted: false,
        outputs: VecDeque::new(),
        tree,
        key,
        committee,
        config,
    };
    replica.event(Event::Started { head: replica.tree.head(), last_voted: replica.safety.last_voted() });
    let leader = replica.committee.leader(view);
    replica.event(Event::ViewEntered { view, leader, cause: EntryCause::Start });
    let certified = replica.high_qc.block.id;
    replica.apply_certified(&certified);
    replica.settle();
    Ok(replica)
}
