//! The MessagePack protocol over real sockets: the same hub, the same stubs, and the bytes between them.

use std::time::{Duration, SystemTime};

use axum::Router;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use signalr_runtime::client::{ConnectError, HubConnection};
use signalr_runtime::payload::{DateTime, timestamp};
use signalr_runtime::server::{Hub, HubOptions, HubRouterExt, HubService};
use signalr_runtime::{HubErrorKind, HubProtocol, HubResult, hub};
use signalr_tests::test_hub::{Person, TestHubContract};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::fake::{Fake, Peer};
use super::server::{Server, Ui};

#[tokio::test]
async fn everything_that_works_in_json() {
    let server = Server::start().await;
    let (ui, mut messages) = Ui::new();
    let builder = server.client().protocol(HubProtocol::MessagePack);
    let connection = builder.handlers(ui).connect().await.unwrap();
    let hub = connection.hub();
    assert_eq!(hub.echo("hällo \u{1e}".into()).await.unwrap(), "hällo \u{1e}");
    let long = "x".repeat(20_000);
    assert_eq!(hub.echo(long.clone()).await.unwrap(), long);
    let ada = Person { name: "Ada".into(), age: -36, tags: vec!["maths".into()] };
    assert_eq!(hub.echo_person(ada.clone()).await.unwrap(), ada);
    hub.nothing().await.unwrap();
    assert_eq!(hub.fail("the room is full".into()).await.unwrap_err().detail(), "the room is full");
    let error = connection.raw().invoke::<u8>("Echo", ("secret",)).await.unwrap_err();
    assert_eq!(error.kind(), HubErrorKind::Codec);
    assert_eq!(error.message(), "Error trying to deserialize result to u8. it does not fit");
    let items: Vec<_> = hub.counter(1000, 0).map(Result::unwrap).collect().await;
    assert!(items.into_iter().eq(0..1000));
    let doubled: Vec<i32> = hub.doubled(stream::iter(1..=100).map(Ok)).map(Result::unwrap).collect().await;
    assert!(doubled.into_iter().eq((1..=100).map(|n| 2 * n)));
    hub.send_to_caller("one").await.unwrap();
    assert_eq!(messages.recv().await.unwrap().1, "one");
    assert_eq!(hub.ask_caller("really?").await.unwrap(), "yes, really?");
    assert_eq!(hub.ask_caller("fail").await.unwrap_err().detail(), "no answer");
    connection.stop().await;
}

#[tokio::test]
async fn a_call_that_no_server_reads_is_not_sent() {
    let server = Server::start().await;
    for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
        let connection = server.client().protocol(protocol).connect().await.unwrap();
        let error = connection.raw().invoke::<u8>("", ()).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (HubErrorKind::Codec, "the method has no name"));
        assert_eq!(connection.hub().add(1, 2).await.unwrap(), 3);
    }
}

#[tokio::test]
async fn clients_of_both_protocols_share_a_hub() {
    let server = Server::start().await;
    let mut clients = Vec::new();
    for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
        let (ui, messages) = Ui::new();
        let connection = server.client().protocol(protocol).handlers(ui).connect().await.unwrap();
        connection.hub().join_group("both").await.unwrap();
        clients.push((connection, messages));
    }
    for (sender, text) in [(0, "from JSON"), (1, "from MessagePack")] {
        clients[sender].0.hub().send_to_group("both", text).await.unwrap();
        for (_, messages) in &mut clients {
            assert_eq!(messages.recv().await.unwrap().1, text);
        }
    }
}

async fn connected() -> (HubConnection<TestHubContract>, Peer) {
    let fake = Fake::bind().await;
    let client = HubConnection::builder(fake.url()).protocol(HubProtocol::MessagePack).connect();
    let accepting = async {
        let mut peer = fake.websocket().await;
        let hello = Message::binary(&b"{\"protocol\":\"messagepack\",\"version\":1}\x1e"[..]);
        assert_eq!(peer.message().await, Some(hello));
        peer.send("{}").await;
        assert_eq!(peer.message().await, Some(Message::binary(&b"\x02\x91\x06"[..])));
        peer
    };
    let (connection, peer) = tokio::join!(client, accepting);
    (connection.unwrap(), peer)
}

#[tokio::test]
async fn what_a_client_puts_on_the_wire() {
    let (connection, mut peer) = connected().await;
    let hub = connection.hub();
    let call = tokio::spawn(hub.add(1, 300));
    let sent = Message::binary(&b"\x0F\x96\x01\x80\xA11\xA3Add\x92\x01\xCD\x01\x2C\x90"[..]);
    assert_eq!(peer.message().await, Some(sent));
    // Cut anywhere, and with a message of an unknown kind before it.
    peer.send_bytes(b"\x02\x91\x2A\x09\x95\x03\x80").await;
    peer.send_bytes(b"\xA11\x03\xCD\x01\x2D").await;
    assert_eq!(call.await.unwrap().unwrap(), 301);
    // A value that is no MessagePack fails its call only.
    let call = tokio::spawn(hub.nothing());
    assert!(peer.message().await.is_some());
    peer.send_bytes(b"\x07\x95\x03\x80\xA12\x03\xC1").await;
    assert_eq!(call.await.unwrap().unwrap_err().kind(), HubErrorKind::Codec);
    // An envelope that is none ends the connection.
    peer.send_bytes(b"\x03\x92\x03\xC0").await;
    let closing = async {
        assert_eq!(peer.close_status().await, 1000);
        // Its own close frame goes out with the next read.
        peer.is_lost().await
    };
    let (error, _) = tokio::join!(connection.closed(), closing);
    let error = error.unwrap();
    assert_eq!(error.message(), "Reading map length for 'headers' failed.");
}

#[tokio::test]
async fn a_server_that_does_not_speak_it_says_so() {
    let service = HubService::<Clock>::new(|_| Clock)
        .options(HubOptions { supported_protocols: vec![HubProtocol::Json], ..HubOptions::default() });
    let url = serve(service).await;
    let builder = HubConnection::<TimesContract>::builder(&*url).protocol(HubProtocol::MessagePack);
    match builder.connect().await {
        Err(ConnectError::HandshakeRefused(text)) => {
            assert_eq!(text, "The protocol 'messagepack' is not supported.");
        }
        other => panic!("{other:?}"),
    }
}

/// A time, however the protocol writes it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Moment {
    #[serde(with = "timestamp")]
    at: SystemTime,
}

#[hub]
trait Times {
    async fn later(&self, moment: Moment, now: DateTime) -> HubResult<(Moment, DateTime)>;
}

struct Clock;

impl Hub for Clock {
    type Contract = TimesContract;
}

impl Times for Clock {
    async fn later(&self, moment: Moment, now: DateTime) -> HubResult<(Moment, DateTime)> {
        let minute = Duration::from_secs(60);
        Ok((Moment { at: moment.at + minute }, DateTime(now.0 + minute)))
    }
}

async fn serve(service: HubService<Clock>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/times", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().hub("/times", service)).await });
    url
}

#[tokio::test]
async fn times_travel_in_both_protocols() {
    let url = serve(HubService::new(|_| Clock)).await;
    let now = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_491_868_800_123_456_789);
    let minute = Duration::from_secs(60);
    for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
        let connection =
            HubConnection::<TimesContract>::builder(&*url).protocol(protocol).connect().await.unwrap();
        let later = connection.hub().later(Moment { at: now }, DateTime(now)).await.unwrap();
        assert_eq!(later, (Moment { at: now + minute }, DateTime(now + minute)), "{protocol:?}");
    }
}
