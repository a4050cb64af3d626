//! One key of the store as a sequential object, and what the search for an order knows of it.

use hotstuff_kv::{Answer, Operation};
use stateright::semantics::SequentialSpec;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

/// After so many steps a search is given up.
const STEPS_MAX: u32 = 50_000;

/// A key's value, if it has one.
type Value<'a> = Option<&'a [u8]>;

/// What a command needs and makes.
struct Effect<'a> {
    /// The value that it has found, where its answer tells.
    found: Option<Value<'a>>,
    /// The value that it leaves behind, where it is another.
    made: Option<Value<'a>>,
}

/// A search for an order of commands, which never goes the same way twice, nor one that leads nowhere.
pub(super) struct Search<'a> {
    effects: Vec<Effect<'a>>,
    /// The sets of commands that have stood at the beginning, with the value that they led to.
    known: RefCell<BTreeSet<(Vec<bool>, Value<'a>)>>,
    steps: Cell<u32>,
}

impl<'a> Search<'a> {
    /// For commands with their answers, where there are some.
    pub(super) fn new(commands: impl Iterator<Item = (&'a Operation, Option<&'a Answer>)>) -> Rc<Self> {
        let effects = commands.map(|(operation, answer)| Effect::of(operation, answer)).collect();
        Rc::new(Self { effects, known: RefCell::default(), steps: Cell::new(0) })
    }

    /// Whether there may be an order at all.
    pub(super) fn is_hopeful(&self) -> bool {
        self.leads_on(&vec![false; self.effects.len()], None)
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

    /// Whether all that is still to be found is there, or is still to be made.
    fn leads_on(&self, done: &[bool], value: Value<'a>) -> bool {
        let to_come = || self.effects.iter().zip(done).filter(|(_, done)| !**done).map(|(effect, _)| effect);
        to_come()
            .filter_map(|effect| effect.found)
            .filter(|found| *found != value)
            .all(|found| to_come().any(|effect| effect.made == Some(found)))
    }
}

impl<'a> Effect<'a> {
    fn of(operation: &'a Operation, answer: Option<&'a Answer>) -> Self {
        if operation.check().is_err() {
            return Self { found: None, made: None };
        }
        let found = match answer {
            Some(Answer::Value(value) | Answer::Deleted(value)) => Some(Some(value.as_slice())),
            Some(Answer::NotFound) => Some(None),
            Some(Answer::Ok | Answer::Invalid(_)) | None => None,
        };
        let made = match operation {
            Operation::Set { value, .. } => Some(Some(value.as_slice())),
            Operation::Delete { .. } if answer != Some(&Answer::NotFound) => Some(None),
            Operation::Delete { .. } | Operation::Get { .. } => None,
        };
        Self { found, made }
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
        Self { value: None, done: vec![false; search.effects.len()], search }
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
