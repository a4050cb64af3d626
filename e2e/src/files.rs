//! A plain server of files, as any static host is.

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A file's content; its type follows from its name.
pub type File = Vec<u8>;

/// Serves until dropped.
pub struct FileServer {
    address: SocketAddr,
    files: Files,
    task: JoinHandle<()>,
}

type Files = Arc<RwLock<BTreeMap<String, File>>>;

impl FileServer {
    /// Serves `files` by their paths, which begin with a slash.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(files: BTreeMap<String, File>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("a port")?;
        let address = listener.local_addr()?;
        let files = Arc::new(RwLock::new(files));
        let router = Router::new().fallback(serve).with_state(Arc::clone(&files));
        let task = tokio::spawn(async move {
            // Ends only by being aborted.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, files, task })
    }

    /// Serves all of a folder below the path `prefix`, which begins with a slash and does not end
    /// with one.
    ///
    /// # Errors
    /// When the folder cannot be read, or no port is free.
    pub async fn of_folder(folder: &Path, prefix: &str) -> Result<Self> {
        let mut files = BTreeMap::new();
        collect(folder, prefix, &mut files).with_context(|| folder.display().to_string())?;
        Self::start(files).await
    }

    /// Changes files from now on: a host that gets a newer page.
    pub fn replace(&self, change: impl FnOnce(&mut BTreeMap<String, File>)) {
        change(&mut self.files.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Serves no more: whoever connects is refused.
    pub async fn stop(&mut self) {
        self.task.abort();
        // It ends by being aborted.
        let _ = (&mut self.task).await;
    }

    /// The address of a path, which begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, File>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &path, files)?;
        } else {
            files.insert(path, std::fs::read(entry.path())?);
        }
    }
    Ok(())
}

async fn serve(State(files): State<Files>, uri: Uri) -> Response {
    let path = uri.path();
    let path = if path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
    let files = files.read().unwrap_or_else(PoisonError::into_inner);
    // No connection is kept that would outlive a stopped server.
    let headers = [(header::CONTENT_TYPE, content_type(&path)), (header::CONNECTION, "close")];
    match files.get(&path) {
        Some(file) => (headers, file.clone()).into_response(),
        None => (StatusCode::NOT_FOUND, headers).into_response(),
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript",
        "css" => "text/css",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}
