//! The tabs that choose a pane on narrow screens.

use yew::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Picture,
    Replicas,
    Events,
    Learn,
}

impl Tab {
    pub fn word(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Replicas => "replicas",
            Self::Events => "events",
            Self::Learn => "learn",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Picture => "Pictures",
            Self::Replicas => "Replicas",
            Self::Events => "Events",
            Self::Learn => "Lesson",
        }
    }
}

#[derive(PartialEq, Properties)]
pub struct TabsProps {
    pub tab: Tab,
    pub on_tab: Callback<Tab>,
}

#[component]
pub fn Tabs(props: &TabsProps) -> Html {
    let tabs = [Tab::Picture, Tab::Replicas, Tab::Events, Tab::Learn];
    html! {
        <nav class="tabs" aria-label="Panes">
            { for tabs.into_iter().map(|tab| {
                let onclick = props.on_tab.reform(move |_| tab);
                let pressed = (tab == props.tab).to_string();
                html! {
                    <button data-testid={format!("tab-{}", tab.word())} aria-pressed={pressed} {onclick}>{ tab.label() }</button>
                }
            }) }
        </nav>
    }
}
