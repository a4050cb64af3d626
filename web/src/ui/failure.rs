//! When the page itself fails: say so, where the visitor looks, and on the console.

use std::panic;

/// From now on a panic is shown.
pub fn watch() {
    panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        show(&info.to_string());
    }));
}

/// Puts a banner above everything. Nothing of the page can be relied on any more, so it is plain.
fn show(why: &str) {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
    let (Some(body), Ok(banner)) = (document.body(), document.create_element("div")) else { return };
    banner.set_class_name("banner failure");
    // What cannot be set here is only missing from the banner; the console has it all.
    let _ = banner.set_attribute("role", "alert");
    let _ = banner.set_attribute("data-testid", "failure");
    let link = super::address::whole();
    banner.set_text_content(Some(&format!(
        "This page has failed and stands still. Reload it to go on. What to report: {why} at {link}"
    )));
    let _ = body.prepend_with_node_1(&banner);
}
