//! Calls and group changes that never have to wait let others run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use super::*;
use crate::hub::connection::Connection;

/// How often somebody else has its turn while `busy` does the same thing ten thousand times.
async fn turns_beside(mut busy: impl AsyncFnMut()) -> usize {
    let turns = Arc::new(AtomicUsize::new(0));
    let others = Arc::clone(&turns);
    let bystander = tokio::spawn(async move {
        loop {
            others.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..10_000 {
        busy().await;
    }
    bystander.abort();
    turns.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn whatever_completes_at_once_gives_way() {
    let server = Server::new();
    let client = server.connect().await;
    let mut gone = server.connect().await;
    gone.leave().await;
    settle().await;
    let (handle, core) = (server.handle(), Arc::clone(&server.service.shared.core));
    let (clients, groups) = (handle.clients(), handle.groups());
    let caller: Arc<Connection> = core.registry.get("c1").unwrap();
    let caller_groups = crate::server::CallerGroups::new(Arc::clone(&core), Arc::clone(&caller));
    let turns = [
        ("group", turns_beside(async || clients.group("nobody").said("x").await.unwrap()).await),
        ("empty group", turns_beside(async || drop(clients.groups(["", "g"]).said("x").await)).await),
        ("client", turns_beside(async || clients.client("c2").said("x").await.unwrap()).await),
        ("users", turns_beside(async || clients.users(["a", "b"]).said("x").await.unwrap()).await),
        ("unwritable", turns_beside(async || drop(clients.all().broken(broken::Broken::Fails).await)).await),
        ("asked", turns_beside(async || drop(clients.client("c2").confirm("x").await)).await),
        ("join", turns_beside(async || groups.join("c1", "g").await.unwrap()).await),
        ("join of nobody", turns_beside(async || groups.join("c2", "g").await.unwrap()).await),
        ("refused", turns_beside(async || drop(groups.join("c1", &"x".repeat(500)).await)).await),
        ("leave", turns_beside(async || groups.leave("c1", "never").await.unwrap()).await),
        ("own join", turns_beside(async || caller_groups.join("h").await.unwrap()).await),
        ("own leave", turns_beside(async || caller_groups.leave("never").await.unwrap()).await),
    ];
    for (what, turns) in turns {
        assert!(turns >= 50, "{what}: {turns}");
    }
    drop(client);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_connection_leaves_its_groups_in_parts() {
    let server = Server::new();
    let mut client = server.connect().await;
    let (groups, core) = (server.handle().groups(), Arc::clone(&server.service.shared.core));
    for n in 0..1000 {
        groups.join("c1", &format!("g{n}")).await.unwrap();
    }
    let connection = core.registry.get("c1").unwrap();
    // Outside of the connection's task tokio counts, however fast the machine is.
    let mut leaving = core.lifetime.disconnected(&connection);
    let mut left = Vec::new();
    while std::future::poll_fn(|cx| Poll::Ready(leaving.as_mut().poll(cx).is_pending())).await {
        left.push(1000 - core.registry.groups_len());
        tokio::task::yield_now().await;
    }
    assert!(left.len() > 3 && left.is_sorted() && left[0] < 500, "{left:?}");
    drop(leaving);
    assert!(core.registry.is_empty());
    client.leave().await;
}

#[tokio::test(start_paused = true)]
async fn a_sender_does_not_wait_for_a_connection_whose_task_was_ended() {
    let server = Server::of(World::slow_to_end(), |service| service);
    let _slow = server.connect_narrow(1000).await;
    let sending = server.send_until_one_waits().await;
    server.service.shared.core.open.kill.cancel();
    tokio::time::timeout(std::time::Duration::from_secs(60), sending).await.unwrap().unwrap().unwrap();
}
