//! Cancelling plain calls. Streams have their own file.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_is_dropped_and_answered_once() {
    for (server, detail) in
        [(Server::new(), ""), (Server::detailed(), " OperationCanceledException: The call was cancelled.")]
    {
        let mut client = server.connect().await;
        client.send(call("1", "wait", r#"["gate"]"#)).await;
        settle().await;
        client.send_all([cancel("1"), cancel("1")]).await;
        let text = format!("An unexpected error occurred invoking 'Wait' on the server.{detail}");
        assert_eq!(client.next().await, error("1", &text));
        server.world.open("gate");
        assert_eq!(client.so_far().await, [""; 0]);
        assert_eq!(server.log(), ["gate begins", "gate given up"]);
    }
}

#[tokio::test(start_paused = true)]
async fn its_turn_goes_to_the_next() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([call("1", "Wait", r#"["a"]"#), call("2", "Echo", r#"["b"]"#)]).await;
    settle().await;
    client.send(cancel("1")).await;
    assert!(client.next().await.starts_with(r#"{"type":3,"invocationId":"1","error":"#));
    assert_eq!(client.next().await, result("2", r#""b""#));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_its_turn_never_runs() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([call("1", "Wait", r#"["a"]"#), call("2", "Echo", r#"["b"]"#), cancel("2")]).await;
    assert!(client.next().await.starts_with(r#"{"type":3,"invocationId":"2","error":"#));
    server.world.open("a");
    assert_eq!(client.next().await, result("1", r#""a""#));
    assert_eq!(server.log(), ["a begins", "a ends"]);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_upload_call_forgets_its_stream() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([upload("1", "Sum", "[]", r#"["s"]"#), item("s", "1")]).await;
    settle().await;
    client.send_all([cancel("1"), item("s", "2"), item("s", r#""not decoded""#), done("s")]).await;
    assert!(client.next().await.starts_with(r#"{"type":3,"invocationId":"1","error":"#));
    client.goes_on().await;
}
