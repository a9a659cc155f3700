//! A transport within one process, for tests without a socket: no I/O, no time, no task of its own.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use crate::connection::duplex::{Duplex, End, Received};
use crate::connection::outbound::Outbound;
use crate::connection::pieces::Piece;
use crate::connection::waker_slot::WakerSlot;

/// Two ends that are connected with each other. Each direction holds `capacity` bytes; whoever sends more waits
/// until the other end has received. Their queues are to hold bare frames.
pub(crate) fn pair(capacity: usize) -> (Memory, Memory) {
    let there = Arc::new(Pipe::new(capacity));
    let back = Arc::new(Pipe::new(capacity));
    (Memory::new(back.clone(), there.clone()), Memory::new(there, back))
}

/// One end. Dropped before it was closed in good order, it leaves the other end with a lost connection.
pub(crate) struct Memory {
    incoming: Arc<Pipe>,
    outgoing: Arc<Pipe>,
    /// What was taken from the queue and has found no room yet.
    batch: VecDeque<Piece>,
    /// How much of the first piece has gone out.
    sent: usize,
    /// Whether bytes have gone out since that was last told.
    has_moved: bool,
}

/// The line between two ends, to be cut from outside.
#[derive(Clone)]
pub(crate) struct Line {
    pipes: [Arc<Pipe>; 2],
}

impl Line {
    /// Both ends lose the connection, and what is on its way is lost with it.
    pub(crate) fn cut(&self) {
        for pipe in &self.pipes {
            let mut state = pipe.lock();
            state.bytes.clear();
            state.end(Ending::Lost);
        }
    }
}

/// One direction.
struct Pipe {
    capacity: usize,
    state: Mutex<State>,
}

struct State {
    bytes: Vec<u8>,
    ending: Ending,
    reader: WakerSlot,
    writer: WakerSlot,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Open,
    /// The writer has ended it in good order.
    Ended,
    /// One end is gone, or the line was cut.
    Lost,
}

impl Pipe {
    fn new(capacity: usize) -> Self {
        let state = State {
            bytes: Vec::new(),
            ending: Ending::Open,
            reader: WakerSlot::default(),
            writer: WakerSlot::default(),
        };
        Self { capacity, state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that is there; nothing at the end.
    fn poll_read(&self, cx: &mut Context<'_>) -> Poll<io::Result<Vec<u8>>> {
        let mut state = self.lock();
        if !state.bytes.is_empty() {
            state.writer.wake();
            return Poll::Ready(Ok(std::mem::take(&mut state.bytes)));
        }
        match state.ending {
            Ending::Open => {
                state.reader.register(cx);
                Poll::Pending
            }
            Ending::Ended => Poll::Ready(Ok(Vec::new())),
            Ending::Lost => Poll::Ready(Err(lost(ErrorKind::UnexpectedEof))),
        }
    }

    /// Takes as much of `bytes` as there is room for.
    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.lock();
        if state.ending != Ending::Open {
            return Poll::Ready(Err(lost(ErrorKind::BrokenPipe)));
        }
        let room = self.capacity.saturating_sub(state.bytes.len());
        if room == 0 {
            state.writer.register(cx);
            return Poll::Pending;
        }
        let fits = bytes.get(..room).unwrap_or(bytes);
        state.bytes.extend_from_slice(fits);
        state.reader.wake();
        Poll::Ready(Ok(fits.len()))
    }
}

impl State {
    /// The first ending stays.
    fn end(&mut self, ending: Ending) {
        if self.ending == Ending::Open {
            self.ending = ending;
        }
        self.reader.wake();
        self.writer.wake();
    }
}

impl Memory {
    fn new(incoming: Arc<Pipe>, outgoing: Arc<Pipe>) -> Self {
        Self { incoming, outgoing, batch: VecDeque::new(), sent: 0, has_moved: false }
    }

    /// The line to the other end.
    pub(crate) fn line(&self) -> Line {
        Line { pipes: [self.incoming.clone(), self.outgoing.clone()] }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(piece) = self.batch.front() {
            match piece.as_ref().get(self.sent..) {
                None | Some([]) => {
                    self.batch.pop_front();
                    self.sent = 0;
                }
                Some(rest) => {
                    self.sent += ready!(self.outgoing.poll_write(cx, rest))?;
                    self.has_moved = true;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Duplex for Memory {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        receive: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<Received>> {
        let bytes = ready!(self.incoming.poll_read(cx))?;
        if bytes.is_empty() {
            return Poll::Ready(Ok(Received::End));
        }
        receive(&bytes);
        Poll::Ready(Ok(Received::Some))
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, queue: &Outbound) -> Poll<io::Result<()>> {
        // The queue's limit holds only if nothing is taken while a batch is stuck.
        let mut sent = self.poll_write(cx);
        if matches!(sent, Poll::Ready(Ok(()))) {
            queue.take(&mut self.batch);
            sent = self.poll_write(cx);
        }
        if std::mem::take(&mut self.has_moved) && sent.is_pending() {
            queue.wrote_part();
        }
        sent
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, _: End) -> Poll<io::Result<()>> {
        if self.outgoing.lock().ending == Ending::Open {
            ready!(self.poll_write(cx))?;
            self.outgoing.lock().end(Ending::Ended);
        }
        while !ready!(self.incoming.poll_read(cx))?.is_empty() {}
        Poll::Ready(Ok(()))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.outgoing.lock().end(Ending::Lost);
        self.incoming.lock().end(Ending::Lost);
    }
}

fn lost(kind: ErrorKind) -> io::Error {
    io::Error::new(kind, "the connection was lost")
}

#[cfg(test)]
mod tests;
