//! Negotiating costs the server nothing that stays.

use std::convert::Infallible;
use std::process::Command;

use signalr_runtime::server::{HubService, Limits, Rate};
use signalr_tests::test_hub::TestHubServer;
use tower_service::Service;

use super::victim::Victim;

/// Says to a test that it runs in a process of its own.
const ALONE: &str = "SIGNALR_ATTACK_ALONE";

/// How many a flood has.
const FLOOD: usize = 1_000_000;

fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

async fn negotiate(service: &mut HubService<TestHubServer>) {
    let request = http::Request::post("/hub/negotiate?negotiateVersion=1").body(axum::body::Body::empty());
    let response: Result<_, Infallible> = service.call(request.unwrap()).await;
    assert_eq!(response.unwrap().status(), 200);
}

#[tokio::test]
async fn a_flood_leaves_nothing_behind() {
    if std::env::var_os(ALONE).is_some() {
        let mut service = HubService::<TestHubServer>::new(TestHubServer::new);
        for _ in 0..1_000 {
            negotiate(&mut service).await;
        }
        let before = resident_bytes();
        for _ in 0..FLOOD {
            negotiate(&mut service).await;
        }
        let grown = resident_bytes().saturating_sub(before);
        assert!(grown < 1024 * 1024, "{FLOOD} negotiates have left {grown} bytes");
        return;
    }
    let this = "attacks::row_01_negotiate_flood::a_flood_leaves_nothing_behind";
    let mut alone = Command::new(std::env::current_exe().unwrap());
    let output = alone.args(["--exact", this]).env(ALONE, "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test]
async fn one_address_negotiates_at_a_pace() {
    let negotiates = Some(Rate { per_second: 1, burst: 5 });
    let victim = Victim::limited(Limits { negotiates, ..Limits::default() }).await;
    for _ in 0..5 {
        assert_eq!(victim.http().negotiate().await.status, 200);
    }
    let refused = victim.http().negotiate().await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    assert_eq!(victim.hits("negotiates"), 1);
    // Whoever has a connection keeps it, and a WebSocket needs no negotiation.
    victim.serves_others().await;
}
