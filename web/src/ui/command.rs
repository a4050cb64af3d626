//! Sends a client's command and shows what became of it.

use crate::model::operation::Request;
use crate::model::session::Mode;
use crate::ui::stage::{Stage, use_stage};
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[component]
pub fn CommandPanel() -> Html {
    let stage = use_stage();
    let input = use_node_ref();
    let submit = {
        let (stage, input) = (stage.clone(), input.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(input) = input.cast::<HtmlInputElement>() {
                stage.submit(&input.value());
            }
        })
    };
    let is_live = stage.look().session.mode == Mode::Live;
    html! {
        <section class="panel" aria-labelledby="command-title">
            <h2 id="command-title">{ "Send a command" }</h2>
            <form class="command" onsubmit={submit}>
                <input ref={input} id="command-input" data-testid="command-input" placeholder="set colour blue"
                    aria-label="Command: set KEY VALUE, get KEY, delete KEY, cas, incr, list, or several with ; between them" autocomplete="off" autocapitalize="off" spellcheck="false" />
                <button class="primary" data-testid="command-send">{ "Send" }</button>
            </form>
            { result(&stage) }
            <p class="hint">
                <code>{ "set KEY VALUE" }</code>{ ", " }<code>{ "get KEY" }</code>{ ", " }<code>{ "delete KEY" }</code>{ ", " }
                <code>{ "cas KEY OLD NEW" }</code>{ ", " }<code>{ "incr KEY" }</code>{ ", " }<code>{ "list PREFIX" }</code>
                { "; all or none of several: " }<code>{ "if KEY absent; set KEY VALUE; incr KEY" }</code>
                if is_live { { ". Signed by a key made in this page, and sent to every replica." } }
            </p>
        </section>
    }
}

fn result(stage: &Stage) -> Html {
    let stage = stage.look();
    let (state, text, height, replicas) = match &stage.session.request {
        Request::None => ("none", String::new(), None, Vec::new()),
        Request::Waiting { text } => ("waiting", format!("{text} …"), None, Vec::new()),
        Request::Done { answer, height, replicas, .. } => ("done", answer.clone(), *height, replicas.clone()),
        Request::Failed { why } => ("failed", why.clone(), None, Vec::new()),
    };
    let ids = |prefix: &str, between: &str| {
        replicas.iter().map(|id| format!("{prefix}{}", id.0)).collect::<Vec<_>>().join(between)
    };
    html! {
        <div class={classes!("result", state)} role="status">
            <output data-testid="command-result" data-state={state} data-replicas={ids("", ",")}
                data-height={height.map(|height| height.to_string())}>{ text }</output>
            if !replicas.is_empty() {
                <small>
                    { ids("r", " ") }{ " agree" }
                    if let Some(height) = height { { format!(", executed at height {height}") } }
                </small>
            }
        </div>
    }
}
