//! From a typed call to the connection, and back.

use std::future::{pending, ready};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;

use super::wire::{Items, Loop, LoopLink, OnDrop, collect, json, next, poll_once, run, text};
use super::{ChatHub, ChatHubClient, ChatHubContract, JoinError, Message, Rooms};
use crate::contract::link::{Link, OutgoingCall};
use crate::contract::value::{Encoded, HubProtocol};
use crate::{HubError, HubErrorKind, HubResult, Stream, hub};

fn rooms() -> (ChatHubClient, Arc<Loop<ChatHubContract, Rooms>>) {
    let hub = Loop::new(Rooms::default());
    let link: Arc<dyn Link> = Arc::new(LoopLink(Arc::clone(&hub)));
    (ChatHubClient::from(link), hub)
}

/// Answers every call with the same, or never; notes when a call is given up.
#[derive(Default)]
struct Fixed {
    /// What calls are answered with.
    answer: Option<Result<&'static str, &'static str>>,
    items: Vec<Result<&'static str, &'static str>>,
    /// Whether sleeping is over at once.
    late: bool,
    /// Why nothing can be sent.
    refusal: Option<&'static str>,
    calls: Mutex<Vec<String>>,
    gone: Arc<AtomicBool>,
}

impl Fixed {
    fn stub(self) -> (ChatHubClient, Arc<Self>) {
        let link = Arc::new(self);
        (ChatHubClient::from(Arc::clone(&link) as Arc<dyn Link>), link)
    }

    fn gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }
}

impl Link for Fixed {
    fn format(&self) -> HubProtocol {
        HubProtocol::Json
    }

    fn invoke(&self, call: OutgoingCall) -> BoxFuture<'static, HubResult<Encoded>> {
        self.calls.lock().unwrap().push(format!("invoke {}{}", call.target, text(&call.arguments)));
        let (answer, gone) = (self.answer, OnDrop(Arc::clone(&self.gone)));
        Box::pin(async move {
            let _gone = gone;
            match answer {
                Some(answer) => answer.map(json).map_err(HubError::new),
                None => pending().await,
            }
        })
    }

    fn send(&self, call: OutgoingCall) -> BoxFuture<'static, HubResult<()>> {
        self.calls.lock().unwrap().push(format!("send {}{}", call.target, text(&call.arguments)));
        match self.answer {
            Some(_) => Box::pin(ready(Ok(()))),
            None => Box::pin(pending()),
        }
    }

    fn stream(&self, call: OutgoingCall) -> BoxStream<'static, HubResult<Encoded>> {
        self.calls.lock().unwrap().push(format!("stream {}{}", call.target, text(&call.arguments)));
        let items = self.items.iter().map(|item| item.map(json).map_err(HubError::new));
        Box::pin(Held {
            items: Items::endless(items.collect::<Vec<_>>()),
            _gone: OnDrop(Arc::clone(&self.gone)),
        })
    }

    fn refusal(&self) -> Option<HubError> {
        self.refusal.map(HubError::new)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        assert_eq!(duration, Duration::from_secs(5));
        if self.late { Box::pin(ready(())) } else { Box::pin(pending()) }
    }
}

struct Held<T> {
    items: Items<T>,
    _gone: OnDrop,
}

impl<T> Stream for Held<T> {
    type Item = T;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<Option<Self::Item>> {
        std::pin::Pin::new(&mut self.items).poll_next(cx)
    }
}

#[test]
fn a_call_goes_out_and_its_result_comes_back() {
    let (stub, hub) = rooms();
    run(stub.send_message("lobby", "hi".into())).unwrap();
    let history = run(stub.join("lobby")).unwrap();
    assert_eq!(history, [Message { from: "Ada".into(), text: "welcome to lobby".into() }]);
    assert_eq!(run(stub.longest(&history, &history[0])).unwrap(), history[0]);
    assert_eq!(run(stub.clone().ping()).unwrap(), "pong");
    assert_eq!(
        *hub.sent.lock().unwrap(),
        [
            r#"SendMessage["lobby","hi"]"#,
            r#"JoinRoom["lobby"]"#,
            r#"Longest[[{"from":"Ada","text":"welcome to lobby"}],{"from":"Ada","text":"welcome to lobby"}]"#,
            "Ping[]",
        ]
    );
}

#[test]
fn an_error_comes_back_as_the_declared_type() {
    let (stub, _) = rooms();
    assert_eq!(run(stub.join("full")), Err(JoinError::RoomFull));
}

#[test]
fn what_takes_a_hub_takes_the_stub() {
    async fn enter(hub: &impl ChatHub) -> Result<usize, JoinError> {
        Ok(hub.join("lobby").await?.len())
    }
    assert_eq!(run(enter(&rooms().0)), Ok(1));
    assert_eq!(run(enter(&Rooms::default())), Ok(1));
}

#[test]
fn nothing_is_sent_before_the_first_poll_and_the_arguments_are_of_the_moment_of_the_call() {
    let (stub, link) = Fixed { answer: Some(Ok("[]")), ..Fixed::default() }.stub();
    let mut room = "a".to_owned();
    let call = stub.join(&room);
    room.push('b');
    assert!(link.calls.lock().unwrap().is_empty());
    run(call).unwrap();
    assert_eq!(*link.calls.lock().unwrap(), [r#"invoke JoinRoom["a"]"#]);

    let stream = stub.count_down(3);
    assert_eq!(link.calls.lock().unwrap().len(), 1);
    drop(stream);
    drop(stub.join("c"));
    assert_eq!(link.calls.lock().unwrap().len(), 1);
}

#[test]
fn a_call_without_an_answer() {
    let (stub, link) = Fixed { answer: Some(Ok("null")), ..Fixed::default() }.stub();
    let sending = stub.send_message("lobby", "hi".into()).send();
    assert!(link.calls.lock().unwrap().is_empty());
    run(sending).unwrap();
    assert_eq!(*link.calls.lock().unwrap(), [r#"send SendMessage["lobby","hi"]"#]);
}

#[test]
fn dropping_a_call_gives_it_up() {
    let (stub, link) = Fixed::default().stub();
    let mut call = stub.join("lobby");
    assert!(poll_once(&mut call).is_pending());
    assert!(!link.gone());
    drop(call);
    assert!(link.gone());
}

#[test]
fn time_runs_out() {
    let limit = Duration::from_secs(5);
    let (stub, link) = Fixed { late: true, ..Fixed::default() }.stub();
    let error = run(stub.ping().timeout(limit)).unwrap_err();
    assert_eq!((error.kind(), error.message()), (HubErrorKind::Timeout, "No answer to 'Ping' within 5s."));
    assert!(link.gone(), "the call is given up");
    let error = run(stub.ping().timeout(limit).send()).unwrap_err();
    assert_eq!(error.kind(), HubErrorKind::Timeout);

    let (stub, _) = Fixed { late: true, answer: Some(Ok(r#""pong""#)), ..Fixed::default() }.stub();
    assert_eq!(run(stub.ping().timeout(limit)).unwrap(), "pong", "an answer that is there counts");
}

#[test]
fn an_answer_of_the_wrong_type_is_an_error_of_the_call() {
    let (stub, _) = Fixed { answer: Some(Ok("7")), ..Fixed::default() }.stub();
    assert_eq!(run(stub.ping()).unwrap_err().kind(), HubErrorKind::Codec);
    let (stub, _) = Fixed { answer: Some(Ok(r#""a" "b""#)), ..Fixed::default() }.stub();
    assert_eq!(run(stub.ping()).unwrap_err().kind(), HubErrorKind::Codec);
}

#[test]
fn results_are_streamed_until_the_error_that_ends_them() {
    let (stub, hub) = rooms();
    let mut items = stub.count_down(2);
    assert_eq!(run(items.next()).unwrap().unwrap(), 2);
    assert_eq!(run(items.next()).unwrap().unwrap(), 1);
    assert_eq!(run(items.next()).unwrap().unwrap_err().message(), "lift-off");
    assert!(run(items.next()).is_none());
    assert_eq!(*hub.sent.lock().unwrap(), ["CountDown[2]"]);
}

#[test]
fn a_failure_before_the_stream_is_its_only_item() {
    let (stub, hub) = rooms();
    let mut lines = run(stub.replay("lobby")).unwrap();
    assert_eq!(run(lines.next()).unwrap().unwrap(), "welcome to lobby");
    assert!(run(lines.next()).is_none());
    let mut lines = run(stub.replay("full")).unwrap();
    assert_eq!(run(lines.next()).unwrap().unwrap_err().message(), "the room is full");
    assert!(run(lines.next()).is_none());
    // It is one of the items, so it has their type.
    let mut lines = run(stub.echo("lobby", Items::from_iter([]))).unwrap();
    assert_eq!(run(lines.next()), Some(Err(JoinError::RoomFull)));
    assert!(run(stub.nothing("lobby")).is_ok());
    assert_eq!(*hub.sent.lock().unwrap(), [r#"Replay["lobby"]"#, r#"Replay["full"]"#, r#"Echo["lobby"]"#]);
}

#[test]
fn what_keeps_a_stream_from_being_asked_for_is_the_error_of_its_opening() {
    let (stub, link) = Fixed { refusal: Some("the room is full"), ..Fixed::default() }.stub();
    assert!(matches!(run(stub.replay("lobby")), Err(JoinError::RoomFull)));
    assert!(run(stub.echo("lobby", Items::from_iter([]))).is_err());
    assert!(link.calls.lock().unwrap().is_empty());
    // What happens after that is the stream's.
    let (stub, _) = Fixed { items: vec![Err("the room is full")], ..Fixed::default() }.stub();
    let mut lines = run(stub.replay("lobby")).unwrap();
    assert_eq!(run(lines.next()).unwrap().unwrap_err().message(), "the room is full");
}

#[test]
fn a_hub_and_its_stub_open_streams_alike() {
    async fn read(hub: &impl ChatHub, room: &str, polls: &AtomicUsize) -> Result<Vec<String>, JoinError> {
        let mut all = Vec::new();
        for line in collect(Box::pin(hub.replay(room).await?)).await {
            all.push(line?);
        }
        let said = Counted { items: lines(&[room, "a", "b"]), polls };
        for line in collect(Box::pin(hub.echo(room, said).await?)).await {
            all.push(line?);
        }
        all.extend(collect(Box::pin(hub.nothing(room).await?)).await.into_iter().map(Result::unwrap));
        Ok(all)
    }
    let (stub, polls) = (rooms().0, AtomicUsize::new(0));
    for room in ["lobby", "full"] {
        let (of_stub, of_hub) = (run(read(&stub, room, &polls)), run(read(&Rooms::default(), room, &polls)));
        assert_eq!(of_stub, of_hub);
        let lines = ["welcome to lobby", "lobby: a", "lobby: b"].map(str::to_owned).to_vec();
        assert_eq!(of_hub, if room == "full" { Err(JoinError::RoomFull) } else { Ok(lines) });
    }
}

#[test]
fn dropping_a_stream_of_results_gives_it_up() {
    let (stub, link) = Fixed { items: vec![Ok("2")], ..Fixed::default() }.stub();
    let mut items = stub.count_down(2);
    assert_eq!(run(items.next()).unwrap().unwrap(), 2);
    assert!(!link.gone());
    drop(items);
    assert!(link.gone());
}

#[test]
fn an_item_of_the_wrong_type_ends_the_stream_and_gives_it_up() {
    let (stub, link) = Fixed { items: vec![Ok("\"two\""), Ok("1")], ..Fixed::default() }.stub();
    let mut items = stub.count_down(2);
    assert_eq!(run(items.next()).unwrap().unwrap_err().kind(), HubErrorKind::Codec);
    assert!(link.gone());
    assert!(run(items.next()).is_none());
}

fn lines(lines: &[&str]) -> Items<HubResult<String>> {
    lines.iter().map(|line| Ok((*line).to_owned())).collect()
}

#[test]
fn an_upload_ends_cleanly_or_with_the_error_among_its_items() {
    let (stub, _) = rooms();
    assert_eq!(run(stub.upload("ab", lines(&["c", "de"]))).unwrap(), 3 + 4);
    let broken = Items::from_iter([Ok("c".to_owned()), Err(HubError::new("torn")), Ok("de".to_owned())]);
    assert_eq!(run(stub.upload("ab", broken)).unwrap_err().message(), "torn");
}

#[test]
fn streams_run_both_ways_at_once_and_side_by_side() {
    let (stub, _) = rooms();
    let shouted = run(collect(stub.shout(lines(&["a", "b"])))).into_iter().collect::<HubResult<Vec<_>>>();
    assert_eq!(shouted.unwrap(), ["A", "B"]);
    let left = Items::from_iter([Ok(1), Ok(2)]);
    let right = Items::from_iter([Ok(7)]);
    assert_eq!(run(stub.merge(left, 10, right)).unwrap(), [10, 7, 20]);
}

/// Borrows, so that only the trait's methods take it.
struct Counted<'a> {
    items: Items<HubResult<String>>,
    polls: &'a AtomicUsize,
}

impl Stream for Counted<'_> {
    type Item = HubResult<String>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<Option<Self::Item>> {
        self.polls.fetch_add(1, Ordering::SeqCst);
        std::pin::Pin::new(&mut self.items).poll_next(cx)
    }
}

#[test]
fn a_borrowed_stream_is_read_while_the_call_runs() {
    let (stub, _) = rooms();
    let polls = AtomicUsize::new(0);
    let call = ChatHub::upload(&stub, "ab", Counted { items: lines(&["c", "de"]), polls: &polls });
    assert_eq!(polls.load(Ordering::SeqCst), 0, "nothing is read before the call runs");
    assert_eq!(run(call).unwrap(), 3 + 4);
    assert_eq!(polls.load(Ordering::SeqCst), 3);

    let shouted = ChatHub::shout(&stub, Counted { items: lines(&["a", "b"]), polls: &polls });
    let shouted = run(collect(Box::pin(shouted))).into_iter().collect::<HubResult<Vec<_>>>();
    assert_eq!(shouted.unwrap(), ["A", "B"]);

    let numbers = [1_u32, 2];
    let left = numbers.iter().map(|n| Ok(*n)).collect::<Items<_>>();
    let merged = ChatHub::merge(&stub, left, 10, Items::from_iter([Ok(7), Ok(8)]));
    assert_eq!(run(merged).unwrap(), [10, 7, 20, 8]);
}

#[test]
fn a_call_may_end_before_the_borrowed_stream_does() {
    let (stub, _) = rooms();
    let endless = Items::endless([Ok("c".to_owned()), Ok("stop".to_owned())]);
    assert_eq!(run(ChatHub::upload(&stub, "ab", endless)).unwrap(), 3);
}

/// Keeps the uploads of a call, as an engine that sends them later.
#[derive(Default)]
struct Keeps(Mutex<Vec<crate::contract::link::Upload>>);

impl Link for Keeps {
    fn format(&self) -> HubProtocol {
        HubProtocol::Json
    }

    fn invoke(&self, call: OutgoingCall) -> BoxFuture<'static, HubResult<Encoded>> {
        self.0.lock().unwrap().extend(call.uploads);
        Box::pin(pending())
    }

    fn send(&self, _: OutgoingCall) -> BoxFuture<'static, HubResult<()>> {
        Box::pin(pending())
    }

    fn stream(&self, _: OutgoingCall) -> BoxStream<'static, HubResult<Encoded>> {
        Box::pin(Items::endless([]))
    }

    fn refusal(&self) -> Option<HubError> {
        None
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(pending())
    }
}

#[test]
fn a_borrowed_stream_is_read_only_when_asked_and_its_upload_fails_with_the_call() {
    let link = Arc::new(Keeps::default());
    let stub = ChatHubClient::from(Arc::clone(&link) as Arc<dyn Link>);
    let polls = AtomicUsize::new(0);
    let counted = Counted { items: lines(&["c", "de", "fgh"]), polls: &polls };
    let mut call = Box::pin(ChatHub::upload(&stub, "ab", counted));
    assert!(poll_once(&mut call).is_pending());
    assert_eq!(polls.load(Ordering::SeqCst), 0, "the connection has not asked");

    let mut upload = link.0.lock().unwrap().pop().expect("the call carries its stream");
    for item in [r#""c""#, r#""de""#] {
        assert!(poll_once(&mut Box::pin(next(&mut upload))).is_pending());
        assert!(poll_once(&mut call).is_pending());
        assert_eq!(text(&run(next(&mut upload)).unwrap().unwrap()), item);
    }
    assert_eq!(polls.load(Ordering::SeqCst), 2);

    drop(call);
    let Some(Err(error)) = run(next(&mut upload)) else { panic!("the upload did not fail") };
    assert_eq!(error.kind(), HubErrorKind::Canceled);
    assert!(run(next(&mut upload)).is_none());
}

#[test]
fn a_borrowed_stream_is_dropped_when_the_connection_wants_no_more() {
    let link = Arc::new(Keeps::default());
    let stub = ChatHubClient::from(Arc::clone(&link) as Arc<dyn Link>);
    let gone = Arc::new(AtomicBool::new(false));
    let held = Held { items: lines(&["c"]), _gone: OnDrop(Arc::clone(&gone)) };
    let mut call = Box::pin(ChatHub::upload(&stub, "ab", held));
    assert!(poll_once(&mut call).is_pending());
    link.0.lock().unwrap().clear();
    assert!(poll_once(&mut call).is_pending());
    assert!(gone.load(Ordering::SeqCst));
}

/// Cannot be written as JSON.
#[derive(serde::Deserialize)]
struct Unwritable;

impl serde::Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not today"))
    }
}

#[hub(crate = "crate")]
trait Odd {
    async fn take(&self, what: Unwritable) -> HubResult;
    fn watch(&self, what: &Unwritable) -> impl Stream<Item = HubResult<u32>>;
    async fn open(&self, what: &Unwritable) -> HubResult<impl Stream<Item = HubResult<u32>>>;
    async fn upload(&self, items: impl Stream<Item = HubResult<Unwritable>>) -> HubResult;
}

#[test]
fn what_cannot_be_written_is_an_error_of_the_call_and_sends_nothing() {
    let link = Arc::new(Fixed { answer: Some(Ok("null")), ..Fixed::default() });
    let stub = OddClient::from(Arc::clone(&link) as Arc<dyn Link>);
    let not_today = |error: HubError| {
        assert_eq!((error.kind(), error.message()), (HubErrorKind::Codec, "not today"));
    };
    not_today(run(stub.take(Unwritable)).unwrap_err());
    not_today(run(stub.take(Unwritable).send()).unwrap_err());
    let mut items = stub.watch(&Unwritable);
    not_today(run(items.next()).unwrap().unwrap_err());
    assert!(run(items.next()).is_none());
    not_today(run(stub.open(&Unwritable)).map(drop).unwrap_err());
    assert!(link.calls.lock().unwrap().is_empty());

    let link = Arc::new(Keeps::default());
    let stub = OddClient::from(Arc::clone(&link) as Arc<dyn Link>);
    assert!(poll_once(&mut stub.upload(Items::from_iter([Ok(Unwritable)]))).is_pending());
    let mut upload = link.0.lock().unwrap().pop().unwrap();
    not_today(run(next(&mut upload)).unwrap().err().unwrap());
}

#[hub(crate = "crate")]
trait Wide {
    #[expect(clippy::too_many_arguments, reason = "it is what is tested")]
    async fn join(
        &self,
        zero: &str,
        one: u8,
        two: String,
        three: &[u8],
        four: &u8,
        five: &str,
        six: u8,
        seven: Option<u8>,
        eight: &bool,
        nine: &[String],
        ten: &u64,
        eleven: (u8, u8),
        twelve: char,
    ) -> HubResult<String>;
}

struct Joins;

impl Wide for Joins {
    async fn join(
        &self,
        zero: &str,
        one: u8,
        two: String,
        three: &[u8],
        four: &u8,
        five: &str,
        six: u8,
        seven: Option<u8>,
        eight: &bool,
        nine: &[String],
        ten: &u64,
        eleven: (u8, u8),
        twelve: char,
    ) -> HubResult<String> {
        Ok(format!(
            "{zero} {one} {two} {three:?} {four} {five} {six} {seven:?} {eight} {nine:?} {ten} {eleven:?} {twelve}"
        ))
    }
}

#[test]
fn a_method_has_as_many_parameters_as_it_likes() {
    let hub = Loop::<WideContract, _>::new(Joins);
    let stub = WideClient::from(Arc::new(LoopLink(Arc::clone(&hub))) as Arc<dyn Link>);
    let nine = ["9".to_owned()];
    let call = stub.join("0", 1, "2".to_owned(), &[3], &4, "5", 6, None, &true, &nine, &10, (11, 11), 'c');
    assert_eq!(run(call).unwrap(), r#"0 1 2 [3] 4 5 6 None true ["9"] 10 (11, 11) c"#);
    let sent = r#"Join["0",1,"2",[3],4,"5",6,null,true,["9"],10,[11,11],"c"]"#;
    assert_eq!(*hub.sent.lock().unwrap(), [sent]);
}
