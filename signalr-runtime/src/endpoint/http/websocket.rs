//! WebSockets: one request, which becomes the connection.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use hyper::upgrade::OnUpgrade;
use tokio::time::timeout;

use super::accepted::{Accepted, Place};
use super::admit;
use super::application::Application;
use super::authentication::Authentication;
use super::connections::{Live, SocketConnection, Ticket};
use super::refresh::Refresh;
use super::refused::Refused;
use super::request::{charge_of, detach};
use super::requester::Requester;
use super::response::{HttpResponse, ResponseBody, ResponseFuture};
use crate::connection::duplex::Duplex;
use crate::connection::frame::FrameHeader;
use crate::connection::limit::Limit;
use crate::endpoint::connection_id::ConnectionId;
use crate::endpoint::resume::resumable::Resumable;
use crate::endpoint::resume::seat::{ResumeRefused, Seat};
use crate::endpoint::user_id::UserId;
use crate::transport::negotiate::TransportKind;
use crate::transport::websocket::socket::from_upgraded;
use crate::transport::websocket::stream::WebSocket;
use crate::transport::websocket::upgrade;

/// Opens a WebSocket, which goes on in a task of its own.
pub(super) fn answer(
    app: &Arc<dyn Application>,
    requester: &Requester<'_>,
    mut parts: Parts,
) -> Result<ResponseFuture, Refused> {
    admit::unless_stopping(&**app)?;
    let connections = &app.endpoint().connections;
    let user_id = requester.user_id();
    // Without a token negotiation was skipped.
    let ticket = connections.ticket(&parts, requester)?;
    if !app.endpoint().options.transports.offers(TransportKind::WebSockets) {
        return Err(Refused::NotOffered(TransportKind::WebSockets));
    }
    let response = upgrade::accept(&parts).map_err(Refused::Upgrade)?;
    let response = response.map(|()| ResponseBody::from(Bytes::new()));
    let upgrade = parts.extensions.remove::<OnUpgrade>();
    // A token opens one connection: it is not used up before the request is found to be in order, and there
    // is a socket, and room.
    let admit = || admit::connect(&**app, &parts, &user_id);
    let is_known = ticket.as_ref().is_some_and(|ticket| ticket.live.is_some());
    let permit = if is_known { None } else { Some(admit()?) };
    // The user's code runs before the table is locked: others go on finding their connections.
    let authentication =
        Authentication::of(&app.endpoint().identity, &app.endpoint().options, &parts, &user_id);
    if !is_known && upgrade.is_none() {
        return Err(Refused::CannotUpgrade);
    }
    let (id, live, connection) = match ticket {
        None => (
            ConnectionId::random(app.endpoint().options.node_id),
            None,
            SocketConnection { seat: None, authentication },
        ),
        Some(Ticket { claim, .. }) => {
            let stateful = claim.stateful && app.allows_resumes();
            let entered = connections.enter(claim, |entry| {
                let attempts = app.endpoint().limits.resumes_per_minute;
                let seat = stateful.then(|| Seat::new(attempts));
                let connection = SocketConnection { seat, authentication };
                (Live::Socket(connection.clone()), (entry, connection))
            });
            match entered.ok_or(Refused::NoConnection)? {
                Ok((entry, connection)) => (entry.id().clone(), Some(entry), connection),
                Err(Live::Socket(connection)) => {
                    return come_back(app, connection, user_id, parts, upgrade, response);
                }
                Err(Live::Requests(_)) => return Err(Refused::OtherTransport),
            }
        }
    };
    let upgrade = upgrade.ok_or(Refused::CannotUpgrade)?;
    let permit = match permit {
        Some(permit) => permit,
        // The one that was known has ended meanwhile.
        None => admit()?,
    };
    let mut place = Place::new(live, Some(permit));
    place.head = charge_of(&parts, &app.endpoint().limits);
    let request = Arc::new(detach(parts));
    // Before the client has the response: it may refresh as soon as it has that.
    if let Some(authentication) = &connection.authentication {
        authentication.begin(&id, &request);
    }
    let opening = Opening { id, user_id, request, place, connection };
    tokio::spawn(opening.finish(Arc::clone(app), upgrade));
    Ok(ResponseFuture::now(response))
}

/// A connection whose WebSocket is about to open.
struct Opening {
    id: ConnectionId,
    user_id: UserId,
    request: Arc<Parts>,
    place: Place,
    connection: SocketConnection,
}

impl Opening {
    /// Hands the connection to the application when its WebSocket has opened.
    async fn finish(self, app: Arc<dyn Application>, upgrade: OnUpgrade) {
        let Some(socket) = upgraded(&*app, upgrade).await else { return };
        let Self { id, user_id, request, place, connection } = self;
        let SocketConnection { seat, authentication } = connection;
        let transport = match &seat {
            None => socket,
            Some(seat) => {
                let absentees = app.endpoint().connections.absentees.clone();
                let patience = app.endpoint().options.disconnect_timeout;
                Box::new(Resumable::new(socket, Arc::clone(seat), absentees, patience))
            }
        };
        // In a fresh task: what the upgrade has held would stay as long as the connection.
        let accepted = Accepted {
            id,
            user_id: Ok(user_id),
            request,
            transport,
            frame_header: FrameHeader::WebSocket,
            kind: TransportKind::WebSockets,
            close_timeout: app.endpoint().options.close_timeout,
            place,
            resume: seat,
            authentication,
        };
        app.accept(accepted);
    }
}

/// The WebSocket that an upgrade leads to. The client may go, or never take the response: nothing is left of it then.
async fn upgraded(app: &dyn Application, upgrade: OnUpgrade) -> Option<Box<dyn Duplex>> {
    let upgraded = timeout(app.endpoint().options.disconnect_timeout, upgrade).await.ok()?.ok()?;
    let (socket, early) = from_upgraded(upgraded);
    let limits = &app.endpoint().limits;
    Some(Box::new(WebSocket::server(socket, &early).limited(limits.fragments, limits.control_frames)))
}

/// A second WebSocket with the token of a connection that has one: the client has lost that, and brings a new one.
fn come_back(
    app: &Arc<dyn Application>,
    connection: SocketConnection,
    user_id: UserId,
    parts: Parts,
    upgrade: Option<OnUpgrade>,
    response: HttpResponse,
) -> Result<ResponseFuture, Refused> {
    let SocketConnection { seat, authentication } = connection;
    let seat = seat.ok_or(Refused::Taken)?;
    // Before it counts as an attempt.
    let upgrade = upgrade.ok_or(Refused::CannotUpgrade)?;
    seat.admit().map_err(|refused| match refused {
        ResumeRefused::NotResumable => Refused::Taken,
        ResumeRefused::Closing => Refused::Closing,
        ResumeRefused::TooOften(retry_after) => {
            Limit::Resumes.hit();
            Refused::TooOften { retry_after }
        }
    })?;
    let refresh = match authentication {
        Some(authentication) => Refresh::by_later_request(app, authentication, user_id, parts)?,
        None => None,
    };
    let app = Arc::clone(app);
    // From now on the client is there, however long the application looks at its credentials.
    let visit = refresh.is_some().then(|| seat.visit());
    let take_seat = move || {
        tokio::spawn(async move {
            if let Some(socket) = upgraded(&*app, upgrade).await {
                seat.hand_in(socket);
            }
            drop(visit);
        });
        response
    };
    Ok(match refresh {
        None => ResponseFuture::now(take_seat()),
        Some(refresh) => ResponseFuture::later(async move {
            match refresh.run_or_end().await {
                Ok(()) => take_seat(),
                Err(refused) => refused.response(),
            }
        }),
    })
}
