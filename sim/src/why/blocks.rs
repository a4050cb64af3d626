//! Why a block is committed, or not.

use super::answer::{Answer, Reason, list};
use super::{Block, Why};
use hotstuff_core::{BlockId, BlockRef, CommitRule, Power, ReplicaId, View};

impl Why {
    /// Why a block is as it is. `None` where it was never told of, or long ago.
    #[must_use]
    pub fn block(&self, id: &BlockId) -> Option<Answer> {
        let block = self.blocks.get(id)?;
        let name = block.summary.block;
        if let Some((who, at)) = block.committed {
            return Some(self.committed(block, who, at));
        }
        if let Some((other, at)) = self.passed_by(block) {
            let answer = Answer::new(format!("{name} can no longer be committed: {other} is, in its place"));
            return Some(answer.because(format!("{other} was committed"), at));
        }
        Some(if block.certified.is_some() { self.certified_only(block) } else { self.uncertified(block) })
    }

    fn committed(&self, block: &Block, who: ReplicaId, at: u64) -> Answer {
        let name = block.summary.block;
        let mut answer = Answer::new(format!("{name} is committed"));
        answer = answer.because(format!("{who} was the first to commit it"), at);
        let chain = self.descendants(block);
        let needed = self.links_needed();
        if let Some(chain) = chain.get(..needed).filter(|chain| is_in_a_row(block, chain)) {
            let views: Vec<String> =
                [block].iter().chain(chain).map(|link| link.summary.block.view.to_string()).collect();
            answer.headline = format!(
                "{name} is committed: blocks of views {} follow each other directly, all certified ({}-chain)",
                views.join(", "),
                if needed == 2 { "three" } else { "two" },
            );
        } else if let Some(later) = self.committed_descendant(block) {
            answer = answer.because(format!("{later} was committed, and all before it with it"), None);
        }
        let rival = self.rivals(block).find(|rival| rival.committed.is_some());
        if let Some(rival) = rival {
            answer.headline =
                format!("{name} is committed, and so is {}: agreement is broken", rival.summary.block);
            answer = answer.because("more than f replicas must be faulty", rival.committed.map(|(_, at)| at));
            answer = answer.and(self.signed_both(block, rival));
        }
        answer
    }

    /// Who voted for both of two blocks of one view.
    fn signed_both(&self, one: &Block, other: &Block) -> Option<Reason> {
        let both: Vec<ReplicaId> =
            one.votes.keys().filter(|id| other.votes.contains_key(id)).copied().collect();
        let is_one_view = one.summary.block.view == other.summary.block.view;
        (is_one_view && !both.is_empty())
            .then(|| Reason { text: format!("{} signed both", list(&both)), at: None })
    }

    /// It has a certificate; what else would it take?
    fn certified_only(&self, block: &Block) -> Answer {
        let name = block.summary.block;
        let chain = self.descendants(block);
        let needed = self.links_needed();
        let certified = format!("{name} is certified");
        let answer = |text: String| Answer::new(text).because(certified.clone(), block.certified);
        let links: Vec<&Block> = [block].into_iter().chain(chain.iter().copied()).take(needed + 1).collect();
        for pair in links.windows(2) {
            let (View(one), View(other)) = (pair[0].summary.block.view, pair[1].summary.block.view);
            if other != one + 1 {
                let lost = View(one + 1);
                return answer(format!(
                    "{name} is not committed yet: after view {one} comes view {other}, and a chain counts only over consecutive views"
                ))
                .and(self.lost_view(lost));
            }
        }
        let Some(open) = links.iter().find(|link| link.certified.is_none()) else {
            let View(last) = links.last().map_or(name.view, |link| link.summary.block.view);
            let next = View(last + 1);
            return answer(format!(
                "{name} is not committed yet: no block of view {next} extends {}",
                links.last().map_or(name, |link| link.summary.block)
            ))
            .and(self.lost_view(next));
        };
        let open_name = open.summary.block;
        let inner = self.uncertified(open);
        answer(format!("{name} is not committed: the QC for view {} is missing", open_name.view))
            .and(inner.because)
    }

    /// It has no certificate: who has voted, who has not, and why not.
    fn uncertified(&self, block: &Block) -> Answer {
        let name = block.summary.block;
        let (have, quorum) = (self.power_of(block.votes.keys()), self.quorum());
        let mut answer = Answer::new(if have >= quorum {
            format!(
                "{name} is not certified: its votes are a quorum, but no certificate was made of them yet"
            )
        } else {
            format!("{name} is not certified: it has votes of {have}, and a quorum is {quorum}")
        });
        if let Some(collector) = block.collector {
            if let Some(at) = self.is_down(collector) {
                answer.headline =
                    format!("{name} is not certified: {collector}, who collects its votes, is down");
                answer = answer.because(format!("{collector} went down"), at);
            } else {
                answer =
                    answer.because(format!("{collector} leads the next view and collects the votes"), None);
            }
        }
        let voted: Vec<ReplicaId> = block.votes.keys().copied().collect();
        if !voted.is_empty() {
            answer =
                answer.because(format!("{} voted for it", list(&voted)), block.votes.values().min().copied());
        }
        answer = answer.and(
            block
                .refusals
                .iter()
                .map(|(who, why, at)| Reason { text: format!("{who} refused: {why}"), at: Some(*at) }),
        );
        answer = answer.and(self.lost_view(name.view));
        answer.because(format!("{} proposed it", block.summary.proposer), block.proposed)
    }

    /// How a view came to nothing.
    pub(super) fn lost_view(&self, view: View) -> Vec<Reason> {
        let Some(told) = self.views.get(&view) else { return Vec::new() };
        let mut reasons = Vec::new();
        if let Some(leader) = told.leader {
            if let Some(at) = self.is_down(leader) {
                reasons
                    .push(Reason { text: format!("{leader}, who leads view {view}, is down"), at: Some(at) });
            } else if told.proposal.is_none() {
                reasons.push(Reason {
                    text: format!("{leader}, who leads view {view}, has proposed nothing"),
                    at: None,
                });
            }
        }
        let gave_up: Vec<ReplicaId> = told.timeouts.keys().copied().collect();
        if !gave_up.is_empty() {
            let at = told.given_up.or_else(|| told.timeouts.values().min().copied());
            reasons.push(Reason { text: format!("{} gave up on view {view}", list(&gave_up)), at });
        }
        reasons
    }

    /// How many certified links above a block it takes to commit it.
    fn links_needed(&self) -> usize {
        match self.rule() {
            CommitRule::ThreeChain => 2,
            CommitRule::TwoChain => 1,
        }
    }

    pub(super) fn quorum(&self) -> Power {
        self.committee.as_ref().map_or(Power(0), |committee| committee.quorum)
    }

    fn power_of<'a>(&self, ids: impl Iterator<Item = &'a ReplicaId>) -> Power {
        let Some(committee) = &self.committee else { return Power(0) };
        Power(ids.map(|id| committee.power(*id).0).sum())
    }

    /// The blocks above, each the child that has come furthest.
    fn descendants(&self, block: &Block) -> Vec<&Block> {
        let child = |of: &Block| {
            let above = of.summary.block.height.0 + 1;
            let ids = self.by_height.get(&hotstuff_core::Height(above))?;
            let children = ids.iter().filter_map(|id| self.blocks.get(id));
            let children = children.filter(|child| child.summary.parent == of.summary.block.id);
            children.max_by_key(|child| {
                (child.committed.is_some(), child.certified.is_some(), child.summary.block.view)
            })
        };
        std::iter::successors(child(block), |of| child(of)).take(64).collect()
    }

    fn committed_descendant(&self, block: &Block) -> Option<BlockRef> {
        let chain = self.descendants(block);
        chain.iter().find(|link| link.committed.is_some()).map(|link| link.summary.block)
    }

    /// Other blocks of its height.
    fn rivals(&self, block: &Block) -> impl Iterator<Item = &Block> {
        let own = block.summary.block;
        let ids = self.by_height.get(&own.height).into_iter().flatten();
        ids.filter(move |id| **id != own.id).filter_map(|id| self.blocks.get(id))
    }

    /// The block that is committed in place of this one or of one that it builds on, and where it was.
    pub(super) fn passed_by(&self, block: &Block) -> Option<(BlockRef, u64)> {
        let parent = |of: &&Block| self.blocks.get(&of.summary.parent);
        let mut line = std::iter::successors(Some(block), parent).take_while(|link| link.committed.is_none());
        line.find_map(|link| {
            let rival = self.rivals(link).find(|rival| rival.committed.is_some())?;
            Some((rival.summary.block, rival.committed?.1))
        })
    }
}

fn is_in_a_row(block: &Block, chain: &[&Block]) -> bool {
    let views: Vec<u64> = [block].iter().chain(chain).map(|link| link.summary.block.view.0).collect();
    views.windows(2).all(|pair| pair[1] == pair[0] + 1) && chain.iter().all(|link| link.certified.is_some())
}
