//! The store on disk: it holds what the records fold to, and refuses what is not its own or not whole.

mod chain;
mod commits;
mod corruption;
mod fold;
mod offline;
mod power;
mod size;
