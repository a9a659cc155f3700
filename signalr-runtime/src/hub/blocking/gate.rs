//! Lets the items of a thread through until their call is answered: a client reads none after the end of its stream.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use crate::contract::dispatch::{Call, ResultSink, SendItems};
use crate::contract::error::{HubError, HubErrorKind};
use crate::contract::value::Encoded;

/// Dropped with the call, it closes the gate.
pub(crate) struct GateKeeper(Arc<Gate>);

/// Whether it is open. Items are queued under the lock: none is on its way when it has been closed.
struct Gate(Mutex<bool>);

struct Gated {
    sink: ResultSink,
    gate: Arc<Gate>,
}

impl Gate {
    fn is_open(&self) -> MutexGuard<'_, bool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GateKeeper {
    /// Puts a gate before the results of a call.
    pub(crate) fn of(call: &mut Call<'_>) -> Self {
        let gate = Arc::new(Gate(Mutex::new(true)));
        call.replace_results(|sink| ResultSink(Box::new(Gated { sink, gate: Arc::clone(&gate) })));
        Self(gate)
    }
}

impl Drop for GateKeeper {
    fn drop(&mut self) {
        *self.0.is_open() = false;
    }
}

impl SendItems for Gated {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), HubError>> {
        if !*self.gate.is_open() {
            let text = "The stream was cancelled.";
            return Poll::Ready(Err(HubError::with_kind(HubErrorKind::Canceled, text)));
        }
        self.sink.0.poll_ready(cx)
    }

    fn send(&mut self, item: Encoded) {
        let open = self.gate.is_open();
        if *open {
            self.sink.0.send(item);
        }
        drop(open);
    }
}
