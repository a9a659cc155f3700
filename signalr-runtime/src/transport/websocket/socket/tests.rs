use std::convert::Infallible;
use std::future::poll_fn;
use std::io;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::*;
use crate::connection::duplex::{Duplex, End, Received};
use crate::connection::frame::Frame;
use crate::connection::frame::FrameHeader;
use crate::connection::outbound::{Outbound, QueueLimit};
use crate::connection::slow_consumer::Sender;
use crate::contract::value::HubProtocol;
use crate::transport::websocket::stream::WebSocket;
use crate::transport::websocket::upgrade;

/// Which library serves the request.
#[derive(Clone, Copy, Debug)]
enum Http {
    Hyper,
    /// What `axum::serve` runs on.
    HyperUtil,
}

/// Serves one connection, opens the WebSocket that is asked for and hands out its socket.
async fn serve<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    http: Http,
    stream: S,
    sockets: UnboundedSender<(Socket, Bytes)>,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (parts, body) = request.into_parts();
        let response = upgrade::accept(&parts).map_or_else(
            |refusal| refusal.response().map(str::to_owned),
            |response| response.map(|()| String::new()),
        );
        let upgraded = hyper::upgrade::on(Request::from_parts(parts, body));
        let sockets = sockets.clone();
        tokio::spawn(async move { sockets.send(from_upgraded(upgraded.await.unwrap())).unwrap() });
        async { Ok::<Response<String>, Infallible>(response) }
    });
    let stream = TokioIo::new(stream);
    match http {
        Http::Hyper => {
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(stream, service);
            connection.with_upgrades().await.unwrap();
        }
        Http::HyperUtil => {
            let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            builder.serve_connection_with_upgrades(stream, service).await.unwrap();
        }
    }
}

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A client that does not wait for the response: its first frame comes in one packet with the request. Then it
/// reads the response, the echo of both frames and our close frame, and closes as well.
async fn eager_client(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    stream.write_all(&[REQUEST, b"\x81\x85\0\0\0\0early"].concat()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n\x81\x05early") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "{}", String::from_utf8_lossy(&answer));
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
    stream.write_all(b"\x81\x84\0\0\0\0late").await.unwrap();
    let mut answer = [0; 10];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"\x81\x04late\x88\x02\x03\xe8");
    stream.write_all(b"\x88\x82\0\0\0\0\x03\xe8").await.unwrap();
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0, "the server ends the stream");
}

/// Sends back what comes until `late` has come, and closes.
async fn echo(socket: Socket, early: Bytes) -> io::Result<()> {
    let mut websocket = WebSocket::server(socket, &early);
    let queue = Outbound::new(FrameHeader::WebSocket, QueueLimit { bytes: 1 << 20, frames: 1024 });
    let mut received = Vec::new();
    while !received.ends_with(b"late") {
        let mut data = Vec::new();
        let read = poll_fn(|cx| websocket.poll_receive(cx, &mut |part| data.extend_from_slice(part))).await?;
        assert_eq!(read, Received::Some);
        received.extend_from_slice(&data);
        queue
            .offer(&Frame::new(HubProtocol::Json, |frame| frame.extend_from_slice(&data)), Sender::Own)
            .expect("there is room");
        poll_fn(|cx| websocket.poll_send(cx, &queue)).await?;
    }
    poll_fn(|cx| websocket.poll_close(cx, End::Normal)).await
}

#[tokio::test]
async fn tcp_is_taken_back_with_what_hyper_has_read() {
    for http in [Http::Hyper, Http::HyperUtil] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let (sender, mut sockets) = unbounded_channel();
        let serving = tokio::spawn(serve(http, server, sender));
        let client = tokio::spawn(eager_client(client));
        let (socket, early) = sockets.recv().await.unwrap();
        let Either::Left(tcp) = &socket else { panic!("{http:?}: not TCP") };
        assert!(tcp.nodelay().unwrap());
        assert_eq!(&early[..], b"\x81\x85\0\0\0\0early", "{http:?}");
        echo(socket, early).await.unwrap();
        client.await.unwrap();
        serving.await.unwrap();
    }
}

#[tokio::test]
async fn any_other_stream_works_as_well() {
    for http in [Http::Hyper, Http::HyperUtil] {
        let (client, server) = tokio::io::duplex(64);
        let (sender, mut sockets) = unbounded_channel();
        let serving = tokio::spawn(serve(http, server, sender));
        let client = tokio::spawn(eager_client(client));
        let (socket, early) = sockets.recv().await.unwrap();
        assert!(matches!(socket, Either::Right(_)));
        echo(socket, early).await.unwrap();
        client.await.unwrap();
        serving.await.unwrap();
    }
}
