//! Sizes and colours of the window, and what can be wrong with where things are.

use crate::page::Page;
use anyhow::Result;
use serde::Deserialize;
use serde_json::json;

/// Which colours the system asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// The system's own few colours in place of the page's, light on dark.
    Forced,
}

impl Scheme {
    /// One word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Forced => "forced",
        }
    }
}

/// Something wrong with the layout.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// The page is wider than the window, because of what is named.
    TooWide(String),
    /// A control is not there, hidden, or not wholly within the window's width.
    OutOfReach(String),
    /// Two panels, or two controls, lie over each other.
    Overlap(String, String),
    /// A control's text does not fit into it.
    Cut(String),
    /// A control is less than 24 pixels wide or high.
    Small(String),
}

const FIND_PROBLEMS: &str = include_str!("layout.js");

impl Page {
    /// Gives the window's inside this size, in CSS pixels.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size).await?;
        Ok(())
    }

    /// Asks the page for these colours, as a system's setting does, and for stillness or motion.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn prefer(&self, scheme: Scheme, still: bool) -> Result<()> {
        let motion = if still { "reduce" } else { "no-preference" };
        let (colours, forced) = match scheme {
            Scheme::Light => ("light", "none"),
            Scheme::Dark => ("dark", "none"),
            Scheme::Forced => ("dark", "active"),
        };
        let features = json!([
            { "name": "prefers-color-scheme", "value": colours },
            { "name": "forced-colors", "value": forced },
            { "name": "prefers-reduced-motion", "value": motion },
        ]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features })).await?;
        Ok(())
    }

    /// Whatever is wrong: horizontal scroll, `controls` that are not there or beyond the window's
    /// sides, `panels` that overlap (those that are shown); and any controls that overlap, hold more than
    /// they show, or have less than 24 pixels.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn layout_problems(&self, controls: &[&str], panels: &[&str]) -> Result<Vec<Problem>> {
        let find = FIND_PROBLEMS.trim_end().trim_end_matches(';');
        let script = format!("({find})(...{})", json!([controls, panels]));
        Ok(serde_json::from_value(self.eval(&script).await?)?)
    }

    /// How bright the page's background is, from 0 to 255.
    ///
    /// # Errors
    /// When it has none.
    pub async fn brightness(&self) -> Result<f64> {
        let script = "(() => {
            const of = e => getComputedStyle(e).backgroundColor;
            const clear = 'rgba(0, 0, 0, 0)';
            const colour = of(document.body) === clear ? of(document.documentElement) : of(document.body);
            const canvas = new OffscreenCanvas(1, 1).getContext('2d');
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        })()";
        Ok(serde_json::from_value(self.eval(script).await?)?)
    }
}
