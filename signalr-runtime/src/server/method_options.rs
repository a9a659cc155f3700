//! What one method allows, beyond what holds for all of its hub.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

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
    /// How long a call may take until it returns; for a method that streams, until it has opened its stream. The call is
    /// dropped then, at the point where it waits, and answered with an error. Default: none.
    pub timeout: Option<Duration>,
    /// How many calls of all clients of this node run at once; the others wait in the order in which they came. A stream
    /// counts until it ends. Default: none.
    pub maximum_concurrency: Option<usize>,
}

/// The options of the methods that have some.
#[derive(Clone, Default)]
pub(crate) struct MethodGuards(HashMap<&'static str, Arc<MethodGuard>>);

/// The options of one method, and who runs it.
pub(crate) struct MethodGuard {
    options: MethodOptions,
    places: Option<Arc<Semaphore>>,
}

impl MethodGuards {
    /// Sets the options of a method.
    pub(crate) fn set(&mut self, method: &'static str, options: &MethodOptions) {
        let places = options
            .maximum_concurrency
            .map(|most| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))));
        self.0.insert(method, Arc::new(MethodGuard { options: options.clone(), places }));
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

    /// What runs in place of a call.
    pub(crate) fn around(self: Arc<Self>, running: Running) -> Running {
        Box::pin(async move {
            let place = match &self.places {
                Some(places) => place(places).await,
                None => None,
            };
            let reply = match self.options.timeout {
                Some(longest) => timeout(longest, running).await.unwrap_or_else(|_| {
                    Limit::MethodTime.hit();
                    Reply::error(HubError::with_kind(HubErrorKind::Hub, "The call took longer than it may."))
                }),
                None => running.await,
            };
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
}

/// A place among the calls that run; at once, if there is one.
async fn place(places: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    Limit::MethodCalls.hit();
    // It is never closed.
    Arc::clone(places).acquire_owned().await.ok()
}
