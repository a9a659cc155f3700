//! New credentials for a connection that goes on: by `POST path/refresh`, or with a poll.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{HeaderValue, RETRY_AFTER};
use http::request::Parts;
use http::{Method, StatusCode};
use tokio::sync::OwnedSemaphorePermit;

use super::application::{Application, UserId};
use super::authentication::{Authentication, Current, Expiry};
use super::connections::{Live, Ticket};
use super::request::{charge_of, connection_token, detach};
use super::requester::Requester;
use super::response::{HttpResponse, ResponseFuture, method_not_allowed, with_type};
use crate::connection::budget::Charge;
use crate::server::authentication_refresh::AuthenticationRefresh;

/// Why a connection keeps the credentials that it has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refused {
    Disabled,
    NoToken,
    NotFound,
    /// The id of the connection is all that opens it, and no secret.
    TokenIsPublic,
    Unauthenticated,
    ByApplication,
    /// The application is being asked about as many others as may be.
    InProgress,
}

impl Refused {
    pub(super) fn response(self) -> HttpResponse {
        let (status, body) = match self {
            Self::Disabled => (StatusCode::NOT_FOUND, r#"{"error":"refresh_disabled"}"#),
            Self::NoToken => (StatusCode::BAD_REQUEST, r#"{"error":"missing_connection_token"}"#),
            Self::NotFound => (StatusCode::NOT_FOUND, r#"{"error":"connection_not_found"}"#),
            Self::TokenIsPublic => (StatusCode::BAD_REQUEST, r#"{"error":"unsupported_negotiate_version"}"#),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, r#"{"error":"invalid_token"}"#),
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

/// Answers a request for `path/refresh`.
pub(super) fn answer(app: &Arc<dyn Application>, requester: &Requester<'_>, parts: Parts) -> ResponseFuture {
    if parts.method != Method::POST {
        return ResponseFuture::now(method_not_allowed("POST"));
    }
    match Refresh::requested(app, requester, parts) {
        Ok(refresh) => ResponseFuture::later(async move {
            let expiry = refresh.expiry;
            match refresh.run().await {
                Ok(()) => lifetime(expiry),
                Err(refused) => refused.response(),
            }
        }),
        Err(refused) => ResponseFuture::now(refused.response()),
    }
}

fn lifetime(expiry: Option<Expiry>) -> HttpResponse {
    let body = match expiry {
        Some(expiry) => format!(r#"{{"tokenLifetimeSeconds":{}}}"#, expiry.seconds_left()),
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
    fn requested(
        app: &Arc<dyn Application>,
        requester: &Requester<'_>,
        parts: Parts,
    ) -> Result<Self, Refused> {
        if !app.options().enable_authentication_refresh {
            return Err(Refused::Disabled);
        }
        let token = connection_token(&parts).ok_or(Refused::NoToken)?;
        let connections = app.connections();
        // Whoever the client is now: if that has changed, the connection ends.
        let Ticket { claim, live } =
            connections.look_up(requester.endpoint, &token).ok_or(Refused::NotFound)?;
        let authentication = match live {
            Some(Live::Socket(connection)) => connection.authentication,
            Some(Live::Requests(connection)) => connection.authentication().cloned(),
            None => None,
        };
        let authentication = authentication.ok_or(Refused::NotFound)?;
        let place = authentication.place().ok_or(Refused::InProgress)?;
        let previous = authentication.current().ok_or(Refused::NotFound)?;
        if claim.is_public {
            return Err(Refused::TokenIsPublic);
        }
        let expiry = app.identity().expiry(&parts);
        let user_id = requester.user_id();
        let nobody = user_id.is_none() && expiry.is_none();
        if nobody || expiry.is_some_and(|expiry| expiry.left().is_zero()) {
            return Err(Refused::Unauthenticated);
        }
        drop(token);
        Ok(Self::new(app, authentication, previous, (user_id, parts, expiry), place))
    }

    /// What a poll, or a WebSocket in place of a lost one, asks for, if its credentials are newer than those of its
    /// connection. Without refreshes only their end counts.
    pub(super) fn by_later_request(
        app: &Arc<dyn Application>,
        authentication: Arc<Authentication>,
        user_id: UserId,
        parts: Parts,
    ) -> Option<Self> {
        let expiry = app.identity().expiry(&parts);
        if !app.options().enable_authentication_refresh {
            authentication.set_expiry(expiry);
            return None;
        }
        if !authentication.is_outlived_by(expiry) {
            return None;
        }
        // Where too many are asked about, it is served as the requests before: the next one asks again.
        let place = authentication.place()?;
        let previous = authentication.current()?;
        Some(Self::new(app, authentication, previous, (user_id, parts, expiry), place))
    }

    fn new(
        app: &Arc<dyn Application>,
        authentication: Arc<Authentication>,
        previous: Current,
        (user_id, parts, expiry): (UserId, Parts, Option<Expiry>),
        place: OwnedSemaphorePermit,
    ) -> Self {
        let head = charge_of(&parts, app.limits());
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
            user_id: user_id.clone(),
        };
        if !app.identity().accepts(refresh, app.limits().callback_timeout).await {
            return Err(Refused::ByApplication);
        }
        authentication.refresh(&previous, &user_id, (request, head), expiry);
        drop(place);
        Ok(())
    }

    /// [`run`](Self::run) for a poll: a connection that is refused cannot go on polling, unless it has got newer
    /// credentials meanwhile.
    pub(super) async fn run_or_end(self) -> Result<(), Refused> {
        let authentication = Arc::clone(&self.authentication);
        let (previous, expiry) = (Arc::clone(&self.previous.request), self.expiry);
        let refreshed = self.run().await;
        if refreshed.is_err() {
            if authentication.has_moved_on(&previous, expiry) {
                return Ok(());
            }
            authentication.revoke();
        }
        refreshed
    }
}
