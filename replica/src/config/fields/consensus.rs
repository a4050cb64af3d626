//! Settings of `[consensus]`.

use super::kind::TOML_MAX;
use super::{Field, Kind};

pub(super) const CONSENSUS: &[Field] = &[
    span(
        "timeout_min_us",
        "How long a view with work to do may take.",
        "this replica gives up on the view and says so; the next view may take twice as long",
    ),
    span(
        "timeout_max_us",
        "The most that back-off makes of `timeout_min_us`.",
        "views that fail go on being given up after this long",
    ),
    span(
        "retransmit_us",
        "How often a timeout is sent again while its view lasts.",
        "the timeout is sent to all once more",
    ),
    span(
        "heartbeat_us",
        "How long an idle leader waits before it proposes an empty block.",
        "an empty block is proposed",
    ),
    span(
        "fetch_retry_us",
        "How long a missing block may take to come by itself, and then each peer's answer.",
        "a peer is asked, then the next",
    ),
    span(
        "serve_interval_us",
        "How soon a peer that asks for blocks or for a part of a snapshot is served again.",
        "the peer's latest question waits until then, and replaces an earlier one",
    ),
    count(
        "fetch_blocks",
        "blocks",
        "Most blocks in one answer to a peer: 2 to 256.",
        "the peer asks for the rest",
    ),
    count(
        "fetch_bytes",
        "bytes",
        "Most bytes of operations in one answer to a peer.",
        "the peer asks for the rest; two blocks are sent in any case",
    ),
    count(
        "retained_blocks",
        "blocks",
        "How many committed blocks stay in memory.",
        "older ones are read from the store when a peer asks",
    ),
    count(
        "snapshot_blocks",
        "blocks",
        "A snapshot of the state is stored about every so many committed blocks.",
        "blocks before the last snapshot but one are deleted",
    ),
    bytes(
        "snapshot_bytes",
        "Most bytes of a snapshot that is taken from a peer. At least the committee's table of clients.",
        "a larger one is not taken, and this replica does not catch up by it",
    ),
    count(
        "snapshot_chunk_bytes",
        "bytes",
        "Most bytes of one part of a snapshot.",
        "it is sent in more parts",
    ),
    count(
        "tree_blocks",
        "blocks",
        "Most uncommitted blocks held: at least 64.",
        "further ones are refused until some are committed",
    ),
    bytes(
        "tree_bytes",
        "Most bytes of operations in uncommitted blocks: at least eight of the committee's full blocks.",
        "further ones are refused until some are committed",
    ),
    count(
        "mempool_commands",
        "commands",
        "Most commands waiting.",
        "further ones are answered `Busy`, signed",
    ),
    count(
        "mempool_client_commands",
        "commands",
        "Most commands waiting of one client.",
        "further ones of that client are answered `TooManyInFlight`, signed",
    ),
    bytes("mempool_bytes", "Most bytes of operations waiting.", "further ones are answered `Busy`, signed"),
];

const fn span(name: &'static str, about: &'static str, beyond: &'static str) -> Field {
    Field::new("consensus", name, Kind::MICROSECONDS, about, beyond)
}

const fn count(name: &'static str, unit: &'static str, about: &'static str, beyond: &'static str) -> Field {
    Field::new("consensus", name, Kind::count(unit), about, beyond)
}

const fn bytes(name: &'static str, about: &'static str, beyond: &'static str) -> Field {
    Field::new("consensus", name, Kind::Whole { unit: "bytes", max: TOML_MAX }, about, beyond)
}
