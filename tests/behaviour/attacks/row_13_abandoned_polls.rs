//! A client that polls no more, without a word.

use std::time::Duration;

use super::victim::Victim;
use super::wire::{RS, call};

#[tokio::test]
async fn it_is_forgotten() {
    let victim = Victim::impatient().await;
    for _ in 0..20 {
        let token = victim.http().polling().await;
        let join = format!("{}{RS}", call("1", "JoinGroup", "[\"room\"]"));
        assert_eq!(victim.http().send(&token, &join).await.status, 200);
    }
    victim.forgets_everybody().await;
    super::until(|| victim.hits("poll_absence") == 20).await;
    // Those who have only negotiated are not even counted, and what they send is refused.
    let token = victim.http().token().await;
    assert_eq!(victim.http().send(&token, "x").await.status, 400);
    assert_eq!(victim.hub.connection_count(), 0);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(victim.http().poll(&token).await.status, 404);
    victim.serves_others().await;
}
