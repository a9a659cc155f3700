//! The hub that every client is tried against: the same methods as the C# hub beside the interop suites.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use signalr_runtime::server::{Hub, HubContext};
use signalr_runtime::{HubError, HubResult, ResultExt, client_proxy, hub};

/// A value with members of several types.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Person {
    /// A text.
    pub name: String,
    /// A number.
    pub age: i32,
    /// A list.
    pub tags: Vec<String>,
}

/// What clients may call.
#[hub(client = TestClient)]
pub trait TestHub {
    /// Answers with its argument.
    async fn echo(&self, text: String) -> HubResult<String>;
    /// Two arguments.
    async fn add(&self, a: i32, b: i32) -> HubResult<i32>;
    /// An object, there and back.
    async fn echo_person(&self, person: Person) -> HubResult<Person>;
    /// Answers with nothing.
    async fn nothing(&self) -> HubResult;
    /// Fails with a text that the caller reads.
    async fn fail(&self, text: String) -> HubResult;
    /// Fails with a text that stays here.
    async fn crash(&self) -> HubResult;
    /// Panics.
    async fn panic(&self) -> HubResult;
    /// Remembers a text for this connection.
    async fn record(&self, text: String) -> HubResult;
    /// What [`record`](Self::record) was given, in order.
    async fn recorded(&self) -> HubResult<Vec<String>>;
    /// The id of this connection.
    async fn connection_id(&self) -> HubResult<String>;
    /// Whether the server still has the connection with this id.
    async fn is_connected(&self, id: &str) -> HubResult<bool>;
    /// Joins a group.
    async fn join_group(&self, group: &str) -> HubResult;
    /// Leaves a group.
    async fn leave_group(&self, group: &str) -> HubResult;
    /// Sends to the members of a group.
    async fn send_to_group(&self, group: &str, text: &str) -> HubResult;
    /// Sends to the other members of a group.
    async fn send_to_others_in_group(&self, group: &str, text: &str) -> HubResult;
    /// Sends to everyone.
    async fn send_to_all(&self, text: &str) -> HubResult;
    /// Sends to everyone else.
    async fn send_to_others(&self, text: &str) -> HubResult;
    /// Sends back.
    async fn send_to_caller(&self, text: &str) -> HubResult;
    /// Sends to one connection.
    async fn send_to_connection(&self, id: &str, text: &str) -> HubResult;
    /// Sends to the connections of a user.
    async fn send_to_user(&self, user: &str, text: &str) -> HubResult;
    /// Streams `0..count`.
    fn counter(&self, count: i32, delay_ms: u64) -> impl Stream<Item = HubResult<i32>>;
    /// Streams `0..count`, then fails.
    fn counter_then_fail(&self, count: i32, text: String) -> impl Stream<Item = HubResult<i32>>;
    /// Fails with the text, or streams `0..count` where there is none.
    async fn counter_unless(&self, count: i32, text: String)
    -> HubResult<impl Stream<Item = HubResult<i32>>>;
    /// Streams until it is cancelled.
    fn endless(&self) -> impl Stream<Item = HubResult<i32>>;
    /// How many endless streams of this connection were cancelled.
    async fn cancelled_streams(&self) -> HubResult<u32>;
    /// Adds up a stream from the client.
    async fn sum(&self, numbers: impl Stream<Item = HubResult<i32>>) -> HubResult<i32>;
    /// Joins the texts of a stream from the client.
    async fn concat(
        &self,
        separator: &str,
        texts: impl Stream<Item = HubResult<String>>,
    ) -> HubResult<String>;
    /// Remembers each text of a stream from the client, as it arrives.
    async fn record_stream(&self, texts: impl Stream<Item = HubResult<String>>) -> HubResult;
    /// Streams back the double of each number of a stream from the client.
    fn doubled(&self, numbers: impl Stream<Item = HubResult<i32>>) -> impl Stream<Item = HubResult<i32>>;
    /// Asks the caller, and answers with the answer.
    async fn ask_caller(&self, question: &str) -> HubResult<String>;
    /// Ends only when its caller cancels it or leaves.
    async fn hang(&self) -> HubResult;
    /// The number of calls of `hang` of this connection that were cancelled.
    async fn cancelled_calls(&self) -> HubResult<u32>;
    /// Answers after a while.
    async fn sleep(&self, ms: u64) -> HubResult;
    /// Closes the connection.
    async fn close_me(&self) -> HubResult;
}

/// What the server may call on clients.
#[client_proxy]
pub trait TestClient {
    /// Someone sent a text.
    async fn message(&self, sender: &str, text: &str);
    /// The server asks.
    async fn confirm(&self, question: &str) -> HubResult<String>;
}

/// The server's side of [`TestHub`].
#[derive(Debug)]
pub struct TestHubServer {
    cx: HubContext<TestHubContract>,
    recorded: Mutex<Vec<String>>,
    cancelled: Arc<AtomicU32>,
    cancelled_calls: Arc<AtomicU32>,
}

impl TestHubServer {
    /// For one connection.
    pub fn new(cx: HubContext<TestHubContract>) -> Self {
        Self { cx, recorded: Mutex::default(), cancelled: Arc::default(), cancelled_calls: Arc::default() }
    }
}

/// Counts when it is dropped.
struct CountDrop(Arc<AtomicU32>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The ids of the connections that there are, of every hub in this process.
static CONNECTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn connected() -> MutexGuard<'static, BTreeSet<String>> {
    CONNECTED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub for TestHubServer {
    type Contract = TestHubContract;

    async fn on_connected(&self) -> HubResult {
        connected().insert(self.cx.connection_id().into());
        Ok(())
    }

    async fn on_disconnected(&self, _error: Option<&HubError>) {
        connected().remove(self.cx.connection_id().as_str());
    }
}

impl TestHub for TestHubServer {
    async fn echo(&self, text: String) -> HubResult<String> {
        Ok(text)
    }

    async fn add(&self, a: i32, b: i32) -> HubResult<i32> {
        a.checked_add(b).ok_or_else(|| HubError::new("the sum is too large"))
    }

    async fn echo_person(&self, person: Person) -> HubResult<Person> {
        Ok(person)
    }

    async fn nothing(&self) -> HubResult {
        Ok(())
    }

    async fn fail(&self, text: String) -> HubResult {
        Err(HubError::new(text))
    }

    async fn crash(&self) -> HubResult {
        Err(std::io::Error::other("a secret of the server")).internal()
    }

    async fn panic(&self) -> HubResult {
        panic!("a hub method panics on purpose");
    }

    async fn record(&self, text: String) -> HubResult {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        Ok(())
    }

    async fn recorded(&self) -> HubResult<Vec<String>> {
        Ok(self.recorded.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    async fn connection_id(&self) -> HubResult<String> {
        Ok(self.cx.connection_id().into())
    }

    async fn is_connected(&self, id: &str) -> HubResult<bool> {
        Ok(connected().contains(id))
    }

    async fn join_group(&self, group: &str) -> HubResult {
        self.cx.groups().join(group).await
    }

    async fn leave_group(&self, group: &str) -> HubResult {
        self.cx.groups().leave(group).await
    }

    async fn send_to_group(&self, group: &str, text: &str) -> HubResult {
        self.cx.clients().group(group).message(self.cx.connection_id(), text).await
    }

    async fn send_to_others_in_group(&self, group: &str, text: &str) -> HubResult {
        self.cx.clients().others_in_group(group).message(self.cx.connection_id(), text).await
    }

    async fn send_to_all(&self, text: &str) -> HubResult {
        self.cx.clients().all().message(self.cx.connection_id(), text).await
    }

    async fn send_to_others(&self, text: &str) -> HubResult {
        self.cx.clients().others().message(self.cx.connection_id(), text).await
    }

    async fn send_to_caller(&self, text: &str) -> HubResult {
        self.cx.clients().caller().message(self.cx.connection_id(), text).await
    }

    async fn send_to_connection(&self, id: &str, text: &str) -> HubResult {
        self.cx.clients().client(id).message(self.cx.connection_id(), text).await
    }

    async fn send_to_user(&self, user: &str, text: &str) -> HubResult {
        self.cx.clients().user(user).message(self.cx.connection_id(), text).await
    }

    fn counter(&self, count: i32, delay_ms: u64) -> impl Stream<Item = HubResult<i32>> {
        stream::iter(0..count).then(move |n| async move {
            if delay_ms > 0 {
                tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            }
            Ok(n)
        })
    }

    fn counter_then_fail(&self, count: i32, text: String) -> impl Stream<Item = HubResult<i32>> {
        stream::iter(0..count).map(Ok).chain(stream::once(async move { Err(HubError::new(text)) }))
    }

    async fn counter_unless(
        &self,
        count: i32,
        text: String,
    ) -> HubResult<impl Stream<Item = HubResult<i32>>> {
        if text.is_empty() { Ok(stream::iter(0..count).map(Ok)) } else { Err(HubError::new(text)) }
    }

    fn endless(&self) -> impl Stream<Item = HubResult<i32>> {
        let cancelled = CountDrop(Arc::clone(&self.cancelled));
        stream::iter(0..).then(move |n| {
            let _ = &cancelled;
            async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                Ok(n)
            }
        })
    }

    async fn cancelled_streams(&self) -> HubResult<u32> {
        Ok(self.cancelled.load(Ordering::Relaxed))
    }

    async fn sum(&self, numbers: impl Stream<Item = HubResult<i32>>) -> HubResult<i32> {
        let mut numbers = std::pin::pin!(numbers);
        let mut sum = 0_i32;
        while let Some(number) = numbers.next().await {
            sum = sum.wrapping_add(number?);
        }
        Ok(sum)
    }

    async fn concat(
        &self,
        separator: &str,
        texts: impl Stream<Item = HubResult<String>>,
    ) -> HubResult<String> {
        let texts: Vec<String> = texts.collect::<Vec<_>>().await.into_iter().collect::<HubResult<_>>()?;
        Ok(texts.join(separator))
    }

    async fn record_stream(&self, texts: impl Stream<Item = HubResult<String>>) -> HubResult {
        let mut texts = std::pin::pin!(texts);
        while let Some(text) = texts.next().await {
            self.record(text?).await?;
        }
        Ok(())
    }

    fn doubled(&self, numbers: impl Stream<Item = HubResult<i32>>) -> impl Stream<Item = HubResult<i32>> {
        numbers.map(|number| Ok(number?.wrapping_mul(2)))
    }

    async fn ask_caller(&self, question: &str) -> HubResult<String> {
        self.cx.clients().caller().confirm(question).await
    }

    async fn hang(&self) -> HubResult {
        let _cancelled = CountDrop(Arc::clone(&self.cancelled_calls));
        std::future::pending().await
    }

    async fn cancelled_calls(&self) -> HubResult<u32> {
        Ok(self.cancelled_calls.load(Ordering::Relaxed))
    }

    async fn sleep(&self, ms: u64) -> HubResult {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        Ok(())
    }

    async fn close_me(&self) -> HubResult {
        self.cx.abort();
        Ok(())
    }
}
