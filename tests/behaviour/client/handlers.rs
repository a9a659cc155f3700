//! How a client answers the server's calls.

use std::sync::{Arc, Mutex};

use signalr_runtime::client::HubConnection;
use signalr_runtime::{HubError, HubResult, client_proxy, hub};
use tokio::sync::{Notify, mpsc};

use super::fake::{Fake, Peer};
use super::server::{Later, Server};

#[hub(client = Gui)]
trait Desk {
    async fn nothing(&self) -> HubResult;
}

#[client_proxy]
trait Gui {
    async fn note(&self, text: &str);
    async fn wait(&self, text: &str);
    async fn ask(&self, text: &str) -> HubResult<String>;
    async fn maybe(&self) -> HubResult<Option<u8>>;
    async fn panic(&self) -> HubResult<u8>;
    async fn read(&self, value: Poison) -> HubResult<u8>;
}

/// Panics while it is read.
#[derive(serde::Serialize)]
struct Poison;

impl<'de> serde::Deserialize<'de> for Poison {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("a decoder panics on purpose");
    }
}

#[derive(Default)]
struct Script {
    seen: Mutex<Vec<String>>,
    go_on: Notify,
}

struct Handlers(Arc<Script>);

impl Handlers {
    fn see(&self, text: String) {
        self.0.seen.lock().unwrap().push(text);
    }
}

impl Gui for Handlers {
    async fn note(&self, text: &str) {
        self.see(format!("note {text}"));
    }

    async fn wait(&self, text: &str) {
        self.see(format!("wait {text}"));
        self.0.go_on.notified().await;
        self.see(format!("done {text}"));
    }

    async fn ask(&self, text: &str) -> HubResult<String> {
        self.see(format!("ask {text}"));
        match text {
            "hub" => Err(HubError::new("not me")),
            "internal" => Err(HubError::internal(std::io::Error::other("disk full"))),
            text => Ok(text.to_uppercase()),
        }
    }

    async fn maybe(&self) -> HubResult<Option<u8>> {
        Ok(None)
    }

    async fn panic(&self) -> HubResult<u8> {
        panic!("a handler panics on purpose");
    }

    async fn read(&self, _: Poison) -> HubResult<u8> {
        Ok(1)
    }
}

async fn connected() -> (HubConnection<DeskContract>, Peer, Arc<Script>) {
    let fake = Fake::bind().await;
    let script = Arc::<Script>::default();
    let client = HubConnection::builder(fake.url()).handlers(Handlers(Arc::clone(&script)));
    let (connection, peer) = tokio::join!(client.connect(), fake.connected());
    (connection.unwrap(), peer, script)
}

#[tokio::test]
async fn answers() {
    let (_connection, mut peer, _) = connected().await;
    let cases = [
        (r#""target":"Ask","arguments":["a"]"#, r#""result":"A""#),
        (r#""target":"aSK","arguments":["b"]"#, r#""result":"B""#),
        (r#""target":"Maybe","arguments":[]"#, r#""result":null"#),
        (r#""target":"Ask","arguments":["hub"]"#, r#""error":"not me""#),
        (r#""target":"Ask","arguments":["internal"]"#, r#""error":"disk full""#),
        (r#""target":"Panic","arguments":[]"#, r#""error":"the method panicked""#),
        (r#""target":"Ask","arguments":[1]"#, r#""error":"Client failed to parse argument(s).""#),
        (r#""target":"Read","arguments":[1]"#, r#""error":"Client failed to parse argument(s).""#),
        (r#""target":"Ask","arguments":[]"#, r#""error":"Client failed to parse argument(s).""#),
        (r#""target":"Note","arguments":["a"]"#, r#""error":"Client didn't provide a result.""#),
        (r#""target":"Nobody","arguments":[]"#, r#""error":"Client didn't provide a result.""#),
        (r#""target":"Nobody","arguments":[1]"#, r#""error":"Client failed to parse argument(s).""#),
    ];
    for (at, (call, answer)) in cases.iter().enumerate() {
        peer.send(&format!(r#"{{"type":1,"invocationId":"s{at}",{call}}}"#)).await;
        assert_eq!(peer.next().await, format!(r#"{{"type":3,"invocationId":"s{at}",{answer}}}"#));
    }
    peer.send(r#"{"type":4,"invocationId":"s","target":"Ask","arguments":["a"]}"#).await;
    let answer = r#"{"type":3,"invocationId":"s","error":"Client didn't provide a result."}"#;
    assert_eq!(peer.next().await, answer);
}

#[tokio::test]
async fn a_client_without_handlers_answers_too() {
    let fake = Fake::bind().await;
    let client = HubConnection::<DeskContract>::builder(fake.url());
    let (connection, mut peer) = tokio::join!(client.connect(), fake.connected());
    let _connection = connection.unwrap();
    peer.send(r#"{"type":1,"target":"Note","arguments":["a"]}"#).await;
    peer.send(r#"{"type":1,"invocationId":"s1","target":"Maybe","arguments":[]}"#).await;
    let answer = r#"{"type":3,"invocationId":"s1","error":"Client didn't provide a result."}"#;
    assert_eq!(peer.next().await, answer);
}

#[tokio::test]
async fn calls_without_an_answer_wait_for_each_other_and_nothing_waits_for_them() {
    let (connection, mut peer, script) = connected().await;
    peer.send(r#"{"type":1,"target":"Wait","arguments":["1"]}"#).await;
    // An empty id is none, and so is a call that cannot be understood.
    peer.send(r#"{"type":1,"invocationId":"","target":"Note","arguments":["2"]}"#).await;
    peer.send(r#"{"type":1,"target":"Note","arguments":[true]}"#).await;
    peer.send(r#"{"type":1,"target":"Read","arguments":[true]}"#).await;
    peer.send(r#"{"type":1,"target":"Nobody","arguments":[]}"#).await;
    // The answer to a call that has none goes nowhere.
    peer.send(r#"{"type":1,"target":"Ask","arguments":["3"]}"#).await;
    // A call that wants an answer, and everything else, goes on meanwhile.
    peer.send(r#"{"type":1,"invocationId":"s1","target":"Ask","arguments":["4"]}"#).await;
    assert_eq!(peer.next().await, r#"{"type":3,"invocationId":"s1","result":"4"}"#);
    let (answer, ()) = tokio::join!(connection.hub().nothing(), async {
        assert_eq!(peer.next().await, r#"{"type":1,"invocationId":"1","target":"Nothing","arguments":[]}"#);
        peer.send(r#"{"type":3,"invocationId":"1","result":null}"#).await;
    });
    answer.unwrap();
    assert_eq!(*script.seen.lock().unwrap(), ["wait 1", "ask 4"]);
    script.go_on.notify_one();
    peer.send(r#"{"type":1,"target":"Wait","arguments":["5"]}"#).await;
    script.go_on.notify_one();
    while script.seen.lock().unwrap().last().is_none_or(|last| last != "done 5") {
        tokio::task::yield_now().await;
    }
    let seen = script.seen.lock().unwrap();
    assert_eq!(*seen, ["wait 1", "ask 4", "done 1", "note 2", "ask 3", "wait 5", "done 5"]);
}

/// A handler that owns its connection.
struct Busy {
    connection: Later<HubConnection<signalr_tests::test_hub::TestHubContract>>,
    done: mpsc::UnboundedSender<String>,
}

impl signalr_tests::test_hub::TestClient for Busy {
    async fn message(&self, _: &str, text: &str) {
        let connection = self.connection.get().unwrap();
        if text == "stop" {
            connection.stop().await;
        }
        let answer = connection.hub().echo(format!("inside {text}")).await;
        let _ = self.done.send(answer.unwrap_or_else(|error| format!("{:?}", error.kind())));
    }

    async fn confirm(&self, question: &str) -> HubResult<String> {
        let connection = self.connection.get().unwrap();
        connection.hub().echo(format!("{question}!")).await
    }
}

#[tokio::test]
async fn a_handler_may_call_the_hub_and_stop_the_connection() {
    let server = Server::start().await;
    let later = Later::default();
    let (done, mut answers) = mpsc::unbounded_channel();
    let connection =
        server.client().handlers(Busy { connection: Arc::clone(&later), done }).connect().await.unwrap();
    assert!(later.set(connection.clone()).is_ok());
    let hub = connection.hub();
    hub.send_to_caller("one").await.unwrap();
    assert_eq!(answers.recv().await.unwrap(), "inside one");
    hub.send_to_caller("stop").send().await.unwrap();
    assert!(connection.closed().await.is_none());
    assert_eq!(answers.recv().await.unwrap(), "Closed");
}
