//! The same, for WebSockets, which are not made of requests.

use axum::Router;
use axum::body::Body;
use axum::middleware::{Next, from_fn};

use super::super::over_tcp::{Socket, serve, within};
use super::*;

/// The address that a negotiated connection is opened with, and the token in it.
async fn path(server: &Server, query: &str) -> (String, String) {
    let request = ADA.asks(Method::POST, &format!("/hub/negotiate?negotiateVersion=1{query}"));
    let body = read(ask(server, request, "").await).await.1;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let token = body["connectionToken"].as_str().unwrap().to_owned();
    (format!("/hub?id={token}"), token)
}

async fn connect(address: std::net::SocketAddr, path: &str, headers: &str, version: i32) -> Socket {
    let mut socket = Socket::upgrade(address, path, headers).await.unwrap();
    socket.send(&format!(r#"{{"protocol":"json","version":{version}}}"#)).await;
    assert_eq!(socket.text().await, "{}");
    socket
}

#[tokio::test]
async fn a_websocket_is_refreshed_from_outside() {
    let server = server(options(refreshing));
    let address = serve(Router::new().nest_service("/hub", server.service.clone())).await;
    let (path, token) = path(&server, "").await;
    let mut socket = connect(address, &path, "ada\nX-Role: listener", 1).await;
    socket.send(&call("1", "Echo", r#"["no"]"#)).await;
    assert_eq!(socket.text().await, error("1", UNAUTHORIZED));

    let poller = Poller { server: &server, uri: path, token };
    is(&poller.refresh(ADA).await, REFRESHED);
    socket.send(&call("2", "Echo", r#"["yes"]"#)).await;
    assert_eq!(socket.text().await, result("2", r#""yes""#));

    is(&poller.refresh(BOB).await, (StatusCode::FORBIDDEN, r#"{"error":"user_changed"}"#));
    socket.send(&call("3", "Echo", r#"["still mine"]"#)).await;
    assert_eq!(socket.text().await, result("3", r#""still mine""#));
}

/// A client may refresh as soon as it has the response to its request, before the WebSocket is there.
#[tokio::test]
async fn a_websocket_is_refreshed_before_it_has_opened() {
    const FOR_LONG: Person = Person(&[("x-user", "ada"), ("x-role", "talker"), ("x-good-for", "600")]);
    let server = server(options(|http| {
        refreshing(http);
        closing(http);
    }));
    let (path, token) = path(&server, "").await;
    let service = server.service.clone();
    let refresh = from_fn(move |request: Request<Body>, next: Next| {
        let (mut service, token) = (service.clone(), token.clone());
        async move {
            let response = next.run(request).await;
            // Nothing opens before that has gone out.
            assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
            let refresh = FOR_LONG.asks(Method::POST, "/hub/refresh");
            let refresh = refresh.header("X-SignalR-Connection-Token", token);
            let refreshed = service.call(refresh.body(Full::<Bytes>::default()).unwrap()).await.unwrap();
            assert_eq!(refreshed.status(), StatusCode::OK);
            response
        }
    });
    let address = serve(Router::new().nest_service("/hub", server.service.clone()).layer(refresh)).await;
    let mut socket = connect(address, &path, "ada\nX-Role: listener\nX-Good-For: -1", 1).await;
    socket.send(&call("1", "Echo", r#"["yes"]"#)).await;
    assert_eq!(socket.text().await, result("1", r#""yes""#));
}

#[tokio::test]
async fn a_websocket_ends_with_the_credentials_that_opened_it() {
    let server = server(options(closing));
    let address = serve(Router::new().nest_service("/hub", server.service.clone())).await;
    // With and without negotiation.
    for path in [path(&server, "").await.0, "/hub".to_owned()] {
        let mut socket = connect(address, &path, "ada\nX-Good-For: -1", 1).await;
        assert_eq!(socket.text().await, CLOSE_RECONNECT);
        socket.expect_end(1000).await;
    }
}

/// A client that has brought a WebSocket is there, however long the application looks at its credentials.
#[tokio::test]
async fn a_client_that_has_come_back_is_not_given_up_while_its_credentials_are_looked_at() {
    let disconnected = probe::hook(async |cx, world: Arc<World>| {
        world.say(format!("{} has gone", header(cx.request(), "x-role").unwrap_or_default()));
        Ok(())
    });
    let server = Server::of(World { disconnected, ..World::default() }, |service| service);
    let world = Arc::clone(&server.world);
    let service = server.service.clone();
    let service = service
        .options(options(|http| {
            refreshing(http);
            http.allow_stateful_reconnects = true;
            http.disconnect_timeout = Duration::from_millis(200);
        }))
        .user_id(|request| header(request, "x-user").map(str::to_owned))
        .authentication_expiry(expiry)
        .on_authentication_refresh(move |_| {
            let world = Arc::clone(&world);
            async move {
                world.say("looks");
                world.pass("look").await;
                true
            }
        });
    let server = Server { service, ..server };
    let address = serve(Router::new().nest_service("/hub", server.service.clone())).await;
    let (uri, _) = path(&server, "&useStatefulReconnect=true").await;
    let socket = connect(address, &uri, "ada\nX-Role: one\nX-Good-For: 60", 2).await;
    let (other, _) = path(&server, "&useStatefulReconnect=true").await;
    let other = connect(address, &other, "ada\nX-Role: other\nX-Good-For: 60", 2).await;
    drop(socket);
    let back = async { Socket::upgrade(address, &uri, "ada\nX-Role: one\nX-Good-For: 600").await };
    let go_on = async {
        server.world.hears("looks").await;
        // Somebody who is away for as long.
        drop(other);
        server.world.hears("other has gone").await;
        server.world.open("look");
    };
    let (back, ()) = tokio::join!(back, go_on);
    assert_eq!(back.unwrap().text().await, r#"{"type":9,"sequenceId":1}"#);
    assert!(!server.log().contains(&"one has gone".to_owned()));
}

#[tokio::test]
async fn a_websocket_in_place_of_a_lost_one_refreshes() {
    let server = server(options(|http| {
        refreshing(http);
        http.allow_stateful_reconnects = true;
    }));
    let address = serve(Router::new().nest_service("/hub", server.service.clone())).await;
    let (path, _) = path(&server, "&useStatefulReconnect=true").await;
    let mut socket = connect(address, &path, "ada\nX-Role: listener\nX-Good-For: 60", 2).await;
    socket.send(&call("1", "Echo", r#"["no"]"#)).await;
    assert_eq!(socket.text().await, error("1", UNAUTHORIZED));

    let again = async |headers: &str, next: i32| {
        let mut socket = Socket::upgrade(address, &path, headers).await.unwrap();
        let sequence = socket.text().await;
        assert!(sequence.starts_with(r#"{"type":9,"#), "{sequence}");
        socket.send(&format!(r#"{{"type":9,"sequenceId":{next}}}"#)).await;
        socket
    };
    // What was sent before is sent again: nobody has acknowledged it.
    drop(socket);
    let mut socket = again("ada\nX-Role: talker\nX-Good-For: 600", 2).await;
    assert_eq!(socket.text().await, error("1", UNAUTHORIZED));
    socket.send(r#"{"type":8,"sequenceId":1}"#).await;
    socket.send(&call("2", "Echo", r#"["yes"]"#)).await;
    assert_eq!(socket.text().await, result("2", r#""yes""#));

    // Older credentials are good enough to come back, and change nothing.
    drop(socket);
    let mut socket = again("ada\nX-Role: listener\nX-Good-For: 60", 3).await;
    assert_eq!(socket.text().await, result("2", r#""yes""#));
    socket.send(&call("3", "Echo", r#"["yes"]"#)).await;
    loop {
        let text = socket.text().await;
        if text == result("3", r#""yes""#) {
            break;
        }
        assert!(text.starts_with(r#"{"type":8,"#), "{text}");
    }

    // Those that the application refuses end the connection.
    drop(socket);
    let refused = Socket::upgrade(address, &path, "ada\nX-Role: banned\nX-Good-For: 900").await;
    let refused = refused.err().unwrap();
    assert!(refused.starts_with("http/1.1 403 "), "{refused}");
    assert!(refused.ends_with(r#"{"error":"permission_change_rejected"}"#), "{refused}");
    within(async {
        while !server.log().iter().any(|line| line.ends_with(" disconnected")) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
