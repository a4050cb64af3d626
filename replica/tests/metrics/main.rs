//! What `/metrics` shows is what the documentation, the dashboard and the alerts name, in a form that
//! Prometheus' own checker has nothing to say against.

#[path = "../support/mod.rs"]
mod support;

mod named;
mod promtool;
mod readiness;
mod scrape;
