//! The visitor's preferences, kept in the browser where it allows that.

use crate::ui::splitter::{SHARE, SHARES};
use web_sys::Storage;

/// Light, dark, or as the system is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }
}

/// What the visitor prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefs {
    pub theme: Theme,
    /// Whether single letters are commands.
    pub letters: bool,
    /// How many tenths of the height the network's picture has.
    pub share: u8,
}

const THEME: &str = "hotstuff.theme";
const LETTERS: &str = "hotstuff.letters";
const SHARE_KEY: &str = "hotstuff.share";

impl Prefs {
    pub fn load() -> Self {
        let read = |key| storage().and_then(|storage| storage.get_item(key).ok().flatten());
        let theme = match read(THEME).as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::Auto,
        };
        let share = read(SHARE_KEY).and_then(|share| share.parse().ok());
        let share = share.filter(|share| SHARES.contains(share)).unwrap_or(SHARE);
        let prefs = Self { theme, letters: read(LETTERS).as_deref() != Some("off"), share };
        prefs.show();
        prefs
    }

    pub fn keep(self) {
        if let Some(storage) = storage() {
            // A full or closed storage only means that the preference lasts as long as the page.
            let _ = storage.set_item(THEME, self.theme.word());
            let _ = storage.set_item(LETTERS, if self.letters { "on" } else { "off" });
            let _ = storage.set_item(SHARE_KEY, &self.share.to_string());
        }
        self.show();
    }

    fn show(self) {
        let root = web_sys::window().and_then(|window| window.document()?.document_element());
        if let Some(root) = root {
            let _ = root.set_attribute("data-theme", self.theme.word());
            let _ = root.set_attribute("data-share", &self.share.to_string());
        }
    }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// Whether the visitor asked the system for less motion.
pub fn wants_stillness() -> bool {
    web_sys::window()
        .and_then(|window| window.match_media("(prefers-reduced-motion: reduce)").ok().flatten())
        .is_some_and(|query| query.matches())
}
