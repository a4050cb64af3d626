//! The root: provides the stage, follows the address and the keys, and lays the parts out.

use crate::model::session::Mode;
use crate::ui::banner::Banners;
use crate::ui::dashboard::Dashboard;
use crate::ui::exports::Exports;
use crate::ui::frames::{Canvases, Loop};
use crate::ui::header::Header;
use crate::ui::help::HelpDialog;
use crate::ui::keys;
use crate::ui::stage::Stage;
use crate::ui::tabs::{Tab, Tabs};
use crate::ui::transport::Footer;
use crate::ui::{address, connection};
use yew::prelude::*;

pub enum Notice {
    Draw,
    Help(bool),
    Tab(Tab),
}

/// What lives as long as the page.
struct Running {
    _loop: Loop,
    _exports: Exports,
    _address: Option<gloo_events::EventListener>,
    _keys: Option<gloo_events::EventListener>,
}

pub struct App {
    stage: Stage,
    canvases: Canvases,
    help: bool,
    tab: Tab,
    running: Option<Running>,
}

impl Component for App {
    type Message = Notice;
    type Properties = ();

    fn create(context: &Context<Self>) -> Self {
        let stage = Stage::new(context.link().callback(|()| Notice::Draw));
        Self { stage, canvases: Canvases::default(), help: false, tab: Tab::default(), running: None }
    }

    fn rendered(&mut self, context: &Context<Self>, first: bool) {
        if !first {
            return;
        }
        let stage = self.stage.clone();
        let (target, problems) = address::read();
        stage.go(target, problems);
        let followed = stage.clone();
        let help = context.link().callback(Notice::Help);
        self.running = Some(Running {
            _loop: Loop::start(stage.clone(), self.canvases.clone()),
            _exports: Exports::install(&stage),
            _address: address::on_change(move || {
                let (target, problems) = address::read();
                followed.go(target, problems);
            }),
            _keys: keys::listen(stage, help),
        });
    }

    fn update(&mut self, _: &Context<Self>, notice: Notice) -> bool {
        match notice {
            Notice::Draw => self.stage = self.stage.renewed(),
            Notice::Help(open) => self.help = open,
            Notice::Tab(tab) => self.tab = tab,
        }
        true
    }

    fn view(&self, context: &Context<Self>) -> Html {
        let help = context.link().callback(Notice::Help);
        let on_tab = context.link().callback(Notice::Tab);
        let (source, theme, embed) = {
            let stage = self.stage.look();
            let source = if stage.session.mode == Mode::Live { "live" } else { "sandbox" };
            (source, stage.prefs.theme.word(), stage.sandbox.embed.to_string())
        };
        html! {
            <ContextProvider<Stage> context={self.stage.clone()}>
                <div class="app" data-testid="app" data-source={source} data-theme={theme} data-embed={embed} data-tab={self.tab.word()}>
                    <a class="skip" href="#pictures" onclick={skip}>{ "Skip to the pictures" }</a>
                    <Header help={help.clone()} />
                    <Banners />
                    <connection::Unreachable />
                    <Tabs tab={self.tab} {on_tab} />
                    <Dashboard canvases={self.canvases.clone()} />
                    <Footer />
                    if self.help {
                        <HelpDialog close={help.reform(|()| false)} />
                    }
                </div>
            </ContextProvider<Stage>>
        }
    }
}

// The address's fragment is the run's link: it must not change to the target's name.
fn skip(event: MouseEvent) {
    event.prevent_default();
    keys::focus("pictures");
}
