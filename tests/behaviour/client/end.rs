//! How a connection ends, and who learns of it.

use std::time::Duration;

use futures_util::StreamExt;
use signalr_runtime::client::{ConnectionEvent, ConnectionState, HubConnection, HubConnectionBuilder};
use signalr_runtime::{HubError, HubErrorKind};
use signalr_tests::test_hub::TestHubContract;
use tokio::time::timeout;

use super::fake::{Fake, Peer};
use super::server::{Server, Ui};

type Builder = HubConnectionBuilder<TestHubContract>;

async fn connected(configure: impl FnOnce(Builder) -> Builder) -> (HubConnection<TestHubContract>, Peer) {
    let fake = Fake::bind().await;
    let client = configure(HubConnection::builder(fake.url()));
    let (connection, peer) = tokio::join!(client.connect(), fake.connected());
    (connection.unwrap(), peer)
}

/// What the server does to end the connection.
enum Blow {
    Say(&'static str),
    Close(Option<u16>),
    HangUp,
}

#[tokio::test]
async fn the_server_ends_it() {
    use Blow::{Close, HangUp, Say};
    use HubErrorKind::{Closed, Codec};

    let large = "x".repeat(2000).leak();
    let cases = [
        (Say("{\"type\":7}\u{1e}"), None),
        (Say("{\"type\":7,\"allowReconnect\":true}\u{1e}"), None),
        (
            Say("{\"type\":7,\"error\":\"too many\"}\u{1e}"),
            Some((Closed, "The server closed the connection with the following error: too many")),
        ),
        (Close(Some(1000)), None),
        (Close(None), None),
        (Close(Some(1011)), Some((Closed, "Websocket closed with error: InternalServerError."))),
        (Close(Some(1001)), Some((Closed, "Websocket closed with error: EndpointUnavailable."))),
        (HangUp, Some((Closed, "the connection was lost: it ended without a close frame"))),
        (Say("{\"type\":1,\"target\":\u{1e}"), Some((Codec, "Error reading JSON."))),
        (Say("{\"type\":\"1\"}\u{1e}"), Some((Codec, "Expected 'type' to be of type Number."))),
        (Say("[]\u{1e}"), Some((Codec, "Unexpected JSON Token Type 'Array'. Expected a JSON Object."))),
        (Say("{\"type\":2,\"item\":1}\u{1e}"), Some((Codec, "Missing required property 'invocationId'."))),
        (
            Say(large),
            Some((
                Codec,
                "The server sent a message of more than 1000 bytes, which is the limit given to \
                 `maximum_receive_message_size`.",
            )),
        ),
    ];
    for (blow, expected) in cases {
        let (connection, mut peer) =
            connected(|client| client.maximum_receive_message_size(Some(1000))).await;
        let mut events = connection.events();
        let mut state = connection.state();
        let call = tokio::spawn(connection.hub().nothing());
        let mut results = connection.hub().endless();
        let (item, ()) = tokio::join!(results.next(), async {
            for _ in 0..2 {
                peer.next().await;
            }
            match blow {
                Say(text) => peer.send_raw(text).await,
                Close(status) => peer.close(status).await,
                HangUp => drop(peer),
            }
        });
        let expected = expected.map(|(kind, text)| (kind, text.to_owned()));
        let said = |error: Option<HubError>| error.map(|error| (error.kind(), error.message().to_owned()));
        assert_eq!(said(connection.closed().await), expected);
        state.wait_for(|state| *state == ConnectionState::Disconnected).await.unwrap();

        // What was waiting is told the same, always under the kind of a closed connection.
        let text = expected
            .as_ref()
            .map_or("Invocation canceled due to the underlying connection being closed.", |(_, text)| {
                text.as_str()
            });
        for error in [call.await.unwrap().unwrap_err(), item.unwrap().unwrap_err()] {
            assert_eq!((error.kind(), error.message()), (Closed, text));
        }
        let error = connection.hub().nothing().await.unwrap_err();
        assert_eq!(error.kind(), Closed);

        // Those who watch hear it once; those who come late hear it too.
        let Some(ConnectionEvent::Closed { error, .. }) = events.next().await else { panic!("no event") };
        assert_eq!(said(error), expected);
        assert!(events.next().await.is_none());
        assert_eq!(connection.events().count().await, 1);
        connection.stop().await;
    }
}

#[tokio::test]
async fn a_message_that_is_cut_off_is_reported() {
    let (connection, mut peer) = connected(|client| client).await;
    peer.send_raw(r#"{"type":6"#).await;
    peer.close(Some(1000)).await;
    let error = connection.closed().await.unwrap();
    assert_eq!(error.message(), "Connection terminated while reading a message.");
}

#[tokio::test]
async fn nothing_counts_after_a_close() {
    let (ui, mut messages) = Ui::new();
    let (connection, mut peer) = connected(|client| client.handlers(ui)).await;
    peer.send_raw(
        "{\"type\":1,\"target\":\"Message\",\"arguments\":[\"a\",\"1\"]}\u{1e}{\"type\":7}\u{1e}\
         {\"type\":1,\"target\":\"Message\",\"arguments\":[\"a\",\"2\"]}\u{1e}",
    )
    .await;
    // The server's Close is answered with the end of the transport, not with a message.
    assert_eq!(peer.close_status().await, 1000);
    assert!(peer.message().await.is_none());
    assert!(connection.closed().await.is_none());
    assert_eq!(messages.recv().await.unwrap().1, "1");
    assert!(messages.recv().await.is_none());
}

#[tokio::test]
async fn a_connection_that_nobody_holds_is_closed() {
    let (connection, mut peer) = connected(|client| client).await;
    let clone = connection.clone();
    let events = connection.events();
    let call = connection.hub().nothing();
    let raw = connection.raw();
    drop(connection);
    drop(clone);
    // A call and a stub still hold it; what only watches does not.
    let calling = tokio::spawn(call);
    assert_eq!(peer.next().await, r#"{"type":1,"invocationId":"1","target":"Nothing","arguments":[]}"#);
    drop(raw);
    peer.send(r#"{"type":3,"invocationId":"1","result":null}"#).await;
    calling.await.unwrap().unwrap();
    assert_eq!(peer.next().await, r#"{"type":7}"#);
    assert_eq!(peer.close_status().await, 1000);
    assert!(peer.message().await.is_none());
    assert_eq!(events.count().await, 1);
}

#[tokio::test]
async fn a_stream_that_is_read_holds_its_connection() {
    let server = Server::start().await;
    let items = server.client().connect().await.unwrap().hub().counter(5, 1);
    let items: Vec<i32> = items.map(Result::unwrap).collect().await;
    assert_eq!(items, [0, 1, 2, 3, 4]);
    // The last holder takes its call back before the connection ends.
    let (connection, mut peer) = connected(|client| client).await;
    let mut items = connection.hub().endless();
    drop(connection);
    tokio::select! {
        _ = items.next() => panic!("there are no items"),
        call = peer.next() => assert_eq!(call, r#"{"type":4,"invocationId":"1","target":"Endless","arguments":[]}"#),
    }
    drop(items);
    assert_eq!(peer.next().await, r#"{"type":5,"invocationId":"1"}"#);
    assert_eq!(peer.next().await, r#"{"type":7}"#);
}

#[tokio::test]
async fn a_server_that_does_not_answer_the_close_is_left() {
    let limit = Duration::from_millis(100);
    let (connection, peer) = connected(|client| client.close_timeout(limit)).await;
    timeout(Duration::from_secs(10), connection.stop()).await.expect("the connection waits for its server");
    assert_eq!(*connection.state().borrow(), ConnectionState::Disconnected);
    drop(peer);
}

#[tokio::test]
async fn a_connection_that_is_stopping_says_so() {
    let (connection, peer) = connected(|client| client.close_timeout(Duration::from_secs(60))).await;
    let mut state = connection.state();
    let stopping = connection.clone();
    let stop = tokio::spawn(async move { stopping.stop().await });
    state.wait_for(|state| *state == ConnectionState::Disconnecting).await.unwrap();
    let hub = connection.hub();
    let call = hub.nothing().await.unwrap_err();
    let sent = hub.nothing().send().await.unwrap_err();
    let streamed = hub.endless().next().await.unwrap().unwrap_err();
    let uploaded = hub.sum(futures_util::stream::pending()).await.unwrap_err();
    for error in [call, sent, streamed, uploaded] {
        assert_eq!(
            (error.kind(), error.message()),
            (HubErrorKind::Closed, "Cannot send data: the connection is stopping.")
        );
    }
    assert_eq!(*connection.state().borrow(), ConnectionState::Disconnecting);
    drop(peer);
    stop.await.unwrap();
    let error = connection.hub().nothing().await.unwrap_err();
    assert!(error.message().contains("not in the 'Connected' State"), "{error}");
}

#[tokio::test]
async fn the_hub_ends_it() {
    let server = Server::start().await;
    let connection = server.client().connect().await.unwrap();
    connection.hub().close_me().send().await.unwrap();
    assert!(connection.closed().await.is_none());
    let connection = server.client().connect().await.unwrap();
    server.hub.shut_down().await;
    assert!(connection.closed().await.is_none());
    let error = server.client().connect().await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 503);
}

#[test]
fn a_connection_ends_with_its_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let connection = runtime.block_on(async {
        let server = Server::start().await;
        server.client().connect().await.unwrap()
    });
    drop(runtime);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        assert!(connection.closed().await.unwrap().message().contains("runtime"));
        let error = connection.hub().sum(futures_util::stream::pending()).await.unwrap_err();
        assert_eq!(error.kind(), HubErrorKind::Closed);
    });
}
