//! Drives the built page in headless Chromium, and starts what the page needs: a demonstration
//! cluster, or a server of plain files.
//!
//! The tests are in `tests/page/`. `cargo xtask test --only browser` builds the binary and runs them.
//!
//! | variable | is |
//! |---|---|
//! | `HOTSTUFF_BIN` | the release binary with the page in it; required |
//! | `HOTSTUFF_AXE` | the file `axe.min.js`; required by the tests of accessibility |
//! | `HOTSTUFF_PAGE` | the built page; otherwise `page` in the binary's target folder |
//! | `HOTSTUFF_SCREENSHOTS` | where screenshots are kept; otherwise a folder `screenshots` in the target folder |
//! | `HOTSTUFF_UPDATE_IMAGES` | if set, the pictures in `docs/images` are made anew |

mod axe;
mod browser;
mod console;
mod demo;
mod environment;
mod files;
mod heap;
mod keyboard;
mod layout;
mod page;
mod policy;
mod process;
mod replica;
mod screenshots;

pub use axe::Violation;
pub use browser::with_page;
pub use console::Entry;
pub use demo::Demo;
pub use environment::{built_page, program};
pub use files::{File, FileServer};
pub use heap::Memory;
pub use keyboard::{Stop, Way};
pub use layout::{Problem, Scheme};
pub use page::{BOUND, Page};
pub use process::Group;
pub use replica::{Event, Row};
