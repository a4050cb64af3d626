//! Why the cluster goes on, or does not.

use super::Why;
use super::answer::{Answer, Reason, list};
use hotstuff_core::{Power, ReplicaId};

impl Why {
    /// Why the cluster as a whole goes on or not.
    #[must_use]
    pub fn progress(&self) -> Answer {
        let Some(committee) = &self.committee else { return Answer::new("no committee is known yet") };
        let members = &committee.members;
        let down: Vec<ReplicaId> =
            members.iter().map(|(id, _)| *id).filter(|id| self.is_down(*id).is_some()).collect();
        let up: u64 = members.iter().filter(|(id, _)| !down.contains(id)).map(|(_, power)| power.0).sum();
        let quorum = self.quorum();
        if Power(up) < quorum {
            let answer = Answer::new(format!(
                "No progress: {} {} down, the others have a power of {up}, and a quorum is {quorum}",
                list(&down),
                if down.len() == 1 { "is" } else { "are" },
            ));
            let reasons =
                down.iter().map(|id| Reason { text: format!("{id} went down"), at: self.is_down(*id) });
            return answer.and(reasons);
        }
        let view = self.replicas.values().map(|told| told.view).max().unwrap_or_default();
        let Some((last, at)) = self.last_commit else {
            return Answer::new(format!("Nothing is committed yet; the furthest replica is in view {view}"));
        };
        let behind = view.0.saturating_sub(last.view.0);
        // Who has given up on the view it is in, after the last commit, waits for others.
        let has_given_up = |id: &ReplicaId| {
            let told = self.replicas.get(id);
            told.is_some_and(|told| told.timed_out.is_some_and(|(view, when)| view >= told.view && when > at))
        };
        let waiting: Vec<ReplicaId> =
            members.iter().map(|(id, _)| *id).filter(|id| !down.contains(id) && has_given_up(id)).collect();
        let answer = if waiting.len() * 2 >= members.len() - down.len() {
            Answer::new(format!(
                "No progress since {last}: {} gave up on their views, and hear of no quorum that did",
                list(&waiting)
            ))
            .and(self.lost_view(view))
        } else if behind <= 4 {
            Answer::new(format!(
                "It goes on: {last} was committed last, and the furthest replica is in view {view}"
            ))
        } else {
            let lost = (last.view.0 + 1..=view.0).map(hotstuff_core::View);
            let reasons: Vec<Reason> = lost.rev().flat_map(|view| self.lost_view(view)).take(6).collect();
            Answer::new(format!(
                "No progress since {last}: the furthest replica is in view {view}, {behind} views later"
            ))
            .and(reasons)
        };
        answer.because(format!("{last} was committed"), at)
    }
}
