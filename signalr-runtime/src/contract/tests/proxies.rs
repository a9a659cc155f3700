//! From a server to its clients.

use std::future::ready;
use std::sync::{Arc, Mutex};

use futures_core::future::BoxFuture;

use super::wire::{json, poll_once, run, text};
use super::{ChatClientProxy, ChatClientSingleProxy, Message};
use crate::contract::arguments::EncodeArguments;
use crate::contract::receivers::{Delivery, Receiver, Receivers};
use crate::contract::value::{Encoded, HubProtocol};
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

    fn note(&self, target: &str, arguments: &dyn EncodeArguments) {
        let arguments = Encoded::arguments(HubProtocol::Json, arguments).unwrap();
        self.sent.lock().unwrap().push(format!("{target}{}", text(&arguments)));
    }
}

impl Receivers for Clients {
    fn send(&self, target: &'static str, arguments: &dyn EncodeArguments) -> Delivery {
        self.note(target, arguments);
        if self.waits {
            Delivery::Waiting(Box::pin(ready(Err(HubError::with_kind(HubErrorKind::Closed, "gone")))))
        } else {
            Delivery::Done(Ok(()))
        }
    }
}

impl Receiver for Clients {
    fn format(&self) -> HubProtocol {
        HubProtocol::Json
    }

    fn invoke(
        &self,
        target: &'static str,
        arguments: &dyn EncodeArguments,
    ) -> BoxFuture<'static, HubResult<Encoded>> {
        self.note(target, arguments);
        Box::pin(ready(self.answer.map(json).map_err(HubError::new)))
    }
}

fn hello() -> Message {
    Message { from: "Ada".into(), text: "hi".into() }
}

const HELLO: &str = r#"messageReceived[{"from":"Ada","text":"hi"},1]"#;

#[test]
fn a_call_to_many_is_queued_when_it_is_awaited() {
    let clients = Clients::new();
    let proxy = ChatClientProxy::from(Box::new(clients.clone()) as Box<dyn Receivers>);
    let message = hello();
    let call = proxy.message_received(&message, 1);
    assert!(clients.sent.lock().unwrap().is_empty());
    run(call).unwrap();
    assert_eq!(*clients.sent.lock().unwrap(), [HELLO]);
}

#[test]
fn a_call_waits_for_the_receivers_that_have_no_room() {
    let clients = Clients { waits: true, ..Clients::new() };
    let proxy = ChatClientProxy::from(Box::new(clients) as Box<dyn Receivers>);
    let error = run(proxy.message_received(&hello(), 1)).unwrap_err();
    assert_eq!(error.kind(), HubErrorKind::Closed);
}

#[test]
fn one_client_can_be_told_and_asked() {
    let clients = Clients { answer: Ok("true"), ..Clients::new() };
    let proxy = ChatClientSingleProxy::from(Box::new(clients.clone()) as Box<dyn Receiver>);
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
        let proxy = ChatClientSingleProxy::from(Box::new(clients) as Box<dyn Receiver>);
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
    let proxy = ChatClientSingleProxy::from(Box::new(Clients::new()) as Box<dyn Receiver>);
    let message = hello();
    let mut call = Box::pin(send(proxy.message_received(&message, 1)));
    assert!(poll_once(&mut call).is_ready());
    drop(send(proxy.confirm("ready?")));
}
