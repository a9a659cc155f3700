//! Connections without a hub.

use axum::Router;
use axum::body::Body;
use axum::middleware::{Next, from_fn};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower_service::Service;

use super::over_tcp::{Socket, serve, within};
use super::recorder::Recorder;
use super::*;
use crate::server::{HubRouterExt, Limits, RawConnection, RawService, TransferFormat};

/// Gives back what it reads, in upper case, until `end` or the end.
async fn shout(mut connection: RawConnection) {
    let mut buffer = [0; 5];
    while let Ok(length @ 1..) = connection.read(&mut buffer).await {
        let read = &mut buffer[..length];
        read.make_ascii_uppercase();
        match &*read {
            b"END" => return,
            b"PANIC" => panic!("a handler panics on purpose"),
            b"BYTES" => connection.set_transfer_format(TransferFormat::Binary),
            _ => {}
        }
        if connection.write_all(read).await.is_err() {
            return;
        }
    }
    connection.write_all(b"goodbye").await.ok();
}

async fn open(address: std::net::SocketAddr) -> Socket {
    Socket::upgrade(address, "/raw", "ada").await.unwrap()
}

#[tokio::test]
async fn a_handler_reads_and_writes_over_a_websocket() {
    let address = serve(Router::new().raw("/raw", RawService::new(shout))).await;
    let mut socket = open(address).await;
    socket.frame(0x81, b"hello, you").await;
    assert_eq!(socket.next().await, (1, b"HELLO".to_vec()));
    assert_eq!(socket.next().await, (1, b", YOU".to_vec()));
    socket.frame(0x82, b"bytes").await;
    assert_eq!(socket.next().await, (2, b"BYTES".to_vec()));
    socket.frame(0x88, &1000_u16.to_be_bytes()).await;
    assert_eq!(socket.next().await, (8, 1000_u16.to_be_bytes().to_vec()));
}

/// What the handler does with the rest of the bytes takes any time: the client does not wait for that.
#[tokio::test]
async fn a_close_frame_is_answered_at_once() {
    let world = Arc::new(World::default());
    let of_handler = Arc::clone(&world);
    let service = RawService::new(move |mut connection: RawConnection| {
        let world = Arc::clone(&of_handler);
        async move {
            connection.write_all(b"written before").await.unwrap();
            world.pass("read").await;
            let mut rest = String::new();
            connection.read_to_string(&mut rest).await.unwrap();
            world.say(rest);
            world.say(connection.write_all(b"too late").await.unwrap_err().kind().to_string());
        }
    });
    let address = serve(Router::new().raw("/raw", service.clone())).await;
    let mut socket = open(address).await;
    socket.frame(0x81, b"the last bytes").await;
    socket.frame(0x88, &1000_u16.to_be_bytes()).await;
    assert_eq!(socket.next().await, (1, b"written before".to_vec()));
    assert_eq!(socket.next().await, (8, 1000_u16.to_be_bytes().to_vec()));
    socket.expect_eof().await;
    world.open("read");
    let kind = std::io::ErrorKind::BrokenPipe.to_string();
    world.hears(&kind).await;
    assert_eq!(*world.log.lock().unwrap(), ["the last bytes".to_owned(), kind]);
    assert_eq!(service.shut_down().await.aborted, 0);
}

/// A handler that panics behind the close of its client is told of in the log only.
#[tokio::test]
async fn a_client_that_has_closed_does_not_learn_of_a_panic() {
    let (recorder, _guard) = Recorder::start();
    let service = RawService::new(|mut connection: RawConnection| async move {
        connection.read_to_end(&mut Vec::new()).await.unwrap();
        panic!("a handler panics on purpose");
    });
    let address = serve(Router::new().raw("/raw", service)).await;
    let mut socket = open(address).await;
    socket.frame(0x88, &1000_u16.to_be_bytes()).await;
    assert_eq!(socket.next().await, (8, 1000_u16.to_be_bytes().to_vec()));
    recorder.hears("the handler of a raw connection panicked").await;
    recorder.hears("a connection ended").await;
    let events = recorder.events();
    let end = events.iter().find(|event| event.fields["message"] == "a connection ended").unwrap();
    assert_eq!(end.fields["reason"], "the peer closed the transport");
}

#[tokio::test]
async fn its_end_is_that_of_the_connection() {
    let address = serve(Router::new().raw("/raw", RawService::new(shout))).await;
    let mut socket = open(address).await;
    socket.frame(0x81, b"end").await;
    socket.expect_end(1000).await;
    let mut socket = open(address).await;
    socket.frame(0x81, b"panic").await;
    socket.expect_end(1011).await;
}

#[tokio::test]
async fn a_shutdown_is_the_end_of_what_it_reads() {
    let service = RawService::new(shout);
    let address = serve(Router::new().raw("/raw", service.clone())).await;
    let mut socket = open(address).await;
    socket.frame(0x81, b"a").await;
    assert_eq!(socket.next().await, (1, b"A".to_vec()));
    let ending = tokio::spawn(async move { service.shut_down().await });
    assert_eq!(socket.next().await, (1, b"goodbye".to_vec()));
    socket.expect_end(1000).await;
    let report = ending.await.unwrap();
    assert_eq!((report.closed, report.aborted), (1, 0));
}

#[tokio::test]
async fn a_websocket_that_opens_after_the_shutdown_reaches_no_handler() {
    let (reached, mut handlers) = tokio::sync::mpsc::unbounded_channel();
    let service = RawService::new(move |connection: RawConnection| {
        reached.send(connection).unwrap();
        std::future::ready(())
    });
    let carried = service.clone();
    let shut_down = from_fn(move |request: Request<Body>, next: Next| {
        let service = carried.clone();
        async move {
            let response = next.run(request).await;
            // The response is not on its way yet, without which nothing opens.
            service.shut_down().await;
            response
        }
    });
    let address = serve(Router::new().raw("/raw", service).layer(shut_down)).await;
    open(address).await.expect_end(1000).await;
    assert!(handlers.try_recv().is_err());
}

#[tokio::test]
async fn each_address_has_its_places() {
    let limits = Limits { connections_per_address: Some(1), ..Limits::default() };
    let service = RawService::new(shout)
        .options(HttpOptions::default(), limits)
        .client_address(|request| request.headers.get("x-user")?.to_str().ok()?.parse().ok());
    let address = serve(Router::new().raw("/raw", service)).await;
    let mut first = Socket::upgrade(address, "/raw", "192.0.2.1").await.unwrap();
    let Err(refused) = Socket::upgrade(address, "/raw", "192.0.2.1").await else { panic!("it has two") };
    assert!(refused.starts_with("http/1.1 429 "), "{refused}");
    Socket::upgrade(address, "/raw", "192.0.2.2").await.unwrap();
    first.frame(0x81, b"end").await;
    first.expect_end(1000).await;
    within(async {
        while Socket::upgrade(address, "/raw", "192.0.2.1").await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// The status and the body of an answer.
async fn ask(service: &RawService, method: Method, uri: &str, body: &'static [u8]) -> (StatusCode, Bytes) {
    let request =
        Request::builder().method(method).uri(uri).body(Full::new(Bytes::from_static(body))).unwrap();
    let response: Response<ResponseBody> = service.clone().call(request).await.unwrap();
    let status = response.status();
    (status, response.into_body().collect().await.unwrap().to_bytes())
}

#[tokio::test(start_paused = true)]
async fn it_knows_nothing_of_the_transport() {
    let service = RawService::new(shout).user_id(|_| Some("ada".to_owned()));
    let (_, body) = ask(&service, Method::POST, "/raw/negotiate?negotiateVersion=1", b"").await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    let uri = format!("/raw?id={}", body["connectionToken"].as_str().unwrap());
    assert_eq!(ask(&service, Method::GET, &uri, b"").await, (StatusCode::OK, Bytes::new()));
    let poll = ask(&service, Method::GET, &uri, b"");
    let (polled, sent) = tokio::join!(poll, ask(&service, Method::POST, &uri, b"poll"));
    assert_eq!(sent, (StatusCode::OK, Bytes::new()));
    assert_eq!(polled, (StatusCode::OK, Bytes::from_static(b"POLL")));
    let poll = ask(&service, Method::GET, &uri, b"");
    let (polled, sent) = tokio::join!(poll, ask(&service, Method::POST, &uri, b"end"));
    assert_eq!((polled.0, sent.0), (StatusCode::NO_CONTENT, StatusCode::OK));
    settle().await;
    assert_eq!(ask(&service, Method::GET, &uri, b"").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_polling_is_lost() {
    let (lost, mut losses) = tokio::sync::mpsc::unbounded_channel();
    let service = RawService::new(move |mut connection: RawConnection| {
        let lost = lost.clone();
        async move {
            let read = connection.read(&mut [0; 8]).await;
            lost.send(read.map_err(|error| error.kind())).unwrap();
        }
    });
    let (_, body) = ask(&service, Method::POST, "/raw/negotiate?negotiateVersion=1", b"").await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    let uri = format!("/raw?id={}", body["connectionToken"].as_str().unwrap());
    assert_eq!(ask(&service, Method::GET, &uri, b"").await.0, StatusCode::OK);
    let before = tokio::time::Instant::now();
    assert_eq!(losses.recv().await, Some(Err(std::io::ErrorKind::TimedOut)));
    assert_eq!(before.elapsed().as_secs(), 15);
}

/// A handler whose reader has failed learns why, and so does the log.
#[tokio::test]
async fn a_client_that_breaks_the_rules_of_websockets_is_lost_for_that_reason() {
    let (recorder, _guard) = Recorder::start();
    let (lost, mut losses) = tokio::sync::mpsc::unbounded_channel();
    let service = RawService::new(move |mut connection: RawConnection| {
        let lost = lost.clone();
        async move {
            let error = connection.read(&mut [0; 8]).await.unwrap_err();
            lost.send((error.kind(), error.to_string())).unwrap();
        }
    });
    let address = serve(Router::new().raw("/raw", service)).await;
    let mut socket = open(address).await;
    // There is no such kind of frame.
    socket.frame(0x83, b"x").await;
    let text = "a frame has an unknown opcode".to_owned();
    assert_eq!(losses.recv().await, Some((std::io::ErrorKind::InvalidData, text.clone())));
    socket.expect_end(1002).await;
    recorder.hears("a connection ended").await;
    let events = recorder.events();
    let end = events.iter().find(|event| event.fields["message"] == "a connection ended").unwrap();
    assert_eq!(end.fields["reason"], "the peer broke the rules of the transport");
    assert_eq!(end.fields["error"], text);
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_client_has_not_taken_is_not_said_to_be_sent() {
    let (told, mut flushes) = tokio::sync::mpsc::unbounded_channel();
    let service = RawService::new(move |mut connection: RawConnection| {
        let told = told.clone();
        async move {
            connection.write_all(b"unheard").await.unwrap();
            connection.read(&mut [0; 8]).await.unwrap_err();
            settle().await;
            told.send(connection.flush().await.map_err(|error| error.kind())).unwrap();
        }
    });
    let (_, body) = ask(&service, Method::POST, "/raw/negotiate?negotiateVersion=1", b"").await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    let uri = format!("/raw?id={}", body["connectionToken"].as_str().unwrap());
    assert_eq!(ask(&service, Method::GET, &uri, b"").await.0, StatusCode::OK);
    assert_eq!(flushes.recv().await, Some(Err(std::io::ErrorKind::BrokenPipe)));
}

#[tokio::test(start_paused = true)]
async fn a_client_is_not_promised_that_it_may_come_back() {
    let http = HttpOptions { allow_stateful_reconnects: true, ..HttpOptions::default() };
    let service = RawService::new(shout).options(http, Limits::default());
    let uri = "/raw/negotiate?negotiateVersion=1&useStatefulReconnect=true";
    let (_, body) = ask(&service, Method::POST, uri, b"").await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&body["negotiateVersion"], &body["useStatefulReconnect"]), (&1.into(), &Value::Null));
}

#[tokio::test]
async fn a_handler_that_has_shut_its_writing_half_down_finds_the_end() {
    let service = RawService::new(|mut connection: RawConnection| async move {
        connection.write_all(b"last").await.unwrap();
        connection.shutdown().await.unwrap();
        // As whoever copies in both directions does.
        connection.read_to_end(&mut Vec::new()).await.unwrap();
    });
    let address = serve(Router::new().raw("/raw", service.clone())).await;
    let mut socket = open(address).await;
    assert_eq!(socket.next().await, (1, b"last".to_vec()));
    socket.expect_end(1000).await;
    let report = service.shut_down().await;
    assert_eq!(report.aborted, 0);
}

#[tokio::test]
async fn a_connection_that_is_dropped_is_closed_whatever_its_handler_goes_on_with() {
    let service = RawService::new(|connection: RawConnection| async move {
        drop(connection);
        std::future::pending::<()>().await;
    });
    let address = serve(Router::new().raw("/raw", service)).await;
    open(address).await.expect_end(1000).await;
}
