//! Whoever connects says so soon, in few words.

use std::time::{Duration, Instant};

use signalr_runtime::server::{HubOptions, Limits};

use super::victim::Victim;
use super::wire::{RS, Socket};

#[tokio::test]
async fn silence() {
    let handshake_timeout = Duration::from_millis(300);
    let victim = Victim::with(HubOptions { handshake_timeout, ..HubOptions::default() }).await;
    let began = Instant::now();
    let mut silent = victim.open().await;
    let mut dripping = victim.open().await;
    // The time runs from the beginning, not from the last byte.
    for byte in b"{\"protocol\"" {
        dripping.frame(0x81, &[*byte]).await;
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    for socket in [&mut silent, &mut dripping] {
        let (said, code) = socket.end().await;
        assert_eq!((said, code), (vec![r#"{"error":"Handshake was canceled."}"#.to_owned()], 1000));
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(victim.hits("handshake_time"), 2);
    victim.serves_others().await;
}

#[tokio::test]
async fn a_long_handshake() {
    let victim = Victim::new().await;
    let mut long = victim.open().await;
    long.text(&format!(r#"{{"protocol":"{}","version":1}}{RS}"#, "x".repeat(4096))).await;
    let (said, _) = long.end().await;
    assert!(said[0].starts_with(r#"{"error":"#), "{said:?}");
    victim.serves_others().await;
}

#[tokio::test]
async fn a_crowd() {
    let victim = Victim::limited(Limits { handshakes: 2, ..Limits::default() }).await;
    let (mut first, mut second) = (victim.open().await, victim.open().await);
    let refused = Socket::open(victim.address, "").await.err().unwrap();
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    assert_eq!(victim.hits("handshakes"), 1);
    // Who is through makes room for others.
    first.shake_hands().await;
    victim.serves_others().await;
    second.shake_hands().await;
}
