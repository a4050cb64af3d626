//! A plain server of files, as any static host is.

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// A file's content; its type follows from its name.
pub type File = Vec<u8>;

/// Serves until dropped.
pub struct FileServer {
    address: SocketAddr,
    task: AbortHandle,
}

type Files = Arc<BTreeMap<String, File>>;

impl FileServer {
    /// Serves `files` by their paths, which begin with a slash.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(files: BTreeMap<String, File>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("a port")?;
        let address = listener.local_addr()?;
        let router = Router::new().fallback(serve).with_state(Arc::new(files));
        let task = tokio::spawn(async move {
            // Ends only by being aborted.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, task: task.abort_handle() })
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
    match files.get(&path) {
        Some(file) => ([(header::CONTENT_TYPE, content_type(&path))], file.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
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
