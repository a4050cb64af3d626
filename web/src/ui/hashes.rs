//! What tests compare this platform with others by: the hashes of scenarios, and of their steps.

use crate::ui::exports::{text_of, whole};
use hotstuff_sim::scenarios::{self, Scenario};
use js_sys::Uint32Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// Callable for as long as this is kept.
pub(super) struct Hashes {
    traces: Closure<dyn Fn(JsValue, JsValue) -> Result<JsValue, JsValue>>,
    steps: Closure<dyn Fn(JsValue, JsValue) -> Result<JsValue, JsValue>>,
    step: Closure<dyn Fn(JsValue, JsValue, JsValue) -> Result<JsValue, JsValue>>,
}

#[derive(Serialize)]
struct Trace {
    hash: String,
    steps: u64,
}

impl Hashes {
    pub(super) fn new() -> Self {
        Self {
            traces: Closure::new(|first: JsValue, count: JsValue| traces(&first, &count)),
            steps: Closure::new(|name: JsValue, seed: JsValue| {
                let hashes = scenarios::step_hashes(scenario(&name)?, whole(&seed)?);
                Ok(Uint32Array::from(&hashes[..]).into())
            }),
            step: Closure::new(|name: JsValue, seed: JsValue, index: JsValue| {
                let index = usize::try_from(whole(&index)?).unwrap_or(usize::MAX);
                let text = scenarios::step_text(scenario(&name)?, whole(&seed)?, index);
                Ok(text.map_or(JsValue::UNDEFINED, JsValue::from))
            }),
        }
    }

    /// The functions, by name.
    pub(super) fn named(&self) -> [(&'static str, JsValue); 3] {
        [
            ("scenarioHashes", self.traces.as_ref().clone()),
            ("stepHashes", self.steps.as_ref().clone()),
            ("stepText", self.step.as_ref().clone()),
        ]
    }
}

/// The traces of `count` seeds from `first` on, each of the scenario that it stands for. As it takes
/// a while, a few at a time are asked for.
fn traces(first: &JsValue, count: &JsValue) -> Result<JsValue, JsValue> {
    let (first, count) = (whole(first)?, whole(count)?);
    let trace = |seed: u64| {
        let (hash, steps) = scenarios::trace_hash(scenarios::of_seed(seed), seed);
        Trace { hash: format!("{hash:#}"), steps }
    };
    let traces: Vec<Trace> = (first..first.saturating_add(count)).map(trace).collect();
    Ok(serde_wasm_bindgen::to_value(&traces)?)
}

fn scenario(name: &JsValue) -> Result<&'static Scenario, JsValue> {
    let name = text_of(name)?;
    scenarios::named(&name).ok_or_else(|| JsError::new(&format!("there is no scenario {name}")).into())
}
