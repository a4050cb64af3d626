//! `/metrics`: the replica's measures, for Prometheus. All are read where they lie; the driver is not asked.

use crate::context::Context;
use crate::metrics::{Page, resident_bytes};
use crate::peers::PeerStatus;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, prometheus_text};
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

pub(super) async fn metrics(State(context): State<Arc<Context>>, headers: HeaderMap) -> Response {
    if let Err(refused) = context.origins.check(&headers) {
        context.refused.origins.fetch_add(1, Ordering::Relaxed);
        return refused.into_response();
    }
    if !context.shows_metrics {
        return (StatusCode::NOT_FOUND, "the setting `metrics` is false\n").into_response();
    }
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape(context)));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry).expect("a string takes what is written");
    ([(CONTENT_TYPE, prometheus_text::CONTENT_TYPE)], text).into_response()
}

/// All metrics, as they are when they are written.
struct Scrape(Arc<Context>);

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scrape").field(&self.0.id).finish()
    }
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page::new(encoder);
        self.standing(&mut page)?;
        self.progress(&mut page)?;
        self.refusals(&mut page)?;
        self.links(&mut page)?;
        self.process(&mut page)
    }
}

/// What is counted by reason.
fn by(label: &'static str, counts: impl Iterator<Item = (&'static str, u64)>) -> Vec<(Labels, u64)> {
    counts.map(|(name, count)| (vec![(label, name.to_owned())], count)).collect()
}

type Labels = crate::metrics::Labels;

impl Scrape {
    /// Where the replica stands.
    fn standing(&self, page: &mut Page<'_>) -> fmt::Result {
        let context = &*self.0;
        let status = context.status.borrow().clone();
        let waiting = context.inlet.waiting();
        let free = context.observer_room.available_permits() as u64;
        let standing = super::ready::standing(context);
        page.gauge("hotstuff_view", "The view that the replica is in.", status.view.0)?;
        page.gauge("hotstuff_last_voted_view", "The last view that it voted in.", status.last_voted.0)?;
        page.gauge(
            "hotstuff_committed_height",
            "Height of the last committed block.",
            status.committed_head.height.0,
        )?;
        page.gauge(
            "hotstuff_high_qc_view",
            "View of the highest quorum certificate known.",
            status.high_qc.view.0,
        )?;
        page.gauge(
            "hotstuff_high_qc_height",
            "Height of the block that it certifies.",
            status.high_qc.height.0,
        )?;
        page.gauge(
            "hotstuff_epoch",
            "How often the committee has changed, as the replica knows.",
            status.epoch.0,
        )?;
        page.gauge("hotstuff_member", "1 while the replica is in the committee.", u64::from(status.member))?;
        page.gauge(
            "hotstuff_halted",
            "1 once it has stopped for good, on proof of too many faults.",
            u64::from(status.halted),
        )?;
        page.gauge("hotstuff_fetching", "1 while it fetches missing blocks.", u64::from(status.fetching))?;
        page.gauge(
            "hotstuff_ready",
            "1 while /readyz says that it is ready.",
            u64::from(standing.reasons().is_empty()),
        )?;
        page.gauge(
            "hotstuff_linked_power",
            "Power of the members linked both ways, its own included.",
            standing.linked.0,
        )?;
        page.gauge("hotstuff_quorum_power", "Power that makes a quorum.", standing.quorum.0)?;
        page.gauge(
            "hotstuff_backoff_exponent",
            "How often its patience with a view is doubled.",
            status.timeout_exponent,
        )?;
        page.gauge("hotstuff_mempool_commands", "Commands that wait for a block.", status.mempool)?;
        page.gauge(
            "hotstuff_waiting_messages",
            "Messages of peers that wait to be handled.",
            waiting.messages,
        )?;
        page.gauge(
            "hotstuff_waiting_commands",
            "Commands of clients that wait to be handled.",
            waiting.commands,
        )?;
        page.gauge("hotstuff_clients", "Connections of clients.", context.clients.count())?;
        page.gauge(
            "hotstuff_observers",
            "Connections of observers.",
            u64::from(context.links.observers).saturating_sub(free),
        )
    }

    /// What it has done so far.
    fn progress(&self, page: &mut Page<'_>) -> fmt::Result {
        let metrics = &*self.0.metrics;
        let commands = metrics.block_commands.sum();
        page.counter("hotstuff_committed_blocks", "Blocks committed.", &metrics.blocks)?;
        page.counters(
            "hotstuff_committed_commands",
            "Commands in committed blocks.",
            [(Labels::new(), commands)],
        )?;
        page.histogram("hotstuff_block_commands", "Commands in a committed block.", &metrics.block_commands)?;
        page.histogram(
            "hotstuff_commit_latency_seconds",
            "From the arrival of a proposal to the commit of its block.",
            &metrics.commit_latency,
        )?;
        page.counters(
            "hotstuff_views_ended",
            "Views left, by what ended them.",
            by("end", metrics.views.counts()),
        )?;
        page.counters(
            "hotstuff_timeouts",
            "Views given up, by the cause.",
            by("cause", metrics.timeouts.counts()),
        )?;
        page.counter("hotstuff_proposals", "Blocks that it proposed.", &metrics.proposals)?;
        page.counter("hotstuff_votes", "Votes that it gave.", &metrics.votes)?;
        page.counter(
            "hotstuff_commands_admitted",
            "Commands of clients admitted.",
            &metrics.commands_admitted,
        )?;
        page.counter("hotstuff_fetches", "Requests for missing blocks.", &metrics.fetches)?;
        page.counter("hotstuff_snapshots_installed", "Snapshots taken over from peers.", &metrics.snapshots)?;
        page.counter(
            "hotstuff_equivocations",
            "Proofs that a replica contradicted itself.",
            &metrics.equivocations,
        )?;
        page.histogram(
            "hotstuff_store_sync_seconds",
            "What a write to the store took until it was durable.",
            &metrics.store_sync,
        )?;
        page.gauge(
            "hotstuff_store_syncing_seconds",
            "How long the write to the store under way has taken so far.",
            metrics.syncing().as_secs_f64(),
        )
    }

    /// What it has refused.
    fn refusals(&self, page: &mut Page<'_>) -> fmt::Result {
        let (metrics, refused) = (&*self.0.metrics, &self.0.refused);
        let votes = by("reason", metrics.votes_refused.counts());
        let messages = by("reason", metrics.messages_refused.counts());
        let commands = by("reason", metrics.commands_refused.counts());
        page.counters("hotstuff_votes_refused", "Votes that it refused, by the rule.", votes)?;
        page.counters("hotstuff_messages_refused", "Messages of peers refused, by the reason.", messages)?;
        page.counters("hotstuff_commands_refused", "Commands of clients refused, by the reason.", commands)?;
        let at = |port: &str, reason: &str| vec![("port", port.to_owned()), ("reason", reason.to_owned())];
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let peer = refused.links.counts().into_iter().map(|(reason, count)| (at("peer", &reason), count));
        let public = [
            ("tls", &refused.tls),
            ("too_many", &refused.connections),
            ("client", &refused.clients),
            ("observer", &refused.observers),
            ("origin", &refused.origins),
        ];
        let public = public.map(|(reason, counter)| (at("public", reason), count(counter)));
        page.counters(
            "hotstuff_refused_connections",
            "Connections refused, or closed because they broke a rule, by port and reason.",
            peer.chain(public),
        )
    }

    /// Its links to each other replica.
    fn links(&self, page: &mut Page<'_>) -> fmt::Result {
        let peers = self.0.peers.status();
        let each = |value: fn(&PeerStatus) -> u64| {
            let one = |peer: &PeerStatus| (vec![("peer", peer.id.to_string())], value(peer));
            peers.iter().map(one).collect::<Vec<_>>()
        };
        page.gauges(
            "hotstuff_peer_sending",
            "1 while the link to the peer stands.",
            each(|peer| u64::from(peer.sending)),
        )?;
        page.gauges(
            "hotstuff_peer_receiving",
            "1 while the link from the peer stands.",
            each(|peer| u64::from(peer.receiving)),
        )?;
        page.gauges(
            "hotstuff_peer_queued_frames",
            "Frames that wait to be sent to the peer.",
            each(|peer| peer.queued),
        )?;
        page.counters(
            "hotstuff_peer_dropped_frames",
            "Frames dropped instead of sent to the peer.",
            each(|peer| peer.dropped),
        )?;
        page.counters(
            "hotstuff_peer_sent_frames",
            "Frames sent to the peer.",
            each(|peer| peer.traffic.frames_out),
        )?;
        page.counters(
            "hotstuff_peer_sent_bytes",
            "Bytes in frames sent to the peer.",
            each(|peer| peer.traffic.bytes_out),
        )?;
        page.counters(
            "hotstuff_peer_received_frames",
            "Frames received from the peer.",
            each(|peer| peer.traffic.frames_in),
        )?;
        page.counters(
            "hotstuff_peer_received_bytes",
            "Bytes in frames received from the peer.",
            each(|peer| peer.traffic.bytes_in),
        )
    }

    /// The program itself.
    fn process(&self, page: &mut Page<'_>) -> fmt::Result {
        let labels = vec![
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("replica", self.0.id.to_string()),
            ("durability", self.0.durability.to_string()),
        ];
        page.gauges("hotstuff_build_info", "1, with what runs here as labels.", [(labels, 1)])?;
        let start = self.0.metrics.start_time().duration_since(UNIX_EPOCH).unwrap_or_default();
        page.gauge(
            "process_start_time_seconds",
            "When the replica started, since 1970.",
            start.as_secs_f64(),
        )?;
        match resident_bytes() {
            Some(bytes) => page.gauge(
                "process_resident_memory_bytes",
                "Memory of the process that is not swapped out.",
                bytes,
            ),
            None => Ok(()),
        }
    }
}
