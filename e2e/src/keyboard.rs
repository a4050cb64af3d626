//! The way of the focus through the page, by Tab alone.

use crate::page::Page;
use anyhow::{Context as _, Result, bail};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use serde::Deserialize;
use serde_json::Value;

const SCRIPT: &str = include_str!("keyboard.js");
const TAB: char = '\u{e004}';
const SHIFT: char = '\u{e008}';
/// Presses of Tab beyond the number of controls after which it must have come round.
const SLACK: usize = 5;

/// Where the focus is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Stop {
    /// The element's test id, its id, or what it is and says.
    pub name: String,
    /// What is wrong with how the focus is shown there.
    pub problems: Vec<String>,
}

/// Which way Tab goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By Tab.
    Forward,
    /// By Shift and Tab.
    Back,
}

impl Page {
    /// The names of all that Tab should reach, in the order of the document.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn reachable(&self) -> Result<Vec<String>> {
        Ok(serde_json::from_value(self.execute_with(SCRIPT, vec!["reachable".into()]).await?)?)
    }

    /// What has the focus, if anything has.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn focused(&self) -> Result<Option<Stop>> {
        Ok(serde_json::from_value(self.execute_with(SCRIPT, vec![Value::from("focused")]).await?)?)
    }

    /// Presses Tab once.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn tab(&self, way: Way) -> Result<()> {
        let mut keys = KeyActions::new("keyboard".into());
        if way == Way::Back {
            keys = keys.then(KeyAction::Down { value: SHIFT });
        }
        keys = keys.then(KeyAction::Down { value: TAB }).then(KeyAction::Up { value: TAB });
        if way == Way::Back {
            keys = keys.then(KeyAction::Up { value: SHIFT });
        }
        self.perform(keys).await.context("Tab")
    }

    /// Presses Tab from where the focus is until it comes to a place for the second time, and tells
    /// each place.
    ///
    /// # Errors
    /// When it goes on for longer than there are controls, or the browser does not answer.
    pub async fn walk(&self, way: Way) -> Result<Vec<Stop>> {
        let most = self.reachable().await?.len() + SLACK;
        let mut stops: Vec<Stop> = Vec::new();
        for _ in 0..=most {
            self.tab(way).await?;
            // Beyond the last control there is the browser's own, which has no place in the page.
            let Some(stop) = self.focused().await? else { continue };
            if stops.iter().any(|earlier| earlier.name == stop.name) {
                return Ok(stops);
            }
            stops.push(stop);
        }
        bail!("Tab does not come round: {stops:#?}")
    }
}
