//! The engine's side, in memory: an executor that notices a lost wake-up, and a connection to a hub in the
//! same process.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;

use crate::contract::backlog::{Backlog, StreamHooks};
use crate::contract::dispatch::{Answer, Call, Dispatch, Handler, Reply, ResultSink, Running, SendItems};
use crate::contract::incoming::ItemSink;
use crate::contract::link::{Link, OutgoingCall, Upload};
use crate::contract::value::{Encoded, HubProtocol, Payload};
use crate::{HubError, HubResult};

/// Whether a task has been woken.
#[derive(Default)]
pub(super) struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs a future; fails if it waits and nobody will wake it.
pub(super) fn run<F: Future>(future: F) -> F::Output {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        assert!(woken.0.swap(false, Ordering::SeqCst), "nobody wakes the future");
    }
}

/// Polls once, for a future whose end is not expected.
pub(super) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

pub(super) async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx)).await
}

pub(super) async fn collect<S: Stream + Unpin>(mut stream: S) -> Vec<S::Item> {
    let mut all = Vec::new();
    while let Some(item) = next(&mut stream).await {
        all.push(item);
    }
    all
}

/// Waits once.
pub(super) async fn yield_now() {
    let mut has_waited = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A stream of what is known already, or for ever pending after that.
pub(super) struct Items<T> {
    items: VecDeque<T>,
    endless: bool,
}

impl<T> Items<T> {
    pub(super) fn endless(items: impl IntoIterator<Item = T>) -> Self {
        Self { items: items.into_iter().collect(), endless: true }
    }
}

impl<T> FromIterator<T> for Items<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self { items: items.into_iter().collect(), endless: false }
    }
}

impl<T> Unpin for Items<T> {}

impl<T> Stream for Items<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        match self.items.pop_front() {
            None if self.endless => Poll::Pending,
            item => Poll::Ready(item),
        }
    }
}

/// Sets a flag when it is dropped.
pub(super) struct OnDrop(pub(super) Arc<AtomicBool>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

pub(super) fn text(encoded: &Encoded) -> &str {
    std::str::from_utf8(encoded.bytes()).expect("JSON is UTF-8")
}

pub(super) fn json(text: &str) -> Encoded {
    Encoded::copy_from(text.as_bytes())
}

/// What a call was answered with, as text.
pub(super) fn answer(reply: Reply) -> Result<String, HubError> {
    reply.0.map(|answer| match answer {
        Answer::Value(value) => text(&value).to_owned(),
        Answer::Nothing => "nothing".to_owned(),
        Answer::Refused(refusal) => refusal.text.into_owned(),
        Answer::Items(_) => "items".to_owned(),
    })
}

pub(super) fn handler<C: Dispatch<H>, H: 'static>(name: &str) -> &'static Handler<H> {
    C::HANDLERS.iter().find(|handler| handler.name == name).expect("the method exists")
}

/// A bound call as the engine keeps it.
pub(super) struct Bound {
    pub(super) running: Running,
    pub(super) uploads: Vec<Arc<dyn ItemSink>>,
}

/// Binds a call to the method with that wire name.
pub(super) fn bind<C: Dispatch<H>, H: 'static>(
    hub: &Arc<H>,
    name: &str,
    arguments: &str,
    results: Option<ResultSink>,
) -> Result<Bound, String> {
    let handler = handler::<C, H>(name);
    let list = Payload { format: HubProtocol::Json, bytes: arguments.as_bytes() };
    let backlog = Arc::new(Backlog::new(&HOOKS));
    let mut call = Call::new(list, 10, &backlog, results);
    let running = (handler.bind)(hub, &mut call).map_err(|error| error.to_string())?;
    let uploads = call.into_uploads();
    assert_eq!(uploads.len(), handler.uploads);
    Ok(Bound { running, uploads })
}

/// Nobody has to give way here.
static HOOKS: StreamHooks = StreamHooks {
    give_way: |_| Poll::Ready(()),
    undecodable: |error| HubError::new(error.to_string()),
    panicked: || {},
};

/// Takes one item at a time.
#[derive(Default)]
pub(super) struct Slot {
    item: Mutex<Option<Encoded>>,
    wakers: Mutex<Vec<Waker>>,
}

impl Slot {
    pub(super) fn take(&self) -> Option<Encoded> {
        let item = self.item.lock().unwrap().take();
        self.wakers.lock().unwrap().drain(..).for_each(Waker::wake);
        item
    }
}

pub(super) struct IntoSlot(pub(super) Arc<Slot>);

impl SendItems for IntoSlot {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), HubError>> {
        if self.0.item.lock().unwrap().is_some() {
            self.0.wakers.lock().unwrap().push(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn send(&mut self, item: Encoded) {
        let before = self.0.item.lock().unwrap().replace(item);
        assert!(before.is_none(), "an item was sent without room for it");
    }
}

/// A connection to a hub in this process, which notes what is sent.
pub(super) struct Loop<C, H> {
    hub: Arc<H>,
    pub(super) sent: Mutex<Vec<String>>,
    contract: PhantomData<fn() -> C>,
}

impl<C: Dispatch<H> + 'static, H: Send + Sync + 'static> Loop<C, H> {
    pub(super) fn new(hub: H) -> Arc<Self> {
        Arc::new(Self { hub: Arc::new(hub), sent: Mutex::default(), contract: PhantomData })
    }

    fn start(&self, call: OutgoingCall, results: Option<ResultSink>) -> HubResult<(Bound, Vec<Upload>)> {
        let OutgoingCall { target, arguments, uploads } = call;
        self.sent.lock().unwrap().push(format!("{target}{}", text(&arguments)));
        let bound = bind::<C, H>(&self.hub, &target, text(&arguments), results).map_err(HubError::new)?;
        Ok((bound, uploads))
    }
}

/// Hands over the items of the uploads that are ready.
fn feed(uploads: &mut [Upload], sinks: &[Arc<dyn ItemSink>], cx: &mut Context<'_>) {
    for (upload, sink) in uploads.iter_mut().zip(sinks) {
        while let Poll::Ready(item) = upload.as_mut().poll_next(cx) {
            match item {
                Some(Ok(item)) => {
                    sink.item(Payload { format: HubProtocol::Json, bytes: item.bytes() });
                }
                ended => {
                    sink.end(ended.and_then(Result::err));
                    *upload = Box::pin(Items::endless([]));
                }
            }
        }
    }
}

/// A [`Loop`] as a stub takes it.
pub(super) struct LoopLink<C, H>(pub(super) Arc<Loop<C, H>>);

impl<C: Dispatch<H> + 'static, H: Send + Sync + 'static> Link for LoopLink<C, H> {
    fn format(&self) -> HubProtocol {
        HubProtocol::Json
    }

    fn invoke(&self, call: OutgoingCall) -> BoxFuture<'static, HubResult<Encoded>> {
        let hub = Arc::clone(&self.0);
        Box::pin(async move {
            let (mut bound, mut uploads) = hub.start(call, None)?;
            let reply = poll_fn(|cx| {
                feed(&mut uploads, &bound.uploads, cx);
                bound.running.as_mut().poll(cx)
            });
            match reply.await.0? {
                Answer::Value(value) => Ok(value),
                Answer::Nothing | Answer::Refused(_) | Answer::Items(_) => panic!("not an answer of a call"),
            }
        })
    }

    fn send(&self, call: OutgoingCall) -> BoxFuture<'static, HubResult<()>> {
        let hub = Arc::clone(&self.0);
        Box::pin(async move { hub.start(call, None).map(drop) })
    }

    fn stream(&self, call: OutgoingCall) -> BoxStream<'static, HubResult<Encoded>> {
        Box::pin(LoopStream { hub: Arc::clone(&self.0), call: Some(call), running: None })
    }

    fn refusal(&self) -> Option<HubError> {
        None
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

struct LoopStream<C, H> {
    hub: Arc<Loop<C, H>>,
    call: Option<OutgoingCall>,
    running: Option<RunningStream>,
}

struct RunningStream {
    /// The method, and then its items.
    running: Running,
    slot: Arc<Slot>,
    uploads: Vec<Upload>,
    sinks: Vec<Arc<dyn ItemSink>>,
}

impl<C: Dispatch<H> + 'static, H: Send + Sync + 'static> Stream for LoopStream<C, H> {
    type Item = HubResult<Encoded>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(call) = self.call.take() {
            let slot = Arc::new(Slot::default());
            let sink = ResultSink(Box::new(IntoSlot(Arc::clone(&slot))));
            match self.hub.start(call, Some(sink)) {
                Ok((Bound { running, uploads: sinks }, uploads)) => {
                    self.running = Some(RunningStream { running, slot, uploads, sinks });
                }
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        let Some(RunningStream { running, slot, uploads, sinks }) = &mut self.running else {
            return Poll::Ready(None);
        };
        feed(uploads, sinks, cx);
        let mut ended = running.as_mut().poll(cx);
        if let Poll::Ready(Reply(Ok(Answer::Items(_)))) = ended
            && let Poll::Ready(Reply(Ok(Answer::Items(items)))) = std::mem::replace(&mut ended, Poll::Pending)
        {
            *running = items;
            ended = running.as_mut().poll(cx);
        }
        if let Some(item) = slot.take() {
            if let Poll::Ready(ended) = ended {
                *running = Box::pin(std::future::ready(ended));
            }
            return Poll::Ready(Some(Ok(item)));
        }
        ended.map(|ended| {
            self.running = None;
            ended.0.err().map(Err)
        })
    }
}
