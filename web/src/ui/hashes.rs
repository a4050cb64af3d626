//! What tests compare this platform with others by: the hashes of runs, and of their steps. Each is a promise, as
//! a worker answers.

use crate::source::question::{Answer, Question};
use crate::ui::exports::{object, text_of, whole};
use crate::ui::stage::Stage;
use js_sys::{Promise, Uint32Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// Callable for as long as this is kept.
pub(super) struct Hashes {
    reference: Closure<dyn Fn(JsValue) -> Promise>,
    speed: Closure<dyn Fn(JsValue) -> Promise>,
    traces: Closure<dyn Fn(JsValue, JsValue) -> Promise>,
    steps: Closure<dyn Fn(JsValue, JsValue) -> Promise>,
    step: Closure<dyn Fn(JsValue, JsValue, JsValue) -> Promise>,
}

#[derive(Serialize)]
struct Trace {
    hash: String,
    steps: u64,
}

impl Hashes {
    pub(super) fn new(stage: &Stage) -> Self {
        let ask = |question: Result<Question, JsValue>, stage: &Stage| promise(stage.clone(), question);
        let stages = [stage.clone(), stage.clone(), stage.clone(), stage.clone(), stage.clone()];
        let [for_reference, for_speed, for_traces, for_steps, for_step] = stages;
        Self {
            reference: Closure::new(move |seed: JsValue| {
                ask(whole(&seed).map(Question::ReferenceRun), &for_reference)
            }),
            speed: Closure::new(move |simulated_s: JsValue| {
                ask(whole(&simulated_s).map(Question::Speed), &for_speed)
            }),
            traces: Closure::new(move |first: JsValue, count: JsValue| {
                ask(traces(&first, &count), &for_traces)
            }),
            steps: Closure::new(move |name: JsValue, seed: JsValue| ask(steps(&name, &seed), &for_steps)),
            step: Closure::new(move |name: JsValue, seed: JsValue, index: JsValue| {
                ask(step(&name, &seed, &index), &for_step)
            }),
        }
    }

    /// The functions, by name.
    pub(super) fn named(&self) -> [(&'static str, JsValue); 5] {
        [
            ("referenceRun", self.reference.as_ref().clone()),
            ("speed", self.speed.as_ref().clone()),
            ("scenarioHashes", self.traces.as_ref().clone()),
            ("stepHashes", self.steps.as_ref().clone()),
            ("stepText", self.step.as_ref().clone()),
        ]
    }
}

fn promise(stage: Stage, question: Result<Question, JsValue>) -> Promise {
    wasm_bindgen_futures::future_to_promise(async move {
        let answer = stage.quietly().asker.ask(question?);
        match answer.await {
            Ok(answer) => value_of(answer),
            Err(_) => Err(JsError::new("the page has gone on without an answer").into()),
        }
    })
}

fn traces(first: &JsValue, count: &JsValue) -> Result<Question, JsValue> {
    Ok(Question::ScenarioHashes { first: whole(first)?, count: whole(count)? })
}

fn steps(name: &JsValue, seed: &JsValue) -> Result<Question, JsValue> {
    Ok(Question::StepHashes { name: text_of(name)?, seed: whole(seed)? })
}

fn step(name: &JsValue, seed: &JsValue, index: &JsValue) -> Result<Question, JsValue> {
    Ok(Question::StepText { name: text_of(name)?, seed: whole(seed)?, index: whole(index)? })
}

fn value_of(answer: Answer) -> Result<JsValue, JsValue> {
    Ok(match answer {
        Answer::ReferenceRun(hash, steps, committed) => object(&[
            ("hash", hash.into()),
            ("steps", (steps as f64).into()),
            ("committed", (committed as f64).into()),
        ])?,
        Answer::ScenarioHashes(traces) => {
            let traces: Vec<Trace> = traces.into_iter().map(|(hash, steps)| Trace { hash, steps }).collect();
            serde_wasm_bindgen::to_value(&traces)?
        }
        Answer::Speed(steps) => object(&[("steps", (steps as f64).into())])?,
        Answer::StepHashes(hashes) => Uint32Array::from(&hashes[..]).into(),
        Answer::StepText(text) => text.map_or(JsValue::UNDEFINED, JsValue::from),
        Answer::Refused(why) => return Err(JsError::new(&why).into()),
    })
}
