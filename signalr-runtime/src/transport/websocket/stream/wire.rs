//! Two ends of a byte stream in memory, for tungstenite on one side and for a [`WebSocket`](super::WebSocket)
//! on the other. Nothing runs by itself and nothing is woken: a test polls.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

#[derive(Clone)]
pub(super) struct Wire {
    incoming: Arc<Mutex<Pipe>>,
    outgoing: Arc<Mutex<Pipe>>,
}

pub(super) struct Pipe {
    pub(super) bytes: VecDeque<u8>,
    /// How much the pipe holds.
    pub(super) room: usize,
    /// How much one read gets.
    pub(super) per_read: usize,
    /// How often something was written.
    pub(super) writes: usize,
    pub(super) ended: bool,
    /// What reading from the pipe and writing to it fails with.
    pub(super) fault: Option<ErrorKind>,
}

impl Wire {
    pub(super) fn pair() -> (Self, Self) {
        let pipe = || {
            Arc::new(Mutex::new(Pipe {
                bytes: VecDeque::new(),
                room: usize::MAX,
                per_read: usize::MAX,
                writes: 0,
                ended: false,
                fault: None,
            }))
        };
        let (a, b) = (pipe(), pipe());
        (Self { incoming: a.clone(), outgoing: b.clone() }, Self { incoming: b, outgoing: a })
    }

    pub(super) fn incoming(&self) -> MutexGuard<'_, Pipe> {
        self.incoming.lock().unwrap()
    }

    pub(super) fn outgoing(&self) -> MutexGuard<'_, Pipe> {
        self.outgoing.lock().unwrap()
    }
}

impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut pipe = self.incoming();
        if let Some(fault) = pipe.fault {
            return Err(fault.into());
        }
        if pipe.bytes.is_empty() && !pipe.ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        let most = buf.len().min(pipe.per_read);
        pipe.bytes.read(&mut buf[..most])
    }
}

impl Write for Wire {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut pipe = self.outgoing();
        if let Some(fault) = pipe.fault {
            return Err(fault.into());
        }
        let free = pipe.room.saturating_sub(pipe.bytes.len());
        if free == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let before = pipe.bytes.len();
        pipe.bytes.extend(slices.iter().flat_map(|slice| slice.iter()).take(free));
        pipe.writes += 1;
        Ok(pipe.bytes.len() - before)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn poll(result: io::Result<usize>) -> Poll<io::Result<usize>> {
    match result {
        Err(fault) if fault.kind() == ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        poll(self.get_mut().read(buf.initialize_unfilled())).map_ok(|read| buf.advance(read))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        poll(self.get_mut().write(buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll(self.get_mut().write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing().ended = true;
        Poll::Ready(Ok(()))
    }
}
