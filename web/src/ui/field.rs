//! An input whose value is taken when the visitor is done with it.
//!
//! The panels are drawn many times a second: an input that always held the model's value could
//! not be typed into. This one takes it over only when the model's value changes.

use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct FieldProps {
    /// The input's type.
    pub kind: &'static str,
    pub testid: &'static str,
    pub label: &'static str,
    /// What the model has.
    pub value: u64,
    /// The highest and, with 0, the lowest value.
    pub max: u64,
    /// What the visitor entered.
    pub on_value: Callback<u64>,
}

#[component]
pub fn Field(props: &FieldProps) -> Html {
    let node = use_node_ref();
    let show = |input: Option<HtmlInputElement>, value: u64| {
        if let Some(input) = input {
            input.set_value(&value.to_string());
        }
    };
    {
        let node = node.clone();
        use_effect_with(props.value, move |value| show(node.cast(), *value));
    }
    let onchange = {
        let (on_value, value, max) = (props.on_value.clone(), props.value, props.max);
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            match input.value().trim().parse::<u64>() {
                Ok(entered) if entered <= max => on_value.emit(entered),
                _ => show(Some(input), value),
            }
        })
    };
    let max = (props.kind != "text").then(|| props.max.to_string());
    html! {
        <input ref={node} type={props.kind} inputmode="numeric" min="0" {max} data-testid={props.testid}
            aria-label={props.label} {onchange} autocomplete="off" />
    }
}
