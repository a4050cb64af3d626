//! The list of events, newest first, narrowed by replica, level and text.

use crate::model::log::Entry;
use crate::model::record::Weight;
use crate::model::session::Mode;
use crate::ui::stage::use_stage;
use hotstuff_core::event::Level;
use hotstuff_core::{ReplicaId, Time};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// How many are in the document at once.
const SHOWN_MAX: usize = 200;

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
    let stage = stage.look();
    let session = &stage.session;
    let (count, entries) = session.cluster.log.find(&session.filter, SHOWN_MAX);
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
                    { for session.cluster.replicas.iter().map(|replica| html! {
                        <option value={replica.id.0.to_string()} selected={chosen == Some(replica.id)}>{ replica.id.to_string() }</option>
                    }) }
                </select>
                <select data-testid="event-level" aria-label="Events of level" onchange={on_level}>
                    { for Level::ALL.into_iter().rev().map(|level| html! {
                        <option value={level.name()} selected={session.filter.level == level}>{ at_least(level) }</option>
                    }) }
                </select>
            </div>
            <ol class="log" data-testid="event-log" tabindex="0" aria-label="Events, newest first">
                { for entries.into_iter().map(|entry| line(entry, is_live)) }
            </ol>
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

fn line(entry: &Entry, is_live: bool) -> Html {
    let weight = match entry.weight {
        Weight::Routine => "",
        Weight::Progress => "progress",
        Weight::Trouble => "trouble",
    };
    let who = entry.replica.map(|id| html! {
        <span class="who"><span class={format!("dot hue-{}", id.0 % crate::draw::role::HUES)} aria-hidden="true"></span>{ id.to_string() }</span>
    });
    html! {
        <li key={entry.index} class={weight} data-testid="event" data-kind={entry.kind} data-time-us={entry.time.0.to_string()}
            data-level={entry.level.name()} data-replica={entry.replica.map(|id| id.0.to_string())}>
            <abbr class="level" title={entry.level.name()}>{ letter(entry.level) }</abbr>
            <time>{ clock(entry.time, is_live) }</time>
            { who.unwrap_or_else(|| html! { <span class="who">{ "–" }</span> }) }
            <span class="text">{ &entry.text }</span>
        </li>
    }
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
