//! What never shows in a log or a trace: tokens, and the values of messages.

use http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::Value;
use tower_service::Service;

use super::recorder::Recorder;
use super::*;

/// In every value that a client sends.
const MARK: &str = "kept-to-itself";

#[tokio::test(start_paused = true)]
async fn values_are_not_logged() {
    let (recorder, _guard) = Recorder::start();
    // What a client may read of an error is no more fit for a log.
    for server in [Server::new(), Server::detailed()] {
        send_values(&server).await;
    }
    let text = recorder.text();
    for event in
        ["a call failed", "a call was answered with an error", "a connection ended", "a handshake failed"]
    {
        assert!(text.contains(event), "{text}");
    }
    assert!(!text.contains(MARK) && !text.contains(broken::UNWRITABLE), "{text}");
}

/// Sends values wherever there is room for one, fitting or not.
async fn send_values(server: &Server) {
    let quoted = format!(r#""{MARK}""#);
    let marked = format!("[{quoted}]");
    let object = format!(r#"{{"name":{quoted}}}"#);
    let mut client = server.connect().await;
    client
        .send_all([
            call("1", "Echo", &marked),
            call("2", "Fail", &marked),
            call("3", "Add", &format!("[1,{quoted}]")),
            call("4", "Add", &format!("[{object},{object}]")),
            call("5", "NoSuchMethod", &marked),
            call("6", "Wait", &format!("[{quoted},{quoted}]")),
            call("7", "Breaks", &marked),
            stream("8", "FailAfter", &format!("[1,{quoted}]")),
            stream("9", "Echo", &marked),
            upload("10", "Sum", "[]", r#"["s10"]"#),
            item("s10", &quoted),
            upload("11", "Sum", "[]", r#"["s11"]"#),
            item("s11", &object),
            upload("12", "Sum", "[]", r#"["s12"]"#),
            format!(r#"{{"type":3,"invocationId":"s12","error":{quoted}}}"#),
            item("no-such-stream", &quoted),
            format!(r#"{{"type":3,"invocationId":"no-such-call","result":{quoted}}}"#),
            call("13", "Ask", r#"["?",""]"#),
            call("14", "Ask", r#"["?",""]"#),
            call("15", "BrokenValue", r#"["fails"]"#),
        ])
        .await;
    let mut answers = client.so_far().await;
    client
        .send_all([
            format!(r#"{{"type":3,"invocationId":"s1","result":{object}}}"#),
            format!(r#"{{"type":3,"invocationId":"s2","error":{quoted}}}"#),
        ])
        .await;
    // As many answers as calls, and the one item: so all of it has happened.
    answers.extend(client.so_far().await);
    let count = |kind: &str| answers.iter().filter(|answer| answer.starts_with(kind)).count();
    assert_eq!((count(r#"{"type":3"#), count(r#"{"type":2"#)), (15, 1), "{answers:#?}");

    // What ends a connection.
    for last in [
        format!(r#"{{"type":7,"error":{quoted}}}"#),
        MARK.to_owned(),
        marked.clone(),
        format!(r#"{{"type":1,"target":{object},"arguments":[]}}"#),
        format!(r#"{{"type":1,"target":"Echo","arguments":{quoted}}}"#),
        format!(r#"{{"type":1,"target":"Echo","arguments":[],"headers":{{"h":{object}}}}}"#),
        format!(r#"{{"type":{quoted}}}"#),
    ] {
        let mut client = server.connect().await;
        client.send(last).await;
        client.rest().await;
    }
    for handshake in [object, marked, MARK.to_owned(), format!(r#"{{"protocol":{quoted},"version":1}}"#)] {
        let mut client = server.open();
        client.send(handshake).await;
        client.rest().await;
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_are_not_logged() {
    let (recorder, _guard) = Recorder::start();
    let server = Server::new();
    let mut service = server.service.clone();
    let mut ask = |method: Method, path: &str, headers: &[(&str, &str)], body: String| {
        let mut request = Request::builder().method(method).uri(format!("/hub{path}access_token={MARK}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        service.call(request.header("authorization", format!("Bearer {MARK}")).body(body).unwrap())
    };
    let upgrade = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let events = [("accept", "text/event-stream")];
    let mut tokens = Vec::new();
    for headers in [&upgrade[..], &events, &[]] {
        let answer = ask(Method::POST, "/negotiate?negotiateVersion=1&", &[], String::new()).await.unwrap();
        let body: Value =
            serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
        let token = body["connectionToken"].as_str().unwrap().to_owned();
        let path = format!("?id={token}&");
        // The first opens a connection, except where that would take a socket.
        let _transport = ask(Method::GET, &path, headers, String::new()).await.unwrap();
        for record in [r#"{"protocol":"json","version":1}"#, &call("1", "Fail", &format!(r#"["{MARK}"]"#))] {
            ask(Method::POST, &path, &[], format!("{record}\u{1E}")).await.unwrap();
        }
        settle().await;
        ask(Method::GET, &path, headers, String::new()).await.unwrap();
        ask(Method::DELETE, &path, &[], String::new()).await.unwrap();
        tokens.push(token);
    }
    // The id of a client of version 0 is its token. It answers what another one was asked.
    let mut asked = server.connect().await;
    asked.send(call("1", "Ask", r#"["?",""]"#)).await;
    asked.next().await;
    let answer = ask(Method::POST, "/negotiate?", &[], String::new()).await.unwrap();
    let body: Value =
        serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
    let id = body["connectionId"].as_str().unwrap().to_owned();
    let path = format!("?id={id}&");
    ask(Method::GET, &path, &[], String::new()).await.unwrap();
    for record in [r#"{"protocol":"json","version":1}"#, r#"{"type":3,"invocationId":"s1","result":"x"}"#] {
        ask(Method::POST, &path, &[], format!("{record}\u{1E}")).await.unwrap();
    }
    settle().await;
    assert!(recorder.text().contains("Connection ID '…' is not valid for invocation ID 's1'."));
    tokens.push(id);
    let text = recorder.text();
    // Over both transports that are made of requests.
    assert_eq!(text.matches("a call was answered with an error").count(), 2, "{text}");
    for secret in tokens.iter().map(String::as_str).chain([MARK]) {
        assert!(!text.contains(secret), "{text}");
    }
}
