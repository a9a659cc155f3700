//! A [`WebSocket`] whose other end is tungstenite.

use std::io::{self, ErrorKind};
use std::task::{Context, Poll, Waker};

use tungstenite::{Error, Message};

use super::WebSocket;
use super::wire::Wire;
use crate::connection::duplex::{Duplex, End, Received};
use crate::connection::frame::Frame;
use crate::connection::frame::FrameHeader;
use crate::connection::outbound::{Outbound, QueueLimit};
use crate::connection::slow_consumer::Sender;
use crate::contract::value::HubProtocol;

/// Our end, its queue, and tungstenite at the other end.
pub(super) struct Line {
    pub(super) ours: WebSocket<Wire>,
    pub(super) queue: Outbound,
    pub(super) peer: tungstenite::WebSocket<Wire>,
}

impl Line {
    /// We are the server.
    pub(super) fn to_client() -> Self {
        let (a, b) = Wire::pair();
        Self {
            ours: WebSocket::server(a, &[]),
            queue: queue(FrameHeader::WebSocket),
            peer: tungstenite::WebSocket::from_raw_socket(b, tungstenite::protocol::Role::Client, None),
        }
    }

    /// We are the client.
    pub(super) fn to_server() -> Self {
        let (a, b) = Wire::pair();
        Self {
            ours: WebSocket::client(a, &[], HubProtocol::Json),
            queue: queue(FrameHeader::None),
            peer: tungstenite::WebSocket::from_raw_socket(b, tungstenite::protocol::Role::Server, None),
        }
    }

    pub(super) fn both() -> [Self; 2] {
        [Self::to_client(), Self::to_server()]
    }

    pub(super) fn receive(&mut self) -> (Vec<u8>, Poll<io::Result<Received>>) {
        receive(&mut self.ours)
    }

    /// Receives until nothing more comes.
    pub(super) fn receive_all(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let (data, received) = self.receive();
            all.extend(data);
            match received {
                Poll::Ready(Ok(Received::Some | Received::Interrupted)) => {}
                Poll::Ready(Ok(Received::End)) | Poll::Pending => return all,
                Poll::Ready(Err(fault)) => panic!("{fault}"),
            }
        }
    }

    pub(super) fn send(&mut self) -> Poll<io::Result<()>> {
        self.ours.poll_send(&mut context(), &self.queue)
    }

    pub(super) fn close(&mut self, end: End) -> Poll<io::Result<()>> {
        self.ours.poll_close(&mut context(), end)
    }

    pub(super) fn push(&self, text: &str) {
        self.queue.offer(&hub_frame(text), Sender::Own).expect("there is room");
    }

    /// What the peer reads until nothing more comes.
    pub(super) fn peer_reads(&mut self) -> Vec<Message> {
        std::iter::from_fn(|| match self.peer.read() {
            Ok(message) => Some(message),
            Err(Error::Io(fault)) if fault.kind() == ErrorKind::WouldBlock => None,
            Err(Error::ConnectionClosed) => None,
            Err(fault) => panic!("{fault}"),
        })
        .collect()
    }

    pub(super) fn is_pending(&mut self, end: End) -> bool {
        self.close(end).is_pending()
    }
}

pub(super) fn queue(frame_header: FrameHeader) -> Outbound {
    Outbound::new(frame_header, QueueLimit { bytes: 1 << 20, frames: 1024 })
}

pub(super) fn hub_frame(text: &str) -> Frame {
    Frame::new(HubProtocol::Json, |frame| frame.extend_from_slice(text.as_bytes()))
}

pub(super) fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

pub(super) fn receive(ours: &mut WebSocket<Wire>) -> (Vec<u8>, Poll<io::Result<Received>>) {
    let mut data = Vec::new();
    let received = ours.poll_receive(&mut context(), &mut |part| data.extend_from_slice(part));
    (data, received)
}

pub(super) fn done<T: std::fmt::Debug>(polled: Poll<io::Result<T>>) -> T {
    match polled {
        Poll::Ready(Ok(value)) => value,
        other => panic!("{other:?}"),
    }
}

pub(super) fn fault<T: std::fmt::Debug>(polled: Poll<io::Result<T>>) -> ErrorKind {
    match polled {
        Poll::Ready(Err(fault)) => fault.kind(),
        other => panic!("{other:?}"),
    }
}
