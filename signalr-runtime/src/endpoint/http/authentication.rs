//! Until when a connection's client is authenticated, and by which request: what can change while the connection lives.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use http::request::Parts;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::options::HttpOptions;
use super::request::shows_same_credentials;
use crate::connection::budget::Charge;
use crate::connection::ending::EndRequest;
use crate::connection::limit::Limit;
use crate::connection::waker_slot::WakerSlot;
use crate::endpoint::connection_id::ConnectionId;
use crate::endpoint::identity::Identity;
use crate::endpoint::user_id::UserId;

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
    /// None until a transport is there.
    current: Option<Current>,
    expiry: Option<Expiry>,
    /// The request of a refresh that counts now, beside the one that has opened the connection.
    head: Charge,
    /// It cannot go on: the application has refused what its client shows now.
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
    /// What they say themselves. None if they have no end of their own.
    own: Option<SystemTime>,
    at: SystemTime,
    /// The same, by the clock that nobody can set. None if that is too far to count.
    deadline: Option<Instant>,
}

impl Expiry {
    /// The end of credentials that are shown now and may count for no longer than `longest`.
    fn new(own: Option<SystemTime>, longest: Option<Duration>) -> Option<Self> {
        let now = SystemTime::now();
        let cap = longest.and_then(|longest| now.checked_add(longest));
        let at = match (own, cap) {
            (Some(own), Some(cap)) => own.min(cap),
            (own, cap) => own.or(cap)?,
        };
        let left = at.duration_since(now).unwrap_or_default();
        Some(Self { own, at, deadline: Instant::now().checked_add(left) })
    }

    /// That of the credentials of a request.
    pub(super) fn of(identity: &Identity, options: &HttpOptions, request: &Parts) -> Option<Self> {
        Self::new(identity.expiry(request), options.maximum_authentication_expiration)
    }

    pub(super) fn at(self) -> SystemTime {
        self.at
    }

    /// How long the credentials are still good, in whole seconds, as clients read it: with 31 bits. None if they are good
    /// no more.
    pub(super) fn seconds_left(self) -> Option<u64> {
        let left = self.at.duration_since(SystemTime::now()).unwrap_or_default();
        (!left.is_zero()).then(|| left.as_secs().min(i32::MAX.unsigned_abs().into()))
    }
}

/// Whether credentials that end at `expiry` end before those that end at `other`. Those without an end have none that
/// others could come before (`HttpConnectionContext.UpdateUserAsync`).
fn is_earlier(expiry: Option<Expiry>, other: Option<Expiry>) -> bool {
    matches!((expiry, other), (Some(expiry), Some(other)) if expiry.at < other.at)
}

impl Authentication {
    /// That of a connection which `request` makes.
    pub(super) fn of(
        identity: &Identity,
        options: &HttpOptions,
        request: &Parts,
        user_id: &UserId,
    ) -> Option<Arc<Self>> {
        (options.close_on_authentication_expiration || options.enable_authentication_refresh).then(|| {
            let state = State {
                user_id: user_id.clone(),
                current: None,
                expiry: Expiry::of(identity, options, request),
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

    /// The connection begins, over the transport for which `request` has come.
    pub(super) fn begin(&self, connection_id: &ConnectionId, request: &Arc<Parts>) {
        let (connection_id, request) = (connection_id.clone(), Arc::clone(request));
        self.lock().current = Some(Current { connection_id, request });
    }

    /// The handshake is over. The application sees what was refreshed before from the beginning, and is not told of it.
    pub(crate) fn shaken(&self) {
        self.lock().refreshed = false;
    }

    /// Whether the user of the connection has this id. An empty one is none.
    pub(super) fn is_of(&self, user_id: &UserId) -> bool {
        let named = |user_id: &UserId| user_id.clone().filter(|id| !id.is_empty());
        named(&self.lock().user_id) == named(user_id)
    }

    /// What counts at the moment. None until a transport is there.
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

    /// Whether credentials end before those that count.
    pub(super) fn outlives(&self, expiry: Option<Expiry>) -> bool {
        is_earlier(expiry, self.lock().expiry)
    }

    /// Whether a later request shows other credentials than those that count: their own end is another one, or they are
    /// another token.
    pub(super) fn is_changed_by(&self, request: &Parts, expiry: Option<Expiry>) -> bool {
        let own = |expiry: Option<Expiry>| expiry.and_then(|expiry| expiry.own);
        let state = self.lock();
        let has_changed = |current: &Current| !shows_same_credentials(&current.request, request);
        own(expiry) != own(state.expiry) || state.current.as_ref().is_some_and(has_changed)
    }

    /// Whether others have taken the place of the credentials of `previous`.
    pub(super) fn has_moved_on(&self, previous: &Arc<Parts>) -> bool {
        self.lock().has_moved_on(previous)
    }

    /// The same credentials were shown again, or other ones of which only the end counts.
    pub(super) fn set_expiry(&self, expiry: Option<Expiry>) {
        let mut state = self.lock();
        let before = std::mem::replace(&mut state.expiry, expiry);
        drop(state);
        if before.map(Expiry::at) != expiry.map(Expiry::at) {
            self.changed.notify_one();
        }
    }

    /// Other credentials count from now on, in place of those of `previous`; unless others do so already, or these are not
    /// good for as long.
    pub(super) fn refresh(
        &self,
        previous: &Arc<Parts>,
        (request, head): (Arc<Parts>, Charge),
        expiry: Option<Expiry>,
    ) {
        let mut state = self.lock();
        if state.has_moved_on(previous) || is_earlier(expiry, state.expiry) {
            return;
        }
        if let Some(current) = &mut state.current {
            current.request = request;
        }
        state.head = head;
        state.expiry = expiry;
        state.refreshed = true;
        state.task.wake();
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
    fn has_moved_on(&self, previous: &Arc<Parts>) -> bool {
        !self.current.as_ref().is_some_and(|current| Arc::ptr_eq(&current.request, previous))
    }
}
