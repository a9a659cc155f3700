//! What one method allows, beyond what holds for all of its hub.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::select;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::deadline::within;
use crate::connection::limit::Limit;
use crate::contract::dispatch::{Answer, Reply, Running};
use crate::contract::error::{HubError, HubErrorKind};

/// The options of single methods: see [`HubService::method_options`](super::HubService::method_options).
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
    /// which leaves [`maximum_receive_message_size`](super::HubOptions::maximum_receive_message_size).
    pub maximum_arguments_size: Option<usize>,
    /// Time from the turn of a call until it returns, with its filters and the wait for a place; for a method that
    /// streams, until it has opened its stream. The call is dropped then, at the point where it waits, and answered with
    /// an error. Default: none.
    pub timeout: Option<Duration>,
    /// How many calls of all clients of this node run at once. The others wait in the order in which they came. A stream
    /// counts until it ends. A call that waits for a place when its client leaves or cancels it does not start any more.
    /// Default: none.
    pub maximum_concurrency: Option<usize>,
    /// How many of these places the calls of one connection may have, or wait for. Its further calls wait in a line of
    /// their own, and hold up nobody else. Zero is taken for one, and more than there are places for all of them.
    /// Default: half of [`maximum_concurrency`](Self::maximum_concurrency), and at least one; none without it.
    pub maximum_concurrency_per_client: Option<usize>,
}

/// The options of the methods that have some.
#[derive(Clone, Default)]
pub(crate) struct MethodGuards(HashMap<&'static str, Arc<MethodGuard>>);

/// The options of one method, and the calls that run.
pub(crate) struct MethodGuard {
    options: MethodOptions,
    places: Option<Arc<Semaphore>>,
    /// Places for the calls of one connection.
    share: Option<usize>,
}

impl MethodGuards {
    /// Sets the options of a method.
    pub(crate) fn set(&mut self, method: &'static str, options: &MethodOptions) {
        let most = options.maximum_concurrency.map(|most| most.min(Semaphore::MAX_PERMITS));
        let share = options.maximum_concurrency_per_client.or(most.map(|most| most / 2));
        let guard = MethodGuard {
            options: options.clone(),
            places: most.map(|most| Arc::new(Semaphore::new(most))),
            share: share.map(|share| share.clamp(1, Semaphore::MAX_PERMITS)),
        };
        self.0.insert(method, Arc::new(guard));
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

    /// Runs a call in one of the places, if their number is limited.
    pub(crate) fn place(
        &self,
        lines: &mut ClientLines,
        method: &'static str,
        left: &CancellationToken,
        running: Running,
    ) -> Running {
        let line = self.share.map(|share| lines.of(method, share));
        if line.is_none() && self.places.is_none() {
            return running;
        }
        let (places, left) = (self.places.clone(), left.clone());
        Box::pin(async move {
            // Its own line first: no more calls of one client than its share wait among those of others.
            let waiting = async { (take(line).await, take(places).await) };
            let place = select! {
                biased;
                place = waiting => place,
                () = left.cancelled() => {
                    let text = "The client left while the call waited for its place.";
                    return Reply::error(HubError::with_kind(HubErrorKind::Closed, text));
                }
            };
            let reply = running.await;
            match reply.0 {
                Ok(Answer::Items(items)) => Reply::items(Box::pin(async move {
                    let ended = items.await;
                    drop(place);
                    ended
                })),
                _ => reply,
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

/// Where the calls of one connection wait for their share of the places, by method.
#[derive(Default)]
pub(crate) struct ClientLines(Option<Box<HashMap<&'static str, Arc<Semaphore>>>>);

impl ClientLines {
    fn of(&mut self, method: &'static str, share: usize) -> Arc<Semaphore> {
        let lines = self.0.get_or_insert_default();
        Arc::clone(lines.entry(method).or_insert_with(|| Arc::new(Semaphore::new(share))))
    }
}

/// A place among the calls that run; at once, if there is one. A call that is dropped while it waits is out of the line.
async fn take(places: Option<Arc<Semaphore>>) -> Option<OwnedSemaphorePermit> {
    let places = places?;
    if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
        return Some(place);
    }
    Limit::MethodCalls.hit();
    // It is never closed.
    places.acquire_owned().await.ok()
}
