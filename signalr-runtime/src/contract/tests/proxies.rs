//! From a server to its clients.

use std::future::ready;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures_core::future::BoxFuture;

use super::wire::{json, poll_once, run};
use super::{ChatClientProxy, ChatClientSingleProxy, Message};
use crate::contract::client_call::ClientCall;
use crate::contract::per_protocol::Formats;
use crate::contract::receivers::{Answer, Delivery, Receiver, Receivers};
use crate::contract::value::HubProtocol;
use crate::{HubError, HubErrorKind, HubResult};

/// Notes what is sent, and answers what it was told to.
#[derive(Clone)]
struct Clients {
    sent: Arc<Mutex<Vec<String>>>,
    waits: bool,
    answer: Result<&'static str, &'static str>,
}

impl Clients {
    fn new() -> Self {
        Self { sent: Arc::default(), waits: false, answer: Ok("null") }
    }

    fn note(&self, call: &ClientCall) {
        let arguments = call.arguments(HubProtocol::Json).unwrap();
        let arguments = std::str::from_utf8(arguments.bytes).unwrap();
        self.sent.lock().unwrap().push(format!("{}{arguments}", call.target()));
    }
}

impl Receivers for Clients {
    fn formats(&self) -> Formats {
        Formats::only(HubProtocol::Json)
    }

    fn send(&self, call: ClientCall) -> Delivery {
        self.note(&call);
        if self.waits {
            Delivery::Waiting(Box::pin(ready(Err(HubError::with_kind(HubErrorKind::Closed, "gone")))))
        } else {
            Delivery::Done(Ok(()))
        }
    }

    fn poll_give_way(&self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl Receiver for Clients {
    fn ask(&self, call: ClientCall) -> BoxFuture<'static, HubResult<Answer>> {
        self.note(&call);
        let answer = self.answer.map(json).map_err(HubError::new);
        Box::pin(ready(answer.map(|value| Answer { format: HubProtocol::Json, value })))
    }
}

fn hello() -> Message {
    Message { from: "Ada".into(), text: "hi".into() }
}

const HELLO: &str = r#"messageReceived[{"from":"Ada","text":"hi"},1]"#;

#[test]
fn a_call_to_many_is_queued_when_it_is_awaited() {
    let clients = Clients::new();
    let proxy = ChatClientProxy::from(Arc::new(clients.clone()) as Arc<dyn Receivers>);
    let message = hello();
    let call = proxy.message_received(&message, 1);
    assert!(clients.sent.lock().unwrap().is_empty());
    run(call).unwrap();
    assert_eq!(*clients.sent.lock().unwrap(), [HELLO]);
}

#[test]
fn a_call_waits_for_the_receivers_that_have_no_room() {
    let clients = Clients { waits: true, ..Clients::new() };
    let proxy = ChatClientProxy::from(Arc::new(clients) as Arc<dyn Receivers>);
    let error = run(proxy.message_received(&hello(), 1)).unwrap_err();
    assert_eq!(error.kind(), HubErrorKind::Closed);
}

#[test]
fn one_client_can_be_told_and_asked() {
    let clients = Clients { answer: Ok("true"), ..Clients::new() };
    let proxy = ChatClientSingleProxy::from(Arc::new(clients.clone()) as Arc<dyn Receiver>);
    run(proxy.message_received(&hello(), 1)).unwrap();
    assert!(run(proxy.confirm("ready?")).unwrap());
    assert_eq!(*clients.sent.lock().unwrap(), [HELLO, r#"confirm["ready?"]"#]);
}

#[test]
fn an_answer_of_the_wrong_type_or_an_error_is_the_result() {
    // Both are errors of the client: the hub may pass them on.
    for (answer, text) in [(Ok("\"yes\""), "Error trying to deserialize result to bool. "), (Err("no"), "no")]
    {
        let clients = Clients { answer, ..Clients::new() };
        let proxy = ChatClientSingleProxy::from(Arc::new(clients) as Arc<dyn Receiver>);
        let error = run(proxy.confirm("ready?")).unwrap_err();
        assert_eq!(error.kind(), HubErrorKind::Hub);
        assert!(error.message().starts_with(text), "{error}");
    }
}

#[test]
fn calls_can_be_sent_from_any_thread() {
    fn send<T: Send>(value: T) -> T {
        value
    }
    let proxy = ChatClientSingleProxy::from(Arc::new(Clients::new()) as Arc<dyn Receiver>);
    let message = hello();
    let mut call = Box::pin(send(proxy.message_received(&message, 1)));
    assert!(poll_once(&mut call).is_ready());
    drop(send(proxy.confirm("ready?")));
}

/// Every future is polled to its end.
async fn join_all<T>(calls: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut results = Vec::new();
    for call in calls {
        results.push(call.await);
    }
    results
}

#[test]
fn calls_outlive_the_proxy_and_the_arguments_that_they_were_made_with() {
    fn spawnable<F: Future + Send + 'static>(call: F) -> F {
        call
    }
    let clients = Clients { answer: Ok("true"), ..Clients::new() };
    let proxy = |clients: &Clients| ChatClientProxy::from(Arc::new(clients.clone()) as Arc<dyn Receivers>);
    let single =
        |clients: &Clients| ChatClientSingleProxy::from(Arc::new(clients.clone()) as Arc<dyn Receiver>);
    let told = spawnable(proxy(&clients).message_received(&hello(), 1));
    let asked = spawnable(single(&clients).confirm(&String::from("ready?")));
    let many = [1, 2].iter().map(|_| proxy(&clients).message_received(&hello(), 1)).collect();
    assert!(clients.sent.lock().unwrap().is_empty());
    assert!(run(asked).unwrap());
    run(told).unwrap();
    assert_eq!(run(join_all(many)).len(), 2);
    assert_eq!(*clients.sent.lock().unwrap(), [r#"confirm["ready?"]"#, HELLO, HELLO, HELLO]);
}

#[test]
fn a_proxy_can_be_cloned() {
    fn twice<P: Clone>(proxy: &P) -> [P; 2] {
        [proxy.clone(), proxy.clone()]
    }
    let clients = Clients::new();
    for proxy in twice(&ChatClientProxy::from(Arc::new(clients.clone()) as Arc<dyn Receivers>)) {
        run(proxy.message_received(&hello(), 1)).unwrap();
    }
    for proxy in twice(&ChatClientSingleProxy::from(Arc::new(clients.clone()) as Arc<dyn Receiver>)) {
        run(proxy.message_received(&hello(), 1)).unwrap();
    }
    assert_eq!(clients.sent.lock().unwrap().len(), 4);
}

#[test]
fn a_call_is_encoded_when_it_is_made_and_sent_when_it_is_polled_first() {
    let clients = Arc::new(Clients { answer: Ok("true"), ..Clients::new() });
    let receiver: Arc<dyn Receiver> = Arc::<Clients>::clone(&clients);
    let client = ChatClientSingleProxy::from(receiver);
    let mut message = hello();
    let (told, never) = (client.message_received(&message, 1), client.message_received(&message, 2));
    message.text.clear();
    assert!(clients.sent.lock().unwrap().is_empty());
    run(told).unwrap();
    drop(never);
    assert_eq!(*clients.sent.lock().unwrap(), [HELLO]);
}
