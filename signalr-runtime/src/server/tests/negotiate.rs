//! Negotiation, tokens, and the answers to other requests, without a socket.

use http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use serde_json::Value;
use tower_service::Service;

use super::*;
use crate::server::{NodeId, TokenKey};

async fn ask(server: &Server, method: Method, uri: &str) -> Response<ResponseBody> {
    let request = Request::builder().method(method).uri(uri).body(Empty::<&[u8]>::new()).unwrap();
    server.service.clone().call(request).await.unwrap()
}

async fn text(response: Response<ResponseBody>) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

/// An upgrade that the server would accept if it had a socket: what it answers says whether the token is good.
async fn open(server: &Server, query: &str) -> StatusCode {
    let request = Request::builder()
        .uri(format!("/hub{query}"))
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let response = server.service.clone().call(request.body(Empty::<&[u8]>::new()).unwrap()).await.unwrap();
    response.status()
}

/// The token was good, and there is no socket: it is not used up.
const GOOD: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;

/// Uses a token up: its connection begins with an event stream, which the client drops at once.
async fn use_up(server: &Server, query: &str) {
    let request = Request::builder().uri(format!("/hub{query}")).header(ACCEPT, "text/event-stream");
    let response = server.service.clone().call(request.body(Empty::<&[u8]>::new()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    drop(response);
    settle().await;
}

async fn negotiate(server: &Server, query: &str) -> String {
    let response = ask(server, Method::POST, &format!("/hub/negotiate{query}")).await;
    assert_eq!(
        (response.status(), &response.headers()[CONTENT_TYPE]),
        (StatusCode::OK, &"application/json".parse().unwrap())
    );
    text(response).await
}

#[tokio::test(start_paused = true)]
async fn negotiation() {
    let server = Server::new();
    let transports = r#""availableTransports":[{"transport":"WebSockets","transferFormats":["Text","Binary"]},{"transport":"ServerSentEvents","transferFormats":["Text"]},{"transport":"LongPolling","transferFormats":["Text","Binary"]}]}"#;
    for query in
        ["", "?negotiateVersion=0", "?other=1", "?negotiateVersion=%200", "?useStatefulReconnect=true"]
    {
        let body = negotiate(&server, query).await;
        assert!(body.starts_with(r#"{"negotiateVersion":0,"connectionId":""#), "{body}");
        assert!(body.ends_with(transports) && !body.contains("connectionToken"), "{body}");
    }
    for query in [
        "?negotiateVersion=1",
        "?x=y&NEGOTIATEVERSION=1",
        "?negotiateVersion=2",
        "?negotiateVersion=2147483647",
        "?negotiateVersion=&negotiateVersion=1",
    ] {
        let body = negotiate(&server, query).await;
        assert!(body.starts_with(r#"{"negotiateVersion":1,"connectionId":""#), "{body}");
        assert!(body.ends_with(transports), "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        let (id, token) = (body["connectionId"].as_str().unwrap(), body["connectionToken"].as_str().unwrap());
        assert_eq!(id.len(), 22);
        assert!(!token.contains(id));
    }
}

#[tokio::test(start_paused = true)]
async fn versions_that_are_refused() {
    let unsupported = |version: i32| {
        format!("The client requested version '{version}', but the server does not support this version.")
    };
    let integer = "The client requested a non-integer protocol version.".to_owned();
    let cases = [
        (0, "?negotiateVersion=one", integer.clone()),
        (0, "?negotiateVersion=", integer.clone()),
        (0, "?negotiateVersion=1.0", integer.clone()),
        (0, "?negotiateVersion=1&NegotiateVersion=1", integer.clone()),
        (0, "?negotiateVersion=2147483648", integer),
        (0, "?negotiateVersion=-1", unsupported(-1)),
        (1, "", unsupported(0)),
        (1, "?negotiateVersion=0", unsupported(0)),
        (2, "?negotiateVersion=1", unsupported(1)),
    ];
    for (minimum, query, text) in cases {
        let server = Server::with(HubOptions {
            http: HttpOptions { minimum_protocol_version: minimum, ..HttpOptions::default() },
            ..HubOptions::default()
        });
        assert_eq!(negotiate(&server, query).await, format!(r#"{{"error":"{text}"}}"#), "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_nothing_of_ours() {
    let server = Server::new();
    let (bad, lost, method) =
        (StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED);
    let cases = [
        (Method::GET, "/hub", bad, "Connection ID required"),
        (Method::POST, "/hub", bad, "Connection ID required"),
        (Method::DELETE, "/hub?x=y", bad, "Connection ID required"),
        (Method::GET, "/hub?id=", bad, "Connection ID required"),
        (Method::GET, "/hub?id=unknown", lost, "No Connection with that ID"),
        (Method::POST, "/hub?ID=unknown", lost, "No Connection with that ID"),
        (Method::DELETE, "/hub?id=unknown", lost, "No Connection with that ID"),
        (Method::PUT, "/hub", method, ""),
        (Method::PATCH, "/hub?id=unknown", method, ""),
        (Method::OPTIONS, "/hub", method, ""),
        (Method::GET, "/hub/negotiate", method, ""),
        (Method::PUT, "/hub/negotiate", method, ""),
    ];
    for (verb, uri, status, body) in cases {
        let response = ask(&server, verb.clone(), uri).await;
        assert_eq!(
            (response.status(), &response.headers()[CONTENT_TYPE]),
            (status, &"text/plain".parse().unwrap()),
            "{verb} {uri}"
        );
        assert_eq!(text(response).await, body, "{verb} {uri}");
    }
    let negotiate = ask(&server, Method::GET, "/hub/negotiate").await;
    assert_eq!(negotiate.headers()[ALLOW], "POST");
    assert!(!negotiate.headers().contains_key(CACHE_CONTROL), "it is no poll");
    assert_eq!(ask(&server, Method::PUT, "/hub").await.headers()[ALLOW], "GET, POST, DELETE");
}

#[tokio::test(start_paused = true)]
async fn a_token_opens_one_connection_for_a_while() {
    let (server, other) = (Server::new(), Server::new());
    for (query, property) in [("?negotiateVersion=1", "connectionToken"), ("", "connectionId")] {
        let token = async || {
            let body: Value = serde_json::from_str(&negotiate(&server, query).await).unwrap();
            body[property].as_str().unwrap().to_owned()
        };
        let used = token().await;
        assert_eq!(open(&server, &format!("?id={used}")).await, GOOD);
        use_up(&server, &format!("?id={used}")).await;
        assert_eq!(open(&server, &format!("?id={used}")).await, StatusCode::NOT_FOUND);
        let late = token().await;
        tokio::time::sleep(std::time::Duration::from_millis(14_900)).await;
        let in_time = token().await;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        assert_eq!(open(&server, &format!("?id={late}")).await, StatusCode::NOT_FOUND);
        assert_eq!(open(&server, &format!("?ID={in_time}")).await, GOOD);
        let elsewhere = token().await;
        assert_eq!(open(&other, &format!("?id={elsewhere}")).await, StatusCode::NOT_FOUND);
        let mut changed = token().await.into_bytes();
        changed[30] ^= 1;
        assert_eq!(
            open(&server, &format!("?id={}", String::from_utf8_lossy(&changed))).await,
            StatusCode::NOT_FOUND
        );
    }
    // Of a repeated id all values count that are not empty.
    let token = async || {
        let body: Value = serde_json::from_str(&negotiate(&server, "?negotiateVersion=1").await).unwrap();
        body["connectionToken"].as_str().unwrap().to_owned()
    };
    let once = token().await;
    assert_eq!(open(&server, &format!("?id={once}&id={once}")).await, StatusCode::NOT_FOUND);
    assert_eq!(open(&server, &format!("?id=&id={once}")).await, GOOD);
    // The public id of version 1 opens nothing.
    let body: Value = serde_json::from_str(&negotiate(&server, "?negotiateVersion=1").await).unwrap();
    assert_eq!(
        open(&server, &format!("?id={}", body["connectionId"].as_str().unwrap())).await,
        StatusCode::NOT_FOUND
    );
    for junk in ["?id=%00", "?id=AAAA"] {
        assert_eq!(open(&server, junk).await, StatusCode::NOT_FOUND);
    }
    // Without one, negotiation was skipped.
    for none in ["", "?id=", "?x=y"] {
        assert_eq!(open(&server, none).await, GOOD);
    }
}

#[tokio::test(start_paused = true)]
async fn nodes_with_the_same_key_open_each_others_tokens() {
    let node = |number: u32, key: u8| {
        let (token_key, node_id) = (Some(TokenKey::new([key; 32])), NodeId::new(number));
        Server::with(HubOptions {
            http: HttpOptions { token_key, node_id, ..HttpOptions::default() },
            ..HubOptions::default()
        })
    };
    let (one, two, stranger) = (node(1, 7), node(2, 7), node(3, 8));
    let negotiated = async || {
        let body: Value = serde_json::from_str(&negotiate(&one, "?negotiateVersion=1").await).unwrap();
        let id = ConnectionId::new(body["connectionId"].as_str().unwrap());
        assert_eq!(id.node(), Some(NodeId::new(1)));
        format!("?id={}", body["connectionToken"].as_str().unwrap())
    };
    let token = negotiated().await;
    assert_eq!(open(&stranger, &token).await, StatusCode::NOT_FOUND);
    use_up(&two, &token).await;
    assert_eq!(open(&two, &token).await, StatusCode::NOT_FOUND);
    let late = negotiated().await;
    tokio::time::sleep(std::time::Duration::from_millis(15_100)).await;
    assert_eq!(open(&two, &late).await, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn nothing_new_while_the_hub_ends() {
    let retry_after = std::time::Duration::from_secs(7);
    let http = HttpOptions { retry_after, ..HttpOptions::default() };
    let server = Server::with(HubOptions { http, ..HubOptions::default() });
    server.handle().shut_down().await;
    let refused = ask(&server, Method::POST, "/hub/negotiate").await;
    assert_eq!(
        (refused.status(), &refused.headers()[RETRY_AFTER]),
        (StatusCode::SERVICE_UNAVAILABLE, &"7".parse().unwrap())
    );
    assert_eq!(open(&server, "").await, StatusCode::SERVICE_UNAVAILABLE);
}
