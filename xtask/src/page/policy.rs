//! What the page's files may do: a Content-Security-Policy in the document, so that it holds on any
//! host of files. Replicas read it there, and send it as a header too.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::hex;

/// Scripts, styles and workers are files of the page, and compile nothing but wasm. Connections go
/// wherever replicas are: the live view and its clients reach each at an address of its own.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self' http: https: ws: wss:; worker-src 'self'; \
    base-uri 'none'; form-action 'none'";

/// What comes before the policy: nothing that it is about.
const BEFORE: &str = "<meta charset=\"utf-8\">";

/// Makes files of the document's own scripts, which the policy forbids, and puts the policy in.
///
/// # Errors
/// When the document is not as expected, or cannot be written.
pub(super) fn apply(page: &Path) -> Result<()> {
    let index = page.join("index.html");
    let html = std::fs::read_to_string(&index).context("index.html")?;
    let (html, scripts) = move_scripts(&html)?;
    for (name, script) in scripts {
        std::fs::write(page.join(&name), script).context(name)?;
    }
    std::fs::write(&index, with_policy(&html)?).context("index.html")
}

fn with_policy(html: &str) -> Result<String> {
    let (before, after) = html.split_once(BEFORE).with_context(|| format!("index.html lacks {BEFORE}"))?;
    if ["<script", "<link", "<style"].iter().any(|element| before.contains(element)) {
        bail!("index.html: {BEFORE} must come first, for the policy holds for what follows it");
    }
    let meta = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">");
    Ok(format!("{before}{BEFORE}\n  {meta}{after}"))
}

/// The document with references in place of its own scripts, and those by their file names.
fn move_scripts(html: &str) -> Result<(String, Vec<(String, String)>)> {
    let (mut moved, mut scripts, mut rest) = (String::new(), Vec::new(), html);
    while let Some((before, script)) = rest.split_once("<script") {
        let (attributes, script) = script.split_once('>').context("a <script without its end")?;
        let (script, after) = script.split_once("</script>").context("a script without its end")?;
        moved.push_str(before);
        if script.trim().is_empty() {
            moved.push_str(&format!("<script{attributes}>{script}</script>"));
        } else {
            let name = format!("start-{}.js", &hex(&Sha256::digest(script))[..16]);
            moved.push_str(&format!("<script{attributes} src=\"./{name}\"></script>"));
            scripts.push((name, script.trim_start().to_owned()));
        }
        rest = after;
    }
    moved.push_str(rest);
    Ok((moved, scripts))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "<head><meta charset=\"utf-8\"><script src=\"./a.js\"></script>\
        <script type=\"module\">\nimport './b.js';\n</script></head>";

    #[test]
    fn scripts_of_the_document_become_files_of_their_own() {
        let (html, scripts) = move_scripts(DOCUMENT).unwrap();
        let [(name, script)] = &scripts[..] else { panic!("{scripts:?}") };
        assert_eq!(script, "import './b.js';\n");
        assert!(
            html.contains(&format!("<script type=\"module\" src=\"./{name}\"></script></head>")),
            "{html}"
        );
        assert!(html.contains("<script src=\"./a.js\"></script>"), "{html}");
        assert_eq!(move_scripts(&html).unwrap(), (html, Vec::new()), "there is nothing left to move");
    }

    #[test]
    fn the_policy_comes_before_all_that_it_is_about() {
        let html = with_policy(DOCUMENT).unwrap();
        assert!(html.find("http-equiv").unwrap() < html.find("<script").unwrap(), "{html}");
        assert!(with_policy("<head><script src=a.js></script><meta charset=\"utf-8\">").is_err());
        assert!(with_policy("<head></head>").is_err());
    }
}
