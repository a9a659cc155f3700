//! The hub under test: its methods do what the tests ask for, and say what happens to them.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex};

use futures_core::future::BoxFuture;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::sync::{Notify, Semaphore};

use crate::server::{Hub, HubContext};
use crate::{HubError, HubResult, ResultExt, Stream, client_proxy, hub};

#[hub(client = ProbeClient, crate = "crate")]
pub(super) trait ProbeHub {
    async fn echo(&self, text: String) -> HubResult<String>;
    async fn add(&self, a: i32, b: i32) -> HubResult<i32>;
    async fn nothing(&self) -> HubResult;
    async fn fail(&self, text: String) -> HubResult;
    /// Fails with a text that stays on the server.
    async fn crash(&self) -> HubResult;
    async fn panic(&self) -> HubResult;
    /// Waits for a gate.
    async fn wait(&self, gate: &str) -> HubResult<String>;
    /// Holds its thread until a gate opens, and then waits for another one of that name.
    async fn block(&self, gate: &str) -> HubResult<String>;
    /// Waits for a gate, and then holds its thread until another one of that name opens.
    async fn block_after(&self, gate: &str) -> HubResult<String>;
    /// One item, and another one for each time that it has held its thread until a gate opened.
    fn blocking_items(&self, gate: String) -> impl Stream<Item = HubResult<i32>>;
    /// Answers with a value that cannot be serialized.
    async fn broken_value(&self, how: Broken) -> HubResult<Broken>;

    fn count(&self, to: i32) -> impl Stream<Item = HubResult<i32>>;
    /// One text of some length after the other, for ever, without ever waiting.
    fn flood(&self, length: usize) -> impl Stream<Item = HubResult<String>>;
    /// An item whenever a gate opens.
    fn ticks(&self, gate: String) -> impl Stream<Item = HubResult<i32>>;
    fn fail_after(&self, items: i32, text: String) -> impl Stream<Item = HubResult<i32>>;
    fn crash_after(&self, items: i32) -> impl Stream<Item = HubResult<i32>>;
    fn panic_after(&self, items: i32) -> impl Stream<Item = HubResult<i32>>;
    /// Panics before there is a stream.
    fn panic_unless(&self, well: bool) -> impl Stream<Item = HubResult<i32>>;

    /// Waits for a gate, if it is named, and then fails in one of several ways, or streams two items.
    async fn open(&self, gate: &str, how: &str) -> HubResult<impl Stream<Item = HubResult<String>>>;
    /// Holds its thread until a gate opens, and then does the same.
    async fn open_blocking(&self, gate: &str, how: &str) -> HubResult<impl Stream<Item = HubResult<String>>>;
    /// Fails unless the first number is that one, and doubles the others.
    async fn doubled_after(
        &self,
        first: i32,
        numbers: impl Stream<Item = HubResult<i32>>,
    ) -> HubResult<impl Stream<Item = HubResult<i32>>>;

    async fn sum(&self, numbers: impl Stream<Item = HubResult<i32>>) -> HubResult<i32>;
    /// Reads both at the same time.
    async fn zip(
        &self,
        left: impl Stream<Item = HubResult<i32>>,
        right: impl Stream<Item = HubResult<i32>>,
    ) -> HubResult<Vec<(i32, i32)>>;
    /// Reads one item whenever a gate opens, and says how the stream ended.
    async fn sip(&self, gate: &str, numbers: impl Stream<Item = HubResult<i32>>) -> HubResult<i32>;
    /// Reads some items, and no more.
    async fn first(&self, items: usize, numbers: impl Stream<Item = HubResult<i32>>) -> HubResult<Vec<i32>>;
    fn doubled(&self, numbers: impl Stream<Item = HubResult<i32>>) -> impl Stream<Item = HubResult<i32>>;

    /// Asks the caller, and then waits for a gate.
    async fn ask(&self, question: &str, gate: &str) -> HubResult<String>;
    /// Waits for a gate, and then asks the caller one question after the other.
    async fn ask_after(&self, gate: &str, questions: Vec<String>) -> HubResult;
    /// Asks another connection.
    async fn ask_other(&self, connection: &str, question: &str) -> HubResult<String>;
    /// Asks the caller in a task of its own, to which it gives one of several things.
    async fn ask_in_a_task(&self, given: &str, question: String) -> HubResult<String>;
    /// Asks and does not wait for the answer.
    async fn ask_briefly(&self, question: &str) -> HubResult;

    /// Waits for a gate, and says in which role its caller is.
    async fn role_after(&self, gate: &str) -> HubResult<String>;
    /// The role of its caller, whenever a gate opens.
    fn roles_after(&self, gate: String) -> impl Stream<Item = HubResult<String>>;

    async fn join(&self, group: &str) -> HubResult;
    async fn leave(&self, group: &str) -> HubResult;
    async fn send(&self, to: &str, names: Vec<String>, text: &str) -> HubResult;
    async fn abort(&self) -> HubResult;
    /// The id of the connection.
    async fn id(&self) -> HubResult<String>;

    /// Reads values that their own code does not let pass.
    async fn breaks(&self, values: impl Stream<Item = HubResult<Broken>>) -> HubResult;
    fn broken_items(&self, how: Broken) -> impl Stream<Item = HubResult<Broken>>;
}

#[client_proxy(crate = "crate")]
pub(super) trait ProbeClient {
    async fn said(&self, text: &str);
    async fn confirm(&self, question: &str) -> HubResult<String>;
    async fn broken(&self, value: Broken);
}

/// Lifted for all at the end of a test: a runtime waits for its threads.
pub(super) const EVERY_BARRIER: &str = "";

/// What a gate is: as many may pass as it was opened for.
type Gate = Arc<Semaphore>;

pub(super) type Context = HubContext<ProbeHubContract>;

type Hook = Box<dyn Fn(Context, Arc<World>) -> BoxFuture<'static, HubResult> + Send + Sync>;

/// What the hubs of one test share.
#[derive(Default)]
pub(super) struct World {
    pub(super) log: Mutex<Vec<String>>,
    pub(super) gates: Mutex<HashMap<String, Gate>>,
    /// Gates that hold a thread.
    pub(super) barriers: Mutex<HashMap<String, usize>>,
    pub(super) lifted: Condvar,
    /// What disconnect callbacks were told.
    pub(super) told: Mutex<Vec<Option<HubError>>>,
    /// Tells of each line of the log.
    pub(super) said: Notify,
    /// Before the hub is made.
    pub(super) factory: Option<Hook>,
    pub(super) connected: Option<Hook>,
    pub(super) disconnected: Option<Hook>,
    pub(super) refreshed: Option<Hook>,
    /// Runs when a call is given up.
    pub(super) given_up: Option<fn()>,
    /// Runs when a hub is dropped.
    pub(super) dropped: Option<fn()>,
}

impl World {
    /// One whose disconnect callbacks wait for `disconnect` to be opened.
    pub(super) fn slow_to_end() -> Self {
        let disconnected = hook(async |_, world: Arc<Self>| {
            world.pass("disconnect").await;
            Ok(())
        });
        Self { disconnected, ..Self::default() }
    }

    pub(super) fn say(&self, what: impl Into<String>) {
        self.log.lock().unwrap().push(what.into());
        self.said.notify_waiters();
    }

    /// Waits until something has been said: by another thread, and so in real time.
    pub(super) async fn hears(&self, what: &str) {
        let waiting = async {
            loop {
                let mut said = pin!(self.said.notified());
                said.as_mut().enable();
                if self.log.lock().unwrap().iter().any(|line| line == what) {
                    return;
                }
                said.await;
            }
        };
        let heard = tokio::time::timeout(std::time::Duration::from_secs(20), waiting).await;
        assert!(heard.is_ok(), "nobody says {what}: {:?}", self.log.lock().unwrap());
    }

    /// Lets one more thread pass.
    pub(super) fn lift(&self, name: &str) {
        *self.barriers.lock().unwrap().entry(name.to_owned()).or_default() += 1;
        self.lifted.notify_all();
    }

    /// Holds the thread.
    fn hold(&self, name: &str) {
        self.say(format!("{name} blocks"));
        tracing::debug!("blocks");
        let barriers = self.barriers.lock().unwrap();
        let closed = |barriers: &mut HashMap<String, usize>| {
            ![name, EVERY_BARRIER].iter().any(|name| barriers.get(*name).is_some_and(|left| *left > 0))
        };
        let mut barriers = self.lifted.wait_while(barriers, closed).unwrap();
        barriers.entry(name.to_owned()).and_modify(|left| *left = left.saturating_sub(1));
        drop(barriers);
        self.say(format!("{name} goes on"));
    }

    fn gate(&self, name: &str) -> Gate {
        let mut gates = self.gates.lock().unwrap();
        Arc::clone(gates.entry(name.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(0))))
    }

    /// Lets one more pass.
    pub(super) fn open(&self, name: &str) {
        self.gate(name).add_permits(1);
    }

    pub(super) async fn pass(&self, name: &str) {
        self.gate(name).acquire().await.unwrap().forget();
    }
}

/// Makes a hook of a closure.
#[expect(clippy::unnecessary_wraps, reason = "it goes into a field that may be empty")]
pub(super) fn hook<F>(hook: impl Fn(Context, Arc<World>) -> F + Send + Sync + 'static) -> Option<Hook>
where
    F: Future<Output = HubResult> + Send + 'static,
{
    Some(Box::new(move |cx, world| Box::pin(hook(cx, world))))
}

pub(super) struct Probe {
    cx: Context,
    world: Arc<World>,
}

impl Probe {
    pub(super) async fn make(cx: Context, world: Arc<World>) -> HubResult<Self> {
        if let Some(factory) = &world.factory {
            factory(cx.clone(), Arc::clone(&world)).await?;
        }
        Ok(Self { cx, world })
    }

    fn role(&self, gate: &str) -> Role {
        Role { cx: self.cx.clone(), world: Arc::clone(&self.world), gate: gate.to_owned() }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.world.say(format!("{} dropped", self.cx.connection_id()));
        if let Some(dropped) = self.world.dropped {
            dropped();
        }
    }
}

impl Hub for Probe {
    type Contract = ProbeHubContract;

    async fn on_connected(&self) -> HubResult {
        match &self.world.connected {
            Some(connected) => connected(self.cx.clone(), Arc::clone(&self.world)).await,
            None => Ok(()),
        }
    }

    async fn on_authentication_refreshed(&self) -> HubResult {
        match &self.world.refreshed {
            Some(refreshed) => refreshed(self.cx.clone(), Arc::clone(&self.world)).await,
            None => Ok(()),
        }
    }

    async fn on_disconnected(&self, error: Option<&HubError>) {
        let id = self.cx.connection_id();
        self.world.told.lock().unwrap().push(error.map(HubError::again));
        match error {
            Some(error) => {
                self.world.say(format!("{id} disconnected: {}: {}", error.name(), error.message()));
            }
            None => self.world.say(format!("{id} disconnected")),
        }
        if let Some(disconnected) = &self.world.disconnected {
            let _ = disconnected(self.cx.clone(), Arc::clone(&self.world)).await;
        }
    }
}

/// Says so when it is dropped before it was told that all is well.
struct Dropped(Arc<World>, String, bool);

impl Drop for Dropped {
    fn drop(&mut self) {
        if !self.2 {
            self.0.say(format!("{} given up", self.1));
            if let Some(given_up) = self.0.given_up {
                given_up();
            }
        }
    }
}

/// Asks in which role its caller is, also when it is dropped.
struct Role {
    cx: Context,
    world: Arc<World>,
    gate: String,
}

impl Role {
    async fn after_the_gate(&self) -> String {
        self.world.say(format!("{} waits", self.gate));
        self.world.pass(&self.gate).await;
        self.now()
    }

    fn now(&self) -> String {
        self.cx.authenticated_request().headers["x-role"].to_str().unwrap().to_owned()
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        self.world.say(format!("{} left by a {}", self.gate, self.now()));
    }
}

/// What the code of a value says that cannot be written.
pub(super) const UNWRITABLE: &str = "a value that cannot be written";

/// A value that its own code does not let pass.
#[derive(Clone, Copy, Debug)]
pub(super) enum Broken {
    Fails,
    Panics,
}

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fails => Err(serde::ser::Error::custom(UNWRITABLE)),
            Self::Panics => panic!("a serializer panics on purpose"),
        }
    }
}

impl<'de> Deserialize<'de> for Broken {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match &*String::deserialize(from)? {
            "fails" => Ok(Self::Fails),
            "panics" => Ok(Self::Panics),
            _ => panic!("a deserializer panics on purpose"),
        }
    }
}

impl ProbeHub for Probe {
    async fn echo(&self, text: String) -> HubResult<String> {
        self.world.say(format!("echo {text}"));
        Ok(text)
    }

    async fn add(&self, a: i32, b: i32) -> HubResult<i32> {
        Ok(a + b)
    }

    async fn nothing(&self) -> HubResult {
        Ok(())
    }

    async fn fail(&self, text: String) -> HubResult {
        Err(HubError::new(text))
    }

    async fn crash(&self) -> HubResult {
        Err(std::io::Error::other("a secret")).internal()
    }

    async fn panic(&self) -> HubResult {
        panic!("a method panics on purpose")
    }

    async fn wait(&self, gate: &str) -> HubResult<String> {
        self.world.say(format!("{gate} begins"));
        let mut waiting = Dropped(Arc::clone(&self.world), gate.to_owned(), false);
        self.world.pass(gate).await;
        waiting.2 = true;
        self.world.say(format!("{gate} ends"));
        Ok(gate.to_owned())
    }

    async fn block(&self, gate: &str) -> HubResult<String> {
        self.world.hold(gate);
        self.wait(gate).await
    }

    async fn block_after(&self, gate: &str) -> HubResult<String> {
        let waited = self.wait(gate).await;
        self.world.hold(gate);
        waited
    }

    fn blocking_items(&self, gate: String) -> impl Stream<Item = HubResult<i32>> {
        let waiting = Dropped(Arc::clone(&self.world), gate, false);
        stream::unfold((waiting, 0), async |(waiting, n)| {
            if n > 0 {
                waiting.0.hold(&waiting.1);
            }
            Some((Ok(n), (waiting, n + 1)))
        })
    }

    async fn broken_value(&self, how: Broken) -> HubResult<Broken> {
        Ok(how)
    }

    fn count(&self, to: i32) -> impl Stream<Item = HubResult<i32>> {
        stream::iter(0..to).map(Ok)
    }

    fn flood(&self, length: usize) -> impl Stream<Item = HubResult<String>> {
        stream::repeat_with(move || Ok("x".repeat(length)))
    }

    fn ticks(&self, gate: String) -> impl Stream<Item = HubResult<i32>> {
        let waiting = Dropped(Arc::clone(&self.world), gate, false);
        stream::unfold((waiting, 0), async |(waiting, n)| {
            waiting.0.pass(&waiting.1).await;
            Some((Ok(n), (waiting, n + 1)))
        })
    }

    fn fail_after(&self, items: i32, text: String) -> impl Stream<Item = HubResult<i32>> {
        stream::iter(0..items).map(Ok).chain(stream::once(async { Err(HubError::new(text)) }))
    }

    fn crash_after(&self, items: i32) -> impl Stream<Item = HubResult<i32>> {
        let crash = async { Err(std::io::Error::other("a secret")).internal() };
        stream::iter(0..items).map(Ok).chain(stream::once(crash))
    }

    fn panic_after(&self, items: i32) -> impl Stream<Item = HubResult<i32>> {
        let panic = async { panic!("a stream panics on purpose") };
        stream::iter(0..items).map(Ok).chain(stream::once(panic))
    }

    fn panic_unless(&self, well: bool) -> impl Stream<Item = HubResult<i32>> {
        assert!(well, "a method panics on purpose");
        stream::empty()
    }

    async fn open(&self, gate: &str, how: &str) -> HubResult<impl Stream<Item = HubResult<String>>> {
        if !gate.is_empty() {
            self.wait(gate).await?;
        }
        match how {
            "" => {}
            "crash" => return Err(std::io::Error::other("a secret")).internal(),
            "panic" => panic!("a method panics on purpose"),
            text => return Err(HubError::new(text.to_owned())),
        }
        let mut read = Dropped(Arc::clone(&self.world), format!("stream {gate}"), false);
        Ok(stream::iter(0..2).map(move |n| {
            let Dropped(_, _, is_read) = &mut read;
            *is_read = n == 1;
            Ok(format!("{gate}{n} for {}", self.cx.connection_id()))
        }))
    }

    async fn open_blocking(&self, gate: &str, how: &str) -> HubResult<impl Stream<Item = HubResult<String>>> {
        self.world.hold(gate);
        self.open("", how).await
    }

    async fn doubled_after(
        &self,
        first: i32,
        numbers: impl Stream<Item = HubResult<i32>> + Send,
    ) -> HubResult<impl Stream<Item = HubResult<i32>>> {
        let mut numbers = Box::pin(numbers);
        if numbers.next().await.transpose()? != Some(first) {
            return Err(HubError::new("not the right one"));
        }
        Ok(numbers.map(|number| Ok(number? * 2)))
    }

    async fn sum(&self, numbers: impl Stream<Item = HubResult<i32>> + Send) -> HubResult<i32> {
        let mut numbers = pin!(numbers);
        let mut sum = 0;
        while let Some(number) = numbers.next().await {
            sum += number?;
        }
        Ok(sum)
    }

    async fn zip(
        &self,
        left: impl Stream<Item = HubResult<i32>> + Send,
        right: impl Stream<Item = HubResult<i32>> + Send,
    ) -> HubResult<Vec<(i32, i32)>> {
        let pairs: Vec<_> = pin!(left).zip(pin!(right)).collect().await;
        pairs.into_iter().map(|(left, right)| Ok((left?, right?))).collect()
    }

    async fn sip(&self, gate: &str, numbers: impl Stream<Item = HubResult<i32>> + Send) -> HubResult<i32> {
        let mut numbers = pin!(numbers);
        let mut count = 0;
        loop {
            self.world.pass(gate).await;
            match numbers.next().await {
                Some(Ok(_)) => count += 1,
                Some(Err(error)) => {
                    self.world.say(format!("{gate} failed: {}: {}", error.name(), error.message()));
                    return Err(error);
                }
                None => {
                    self.world.say(format!("{gate} ended"));
                    return Ok(count);
                }
            }
        }
    }

    async fn first(
        &self,
        items: usize,
        numbers: impl Stream<Item = HubResult<i32>> + Send,
    ) -> HubResult<Vec<i32>> {
        pin!(numbers).take(items).collect::<Vec<_>>().await.into_iter().collect()
    }

    fn doubled(
        &self,
        numbers: impl Stream<Item = HubResult<i32>> + Send,
    ) -> impl Stream<Item = HubResult<i32>> {
        numbers.map(|number| Ok(number? * 2))
    }

    async fn ask(&self, question: &str, gate: &str) -> HubResult<String> {
        self.world.say(format!("asks {question}"));
        let answer = self.cx.clients().caller().confirm(question).await;
        match &answer {
            Ok(answer) => self.world.say(format!("{question} answered {answer}")),
            Err(error) => self.world.say(format!("{question} failed: {}: {}", error.name(), error.message())),
        }
        if !gate.is_empty() {
            self.wait(gate).await?;
        }
        answer
    }

    async fn ask_after(&self, gate: &str, questions: Vec<String>) -> HubResult {
        self.wait(gate).await?;
        for question in questions {
            self.cx.clients().caller().confirm(&question).await?;
        }
        Ok(())
    }

    async fn ask_other(&self, connection: &str, question: &str) -> HubResult<String> {
        self.cx.clients().client(connection).confirm(question).await
    }

    async fn ask_in_a_task(&self, given: &str, question: String) -> HubResult<String> {
        let clients = self.cx.clients();
        let asked = match given {
            "a question" => tokio::spawn(clients.caller().confirm(&question)),
            "clients" => tokio::spawn(async move { clients.caller().confirm(&question).await }),
            "a question for c2" => {
                self.world.pass("gate").await;
                tokio::spawn(clients.client("c2").confirm(&question))
            }
            _ => {
                let cx = self.cx.clone();
                tokio::spawn(async move { cx.clients().caller().confirm(&question).await })
            }
        };
        if given == "a context for later" { Ok("asked".to_owned()) } else { asked.await.internal()? }
    }

    async fn ask_briefly(&self, question: &str) -> HubResult {
        let caller = self.cx.clients().caller();
        let asking = caller.confirm(question);
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), asking).await;
        Ok(())
    }

    async fn role_after(&self, gate: &str) -> HubResult<String> {
        Ok(self.role(gate).after_the_gate().await)
    }

    fn roles_after(&self, gate: String) -> impl Stream<Item = HubResult<String>> {
        stream::unfold(self.role(&gate), async |role| Some((Ok(role.after_the_gate().await), role)))
    }

    async fn join(&self, group: &str) -> HubResult {
        self.cx.groups().join(group).await
    }

    async fn leave(&self, group: &str) -> HubResult {
        self.cx.groups().leave(group).await
    }

    async fn send(&self, to: &str, names: Vec<String>, text: &str) -> HubResult {
        let clients = self.cx.clients();
        let (first, rest) = names.split_first().map_or(("", &[][..]), |(first, rest)| (&**first, rest));
        let proxy = match to {
            "all" => clients.all(),
            "all_except" => clients.all_except(names),
            "others" => clients.others(),
            "clients" => clients.clients(names),
            "group" => clients.group(first),
            "groups" => clients.groups(names),
            "group_except" => clients.group_except(first, rest),
            "others_in_group" => clients.others_in_group(first),
            "user" => clients.user(first),
            "users" => clients.users(names),
            "caller" => return clients.caller().said(text).await,
            "client" => return clients.client(first).said(text).await,
            _ => return Err(HubError::new("no such choice")),
        };
        proxy.said(text).await
    }

    async fn abort(&self) -> HubResult {
        self.cx.abort();
        Ok(())
    }

    async fn id(&self) -> HubResult<String> {
        Ok(self.cx.connection_id().as_str().to_owned())
    }

    async fn breaks(&self, values: impl Stream<Item = HubResult<Broken>> + Send) -> HubResult {
        let mut values = pin!(values);
        while let Some(value) = values.next().await {
            value?;
        }
        Ok(())
    }

    fn broken_items(&self, how: Broken) -> impl Stream<Item = HubResult<Broken>> {
        stream::once(async move { Ok(how) })
    }
}
