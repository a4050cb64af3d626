//! Replicas that sign two things for one view are reported, with the proof (pitfall 11).

use super::Replica;
use crate::app::App;
use crate::block::Block;
use crate::event::Event;
use crate::evidence::Evidence;
use crate::ids::View;
use crate::message::MessageKind;
use crate::refusal::Refusal;
use alloc::boxed::Box;

impl<A: App> Replica<A> {
    /// A second block of the view's leader is evidence against it, and not kept unless a quorum
    /// certified it.
    pub(super) fn equivocation(&mut self, block: &Block) -> Option<Refusal> {
        let first = self.tree.first_of_view(block.view())?;
        if first.id() == block.id() || block.id() == self.high_qc.block.id {
            return None;
        }
        let (proposer, name) = (block.header().proposer, first.reference());
        if first.header().proposer != proposer {
            return None; // on another branch, another replica may lead the view
        }
        self.report(Evidence::Proposals { first: first.signed_header(), second: block.signed_header() });
        Some(Refusal::Equivocation { proposer, first: name })
    }

    /// Reports one piece of evidence for each view and kind: more would tell nothing new.
    pub(super) fn report(&mut self, evidence: Evidence) {
        let view = evidence.blocks().0.view;
        let told = self.equivocators.entry(evidence.replica()).or_insert((View::GENESIS, View::GENESIS));
        let last = if evidence.kind() == MessageKind::Vote { &mut told.1 } else { &mut told.0 };
        if *last < view {
            *last = view;
            self.event(Event::Equivocation(Box::new(evidence)));
        }
    }
}
