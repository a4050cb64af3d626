//! How many outputs are performed at once.

use hotstuff_core::Output;

/// The next outputs whose records may be made durable before any of them is performed; none where there is
/// nothing to do. Making a record durable earlier than its turn is as good as in time, but for those after
/// blocks that are to be loaded: a snapshot removes blocks.
pub(super) fn next(mut poll: impl FnMut() -> Option<Output>) -> Vec<Output> {
    let mut outputs = Vec::new();
    while !matches!(outputs.last(), Some(Output::Load { .. })) {
        let Some(output) = poll() else { break };
        outputs.push(output);
    }
    outputs
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::crypto::Digest;
    use hotstuff_core::{BlockRef, Epoch, Height, Record, ReplicaId, View};

    #[test]
    fn no_record_overtakes_blocks_that_are_to_be_loaded() {
        let block = BlockRef { epoch: Epoch(0), view: View(1), height: Height(1), id: Digest([1; 32]) };
        let record = || Output::Persist(Record::Committed(block));
        let load = |to| Output::Load {
            peer: ReplicaId(1),
            target: None,
            epoch: Epoch(0),
            from: Height(1),
            to: Height(to),
        };
        let mut queue = [record(), record(), load(2), record(), load(3), load(4), record()].into_iter();
        let lengths: Vec<usize> = std::iter::from_fn(|| {
            let segment = next(|| queue.next());
            let loads = segment.iter().filter(|output| matches!(output, Output::Load { .. })).count();
            let is_last = matches!(segment.last(), Some(Output::Load { .. }));
            assert!(loads == 0 || (loads == 1 && is_last));
            (!segment.is_empty()).then_some(segment.len())
        })
        .collect();
        assert_eq!(lengths, [3, 2, 1, 1]);
    }
}
