//! From connecting to disconnecting: which callback sees what, and when.

use super::*;

#[tokio::test(start_paused = true)]
async fn nothing_is_handled_before_the_connect_callback_returns_but_the_client_can_be_called() {
    let connected = world::hook(async |cx, world: Arc<World>| {
        world.say("connecting");
        cx.clients().all().said("hello").await?;
        world.pass("connect").await;
        world.say("connected");
        Ok(())
    });
    let server = Server::of(World { connected, ..World::default() }, |service| service);
    let mut client = server.connect().await;
    assert_eq!(client.next().await, r#"{"type":1,"target":"Said","arguments":["hello"]}"#);
    client.send_all([call("1", "Echo", r#"["x"]"#), "garbage".to_owned()]).await;
    server.handle().clients().all().said("from outside").await.unwrap();
    assert_eq!(client.next().await, r#"{"type":1,"target":"Said","arguments":["from outside"]}"#);
    // Pings go out all the while.
    seconds(16).await;
    assert_eq!(client.next_or_ping().await, client::PING);
    assert_eq!(server.log(), ["connecting"]);
    server.world.open("connect");
    client.rest().await;
    assert_eq!(server.log()[..3], ["connecting", "connected", "echo x"]);
}

#[tokio::test(start_paused = true)]
async fn a_connect_callback_always_comes_to_its_end() {
    // The server aborts it, it shuts down, or the line breaks: what was begun is finished and then undone.
    for how in ["abort", "shut down", "cut"] {
        let connected = world::hook(async |cx, world: Arc<World>| {
            world.say("connecting");
            if cx.aborted().is_cancelled() {
                world.say("too late");
            }
            cx.aborted().cancelled().await;
            world.pass("connect").await;
            world.say("connected");
            Ok(())
        });
        let server = Server::of(World { connected, ..World::default() }, |service| service);
        let mut client = server.connect().await;
        settle().await;
        match how {
            "abort" => server.handle().abort("c1"),
            "cut" => client.line().cut(),
            _ => {
                let handle = server.handle();
                tokio::spawn(async move { handle.shut_down().await });
            }
        }
        settle().await;
        assert_eq!(server.log(), ["connecting"], "{how}");
        server.world.open("connect");
        let (records, _) = client.rest().await;
        let close: &[&str] = match how {
            "abort" => &[CLOSE],
            "cut" => &[],
            _ => &[CLOSE_RECONNECT],
        };
        assert_eq!(records, close, "{how}");
        settle().await;
        assert_eq!(server.log(), ["connecting", "connected", "c1 disconnected", "c1 dropped"], "{how}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_hub_is_one_value_for_the_whole_connection() {
    let server = Server::new();
    let (mut one, two) = (server.connect().await, server.connect().await);
    one.send(call("1", "Echo", r#"["x"]"#)).await;
    one.next().await;
    drop(two);
    one.leave().await;
    settle().await;
    let mut log = server.log();
    log.sort_unstable();
    assert_eq!(log, ["c1 disconnected", "c1 dropped", "c2 disconnected", "c2 dropped", "echo x"]);
}

#[tokio::test(start_paused = true)]
async fn while_disconnecting_it_is_still_in_its_groups_and_hears_nothing() {
    let disconnected = world::hook(async |cx, world: Arc<World>| {
        assert!(cx.aborted().is_cancelled());
        // Reaches the others of the group, not the one that goes.
        cx.clients().group("g").said("gone").await?;
        cx.clients().caller().said("nobody hears this").await?;
        world.pass("disconnect").await;
        Ok(())
    });
    let server = Server::of(World { disconnected, ..World::default() }, |service| service);
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    for client in [&mut one, &mut two] {
        client.send(call("1", "Join", r#"["g"]"#)).await;
        assert_eq!(client.next().await, result("1", "null"));
    }
    one.send(CLOSE).await;
    assert_eq!(two.next().await, r#"{"type":1,"target":"Said","arguments":["gone"]}"#);
    assert_eq!(server.handle().connection_count(), 2);
    assert!(server.service.shared.core.registry.get("c1").unwrap().is_in_group("g"));
    server.world.open("disconnect");
    one.expect_last(CLOSE).await;
    settle().await;
    assert_eq!(server.handle().connection_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_connection_is_left() {
    let server = Server::of(World::default(), |service| service.user_id(|_| Some("ada".into())));
    let mut client = server.connect().await;
    client
        .send_all([
            call("1", "Join", r#"["g"]"#),
            call("2", "Ask", r#"["q",""]"#),
            upload("3", "Sum", "[]", r#"["s"]"#),
            stream("4", "Ticks", r#"["t"]"#),
            call("5", "Join", r#"["h"]"#),
        ])
        .await;
    settle().await;
    let connection = Arc::downgrade(&server.service.shared.core.registry.get("c1").unwrap());
    client.leave().await;
    drop(client);
    settle().await;
    assert!(connection.upgrade().is_none(), "somebody still holds the connection");
    assert!(server.service.shared.core.registry.is_empty());
    assert!(server.service.shared.core.client_results.is_empty());
    assert!(server.service.shared.core.open.tasks.is_empty());
}
