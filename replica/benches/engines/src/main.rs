//! redb against fjall on a replica's access pattern, side by side.
//!
//! `cargo run --release --manifest-path replica/benches/engines/Cargo.toml [FOLDER]`; the folder says
//! which disk is measured.

mod damage;
mod fjall_engine;
mod pattern;
mod redb_engine;

use damage::after_flipped_bits;
use fjall_engine::FjallEngine;
use pattern::{Figures, Open, measure};
use redb_engine::{Phases, RedbEngine};
use std::path::Path;

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It does.
    Sync,
    /// It hands everything to the operating system.
    Os,
}

const NAMES: [&str; 3] = ["redb, one phase", "redb, two phases", "fjall"];

fn main() {
    let place = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let place = Path::new(&place);
    println!("{}", Figures::head());
    for durability in [Durability::Sync, Durability::Os] {
        let figures = measure(place, durability, engines(durability));
        for (name, figures) in NAMES.iter().zip(figures) {
            println!("{}", figures.line(&format!("{name}, {durability:?}")));
        }
    }
    println!("\nbits of the newest commit flip, one at a time; its record is then");
    for (name, open) in NAMES.iter().zip(engines(Durability::Sync)) {
        println!("{name:<24} {}", after_flipped_bits(place, &open));
    }
}

fn engines(durability: Durability) -> Vec<Open> {
    let redb =
        |phases| -> Open { Box::new(move |folder| Box::new(RedbEngine::open(folder, durability, phases))) };
    let fjall: Open = Box::new(move |folder| Box::new(FjallEngine::open(folder, durability)));
    vec![redb(Phases::One), redb(Phases::Two), fjall]
}
