//! Embeds the page: the files of the folder that `HOTSTUFF_PAGE_DIR` names, or a page that says
//! that this build has none.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use zopfli::{Format, Options};

const FOLDER: &str = "HOTSTUFF_PAGE_DIR";

const NO_PAGE: &str = "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">
<link rel=\"icon\" href=\"data:,\">
<title>HotStuff: no page in this build</title>
<style>:root { color-scheme: light dark } body { font: 1rem/1.5 sans-serif; max-width: 40rem; margin: 4rem auto; \
padding: 0 1rem }</style>
</head>
<body>
<main>
<h1>This build has no page</h1>
<p>The replica runs; its state is at <a href=\"/status\">/status</a> and <a href=\"/committee\">/committee</a>.</p>
<p>To have the page in the program, build it with <code>cargo xtask build</code>, or run \
<code>cargo xtask demo</code>.</p>
</main>
</body>
</html>
";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={FOLDER}");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let mut files = Vec::new();
    match std::env::var_os(FOLDER).filter(|folder| !folder.is_empty()) {
        Some(folder) => {
            let folder = fs::canonicalize(&folder).map_err(|error| {
                io::Error::new(error.kind(), format!("{FOLDER}: {}: {error}", folder.display()))
            })?;
            println!("cargo::rerun-if-changed={}", folder.display());
            collect(&folder, &folder, &mut files)?;
            if !files.iter().any(|(name, _)| name == "index.html") {
                return Err(io::Error::other(format!("{FOLDER}: {} has no index.html", folder.display())));
            }
        }
        None => files.push(("index.html".to_owned(), NO_PAGE.as_bytes().to_vec())),
    }
    files.sort();
    let mut code = String::from("static FILES: &[File] = &[\n");
    for (number, (name, content)) in files.iter().enumerate() {
        let plain = out.join(format!("page_{number}"));
        fs::write(&plain, content)?;
        let gzip = match packed(content)? {
            Some(packed) => {
                let path = out.join(format!("page_{number}.gz"));
                fs::write(&path, packed)?;
                format!("Some(include_bytes!({path:?}))")
            }
            None => "None".to_owned(),
        };
        let hash = Sha256::digest(content);
        let etag = hash.iter().take(16).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let kind = content_type(name);
        let _ = writeln!(
            code,
            "    File {{ path: {name:?}, content_type: {kind:?}, etag: \"W/\\\"{etag}\\\"\", \
             content: include_bytes!({plain:?}), gzip: {gzip} }},"
        );
    }
    code.push_str("];\n");
    let index = files.iter().find(|(name, _)| name == "index.html").map(|(_, index)| index.as_slice());
    let policy = policy(&String::from_utf8_lossy(index.unwrap_or_default())).map(str::to_owned);
    let _ = writeln!(code, "const POLICY: Option<&str> = {policy:?};");
    fs::write(out.join("page_files.rs"), code)
}

/// All files below `folder`, by their path below `root` with slashes.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            println!("cargo::rerun-if-changed={}", path.display());
            collect(root, &path, files)?;
        } else {
            println!("cargo::rerun-if-changed={}", path.display());
            let below = path.strip_prefix(root).map_err(io::Error::other)?;
            let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
            files.push((parts.join("/"), fs::read(&path)?));
        }
    }
    Ok(())
}

/// The Content-Security-Policy that the document has in it.
fn policy(html: &str) -> Option<&str> {
    let (_, rest) = html.split_once("<meta http-equiv=\"Content-Security-Policy\" content=\"")?;
    Some(rest.split_once('"')?.0)
}

/// The content compressed, where that saves a tenth at least.
fn packed(content: &[u8]) -> io::Result<Option<Vec<u8>>> {
    // One pass more would take as long again, and save a thousandth.
    let options = Options { iteration_count: NonZeroU64::MIN, ..Options::default() };
    let mut packed = Vec::new();
    zopfli::compress(options, Format::Gzip, content, &mut packed)?;
    Ok((packed.len() < content.len() - content.len() / 10).then_some(packed))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
