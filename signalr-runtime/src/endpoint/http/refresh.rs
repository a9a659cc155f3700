//! New credentials for a connection that goes on: by `POST path/refresh`, or with a poll or a WebSocket that comes later
//! (`HttpConnectionDispatcher.ProcessRefresh`).

use std::sync::Arc;

use bytes::Bytes;
use http::header::{HeaderValue, RETRY_AFTER};
use http::request::Parts;
use http::{Method, StatusCode};
use tokio::sync::OwnedSemaphorePermit;

use super::application::Application;
use super::authentication::{Authentication, Current, Expiry};
use super::connections::{Live, Ticket};
use super::refused;
use super::request::{charge_of, detach};
use super::requester::Requester;
use super::response::{HttpResponse, ResponseFuture, method_not_allowed, with_type};
use crate::connection::budget::Charge;
use crate::connection::limit::Limit;
use crate::endpoint::authentication_refresh::AuthenticationRefresh;
use crate::endpoint::user_id::UserId;

/// Why a connection keeps the credentials that it has. A refusal changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Disabled,
    NoToken,
    NotFound,
    /// The id of the connection is all that opens it, and no secret.
    TokenIsPublic,
    /// They are those of another identity than has negotiated, or of another user.
    UserChanged,
    ByApplication,
    /// The application is being asked about as many others as may be.
    InProgress,
}

impl Refused {
    pub(super) fn response(self) -> HttpResponse {
        tracing::debug!(reason = ?self, "a refresh was refused");
        if matches!(self, Self::NotFound | Self::UserChanged) {
            Limit::UnknownConnection.hit();
        }
        let (status, body) = match self {
            Self::Disabled => (StatusCode::NOT_FOUND, r#"{"error":"refresh_disabled"}"#),
            Self::NoToken => (StatusCode::BAD_REQUEST, r#"{"error":"missing_connection_token"}"#),
            Self::NotFound => (StatusCode::NOT_FOUND, r#"{"error":"connection_not_found"}"#),
            Self::TokenIsPublic => (StatusCode::BAD_REQUEST, r#"{"error":"unsupported_negotiate_version"}"#),
            Self::UserChanged => (StatusCode::FORBIDDEN, r#"{"error":"user_changed"}"#),
            Self::ByApplication => (StatusCode::FORBIDDEN, r#"{"error":"permission_change_rejected"}"#),
            Self::InProgress => {
                let body = Bytes::from_static(br#"{"error":"refresh_in_progress"}"#);
                let mut response = json(StatusCode::TOO_MANY_REQUESTS, body);
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
                return response;
            }
        };
        json(status, Bytes::from_static(body.as_bytes()))
    }
}

/// Answers a request for `path/refresh`, which brings `token` in its header.
pub(super) fn answer(
    app: &Arc<dyn Application>,
    requester: &Requester<'_>,
    token: Option<&str>,
    parts: Parts,
) -> ResponseFuture {
    if parts.method != Method::POST {
        return ResponseFuture::now(method_not_allowed("POST"));
    }
    let expiry = Expiry::of(&app.endpoint().identity, &app.endpoint().options, &parts);
    match Refresh::requested(app, requester, token, (parts, expiry)) {
        Ok(Some(refresh)) => ResponseFuture::later(async move {
            match refresh.run().await {
                Ok(()) => lifetime(expiry),
                Err(refused) => refused.response(),
            }
        }),
        Ok(None) => ResponseFuture::now(lifetime(expiry)),
        Err(refused) => ResponseFuture::now(refused.response()),
    }
}

/// The answer where the application fails to say who the client is.
pub(super) fn unknown_user() -> ResponseFuture {
    ResponseFuture::now(Refused::UserChanged.response())
}

fn lifetime(expiry: Option<Expiry>) -> HttpResponse {
    let body = match expiry.and_then(Expiry::seconds_left) {
        Some(seconds) => format!(r#"{{"tokenLifetimeSeconds":{seconds}}}"#),
        None => "{}".to_owned(),
    };
    json(StatusCode::OK, body.into())
}

fn json(status: StatusCode, body: Bytes) -> HttpResponse {
    with_type(status, "application/json", body)
}

/// Credentials that are to take the place of others.
pub(super) struct Refresh {
    app: Arc<dyn Application>,
    authentication: Arc<Authentication>,
    previous: Current,
    user_id: UserId,
    request: Arc<Parts>,
    expiry: Option<Expiry>,
    head: Charge,
    /// Its place among those of the connection that the application is asked about.
    place: OwnedSemaphorePermit,
}

impl Refresh {
    /// What a request for a refresh asks for. None where its credentials are good, and nothing changes by them.
    fn requested(
        app: &Arc<dyn Application>,
        requester: &Requester<'_>,
        token: Option<&str>,
        (parts, expiry): (Parts, Option<Expiry>),
    ) -> Result<Option<Self>, Refused> {
        if !app.endpoint().options.enable_authentication_refresh {
            return Err(Refused::Disabled);
        }
        let connections = &app.endpoint().connections;
        let ticket = connections
            .look_up(requester.endpoint, token.ok_or(Refused::NoToken)?)
            .ok_or(Refused::NotFound)?;
        if ticket.claim.is_public {
            return Err(Refused::TokenIsPublic);
        }
        if !connections.is_held_by(&ticket, requester) {
            return Err(Refused::UserChanged);
        }
        let Ticket { live, .. } = ticket;
        let authentication = match live {
            Some(Live::Socket(connection)) => connection.authentication,
            Some(Live::Requests(connection)) => connection.authentication().cloned(),
            None => None,
        };
        // Nothing is kept for a connection that has no transport yet: it begins with the credentials of that.
        let Some(authentication) = authentication else { return Ok(None) };
        if !authentication.is_of(&requester.user_id) {
            return Err(Refused::UserChanged);
        }
        let Some(previous) = authentication.current() else { return Ok(None) };
        if authentication.outlives(expiry) {
            return Ok(None);
        }
        let place = authentication.place().ok_or(Refused::InProgress)?;
        Ok(Some(Self::new(app, authentication, previous, (requester.user_id(), parts, expiry), place)))
    }

    /// What a poll, or a WebSocket in place of a lost one, asks for, if it shows other credentials than its connection has,
    /// and none that end before those. Without refreshes only their end counts.
    pub(super) fn by_later_request(
        app: &Arc<dyn Application>,
        authentication: Arc<Authentication>,
        user_id: UserId,
        parts: Parts,
    ) -> Result<Option<Self>, refused::Refused> {
        let expiry = Expiry::of(&app.endpoint().identity, &app.endpoint().options, &parts);
        if !app.endpoint().options.enable_authentication_refresh {
            authentication.set_expiry(expiry);
            return Ok(None);
        }
        if authentication.outlives(expiry) {
            return Ok(None);
        }
        if !authentication.is_changed_by(&parts, expiry) {
            // They may count for some time from now on.
            authentication.set_expiry(expiry);
            return Ok(None);
        }
        if !authentication.is_of(&user_id) {
            return Err(refused::Refused::OtherIdentity { polling: false });
        }
        // Where too many are asked about, it is served as the requests before: the next one asks again.
        let Some(place) = authentication.place() else { return Ok(None) };
        let Some(previous) = authentication.current() else { return Ok(None) };
        Ok(Some(Self::new(app, authentication, previous, (user_id, parts, expiry), place)))
    }

    fn new(
        app: &Arc<dyn Application>,
        authentication: Arc<Authentication>,
        previous: Current,
        (user_id, parts, expiry): (UserId, Parts, Option<Expiry>),
        place: OwnedSemaphorePermit,
    ) -> Self {
        let head = charge_of(&parts, &app.endpoint().limits);
        let (app, request) = (Arc::clone(app), Arc::new(detach(parts)));
        Self { app, authentication, previous, user_id, request, expiry, head, place }
    }

    /// Changes the credentials, if the application agrees.
    pub(super) async fn run(self) -> Result<(), Refused> {
        let Self { app, authentication, previous, user_id, request, expiry, head, place } = self;
        let Current { connection_id, request: previous } = previous;
        let refresh = AuthenticationRefresh {
            connection_id,
            previous: Arc::clone(&previous),
            request: Arc::clone(&request),
            user_id,
            expiration: expiry.map(Expiry::at),
        };
        if !app.endpoint().identity.accepts(refresh, app.endpoint().limits.callback_timeout).await {
            return Err(Refused::ByApplication);
        }
        authentication.refresh(&previous, (request, head), expiry);
        drop(place);
        Ok(())
    }

    /// [`run`](Self::run) for a poll or a WebSocket: a connection that is refused cannot go on, unless it has got other
    /// credentials meanwhile.
    pub(super) async fn run_or_end(self) -> Result<(), Refused> {
        let authentication = Arc::clone(&self.authentication);
        let previous = Arc::clone(&self.previous.request);
        let refreshed = self.run().await;
        if refreshed.is_err() {
            if authentication.has_moved_on(&previous) {
                return Ok(());
            }
            authentication.revoke();
        }
        refreshed
    }
}
