//! A page of another site, which makes a browser send its user's cookies.

use super::victim::Victim;
use super::wire::Socket;

#[tokio::test]
async fn it_uses_no_transport() {
    let victim = Victim::new().await;
    let token = victim.http().token().await;
    let target = format!("/hub?id={token}");
    for origin in ["https://evil.example", "null", "https://127.0.0.1.evil.example", "http://127.0.0.1"] {
        let headers = format!("Cookie: session=1\r\nOrigin: {origin}\r\n");
        let events = format!("{headers}Accept: text/event-stream\r\n");
        let refused = Socket::open(victim.address, &headers).await.err();
        assert_eq!(refused.map(|refused| refused.status), Some(403), "{origin}");
        for (method, target, headers) in [
            ("POST", "/hub/negotiate?negotiateVersion=1", &headers),
            ("GET", &target, &headers),
            ("GET", &target, &events),
            ("POST", &target, &headers),
            ("DELETE", &target, &headers),
        ] {
            let answer = victim.http().request(method, target, headers, "").await;
            assert_eq!(answer.status, 403, "{method} {target} {headers}");
        }
    }
    assert_eq!(victim.hits("origin"), 4 * 6);
    let own = format!("Cookie: session=1\r\nOrigin: http://{}\r\n", victim.address);
    assert!(Socket::open(victim.address, &own).await.is_ok());
}
