//! Connection tokens that were guessed, changed, used before, or given to somebody else.

use std::time::{Duration, SystemTime};

use signalr_runtime::server::{HttpOptions, HubOptions};

use super::victim::Victim;
use super::wire::{Answer, Socket};

/// What everybody reads whose token opens nothing.
fn is_unknown(answer: &Answer) -> bool {
    (answer.status, &*answer.body) == (404, "No Connection with that ID")
}

/// What somebody else than the token's owner reads.
fn is_refused(answer: &Answer) -> bool {
    (answer.status, &*answer.body) == (403, "The user associated with this connection changed.")
}

#[tokio::test]
async fn a_token_is_good_or_unknown() {
    let http = HttpOptions { disconnect_timeout: Duration::from_millis(500), ..HttpOptions::default() };
    let options = HubOptions { http, ..HubOptions::default() };
    let victim = Victim::of(|service| {
        let user = |parts: &http::request::Parts| {
            parts.headers.get("x-user").and_then(|user| user.to_str().ok()).map(str::to_owned)
        };
        service.options(options).user_id(user)
    })
    .await;
    let elsewhere = Victim::new().await;
    let expired = victim.http().token().await;
    tokio::time::sleep(Duration::from_millis(600)).await;

    let good = victim.http().token().await;
    let mut changed = good.clone().into_bytes();
    changed[40] = if changed[40] == b'A' { b'B' } else { b'A' };
    let used = victim.http().token().await;
    let mut socket = Socket::open_at(victim.address, &format!("/hub?id={used}"), "").await.ok().unwrap();
    socket.shake_hands().await;
    socket.leave().await;
    victim.forgets_everybody().await;
    let bad = [
        "x".to_owned(),
        "A".repeat(22),
        "%00".to_owned(),
        good[..good.len() - 1].to_owned(),
        format!("{good}A"),
        String::from_utf8(changed).unwrap(),
        expired,
        used,
        elsewhere.http().token().await,
    ];
    for token in &bad {
        let target = format!("/hub?id={token}");
        let socket = Socket::open_at(victim.address, &target, "").await.err();
        assert!(socket.as_ref().is_some_and(is_unknown), "{token}: {socket:?}");
        for (method, headers) in
            [("GET", ""), ("GET", "Accept: text/event-stream\r\n"), ("POST", ""), ("DELETE", "")]
        {
            let answer = victim.http().request(method, &target, headers, "").await;
            assert!(is_unknown(&answer), "{method} {token}: {answer:?}");
        }
    }
    // What is counted in this thread, whoever it was.
    assert_eq!(elsewhere.hits("unknown_connection"), 9 * 5);
    // It is bound to the identity that has negotiated, on every request, and none of these uses it up.
    let (ann, mallory) = ("x-user: ann\r\n", "x-user: mallory\r\n");
    let answer = victim.http().request("POST", "/hub/negotiate?negotiateVersion=1", ann, "").await;
    let negotiated: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let good = negotiated["connectionToken"].as_str().unwrap();
    let target = format!("/hub?id={good}");
    for (method, headers) in
        [("GET", ""), ("GET", "Accept: text/event-stream\r\n"), ("POST", ""), ("DELETE", "")]
    {
        let answer = victim.http().request(method, &target, &format!("{mallory}{headers}"), "").await;
        assert!(is_refused(&answer), "{method}: {answer:?}");
    }
    assert!(Socket::open_at(victim.address, &target, mallory).await.err().as_ref().is_some_and(is_refused));
    // The WebSocket that has it keeps it: neither a second one nor a poll takes its place.
    let mut socket = Socket::open_at(victim.address, &target, ann).await.ok().unwrap();
    socket.shake_hands().await;
    assert_eq!(Socket::open_at(victim.address, &target, ann).await.err().unwrap().status, 409);
    assert_eq!(victim.http().request("GET", &target, ann, "").await.status, 400);
    assert_eq!(victim.http().request("POST", &target, ann, "x").await.status, 405);
    assert_eq!(socket.call("1", "Add", "[1,2]").await, r#"{"type":3,"invocationId":"1","result":3}"#);
}

#[tokio::test]
async fn credentials_are_looked_at_a_few_at_a_time() {
    let http = HttpOptions { enable_authentication_refresh: true, ..HttpOptions::default() };
    let options = HubOptions { http, ..HubOptions::default() };
    let soon = SystemTime::now() + Duration::from_secs(60);
    let victim = Victim::of(|service| {
        let expiry = move |parts: &http::request::Parts| {
            let newer = parts.headers.contains_key("x-newer");
            Some(if newer { soon + Duration::from_secs(60) } else { soon })
        };
        // The application never comes to an end with any of them.
        let service = service.on_authentication_refresh(|_| std::future::pending());
        service.options(options).authentication_expiry(expiry)
    })
    .await;
    let token = victim.http().polling().await;
    let (http, newer) = (victim.http(), "x-newer: yes\r\n");
    let headers = format!("{newer}X-SignalR-Connection-Token: {token}\r\n");
    let asking: Vec<_> = (0..10)
        .map(|_| {
            let headers = headers.clone();
            tokio::spawn(async move { http.request("POST", "/hub/refresh", &headers, "").await.status })
        })
        .collect();
    super::until(|| victim.hits("refreshes") == 6).await;
    // A poll with newer ones is served as it would be without them.
    let target = format!("/hub?id={token}");
    let poll = tokio::spawn(async move { http.request("GET", &target, newer, "").await.status });
    super::until(|| victim.hits("refreshes") == 7).await;
    victim.hub.clients().all().message("", "go on").await.unwrap();
    assert_eq!(poll.await.unwrap(), 200);
    for asking in asking {
        asking.abort();
    }
}
