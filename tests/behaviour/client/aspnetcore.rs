//! Against a real ASP.NET Core 3.1 server. `cargo xtask test` sets it up and names the program that starts it; without
//! it these tests cannot run, and say so.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use signalr_runtime::client::{ConnectionState, HubConnection, HubConnectionBuilder};
use signalr_runtime::{HubError, HubErrorKind};
use signalr_tests::test_hub::{Person, TestHubContract};
use tokio::time::timeout;

use super::eventually;
use super::server::Ui;

/// The one server of all these tests.
struct Server {
    url: String,
    /// The server stops when its input closes, and that happens when this process ends.
    _process: Mutex<Child>,
}

fn client() -> HubConnectionBuilder<TestHubContract> {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        let program = std::env::var_os("SIGNALR_ASPNETCORE31")
            .expect("SIGNALR_ASPNETCORE31 names no server: these tests are run by `cargo xtask test`");
        let mut process = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it does not start");
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").expect("it does not say where it listens");
        Server { url: format!("{address}/hub"), _process: Mutex::new(process) }
    });
    HubConnection::builder(&*server.url)
}

#[tokio::test]
#[ignore = "needs an ASP.NET Core server: run by cargo xtask test"]
async fn calls_and_errors() {
    for client in [client(), client().skip_negotiation()] {
        let connection = client.connect().await.unwrap();
        let hub = connection.hub();
        assert_eq!(
            hub.echo("hällo \u{1f600} <&>\"\\\u{1e}".into()).await.unwrap(),
            "hällo \u{1f600} <&>\"\\\u{1e}"
        );
        assert_eq!(hub.add(1, -2).await.unwrap(), -1);
        let ada = Person { name: "Ada".into(), age: 36, tags: vec!["maths".into(), String::new()] };
        assert_eq!(hub.echo_person(ada.clone()).await.unwrap(), ada);
        hub.nothing().await.unwrap();
        if let Some(id) = connection.connection_id() {
            assert_eq!(hub.connection_id().await.unwrap(), id);
        }
        for n in 0..50 {
            hub.record(n.to_string()).send().await.unwrap();
        }
        connection.raw().send("Crash", ()).await.unwrap();
        assert_eq!(hub.recorded().await.unwrap(), (0..50).map(|n| n.to_string()).collect::<Vec<_>>());

        let error = hub.fail("the room is full".into()).await.unwrap_err();
        assert_eq!(
            error.message(),
            "An unexpected error occurred invoking 'Fail' on the server. HubException: the room is full"
        );
        assert_eq!((error.kind(), error.detail()), (HubErrorKind::Hub, "the room is full"));
        let error = hub.crash().await.unwrap_err();
        assert_eq!(error.kind(), HubErrorKind::Internal);
        assert_eq!(error.message(), "An unexpected error occurred invoking 'Crash' on the server.");
        let raw = connection.raw();
        let error = raw.invoke::<()>("Nowhere", ()).await.unwrap_err();
        assert_eq!((error.kind(), error.detail()), (HubErrorKind::Hub, "Method does not exist."));
        let error = raw.invoke::<i32>("Add", (1,)).await.unwrap_err();
        assert_eq!(error.message(), "Failed to invoke 'Add' due to an error on the server.");
        assert_eq!(error.kind(), HubErrorKind::Internal);
        let error = raw.invoke::<i32>("Counter", (1, 0)).await.unwrap_err();
        assert_eq!(
            error.message(),
            "The client attempted to invoke the streaming 'Counter' method with a non-streaming invocation."
        );
        assert_eq!(raw.invoke::<i32>("aDD", (1, 2)).await.unwrap(), 3);
        connection.stop().await;
        assert_eq!(*connection.state().borrow(), ConnectionState::Disconnected);
    }
}

#[tokio::test]
#[ignore = "needs an ASP.NET Core server: run by cargo xtask test"]
async fn the_server_calls_the_client() {
    let (ui, mut messages) = Ui::new();
    let connection = client().handlers(ui).connect().await.unwrap();
    let (other_ui, mut other_messages) = Ui::new();
    let other = client().handlers(other_ui).connect().await.unwrap();
    let (hub, id) = (connection.hub(), connection.connection_id().unwrap());
    for text in ["one", "two", "three"] {
        hub.send_to_caller(text).await.unwrap();
        assert_eq!(messages.recv().await.unwrap(), (id.clone(), text.to_owned()));
    }
    for member in [&connection, &other] {
        member.hub().join_group("readers").await.unwrap();
    }
    hub.send_to_group("readers", "to all").await.unwrap();
    hub.send_to_others_in_group("readers", "to others").await.unwrap();
    other.hub().leave_group("readers").await.unwrap();
    hub.send_to_group("readers", "to one").await.unwrap();
    hub.send_to_connection(&other.connection_id().unwrap(), "to you").await.unwrap();
    let next = async |messages: &mut tokio::sync::mpsc::UnboundedReceiver<(String, String)>| {
        timeout(Duration::from_secs(10), messages.recv()).await.expect("no message").unwrap().1
    };
    for expected in ["to all", "to one"] {
        assert_eq!(next(&mut messages).await, expected);
    }
    for expected in ["to all", "to others", "to you"] {
        assert_eq!(next(&mut other_messages).await, expected);
    }
}

#[tokio::test]
#[ignore = "needs an ASP.NET Core server: run by cargo xtask test"]
async fn streams() {
    let connection = client().connect().await.unwrap();
    let hub = connection.hub();
    let items: Vec<_> = hub.counter(1000, 0).map(Result::unwrap).collect().await;
    assert!(items.into_iter().eq(0..1000));
    let mut failing = hub.counter_then_fail(2, "enough".into());
    assert_eq!(failing.next().await.unwrap().unwrap(), 0);
    assert_eq!(failing.next().await.unwrap().unwrap(), 1);
    let error = failing.next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.detail()), (HubErrorKind::Hub, "enough"));
    assert!(failing.next().await.is_none());

    let mut endless = hub.endless();
    assert_eq!(endless.next().await.unwrap().unwrap(), 0);
    drop(endless);
    eventually(async || hub.cancelled_streams().await.unwrap() == 1).await;

    assert_eq!(hub.sum(stream::iter(1..=1000).map(Ok)).await.unwrap(), 500_500);
    let texts = stream::iter(["a", "b", "c"]).map(|text| Ok(text.to_owned()));
    assert_eq!(hub.concat("-", texts).await.unwrap(), "a-b-c");
    let doubled: Vec<i32> = hub.doubled(stream::iter(1..=100).map(Ok)).map(Result::unwrap).collect().await;
    assert!(doubled.into_iter().eq((1..=100).map(|n| 2 * n)));
    // A stream that fails fails the call that reads it.
    let error = hub.sum(stream::iter([Ok(1), Err(HubError::new("no more paper"))])).await.unwrap_err();
    assert!(
        error.message().starts_with("An unexpected error occurred invoking 'Sum' on the server."),
        "{error}"
    );
    assert_eq!(hub.add(1, 2).await.unwrap(), 3);
}

#[tokio::test]
#[ignore = "needs an ASP.NET Core server: run by cargo xtask test"]
async fn ends() {
    // An old server does not know how to cancel a plain call, and is not disturbed by it.
    let connection = client().connect().await.unwrap();
    let hub = connection.hub();
    let error = hub.sleep(200).timeout(Duration::from_millis(20)).await.unwrap_err();
    assert_eq!(error.kind(), HubErrorKind::Timeout);
    hub.sleep(1).await.unwrap();
    // The server closes: this version sends no Close message for it.
    hub.close_me().send().await.unwrap();
    let end = timeout(Duration::from_secs(10), connection.closed()).await.expect("the server does not close");
    assert!(end.is_none(), "{end:?}");
    assert_eq!(hub.nothing().await.unwrap_err().kind(), HubErrorKind::Closed);

    // A server that reads nonsense says so in its Close message.
    let connection = client().connect().await.unwrap();
    let call =
        connection.raw().call("Sum", ()).upload(stream::iter([Ok("x".repeat(100_000))])).invoke::<i32>();
    let error = call.await.unwrap_err();
    assert_eq!(error.kind(), HubErrorKind::Closed);
    let text = "The server closed the connection with the following error: Connection closed with an error.";
    assert!(error.message().starts_with(text), "{error}");
    assert!(connection.closed().await.unwrap().message().starts_with(text));
}

#[tokio::test]
#[ignore = "needs an ASP.NET Core server: run by cargo xtask test"]
async fn pings_keep_it_alive() {
    // The server gives up a client that is silent for thirty seconds, and we a server that is: each waits for the
    // other's pings.
    let connection = client().connect().await.unwrap();
    let closed = timeout(Duration::from_secs(40), connection.closed()).await;
    assert!(closed.is_err(), "{closed:?}");
    assert_eq!(connection.hub().add(1, 2).await.unwrap(), 3);
}
