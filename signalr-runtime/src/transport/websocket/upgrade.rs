//! The opening handshake, over HTTP/1.1 (RFC 6455 §4) or over HTTP/2 (RFC 8441), without I/O.

use http::header::{
    CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Method, Response, StatusCode, Version, request, response};
use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;

const VERSION: HeaderValue = HeaderValue::from_static("13");
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
const UPGRADE_TOKEN: HeaderValue = HeaderValue::from_static("Upgrade");

/// Whether the request asks for a WebSocket at all, well or badly.
pub(crate) fn is_requested(request: &request::Parts) -> bool {
    (request.method == Method::GET && has_token(&request.headers, &UPGRADE, "websocket"))
        || is_stream(request)
}

/// Whether the request asks that its HTTP/2 stream becomes a WebSocket.
fn is_stream(request: &request::Parts) -> bool {
    #[cfg(feature = "http2")]
    let asks = request
        .extensions
        .get::<hyper::ext::Protocol>()
        .is_some_and(|protocol| protocol.as_str() == "websocket");
    #[cfg(not(feature = "http2"))]
    let asks = false;
    request.method == Method::CONNECT && asks
}

/// The response that opens the WebSocket, or why it stays shut.
pub(crate) fn accept(request: &request::Parts) -> Result<Response<()>, Refusal> {
    let mut response = Response::new(());
    if is_stream(request) {
        // The stream is there already: nothing is switched, and there is no key.
        return match single(&request.headers, &SEC_WEBSOCKET_VERSION) {
            Some(version) if version == VERSION => Ok(response),
            _ => Err(Refusal::StreamVersion),
        };
    }
    let key = check(request)?;
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, UPGRADE_TOKEN);
    headers.insert(UPGRADE, WEBSOCKET);
    headers.insert(SEC_WEBSOCKET_ACCEPT, header(&derive_accept_key(key.as_bytes())));
    Ok(response)
}

/// What is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Method,
    HttpVersion,
    Connection,
    Upgrade,
    Version,
    /// The same over HTTP/2, where nothing can be upgraded.
    StreamVersion,
    Key,
}

impl Refusal {
    /// The response that says so.
    pub(crate) fn response(self) -> Response<&'static str> {
        let (status, text) = match self {
            Self::Method => (StatusCode::BAD_REQUEST, "A WebSocket is opened with a GET request."),
            Self::HttpVersion => (StatusCode::BAD_REQUEST, "A WebSocket is opened over HTTP/1.1."),
            Self::Connection => (
                StatusCode::BAD_REQUEST,
                "The Connection header of a WebSocket request must contain 'upgrade'.",
            ),
            Self::Upgrade => (
                StatusCode::UPGRADE_REQUIRED,
                "The Upgrade header of a WebSocket request must contain 'websocket'.",
            ),
            Self::Version => (
                StatusCode::UPGRADE_REQUIRED,
                "The Sec-WebSocket-Version header must be '13', the version of RFC 6455.",
            ),
            Self::StreamVersion => (
                StatusCode::BAD_REQUEST,
                "The Sec-WebSocket-Version header must be '13', the version of RFC 6455.",
            ),
            Self::Key => (
                StatusCode::BAD_REQUEST,
                "The Sec-WebSocket-Key header must hold 16 bytes in base64, and appear once.",
            ),
        };
        let mut response = Response::new(text);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        if status == StatusCode::UPGRADE_REQUIRED {
            headers.insert(CONNECTION, UPGRADE_TOKEN);
            headers.insert(UPGRADE, WEBSOCKET);
            headers.insert(SEC_WEBSOCKET_VERSION, VERSION);
        }
        response
    }
}

/// The key of a request that is in order.
fn check(request: &request::Parts) -> Result<&HeaderValue, Refusal> {
    if request.method != Method::GET {
        return Err(Refusal::Method);
    }
    if request.version != Version::HTTP_11 {
        return Err(Refusal::HttpVersion);
    }
    let headers = &request.headers;
    if !has_token(headers, &CONNECTION, "upgrade") {
        return Err(Refusal::Connection);
    }
    if !has_token(headers, &UPGRADE, "websocket") {
        return Err(Refusal::Upgrade);
    }
    if single(headers, &SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
        return Err(Refusal::Version);
    }
    single(headers, &SEC_WEBSOCKET_KEY).filter(|key| is_key(key.as_bytes())).ok_or(Refusal::Key)
}

/// Whether these are 16 bytes in base64.
fn is_key(key: &[u8]) -> bool {
    key.len() == 24
        && key.strip_suffix(b"==").is_some_and(|digits| {
            digits.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte))
        })
}

/// A client's side of one opening handshake.
pub(crate) struct Opening {
    key: String,
}

/// The server's answer does not open a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OpeningError {
    #[error("the server answered {0} instead of opening a WebSocket")]
    Status(StatusCode),
    #[error("the server's answer does not upgrade the connection to a WebSocket")]
    Upgrade,
    #[error(
        "the server's answer does not fit the request: its Sec-WebSocket-Accept header is missing or wrong"
    )]
    Accept,
    #[error("the server's answer uses {0}, which was not asked for")]
    NotOffered(HeaderName),
}

impl Opening {
    /// Begins a handshake with a key of its own.
    pub(crate) fn new() -> Self {
        Self { key: generate_key() }
    }

    /// Adds to a request what makes it ask for a WebSocket. The method is to be GET.
    pub(crate) fn ask(&self, headers: &mut HeaderMap) {
        headers.insert(CONNECTION, UPGRADE_TOKEN);
        headers.insert(UPGRADE, WEBSOCKET);
        headers.insert(SEC_WEBSOCKET_VERSION, VERSION);
        headers.insert(SEC_WEBSOCKET_KEY, header(&self.key));
    }

    /// Whether the server's answer opens the WebSocket.
    pub(crate) fn verify(&self, response: &response::Parts) -> Result<(), OpeningError> {
        if response.status != StatusCode::SWITCHING_PROTOCOLS {
            return Err(OpeningError::Status(response.status));
        }
        let headers = &response.headers;
        if !has_token(headers, &CONNECTION, "upgrade") || !has_token(headers, &UPGRADE, "websocket") {
            return Err(OpeningError::Upgrade);
        }
        let accept = derive_accept_key(self.key.as_bytes());
        if single(headers, &SEC_WEBSOCKET_ACCEPT).is_none_or(|value| value != accept.as_str()) {
            return Err(OpeningError::Accept);
        }
        for extra in [SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL] {
            if headers.contains_key(&extra) {
                return Err(OpeningError::NotOffered(extra));
            }
        }
        Ok(())
    }
}

/// Whether one of the comma-separated words under `name` is `token`, in any case.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|word| word.trim().eq_ignore_ascii_case(token))
}

/// The value under `name`, where there is exactly one.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

fn header(base64: &str) -> HeaderValue {
    HeaderValue::from_str(base64).expect("base64 is made of visible ASCII")
}

#[cfg(test)]
mod tests;
