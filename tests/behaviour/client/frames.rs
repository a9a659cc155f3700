//! What a client puts on the wire, letter for letter, and what it makes of what it reads there.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use signalr_runtime::client::HubConnection;
use signalr_runtime::{HubError, HubErrorKind};
use signalr_tests::test_hub::TestHubContract;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::fake::{Fake, Peer};

async fn connected() -> (HubConnection<TestHubContract>, Peer) {
    let fake = Fake::bind().await;
    let client = HubConnection::builder(fake.url());
    let (connection, peer) = tokio::join!(client.connect(), fake.connected());
    (connection.unwrap(), peer)
}

/// A stream that is fed by hand.
fn fed<T: Send + 'static>() -> (mpsc::UnboundedSender<T>, impl futures_util::Stream<Item = T> + Send + 'static)
{
    let (feed, mut items) = mpsc::unbounded_channel();
    (feed, stream::poll_fn(move |cx| items.poll_recv(cx)))
}

#[tokio::test]
async fn calls() {
    let (connection, mut peer) = connected().await;
    let hub = connection.hub();
    let call = tokio::spawn(hub.add(1, 2));
    assert_eq!(peer.next().await, r#"{"type":1,"invocationId":"1","target":"Add","arguments":[1,2]}"#);
    peer.send(r#"{"result":3,"invocationId":"1","type":3}"#).await;
    assert_eq!(call.await.unwrap().unwrap(), 3);

    hub.nothing().send().await.unwrap();
    assert_eq!(peer.next().await, r#"{"type":1,"target":"Nothing","arguments":[]}"#);

    // Neither a result, nor an unknown property, nor a call that nobody waits for, disturbs anything.
    let call = tokio::spawn(hub.nothing());
    assert_eq!(peer.next().await, r#"{"type":1,"invocationId":"2","target":"Nothing","arguments":[]}"#);
    peer.send(r#"{"type":3,"invocationId":"77","result":{"a":[1]}}"#).await;
    peer.send(r#"{"type":2,"invocationId":"77","item":1}"#).await;
    peer.send(r#"{"type":99,"what":"ever"}"#).await;
    peer.send(r#"{"type":3,"invocationId":"2","new":true}"#).await;
    call.await.unwrap().unwrap();

    let call = tokio::spawn(hub.echo(r#"<é"\>"#.into()));
    assert_eq!(peer.next().await, r#"{"type":1,"invocationId":"3","target":"Echo","arguments":["<é\"\\>"]}"#);
    peer.send(r#"{"type":3,"invocationId":"3","error":"HubException: no"}"#).await;
    let error = call.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.message()), (HubErrorKind::Hub, "HubException: no"));
}

#[tokio::test]
async fn calls_that_are_given_up() {
    let (connection, mut peer) = connected().await;
    let hub = connection.hub();
    // Nothing is sent before the first poll, and nothing is cancelled that was not sent.
    drop(hub.nothing());
    drop(hub.endless());
    let error = hub.nothing().timeout(Duration::from_millis(20)).await.unwrap_err();
    assert_eq!(error.kind(), HubErrorKind::Timeout);
    assert_eq!(peer.next().await, r#"{"type":1,"invocationId":"1","target":"Nothing","arguments":[]}"#);
    assert_eq!(peer.next().await, r#"{"type":5,"invocationId":"1"}"#);
    // The answer to what was cancelled is no surprise.
    peer.send(r#"{"type":3,"invocationId":"1","error":"cancelled"}"#).await;
    // An answered call is not cancelled.
    let call = tokio::spawn(hub.nothing());
    assert_eq!(peer.next().await, r#"{"type":1,"invocationId":"2","target":"Nothing","arguments":[]}"#);
    peer.send(r#"{"type":3,"invocationId":"2","result":null}"#).await;
    call.await.unwrap().unwrap();
    connection.stop_beside(&mut peer).await;
}

#[tokio::test]
async fn results_that_stream() {
    let (connection, mut peer) = connected().await;
    let hub = connection.hub();
    let mut items = hub.counter(3, 0);
    let (first, ()) = tokio::join!(items.next(), async {
        let call = peer.next().await;
        assert_eq!(call, r#"{"type":4,"invocationId":"1","target":"Counter","arguments":[3,0]}"#);
        peer.send(r#"{"type":2,"invocationId":"1","item":0}"#).await;
    });
    assert_eq!(first.unwrap().unwrap(), 0);
    peer.send(r#"{"type":2,"invocationId":"1","item":1}"#).await;
    peer.send(r#"{"type":3,"invocationId":"1","error":"HubException: enough"}"#).await;
    assert_eq!(items.next().await.unwrap().unwrap(), 1);
    assert_eq!(items.next().await.unwrap().unwrap_err().message(), "HubException: enough");
    assert!(items.next().await.is_none());
    drop(items);

    // An item of another type ends the stream, and the server is told.
    let mut items = hub.counter(3, 0);
    let (first, ()) = tokio::join!(items.next(), async {
        peer.next().await;
        peer.send(r#"{"type":2,"invocationId":"2","item":"text"}"#).await;
    });
    let error = first.unwrap().unwrap_err();
    assert_eq!(error.kind(), HubErrorKind::Codec);
    assert!(error.message().starts_with("Error trying to deserialize result to i32. "), "{error}");
    assert!(items.next().await.is_none());
    assert_eq!(peer.next().await, r#"{"type":5,"invocationId":"2"}"#);

    // A result at the end is an error, and an item for a plain call too.
    let mut items = hub.counter(3, 0);
    let (first, ()) = tokio::join!(items.next(), async {
        peer.next().await;
        peer.send(r#"{"type":3,"invocationId":"3","result":1}"#).await;
    });
    assert_eq!(
        first.unwrap().unwrap_err().message(),
        "Server provided a result in a completion response to a streamed invocation."
    );
    let (answer, ()) = tokio::join!(hub.add(1, 2), async {
        peer.next().await;
        peer.send(r#"{"type":2,"invocationId":"4","item":1}"#).await;
    });
    assert!(answer.unwrap_err().message().contains("call it as a stream"));
    connection.stop_beside(&mut peer).await;
}

#[tokio::test]
async fn streams_from_the_client() {
    let (connection, mut peer) = connected().await;
    let hub = connection.hub();
    let (feed, numbers) = fed::<Result<i32, HubError>>();
    let call = tokio::spawn(hub.sum(numbers));
    assert_eq!(
        peer.next().await,
        r#"{"type":1,"invocationId":"2","target":"Sum","arguments":[],"streamIds":["1"]}"#
    );
    feed.send(Ok(5)).unwrap();
    assert_eq!(peer.next().await, r#"{"type":2,"invocationId":"1","item":5}"#);
    drop(feed);
    assert_eq!(peer.next().await, r#"{"type":3,"invocationId":"1"}"#);
    peer.send(r#"{"type":3,"invocationId":"2","result":5}"#).await;
    assert_eq!(call.await.unwrap().unwrap(), 5);

    // Two streams beside each other, and a result stream: ids in order, the call's own behind them.
    let raw = connection.raw();
    let two = raw
        .call("Mixed", ("a", 1))
        .upload(stream::iter([Ok(1)]))
        .upload(stream::empty::<Result<u8, HubError>>())
        .stream::<i32>();
    let results = tokio::spawn(two.collect::<Vec<_>>());
    assert_eq!(
        peer.next().await,
        r#"{"type":4,"invocationId":"5","target":"Mixed","arguments":["a",1],"streamIds":["3","4"]}"#
    );
    let mut sent = [peer.next().await, peer.next().await, peer.next().await];
    sent.sort();
    assert_eq!(
        sent,
        [
            r#"{"type":2,"invocationId":"3","item":1}"#,
            r#"{"type":3,"invocationId":"3"}"#,
            r#"{"type":3,"invocationId":"4"}"#
        ]
    );
    peer.send(r#"{"type":3,"invocationId":"5"}"#).await;
    assert!(results.await.unwrap().is_empty());

    // The stream fails; it panics; the call is given up.
    raw.call("Take", ())
        .upload(stream::iter([Err::<u8, _>(HubError::new("no paper"))]))
        .send()
        .await
        .unwrap();
    assert_eq!(peer.next().await, r#"{"type":1,"target":"Take","arguments":[],"streamIds":["6"]}"#);
    assert_eq!(
        peer.next().await,
        r#"{"type":3,"invocationId":"6","error":"Stream errored by client: 'no paper'"}"#
    );
    let panics =
        stream::poll_fn(|_| -> std::task::Poll<Option<Result<u8, HubError>>> { panic!("on purpose") });
    raw.call("Take", ()).upload(panics).send().await.unwrap();
    peer.next().await;
    assert_eq!(
        peer.next().await,
        r#"{"type":3,"invocationId":"7","error":"Stream errored by client: 'the stream panicked'"}"#
    );
    let call = raw.call("Take", ()).upload(stream::pending::<Result<u8, HubError>>()).invoke::<()>();
    call.timeout(Duration::from_millis(20)).await.unwrap_err();
    assert_eq!(
        peer.next().await,
        r#"{"type":1,"invocationId":"9","target":"Take","arguments":[],"streamIds":["8"]}"#
    );
    assert_eq!(peer.next().await, r#"{"type":5,"invocationId":"9"}"#);
    assert_eq!(peer.next().await, r#"{"type":3,"invocationId":"8","error":"Stream canceled by client."}"#);

    // An upload ends when its call has been answered: nobody reads it any more.
    let (feed, numbers) = fed::<Result<i32, HubError>>();
    let call = tokio::spawn(raw.call("Take", ()).upload(numbers).invoke::<()>());
    peer.next().await;
    peer.send(r#"{"type":3,"invocationId":"11","result":null}"#).await;
    call.await.unwrap().unwrap();
    assert_eq!(peer.next().await, r#"{"type":3,"invocationId":"10","error":"Stream canceled by client."}"#);
    timeout(Duration::from_secs(10), feed.closed()).await.expect("the stream is still read");
    let (feed, numbers) = fed::<Result<i32, HubError>>();
    let mut results = raw.call("Mixed", ()).upload(numbers).stream::<i32>();
    let (end, ()) = tokio::join!(results.next(), async {
        peer.next().await;
        peer.send(r#"{"type":3,"invocationId":"13"}"#).await;
    });
    assert!(end.is_none());
    assert_eq!(peer.next().await, r#"{"type":3,"invocationId":"12","error":"Stream canceled by client."}"#);
    timeout(Duration::from_secs(10), feed.closed()).await.expect("the stream is still read");

    // One that no answer is asked for goes on.
    let (feed, numbers) = fed::<Result<i32, HubError>>();
    raw.call("Take", ()).upload(numbers).send().await.unwrap();
    peer.next().await;
    feed.send(Ok(1)).unwrap();
    assert_eq!(peer.next().await, r#"{"type":2,"invocationId":"14","item":1}"#);
    // With the connection it ends, and says nothing more.
    connection.stop_beside(&mut peer).await;
    timeout(Duration::from_secs(10), feed.closed()).await.expect("the stream is still read");
}

#[tokio::test]
async fn pings_and_the_close() {
    let fake = Fake::bind().await;
    let client =
        HubConnection::<TestHubContract>::builder(fake.url()).keep_alive_interval(Duration::from_millis(30));
    let (connection, mut peer) = tokio::join!(client.connect(), fake.connected());
    let connection = connection.unwrap();
    for _ in 0..3 {
        assert_eq!(peer.next().await, r#"{"type":6}"#);
    }
    connection.raw().send("Last", ("words",)).await.unwrap();
    let stopping = connection.stop();
    let closing = async {
        let mut records = Vec::new();
        loop {
            let record = peer.next().await;
            if record != r#"{"type":6}"# {
                records.push(record);
            }
            if records.len() == 2 {
                break;
            }
        }
        assert_eq!(records, [r#"{"type":1,"target":"Last","arguments":["words"]}"#, r#"{"type":7}"#]);
        assert_eq!(peer.close_status().await, 1000);
        // The close frame is answered by the WebSocket itself, and then the stream ends.
        assert!(peer.message().await.is_none());
    };
    tokio::join!(stopping, closing);
}

/// Ends a connection, and makes sure that nothing but its end comes.
trait StopBeside {
    async fn stop_beside(&self, peer: &mut Peer);
}

impl StopBeside for HubConnection<TestHubContract> {
    async fn stop_beside(&self, peer: &mut Peer) {
        let closing = async {
            assert_eq!(peer.next().await, r#"{"type":7}"#);
            assert_eq!(peer.close_status().await, 1000);
            assert!(peer.message().await.is_none());
        };
        tokio::join!(self.stop(), closing);
    }
}
