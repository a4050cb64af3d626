//! What the page's table of replicas and its list of events say.

use serde::Deserialize;

/// What the table says of one replica.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Row {
    /// Its number.
    pub id: u16,
    /// Whether it runs, or is reached.
    pub up: bool,
    /// Its view.
    pub view: u64,
    /// The height of its committed head.
    pub height: u64,
    /// Whether it leads the view it is in.
    pub leader: bool,
    /// `sandbox`, or in live `connecting`, `live`, `stale`, `unreachable`.
    pub link: String,
    /// Its committed head, in full.
    pub head: String,
    /// The state root after that, in full.
    pub state_root: String,
}

/// All rows, as a JavaScript expression.
pub(crate) const ROWS: &str = "[...document.querySelectorAll('[data-testid=\"replicas\"] [data-testid]')]
    .filter(row => /^replica-\\d+$/.test(row.dataset.testid))
    .map(({ dataset: d }) => ({
        id: Number(d.testid.split('-')[1]), up: d.up === 'true', view: Number(d.view),
        height: Number(d.height), leader: d.leader === 'true', link: d.link ?? '', head: d.head ?? '',
        state_root: d.stateRoot ?? '',
    }))";

/// A line of the page's list of events.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Event {
    /// The replica's number; `None` for the network and the client.
    pub replica: Option<u16>,
    /// When, in microseconds.
    pub time_us: u64,
    /// The event's name in kebab case.
    pub kind: String,
    /// The core's sentence.
    pub text: String,
}

/// The events that the list shows, newest first, as a JavaScript expression.
pub(crate) const EVENTS: &str = "[...document.querySelectorAll('[data-testid=\"event\"]')].map(event => ({
    replica: event.dataset.replica ? Number(event.dataset.replica) : null,
    time_us: Number(event.dataset.timeUs), kind: event.dataset.kind, text: event.textContent,
}))";
