//! The page as the tests see it: elements by their test id, and conditions to wait for.

use crate::console::{Command, Entry};
use crate::replica::{EVENTS, Event, ROWS, Row};
use anyhow::{Context as _, Result, bail, ensure};
use fantoccini::actions::{Actions, InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::Value;
use std::cell::RefCell;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long anything on the page may take.
pub const BOUND: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(25);

/// `t('view')` finds an element by its test id.
const HELPERS: &str = "const t = id => document.querySelector(`[data-testid=\"${id}\"]`);";

/// A page in a browser.
pub struct Page {
    client: Client,
    /// Lines of the console that hold one of these are no errors.
    announced: RefCell<Vec<String>>,
}

impl Page {
    pub(crate) async fn new(client: Client) -> Result<Self> {
        let page = Self { client, announced: RefCell::default() };
        page.resize(1440, 900).await?;
        Ok(page)
    }

    /// Goes to `url`. Where only the fragment differs, the document stays.
    ///
    /// # Errors
    /// When nothing answers there.
    pub async fn visit(&self, url: &str) -> Result<()> {
        self.client.goto(url).await.with_context(|| format!("cannot open {url}"))
    }

    /// Opens the page at `url` in a new document, and waits until it is drawn.
    ///
    /// # Errors
    /// When that does not happen in time.
    pub async fn open(&self, url: &str) -> Result<()> {
        self.visit("about:blank").await?;
        self.visit(url).await?;
        self.until(
            "the page is there",
            "t('app') && window.hotstuff &&
            (t('app').dataset.source === 'live' ? t('live-state') : t('trace-hash')?.dataset.hash)",
        )
        .await?;
        Ok(())
    }

    /// Evaluates a JavaScript expression, in which `t(id)` finds elements.
    ///
    /// # Errors
    /// When it throws.
    pub async fn eval(&self, expression: &str) -> Result<Value> {
        let script = format!("{HELPERS} return ({expression});");
        self.client.execute(&script, vec![]).await.with_context(|| expression.to_owned())
    }

    /// Runs a script that returns something.
    pub(crate) async fn execute_with(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.client.execute(script, arguments).await?)
    }

    /// Runs a script whose last argument is a function that it calls with the result.
    pub(crate) async fn execute_async(&self, script: &str) -> Result<Value> {
        Ok(self.client.execute_async(script, vec![]).await?)
    }

    /// Performs what a hand would do.
    pub async fn perform(&self, actions: impl Into<Actions>) -> Result<()> {
        Ok(self.client.perform_actions(actions).await?)
    }

    /// Evaluates `expression` until it is true, or anything else but nothing, 0 and `""`.
    ///
    /// # Errors
    /// When it throws, or time is up.
    pub async fn until(&self, what: &str, expression: &str) -> Result<Value> {
        let deadline = Instant::now() + BOUND;
        loop {
            // A live element would be looked up by the driver: only plain values come back.
            let value = self.eval(&format!("(v => v instanceof Element ? true : v)({expression})")).await?;
            let is_there = match &value {
                Value::Null | Value::Bool(false) => false,
                Value::Number(number) => number.as_f64() != Some(0.0),
                Value::String(text) => !text.is_empty(),
                _ => true,
            };
            if is_there {
                return Ok(value);
            }
            ensure!(Instant::now() < deadline, "waited in vain until {what}: {expression}");
            sleep(POLL).await;
        }
    }

    /// Waits until the rows of the table of replicas are as `condition` wants them.
    ///
    /// # Errors
    /// When time is up.
    pub async fn until_rows(&self, what: &str, condition: impl Fn(&[Row]) -> bool) -> Result<Vec<Row>> {
        let deadline = Instant::now() + BOUND;
        loop {
            let rows = self.rows().await?;
            if condition(&rows) {
                return Ok(rows);
            }
            if Instant::now() > deadline {
                bail!("waited in vain until {what}: {rows:#?}");
            }
            sleep(POLL).await;
        }
    }

    /// Waits for `count` animation frames.
    ///
    /// # Errors
    /// When time is up.
    pub async fn frames(&self, count: u32) -> Result<()> {
        let script = "const [count, done] = arguments; let n = 0;
            const next = () => ++n > count ? done(true) : requestAnimationFrame(next); next();";
        self.client.execute_async(script, vec![count.into()]).await.context("animation frames")?;
        Ok(())
    }

    /// The table of replicas.
    ///
    /// # Errors
    /// When a row lacks something.
    pub async fn rows(&self) -> Result<Vec<Row>> {
        Ok(serde_json::from_value(self.eval(ROWS).await?)?)
    }

    /// The events that the list shows, newest first.
    ///
    /// # Errors
    /// When one lacks something.
    pub async fn events(&self) -> Result<Vec<Event>> {
        Ok(serde_json::from_value(self.eval(EVENTS).await?)?)
    }

    /// Narrows the list to events of one kind, and waits until `condition` is true for them.
    ///
    /// # Errors
    /// When time is up.
    pub async fn until_events(&self, kind: &str, condition: impl Fn(&[Event]) -> bool) -> Result<Vec<Event>> {
        self.enter("event-search", kind).await?;
        let deadline = Instant::now() + BOUND;
        loop {
            let mut events = self.events().await?;
            events.retain(|event| event.kind == kind);
            if condition(&events) {
                return Ok(events);
            }
            if Instant::now() > deadline {
                bail!("waited in vain for events {kind}: {events:#?}");
            }
            sleep(POLL).await;
        }
    }

    /// An element by its test id.
    ///
    /// # Errors
    /// When there is none.
    pub async fn element(&self, testid: &str) -> Result<Element> {
        let selector = format!("[data-testid='{testid}']");
        self.client.find(Locator::Css(&selector)).await.with_context(|| format!("no {testid}"))
    }

    /// Clicks.
    ///
    /// # Errors
    /// When there is nothing to click, or something lies above it.
    pub async fn click(&self, testid: &str) -> Result<()> {
        self.element(testid).await?.click().await.with_context(|| format!("cannot click {testid}"))
    }

    /// Clicks at a place `x` from the left and `y` from the top of an element.
    ///
    /// # Errors
    /// When there is no such element, or the place is out of the window.
    pub async fn click_at(&self, testid: &str, x: f64, y: f64) -> Result<()> {
        let element = self.element(testid).await?;
        let (left, top, ..) = element.rectangle().await?;
        let scrolled = self.eval("[scrollX, scrollY]").await?;
        let (across, down): (f64, f64) = serde_json::from_value(scrolled)?;
        let clicked = MouseActions::new("mouse".into())
            .then(PointerAction::MoveTo { duration: None, x: left - across + x, y: top - down + y })
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.client
            .perform_actions(clicked)
            .await
            .with_context(|| format!("cannot click at {x}, {y} of {testid}"))
    }

    /// Presses keys where the focus is. Special ones are WebDriver's code points.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn press(&self, keys: &str) -> Result<()> {
        self.client.active_element().await?.send_keys(keys).await.with_context(|| format!("keys {keys:?}"))
    }

    /// Replaces what is in a field, and presses Enter.
    ///
    /// # Errors
    /// When there is no such field.
    pub async fn enter(&self, testid: &str, text: &str) -> Result<()> {
        let field = self.element(testid).await?;
        // Control and a, then no key held; backspace; and Enter in the end.
        let keys = format!("\u{e009}a\u{e000}\u{e003}{text}\u{e007}");
        field.send_keys(&keys).await.with_context(|| format!("cannot type into {testid}"))
    }

    /// The visible text of an element.
    ///
    /// # Errors
    /// When there is no such element.
    pub async fn text(&self, testid: &str) -> Result<String> {
        Ok(self.element(testid).await?.text().await?)
    }

    /// An element's attribute; empty where it has none.
    ///
    /// # Errors
    /// When there is no such element.
    pub async fn attribute(&self, testid: &str, name: &str) -> Result<String> {
        Ok(self.element(testid).await?.attr(name).await?.unwrap_or_default())
    }

    /// The number that an element shows.
    ///
    /// # Errors
    /// When it shows none.
    pub async fn number(&self, testid: &str) -> Result<u64> {
        let text = self.text(testid).await?;
        text.trim().parse().with_context(|| format!("{testid} shows {text:?}"))
    }

    /// Says that lines of the console with `text` are meant to appear.
    pub fn announce(&self, text: impl Into<String>) {
        self.announced.borrow_mut().push(text.into());
    }

    /// Errors in the console since the last time, but for those announced.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn console_errors(&self) -> Result<Vec<Entry>> {
        let lines = self.client.issue_cmd(Command::console()).await.context("the console")?;
        let mut entries: Vec<Entry> = serde_json::from_value(lines)?;
        let announced = self.announced.borrow();
        let is_announced = |entry: &Entry| announced.iter().any(|text| entry.message.contains(text));
        entries.retain(|entry| entry.is_error() && !is_announced(entry));
        Ok(entries)
    }

    /// Sends a command of the Chrome DevTools Protocol.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn devtools(&self, method: &str, parameters: &Value) -> Result<Value> {
        let command = Command::devtools(method, parameters);
        self.client.issue_cmd(command).await.with_context(|| method.to_owned())
    }
}
