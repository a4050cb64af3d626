//! The few numbers that say how far it has come.

use crate::model::session::Mode;
use crate::ui::stage::use_stage;
use yew::prelude::*;

#[component]
pub fn Facts() -> Html {
    let stage = use_stage();
    let stage = stage.look();
    let session = &stage.session;
    let trace = &session.trace;
    html! {
        <>
        <p class="sr" role="status">{ stage.announcement.clone() }</p>
        <dl class="facts">
            <div><dt>{ "View" }</dt><dd data-testid="view">{ session.cluster.view().0 }</dd></div>
            <div><dt>{ "Committed height" }</dt><dd data-testid="committed-height">{ session.cluster.committed_height().0 }</dd></div>
            if session.mode == Mode::Sandbox {
                <div><dt>{ "Simulated time" }</dt><dd>{ format!("{:.3} s", trace.time.0 as f64 / 1e6) }</dd></div>
                <div><dt>{ "Steps" }</dt><dd>{ trace.steps }</dd></div>
                <div title="The hash of every step so far: the same seed and interventions give the same hash everywhere.">
                    <dt>{ "Trace hash" }</dt>
                    <dd
                        class="mono"
                        data-testid="trace-hash"
                        data-hash={trace.hash.clone()}
                        data-steps={trace.steps.to_string()}
                        data-time-us={trace.time.0.to_string()}
                    >{ trace.hash.get(..8).unwrap_or_default() }</dd>
                </div>
            } else {
                <div>
                    <dt>{ "Connection" }</dt>
                    <dd data-testid="live-state" data-state={session.connection.word()}>{ session.connection.word() }</dd>
                </div>
            }
        </dl>
        </>
    }
}
