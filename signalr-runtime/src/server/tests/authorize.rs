//! Who may call what.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use http::{Method, Request, StatusCode};
use http_body_util::Empty;
use tower_service::Service;

use super::recorder::{RecordedEvent, Recorder};
use super::*;

const SECRET: &str = "Failed to invoke 'Echo' because user is unauthorized";

#[tokio::test(start_paused = true)]
async fn every_rule_of_a_method_must_allow_the_call() {
    let server = Server::of(World::default(), |service| {
        service
            .user_id(|request| Some(request.uri.query()?.strip_prefix("user=")?.to_owned()))
            .authorize(&[ProbeHubContract::ECHO, ProbeHubContract::COUNT], |call| {
                call.user_id() == Some("u1")
            })
            .authorize(&[ProbeHubContract::ECHO], |call| call.argument::<String>(0).unwrap() != "forbidden")
    });
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    one.send_all([call("1", "echo", r#"["allowed"]"#), call("2", "echo", r#"["forbidden"]"#)]).await;
    assert_eq!(one.next().await, result("1", r#""allowed""#));
    assert_eq!(one.next().await, error("2", SECRET));
    two.send_all([
        call("1", "echo", r#"["allowed"]"#),
        stream("2", "COUNT", "[1]"),
        call("3", "Add", "[1,2]"),
    ])
    .await;
    assert_eq!(two.next().await, error("1", SECRET));
    assert_eq!(two.next().await, error("2", "Failed to invoke 'Count' because user is unauthorized"));
    assert_eq!(two.next().await, result("3", "3"));
    // Before the kind of the call is looked at, and after its arguments.
    two.send_all([call("4", "Count", "[1]"), call("5", "Count", "[]")]).await;
    assert_eq!(two.next().await, error("4", "Failed to invoke 'Count' because user is unauthorized"));
    assert_eq!(two.next().await, error("5", "Failed to invoke 'Count' due to an error on the server."));
    assert_eq!(server.log(), ["echo allowed"]);
}

#[tokio::test(start_paused = true)]
async fn a_rule_is_asked_when_the_call_has_its_turn() {
    let allowed = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&allowed);
    let server = Server::of(World::default(), |service| {
        service.authorize(&[ProbeHubContract::ECHO], move |_| asked.load(Ordering::Relaxed))
    });
    let mut client = server.connect().await;
    client.send_all([call("1", "Wait", r#"["signing in"]"#), call("2", "echo", r#"["x"]"#)]).await;
    settle().await;
    allowed.store(true, Ordering::Relaxed);
    server.world.open("signing in");
    assert_eq!(client.next().await, result("1", r#""signing in""#));
    assert_eq!(client.next().await, result("2", r#""x""#));
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_panics_allows_nothing() {
    let server = Server::of(World::default(), |service| {
        service.authorize(&[ProbeHubContract::ECHO], |_| panic!("a rule panics on purpose"))
    });
    let mut client = server.connect().await;
    client.send_all([call("1", "echo", r#"["x"]"#), call("2", "Add", "[1,2]")]).await;
    assert_eq!(
        client.next().await,
        error("1", "An unexpected error occurred invoking 'Echo' on the server.")
    );
    assert_eq!(client.next().await, result("2", "3"));
    assert_eq!(server.log(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn who_is_refused_without_an_id_is_not_told() {
    let server =
        Server::of(World::default(), |service| service.authorize(&[ProbeHubContract::ECHO], |_| false));
    let mut client = server.connect().await;
    client.send(call("", "echo", r#"["x"]"#)).await;
    assert_eq!(client.so_far().await, [""; 0]);
    assert_eq!(server.log(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_user_is_asked_for_once_per_connection() {
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    let server = Server::of(World::default(), |service| {
        service
            .user_id(move |_| Some(format!("user {}", counter.fetch_add(1, Ordering::Relaxed))))
            .authorize(&[ProbeHubContract::ECHO], |call| call.user_id() == Some("user 0"))
    });
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.send(call("1", "echo", r#"["x"]"#)).await;
        assert_eq!(client.next().await, result("1", r#""x""#));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rule_of_the_hub_holds_for_every_request() {
    let server = Server::of(World::default(), |service| {
        let user =
            |request: &http::request::Parts| Some(request.uri.query()?.strip_prefix("user=")?.to_owned());
        service.user_id(user).authorize_hub(move |request| {
            assert!(user(request).is_none_or(|user| user != "panic"), "a rule panics on purpose");
            user(request).is_some_and(|user| user.starts_with("member"))
        })
    });
    for method in [Method::GET, Method::POST, Method::DELETE] {
        for (path, status) in [
            ("/hub/negotiate", StatusCode::UNAUTHORIZED),
            ("/hub?user=guest", StatusCode::FORBIDDEN),
            ("/hub?user=panic", StatusCode::FORBIDDEN),
        ] {
            let request = Request::builder().method(method.clone()).uri(path).body(Empty::<&[u8]>::new());
            let response = server.service.clone().call(request.unwrap()).await.unwrap();
            assert_eq!(response.status(), status, "{method} {path}");
        }
    }
    let request = Request::post("/hub/negotiate?user=member1").body(Empty::<&[u8]>::new());
    assert_eq!(server.service.clone().call(request.unwrap()).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn why_a_request_is_refused_is_logged() {
    let (recorder, _guard) = Recorder::start();
    let server = Server::of(World::default(), |service| {
        service.authorize_hub(|request| request.uri.query().is_some_and(|query| query.contains("key=")))
    });
    for (path, origin) in [
        ("/hub/negotiate", "http://localhost"),
        ("/hub/negotiate?key=open-sesame", "http://elsewhere.example"),
        ("/hub?key=open-sesame&id=no-such-token", "http://localhost"),
        ("/hub/negotiate?key=open-sesame", "http://localhost"),
    ] {
        let request = Request::post(path)
            .header("host", "localhost")
            .header("origin", origin)
            .header("cookie", "session=1")
            .body(Empty::<&[u8]>::new());
        server.service.clone().call(request.unwrap()).await.unwrap();
    }
    let refused = |event: &RecordedEvent| event.fields["message"] == "a request was refused";
    let events = recorder.events();
    let reasons: Vec<_> =
        events.iter().filter(|event| refused(event)).map(|event| &event.fields["reason"]).collect();
    assert_eq!(reasons, ["Unauthenticated", "Origin", "NoConnection"]);
    assert!(!recorder.text().contains("open-sesame") && !recorder.text().contains("no-such-token"));
}
