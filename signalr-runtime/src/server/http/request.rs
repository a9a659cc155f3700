//! What is read from a request, and what is kept of it.

use std::borrow::Cow;

use http::Uri;
use http::header::{
    ACCEPT, CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;

/// The value of a query parameter, whose name is matched without regard to case. As in ASP.NET Core, the values of a
/// repeated one are one text with commas, in which empty ones do not count: what is ambiguous opens nothing.
pub(super) fn query<'a>(parts: &'a Parts, name: &str) -> Option<Cow<'a, str>> {
    form_urlencoded::parse(parts.uri.query()?.as_bytes())
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
        .reduce(|all, value| match (&*all, &*value) {
            (_, "") => all,
            ("", _) => value,
            (all, value) => Cow::Owned(format!("{all},{value}")),
        })
}

/// The connection token that a request brings. An empty one is none.
pub(super) fn connection_token(parts: &Parts) -> Option<Cow<'_, str>> {
    query(parts, "id").filter(|token| !token.is_empty())
}

/// Whether the client asks for Server-Sent Events: the media type must stand there as it is, neither as a wildcard nor
/// with parameters.
pub(super) fn accepts_events(parts: &Parts) -> bool {
    let values = parts.headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .any(|range| range.trim().eq_ignore_ascii_case("text/event-stream"))
}

/// Keeps of a request what the application may ask for. Everything is copied: the parts of a request are slices of
/// the buffer it was read into, which would otherwise stay as long as the connection.
pub(super) fn detach(mut parts: Parts) -> Parts {
    let own = [CONNECTION, UPGRADE, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, SEC_WEBSOCKET_EXTENSIONS];
    for name in own {
        parts.headers.remove(name);
    }
    let mut headers = HeaderMap::with_capacity(parts.headers.len());
    for (name, value) in &parts.headers {
        // Both were valid before.
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(mut copy)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            copy.set_sensitive(value.is_sensitive());
            headers.append(name, copy);
        }
    }
    parts.headers = headers;
    detach_uri(&mut parts.uri);
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = parts.extensions.get_mut() {
        detach_uri(uri);
    }
    parts
}

/// Copies a URI, without the connection token: whoever logs the URI of a connection must not log that.
fn detach_uri(uri: &mut Uri) {
    let mut text = uri.to_string();
    if let Some((path, query)) = text.split_once('?') {
        let is_token = |pair: &&str| {
            form_urlencoded::parse(pair.as_bytes()).any(|(key, _)| key.eq_ignore_ascii_case("id"))
        };
        let kept: Vec<&str> = query.split('&').filter(|pair| !is_token(pair)).collect();
        text = if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) };
    }
    if let Ok(copy) = text.parse() {
        *uri = copy;
    }
}
