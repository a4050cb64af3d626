//! The panes: beside each other where there is room, behind tabs where there is not.

use crate::model::session::Mode;
use crate::ui::command::CommandPanel;
use crate::ui::connection::ConnectionPanel;
use crate::ui::events::Events;
use crate::ui::facts::Facts;
use crate::ui::inspector::Inspector;
use crate::ui::legend::Legend;
use crate::ui::lesson::Lesson;
use crate::ui::links::LinksPanel;
use crate::ui::pictures::Pictures;
use crate::ui::reference::ReferencePanel;
use crate::ui::replicas::Replicas;
use crate::ui::stage::use_stage;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct DashboardProps {
    pub network: NodeRef,
    pub tree: NodeRef,
}

#[component]
pub fn Dashboard(props: &DashboardProps) -> Html {
    let stage = use_stage();
    let is_live = stage.look().session.mode == Mode::Live;
    html! {
        <main>
            <div class="pane pane-learn">
                <Lesson />
                <CommandPanel />
                if is_live {
                    <ConnectionPanel />
                }
                <Legend />
                if !is_live {
                    <LinksPanel />
                    <ReferencePanel />
                }
            </div>
            <div class="pane pane-picture">
                <Facts />
                <Pictures network={props.network.clone()} tree={props.tree.clone()} />
            </div>
            <div class="pane pane-replicas">
                <Replicas />
                <Inspector />
            </div>
            <div class="pane pane-events">
                <Events />
            </div>
        </main>
    }
}
