//! `window.hotstuff`: what scripts and tests may ask of the page.

use crate::source::worker;
use crate::ui::hashes::Hashes;
use crate::ui::stage::{Backstage, Stage};
use js_sys::{BigInt, Float64Array, Object, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// Functions that are callable for as long as this is kept.
pub struct Exports {
    _scene: Closure<dyn Fn() -> Result<JsValue, JsValue>>,
    _frames: Closure<dyn Fn() -> Result<JsValue, JsValue>>,
    _memory: Closure<dyn Fn() -> f64>,
    _moment: Closure<dyn Fn() -> Result<JsValue, JsValue>>,
    _hashes: Hashes,
}

#[derive(Serialize)]
struct Scenes<'a> {
    network: &'a crate::draw::Scene,
    tree: &'a crate::draw::Scene,
    diagram: &'a crate::draw::Scene,
}

impl Exports {
    /// Puts `window.hotstuff` in place.
    pub fn install(stage: &Stage) -> Self {
        let scene = {
            let stage = stage.clone();
            Closure::new(move || {
                let stage = stage.look();
                let Backstage { network, tree, diagram, .. } = &*stage;
                let scenes = Scenes { network, tree, diagram };
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
                    ("first", stage.frames.first.map_or(JsValue::NULL, JsValue::from)),
                ])
            })
        };
        let memory = {
            let stage = stage.clone();
            Closure::new(move || worker::memory_bytes() + stage.look().session.source_memory as f64)
        };
        let moment = {
            let stage = stage.clone();
            Closure::new(move || {
                let stage = stage.look();
                let trace = &stage.session.trace;
                object(&[
                    ("steps", (trace.steps as f64).into()),
                    ("timeUs", (stage.session.clock.0 as f64).into()),
                    ("busy", stage.source.is_busy().into()),
                ])
            })
        };
        let hashes = Hashes::new(stage);
        let exports =
            Self { _scene: scene, _frames: frames, _memory: memory, _moment: moment, _hashes: hashes };
        let mut names = vec![
            ("scene", exports._scene.as_ref().clone()),
            ("frames", exports._frames.as_ref().clone()),
            ("memory", exports._memory.as_ref().clone()),
            ("moment", exports._moment.as_ref().clone()),
        ];
        names.extend(exports._hashes.named());
        if let Ok(value) = object(&names) {
            // The global object of a page is never sealed.
            let _ = Reflect::set(&js_sys::global(), &"hotstuff".into(), &value);
        }
        exports
    }
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

pub(super) fn object(fields: &[(&str, JsValue)]) -> Result<JsValue, JsValue> {
    let object = Object::new();
    for (name, value) in fields {
        Reflect::set(&object, &JsValue::from_str(name), value)?;
    }
    Ok(object.into())
}
