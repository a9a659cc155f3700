//! What one method allows, beyond what holds for all of them.

use std::time::Duration;

use super::*;
use crate::contract::hub::MethodName;
use crate::server::MethodOptions;

fn server(methods: &[MethodName<ProbeHubContract>], options: &MethodOptions) -> Server {
    Server::of(World::default(), |service| service.method_options(methods, options))
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_is_dropped() {
    let options = MethodOptions { timeout: Some(Duration::from_secs(2)), ..MethodOptions::default() };
    let server = server(&[ProbeHubContract::WAIT], &options);
    let mut client = server.connect().await;
    client.send_all([call("1", "Wait", r#"["never"]"#), call("2", "Add", "[1,2]")]).await;
    let text = "An unexpected error occurred invoking 'Wait' on the server. \
                HubException: The call took longer than it may.";
    let before = tokio::time::Instant::now();
    assert_eq!(client.next().await, error("1", text));
    assert_eq!(before.elapsed().as_secs(), 2);
    assert_eq!(client.next().await, result("2", "3"));
}

#[tokio::test(start_paused = true)]
async fn calls_of_all_clients_share_its_places() {
    let options = MethodOptions { maximum_concurrency: Some(1), ..MethodOptions::default() };
    let server = server(&[ProbeHubContract::WAIT, ProbeHubContract::TICKS], &options);
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    one.send(call("1", "Wait", r#"["a"]"#)).await;
    settle().await;
    two.send_all([call("1", "Wait", r#"["b"]"#), stream("2", "Ticks", r#"["t"]"#)]).await;
    server.world.open("b");
    settle().await;
    assert_eq!(two.so_far().await, [""; 0], "another method has a place of its own, this one does not");
    server.world.open("a");
    assert_eq!(one.next().await, result("1", r#""a""#));
    assert_eq!(two.next().await, result("1", r#""b""#));
    // A stream has its place until it ends.
    one.send(stream("2", "Ticks", r#"["u"]"#)).await;
    server.world.open("u");
    settle().await;
    assert_eq!(one.so_far().await, [""; 0]);
    two.send(r#"{"type":5,"invocationId":"2"}"#).await;
    assert_eq!(two.next().await, r#"{"type":3,"invocationId":"2"}"#);
    assert!(one.next().await.starts_with(r#"{"type":2,"invocationId":"2""#));
}

#[tokio::test(start_paused = true)]
async fn arguments_that_are_too_large_are_not_looked_at() {
    let options = MethodOptions { maximum_arguments_size: Some(5), ..MethodOptions::default() };
    let server = server(&[ProbeHubContract::ECHO], &options);
    let mut client = server.connect().await;
    client
        .send_all([call("1", "echo", r#"["a"]"#), call("2", "echo", r#"["ab"]"#), call("3", "Id", "[]")])
        .await;
    let text = "Failed to invoke 'echo' due to an error on the server. \
                HubException: The arguments are larger than this method takes.";
    let answers = [client.next().await, client.next().await, client.next().await];
    assert!(answers.contains(&result("1", r#""a""#)) && answers.contains(&error("2", text)), "{answers:?}");
    assert_eq!(server.log(), ["echo a"]);
}
