//! The client's side of the program: `hotstuff client`, `status` and `health`, and the
//! [`ClientDriver`] that services in Rust can build on.

mod batch;
pub mod change;
pub(crate) mod cli;
pub(crate) mod connection;
mod driver;
pub(crate) mod exit;
pub mod health;
pub mod http;
mod link;
pub(crate) mod random;
mod repl;
pub mod status;
mod table;
pub(crate) mod told;
pub mod transport;
mod turns;
pub mod verified;
pub mod why;

pub use cli::Arguments;
pub use driver::{ClientDriver, ClientError, Done, Endpoint, NoAgreement};
pub use link::LinkError;

use std::future::Future;
use std::io;

/// Runs a short command's future on the current thread.
fn block_on<F: Future>(future: F) -> io::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(future))
}
