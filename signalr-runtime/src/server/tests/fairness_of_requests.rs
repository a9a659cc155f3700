//! Clients that ask for more and more keep nobody else from being served.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, Request};
use http_body::Frame;
use http_body_util::{Full, StreamBody};
use tower_service::Service;

use super::requests::{HANDSHAKE, Requests, record};
use super::*;

/// Runs `flood`, a task that never waits by itself and counts what it does, beside another one; gives how much it does
/// before the other one has its turn, at most.
async fn longest_turn(flood: impl Future<Output = ()> + Send + 'static, done: &AtomicUsize) -> usize {
    let flood = tokio::spawn(flood);
    let (mut longest, mut before) = (0, 0);
    while !flood.is_finished() {
        tokio::task::yield_now().await;
        let now = done.load(Ordering::Relaxed);
        longest = longest.max(now - before);
        before = now;
    }
    flood.await.unwrap();
    longest
}

#[tokio::test(start_paused = true)]
async fn a_row_of_requests_lets_others_run_after_a_few() {
    let cases = [
        (Method::POST, "/hub/negotiate?negotiateVersion=1"),
        (Method::POST, "/hub/negotiate?negotiateVersion=7"),
        (Method::GET, "/hub?id=unknown"),
        (Method::POST, "/hub?id=unknown"),
        (Method::DELETE, "/hub?id=unknown"),
        (Method::POST, "/hub/refresh?id=unknown"),
        (Method::PUT, "/hub"),
    ];
    for (method, uri) in cases {
        let mut service = Server::new().service;
        let done = Arc::new(AtomicUsize::new(0));
        let (counter, what) = (Arc::clone(&done), format!("{method} {uri}"));
        let flood = async move {
            for _ in 0..1_000 {
                let request = Request::builder().method(method.clone()).uri(uri);
                service.call(request.body(Full::<Bytes>::default()).unwrap()).await.unwrap();
                counter.fetch_add(1, Ordering::Relaxed);
            }
        };
        assert!(longest_turn(flood, &done).await <= 32, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_in_tiny_pieces_lets_others_run_after_some() {
    let server = Server::new();
    let (client, _events) = Requests::streaming(&server).await;
    let done = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&done);
    let pieces = stream::iter(0..60_000).map(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok::<_, Infallible>(Frame::data(Bytes::from_static(b" ")))
    });
    let post = client.post_body(StreamBody::new(pieces));
    let flood = async move { assert_eq!(post.await.status, 200) };
    assert!(longest_turn(flood, &done).await <= 128);
}

#[tokio::test(start_paused = true)]
async fn posts_of_a_polling_client_let_others_run() {
    let server = Server::new();
    let client = Requests::polling(&server).await;
    let done = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&done);
    let flood = async move {
        for _ in 0..1_000 {
            assert_eq!(client.post(record(HANDSHAKE)[..1].to_owned()).await.status, 200);
            counter.fetch_add(1, Ordering::Relaxed);
        }
    };
    assert!(longest_turn(flood, &done).await <= 32);
}
