//! `window.hotstuff`: what scripts and tests may ask of the page.

use crate::ui::hashes::Hashes;
use crate::ui::stage::Stage;
use js_sys::{ArrayBuffer, BigInt, Float64Array, Object, Reflect, WebAssembly};
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// Functions that are callable for as long as this is kept.
pub struct Exports {
    _reference: Closure<dyn Fn(JsValue) -> Result<JsValue, JsValue>>,
    _scene: Closure<dyn Fn() -> Result<JsValue, JsValue>>,
    _frames: Closure<dyn Fn() -> Result<JsValue, JsValue>>,
    _memory: Closure<dyn Fn() -> f64>,
    _hashes: Hashes,
}

#[derive(Serialize)]
struct Scenes<'a> {
    network: &'a crate::draw::Scene,
    tree: &'a crate::draw::Scene,
}

impl Exports {
    /// Puts `window.hotstuff` in place.
    pub fn install(stage: &Stage) -> Self {
        let reference = Closure::new(|seed: JsValue| reference_run(&seed));
        let scene = {
            let stage = stage.clone();
            Closure::new(move || {
                let stage = stage.look();
                let scenes = Scenes { network: &stage.network, tree: &stage.tree };
                Ok(serde_wasm_bindgen::to_value(&scenes)?)
            })
        };
        let frames = {
            let stage = stage.clone();
            Closure::new(move || {
                let stage = stage.look();
                let (at, work): (Vec<f64>, Vec<f64>) =
                    stage.frames.at.iter().copied().zip(stage.frames.work.iter().copied()).unzip();
                object(&[
                    ("at", Float64Array::from(&at[..]).into()),
                    ("work", Float64Array::from(&work[..]).into()),
                ])
            })
        };
        let memory = Closure::new(memory_bytes);
        let hashes = Hashes::new();
        let exports =
            Self { _reference: reference, _scene: scene, _frames: frames, _memory: memory, _hashes: hashes };
        let mut names = vec![
            ("referenceRun", exports._reference.as_ref().clone()),
            ("scene", exports._scene.as_ref().clone()),
            ("frames", exports._frames.as_ref().clone()),
            ("memory", exports._memory.as_ref().clone()),
        ];
        names.extend(exports._hashes.named());
        if let Ok(value) = object(&names) {
            // The global object of a page is never sealed.
            let _ = Reflect::set(&js_sys::global(), &"hotstuff".into(), &value);
        }
        exports
    }
}

/// Bytes of the program's own memory, which is outside the browser's heap and never shrinks.
fn memory_bytes() -> f64 {
    let memory: WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    memory.buffer().unchecked_into::<ArrayBuffer>().byte_length().into()
}

fn reference_run(seed: &JsValue) -> Result<JsValue, JsValue> {
    let run = hotstuff_sim::reference_run(whole(seed)?);
    object(&[
        ("hash", format!("{:#}", run.hash).into()),
        ("steps", (run.steps as f64).into()),
        ("committed", (run.committed.0 as f64).into()),
    ])
}

/// A whole number, as a number, a bigint or a string: numbers alone do not reach 2^64.
pub(super) fn whole(value: &JsValue) -> Result<u64, JsValue> {
    text_of(value)?.parse().map_err(|_| JsError::new("it must be a whole number up to 2^64-1").into())
}

/// A string, or the digits of a number.
pub(super) fn text_of(value: &JsValue) -> Result<String, JsValue> {
    match value.as_string() {
        Some(text) => Ok(text),
        None => Ok(String::from(BigInt::new(value)?.to_string(10)?)),
    }
}

fn object(fields: &[(&str, JsValue)]) -> Result<JsValue, JsValue> {
    let object = Object::new();
    for (name, value) in fields {
        Reflect::set(&object, &JsValue::from_str(name), value)?;
    }
    Ok(object.into())
}
