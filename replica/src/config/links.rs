//! `[links]`: times and bounds of a replica's connections.

use hotstuff_core::Span;
use serde::{Deserialize, Serialize};

/// The HTTP implementation takes no less.
const HTTP_HEAD_BYTES_MIN: u32 = 8_192;

/// Times and bounds of a replica's connections. Whatever comes from outside is held by one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinkConfig {
    /// How long a new connection may take to say what it has to say first.
    pub handshake_us: Span,
    /// How often a quiet connection is pinged.
    pub ping_us: Span,
    /// A connection from which nothing came for this long is dead.
    pub dead_us: Span,
    /// How long to wait before a peer is dialled again; doubled with each failure.
    pub redial_min_us: Span,
    /// The most that back-off makes of it.
    pub redial_max_us: Span,
    /// How long links to a replica that was removed from the committee stay, so that it can learn of that.
    pub farewell_us: Span,
    /// Most frames waiting for one peer; beyond it the oldest are dropped.
    pub peer_frames: u32,
    /// Most bytes waiting for one peer; beyond it the oldest frames are dropped.
    pub peer_bytes: u32,
    /// Most messages of one peer waiting to be handled; then its link is not read.
    pub peer_inbox_frames: u32,
    /// Most bytes of them, with the same consequence; a larger message waits alone.
    pub peer_inbox_bytes: u32,
    /// Most connections to the peer port at once.
    pub peer_connections: u32,
    /// Most of them from one address (of IPv6, from one /64).
    pub peer_address_connections: u32,
    /// Most connections to the public port at once, whatever they are for.
    pub http_connections: u32,
    /// Most of them from one address (of IPv6, from one /64).
    pub http_address_connections: u32,
    /// How long a connection to the public port may last that is no WebSocket.
    pub http_conversation_us: Span,
    /// Most bytes of a request's head; no less than 8,192.
    pub http_head_bytes: u32,
    /// Most clients connected at once.
    pub clients: u32,
    /// Most client keys whose commands come on one connection.
    pub client_keys: u32,
    /// Most commands that one connection may send in a second, on average; those above are answered `Busy`.
    pub client_commands_per_s: u32,
    /// How many commands a connection may be ahead of that; at twice as many it is closed.
    pub client_burst_commands: u32,
    /// Most replies waiting for one client's connection; a client that falls further behind is
    /// disconnected.
    pub client_frames: u32,
    /// Most bytes of replies waiting for one client's connection, with the same consequence.
    pub client_bytes: u32,
    /// Most observers connected at once.
    pub observers: u32,
    /// Most observations waiting for one observer; beyond it they are dropped and counted.
    pub observer_frames: u32,
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            handshake_us: Span::millis(5_000),
            ping_us: Span::millis(2_000),
            dead_us: Span::millis(8_000),
            redial_min_us: Span::millis(50),
            redial_max_us: Span::millis(2_000),
            farewell_us: Span::millis(60_000),
            peer_frames: 4_096,
            peer_bytes: 64 << 20,
            peer_inbox_frames: 256,
            peer_inbox_bytes: 16 << 20,
            peer_connections: 1_024,
            peer_address_connections: 256,
            http_connections: 2_048,
            http_address_connections: 512,
            http_conversation_us: Span::millis(60_000),
            http_head_bytes: 16 << 10,
            clients: 1_024,
            client_keys: 256,
            client_commands_per_s: 10_000,
            client_burst_commands: 10_000,
            client_frames: 4_096,
            client_bytes: 4 << 20,
            observers: 64,
            observer_frames: 4_096,
        }
    }
}

impl LinkConfig {
    /// Checks that the settings can work.
    ///
    /// # Errors
    /// What cannot.
    pub fn check(&self) -> Result<(), &'static str> {
        let spans = [self.handshake_us, self.ping_us, self.redial_min_us, self.http_conversation_us];
        let counts = [
            self.peer_frames,
            self.peer_bytes,
            self.peer_inbox_frames,
            self.peer_inbox_bytes,
            self.peer_connections,
            self.peer_address_connections,
            self.http_connections,
            self.http_address_connections,
            self.http_head_bytes,
            self.clients,
            self.client_keys,
            self.client_commands_per_s,
            self.client_burst_commands,
            self.client_frames,
            self.client_bytes,
            self.observers,
            self.observer_frames,
        ];
        if spans.contains(&Span(0)) || counts.contains(&0) {
            return Err("holds a setting of zero");
        }
        if self.dead_us <= self.ping_us {
            return Err("dead_us must be above ping_us");
        }
        if self.http_head_bytes < HTTP_HEAD_BYTES_MIN {
            return Err("http_head_bytes is below 8192");
        }
        if self.redial_max_us < self.redial_min_us {
            return Err("redial_max_us is below redial_min_us");
        }
        Ok(())
    }
}
