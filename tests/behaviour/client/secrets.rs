//! What never shows in a log: tokens, and the values of messages. Client and server run in the thread of the test, so
//! both are heard.

use signalr_runtime::client::HubConnection;
use signalr_tests::log_scan::Log;
use signalr_tests::test_hub::TestHubContract;

use super::fake::Fake;
use super::server::{Server, Ui};

/// In every value, and in every token but those that the server makes.
const MARK: &str = "kept-to-itself";

#[tokio::test]
async fn neither_side_logs_a_token_or_a_value() {
    let (log, _guard) = Log::of_this_thread();
    let server = Server::start().await;
    let (ui, mut messages) = Ui::new();
    let client = server.client().handlers(ui).access_token(|| async { Ok(MARK.to_owned()) });
    let connection = client.connect().await.unwrap();
    let hub = connection.hub();
    assert_eq!(hub.echo(MARK.to_owned()).await.unwrap(), MARK);
    assert_eq!(hub.fail(MARK.to_owned()).await.unwrap_err().detail(), MARK);
    hub.send_to_caller(MARK).await.unwrap();
    assert_eq!(messages.recv().await.unwrap().1, MARK);
    hub.ask_caller(MARK).await.unwrap();
    hub.ask_caller("fail").await.unwrap_err();
    let raw = connection.raw();
    raw.invoke::<i32>("Add", (MARK, MARK)).await.unwrap_err();
    raw.invoke::<i32>("NoSuchMethod", (MARK,)).await.unwrap_err();
    raw.invoke::<i32>("Echo", (MARK,)).await.unwrap_err();
    connection.stop().await;
    let log = log.text();
    assert!(log.contains("a call was answered with an error"), "{log}");
    assert!(!log.contains(MARK), "{log}");
}

#[tokio::test]
async fn a_client_does_not_log_what_a_server_says() {
    let (log, _guard) = Log::of_this_thread();
    let fake = Fake::bind().await;
    let (ui, _messages) = Ui::new();
    let client = HubConnection::<TestHubContract>::builder(fake.url()).handlers(ui);
    let (connection, mut peer) = tokio::join!(client.connect(), fake.connected());
    let connection = connection.unwrap();
    for record in [
        format!(r#"{{"type":1,"target":"Message","arguments":[{{"text":"{MARK}"}},"{MARK}"]}}"#),
        format!(r#"{{"type":1,"target":"Message","arguments":["{MARK}"]}}"#),
        format!(r#"{{"type":1,"target":"NoSuchHandler","arguments":["{MARK}"]}}"#),
        format!(r#"{{"type":1,"invocationId":"1","target":"Confirm","arguments":[["{MARK}"]]}}"#),
        format!(r#"{{"type":3,"invocationId":"7","result":"{MARK}"}}"#),
        format!(r#"{{"type":2,"invocationId":"7","item":"{MARK}"}}"#),
        format!(r#"{{"type":7,"error":"{MARK}"}}"#),
    ] {
        peer.send(&record).await;
    }
    tokio::join!(connection.closed(), peer.close(None));
    let log = log.text();
    assert!(log.contains("does not fit its handler") && log.contains("the server closed"), "{log}");
    assert!(!log.contains(MARK) && !log.contains("secret"), "{log}");
}
