//! The link in the address bar.

use crate::model::link::{self, Target};
use gloo_events::EventListener;
use wasm_bindgen::JsValue;

/// What the address shows, and what of it is not valid.
pub fn read() -> (Target, Vec<String>) {
    let hash = web_sys::window().and_then(|window| window.location().hash().ok());
    link::parse(&hash.unwrap_or_default())
}

/// Changes the address without going anywhere.
pub fn write(target: &Target) {
    let Some(window) = web_sys::window() else { return };
    let Ok(history) = window.history() else { return };
    // Browsers refuse when it is done very often; the link then lags behind, which does no harm.
    let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&link::write(target)));
}

/// The whole address.
pub fn whole() -> String {
    web_sys::window().and_then(|window| window.location().href().ok()).unwrap_or_default()
}

/// Calls back when the visitor changes the address.
pub fn on_change(mut callback: impl FnMut() + 'static) -> Option<EventListener> {
    let window = web_sys::window()?;
    Some(EventListener::new(&window, "hashchange", move |_| callback()))
}
