//! A part of the store as a sequential object, and what the search for an order knows of it.

use super::window::Window;
use hotstuff_kv::{Content, Request, Response};
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
    /// The sets of commands that have stood at the beginning, with the content that they led to.
    known: RefCell<BTreeSet<(Vec<bool>, Content)>>,
    steps: Cell<u32>,
}

impl<'a> Search<'a> {
    pub(super) fn new(windows: &[Window<'a>]) -> Rc<Self> {
        Rc::new(Self { windows: windows.to_vec(), known: RefCell::default(), steps: Cell::new(0) })
    }

    /// Whether there may be an order at all.
    pub(super) fn is_hopeful(&self) -> bool {
        let has_time = |window: &Window<'_>| window.begins <= window.ends;
        let done = vec![false; self.windows.len()];
        self.windows.iter().all(has_time) && self.leads_on(&done, &Content::default())
    }

    /// Whether it took too long.
    pub(super) fn is_given_up(&self) -> bool {
        self.steps.get() >= STEPS_MAX
    }

    /// Whether it is worth going on from where the commands in `done` have led to `content`.
    fn goes_on(&self, done: &[bool], content: &Content) -> bool {
        self.steps.set(self.steps.get().saturating_add(1));
        !self.is_given_up()
            && self.leads_on(done, content)
            && self.known.borrow_mut().insert((done.to_vec(), content.clone()))
    }

    /// Whether all that is still to be found is there, or can still be made in time.
    fn leads_on(&self, done: &[bool], content: &Content) -> bool {
        let to_come = || self.windows.iter().zip(done).filter(|(_, done)| !**done).map(|(window, _)| window);
        to_come().all(|reader| {
            let missing = reader.facts.found.iter().filter(|(key, value)| content.value(key) != *value);
            missing.into_iter().all(|fact| to_come().any(|maker| maker.may_serve(reader, *fact)))
        })
    }
}

/// Some of the store's keys, in the midst of a search.
#[derive(Clone)]
pub(super) struct Object<'a> {
    content: Content,
    /// The commands that led here.
    done: Vec<bool>,
    search: Rc<Search<'a>>,
}

impl<'a> Object<'a> {
    pub(super) fn new(search: Rc<Search<'a>>) -> Self {
        Self { content: Content::default(), done: vec![false; search.windows.len()], search }
    }
}

impl<'a> SequentialSpec for Object<'a> {
    /// A command by its number.
    type Op = (usize, &'a Request);
    /// `None` where the client was not answered.
    type Ret = Option<Cow<'a, Response>>;

    fn invoke(&mut self, (at, request): &Self::Op) -> Self::Ret {
        self.done[*at] = true;
        Some(Cow::Owned(self.content.apply((*request).clone())))
    }

    fn is_valid_step(&mut self, command: &Self::Op, told: &Self::Ret) -> bool {
        let answer = self.invoke(command);
        (told.is_none() || *told == answer) && self.search.goes_on(&self.done, &self.content)
    }
}
