//! Live: how the connection stands, and what to do when no cluster answers.

use crate::model::session::Mode;
use crate::source::report::Connection;
use crate::ui::stage::use_stage;
use yew::prelude::*;

#[component]
pub fn ConnectionPanel() -> Html {
    let stage = use_stage();
    let stage = stage.look();
    let sentence = match &stage.session.connection {
        Connection::Connecting => "Connecting to the replicas …".into(),
        Connection::Live => "Every replica is observed.".into(),
        Connection::Degraded { seen, of } => {
            format!("{seen} of {of} replicas are observed. The others are tried again with growing pauses.")
        }
        Connection::Unreachable { why } => format!("No replica is observed: {why}."),
    };
    html! {
        <section class="panel" aria-labelledby="connection-title">
            <h2 id="connection-title">{ "Connection" }</h2>
            <p role="status">{ sentence }</p>
        </section>
    }
}

#[component]
pub fn Unreachable() -> Html {
    let stage = use_stage();
    let why = {
        let stage = stage.look();
        match (&stage.session.mode, &stage.session.connection) {
            (Mode::Live, Connection::Unreachable { why }) => why.clone(),
            _ => return Html::default(),
        }
    };
    let onclick = Callback::from(move |_: MouseEvent| stage.switch(Mode::Sandbox));
    html! {
        <div class="banner" role="alert" data-testid="live-unreachable">
            <div>
                <strong>{ "No cluster answers." }</strong>
                <p>
                    { format!("{}. ", capital(&why)) }
                    { "Live shows the cluster whose replica serves this page. Start one with " }<code>{ "cargo xtask demo" }</code>
                    { ", or go to the sandbox, which needs none. It is tried again by itself." }
                </p>
            </div>
            <button class="primary" data-testid="open-sandbox" {onclick}>{ "Open the sandbox" }</button>
        </div>
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
