//! Who hears a call: all, some, groups, users.

use super::*;

/// Five clients. Users by connection: `u1`, `u2`, `u1`, none, `u5`. Group `g`: 1, 2, 3; group `h`: 3, 4.
async fn five() -> (Server, Vec<Client>) {
    let server = Server::of(World::default(), |service| {
        service.user_id(|request| match request.uri.query()? {
            "user=u3" => Some("u1".to_owned()),
            "user=u4" => None,
            query => query.strip_prefix("user=").map(str::to_owned),
        })
    });
    let mut clients = Vec::new();
    for groups in [&["g"][..], &["g"], &["g", "h"], &["h"], &[]] {
        let mut client = server.connect().await;
        for group in groups {
            client.send(call("join", "Join", &format!(r#"["{group}"]"#))).await;
            assert_eq!(client.next().await, result("join", "null"));
        }
        clients.push(client);
    }
    (server, clients)
}

/// Lets the first client send, and gives how often each has heard it.
async fn heard(clients: &mut [Client], to: &str, names: &str) -> Vec<usize> {
    clients[0].send(call("1", "Send", &format!(r#"["{to}",{names},"hi"]"#))).await;
    let mut counts = Vec::new();
    for client in clients {
        let records = client.so_far().await;
        let said =
            records.iter().filter(|record| *record == r#"{"type":1,"target":"Said","arguments":["hi"]}"#);
        counts.push(said.count());
    }
    counts
}

#[tokio::test(start_paused = true)]
async fn each_choice_reaches_whom_it_names() {
    let (_server, mut clients) = five().await;
    let cases = [
        ("all", "[]", [1, 1, 1, 1, 1]),
        ("all_except", r#"["c2","c5","nobody"]"#, [1, 0, 1, 1, 0]),
        ("others", "[]", [0, 1, 1, 1, 1]),
        ("caller", "[]", [1, 0, 0, 0, 0]),
        ("client", r#"["c2"]"#, [0, 1, 0, 0, 0]),
        ("client", r#"["C2"]"#, [0; 5]),
        ("clients", r#"["c2","c4","nobody","c2"]"#, [0, 1, 0, 1, 0]),
        ("clients", "[]", [0; 5]),
        ("group", r#"["g"]"#, [1, 1, 1, 0, 0]),
        ("group", r#"["G"]"#, [0; 5]),
        ("group", r#"[""]"#, [0; 5]),
        // Twice for a member of both.
        ("groups", r#"["g","h"]"#, [1, 1, 2, 1, 0]),
        ("groups", r#"["nobody","h"]"#, [0, 0, 1, 1, 0]),
        ("group_except", r#"["g","c1","c4"]"#, [0, 1, 1, 0, 0]),
        ("others_in_group", r#"["g"]"#, [0, 1, 1, 0, 0]),
        ("others_in_group", r#"["h"]"#, [0, 0, 1, 1, 0]),
        ("user", r#"["u1"]"#, [1, 0, 1, 0, 0]),
        ("user", r#"["U1"]"#, [0; 5]),
        ("user", r#"[""]"#, [0; 5]),
        ("users", r#"["u1","u5","nobody","u5"]"#, [1, 0, 1, 0, 1]),
    ];
    for (to, names, expected) in cases {
        assert_eq!(heard(&mut clients, to, names).await, expected, "{to} {names}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_name_among_groups_is_an_error() {
    let server = Server::detailed();
    let mut client = server.connect().await;
    let text = "An unexpected error occurred invoking 'Send' on the server. InvalidOperationException: Cannot send \
                to an empty group name.";
    for names in [r#"["g",""]"#, r#"[""]"#] {
        client.send(call("1", "Send", &format!(r#"["groups",{names},"hi"]"#))).await;
        assert_eq!(client.next().await, error("1", text), "{names}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_name_is_that_of_a_group_like_any_other() {
    let (server, mut clients) = five().await;
    assert_eq!(heard(&mut clients, "group", r#"[""]"#).await, [0; 5]);
    let groups = server.handle().groups();
    groups.join("c2", "").await.unwrap();
    groups.join("c3", "").await.unwrap();
    assert_eq!(heard(&mut clients, "group", r#"[""]"#).await, [0, 1, 1, 0, 0]);
    assert_eq!(heard(&mut clients, "group_except", r#"["","c3"]"#).await, [0, 1, 0, 0, 0]);
    groups.leave("c2", "").await.unwrap();
    assert_eq!(heard(&mut clients, "group", r#"[""]"#).await, [0, 0, 1, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn groups_are_joined_and_left_at_once_and_for_good() {
    let (server, mut clients) = five().await;
    let groups = server.handle().groups();
    // Twice is once.
    groups.join("c1", "g").await.unwrap();
    assert_eq!(heard(&mut clients, "group", r#"["g"]"#).await, [1, 1, 1, 0, 0]);
    groups.join("c5", "g").await.unwrap();
    groups.leave("c2", "g").await.unwrap();
    groups.leave("c2", "g").await.unwrap();
    groups.leave("c4", "never joined").await.unwrap();
    groups.join("nobody", "g").await.unwrap();
    groups.leave("nobody", "g").await.unwrap();
    assert_eq!(heard(&mut clients, "group", r#"["g"]"#).await, [1, 0, 1, 0, 1]);
    clients[0].send(call("2", "Leave", r#"["g"]"#)).await;
    assert_eq!(clients[0].next().await, result("2", "null"));
    assert_eq!(heard(&mut clients, "group", r#"["g"]"#).await, [0, 0, 1, 0, 1]);
    // A connection takes its memberships with it, and cannot get new ones.
    let gone = server.service.shared.core.registry.get("c3").unwrap();
    clients.remove(2);
    settle().await;
    server.service.shared.core.registry.join(&gone, "g").unwrap();
    assert_eq!(heard(&mut clients, "group", r#"["g"]"#).await, [0, 0, 0, 1]);
    clients.clear();
    settle().await;
    assert!(server.service.shared.core.registry.is_empty());
}

#[tokio::test(start_paused = true)]
async fn from_outside_the_same_choices_but_those_of_a_caller() {
    let (server, mut clients) = five().await;
    let outside = server.handle().clients();
    outside.all().said("all").await.unwrap();
    outside.group("h").said("h").await.unwrap();
    outside.user("u2").said("u2").await.unwrap();
    outside.client("c1").said("c1").await.unwrap();
    let expected: [&[&str]; 5] = [&["all", "c1"], &["all", "u2"], &["all", "h"], &["all", "h"], &["all"]];
    for (client, expected) in clients.iter_mut().zip(expected) {
        let said = |text: &&str| format!(r#"{{"type":1,"target":"Said","arguments":["{text}"]}}"#);
        assert_eq!(client.so_far().await, expected.iter().map(said).collect::<Vec<_>>());
    }
    let asked = tokio::spawn(async move { outside.client("c2").confirm("?").await });
    assert_eq!(
        clients[1].next().await,
        r#"{"type":1,"invocationId":"s1","target":"Confirm","arguments":["?"]}"#
    );
    clients[1].send(result("s1", r#""yes""#)).await;
    assert_eq!(asked.await.unwrap().unwrap(), "yes");
}

#[tokio::test(start_paused = true)]
async fn a_slow_receiver_makes_only_the_sender_wait() {
    let server = Server::new();
    let mut slow = server.connect_narrow(1000).await;
    let mut quick = server.connect().await;
    let clients = server.handle().clients();
    // Until a batch is stuck and the queue behind it is full, nobody waits for long.
    let text = "x".repeat(10_000);
    for _ in 0..14 {
        clients.all().said(&text).await.unwrap();
    }
    let sending = tokio::spawn(async move { clients.all().said("last").await });
    // The quick one has everything, while the sender still waits for the slow one.
    let received = quick.so_far().await;
    assert_eq!(received.len(), 15);
    assert!(received[14].contains("last"));
    assert!(!sending.is_finished());
    let handle = server.handle();
    handle.clients().client("c2").said("still quick").await.unwrap();
    assert!(quick.next().await.contains("still quick"));
    for _ in 0..14 {
        slow.next().await;
    }
    assert!(slow.next().await.contains("last"));
    sending.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_receiver_that_goes_waits_no_more() {
    for abort in [true, false] {
        let server = Server::new();
        let slow = server.connect_narrow(1000).await;
        let sending = server.send_until_one_waits().await;
        if abort {
            server.handle().abort("c1");
        } else {
            drop(slow);
        }
        sending.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_server_can_count_them() {
    let (server, mut clients) = five().await;
    let handle = server.handle();
    let groups = handle.groups();
    let names = |id: &str| {
        let mut names = groups.of(id);
        names.sort();
        names.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!((handle.connection_count(), handle.user_connection_count("u1")), (5, 2));
    assert_eq!(handle.user_connection_count("nobody"), 0);
    assert_eq!((groups.count("g"), groups.count("h"), groups.count("G")), (3, 2, 0));
    assert_eq!((names("c3"), names("c5"), names("nobody")), (vec!["g".into(), "h".into()], vec![], vec![]));
    clients[2].leave().await;
    settle().await;
    assert_eq!((handle.connection_count(), handle.user_connection_count("u1")), (4, 1));
    assert_eq!((groups.count("g"), groups.count("h"), names("c3")), (2, 1, vec![]));
}
