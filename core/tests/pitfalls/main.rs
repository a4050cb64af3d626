//! Pitfalls of HotStuff implementations, as statements that must hold of whole replicas. Each
//! test's name bears the number that `docs/protocol.md` lists; more of them stand beside the code
//! they test.

#[path = "../support/mod.rs"]
mod support;

mod bounds;
mod certificates;
mod epochs;
mod liveness;
mod safety;
mod tail_forking;
