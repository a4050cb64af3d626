//! One key of the store as a sequential object, and what the search for an order knows of it.

use super::window::{Value, Window};
use hotstuff_kv::{Answer, Operation};
use stateright::semantics::SequentialSpec;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

/// After so many steps a search is given up.
const STEPS_MAX: u32 = 50_000;

/// A search for an order of commands, which never goes the same way twice, nor one that leads nowhere.
pub(super) struct Search<'a> {
    windows: Vec<Window<'a>>,
    /// The sets of commands that have stood at the beginning, with the value that they led to.
    known: RefCell<BTreeSet<(Vec<bool>, Value<'a>)>>,
    steps: Cell<u32>,
}

impl<'a> Search<'a> {
    pub(super) fn new(windows: &[Window<'a>]) -> Rc<Self> {
        Rc::new(Self { windows: windows.to_vec(), known: RefCell::default(), steps: Cell::new(0) })
    }

    /// Whether there may be an order at all.
    pub(super) fn is_hopeful(&self) -> bool {
        let has_time = |window: &Window<'_>| window.begins <= window.ends;
        self.windows.iter().all(has_time) && self.leads_on(&vec![false; self.windows.len()], None)
    }

    /// Whether it took too long.
    pub(super) fn is_given_up(&self) -> bool {
        self.steps.get() >= STEPS_MAX
    }

    /// Whether it is worth going on from where the commands in `done` have led to `value`.
    fn goes_on(&self, done: &[bool], value: Value<'a>) -> bool {
        self.steps.set(self.steps.get().saturating_add(1));
        !self.is_given_up()
            && self.leads_on(done, value)
            && self.known.borrow_mut().insert((done.to_vec(), value))
    }

    /// Whether all that is still to be found is there, or can still be made in time.
    fn leads_on(&self, done: &[bool], value: Value<'a>) -> bool {
        let to_come = || self.windows.iter().zip(done).filter(|(_, done)| !**done).map(|(window, _)| window);
        let readers = to_come().filter(|reader| reader.found.is_some_and(|found| found != value));
        readers.into_iter().all(|reader| to_come().any(|maker| maker.may_serve(reader)))
    }
}

/// A key, in the midst of a search.
#[derive(Clone)]
pub(super) struct Register<'a> {
    value: Value<'a>,
    /// The commands that led here.
    done: Vec<bool>,
    search: Rc<Search<'a>>,
}

impl<'a> Register<'a> {
    pub(super) fn new(search: Rc<Search<'a>>) -> Self {
        Self { value: None, done: vec![false; search.windows.len()], search }
    }

    /// What the store answers.
    fn apply(&mut self, operation: &'a Operation) -> Answer {
        if let Err(why) = operation.check() {
            return Answer::Invalid(why);
        }
        match operation {
            Operation::Set { value, .. } => {
                self.value = Some(value);
                Answer::Ok
            }
            Operation::Get { .. } => {
                self.value.map_or(Answer::NotFound, |value| Answer::Value(value.to_vec()))
            }
            Operation::Delete { .. } => {
                self.value.take().map_or(Answer::NotFound, |value| Answer::Deleted(value.to_vec()))
            }
        }
    }
}

impl<'a> SequentialSpec for Register<'a> {
    /// A command by its number.
    type Op = (usize, &'a Operation);
    /// `None` where the client was not answered.
    type Ret = Option<Cow<'a, Answer>>;

    fn invoke(&mut self, (at, operation): &Self::Op) -> Self::Ret {
        self.done[*at] = true;
        Some(Cow::Owned(self.apply(operation)))
    }

    fn is_valid_step(&mut self, command: &Self::Op, told: &Self::Ret) -> bool {
        let answer = self.invoke(command);
        (told.is_none() || *told == answer) && self.search.goes_on(&self.done, self.value)
    }
}
