//! One HTTP GET with a bound on time and size: what `status` and `health` need, and no more.

use super::transport::Transport;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::time::timeout;

/// The longest body that is read. The status of a full committee is well below it.
const BODY_BYTES_MAX: usize = 1 << 20;

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status line's code.
    pub status: StatusCode,
    /// The whole body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Not an address that can be asked.
    #[error("{0} is no {1}:// address")]
    Address(String, &'static str),
    /// The connection was not made.
    #[error("{0}")]
    Connect(#[from] std::io::Error),
    /// The other side does not speak HTTP as it should.
    #[error("{0}")]
    Protocol(#[from] hyper::Error),
    /// The body broke off, or is longer than anyone should send.
    #[error("the answer could not be read: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    /// Nothing came in time.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
}

/// Asks for `url`, whose scheme is that of `transport`, and reads the answer, all of it within `limit`.
///
/// # Errors
/// [`HttpError`]; an answer of any status code is none.
pub async fn get(transport: &Transport, url: &str, limit: Duration) -> Result<Answer, HttpError> {
    timeout(limit, ask(transport, url)).await.unwrap_or(Err(HttpError::TimedOut(limit)))
}

async fn ask(transport: &Transport, url: &str) -> Result<Answer, HttpError> {
    let wrong = || HttpError::Address(url.to_owned(), transport.http());
    let uri: Uri = url.parse().map_err(|_| wrong())?;
    if uri.scheme_str() != Some(transport.http()) {
        return Err(wrong());
    }
    let host = uri.host().ok_or_else(wrong)?;
    let own_port = if transport.http() == "https" { 443 } else { 80 };
    let stream = transport.connect(host, uri.port_u16().unwrap_or(own_port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = uri.authority().map_or(host, |authority| authority.as_str());
        let request = Request::get(path).header(HOST, authority).body(Empty::<Bytes>::new());
        let response = sender.send_request(request.map_err(|_| wrong())?).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), BODY_BYTES_MAX).collect().await;
        Ok(Answer { status, body: body.map_err(HttpError::Body)?.to_bytes() })
    };
    // The connection has to be driven for the exchange to move, and ends with it.
    tokio::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        ended = connection => { ended?; exchange.await }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    const SECOND: Duration = Duration::from_secs(1);

    /// A server that answers one request with `answer`, word for word, and tells what it was asked.
    async fn serve(answer: Vec<u8>) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/status", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(&answer).await.ok();
            String::from_utf8(request).unwrap()
        });
        (url, served)
    }

    #[tokio::test]
    async fn an_answer_arrives_whole() {
        let (url, served) = serve(b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nhalt".to_vec()).await;
        let answer = get(&Transport::default(), &url, 10 * SECOND).await.unwrap();
        assert_eq!((answer.status.as_u16(), &answer.body[..]), (503, &b"halt"[..]));
        let request = served.await.unwrap();
        assert!(request.starts_with("GET /status HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("host: 127.0.0.1:"), "{request}");
    }

    #[tokio::test]
    async fn a_body_that_ends_with_the_connection_arrives_whole() {
        let (url, _served) = serve(b"HTTP/1.0 200 OK\r\n\r\nfine".to_vec()).await;
        assert_eq!(&get(&Transport::default(), &url, 10 * SECOND).await.unwrap().body[..], b"fine");
    }

    #[tokio::test]
    async fn a_body_beyond_the_limit_is_not_read() {
        let mut long = b"HTTP/1.0 200 OK\r\n\r\n".to_vec();
        long.resize(BODY_BYTES_MAX + 1_000, b'x');
        let (url, _served) = serve(long).await;
        assert!(matches!(get(&Transport::default(), &url, 10 * SECOND).await, Err(HttpError::Body(_))));
    }

    #[tokio::test]
    async fn a_silent_server_and_a_wrong_address_are_errors() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let short = Duration::from_millis(50);
        assert!(matches!(get(&Transport::default(), &url, short).await, Err(HttpError::TimedOut(_))));
        for wrong in ["https://127.0.0.1/", "127.0.0.1:80", "http://", "ftp://a/b", ""] {
            assert!(
                matches!(get(&Transport::default(), wrong, SECOND).await, Err(HttpError::Address(..))),
                "{wrong}"
            );
        }
        drop(listener);
        assert!(matches!(get(&Transport::default(), &url, SECOND).await, Err(HttpError::Connect(_))));
    }
}
