//! Observes one replica: connects, reports, and connects again when the link is lost.

use crate::model::{Reach, Record};
use crate::source::live::backoff::Backoff;
use crate::source::live::directory::Peer;
use crate::source::live::inbox::Inbox;
use crate::source::live::socket::{Received, Socket};
use crate::source::live::wall_clock;
use crate::source::report::Report;
use gloo_timers::future::TimeoutFuture;
use hotstuff_core::link::{Observation, ObserveFrame};
use std::rc::Rc;

/// A replica tells its status at intervals well below this.
const STALE_MS: u32 = 5_000;
/// A link that was stale for this many spans is given up.
const STALE_SPANS_MAX: u32 = 3;

/// Observes `peer` for good.
pub async fn observe(peer: Peer, inbox: Rc<Inbox>) {
    let mut backoff = Backoff::default();
    loop {
        let why = match Socket::open(&format!("{}/observe", peer.socket)) {
            Ok(socket) => follow(&peer, &inbox, socket, &mut backoff).await,
            Err(why) => why,
        };
        inbox.reached(peer.id, Reach::Unreachable, &format!("{}: {why}", peer.id));
        TimeoutFuture::new(backoff.next_ms()).await;
    }
}

/// Follows one connection to its end; returns why it ended.
async fn follow(peer: &Peer, inbox: &Inbox, mut socket: Socket, backoff: &mut Backoff) -> String {
    let mut expected = None;
    let mut silent_spans = 0;
    loop {
        match socket.receive(STALE_MS).await {
            Received::Over(why) => return why,
            Received::Nothing if silent_spans == STALE_SPANS_MAX => return "it is silent".into(),
            Received::Nothing => {
                silent_spans += 1;
                if expected.is_some() {
                    inbox.reached(peer.id, Reach::Stale, &format!("{} is silent", peer.id));
                }
            }
            Received::Frame(frame) => {
                silent_spans = 0;
                if let Err(why) = take(peer, inbox, frame, &mut expected) {
                    return why;
                }
                backoff.reset();
                inbox.reached(peer.id, Reach::Up, "");
            }
        }
    }
}

/// Takes a frame in; `expected` is the next observation's number once the replica has told it.
fn take(peer: &Peer, inbox: &Inbox, frame: ObserveFrame, expected: &mut Option<u64>) -> Result<(), String> {
    match frame {
        ObserveFrame::Welcome { committee, status, blocks, genesis, next_sequence } => {
            if status.id != peer.id {
                return Err(format!("{} answers there", status.id));
            }
            inbox.meet(committee, genesis)?;
            *expected = Some(next_sequence);
            inbox.push(Report::Stands { at: wall_clock(), status, blocks });
        }
        _ if expected.is_none() => return Err("it does not say where it stands first".into()),
        ObserveFrame::Observation(Observation { sequence, time, event }) => {
            let missed = sequence.saturating_sub(expected.unwrap_or(sequence));
            *expected = Some(sequence.saturating_add(1));
            if missed > 0 {
                inbox.push(Report::Dropped(peer.id, missed));
            }
            inbox.push(Report::Happened(vec![Record::event(time, peer.id, event)]));
        }
        // The gap in the sequence numbers counts them.
        ObserveFrame::Dropped { .. } => {}
        ObserveFrame::Status(status) => {
            inbox.push(Report::Stands { at: wall_clock(), status, blocks: Vec::new() });
        }
    }
    Ok(())
}
