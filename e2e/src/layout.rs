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
}

impl Scheme {
    /// One word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
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
    /// Two panels lie over each other.
    Overlap(String, String),
    /// Text is cut off at its container's edge.
    Small(String),
}

const FIND_PROBLEMS: &str = "(() => {
    const [controls, panels] = ARGUMENTS;
    const problems = [];
    const name = e => e.dataset.testid ?? `${e.localName}.${e.className}`;
    const root = document.documentElement;
    const width = root.clientWidth;
    if (root.scrollWidth > width) {
        const wide = [...document.querySelectorAll('body *')]
            .filter(e => e.getBoundingClientRect().right > width + 0.5).map(name);
        problems.push({ 'too-wide': `${root.scrollWidth} > ${width}: ${wide.slice(0, 8).join(', ')}` });
    }
    for (const id of controls) {
        const box = t(id)?.getBoundingClientRect();
        const within = box && box.width > 0 && box.height > 0 && box.left >= 0 && box.right <= width + 0.5;
        if (!within) problems.push({ 'out-of-reach': id });
    }
    const shown = panels.map(t).filter(e => e && e.checkVisibility() && e.getBoundingClientRect().width > 0);
    shown.forEach((a, i) => shown.slice(i + 1).forEach(b => {
        if (a.contains(b) || b.contains(a)) return;
        const [p, q] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
        const across = Math.min(p.right, q.right) - Math.max(p.left, q.left);
        const down = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
        if (across > 1 && down > 1) problems.push({ overlap: [name(a), name(b)] });
    }));
    for (const e of document.querySelectorAll('button, select, input, summary')) {
        const box = e.getBoundingClientRect();
        const seen = e.checkVisibility() && box.width > 0;
        if (seen && (box.width < 24 || box.height < 24)) {
            problems.push({ small: `${name(e)} ${Math.round(box.width)}x${Math.round(box.height)}` });
        }
    }
    return problems;
})()";

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
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme.word() },
            { "name": "prefers-reduced-motion", "value": motion },
        ]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features })).await?;
        Ok(())
    }

    /// Whatever is wrong: horizontal scroll, `controls` that are not there or beyond the window's
    /// sides, `panels` that overlap (those that are shown), controls of less than 24 pixels.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn layout_problems(&self, controls: &[&str], panels: &[&str]) -> Result<Vec<Problem>> {
        let script = FIND_PROBLEMS.replace("ARGUMENTS", &json!([controls, panels]).to_string());
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
