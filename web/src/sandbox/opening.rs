//! What a link or a field asks for, as the beginning of a run.

use crate::model::link::{Piece, Sandbox};
use hotstuff_core::{Config, Span};
use hotstuff_sim::explore::Plan;
use hotstuff_sim::play::Beginning;
use hotstuff_sim::{Intervened, LinkConfig, Signatures, SimConfig, Workload};

/// What a run without a director is made from: quick replicas and a client that asks now and then.
pub(super) fn config(sandbox: &Sandbox, links: LinkConfig) -> SimConfig {
    let replica = Config {
        timeout_min_us: Span::millis(400),
        timeout_max_us: Span::millis(6_400),
        retransmit_us: Span::millis(400),
        heartbeat_us: Span::millis(500),
        // A run has checkpoints by the hundred, each with all that its replicas hold.
        retained_blocks: 64,
        snapshot_blocks: 128,
        ..Config::default()
    };
    let workload = Workload { commands: u64::MAX, interval_us: Span::millis(600), ..Workload::default() };
    let usual = SimConfig::default();
    let mut powers = sandbox.powers.clone();
    powers.truncate(usize::from(sandbox.replicas));
    SimConfig {
        seed: sandbox.seed,
        replicas: sandbox.replicas,
        powers,
        rule: sandbox.rule.unwrap_or(usual.rule),
        weakness: sandbox.weakness,
        joiners: sandbox.joiners.min(hotstuff_sim::REPLICAS_MAX - sandbox.replicas),
        signatures: Signatures::Tags,
        links,
        replica,
        workload,
        ..usual
    }
}

/// The beginning, and what visitors do. Codes that cannot be read are named and left out.
pub(super) fn beginning(
    sandbox: &Sandbox,
    links: LinkConfig,
    problems: &mut Vec<String>,
) -> (Beginning, Vec<Intervened>) {
    let free = || Beginning::Free(Box::new(config(sandbox, links)));
    let beginning = match &sandbox.piece {
        Piece::Free => free(),
        Piece::Lesson(name, script) => {
            Beginning::Lesson { name: name.clone(), script: *script, seed: sandbox.seed, rule: sandbox.rule }
        }
        Piece::Plan(code) => match Plan::from_code(code) {
            Ok(plan) => Beginning::Plan(Box::new(plan)),
            Err(why) => {
                problems.push(format!("the run in this link: {why}"));
                free()
            }
        },
    };
    let visits = sandbox.visits.as_deref().map_or(Ok(Vec::new()), Intervened::from_code);
    let visits = visits.unwrap_or_else(|why| {
        problems.push(format!("what was done in this link's run: {why}"));
        Vec::new()
    });
    (beginning, visits)
}
