//! Settings of `[links]`.

use super::{Field, Kind};

pub(super) const LINKS: &[Field] = &[
    span(
        "handshake_us",
        "How long a new connection may take to say what it has to say first.",
        "it is closed, and counted as refused",
    ),
    span("ping_us", "How often a connection is pinged.", "a ping is sent"),
    span(
        "dead_us",
        "How long nothing may come on a connection, or nothing be taken from it. Above `ping_us`.",
        "it is closed; a peer is dialled again",
    ),
    span(
        "redial_min_us",
        "How long to wait before a peer is dialled again.",
        "it is dialled; with each failure the wait doubles",
    ),
    span("redial_max_us", "The most that back-off makes of `redial_min_us`.", "the wait doubles no more"),
    span(
        "farewell_us",
        "How long links to a replica stay that was removed from the committee, so that it can learn of that.",
        "they are closed",
    ),
    count(
        "peer_frames",
        "messages",
        "Most messages waiting to be sent to one peer; 64 of them while there is no link.",
        "the oldest are dropped, and counted in `/status`",
    ),
    count(
        "peer_bytes",
        "bytes",
        "Most bytes of messages waiting to be sent to one peer.",
        "the oldest are dropped, and counted in `/status`",
    ),
    count(
        "peer_inbox_frames",
        "messages",
        "Most messages of one peer waiting to be handled.",
        "that peer's link is not read",
    ),
    count(
        "peer_inbox_bytes",
        "bytes",
        "Most bytes of messages of one peer waiting to be handled.",
        "that peer's link is not read; a larger message waits alone",
    ),
    count(
        "peer_connections",
        "connections",
        "Most connections to the peer port.",
        "further ones are closed, and counted as refused",
    ),
    count(
        "peer_address_connections",
        "connections",
        "Most connections to the peer port from one address (of IPv6, from one /64).",
        "further ones are closed, and counted as refused",
    ),
    count(
        "http_connections",
        "connections",
        "Most connections to the public port, whatever they are for.",
        "further ones are closed, and counted as refused",
    ),
    count(
        "http_address_connections",
        "connections",
        "Most connections to the public port from one address (of IPv6, from one /64).",
        "further ones are closed, and counted as refused",
    ),
    span(
        "http_conversation_us",
        "How long a connection to the public port may last that is no WebSocket.",
        "it is closed",
    ),
    count(
        "http_head_bytes",
        "bytes",
        "Most bytes of a request's head: at least 8192.",
        "the request is answered 431",
    ),
    count("clients", "clients", "Most clients connected.", "further ones are answered 503"),
    count(
        "client_keys",
        "keys",
        "Most client keys whose commands come on one connection.",
        "the connection is closed",
    ),
    count(
        "client_commands_per_s",
        "commands per second",
        "Most commands on one connection, on average.",
        "those above are answered `Busy`, signed",
    ),
    count(
        "client_burst_commands",
        "commands",
        "How far ahead of `client_commands_per_s` a connection may be.",
        "those above are answered `Busy`; at twice as many the connection is closed",
    ),
    count(
        "client_frames",
        "replies",
        "Most replies waiting for one client's connection.",
        "the connection is closed: the client is too slow",
    ),
    count(
        "client_bytes",
        "bytes",
        "Most bytes of replies waiting for one client's connection.",
        "the connection is closed: the client is too slow",
    ),
    count("observers", "observers", "Most observers connected.", "further ones are answered 503"),
    count(
        "observer_frames",
        "observations",
        "Most observations waiting for one observer.",
        "further ones are dropped, and the observer is told how many",
    ),
];

const fn span(name: &'static str, about: &'static str, beyond: &'static str) -> Field {
    Field::new("links", name, Kind::MICROSECONDS, about, beyond)
}

const fn count(name: &'static str, unit: &'static str, about: &'static str, beyond: &'static str) -> Field {
    Field::new("links", name, Kind::count(unit), about, beyond)
}
