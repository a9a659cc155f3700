//! The log of requests: all of the address but its secrets.

use axum::extract::Request;
use axum::http::Uri;
use form_urlencoded::parse;
use tower_http::trace::{HttpMakeClassifier, MakeSpan, TraceLayer};
use tracing::{Span, debug_span};

/// Stands where a connection token was.
const MASKED_PAIR: &str = "id=***";

/// Logs every request and its answer.
pub fn layer() -> TraceLayer<HttpMakeClassifier, MaskedSpan> {
    TraceLayer::new_for_http().make_span_with(MaskedSpan)
}

/// The span of a request. The connection token in its query is masked: with it, somebody else could send and poll in
/// the name of the client. The access token is not in the address any more, because
/// [`AccessTokenLayer`](signalr_runtime::server::AccessTokenLayer) is outside of this.
#[derive(Clone, Debug)]
pub struct MaskedSpan;

impl<B> MakeSpan<B> for MaskedSpan {
    fn make_span(&mut self, request: &Request<B>) -> Span {
        debug_span!("request", method = %request.method(), uri = masked(request.uri()))
    }
}

/// The path and the query of an address, without the value of `id`.
fn masked(uri: &Uri) -> String {
    let Some(query) = uri.query() else { return uri.path().to_owned() };
    let pairs = query.split('&').map(|pair| if is_secret(pair) { MASKED_PAIR } else { pair });
    format!("{}?{}", uri.path(), pairs.collect::<Vec<_>>().join("&"))
}

/// Whether this is `id=…`, in any case and however it is escaped.
fn is_secret(pair: &str) -> bool {
    parse(pair.as_bytes()).any(|(name, _)| name.eq_ignore_ascii_case("id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_token_is_masked_and_the_rest_is_there() {
        for (uri, shown) in [
            ("/chat", "/chat"),
            ("/chat/negotiate?negotiateVersion=1", "/chat/negotiate?negotiateVersion=1"),
            ("/chat?id=secret", "/chat?id=***"),
            ("/chat?room=a&ID=secret&x", "/chat?room=a&id=***&x"),
            ("/chat?%69d=secret", "/chat?id=***"),
            ("/chat?identity=kept", "/chat?identity=kept"),
        ] {
            assert_eq!(masked(&Uri::from_static(uri)), shown);
        }
    }
}
