//! Opening a WebSocket, and what its end means.

use std::io;
use std::task::{Context, Poll};

use http::Method;
use tokio::time::timeout;

use super::cookies::Cookies;
use super::error::ConnectError;
use super::exchange::{Exchange, request};
use super::settings::Settings;
use super::token::TokenSource;
use super::url::HubUrl;
use crate::connection::duplex::{Duplex, End, Received};
use crate::connection::outbound::Outbound;
use crate::contract::value::HubProtocol;
use crate::transport::websocket::socket::Socket;
use crate::transport::websocket::stream::WebSocket;
use crate::transport::websocket::upgrade::{Opening, OpeningError};

/// Opens a WebSocket to the hub at `url`. `id` is what the negotiation gave out, if there was one.
pub(crate) async fn open(
    settings: &Settings,
    cookies: &Cookies,
    token: &TokenSource,
    url: &HubUrl,
    id: Option<&str>,
    format: HubProtocol,
) -> Result<Box<dyn Duplex>, ConnectError> {
    let target = url.connect(id).map_err(|error| ConnectError::Request(error.into()))?;
    let mut request = request(settings, cookies, token, Method::GET, url, target).await?;
    let opening = Opening::new();
    opening.ask(request.headers_mut());
    let stream = async {
        let exchange = Exchange::make(url, request).await?;
        opening.verify(&exchange.head)?;
        exchange.into_stream().await
    };
    let limit = settings.request_timeout;
    let (socket, early) = timeout(limit, stream).await.map_err(|_| ConnectError::RequestTimeout(limit))??;
    Ok(over(socket, &early, format, settings))
}

/// The transport that an open WebSocket is.
pub(crate) fn over(
    socket: Socket,
    early: &[u8],
    format: HubProtocol,
    settings: &Settings,
) -> Box<dyn Duplex> {
    let socket = WebSocket::client(socket, early, format);
    Box::new(ClientSocket(socket.limited(settings.fragments, settings.control_frames)))
}

impl From<OpeningError> for ConnectError {
    fn from(error: OpeningError) -> Self {
        match error {
            OpeningError::Status(status) => Self::WebSocketStatus(status),
            error => Self::WebSocket(error.into()),
        }
    }
}

/// A WebSocket whose end is an error unless the server says that all is well.
struct ClientSocket(WebSocket<Socket>);

impl Duplex for ClientSocket {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        receive: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<Received>> {
        let received = self.0.poll_receive(cx, receive);
        if let Poll::Ready(Ok(Received::End)) = received
            && let Some(close) = self.0.peer_close().filter(|close| !close.is_normal())
        {
            let text = format!("Websocket closed with error: {}.", close.status());
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, text)));
        }
        received
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, queue: &Outbound) -> Poll<io::Result<()>> {
        self.0.poll_send(cx, queue)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, end: End) -> Poll<io::Result<()>> {
        self.0.poll_close(cx, end)
    }
}
