//! Placeholder.
use super::{Bench, Done};
use anyhow::{Result, bail};
/// Not there yet.
pub(super) fn run(_: &Bench<'_>) -> Result<Done> {
    bail!("not there yet")
}
