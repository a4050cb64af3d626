//! What the papers claim, where a run can show it: HotStuff (arXiv 1803.05069v6) and Jolteon (arXiv
//! 2106.10362). A test shows a claim for the runs that it makes; the proofs are the papers'.

#[path = "../support/mod.rs"]
mod support;

mod complexity;
mod hotstuff;
mod jolteon;
