//! The beginning of a connection: the two sides agree on a hub protocol.

use std::future::poll_fn;
use std::sync::Arc;

use tokio::time::timeout;

use super::Line;
use crate::connection::duplex::End;
use crate::connection::ended::Ended;
use crate::connection::ending::EndRequest;
use crate::connection::first_record::{NoRecord, first_record};
use crate::connection::limit::Limit;
use crate::connection::outbound::Outbound;
use crate::connection::shared::Shared;
use crate::contract::value::HubProtocol;
use crate::endpoint::connection_meter::ConnectionMeter;
use crate::endpoint::http::accepted::Accepted;
use crate::hub::Hub;
use crate::hub::connection::{Connection, GroupLimits};
use crate::hub::shared::HubShared;
use crate::protocol::framing::{Framing, RecordReader};
use crate::protocol::handshake::{HandshakeRefusal, HandshakeRequest, HandshakeResponse};

/// Shakes hands with a client. None for one that is refused, or goes: its transport is closed then.
pub(super) async fn shake_hands<H: Hub + 'static>(
    hub: &HubShared<H>,
    accepted: Accepted,
    meter: ConnectionMeter,
) -> Option<(Line, RecordReader, Arc<Connection>)> {
    let Accepted {
        id,
        user_id,
        request,
        transport,
        frame_header,
        kind,
        close_timeout,
        place,
        resume,
        authentication,
    } = accepted;
    let mut line = Line { transport, kind, close_timeout, meter, place };
    let options = &hub.options;
    let outbound = hub.endpoint.outbound(frame_header);
    let largest = options.maximum_receive_message_size.unwrap_or(usize::MAX);
    let mut reader = RecordReader::new(Some(largest.min(options.limits.handshake_size)));
    if options.supported_protocols.is_empty() {
        tracing::error!(hub = hub.core.name(), "there are no supported protocols");
        close(&mut line, &outbound, End::Fault).await;
        return None;
    }
    let agreed = match agree(hub, &mut line, &mut reader, &outbound).await {
        Ok(agreed) => Ok(agreed),
        Err(NoHandshake::Refused(refusal, reason)) => {
            tracing::debug!(hub = hub.core.name(), reason, "a handshake failed");
            Err(refusal_text(hub, &refusal))
        }
        Err(NoHandshake::Gone(ended)) => {
            line.meter.ended(&ended);
            hub.core.open.log_end("a handshake failed", &id, &ended);
            // There is nobody to answer.
            close(&mut line, &outbound, End::Normal).await;
            return None;
        }
    };
    let agreed = agreed.and_then(|agreed| {
        let user_id = user_id.map(|user_id| (agreed, user_id));
        user_id.map_err(|_| "An unexpected error occurred during connection handshake.".to_owned())
    });
    let (Agreed { format, resumes }, user_id) = match agreed {
        Ok(agreed) => agreed,
        Err(text) => {
            answer(&outbound, HubProtocol::Json, &HandshakeResponse { error: Some(text.into()) });
            close(&mut line, &outbound, End::Normal).await;
            return None;
        }
    };
    reader.switch(Framing::of(format), options.maximum_receive_message_size);
    answer(&outbound, format, &HandshakeResponse::SUCCESS);
    match resume {
        Some(seat) if resumes => {
            outbound.keep_for_replay(format, options.stateful_reconnect_buffer_size);
            seat.open();
        }
        Some(seat) => seat.switch_off(),
        None => {}
    }
    if let Some(permit) = &mut line.place.permit {
        permit.shaken();
    }
    if let Some(authentication) = &authentication {
        authentication.shaken();
    }
    let groups = GroupLimits {
        name_length: options.limits.group_name_length,
        groups: options.limits.groups_per_connection,
    };
    let shared = Arc::new(Shared::new(format, outbound));
    let mut connection = Connection::new(id, user_id, request, authentication, shared, line.kind, groups);
    connection.client_result_timeout = options.limits.client_result_timeout;
    Some((line, reader, Arc::new(connection)))
}

/// What a handshake has settled.
struct Agreed {
    format: HubProtocol,
    /// Whether the client knows how to come back.
    resumes: bool,
}

/// Why nothing was settled.
enum NoHandshake {
    /// The client is told why, and the log in other words: nothing that the client has sent stands there.
    Refused(HandshakeRefusal, &'static str),
    /// The client has gone before its request was complete.
    Gone(Ended),
}

/// Reads the handshake, in the time that it may take.
async fn agree<H: Hub + 'static>(
    hub: &HubShared<H>,
    line: &mut Line,
    reader: &mut RecordReader,
    outbound: &Outbound,
) -> Result<Agreed, NoHandshake> {
    let options = &hub.options;
    let read = read(line, reader, outbound, &options.supported_protocols);
    match hub.core.open.stopping.run_until_cancelled(timeout(options.handshake_timeout, read)).await {
        Some(Ok(agreed)) => agreed,
        Some(Err(_)) => {
            line.meter.timed_out();
            Limit::HandshakeTime.hit();
            Err(NoHandshake::Refused(HandshakeRefusal::Canceled, "it was not made in time"))
        }
        None => Err(NoHandshake::Refused(HandshakeRefusal::Canceled, EndRequest::Drain.reason())),
    }
}

async fn read(
    line: &mut Line,
    reader: &mut RecordReader,
    outbound: &Outbound,
    supported: &[HubProtocol],
) -> Result<Agreed, NoHandshake> {
    let carried = line.kind.transfer_formats();
    let read = first_record(&mut *line.transport, reader, outbound, |record| {
        let request = HandshakeRequest::read(record)?;
        let format = request.accept(supported, carried)?;
        Ok(Agreed { format, resumes: request.knows_stateful_reconnect() })
    });
    match read.await {
        Ok(Ok(agreed)) => Ok(agreed),
        Ok(Err(refusal)) => Err(refused(refusal)),
        Err(NoRecord::Unreadable(error)) => Err(refused(error.into())),
        Err(NoRecord::Gone(ended)) => Err(NoHandshake::Gone(ended)),
    }
}

/// A client whose request is not accepted.
fn refused(refusal: HandshakeRefusal) -> NoHandshake {
    let reason = match refusal {
        HandshakeRefusal::Canceled => {
            Limit::MessageSize.hit();
            "the request is too large"
        }
        HandshakeRefusal::Unreadable(_) => {
            Limit::MalformedMessage.hit();
            "the request cannot be read"
        }
        HandshakeRefusal::UnknownProtocol { .. } => "the protocol is not supported",
        HandshakeRefusal::UnknownVersion { .. } => "the version is not supported",
        HandshakeRefusal::TransferFormat { .. } => "the transport cannot carry the protocol",
    };
    NoHandshake::Refused(refusal, reason)
}

/// What a client reads of a handshake that failed.
fn refusal_text<H: Hub + 'static>(hub: &HubShared<H>, refusal: &HandshakeRefusal) -> String {
    match refusal {
        HandshakeRefusal::Unreadable(cause) => hub.with_detail(refusal.to_string(), &cause.to_hub_error()),
        _ => refusal.to_string(),
    }
}

fn answer(outbound: &Outbound, format: HubProtocol, response: &HandshakeResponse<'_>) {
    let mut record = Vec::new();
    response.write(&mut record);
    outbound.push_control(format, &record);
}

/// Ends a connection that has not become one, after what is queued has been written.
async fn close(line: &mut Line, outbound: &Outbound, end: End) {
    let closed = poll_fn(|cx| line.transport.poll_finish(cx, outbound, end));
    // A client that does not answer the close in time is left.
    let _ = timeout(line.close_timeout, closed).await;
}
