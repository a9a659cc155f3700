//! From the address of a hub to an open transport.

use std::fmt::Write as _;

use super::cookies::Cookies;
use super::error::ConnectError;
use super::negotiate::negotiate;
use super::session::Opened;
use super::settings::{Negotiate, Settings};
use super::url::HubUrl;
use super::websocket;
use crate::connection::frame::FrameHeader;
use crate::contract::value::HubProtocol;
use crate::transport::negotiate::{AvailableTransport, TransportKind};

/// Opens the first transport that the server offers and this client has.
pub(crate) async fn open(settings: &Settings) -> Result<Opened, ConnectError> {
    let url = HubUrl::parse(&settings.url)?;
    let format = settings.protocol;
    let mut cookies = Cookies::default();
    if settings.negotiate == Negotiate::Skip {
        let transport = websocket::open(settings, &cookies, &settings.token, &url, None, format).await?;
        return Ok(Opened { transport, frame_header: FrameHeader::None, format, id: None });
    }
    let negotiated = negotiate(settings, &mut cookies, url).await?;
    let connection = &negotiated.connection;
    let mut reasons = String::new();
    let mut tried = None;
    for offered in &connection.transports {
        let reason = if let Some(reason) = refusal(offered, format) {
            reason
        } else {
            let (token, url) = (&negotiated.token, &negotiated.url);
            let id = Some(connection.opens_with());
            match websocket::open(settings, &cookies, token, url, id, format).await {
                Ok(transport) => {
                    let id = Some(connection.id.clone());
                    return Ok(Opened { transport, frame_header: FrameHeader::None, format, id });
                }
                Err(error) => tried.insert(error).to_string(),
            }
        };
        tracing::debug!(transport = offered.kind.name(), reason, "a transport is not used");
        // Writing to a string does not fail.
        let _ = write!(reasons, " ({} failed: {reason})", offered.kind.name());
    }
    match tried {
        Some(error) => Err(ConnectError::Transports { reasons, source: Box::new(error) }),
        None => Err(ConnectError::NoTransport),
    }
}

/// Why a transport is not even tried.
fn refusal(offered: &AvailableTransport, format: HubProtocol) -> Option<String> {
    let format = format.transfer_format();
    if offered.kind != TransportKind::WebSockets {
        Some("The transport is not supported by the client.".to_owned())
    } else if offered.transfer_formats.contains(&format) {
        None
    } else {
        Some(format!("The transport does not support the '{}' transfer format.", format.name()))
    }
}
