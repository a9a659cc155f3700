//! Until when a connection's client is authenticated, and by which request: what can change while the connection lives.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use http::request::Parts;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::application::{Application, UserId};
use crate::connection::budget::Charge;
use crate::connection::ending::EndRequest;
use crate::connection::limit::Limit;
use crate::connection::waker_slot::WakerSlot;
use crate::server::connection::ConnectionId;

/// About how many new credentials of one connection the application is asked at once: a client shows one after the
/// other, and may not wait for the answer.
const ASKED_AT_ONCE: usize = 4;

/// The authentication of one connection. There is none where the options leave no use for it.
pub(crate) struct Authentication {
    state: Mutex<State>,
    /// Something has changed that may end the connection.
    changed: Notify,
    /// For those that the application is being asked about.
    places: Arc<Semaphore>,
}

struct State {
    user_id: UserId,
    /// None until the transport is open.
    current: Option<Current>,
    expiry: Option<Expiry>,
    /// The request of a refresh that counts now, beside the one that has opened the connection.
    head: Charge,
    /// It cannot go on: the client is somebody else, or was refused.
    revoked: bool,
    /// The application has not been told of the latest refresh.
    refreshed: bool,
    /// A call that tells it waits for its turn.
    telling: bool,
    /// Who tells it.
    task: WakerSlot,
}

/// What counts at the moment.
#[derive(Clone)]
pub(super) struct Current {
    pub(super) connection_id: ConnectionId,
    /// The request that has shown the credentials.
    pub(super) request: Arc<Parts>,
}

/// When credentials end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expiry {
    at: SystemTime,
    /// The same, by the clock that nobody can set. None if that is too far to count.
    deadline: Option<Instant>,
}

impl Expiry {
    pub(crate) fn new(at: SystemTime) -> Self {
        let left = at.duration_since(SystemTime::now()).unwrap_or_default();
        Self { at, deadline: Instant::now().checked_add(left) }
    }

    /// How long the credentials are still good.
    pub(super) fn left(self) -> Duration {
        self.at.duration_since(SystemTime::now()).unwrap_or_default()
    }

    /// The same in whole seconds, as clients read it: with 31 bits.
    pub(super) fn seconds_left(self) -> u64 {
        self.left().as_secs().min(i32::MAX.unsigned_abs().into())
    }
}

/// Whether credentials that end at `expiry` are good for longer than those that end at `other`.
fn outlives(expiry: Option<Expiry>, other: Option<Expiry>) -> bool {
    match (expiry, other) {
        (Some(expiry), Some(other)) => expiry.at > other.at,
        (None, Some(_)) => true,
        (_, None) => false,
    }
}

impl Authentication {
    /// That of a connection which `request` makes.
    pub(super) fn of(app: &dyn Application, request: &Parts, user_id: &UserId) -> Option<Arc<Self>> {
        let options = app.options();
        (options.close_on_authentication_expiration || options.enable_authentication_refresh).then(|| {
            let state = State {
                user_id: user_id.clone(),
                current: None,
                expiry: app.identity().expiry(request),
                head: Charge::default(),
                revoked: false,
                refreshed: false,
                telling: false,
                task: WakerSlot::default(),
            };
            Arc::new(Self {
                state: Mutex::new(state),
                changed: Notify::new(),
                places: Arc::new(Semaphore::new(ASKED_AT_ONCE)),
            })
        })
    }

    /// The transport is open.
    pub(crate) fn opened(&self, connection_id: &ConnectionId, request: &Arc<Parts>) {
        let (connection_id, request) = (connection_id.clone(), Arc::clone(request));
        self.lock().current = Some(Current { connection_id, request });
    }

    /// What counts at the moment. None until the transport is open.
    pub(super) fn current(&self) -> Option<Current> {
        self.lock().current.clone()
    }

    /// The request whose credentials count.
    pub(crate) fn request(&self) -> Option<Arc<Parts>> {
        self.lock().current.as_ref().map(|current| Arc::clone(&current.request))
    }

    /// A place among the credentials that the application is being asked about. None while there are too many.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok();
        if place.is_none() {
            Limit::Refreshes.hit();
        }
        place
    }

    /// Whether credentials are newer than those that count: they end later.
    pub(super) fn is_outlived_by(&self, expiry: Option<Expiry>) -> bool {
        outlives(expiry, self.lock().expiry)
    }

    /// Whether others have taken the place of the credentials of `previous`, which are good for longer than those that
    /// were to do so.
    pub(super) fn has_moved_on(&self, previous: &Arc<Parts>, expiry: Option<Expiry>) -> bool {
        self.lock().has_moved_on(previous, expiry)
    }

    /// The same credentials were shown again, or other ones of which only the end counts.
    pub(super) fn set_expiry(&self, expiry: Option<Expiry>) {
        self.lock().expiry = expiry;
        self.changed.notify_one();
    }

    /// Other credentials count from now on, in place of those of `previous`, unless better ones do already. The client
    /// must still be the same user.
    pub(super) fn refresh(
        &self,
        previous: &Arc<Parts>,
        user_id: &UserId,
        (request, head): (Arc<Parts>, Charge),
        expiry: Option<Expiry>,
    ) {
        let mut state = self.lock();
        let is_same_user = state.user_id == *user_id;
        if is_same_user && state.has_moved_on(previous, expiry) {
            return;
        }
        if let Some(current) = &mut state.current {
            current.request = request;
        }
        state.head = head;
        state.expiry = expiry;
        if is_same_user {
            state.refreshed = true;
            state.task.wake();
        } else {
            state.revoked = true;
        }
        drop(state);
        self.changed.notify_one();
    }

    /// The connection cannot go on.
    pub(super) fn revoke(&self) {
        self.lock().revoked = true;
        self.changed.notify_one();
    }

    /// Ready when a call is to be made that tells the application of a refresh. Until that has begun there is no other
    /// one: a client that refreshes all the time makes no queue.
    pub(crate) fn poll_refreshed(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        // Also when it is ready: the task may not ask again before the call is over.
        state.task.register(cx);
        if state.refreshed && !state.telling {
            state.telling = true;
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// The call has begun, which tells of everything so far.
    pub(crate) fn told(&self) {
        let mut state = self.lock();
        (state.refreshed, state.telling) = (false, false);
    }

    /// Waits until the connection must end for the sake of its authentication.
    pub(crate) async fn over(&self, close_on_expiration: bool) -> EndRequest {
        loop {
            let (revoked, expiry) = {
                let state = self.lock();
                (state.revoked, state.expiry)
            };
            if revoked {
                return EndRequest::AuthenticationRevoked;
            }
            let deadline = expiry.filter(|_| close_on_expiration).and_then(|expiry| expiry.deadline);
            let expired = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // A change that comes with the end of the old credentials is looked at first.
                biased;
                () = self.changed.notified() => {}
                () = expired => return EndRequest::AuthenticationExpired,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_moved_on(&self, previous: &Arc<Parts>, expiry: Option<Expiry>) -> bool {
        let still = self.current.as_ref().is_some_and(|current| Arc::ptr_eq(&current.request, previous));
        !still && outlives(self.expiry, expiry)
    }
}
