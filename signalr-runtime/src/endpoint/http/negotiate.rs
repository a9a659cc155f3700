//! Negotiation: hands out what a client needs to connect. Nothing is remembered.

use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;

use super::admit;
use super::application::Application;
use super::authentication::Expiry;
use super::refused::Refused;
use super::requester::Requester;
use super::response::{HttpResponse, with_type};
use crate::endpoint::connection_id::ConnectionId;
use crate::endpoint::query;
use crate::transport::negotiate::{
    ConnectionToken, NegotiateVersion, NegotiatedConnection, Negotiation, TransportKind,
};

pub(super) fn answer(
    app: &dyn Application,
    parts: &Parts,
    requester: &Requester<'_>,
) -> Result<HttpResponse, Refused> {
    let options = &app.endpoint().options;
    admit::unless_stopping(app)?;
    let connections = &app.endpoint().connections;
    admit::negotiate(app, parts)?;
    let version = query::parameter(&parts.uri, "negotiateVersion");
    let negotiation = match NegotiateVersion::choose(version.as_deref(), options.minimum_protocol_version) {
        Err(refused) => Negotiation::Refused { error: refused.to_string() },
        Ok(version) => {
            let tokens = connections.tokens.of(requester.endpoint);
            let identity = requester.identity();
            let asked =
                query::parameter(&parts.uri, "useStatefulReconnect").is_some_and(|asked| is_true(&asked));
            let stateful = asked && app.allows_resumes() && options.transports.web_sockets;
            let (id, token) = match version {
                NegotiateVersion::V0 => (tokens.seal_id(identity, stateful), None),
                NegotiateVersion::V1 => {
                    let id = ConnectionId::random(options.node_id);
                    let token = tokens.seal(&id, identity, stateful);
                    (id, Some(ConnectionToken(token)))
                }
            };
            let expiry = options
                .enable_authentication_refresh
                .then(|| Expiry::of(&app.endpoint().identity, options, parts))
                .flatten();
            let offered = TransportKind::ALL.into_iter().filter(|kind| options.transports.offers(*kind));
            Negotiation::Connection(NegotiatedConnection {
                id: id.into(),
                token,
                stateful_reconnect: stateful,
                transports: offered.map(Into::into).collect(),
                token_lifetime: expiry.and_then(Expiry::seconds_left),
            })
        }
    };
    Ok(with_type(StatusCode::OK, "application/json", Bytes::from(negotiation.write())))
}

/// Whether a text is what .NET takes for true.
fn is_true(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("true")
}
