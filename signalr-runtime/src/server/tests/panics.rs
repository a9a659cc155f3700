//! What panics ends its call, or at most its connection, and leaves nothing behind.

use super::client::Over;
use super::*;
use crate::connection::duplex::End;

/// A value that panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a destructor panics on purpose");
    }
}

async fn others_are_fine(server: &Server) {
    let mut other = server.connect().await;
    other.goes_on().await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_method_gives_its_turn_back() {
    let server = Server::new();
    let mut client = server.connect().await;
    for n in 0..10 {
        let id = n.to_string();
        client.send_all([call(&id, "Panic", "[]"), stream(&format!("s{n}"), "PanicAfter", "[0]")]).await;
        assert_eq!(
            client.next().await,
            error(&id, "An unexpected error occurred invoking 'Panic' on the server.")
        );
        client.next().await;
    }
    client.goes_on().await;
}

#[tokio::test(start_paused = true)]
async fn a_method_whose_future_panics_when_it_is_dropped() {
    // A filter keeps the bomb in the future of the call.
    let server = Server::of(World::default(), |service| {
        service.filter(async |call: crate::server::Invocation, next: crate::server::Next| {
            let waits = call.method() == "Wait";
            let bomb = waits.then(|| Bomb);
            let reply = next.run(call).await;
            std::mem::forget(bomb);
            reply
        })
    });
    let mut client = server.connect().await;
    client.send_all([call("1", "Wait", r#"["gate"]"#), call("2", "Add", "[1,2]")]).await;
    settle().await;
    client.send(cancel("1")).await;
    assert_eq!(
        client.next().await,
        error("1", "An unexpected error occurred invoking 'Wait' on the server.")
    );
    assert_eq!(client.next().await, result("2", "3"));
    // And when the connection goes while it runs.
    client.send(call("3", "Wait", r#"["gate"]"#)).await;
    settle().await;
    drop(client);
    others_are_fine(&server).await;
    let handle = server.handle();
    handle.shut_down().await;
    assert!(server.service.shared.core.registry.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_panics_when_it_is_dropped() {
    let world = World { dropped: Some(|| panic!("a hub panics on purpose")), ..World::default() };
    let server = Server::of(world, |service| service);
    let mut client = server.connect().await;
    client.send(CLOSE).await;
    client.expect_last(CLOSE).await;
    others_are_fine(&server).await;
    settle().await;
    assert_eq!(server.log()[..2], ["c1 disconnected", "c1 dropped"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_items_panic_while_they_are_decoded() {
    let server = Server::new();
    let mut client = server.connect().await;
    client
        .send_all([
            upload("1", "Breaks", "[]", r#"["s"]"#),
            item("s", r#""deserialize""#),
            item("s", r#""fails""#),
        ])
        .await;
    let text = "An unexpected error occurred invoking 'Breaks' on the server. HubException: Failed to bind Stream message.";
    assert_eq!(client.next().await, error("1", text));
    client.goes_on().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_items_panic_while_they_are_encoded() {
    let server = Server::new();
    let mut client = server.connect().await;
    for how in ["fails", "panics"] {
        client.send(stream("1", "BrokenItems", &format!(r#"["{how}"]"#))).await;
        assert_eq!(
            client.next().await,
            error("1", "An error occurred on the server while streaming results.")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_to_clients_that_cannot_be_encoded_fails_where_it_is_made() {
    let server = Server::new();
    let mut client = server.connect().await;
    let sent = server.handle().clients().all().broken(broken::Broken::Fails).await;
    assert_eq!(sent.unwrap_err().kind(), crate::HubErrorKind::Codec);
    let panicked = tokio::spawn({
        let clients = server.handle().clients();
        async move { clients.all().broken(broken::Broken::Panics).await }
    });
    assert!(panicked.await.is_err());
    server.handle().clients().all().said("fine").await.unwrap();
    assert!(client.next().await.contains("fine"));
    client.send(CLOSE).await;
    assert_eq!(client.rest().await, (vec![CLOSE.to_owned()], Over::Closed(End::Normal)));
}
