//! What a replica may choose for itself: times and bounds. What must be the same at all replicas
//! is in [`crate::committee::Limits`].

use crate::app::RESULT_BYTES_MAX;
use crate::committee::Limits;
use crate::ids::Span;
use crate::tree::TreeBounds;
use serde::{Deserialize, Serialize};

/// The most blocks one fetch response may hold, whoever sends it.
pub const FETCH_BLOCKS_MAX: usize = 256;

/// The least that `tree_blocks` may be: a branch grows through several failed views before it commits.
pub const TREE_BLOCKS_MIN: u32 = 64;

/// A replica's own settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long a view with work to do may take before this replica gives up on it. Should exceed
    /// a few message delays plus execution.
    pub timeout_min_us: Span,
    /// The most that back-off makes of it.
    pub timeout_max_us: Span,
    /// How often a timeout is sent again while its view lasts.
    pub retransmit_us: Span,
    /// An idle leader proposes an empty block this long after its view began.
    pub heartbeat_us: Span,
    /// How long a missing block may take to arrive by itself, and then each peer's answer.
    pub fetch_retry_us: Span,
    /// A peer that asks for blocks or a part of a snapshot is served again no sooner than after this
    /// long. With the bytes of an answer it bounds what a peer can make this replica read and send.
    pub serve_interval_us: Span,
    /// Most blocks in one fetch response: 2 to [`FETCH_BLOCKS_MAX`].
    pub fetch_blocks: u32,
    /// Most bytes of operations in one fetch response (two blocks are sent in any case).
    pub fetch_bytes: u32,
    /// How many committed blocks stay in memory to serve peers; older ones come from the store.
    pub retained_blocks: u32,
    /// A snapshot of the state is stored about every so many committed blocks. Blocks before the
    /// last but one are dropped.
    pub snapshot_blocks: u32,
    /// Most bytes of a snapshot that is taken from a peer. Where peers let theirs drip, as many as may be
    /// faulty, and one, are held at once; at one who joins, a third of those that seem to be ahead, and one.
    pub snapshot_bytes: u64,
    /// Most bytes of one part of it.
    pub snapshot_chunk_bytes: u32,
    /// Most uncommitted blocks held; at least [`TREE_BLOCKS_MIN`].
    pub tree_blocks: u32,
    /// Most bytes of operations in uncommitted blocks; at least eight full blocks.
    pub tree_bytes: u64,
    /// Most commands waiting.
    pub mempool_commands: u32,
    /// Most commands waiting of one client.
    pub mempool_client_commands: u32,
    /// Most bytes of operations waiting.
    pub mempool_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            timeout_min_us: Span::millis(1_000),
            timeout_max_us: Span::millis(30_000),
            retransmit_us: Span::millis(1_000),
            heartbeat_us: Span::millis(2_000),
            fetch_retry_us: Span::millis(100),
            serve_interval_us: Span::millis(5),
            fetch_blocks: 128,
            fetch_bytes: 4 << 20,
            retained_blocks: 1_024,
            snapshot_blocks: 10_000,
            snapshot_bytes: 1 << 30,
            snapshot_chunk_bytes: 1 << 20,
            tree_blocks: 4_096,
            tree_bytes: 256 << 20,
            mempool_commands: 16_384,
            mempool_client_commands: 256,
            mempool_bytes: 64 << 20,
        }
    }
}

/// Why a config cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A setting that must not be zero.
    #[error("the setting {0} must not be zero")]
    Zero(&'static str),
    /// The shortest timeout is above the longest.
    #[error("timeout_min_us is above timeout_max_us")]
    TimeoutOrder,
    /// A response needs two blocks, as the second certifies the first, and has an upper limit.
    #[error("fetch_blocks must be 2 to {FETCH_BLOCKS_MAX}")]
    FetchBlocks,
    /// Too few uncommitted blocks to get through failed views.
    #[error("tree_blocks must be at least {TREE_BLOCKS_MIN}")]
    TreeBlocks,
    /// Too few bytes of uncommitted blocks, by the committee's limit on one block.
    #[error("tree_bytes must be at least eight times the committee's block_bytes: {0}")]
    TreeBytes(u64),
    /// A snapshot could not be taken over, by the committee's limits on clients alone.
    #[error("snapshot_bytes must be at least the client table's size by the committee's limits: {0}")]
    SnapshotBytes(u64),
    /// Too few bytes for a single command, by the committee's limit.
    #[error("mempool_bytes must be at least the committee's command_bytes: {0}")]
    MempoolBytes(u64),
}

impl Config {
    pub(crate) fn tree_bounds(&self) -> TreeBounds {
        TreeBounds {
            retained: self.retained_blocks,
            uncommitted: self.tree_blocks,
            uncommitted_bytes: self.tree_bytes,
        }
    }

    /// Checks that the settings can work in a cluster with these limits.
    ///
    /// # Errors
    /// [`ConfigError`] names the first that cannot.
    pub fn check(&self, limits: &Limits) -> Result<(), ConfigError> {
        let named = [
            ("timeout_min_us", self.timeout_min_us.0),
            ("retransmit_us", self.retransmit_us.0),
            ("heartbeat_us", self.heartbeat_us.0),
            ("fetch_retry_us", self.fetch_retry_us.0),
            ("serve_interval_us", self.serve_interval_us.0),
            ("snapshot_blocks", self.snapshot_blocks.into()),
            ("snapshot_bytes", self.snapshot_bytes),
            ("snapshot_chunk_bytes", self.snapshot_chunk_bytes.into()),
            ("mempool_commands", self.mempool_commands.into()),
            ("mempool_client_commands", self.mempool_client_commands.into()),
        ];
        if let Some((name, _)) = named.iter().find(|(_, value)| *value == 0) {
            return Err(ConfigError::Zero(name));
        }
        if self.timeout_min_us > self.timeout_max_us {
            return Err(ConfigError::TimeoutOrder);
        }
        if !(2..=FETCH_BLOCKS_MAX).contains(&(self.fetch_blocks as usize)) {
            return Err(ConfigError::FetchBlocks);
        }
        if self.tree_blocks < TREE_BLOCKS_MIN {
            return Err(ConfigError::TreeBlocks);
        }
        let (blocks, command) = (8 * u64::from(limits.block_bytes), u64::from(limits.command_bytes));
        if self.tree_bytes < blocks {
            return Err(ConfigError::TreeBytes(blocks));
        }
        // The latest result is remembered in any case.
        let session = limits.session_bytes.max(RESULT_BYTES_MAX);
        let table = u64::from(limits.sessions) * u64::from(session);
        if self.snapshot_bytes < table {
            return Err(ConfigError::SnapshotBytes(table));
        }
        if self.mempool_bytes < command {
            return Err(ConfigError::MempoolBytes(command));
        }
        Ok(())
    }
}
