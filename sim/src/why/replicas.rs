//! What a replica waits for, and why it did what it did last.

use super::Why;
use super::answer::{Answer, Reason};
use hotstuff_core::{ReplicaId, View};

impl Why {
    /// Why a replica does what it does. `None` where nothing was told of it.
    #[must_use]
    pub fn replica(&self, id: ReplicaId) -> Option<Answer> {
        let told = self.replicas.get(&id)?;
        let view = told.view;
        if let Some(at) = told.down {
            return Some(
                Answer::new(format!("{id} is down, and knows only what is on its disk"))
                    .because(format!("{id} went down"), at),
            );
        }
        if let Some((head, conflicting, at)) = told.halted {
            let answer = Answer::new(format!("{id} has stopped for good: more than f replicas are faulty"));
            return Some(answer.because(
                format!("it had committed {head}, and {conflicting} was certified for commit"),
                at,
            ));
        }
        let mut answer = if let Some((peer, at)) = told.fetching {
            Answer::new(format!("{id} is behind, and fetches blocks from {peer}"))
                .because("it asked for them", at)
        } else if let Some((given_up, at)) = told.timed_out.filter(|(given_up, _)| *given_up >= view) {
            let answer = Answer::new(format!(
                "{id} gave up on view {given_up}, and waits for as many others as make a quorum"
            ));
            answer.because(format!("{id} timed out"), at).and(self.lost_view(given_up))
        } else if let Some((block, why, at)) = told.refused.as_ref().filter(|(block, ..)| block.view >= view)
        {
            Answer::new(format!("{id} refused {block}: {why}")).because("it was proposed to it", *at)
        } else if let Some((block, at)) = told.voted.filter(|(block, _)| block.view >= view) {
            let next = View(block.view.0 + 1);
            Answer::new(format!("{id} voted for {block}, and waits for view {next}")).because("its vote", at)
        } else {
            self.waiting(id, view, told.leader)
        };
        answer = answer
            .and(told.entered.map(|at| Reason { text: format!("it entered view {view}"), at: Some(at) }));
        if let Some((lock, at)) = told.lock {
            let text =
                format!("it is locked on {lock}: it votes against it only if shown a newer certificate");
            answer = answer.because(text, at);
        }
        let is_told = answer.headline.starts_with(&format!("{id} refused"));
        if let Some((block, why, at)) = told.refused.as_ref().filter(|_| !is_told) {
            answer = answer.because(format!("the last vote it refused was for {block}: {why}"), *at);
        }
        if let Some(at) = told.empty {
            answer =
                answer.because("it came back without its disk: what it promised before is forgotten", at);
        }
        Some(
            answer.and(
                self.equivocations.get(&id).map(|(text, at)| Reason { text: text.clone(), at: Some(*at) }),
            ),
        )
    }

    fn waiting(&self, id: ReplicaId, view: View, leader: Option<ReplicaId>) -> Answer {
        let Some(leader) = leader else { return Answer::new(format!("{id} has told of no view yet")) };
        if leader == id {
            return Answer::new(format!(
                "{id} leads view {view}, and proposes once there is something to propose"
            ));
        }
        let proposal = self.views.get(&view).and_then(|told| told.proposal);
        match (self.is_down(leader), proposal) {
            (Some(at), _) => {
                Answer::new(format!("{id} waits in view {view} for a proposal of {leader}, which is down"))
                    .because(format!("{leader} went down"), at)
            }
            (None, Some((_, at))) => {
                Answer::new(format!("{id} waits in view {view}: {leader}’s proposal has not reached it yet"))
                    .because(format!("{leader} proposed"), at)
            }
            (None, None) => Answer::new(format!("{id} waits in view {view} for a proposal of {leader}")),
        }
    }
}
