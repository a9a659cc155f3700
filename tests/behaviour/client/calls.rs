//! Calls of every kind, over a real socket.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use signalr_runtime::client::ConnectionState;
use signalr_runtime::{HubErrorKind, HubResult};
use signalr_tests::test_hub::{Person, TestHub};

use super::eventually;
use super::server::{Server, Ui};

#[tokio::test]
async fn a_call_is_answered() {
    let server = Server::start().await;
    let connection = server.client().connect().await.unwrap();
    let hub = connection.hub();
    assert_eq!(hub.echo("hällo \u{1e}".into()).await.unwrap(), "hällo \u{1e}");
    assert_eq!(hub.add(1, 2).await.unwrap(), 3);
    let ada = Person { name: "Ada".into(), age: 36, tags: vec!["maths".into()] };
    assert_eq!(hub.echo_person(ada.clone()).await.unwrap(), ada);
    hub.nothing().await.unwrap();
    assert_eq!(hub.connection_id().await.unwrap(), connection.connection_id().unwrap());
}

#[tokio::test]
async fn an_error_says_what_the_server_lets_it_say() {
    let server = Server::start().await;
    let connection = server.client().connect().await.unwrap();
    let hub = connection.hub();
    let error = hub.fail("the room is full".into()).await.unwrap_err();
    assert_eq!(error.kind(), HubErrorKind::Hub);
    assert_eq!(
        error.message(),
        "An unexpected error occurred invoking 'Fail' on the server. HubException: the room is full"
    );
    assert_eq!(error.detail(), "the room is full");
    for (error, method) in
        [(hub.crash().await.unwrap_err(), "Crash"), (hub.panic().await.unwrap_err(), "Panic")]
    {
        assert_eq!(error.kind(), HubErrorKind::Internal);
        let text = format!("An unexpected error occurred invoking '{method}' on the server.");
        assert_eq!(error.message(), text);
    }
    let error = connection.raw().invoke::<()>("Nowhere", ()).await.unwrap_err();
    assert_eq!(error.kind(), HubErrorKind::Hub);
    assert_eq!(error.detail(), "Method does not exist.");
    // The connection has come to no harm.
    assert_eq!(hub.add(1, 2).await.unwrap(), 3);
}

#[tokio::test]
async fn an_answer_of_another_type_fails_its_call_only() {
    let server = Server::start().await;
    let connection = server.client().connect().await.unwrap();
    let error = connection.raw().invoke::<u8>("Echo", ("text",)).await.unwrap_err();
    assert_eq!(error.kind(), HubErrorKind::Codec);
    let start = "Error trying to deserialize result to u8. ";
    assert!(error.message().starts_with(start), "{error}");
    assert_eq!(connection.raw().invoke::<String>("Echo", ("text",)).await.unwrap(), "text");
}

#[tokio::test]
async fn calls_without_an_answer_arrive_in_order() {
    let server = Server::start().await;
    let connection = server.client().connect().await.unwrap();
    let hub = connection.hub();
    for n in 0..100 {
        hub.record(n.to_string()).send().await.unwrap();
    }
    connection.raw().send("Crash", ()).await.unwrap();
    let recorded = hub.recorded().await.unwrap();
    assert!(
        recorded.iter().map(String::as_str).eq((0..100).map(|n| n.to_string()).collect::<Vec<_>>().iter())
    );
}

#[tokio::test]
async fn results_stream_in_order() {
    let server = Server::start().await;
    let connection = server.client().connect().await.unwrap();
    let hub = connection.hub();
    let items: Vec<_> = hub.counter(1000, 0).map(Result::unwrap).collect().await;
    assert!(items.into_iter().eq(0..1000));
    let mut failing = hub.counter_then_fail(2, "enough".into());
    assert_eq!(failing.next().await.unwrap().unwrap(), 0);
    assert_eq!(failing.next().await.unwrap().unwrap(), 1);
    let error = failing.next().await.unwrap().unwrap_err();
    assert_eq!(error.detail(), "enough");
    assert!(failing.next().await.is_none());
    let error = connection.raw().invoke::<i32>("Counter", (1, 0)).await.unwrap_err();
    assert!(error.message().contains("streaming"), "{error}");
}

#[tokio::test]
async fn a_stream_that_is_dropped_is_cancelled() {
    let server = Server::start().await;
    let connection = server.client().connect().await.unwrap();
    let hub = connection.hub();
    let mut endless = hub.endless();
    assert_eq!(endless.next().await.unwrap().unwrap(), 0);
    assert_eq!(hub.cancelled_streams().await.unwrap(), 0);
    drop(endless);
    eventually(async || hub.cancelled_streams().await.unwrap() == 1).await;
}

#[tokio::test]
async fn streams_go_up_and_both_ways() {
    let server = Server::start().await;
    let connection = server.client().connect().await.unwrap();
    let hub = connection.hub();
    let numbers = || stream::iter(1..=100).map(Ok);
    assert_eq!(hub.sum(numbers()).await.unwrap(), 5050);
    let texts = stream::iter(["a", "b", "c"]).map(|text| Ok(text.to_owned()));
    assert_eq!(hub.concat("-", texts).await.unwrap(), "a-b-c");
    let doubled: Vec<i32> = hub.doubled(numbers()).map(Result::unwrap).collect().await;
    assert!(doubled.into_iter().eq((1..=100).map(|n| 2 * n)));
    let raw = connection.raw();
    let sum = raw.call("Sum", ()).upload(stream::iter([Ok(1), Ok(2)])).invoke::<i32>().await;
    assert_eq!(sum.unwrap(), 3);
}

#[tokio::test]
async fn a_stub_is_an_implementation_of_the_hub() {
    async fn twice(hub: &impl TestHub, text: &str) -> HubResult<String> {
        let once = hub.echo(text.to_owned()).await?;
        hub.concat("", stream::iter([once.clone(), once]).map(Ok)).await
    }
    let server = Server::start().await;
    let connection = server.client().connect().await.unwrap();
    assert_eq!(twice(&connection.hub(), "ab").await.unwrap(), "abab");
}

#[tokio::test]
async fn the_server_calls_the_client() {
    let server = Server::start().await;
    let (ui, mut messages) = Ui::new();
    let connection = server.client().handlers(ui).connect().await.unwrap();
    let hub = connection.hub();
    let id = connection.connection_id().unwrap();
    for text in ["one", "two", "three"] {
        hub.send_to_caller(text).await.unwrap();
    }
    for text in ["one", "two", "three"] {
        assert_eq!(messages.recv().await.unwrap(), (id.clone(), text.to_owned()));
    }
    assert_eq!(hub.ask_caller("really?").await.unwrap(), "yes, really?");
    let error = hub.ask_caller("fail").await.unwrap_err();
    assert_eq!(error.detail(), "no answer");
    server.hub.clients().all().message("the server", "hello").await.unwrap();
    assert_eq!(messages.recv().await.unwrap().1, "hello");
}

#[tokio::test]
async fn a_stopped_connection_takes_no_calls() {
    let server = Server::start().await;
    let connection = server.client().connect().await.unwrap();
    let hub = connection.hub();
    let mut state = connection.state();
    assert_eq!(*state.borrow_and_update(), ConnectionState::Connected);
    let waiting = tokio::spawn(hub.sleep(60_000));
    let mut results = hub.endless();
    assert_eq!(results.next().await.unwrap().unwrap(), 0);
    connection.stop().await;
    assert_eq!(*state.borrow_and_update(), ConnectionState::Disconnected);
    assert!(connection.closed().await.is_none());
    assert_eq!(connection.connection_id(), None);
    let text = "Invocation canceled due to the underlying connection being closed.";
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.message()), (HubErrorKind::Closed, text));
    let error = loop {
        if let Err(error) = results.next().await.unwrap() {
            break error;
        }
    };
    assert_eq!((error.kind(), error.message()), (HubErrorKind::Closed, text));
    for error in [hub.nothing().await.unwrap_err(), hub.nothing().send().await.unwrap_err()] {
        assert_eq!(error.kind(), HubErrorKind::Closed);
    }
    connection.stop().await;
}

#[test]
fn a_call_may_be_awaited_on_another_runtime() {
    let home = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let hub = home.block_on(async { Server::start().await.client().connect().await.unwrap().hub() });
    // This one has neither a clock nor sockets.
    let abroad = tokio::runtime::Builder::new_current_thread().build().unwrap();
    abroad.block_on(async {
        assert_eq!(hub.add(1, 2).timeout(Duration::from_secs(10)).await.unwrap(), 3);
        let error = hub.sleep(60_000).timeout(Duration::from_millis(20)).await.unwrap_err();
        assert_eq!(error.kind(), HubErrorKind::Timeout);
        assert_eq!(hub.sum(stream::iter([Ok(1), Ok(2)])).await.unwrap(), 3);
    });
}
