//! The log: to stderr, as `RUST_LOG` says.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Without `RUST_LOG`: our own lines from info up, others' from warnings up.
const DEFAULT: &str = "warn,hotstuff_replica=info";

/// Starts the log. Only the first call of a process counts.
pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let ansi = std::io::stderr().is_terminal();
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(ansi)
        .with_target(false)
        .try_init();
}
