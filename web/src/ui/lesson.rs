//! What the visitor looks at, in a few lines.

use crate::model::session::Mode;
use crate::ui::stage::use_stage;
use yew::prelude::*;

#[component]
pub fn Lesson() -> Html {
    let stage = use_stage();
    let stage = stage.look();
    let committee = stage.session.cluster.committee.as_ref();
    let numbers = committee.map(|committee| {
        let (size, faulty, quorum) = (committee.size(), committee.faulty_max(), committee.quorum());
        format!("Of {size} replicas, {faulty} may fail; {quorum} make a quorum.")
    });
    html! {
        <section class="panel lesson" data-testid="lesson" aria-labelledby="lesson-title">
            <h2 id="lesson-title">{ "What you are looking at" }</h2>
            if stage.session.mode == Mode::Live {
                <p>
                    { "The cluster that serves this page, as its replicas tell of it. A message is drawn when its sender tells; " }
                    { "how long it takes is not measured. An idle cluster only beats now and then: send it a command." }
                </p>
            } else {
                <p>
                    { "The project’s real core on a simulated network. Each view has a leader, who proposes a block. The others vote; " }
                    { "the next leader makes a certificate of a quorum of votes, and builds on it. Three certified blocks of consecutive views commit the first." }
                </p>
                <p class="try"><strong>{ "Try it: " }</strong>{ "kill the leader (the filled crown) and watch the others give up on its view and go on." }</p>
            }
            if let Some(numbers) = numbers { <p class="hint">{ numbers }</p> }
        </section>
    }
}
