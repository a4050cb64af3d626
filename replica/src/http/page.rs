//! The page, embedded into the program when it was built (see `build.rs`).

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

/// One file of the page.
struct File {
    /// Its path below the root, without a slash in front.
    path: &'static str,
    content_type: &'static str,
    /// A hash of the content; weak, for it is the same whether compressed or not.
    etag: &'static str,
    content: &'static [u8],
    /// The content compressed with gzip, where that makes it smaller.
    gzip: Option<&'static [u8]>,
}

// `FILES`, and as `POLICY` the Content-Security-Policy that the page has in its document.
include!(concat!(env!("OUT_DIR"), "/page_files.rs"));

pub(super) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    match FILES.iter().find(|file| file.path == path) {
        Some(file) => serve(file, &headers),
        None => (StatusCode::NOT_FOUND, "there is nothing here\n").into_response(),
    }
}

fn serve(file: &File, headers: &HeaderMap) -> Response {
    let has = |name, wanted: &str| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| {
            let value = value.trim();
            value == wanted
                || value.split_once(';').is_some_and(|(name, q)| name == wanted && q.trim() != "q=0")
        })
    };
    let gzip = file.gzip.filter(|_| has(ACCEPT_ENCODING, "gzip"));
    let is_known = has(IF_NONE_MATCH, file.etag);
    let body = match (is_known, gzip) {
        (true, _) => Body::empty(),
        (false, Some(gzip)) => Body::from(gzip),
        (false, None) => Body::from(file.content),
    };
    let mut response = Response::new(body);
    *response.status_mut() = if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let fixed = [
        (ETAG, file.etag),
        // Every use asks whether it has changed; mostly the answer is no, and short.
        (CACHE_CONTROL, "no-cache"),
        (VARY, "accept-encoding"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    // With every file: workers go by the one that comes with their own script.
    if let Some(policy) = POLICY {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    if !is_known {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
        if gzip.is_some() {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: File = File {
        path: "a.js",
        content_type: "text/javascript; charset=utf-8",
        etag: "W/\"abc\"",
        content: b"plain",
        gzip: Some(b"packed"),
    };

    fn asked(name: axum::http::HeaderName, value: &'static str) -> Response {
        serve(&FILE, &HeaderMap::from_iter([(name, HeaderValue::from_static(value))]))
    }

    #[test]
    fn files_are_compressed_for_whoever_says_so() {
        assert_eq!(serve(&FILE, &HeaderMap::new()).headers().get(CONTENT_ENCODING), None);
        assert_eq!(asked(ACCEPT_ENCODING, "br, gzip;q=0.8").headers()[CONTENT_ENCODING], "gzip");
        assert_eq!(asked(ACCEPT_ENCODING, "gzip;q=0").headers().get(CONTENT_ENCODING), None);
    }

    #[test]
    fn a_known_file_is_not_sent_again() {
        assert_eq!(asked(IF_NONE_MATCH, "W/\"abc\"").status(), StatusCode::NOT_MODIFIED);
        assert_eq!(asked(IF_NONE_MATCH, "W/\"abd\"").status(), StatusCode::OK);
    }

    #[test]
    fn the_policy_of_the_document_comes_with_every_file() {
        let policy = serve(&FILE, &HeaderMap::new()).headers()[CONTENT_SECURITY_POLICY].clone();
        let policy = policy.to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        let index = FILES.iter().find(|file| file.path == "index.html").unwrap();
        assert!(String::from_utf8_lossy(index.content).contains(&format!("content=\"{policy}\"")));
    }

    #[test]
    fn the_page_has_a_start() {
        assert!(
            FILES.iter().any(|file| file.path == "index.html" && file.content_type.starts_with("text/html"))
        );
    }
}
