//! The first record of a connection, which is the peer's half of the handshake.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::task::Poll;

use super::duplex::{Duplex, Received};
use super::ended::Ended;
use super::outbound::Outbound;
use crate::protocol::ProtocolError;
use crate::protocol::framing::RecordReader;

/// Why there is no first record.
#[derive(Debug)]
pub(crate) enum NoRecord {
    /// What the peer has sent cannot be read.
    Unreadable(ProtocolError),
    /// The peer has gone before the record was complete.
    Gone(Ended),
}

/// Lets `read` have the first record, and writes meanwhile what `outbound` holds. What arrives behind the record
/// stays in `reader`.
pub(crate) async fn first_record<T>(
    transport: &mut dyn Duplex,
    reader: &mut RecordReader,
    outbound: &Outbound,
    mut read: impl FnMut(&[u8]) -> T,
) -> Result<T, NoRecord> {
    let mut first = None;
    poll_fn(|cx| {
        loop {
            let received = transport.poll_receive(cx, &mut |bytes| match first {
                None => match reader.push(bytes, |record| ControlFlow::Break(read(record))) {
                    Ok(ControlFlow::Continue(())) => {}
                    Ok(ControlFlow::Break(read)) => first = Some(Ok(read)),
                    Err(error) => first = Some(Err(NoRecord::Unreadable(error))),
                },
                Some(_) => reader.keep(bytes),
            });
            if let Some(first) = first.take() {
                return Poll::Ready(first);
            }
            let gone = match received {
                Poll::Ready(Ok(Received::Some | Received::Interrupted)) => continue,
                Poll::Ready(Ok(Received::End)) => Ended::Left,
                Poll::Ready(Err(error)) => Ended::of_transport(error),
                Poll::Pending => {
                    // A transport that cannot write cannot be read for long either.
                    let _ = transport.poll_send(cx, outbound);
                    return Poll::Pending;
                }
            };
            return Poll::Ready(Err(NoRecord::Gone(gone)));
        }
    })
    .await
}
