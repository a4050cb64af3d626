//! The steps, and what each waits for.

use super::{
    Bench, Done, browser, checks, container, explore, faults, manifests, metrics, no_std, rust_tests, set_up,
    wasm_routes,
};

/// One named thing that is tested, or set up for what is tested.
pub(super) struct Step {
    pub name: &'static str,
    pub about: &'static str,
    /// Steps without which this one cannot run.
    pub needs: &'static [&'static str],
    /// Steps whose results this one uses where they are there.
    pub after: &'static [&'static str],
    /// A folder of objects that cargo gives to one command at a time.
    pub objects: Option<&'static str>,
    /// It only computes, and lets those go first whose tests have time limits.
    pub is_patient: bool,
    pub run: fn(&Bench<'_>) -> anyhow::Result<Done>,
}

const DEBUG: Option<&str> = Some("debug");

impl Step {
    const fn new(
        name: &'static str,
        about: &'static str,
        run: fn(&Bench<'_>) -> anyhow::Result<Done>,
    ) -> Self {
        Self { name, about, needs: &[], after: &[], objects: None, is_patient: false, run }
    }
}

/// In the order in which they start where they do not wait for others: what fails soonest first, then
/// the long way from the tools over page and binary to the image.
pub(super) const STEPS: [Step; 21] = [
    Step::new("format", "cargo fmt --check", checks::format),
    Step::new("tidy", "this repository's own rules", checks::tidy),
    Step::new("set-up-wasm", "the wasm target", set_up::wasm_target),
    Step { is_patient: true, ..Step::new("set-up-tools", "Trunk and wasm-bindgen", set_up::tools) },
    Step {
        after: &["set-up-wasm"],
        objects: DEBUG,
        is_patient: true,
        ..Step::new("clippy", "lints, warnings denied", checks::clippy)
    },
    Step {
        objects: DEBUG,
        is_patient: true,
        ..Step::new("docs", "documentation, warnings denied", checks::docs)
    },
    Step {
        needs: &["set-up-wasm", "set-up-tools"],
        is_patient: true,
        ..Step::new("page", "release build for wasm", checks::page)
    },
    Step { needs: &["page"], ..Step::new("page-size", "budgets of the page's wasm", checks::page_size) },
    Step {
        needs: &["page"],
        is_patient: true,
        ..Step::new("binary", "release build with the page", checks::binary)
    },
    Step { objects: DEBUG, ..Step::new("tests", "native tests, replicas included", rust_tests::run) },
    Step {
        needs: &["tests", "binary"],
        ..Step::new("explore", "random scenarios in the simulator", explore::run)
    },
    Step {
        after: &["set-up-tools", "page", "binary"],
        ..Step::new("docker", "the image, and a cluster of it", container::run)
    },
    // The tests have compiled it.
    Step { after: &["tests"], ..Step::new("faults", "replicas in containers, under faults", faults::run) },
    Step::new("set-up-manifests", "the checker of Kubernetes manifests", set_up::manifests),
    // The tests have compiled the program.
    Step {
        needs: &["set-up-manifests"],
        after: &["tests"],
        objects: DEBUG,
        ..Step::new("manifests", "Kubernetes manifests by the official schemas", manifests::run)
    },
    Step {
        after: &["tests"],
        ..Step::new("metrics", "metrics, alerts and dashboard, by promtool", metrics::run)
    },
    Step::new("set-up-browser", "Chromium, its driver and axe-core", set_up::browser),
    // What is left for it to compile is little, so it does not claim the objects. Where the machine's networks change,
    // as they do when containers come and go, Chromium drops what it is loading.
    Step {
        needs: &["set-up-browser", "page", "binary"],
        after: &["docker", "faults"],
        ..Step::new("browser", "the page in Chromium", browser::run)
    },
    Step {
        after: &["set-up-wasm"],
        objects: DEBUG,
        is_patient: true,
        ..Step::new("no-std", "core and kv for bare metal", no_std::run)
    },
    Step { after: &["set-up-wasm"], ..Step::new("wasm-rustup", "the target by rustup", wasm_routes::rustup) },
    Step {
        after: &["set-up-wasm", wasm_routes::RUSTUP_STEP],
        ..Step::new("wasm-debian", "the target by Debian", wasm_routes::debian)
    },
];
