//! Which step may start when: a pure thing, told what ended, and asked what is next.

/// What the order of steps depends on. Steps are numbers: their places in the list.
#[derive(Clone, Default)]
pub(super) struct Job {
    /// Steps that must have gone well before this one starts.
    pub needs: Vec<usize>,
    /// Steps that must have ended before this one starts, well or not.
    pub after: Vec<usize>,
    /// What no two steps may use at once.
    pub uses: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    Ended { well: bool },
}

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Start this step, and tell [`Plan::ended`] when it has ended.
    Start(usize),
    /// This step cannot run, because the one it needs did not go well. It counts as ended.
    LeaveOut { job: usize, needed: usize },
    /// Something has to end first.
    Wait,
    /// All have ended.
    Over,
}

/// The steps, and how far each has come. Of those that can start, the first in the list does; never
/// more than a given number run at once.
pub(super) struct Plan {
    jobs: Vec<Job>,
    states: Vec<State>,
    limit: usize,
}

impl Plan {
    /// Nothing has started; a `limit` of none counts as one.
    pub(super) fn new(jobs: Vec<Job>, limit: usize) -> Self {
        let states = vec![State::Waiting; jobs.len()];
        Self { jobs, states, limit: limit.max(1) }
    }

    /// The next thing to do; to be asked until it is [`Next::Wait`] or [`Next::Over`].
    ///
    /// # Panics
    /// When steps wait for each other in a circle.
    pub(super) fn next(&mut self) -> Next {
        let waiting = || (0..self.jobs.len()).filter(|job| self.states[*job] == State::Waiting);
        let failed = |job: &usize| self.states[*job] == State::Ended { well: false };
        let left_out =
            waiting().find_map(|job| Some((job, *self.jobs[job].needs.iter().find(|need| failed(need))?)));
        if let Some((job, needed)) = left_out {
            self.states[job] = State::Ended { well: false };
            return Next::LeaveOut { job, needed };
        }
        let running = self.running().count();
        if running < self.limit
            && let Some(job) = waiting().find(|job| self.can_start(*job))
        {
            self.states[job] = State::Running;
            return Next::Start(job);
        }
        assert!(running > 0 || waiting().next().is_none(), "steps wait for each other in a circle");
        if running > 0 { Next::Wait } else { Next::Over }
    }

    /// A step has ended; what needs it runs only if that went well.
    pub(super) fn ended(&mut self, job: usize, well: bool) {
        self.states[job] = State::Ended { well };
    }

    fn running(&self) -> impl Iterator<Item = usize> {
        (0..self.jobs.len()).filter(|job| self.states[*job] == State::Running)
    }

    fn can_start(&self, job: usize) -> bool {
        let Job { needs, after, uses } = &self.jobs[job];
        needs.iter().chain(after).all(|other| matches!(self.states[*other], State::Ended { .. }))
            && (uses.is_none() || self.running().all(|other| self.jobs[other].uses != *uses))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free() -> Job {
        Job::default()
    }

    fn needs(jobs: &[usize]) -> Job {
        Job { needs: jobs.to_vec(), ..Job::default() }
    }

    fn after(jobs: &[usize]) -> Job {
        Job { after: jobs.to_vec(), ..Job::default() }
    }

    fn uses(what: &'static str) -> Job {
        Job { uses: Some(what), ..Job::default() }
    }

    #[test]
    fn one_lane_keeps_the_order_of_the_list() {
        let mut plan = Plan::new(vec![free(), free(), free()], 1);
        for job in 0..3 {
            assert_eq!((plan.next(), plan.next()), (Next::Start(job), Next::Wait));
            plan.ended(job, true);
        }
        assert_eq!(plan.next(), Next::Over);
    }

    #[test]
    fn the_first_that_can_start_does() {
        let mut plan = Plan::new(vec![free(), needs(&[0]), free(), free()], 2);
        assert_eq!((plan.next(), plan.next(), plan.next()), (Next::Start(0), Next::Start(2), Next::Wait));
        plan.ended(0, true);
        assert_eq!((plan.next(), plan.next()), (Next::Start(1), Next::Wait));
        plan.ended(2, false);
        assert_eq!(plan.next(), Next::Start(3));
    }

    #[test]
    fn a_failure_leaves_out_what_needs_it_and_what_needs_that() {
        let mut plan = Plan::new(vec![free(), needs(&[0]), needs(&[1]), free(), after(&[0])], 1);
        assert_eq!(plan.next(), Next::Start(0));
        plan.ended(0, false);
        assert_eq!(plan.next(), Next::LeaveOut { job: 1, needed: 0 });
        assert_eq!(plan.next(), Next::LeaveOut { job: 2, needed: 1 });
        assert_eq!(plan.next(), Next::Start(3));
        plan.ended(3, true);
        assert_eq!(plan.next(), Next::Start(4), "it comes after the failed one, but does not need it");
        plan.ended(4, true);
        assert_eq!(plan.next(), Next::Over);
    }

    #[test]
    fn what_only_one_may_use_is_used_by_one() {
        let mut plan = Plan::new(vec![uses("debug"), uses("debug"), uses("release"), free()], 3);
        assert_eq!((plan.next(), plan.next(), plan.next()), (Next::Start(0), Next::Start(2), Next::Start(3)));
        plan.ended(2, true);
        assert_eq!(plan.next(), Next::Wait);
        plan.ended(0, true);
        assert_eq!((plan.next(), plan.next()), (Next::Start(1), Next::Wait));
    }

    #[test]
    #[should_panic(expected = "in a circle")]
    fn a_circle_is_not_waited_for() {
        Plan::new(vec![needs(&[1]), after(&[0])], 2).next();
    }

    /// Many plans, with endings in any order: all keep the rules, and all come to an end.
    #[test]
    fn any_plan_ends_and_keeps_the_rules() {
        let mut state = 7_u64;
        let mut chance = |of: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % of
        };
        for _ in 0..500 {
            let mut jobs = Vec::new();
            for job in 0..chance(9) {
                let some = |chance: &mut dyn FnMut(usize) -> usize| {
                    (0..job).filter(|_| chance(4) == 0).collect::<Vec<_>>()
                };
                let (needs, after) = (some(&mut chance), some(&mut chance));
                jobs.push(Job { needs, after, uses: [None, Some("a"), Some("b")][chance(3)] });
            }
            let limit = 1 + chance(3);
            let mut plan = Plan::new(jobs.clone(), limit);
            let (mut running, mut ended) = (Vec::<usize>::new(), vec![None; jobs.len()]);
            loop {
                match plan.next() {
                    Next::Start(job) => {
                        assert!(jobs[job].needs.iter().all(|need| ended[*need] == Some(true)));
                        assert!(jobs[job].after.iter().all(|other| ended[*other].is_some()));
                        let shared = |other: &usize| jobs[*other].uses == jobs[job].uses;
                        assert!(jobs[job].uses.is_none() || !running.iter().any(shared));
                        running.push(job);
                        assert!(running.len() <= limit);
                    }
                    Next::LeaveOut { job, needed } => {
                        assert!(jobs[job].needs.contains(&needed) && ended[needed] == Some(false));
                        ended[job] = Some(false);
                    }
                    Next::Wait => {
                        let job = running.swap_remove(chance(running.len()));
                        ended[job] = Some(chance(3) > 0);
                        plan.ended(job, ended[job] == Some(true));
                    }
                    Next::Over => break,
                }
            }
            assert!(running.is_empty() && ended.iter().all(Option::is_some));
        }
    }
}
