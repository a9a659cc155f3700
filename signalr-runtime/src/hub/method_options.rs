//! What one method allows, beyond what holds for all of its hub.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::select;
use tokio_util::sync::CancellationToken;

use super::blocking::{GateKeeper, on_a_thread};
use super::call_slots::{CallSlot, CallSlots, ClientQueue, ClientQueues};
use crate::connection::limit::Limit;
use crate::contract::dispatch::{Answer, Call, Reply, Running};
use crate::contract::error::{HubError, HubErrorKind};
use crate::endpoint::deadline::within;

/// The options of single methods: see [`HubService::method_options`](crate::server::HubService::method_options).
///
/// # Methods that block
///
/// Code that reads files, asks `SQLite` or computes for long holds its thread, and other clients wait. With `blocking`, a
/// method runs on a thread of tokio's blocking pool instead, and so does the stream that it returns:
///
/// ```
/// # use std::path::PathBuf;
/// # use signalr_runtime::{HubResult, ResultExt, hub};
/// # use signalr_runtime::server::{Hub, HubService, MethodOptions};
/// #[hub]
/// pub trait Archive {
///     /// Reads a file, with the standard library.
///     async fn page(&self, number: u32) -> HubResult<String>;
///     /// Computes for as long as it takes.
///     async fn digits_of_pi(&self, count: usize) -> HubResult<String>;
/// }
///
/// struct Shelf {
///     folder: PathBuf,
/// }
///
/// impl Hub for Shelf {
///     type Contract = ArchiveContract;
/// }
///
/// impl Archive for Shelf {
///     async fn page(&self, number: u32) -> HubResult<String> {
///         std::fs::read_to_string(self.folder.join(format!("{number}.txt"))).internal()
///     }
///
///     async fn digits_of_pi(&self, count: usize) -> HubResult<String> {
///         Ok(compute_pi(count))
///     }
/// }
///
/// # fn compute_pi(_: usize) -> String { "3.14".to_owned() }
/// # fn service() -> HubService<Shelf> {
/// let blocking = MethodOptions { blocking: true, ..MethodOptions::default() };
/// HubService::<Shelf>::new(|_| Shelf { folder: "pages".into() })
///     .method_options(&[ArchiveContract::PAGE, ArchiveContract::DIGITS_OF_PI], &blocking)
/// # }
/// ```
///
/// - A hub has [`Limits::blocking_threads`](crate::server::Limits::blocking_threads) of these threads, 64 by default, and one client
///   half of them. Calls that wait for one wait as those for a slot of
///   [`maximum_concurrency`](Self::maximum_concurrency) do. Leave tokio's pool some more (`max_blocking_threads`, 512 by
///   default): it is others' too.
/// - A thread cannot be stopped. A call that is cancelled, or takes longer than its [`timeout`](Self::timeout), is answered
///   at once, and its code stops where it waits next. Until its thread ends, it keeps its slot and its turn: the client's
///   next call in order waits. A call that has a thread begins, even if it is cancelled before that.
/// - Arguments, rules, filters and callbacks are not moved: they run where those of other methods do.
/// - A thread outlives its client, [`call_linger`](crate::server::Limits::call_linger) and a
///   [drain](crate::server::HubHandle::drain) that has to cut it short; the runtime waits for it when it is dropped, unless it is
///   told not to (`Runtime::shutdown_timeout`).
/// - A paused clock of tokio's does not advance by itself while a thread runs.
///
/// # An example
///
/// ```
/// use signalr_runtime::server::MethodOptions;
/// use std::time::Duration;
///
/// let search = MethodOptions {
///     timeout: Some(Duration::from_secs(2)),
///     maximum_concurrency: Some(8),
///     ..MethodOptions::default()
/// };
/// ```
#[derive(Clone, Debug, Default)]
pub struct MethodOptions {
    /// The largest list of arguments, in bytes on the wire. A call with more is answered with an error. Default: none,
    /// which leaves [`maximum_receive_message_size`](crate::server::HubOptions::maximum_receive_message_size).
    pub maximum_arguments_size: Option<usize>,
    /// Time from the turn of a call until it returns, with its filters and the wait for a slot; for a method that
    /// streams, until it has returned its stream. The call is dropped then, at the point where it waits, and answered with
    /// an error. Default: none.
    pub timeout: Option<Duration>,
    /// How many calls of all clients of this node run at once. The others wait in the order in which they came. A stream
    /// counts until it ends. A call that waits for a slot when its client leaves or cancels it does not start any more.
    /// Default: none.
    pub maximum_concurrency: Option<usize>,
    /// How many of these slots the calls of one connection may have, or wait for. Its further calls wait in a queue of
    /// their own, and hold up nobody else. Zero is taken for one, and more than there are slots for all of them.
    /// Default: half of [`maximum_concurrency`](Self::maximum_concurrency), and at least one; none without it.
    pub maximum_concurrency_per_client: Option<usize>,
    /// Whether calls run on threads of their own. Default: no. See [above](Self#methods-that-block).
    pub blocking: bool,
}

/// The options of the methods that have some.
#[derive(Clone, Default)]
pub(crate) struct MethodGuards(HashMap<&'static str, Arc<MethodGuard>>);

/// The options of one method, and the slots of its calls.
pub(crate) struct MethodGuard {
    options: MethodOptions,
    slots: Option<Arc<CallSlots>>,
}

impl MethodGuards {
    /// Sets the options of a method.
    pub(crate) fn set(&mut self, method: &'static str, options: &MethodOptions) {
        let MethodOptions { maximum_concurrency: total, maximum_concurrency_per_client: per_client, .. } =
            *options;
        let slots = match (total, per_client) {
            (Some(total), None) => Some(CallSlots::new(total, Limit::MethodCalls)),
            (Some(total), Some(per_client)) => {
                Some(CallSlots::new(total, Limit::MethodCalls).with_per_client(per_client))
            }
            (None, Some(per_client)) => Some(CallSlots::for_each_client(per_client, Limit::MethodCalls)),
            (None, None) => None,
        };
        let slots = slots.map(Arc::new);
        self.0.insert(method, Arc::new(MethodGuard { options: options.clone(), slots }));
    }

    /// The options of a method, if it has some.
    pub(crate) fn of(&self, method: &str) -> Option<&Arc<MethodGuard>> {
        // Most hubs have none: nothing is hashed then.
        if self.0.is_empty() { None } else { self.0.get(method) }
    }
}

impl MethodGuard {
    /// Whether arguments of this size are looked at.
    pub(crate) fn takes(&self, arguments: usize) -> bool {
        let takes = self.options.maximum_arguments_size.is_none_or(|most| arguments <= most);
        if !takes {
            Limit::MethodArguments.hit();
        }
        takes
    }

    /// Guards the results of a call that is about to be bound, if a thread is to send them.
    pub(crate) fn gate(&self, call: &mut Call<'_>) -> Option<GateKeeper> {
        self.options.blocking.then(|| GateKeeper::of(call))
    }

    /// Runs a call where it is to run: in one of the method's slots, and on one of `threads` if it blocks.
    pub(crate) fn place(
        &self,
        queues: &mut ClientQueues,
        threads: &Arc<CallSlots>,
        left: &CancellationToken,
        running: Running,
        gate: Option<GateKeeper>,
    ) -> Running {
        let blocking = self.options.blocking;
        let slot = self.slots.as_ref().map(|slots| queues.queue(slots));
        let thread = blocking.then(|| queues.queue(threads));
        if slot.is_none() && thread.is_none() {
            return running;
        }
        let left = left.clone();
        Box::pin(async move {
            let waiting = async { (wait_in(slot).await, wait_in(thread).await) };
            let slots = select! {
                biased;
                slots = waiting => slots,
                () = left.cancelled() => {
                    let text = "The client left while the call waited for its place.";
                    return Reply::error(HubError::with_kind(HubErrorKind::Closed, text));
                }
            };
            if blocking {
                held_by(on_a_thread(running, slots).await, gate)
            } else {
                held_by(running.await, slots)
            }
        })
    }

    /// Runs a call, whatever it waits for, for as long as it may.
    pub(crate) fn timed(&self, running: Running) -> Running {
        let Some(longest) = self.options.timeout else { return running };
        Box::pin(async move {
            within(Some(longest), Limit::MethodTime, running).await.unwrap_or_else(|| {
                Reply::error(HubError::with_kind(HubErrorKind::Hub, "The call took longer than it may."))
            })
        })
    }
}

async fn wait_in(queue: Option<Arc<ClientQueue>>) -> Option<CallSlot> {
    Some(queue?.slot().await)
}

/// Holds something until the call has ended that was answered like this: with the last of its items, if it streams them.
fn held_by(reply: Reply, held: impl Send + 'static) -> Reply {
    match reply.0 {
        Ok(Answer::Items(items)) => Reply::items(Box::pin(async move {
            let reply = items.await;
            drop(held);
            reply
        })),
        ended => Reply(ended),
    }
}
