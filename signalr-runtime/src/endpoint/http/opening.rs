//! The beginning of a connection that is made of requests.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use super::accepted::{Accepted, Place};
use super::admit;
use super::application::Application;
use super::authentication::Authentication;
use super::connections::{Live, Ticket};
use super::inbox::Inbox;
use super::options::unless_zero;
use super::refused::Refused;
use super::request::{charge_of, detach};
use super::request_connection::{Carrier, RequestConnection};
use super::requester::Requester;
use crate::connection::duplex::Duplex;
use crate::connection::frame::FrameHeader;
use crate::endpoint::user_id::UserId;
use crate::transport::negotiate::TransportKind;

/// The connection that a request for a transport leads to.
pub(super) enum Opened {
    /// The request has made it, and begins it.
    New(Arc<RequestConnection>, Place),
    /// It was there before.
    Known(Arc<RequestConnection>),
}

/// Opens the connection of a token over `carrier`, unless it is open.
pub(super) fn open(
    app: &Arc<dyn Application>,
    ticket: Ticket,
    requester: &Requester<'_>,
    request: &Parts,
    carrier: Carrier,
) -> Result<Opened, Refused> {
    let Ticket { claim, live } = ticket;
    let options = &app.endpoint().options;
    let (permit, authentication) = if live.is_some() {
        (None, None)
    } else {
        admit::unless_stopping(&**app)?;
        let permit = admit::connect(&**app, request, &requester.user_id)?;
        // The user's code runs before the table is locked: others go on finding their connections.
        (Some(permit), Authentication::of(&app.endpoint().identity, options, request, &requester.user_id))
    };
    let entered = app.endpoint().connections.enter(claim, |entry| {
        let inbox = Inbox::new(unless_zero(options.application_max_buffer_size))
            .with_room_to_wait(app.endpoint().limits.queued_posts, app.endpoint().limits.queued_post_bytes)
            .charged_to(app.endpoint().limits.memory.clone());
        let (id, inbox) = (entry.id().clone(), Arc::new(inbox));
        let connection = Arc::new(RequestConnection { id, inbox, authentication, carrier });
        (Live::Requests(Arc::clone(&connection)), (connection, Place::new(Some(entry), permit)))
    });
    match entered.ok_or(Refused::NoConnection)? {
        Ok((connection, place)) => Ok(Opened::New(connection, place)),
        Err(Live::Requests(connection)) => Ok(Opened::Known(connection)),
        Err(Live::Socket(_)) => Err(Refused::OtherTransport),
    }
}

/// Hands the connection to the application, over the transport for which `request` has come.
pub(super) fn begin(
    connection: &RequestConnection,
    app: &Arc<dyn Application>,
    mut place: Place,
    (user_id, request): (UserId, Parts),
    transport: Box<dyn Duplex>,
    kind: TransportKind,
    close_timeout: Duration,
) {
    place.head = charge_of(&request, &app.endpoint().limits);
    let request = Arc::new(detach(request));
    if let Some(authentication) = &connection.authentication {
        authentication.begin(&connection.id, &request);
    }
    Arc::clone(app).accept(Accepted {
        id: connection.id.clone(),
        user_id: Ok(user_id),
        request,
        transport,
        frame_header: FrameHeader::None,
        kind,
        close_timeout,
        place,
        resume: None,
        authentication: connection.authentication.clone(),
    });
}
