//! What is wrong with the link, until it is dismissed.

use crate::ui::stage::use_stage;
use yew::prelude::*;

#[component]
pub fn Banners() -> Html {
    let stage = use_stage();
    let problems = stage.look().problems.clone();
    if problems.is_empty() {
        return Html::default();
    }
    let dismiss = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.change(|stage| stage.problems.clear()))
    };
    html! {
        <div class="banner" role="alert" data-testid="link-problems">
            <div>
                <strong>{ "Not all of this link is valid. What is, is shown." }</strong>
                <ul>{ for problems.iter().map(|problem| html! { <li>{ problem }</li> }) }</ul>
            </div>
            <button class="quiet" onclick={dismiss}>{ "Dismiss" }</button>
        </div>
    }
}
