//! The list of events, newest first, narrowed by replica, level and text.

use crate::model::log::{Entry, Found};
use crate::model::record::Weight;
use crate::model::replica::key;
use crate::model::session::Mode;
use crate::source::report::Place;
use crate::ui::stage::use_stage;
use hotstuff_core::event::Level;
use hotstuff_core::{ReplicaId, Time};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// How many are in the document at once.
pub const SHOWN_MAX: usize = 200;

#[component]
pub fn Events() -> Html {
    let stage = use_stage();
    let on_text = {
        let stage = stage.clone();
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<HtmlInputElement>().value();
            stage.change(|stage| stage.session.filter.text = text);
        })
    };
    let on_replica = {
        let stage = stage.clone();
        Callback::from(move |event: Event| {
            let value = event.target_unchecked_into::<HtmlSelectElement>().value();
            stage.change(|stage| stage.session.filter.replica = value.parse().ok().map(ReplicaId));
        })
    };
    let on_level = {
        let stage = stage.clone();
        Callback::from(move |event: Event| {
            let value = event.target_unchecked_into::<HtmlSelectElement>().value();
            let level = Level::ALL.into_iter().find(|level| level.name() == value).unwrap_or(Level::Debug);
            stage.change(|stage| stage.session.filter.level = level);
        })
    };
    let go = {
        let stage = stage.clone();
        Callback::from(move |at: u64| stage.seek(Place::Steps(at)))
    };
    let stage = stage.look();
    let session = &stage.session;
    let Found { count, entries, forgotten } = session.events(SHOWN_MAX);
    let is_live = session.mode == Mode::Live;
    let chosen = session.filter.replica;
    html! {
        <section class="panel events" aria-labelledby="events-title">
            <h2 id="events-title">{ "Events " }<span class="count" data-testid="event-count">{ count }</span></h2>
            <div class="filters">
                <input type="search" id="event-search" data-testid="event-search" placeholder="Search ( / )" aria-label="Search events"
                    value={session.filter.text.clone()} oninput={on_text} />
                <select data-testid="event-replica" aria-label="Events of" onchange={on_replica}>
                    <option value="all" selected={chosen.is_none()}>{ "all" }</option>
                    { for session.cluster.replicas.iter().filter(|replica| !replica.id.twin).map(|replica| html! {
                        <option value={replica.id.replica.0.to_string()} selected={chosen == Some(replica.id.replica)}>{ replica.id.replica.to_string() }</option>
                    }) }
                </select>
                <select data-testid="event-level" aria-label="Events of level" onchange={on_level}>
                    { for Level::ALL.into_iter().rev().map(|level| html! {
                        <option value={level.name()} selected={session.filter.level == level}>{ at_least(level) }</option>
                    }) }
                </select>
            </div>
            <ol class="log" data-testid="event-log" tabindex="0" aria-label="Events, newest first">
                { for entries.iter().map(|entry| line(entry, is_live, &go)) }
            </ol>
            if forgotten > 0 {
                <p class="hint">{ format!("The oldest {forgotten} events are no longer kept.") }</p>
            }
        </section>
    }
}

/// What the list is narrowed to, in words.
fn at_least(level: Level) -> &'static str {
    match level {
        Level::Debug => "all levels",
        Level::Info => "info +",
        Level::Warn => "warnings +",
        Level::Error => "errors",
    }
}

fn line(entry: &Entry, is_live: bool, go: &Callback<u64>) -> Html {
    let weight = match entry.weight {
        Weight::Routine => "",
        Weight::Progress => "progress",
        Weight::Trouble => "trouble",
    };
    let who = entry.host.map(|id| html! {
        <span class="who"><span class={format!("dot hue-{}", id.replica.0 % crate::draw::role::HUES)} aria-hidden="true"></span>{ id.to_string() }</span>
    });
    html! {
        <li key={entry.index} class={weight} data-testid="event" data-kind={entry.kind.to_string()} data-time-us={entry.time.0.to_string()}
            data-level={entry.level.name()} data-replica={entry.host.map(key)}>
            <abbr class="level" title={entry.level.name()}>{ letter(entry.level) }</abbr>
            { moment(entry, is_live, go) }
            { who.unwrap_or_else(|| html! { <span class="who">{ "–" }</span> }) }
            <span class="text">{ &entry.text }</span>
        </li>
    }
}

/// When it was; in the sandbox one can go there. Tab passes by: there are hundreds, and arrow keys step.
fn moment(entry: &Entry, is_live: bool, go: &Callback<u64>) -> Html {
    let text = clock(entry.time, is_live);
    if is_live {
        return html! { <time>{ text }</time> };
    }
    let at = entry.at;
    let onclick = go.reform(move |_: MouseEvent| at);
    html! { <button class="moment" tabindex="-1" {onclick} title="Go to this event"><time>{ text }</time></button> }
}

fn letter(level: Level) -> &'static str {
    match level {
        Level::Debug => "·",
        Level::Info => "i",
        Level::Warn => "W",
        Level::Error => "E",
    }
}

/// Simulated seconds, or the time of day (UTC).
fn clock(time: Time, is_live: bool) -> String {
    let (seconds, millis) = (time.0 / 1_000_000, time.0 / 1_000 % 1_000);
    if is_live {
        let (hours, minutes) = (seconds / 3_600 % 24, seconds / 60 % 60);
        format!("{hours:02}:{minutes:02}:{:02}.{millis:03}", seconds % 60)
    } else {
        format!("{seconds}.{millis:03}")
    }
}
