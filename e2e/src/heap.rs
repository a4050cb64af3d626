//! How much memory the page holds on to.

use crate::page::Page;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// What is left once all garbage is collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Bytes of the browser's heap of objects.
    pub heap: u64,
    /// Bytes of the program's own memory, which never shrinks.
    pub wasm: u64,
    /// Nodes of documents, also of those that are no longer shown.
    pub nodes: u64,
}

impl Page {
    /// Collects garbage, and tells what is left.
    ///
    /// # Errors
    /// When the browser or the page does not tell.
    pub async fn memory(&self) -> Result<Memory> {
        let nothing = json!({});
        // What one collection finalises, the next one frees.
        for _ in 0..2 {
            self.devtools("HeapProfiler.collectGarbage", &nothing).await?;
        }
        let heap = self.devtools("Runtime.getHeapUsage", &nothing).await?;
        let counts = self.devtools("Memory.getDOMCounters", &nothing).await?;
        let wasm = self.eval("window.hotstuff.memory()").await?;
        let number = |value: &Value, what| {
            let number = value.as_f64().with_context(|| format!("{what}: {value}"))?;
            anyhow::Ok(number as u64)
        };
        Ok(Memory {
            heap: number(&heap["usedSize"], "the heap")?,
            wasm: number(&wasm, "the wasm memory")?,
            nodes: number(&counts["nodes"], "nodes")?,
        })
    }
}
