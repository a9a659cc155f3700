//! Limits that are set to something else than their defaults: what an operator writes is what holds.

use std::time::Duration;

use signalr_runtime::HubResult;
use signalr_runtime::server::{
    ConnectionInfo, Filter, HttpOptions, HubOptions, Invocation, Limits, MethodOptions, Next, NextConnect,
    Rate, Reply,
};
use signalr_tests::test_hub::TestHubContract;

use super::victim::Victim;
use super::wire::{FINAL, PING, Socket, call, handshake, item, upload};

#[tokio::test]
async fn of_requests_and_handshakes() {
    let victim = Victim::limited(Limits { request_head: 400, handshake_size: 50, ..Limits::default() }).await;
    let headers = format!("X-Padding: {}\r\n", "x".repeat(300));
    assert_eq!(Socket::open(victim.address, &headers).await.err().unwrap().status, 431);
    let mut socket = victim.open().await;
    socket.text(&handshake().replace(',', &format!(",{}", " ".repeat(30)))).await;
    let (said, _) = socket.end().await;
    assert!(said.concat().contains("\"error\""), "{said:?}");
    victim.serves_others().await;
}

#[tokio::test]
async fn of_frames() {
    let control_frames = Some(Rate { per_second: 1, burst: 3 });
    let victim = Victim::limited(Limits { control_frames, ..Limits::default() }).await;
    let mut socket = victim.connect().await;
    for _ in 0..10 {
        socket.frame(FINAL | PING, b"").await;
    }
    assert_eq!(socket.end().await.1, 1008);
}

#[tokio::test]
async fn of_calls_and_streams() {
    let limits = Limits { id_length: 3, upload_streams: 1, queued_calls: 2, ..Limits::default() };
    let victim = Victim::limited(limits).await;
    let mut socket = victim.connect().await;
    let answer = socket.call("1234", "Add", "[1,2]").await;
    assert!(answer.contains("The id of a call or of a stream is too long."), "{answer}");
    socket.send(&upload("1", "Sum", "[]", "a")).await;
    socket.send(&upload("2", "Sum", "[]", "b")).await;
    let answer = socket.next().await;
    assert!(answer.contains("Too many streams are open."), "{answer}");
    assert_eq!(victim.hits("queued_calls"), 0);
    for id in ["3", "4", "5", "6"] {
        socket.send(&call(id, "Sleep", "[100]")).await;
    }
    super::until(|| victim.hits("queued_calls") > 0).await;
}

#[tokio::test]
async fn of_groups() {
    let limits = Limits { group_name_length: 4, groups_per_connection: 2, ..Limits::default() };
    let victim = Victim::limited(limits).await;
    let mut socket = victim.connect().await;
    for (group, joins) in [("a", true), ("long!", false), ("b", true), ("c", false), ("b", true)] {
        let answer = socket.call("1", "JoinGroup", &format!("[\"{group}\"]")).await;
        assert_eq!(answer.contains("\"result\""), joins, "{group}: {answer}");
    }
}

#[tokio::test]
async fn of_what_waits_to_be_read() {
    let options = HubOptions {
        stream_buffer_capacity: 1,
        http: HttpOptions { application_max_buffer_size: 1, ..HttpOptions::default() },
        ..HubOptions::default()
    };
    let victim = Victim::with(options).await;
    let mut socket = victim.connect().await;
    // Three items in one message: the method has not read the first one yet.
    let items = [upload("1", "Sum", "[]", "s"), item("s", "1"), item("s", "2"), item("s", "3")];
    socket.send(&items.join(super::wire::RS)).await;
    super::until(|| victim.hits("unread_items") > 0).await;
    socket.send(r#"{"type":3,"invocationId":"s"}"#).await;
    assert_eq!(socket.next().await, r#"{"type":3,"invocationId":"1","result":6}"#);
}

#[tokio::test]
async fn of_silence() {
    let client_timeout_interval = Duration::from_millis(300);
    let victim = Victim::with(HubOptions { client_timeout_interval, ..HubOptions::default() }).await;
    let mut socket = victim.connect().await;
    socket.send(r#"{"type":6}"#).await;
    let (said, _) = socket.end().await;
    assert_eq!(said, [r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#]);
}

/// Never finds out about clients with a certain header.
struct Stuck;

impl Filter for Stuck {
    async fn invoke(&self, call: Invocation, next: Next) -> Reply {
        next.run(call).await
    }

    async fn connect(&self, connection: ConnectionInfo, next: NextConnect) -> HubResult {
        if connection.request().headers.contains_key("x-stuck") {
            std::future::pending::<()>().await;
        }
        next.run().await
    }
}

#[tokio::test]
async fn of_waits() {
    let short = Some(Duration::from_millis(300));
    let limits = Limits {
        call_linger: short,
        callback_timeout: short,
        client_result_timeout: short,
        ..Limits::default()
    };
    let options = HubOptions { limits, ..HubOptions::default() };
    let victim = Victim::of(|service| service.options(options).filter(Stuck)).await;
    let mut stuck = Socket::open(victim.address, "x-stuck: 1\r\n").await.expect("the WebSocket was refused");
    stuck.shake_hands().await;
    let (said, _) = stuck.end().await;
    assert_eq!(said, [r#"{"type":7,"error":"Connection closed with an error."}"#]);
    assert_eq!(victim.hits("callback_time"), 1);

    let mut mute = victim.connect().await;
    mute.send(&call("1", "AskCaller", "[\"?\"]")).await;
    let question = mute.next().await;
    assert!(question.contains("\"Confirm\""), "{question}");
    let text = "An unexpected error occurred invoking 'AskCaller' on the server.";
    assert_eq!(mute.next().await, format!(r#"{{"type":3,"invocationId":"1","error":"{text}"}}"#));
    assert_eq!(victim.hits("client_result_time"), 1);

    mute.send(&call("2", "Sleep", "[600000]")).await;
    mute.send(&call("3", "Sleep", "[600000]")).await;
    drop(mute);
    victim.forgets_everybody().await;
    super::until(|| victim.hits("call_linger") > 0).await;
}

#[tokio::test]
async fn of_threads() {
    let limits = Limits { blocking_threads: 1, ..Limits::default() };
    let options = HubOptions { limits, ..HubOptions::default() };
    let blocking = MethodOptions { blocking: true, ..MethodOptions::default() };
    let victim =
        Victim::of(|service| service.options(options).method_options(&[TestHubContract::SLEEP], &blocking))
            .await;
    let (mut one, mut two) = (victim.connect().await, victim.connect().await);
    one.send(&call("1", "Sleep", "[600000]")).await;
    assert!(one.call("2", "Sleep", "[]").await.contains("due to an error"), "it has begun");
    two.send(&call("1", "Sleep", "[1]")).await;
    super::until(|| victim.hits("blocking_threads") == 1).await;
    victim.serves_others().await;
    one.send(r#"{"type":5,"invocationId":"1"}"#).await;
    assert!(one.next().await.contains("\"error\""));
    assert_eq!(two.next().await, r#"{"type":3,"invocationId":"1","result":null}"#);
}
