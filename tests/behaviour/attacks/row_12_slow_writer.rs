//! Clients that send one byte at a time, and more requests than they need.
//!
//! Not the headers of a request: until they are there, it is the HTTP server's.

use std::time::Duration;

use signalr_runtime::server::{HttpOptions, HubOptions, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::victim::Victim;

#[tokio::test]
async fn a_body_that_does_not_come() {
    let http = HttpOptions { body_read_timeout: Duration::from_millis(300), ..HttpOptions::default() };
    let victim = Victim::with(HubOptions { http, ..HubOptions::default() }).await;
    let token = victim.http().polling().await;
    // One of them is silent, the other sends a byte from time to time.
    for drips in [false, true] {
        let mut stream = TcpStream::connect(victim.address).await.unwrap();
        let head = format!(
            "POST /hub?id={token} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 10000\r\n\r\n ",
            victim.address
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let (mut read, mut write) = stream.split();
        let answered = async {
            let _ = read.read_to_end(&mut answer).await;
        };
        let dripping = async {
            while drips && write.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = answered => {}
            () = dripping => {}
            () = tokio::time::sleep(super::victim::PATIENCE) => panic!("it never ends"),
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    assert_eq!(victim.hits("body_time"), 2);
    victim.serves_others().await;
}

#[tokio::test]
async fn one_poll_at_a_time() {
    let victim = Victim::new().await;
    let token = victim.http().polling().await;
    let http = victim.http();
    let polls: Vec<_> = (0..10)
        .map(|_| {
            let token = token.clone();
            tokio::spawn(async move { http.poll(&token).await })
        })
        .collect();
    // All but one are told that another one has come.
    let mut answers = futures_util::future::join_all(polls);
    let first = tokio::time::timeout(Duration::from_millis(300), &mut answers).await;
    assert!(first.is_err(), "one poll waits");
    victim.hub.clients().all().message("", "at last").await.unwrap();
    let statuses: Vec<u16> = answers.await.into_iter().map(|answer| answer.unwrap().status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 9, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn one_event_stream() {
    let victim = Victim::new().await;
    let token = victim.http().token().await;
    let target = format!("/hub?id={token}");
    let request =
        format!("GET {target} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n\r\n", victim.address);
    let mut first = TcpStream::connect(victim.address).await.unwrap();
    first.write_all(request.as_bytes()).await.unwrap();
    let mut begins = [0; 12];
    first.read_exact(&mut begins).await.unwrap();
    assert_eq!(&begins, b"HTTP/1.1 200");
    let second = victim.http().request("GET", &target, "Accept: text/event-stream\r\n", "").await;
    assert_eq!(second.status, 409);
    victim.serves_others().await;
}

#[tokio::test]
async fn bodies_wait_for_each_other() {
    let victim = Victim::limited(Limits { queued_posts: 3, ..Limits::default() }).await;
    let token = victim.http().polling().await;
    // The first one does not come to its end.
    let mut first = TcpStream::connect(victim.address).await.unwrap();
    let head =
        format!("POST /hub?id={token} HTTP/1.1\r\nHost: {}\r\nContent-Length: 100\r\n\r\n ", victim.address);
    first.write_all(head.as_bytes()).await.unwrap();
    let http = victim.http();
    let posts: Vec<_> = (0..10)
        .map(|_| {
            let token = token.clone();
            tokio::spawn(async move { http.send(&token, " ").await.status })
        })
        .collect();
    super::until(|| victim.hits("queued_posts") >= 6).await;
    drop(first);
    let statuses = futures_util::future::join_all(posts).await;
    let refused = statuses.into_iter().filter(|status| matches!(status, Ok(429))).count();
    assert_eq!(u64::try_from(refused).unwrap(), victim.hits("queued_posts"));
    victim.serves_others().await;
}
