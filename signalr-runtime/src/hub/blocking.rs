//! Calls that run on a thread of their own, because their code blocks it.
//!
//! A thread cannot be stopped: it sees that nobody waits for its call any more when the code waits for something. Until
//! then it holds what the call held, also when that has been answered.

mod gate;

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tracing::instrument::WithSubscriber;
use tracing::{Instrument, Span};

pub(crate) use self::gate::GateKeeper;
use super::call_credentials::take_along;
use crate::connection::panics::Panicked;
use crate::connection::scope::{self, Owner, Scope};
use crate::connection::slice;
use crate::connection::thread;
use crate::contract::dispatch::{Answer, Reply, Running};
use crate::contract::error::{HubError, HubErrorKind};

/// A reply, or the panic that came in its place.
type Outcome = Result<Reply, Box<dyn Any + Send>>;

/// Runs a call on a thread, which holds `held` until it ends. Dropped, it lets the thread know.
///
/// A method that streams stays on its thread: that one waits until the items are asked for, and sends them.
pub(crate) async fn on_a_thread(running: Running, held: impl Send + 'static) -> Reply {
    let (on_thread, end) = thread::pair();
    let (answer, answered) = oneshot::channel();
    let (opens, opened) = oneshot::channel();
    let (asks, asked) = oneshot::channel();
    let call = async move {
        match running.await.0 {
            Ok(Answer::Items(items)) => stream(items, opens).await,
            ended => Reply(ended),
        }
    };
    // Panics are the caller's, which knows whose call it is.
    let call = take_along(Box::pin(call));
    let call = Box::pin(call.instrument(Span::current()).with_current_subscriber());
    let (runtime, place) = (Handle::current(), (scope::owner(), scope::current()));
    spawn_blocking(move || run(&runtime, place, call, answer, asks, (held, on_thread)));
    scope::move_to_thread(end);
    let (mut call, mut opened) = (CallOnThread { answered, asked: Some(asked) }, Some(opened));
    let first = poll_fn(|cx| match told(&mut opened, cx) {
        Some(go) => Poll::Ready(First::Opened(go)),
        None => call.poll(cx).map(First::Ended),
    });
    match first.await {
        First::Ended(reply) => reply,
        First::Opened(go) => Reply::items(Box::pin(async move {
            // The thread has gone if the runtime shuts down: then the call ends with that.
            let _ = go.send(());
            poll_fn(|cx| call.poll(cx)).await
        })),
    }
}

/// Sends the items of a stream when they are asked for: filters run before that.
async fn stream(items: Running, opens: oneshot::Sender<oneshot::Sender<()>>) -> Reply {
    let (go, asked_for) = oneshot::channel();
    // Whoever has given the call up takes neither.
    let _ = opens.send(go);
    match asked_for.await {
        Ok(()) => items.await,
        Err(_) => Reply::nothing(),
    }
}

/// What comes first of a call on a thread.
enum First {
    Ended(Reply),
    /// The method has returned its stream, whose items begin when they are asked for by this.
    Opened(oneshot::Sender<()>),
}

/// A call on its thread, as its connection sees it.
struct CallOnThread {
    answered: oneshot::Receiver<Outcome>,
    /// None when it has been told, or cannot be told any more.
    asked: Option<oneshot::Receiver<()>>,
}

impl CallOnThread {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Reply> {
        if let Poll::Ready(outcome) = Pin::new(&mut self.answered).poll(cx) {
            return Poll::Ready(reply(outcome));
        }
        // The call waits for its client, and lets the next one start.
        if told(&mut self.asked, cx).is_some() {
            scope::ask();
        }
        Poll::Pending
    }
}

/// What has been told, once.
fn told<T>(by: &mut Option<oneshot::Receiver<T>>, cx: &mut Context<'_>) -> Option<T> {
    let Poll::Ready(told) = Pin::new(by.as_mut()?).poll(cx) else { return None };
    *by = None;
    told.ok()
}

fn reply(outcome: Result<Outcome, oneshot::error::RecvError>) -> Reply {
    match outcome {
        Ok(Ok(reply)) => reply,
        Ok(Err(panic)) => resume_unwind(panic),
        Err(_) => Reply::error(HubError::with_kind(HubErrorKind::Canceled, "The runtime is shutting down.")),
    }
}

/// What a thread does.
fn run(
    runtime: &Handle,
    place: (Owner, Scope),
    mut running: Pin<Box<impl Future<Output = Reply>>>,
    mut answer: oneshot::Sender<Outcome>,
    asks: oneshot::Sender<()>,
    held: impl Send,
) {
    let work = until_given_up(running.as_mut(), place, &mut answer, asks);
    let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(work)));
    // Values of the call are dropped here as well.
    if catch_unwind(AssertUnwindSafe(|| drop(running))).is_err() {
        Panicked::Method.count();
        tracing::error!("a call panicked while it was dropped");
    }
    // Before the answer: whoever has it finds the place free.
    drop(held);
    let unheard = match outcome {
        Ok(Some(reply)) => answer.send(Ok(reply)),
        Ok(None) => Ok(()),
        Err(panic) => answer.send(Err(panic)),
    };
    if let Err(Err(_)) = unheard {
        Panicked::Method.count();
        tracing::error!("a call panicked after it had been given up");
    }
}

/// Runs a call to its end, or until it waits and nobody waits for its answer: it begins in any case.
async fn until_given_up(
    mut running: Pin<&mut impl Future<Output = Reply>>,
    (owner, scope): (Owner, Scope),
    answer: &mut oneshot::Sender<Outcome>,
    asks: oneshot::Sender<()>,
) -> Option<Reply> {
    let mut asks = Some(asks);
    poll_fn(|cx| {
        // What completes at once gives way here too, for the call to be found given up.
        let _slice = slice::begin_on_thread(owner);
        let (polled, effects) = scope::enter(scope, || running.as_mut().poll(cx));
        if effects.asked
            && let Some(asks) = asks.take()
        {
            // Nobody may be there any more.
            let _ = asks.send(());
        }
        match polled {
            Poll::Ready(reply) => Poll::Ready(Some(reply)),
            Poll::Pending => answer.poll_closed(cx).map(|()| None),
        }
    })
    .await
}
