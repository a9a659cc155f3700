//! A connection that is made of requests: what they have in common, whichever transport it is.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use super::admit;
use super::application::{Accepted, Application, Place, UserId};
use super::authentication::Authentication;
use super::connections::{Live, Ticket};
use super::inbox::Inbox;
use super::options::unless_zero;
use super::polls::Polls;
use super::refused::Refused;
use super::request::{charge_of, detach};
use super::requester::Requester;
use crate::connection::duplex::Duplex;
use crate::connection::frame::FrameHeader;
use crate::server::connection::ConnectionId;
use crate::transport::negotiate::TransportKind;

/// A connection over Server-Sent Events or long polling.
pub(super) struct RequestConnection {
    id: ConnectionId,
    inbox: Arc<Inbox>,
    authentication: Option<Arc<Authentication>>,
    carrier: Carrier,
}

/// What carries the other direction than POST requests do.
#[derive(Clone)]
pub(super) enum Carrier {
    Events,
    Polls(Arc<Polls>),
}

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
    let options = app.options();
    let (permit, authentication) = match live {
        Some(_) => (None, None),
        None if app.is_stopping() => return Err(Refused::ShuttingDown { retry_after: options.retry_after }),
        None => {
            let permit = admit::connect(&**app, request, &requester.user_id)?;
            // The user's code runs before the table is locked: others go on finding their connections.
            (Some(permit), Authentication::of(&**app, request, &requester.user_id))
        }
    };
    let entered = app.connections().enter(claim, |entry| {
        let inbox = Inbox::new(unless_zero(options.application_max_buffer_size))
            .with_room_to_wait(app.limits().queued_posts, app.limits().queued_post_bytes)
            .charged_to(app.limits().memory.clone());
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

impl RequestConnection {
    /// What can change about who its client is.
    pub(super) fn authentication(&self) -> Option<&Arc<Authentication>> {
        self.authentication.as_ref()
    }

    /// Where the client's POST requests write to.
    pub(super) fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// What it runs on.
    pub(super) fn carrier(&self) -> &Carrier {
        &self.carrier
    }

    /// Whether it runs on polls.
    pub(super) fn polls(&self) -> bool {
        matches!(self.carrier, Carrier::Polls(_))
    }

    /// Hands the connection to the application, over the transport for which `request` has come.
    pub(super) fn begin(
        &self,
        app: &Arc<dyn Application>,
        mut place: Place,
        (user_id, request): (UserId, Parts),
        transport: Box<dyn Duplex>,
        kind: TransportKind,
        close_timeout: Duration,
    ) {
        place.head = charge_of(&request, app.limits());
        let request = Arc::new(detach(request));
        if let Some(authentication) = &self.authentication {
            authentication.begin(&self.id, &request);
        }
        Arc::clone(app).accept(Accepted {
            id: self.id.clone(),
            user_id: Ok(user_id),
            request,
            transport,
            frame_header: FrameHeader::None,
            kind,
            close_timeout,
            place,
            resume: None,
            authentication: self.authentication.clone(),
        });
    }
}
