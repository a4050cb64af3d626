//! The sandbox in a worker: orders and reports cross as bytes, so that no run ever holds the page up.

use crate::source::Source;
use crate::source::report::{Order, Report};
use hotstuff_core::wire;
use js_sys::{Array, ArrayBuffer, Reflect, Uint8Array, WebAssembly};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, Event, MessageEvent, Worker, WorkerOptions, WorkerType};

/// Beside the page, under its own name.
const FILE: &str = "./sandbox_loader.js";

/// A sandbox that runs beside the page. It ends with this.
pub struct WorkerSource {
    worker: Option<Worker>,
    state: Rc<RefCell<State>>,
    _closures: Option<Closures>,
}

struct Closures {
    _message: Closure<dyn FnMut(MessageEvent)>,
    _error: Closure<dyn FnMut(Event)>,
}

#[derive(Default)]
struct State {
    is_ready: bool,
    /// Nothing that it is asked for comes to anything any more.
    has_failed: bool,
    /// Orders that wait until the worker is there.
    waiting: VecDeque<Order>,
    /// How many orders it has not reported on yet.
    open: usize,
    reports: Vec<Report>,
}

impl WorkerSource {
    /// Starts a worker. Without one, all that is ever reported is that there is none.
    #[must_use]
    pub fn start() -> Self {
        let state = Rc::new(RefCell::new(State::default()));
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = match Worker::new_with_options(FILE, &options) {
            Ok(worker) => worker,
            Err(why) => {
                let why = format!("this browser starts no worker: {why:?}");
                state.borrow_mut().fail(why);
                return Self { worker: None, state, _closures: None };
            }
        };
        let message = {
            let (state, worker) = (state.clone(), worker.clone());
            Closure::new(move |event: MessageEvent| take(&state, &worker, &event))
        };
        let error = {
            let state = state.clone();
            Closure::new(move |event: Event| state.borrow_mut().fail(why(&event)))
        };
        worker.set_onmessage(Some(message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(error.as_ref().unchecked_ref()));
        Self { worker: Some(worker), state, _closures: Some(Closures { _message: message, _error: error }) }
    }
}

impl Drop for WorkerSource {
    fn drop(&mut self) {
        if let Some(worker) = &self.worker {
            worker.terminate();
        }
    }
}

impl Source for WorkerSource {
    fn send(&mut self, order: Order) {
        let mut state = self.state.borrow_mut();
        if state.has_failed {
            return;
        }
        state.open += 1;
        match &self.worker {
            Some(worker) if state.is_ready => post(worker, &order),
            _ => state.waiting.push_back(order),
        }
    }

    fn reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.state.borrow_mut().reports)
    }

    fn is_busy(&self) -> bool {
        let state = self.state.borrow();
        state.has_failed || state.open > 0 || !state.reports.is_empty()
    }
}

impl State {
    fn fail(&mut self, why: String) {
        self.has_failed = true;
        self.reports.push(Report::Failed(why));
    }
}

/// What an error event tells; one of a program that does not load tells nothing.
fn why(event: &Event) -> String {
    let message = Reflect::get(event, &"message".into()).ok().and_then(|message| message.as_string());
    message.filter(|message| !message.is_empty()).unwrap_or_else(|| "its program does not load".into())
}

fn take(state: &RefCell<State>, worker: &Worker, event: &MessageEvent) {
    let Ok(bytes) = event.data().dyn_into::<Uint8Array>() else { return };
    let mut state = state.borrow_mut();
    if bytes.length() == 0 {
        state.is_ready = true;
        while let Some(order) = state.waiting.pop_front() {
            post(worker, &order);
        }
        return;
    }
    state.open = state.open.saturating_sub(1);
    match wire::decode::<Vec<Report>>(&bytes.to_vec()) {
        Ok(reports) => {
            state.has_failed |= reports.iter().any(|report| matches!(report, Report::Failed(_)));
            state.reports.extend(reports);
        }
        Err(why) => state.fail(format!("the sandbox cannot be understood: {why}")),
    }
}

fn post(worker: &Worker, order: &Order) {
    let bytes = Uint8Array::from(&wire::encode(order)[..]);
    // Only what cannot be cloned or handed over is refused, and bytes can.
    let _ = worker.post_message_with_transfer(&bytes, &Array::of1(&bytes.buffer()));
}

/// Runs a source inside a worker for as long as that lives: each order is answered by one batch of reports.
pub fn serve(mut source: impl Source + 'static) {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    {
        let scope = scope.clone();
        panic::set_hook(Box::new(move |info| {
            console_error_panic_hook::hook(info);
            tell(&scope, &wire::encode(&[Report::Failed(info.to_string())]));
        }));
    }
    let answer = {
        let scope = scope.clone();
        Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let bytes = Uint8Array::new(&event.data()).to_vec();
            let reports = match wire::decode(&bytes) {
                Ok(order) => {
                    source.send(order);
                    source.reports()
                }
                Err(why) => vec![Report::Failed(format!("the page cannot be understood: {why}"))],
            };
            let mut reports = reports;
            reports.push(Report::Memory(memory_bytes() as u64));
            tell(&scope, &wire::encode(&reports));
        })
    };
    scope.set_onmessage(Some(answer.as_ref().unchecked_ref()));
    answer.forget();
    // Orders sent before a worker listens are lost: an empty message says that it does.
    tell(&scope, &[]);
}

/// Bytes of this program's own memory, which is outside the browser's heap and never shrinks.
#[must_use]
pub fn memory_bytes() -> f64 {
    let memory: WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    memory.buffer().unchecked_into::<ArrayBuffer>().byte_length().into()
}

fn tell(scope: &DedicatedWorkerGlobalScope, bytes: &[u8]) {
    let bytes = Uint8Array::from(bytes);
    // As above: bytes can be handed over.
    let _ = scope.post_message_with_transfer(&bytes, &Array::of1(&bytes.buffer()));
}
