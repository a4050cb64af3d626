//! The panes: beside each other where there is room, behind tabs where there is not.

use crate::model::session::Mode;
use crate::ui::branches::Branches;
use crate::ui::command::CommandPanel;
use crate::ui::connection::ConnectionPanel;
use crate::ui::deeds::Deeds;
use crate::ui::diagram::Diagram;
use crate::ui::events::Events;
use crate::ui::facts::Facts;
use crate::ui::frames::Canvases;
use crate::ui::inspector::Inspector;
use crate::ui::legend::Legend;
use crate::ui::lesson::Lesson;
use crate::ui::links::LinksPanel;
use crate::ui::pictures::Pictures;
use crate::ui::reference::ReferencePanel;
use crate::ui::replicas::Replicas;
use crate::ui::run_fields::ClusterFields;
use crate::ui::stage::use_stage;
use crate::ui::swarm::SwarmPanel;
use crate::ui::why::WhyPanel;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct DashboardProps {
    pub canvases: Canvases,
}

#[component]
pub fn Dashboard(props: &DashboardProps) -> Html {
    let stage = use_stage();
    let is_live = stage.look().session.mode == Mode::Live;
    html! {
        <main>
            <div class="pane pane-learn">
                <Lesson />
                <WhyPanel />
                if !is_live {
                    <ClusterFields />
                }
                <CommandPanel />
                if is_live {
                    <ConnectionPanel />
                }
                <Legend />
                if !is_live {
                    <SwarmPanel />
                    <LinksPanel />
                    <ReferencePanel />
                }
            </div>
            <div class="pane pane-picture">
                <Facts />
                <Pictures canvases={props.canvases.clone()} />
                <Diagram canvas={props.canvases.diagram.clone()} />
            </div>
            <div class="pane pane-replicas">
                <Replicas />
                <Inspector />
                if !is_live {
                    <Deeds />
                    <Branches />
                }
            </div>
            <div class="pane pane-events">
                <Events />
            </div>
        </main>
    }
}
