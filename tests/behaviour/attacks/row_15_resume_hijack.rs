//! Taking over a connection that may be resumed, and acknowledging what cannot be.

use std::time::Duration;

use signalr_runtime::server::{AbsenceBudget, HttpOptions, HubOptions, Limits};

use super::victim::Victim;
use super::wire::{RS, Socket, call};

const USER: &str = "x-user: ann\r\n";

async fn victim(limits: Limits) -> Victim {
    let http = HttpOptions { allow_stateful_reconnects: true, ..HttpOptions::default() };
    let options =
        HubOptions { http, limits, stateful_reconnect_buffer_size: 50_000, ..HubOptions::default() };
    Victim::of(|service| {
        let user = |parts: &http::request::Parts| {
            parts.headers.get("x-user").and_then(|user| user.to_str().ok()).map(str::to_owned)
        };
        service.options(options).user_id(user)
    })
    .await
}

async fn resumable() -> (Victim, String, Socket) {
    let victim = victim(Limits { resumes_per_minute: 3, ..Limits::default() }).await;
    let (target, socket) = connect(&victim).await;
    (victim, target, socket)
}

/// A client that may come back, and where.
async fn connect(victim: &Victim) -> (String, Socket) {
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
    (target, socket)
}

#[tokio::test]
async fn somebody_else_does_not_come_back() {
    let (victim, target, mut socket) = resumable().await;
    for headers in ["", "x-user: mallory\r\n"] {
        let refused = Socket::open_at(victim.address, &target, headers).await.err().unwrap();
        assert_eq!(refused.status, 403);
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

#[tokio::test]
async fn what_is_sent_without_acknowledging_has_an_end() {
    let victim = victim(Limits { read_ahead: 100_000, ..Limits::default() }).await;
    let (_, mut socket) = connect(&victim).await;
    let text = "x".repeat(20_000);
    // Nothing is acknowledged: soon whoever sends to it waits, and what it sends waits as well.
    for n in 0..20 {
        socket.send(&call(&n.to_string(), "Echo", &format!("[\"{text}\"]"))).await;
    }
    socket.end().await;
    assert_eq!(victim.hits("read_ahead"), 1);
    victim.forgets_everybody().await;
}

/// It reads everything, so that nothing is stuck, and those who send to it would wait for ever.
#[tokio::test]
async fn what_is_read_without_acknowledging_has_an_end() {
    let victim = victim(Limits { send_patience: Duration::MAX, ..Limits::default() }).await;
    let (_, mut socket) = connect(&victim).await;
    let text = "x".repeat(20_000);
    let clients = victim.hub.clients();
    let sending = async {
        for _ in 0..10 {
            clients.all().message("", &text).await.unwrap();
        }
    };
    tokio::join!(sending, socket.end());
    assert_eq!(victim.hits("unacknowledged"), 1);
    victim.forgets_everybody().await;
}

#[tokio::test]
async fn absent_clients_together_hold_no_more_than_they_may() {
    let budget = AbsenceBudget::new(60_000);
    let victim = victim(Limits { kept_for_absent_clients: budget.clone(), ..Limits::default() }).await;
    for _ in 0..10 {
        drop(connect(&victim).await);
    }
    // Every one of them has what is kept for it; most are given up for the others.
    let text = "x".repeat(20_000);
    victim.hub.clients().all().message("", &text).await.unwrap();
    super::until(|| victim.hub.connection_count() < 4).await;
    assert!(victim.hits("absent_clients") > 6);
    assert!(budget.held() <= 60_000, "{}", budget.held());
}
