//! What is read from a request, and what is kept of it.

use std::borrow::Cow;

use http::Uri;
use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;

use crate::connection::budget::{Charge, ChargeKind};
use crate::endpoint::access_token::{AccessToken, CONNECTION_TOKEN};
use crate::endpoint::limits::Limits;
use crate::endpoint::query;

/// The query parameter that is the connection token.
const TOKEN: &str = "id";

/// The connection token that a request brings. An empty one is none.
pub(super) fn connection_token(parts: &Parts) -> Option<Cow<'_, str>> {
    query::parameter(&parts.uri, TOKEN).filter(|token| !token.is_empty())
}

/// Takes the connection token out of the header for it, before the application sees the request. An empty one is none;
/// several are one text with commas, as in ASP.NET Core, and open nothing.
pub(super) fn take_connection_token(parts: &mut Parts) -> Option<String> {
    if !parts.headers.contains_key(CONNECTION_TOKEN) {
        return None;
    }
    let values = parts.headers.get_all(CONNECTION_TOKEN).iter();
    let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
    parts.headers.remove(CONNECTION_TOKEN);
    Some(values.join(",")).filter(|token| !token.is_empty())
}

/// Whether two requests show the same access token, wherever they have put it.
pub(super) fn shows_same_credentials(one: &Parts, other: &Parts) -> bool {
    let token = |parts: &Parts| parts.extensions.get::<AccessToken>().cloned();
    match (token(one), token(other)) {
        (None, None) => {
            one.headers.get_all(AUTHORIZATION).iter().eq(other.headers.get_all(AUTHORIZATION).iter())
        }
        (one, other) => one == other,
    }
}

/// Whether the client asks for Server-Sent Events: the media type must stand there as it is, neither as a wildcard nor
/// with parameters.
pub(super) fn accepts_events(parts: &Parts) -> bool {
    let values = parts.headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .any(|range| range.trim().eq_ignore_ascii_case("text/event-stream"))
}

/// How long the address and the headers of a request are, as it has come: a token that a layer has moved out of the query
/// is kept as well.
pub(super) fn head_length(parts: &Parts) -> usize {
    let headers = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    let uri = parts.uri.path_and_query().map_or(0, |uri| uri.as_str().len());
    let token = parts.extensions.get().map_or(0, |token: &AccessToken| token.expose().len());
    let authorization: usize = parts.headers.get_all(AUTHORIZATION).iter().map(HeaderValue::len).sum();
    headers.fold(uri, usize::saturating_add).saturating_add(token.saturating_sub(authorization))
}

/// The charge of a request that is kept. Each header has a place in a table beside its text.
pub(super) fn charge_of(parts: &Parts, limits: &Limits) -> Charge {
    const HEADER: usize = size_of::<HeaderName>() + size_of::<HeaderValue>() + 4 * size_of::<usize>();
    if limits.memory.is_none() {
        return Charge::default();
    }
    let table = parts.headers.len().saturating_mul(HEADER);
    let mut charge = Charge::new(limits.memory.clone(), ChargeKind::Requests);
    charge.set(size_of::<Parts>().saturating_add(table).saturating_add(head_length(parts)));
    charge
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
        text = format!("{path}{}", query::without(query, TOKEN, drop));
    }
    if let Ok(copy) = text.parse() {
        *uri = copy;
    }
}
