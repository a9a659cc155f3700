//! The credentials that a call keeps, from its beginning to its end, whatever is refreshed meanwhile: ASP.NET Core gives
//! each call the `HubCallerContext` that counts when it begins.
//!
//! Here one context serves all calls of a connection, which ask it at any time. So the code of a call is polled with its
//! credentials at hand, also on a thread of its own. A task that a call has spawned is no part of it: it sees what counts
//! at the moment, like everything else that outlives calls.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::future::BoxFuture;
use http::request::Parts;

use crate::contract::dispatch::{Answer, Reply, Running};
use crate::endpoint::http::authentication::Authentication;

thread_local! {
    /// Those of the call whose code runs.
    static CURRENT: RefCell<Option<CallCredentials>> = const { RefCell::new(None) };
}

/// What counted when a call began.
#[derive(Clone)]
pub(super) struct CallCredentials {
    /// That of the connection which made the call.
    authentication: Arc<Authentication>,
    request: Arc<Parts>,
}

impl CallCredentials {
    /// Those that count now. None where nothing can change: such calls need to keep nothing.
    fn of(authentication: Option<&Arc<Authentication>>, opened_by: &Arc<Parts>) -> Option<Self> {
        let authentication = authentication?;
        let request = Self::request(Some(authentication), opened_by);
        Some(Self { authentication: Arc::clone(authentication), request })
    }

    /// The request whose credentials count for the code that asks: for a call, those with which it began; else those of
    /// the moment.
    pub(super) fn request(
        authentication: Option<&Arc<Authentication>>,
        opened_by: &Arc<Parts>,
    ) -> Arc<Parts> {
        let refreshed = authentication
            .and_then(|authentication| Self::request_of(authentication).or_else(|| authentication.request()));
        refreshed.unwrap_or_else(|| Arc::clone(opened_by))
    }

    /// Those of the call whose code runs, if it keeps any.
    fn current() -> Option<Self> {
        // None where a thread ends.
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
    }

    /// The request that the call which runs has kept, if it is one of the connection with this authentication.
    fn request_of(authentication: &Arc<Authentication>) -> Option<Arc<Parts>> {
        let of_this_one = |current: &RefCell<Option<Self>>| {
            let current = current.borrow();
            let current =
                current.as_ref().filter(|current| Arc::ptr_eq(&current.authentication, authentication));
            current.map(|current| Arc::clone(&current.request))
        };
        CURRENT.try_with(of_this_one).ok().flatten()
    }

    fn enter(&self) -> Outer {
        Outer(CURRENT.replace(Some(self.clone())))
    }
}

/// Runs a call, and the stream that it may return, with the credentials that count when it begins. Where nothing can
/// change it is left as it is.
pub(super) fn keep(
    authentication: Option<&Arc<Authentication>>,
    opened_by: &Arc<Parts>,
    running: Running,
) -> Running {
    let Some(authentication) = authentication.cloned() else { return running };
    let opened_by = Arc::clone(opened_by);
    Box::pin(async move {
        let credentials = CallCredentials::of(Some(&authentication), &opened_by);
        drop((authentication, opened_by));
        match (Within { credentials: credentials.clone(), code: Some(running) }).await.0 {
            Ok(Answer::Items(items)) => Reply::items(Box::pin(Within { credentials, code: Some(items) })),
            ended => Reply(ended),
        }
    })
}

/// Runs a callback with the credentials that count when it begins.
pub(super) async fn keep_in_callback<T>(
    authentication: Option<&Arc<Authentication>>,
    opened_by: &Arc<Parts>,
    callback: BoxFuture<'_, T>,
) -> T {
    Within { credentials: CallCredentials::of(authentication, opened_by), code: Some(callback) }.await
}

/// Code of the call that runs, with the credentials of that call wherever it is polled.
pub(super) fn take_along<F: Future + Unpin>(code: F) -> impl Future<Output = F::Output> {
    Within { credentials: CallCredentials::current(), code: Some(code) }
}

/// Puts back what was there before.
struct Outer(Option<CallCredentials>);

impl Drop for Outer {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Code that is polled and dropped with the credentials of its call, if that keeps any.
struct Within<F> {
    credentials: Option<CallCredentials>,
    /// None when it has been dropped.
    code: Option<F>,
}

impl<F: Future + Unpin> Future for Within<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _outer = self.credentials.as_ref().map(CallCredentials::enter);
        match &mut self.code {
            Some(code) => Pin::new(code).poll(cx),
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Within<F> {
    fn drop(&mut self) {
        let _outer = self.credentials.as_ref().map(CallCredentials::enter);
        drop(self.code.take());
    }
}
