//! Everybody comes back at once.

use std::time::{Duration, Instant};

use signalr_runtime::server::Limits;

use super::victim::Victim;
use super::wire::Socket;

#[tokio::test]
async fn who_finds_no_place_is_told_when_to_come_again() {
    let victim = Victim::limited(Limits { connections: Some(5), ..Limits::default() }).await;
    let mut crowd = Vec::new();
    for _ in 0..5 {
        crowd.push(victim.connect().await);
    }
    for _ in 0..20 {
        let refused = Socket::open(victim.address, "").await.err().unwrap();
        assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
        let token = victim.http().token().await;
        assert_eq!(victim.http().poll(&token).await.status, 503);
    }
    assert_eq!(victim.hits("connections"), 40);
    crowd.pop().unwrap().leave().await;
    super::until(|| victim.hub.connection_count() < 5).await;
    super::until_async(async || Socket::open(victim.address, "").await.is_ok()).await;
}

#[tokio::test]
async fn addresses_and_users_have_so_many() {
    let limits =
        Limits { connections_per_address: Some(2), connections_per_user: Some(1), ..Limits::default() };
    let options = signalr_runtime::server::HubOptions { limits, ..Default::default() };
    let victim = Victim::of(|service| {
        let header = |parts: &http::request::Parts, name: &str| {
            parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        service
            .options(options)
            .user_id(move |parts| header(parts, "x-user"))
            .client_address(move |parts| header(parts, "x-real-ip")?.parse().ok())
    })
    .await;
    let open = async |address: &str, user: &str| {
        let headers = format!("x-real-ip: {address}\r\nx-user: {user}\r\n");
        Socket::open(victim.address, &headers).await.map_err(|refused| refused.status)
    };
    let _first = open("192.0.2.1", "ann").await.ok().unwrap();
    assert_eq!(open("192.0.2.2", "ann").await.err(), Some(429));
    let _second = open("192.0.2.1", "bob").await.ok().unwrap();
    assert_eq!(open("192.0.2.1", "eve").await.err(), Some(429));
    assert!(open("192.0.2.3", "eve").await.is_ok());
    assert_eq!((victim.hits("connections_per_user"), victim.hits("connections_per_address")), (1, 1));
}

#[tokio::test]
async fn a_node_that_goes_sends_its_clients_away_one_by_one() {
    let victim = Victim::new().await;
    let mut crowd = Vec::new();
    for _ in 0..10 {
        crowd.push(victim.connect().await);
    }
    let hub = victim.hub.clone();
    let draining = tokio::spawn(async move { hub.drain(Duration::from_secs(2)).await });
    let began = Instant::now();
    let ends = crowd.into_iter().map(|mut socket| async move {
        let (said, _) = socket.end().await;
        assert_eq!(said, [r#"{"type":7,"allowReconnect":true}"#]);
        socket.leave().await;
        began.elapsed()
    });
    let mut times = futures_util::future::join_all(ends).await;
    times.sort();
    assert!(times[9] > times[0] + Duration::from_millis(300), "{times:?}");
    assert_eq!(draining.await.unwrap().closed, 10);
    let refused = victim.http().negotiate().await;
    assert_eq!(refused.status, 503);
}
