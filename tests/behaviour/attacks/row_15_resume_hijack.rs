//! Taking over a connection that may be resumed, and acknowledging what cannot be.

use signalr_runtime::server::{HttpOptions, HubOptions, Limits};

use super::victim::Victim;
use super::wire::{RS, Socket};

const USER: &str = "x-user: ann\r\n";

async fn resumable() -> (Victim, String, Socket) {
    let http = HttpOptions { allow_stateful_reconnects: true, ..HttpOptions::default() };
    let limits = Limits { resumes_per_minute: 3, ..Limits::default() };
    let options = HubOptions { http, limits, ..HubOptions::default() };
    let victim = Victim::of(|service| {
        let user = |parts: &http::request::Parts| {
            parts.headers.get("x-user").and_then(|user| user.to_str().ok()).map(str::to_owned)
        };
        service.options(options).user_id(user)
    })
    .await;
    let answer = victim
        .http()
        .request("POST", "/hub/negotiate?negotiateVersion=1&useStatefulReconnect=true", USER, "")
        .await;
    let negotiated: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(negotiated["useStatefulReconnect"], true, "{answer:?}");
    let target = format!("/hub?id={}", negotiated["connectionToken"].as_str().unwrap());
    let mut socket = Socket::open_at(victim.address, &target, USER).await.ok().unwrap();
    socket.text(&format!("{{\"protocol\":\"json\",\"version\":2}}{RS}")).await;
    assert_eq!(socket.next().await, "{}");
    (victim, target, socket)
}

#[tokio::test]
async fn somebody_else_does_not_come_back() {
    let (victim, target, mut socket) = resumable().await;
    for headers in ["", "x-user: mallory\r\n"] {
        let refused = Socket::open_at(victim.address, &target, headers).await.err().unwrap();
        assert_eq!(refused.status, 404);
    }
    // Whose it is has not noticed anything.
    assert_eq!(socket.call("1", "Add", "[1,2]").await, r#"{"type":3,"invocationId":"1","result":3}"#);
}

#[tokio::test]
async fn nobody_comes_back_without_end() {
    let (victim, target, _socket) = resumable().await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(
            Socket::open_at(victim.address, &target, USER).await.err().map_or(101, |refused| refused.status),
        );
    }
    assert_eq!(statuses, [101, 101, 101, 429, 429, 429]);
    assert_eq!(victim.hits("resumes"), 3);
}

#[tokio::test]
async fn numbers_that_cannot_be() {
    for number in ["-1", "0", "999999", "9223372036854775807"] {
        let (victim, _, mut socket) = resumable().await;
        for _ in 0..3 {
            socket.send(&format!(r#"{{"type":8,"sequenceId":{number}}}"#)).await;
        }
        assert_eq!(
            socket.call("1", "Add", "[1,2]").await,
            r#"{"type":3,"invocationId":"1","result":3}"#,
            "{number}"
        );
        // A sequence that leaves a hole, or one out of place, is no way to go on.
        socket.send(&format!(r#"{{"type":9,"sequenceId":{number}}}"#)).await;
        socket.send(&format!(r#"{{"type":9,"sequenceId":{number}}}"#)).await;
        socket.frame(0x88, &1000_u16.to_be_bytes()).await;
        socket.end().await;
        victim.serves_others().await;
    }
}
