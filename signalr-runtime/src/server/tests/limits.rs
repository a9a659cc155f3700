//! What a client can make a connection hold.

use super::*;

fn refused(id: &str, target: &str, reason: &str) -> String {
    error(id, &format!("Failed to invoke '{target}' due to an error on the server. HubException: {reason}"))
}

#[tokio::test(start_paused = true)]
async fn a_hundred_streams_of_results() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all((0..102).map(|n| stream(&n.to_string(), "Ticks", r#"["gate"]"#))).await;
    for id in ["100", "101"] {
        assert_eq!(client.next().await, refused(id, "Ticks", "Too many calls are in progress."));
    }
    // One goes, another may come.
    client.send(cancel("7")).await;
    assert_eq!(client.next().await, done("7"));
    client.send(stream("new", "Count", "[1]")).await;
    assert_eq!(client.so_far().await, [item("new", "0"), done("new")]);
}

#[tokio::test(start_paused = true)]
async fn a_plain_call_has_its_permit_beside_a_hundred_streams() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all((0..100).map(|n| stream(&n.to_string(), "Ticks", r#"["gate"]"#))).await;
    client
        .send_all([
            call("1st", "Add", "[1,2]"),
            call("asks", "Ask", r#"["q",""]"#),
            call("2nd", "Add", "[1,2]"),
        ])
        .await;
    assert_eq!(client.next().await, result("1st", "3"));
    assert!(client.next().await.contains("Confirm"));
    assert_eq!(client.next().await, result("2nd", "3"));
    // What streams finds no place.
    client.send_all([stream("s", "Count", "[1]"), upload("u", "Sum", "[]", r#"["i"]"#)]).await;
    assert_eq!(client.next().await, refused("s", "Count", "Too many calls are in progress."));
    assert_eq!(client.next().await, refused("u", "Sum", "Too many calls are in progress."));
}

#[tokio::test(start_paused = true)]
async fn calls_that_were_given_up_count_no_more() {
    let limits = crate::server::Limits { unordered_calls: 2, ..crate::server::Limits::default() };
    let server = Server::with(HubOptions { limits, ..HubOptions::default() });
    let mut client = server.connect().await;
    client.send(stream("kept", "Ticks", r#"["kept"]"#)).await;
    // Each of them with its own end behind it, and all in one read.
    let pairs = (0..200).flat_map(|n: usize| {
        let id = n.to_string();
        let call = match n % 3 {
            0 => stream(&id, "Ticks", r#"["gate"]"#),
            1 => upload(&id, "Sip", r#"["gate"]"#, r#"["s"]"#),
            _ => stream(&id, "Flood", "[10]"),
        };
        [call, cancel(&id)]
    });
    client.send_all(pairs).await;
    let mut ended = 0;
    while ended < 200 {
        let record = client.next().await;
        let is_item = record.starts_with(r#"{"type":2,"#);
        assert!(!record.contains("Too many"), "{record}");
        ended += usize::from(!is_item);
    }
    // They are gone as soon as that, and the one that was not given up is not.
    assert_eq!(server.log().iter().filter(|line| *line == "gate given up").count(), 67);
    server.world.open("kept");
    assert_eq!(client.next().await, item("kept", "0"));
    // An id is free with its call.
    client.send_all([stream("x", "Ticks", r#"["gate"]"#), cancel("x"), stream("x", "Count", "[1]")]).await;
    assert_eq!(client.so_far().await, [done("x"), item("x", "0"), done("x")]);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_streams_from_the_client() {
    let server = Server::new();
    let mut client = server.connect().await;
    let zip = |n: usize| upload(&n.to_string(), "Zip", "[]", &format!(r#"["{n}a","{n}b"]"#));
    client.send_all((0..51).map(zip)).await;
    assert_eq!(client.next().await, refused("50", "Zip", "Too many streams are open."));
    client.send(done("7a")).await;
    assert_eq!(client.next().await, result("7", "[]"));
    client.send(zip(50)).await;
    assert_eq!(client.so_far().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_calls_that_wait_for_the_client() {
    let server = Server::new();
    let mut client = server.connect().await;
    for n in 0..101 {
        client.send(call(&n.to_string(), "Ask", r#"["q",""]"#)).await;
        settle().await;
    }
    let records = client.so_far().await;
    assert_eq!(records.len(), 101);
    assert_eq!(records[100], refused("100", "Ask", "Too many calls are in progress."));
    // The answers are read all the same.
    client.send(result("s1", r#""yes""#)).await;
    assert_eq!(client.next().await, result("0", r#""yes""#));
}

#[tokio::test(start_paused = true)]
async fn the_length_of_an_id() {
    let server = Server::new();
    let mut client = server.connect().await;
    let (longest, longer) = ("x".repeat(128), "x".repeat(129));
    let text = "The id of a call or of a stream is too long.";
    client.send(call(&longest, "Add", "[1,2]")).await;
    assert_eq!(client.next().await, result(&longest, "3"));
    client.send_all([call(&longer, "Add", "[1,2]"), stream(&longer, "Count", "[1]")]).await;
    assert_eq!(client.next().await, refused(&longer, "Add", text));
    assert_eq!(client.next().await, refused(&longer, "Count", text));
    client.send(upload("1", "Sum", "[]", &format!(r#"["{longer}"]"#))).await;
    assert_eq!(client.next().await, refused("1", "Sum", text));
    // One that is not kept may be as long as the message.
    client.send_all([cancel(&longer), item(&longer, "1"), done(&longer), call("2", "Add", "[1,2]")]).await;
    assert_eq!(client.next().await, result("2", "3"));
}

#[tokio::test(start_paused = true)]
async fn ids_that_never_existed_leave_nothing_behind() {
    let server = Server::new();
    let mut client = server.connect().await;
    for n in 0..10_000 {
        let id = n.to_string();
        client.send_all([cancel(&id), item(&id, "1"), done(&id)]).await;
    }
    client.goes_on().await;
    let connection = server.service.shared.core.registry.get("c1").unwrap();
    assert_eq!(connection.shared.pending.open_streams(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_answers_is_not_read() {
    let server = Server::new();
    let mut client = server.connect_narrow(20_000).await;
    // About 64 kilobytes of answers wait, and a batch of them is on its way.
    let text = "x".repeat(10_000);
    let mut sent = 0;
    while server.log().len() == sent {
        client.send(call(&sent.to_string(), "Echo", &format!(r#"["{text}"]"#))).await;
        settle().await;
        sent += 1;
        assert!(sent < 30, "the server reads on and on");
    }
    for n in 0..sent {
        assert_eq!(client.next().await, result(&n.to_string(), &format!("\"{text}\"")));
    }
    assert_eq!(server.log().len(), sent);
}

#[tokio::test(start_paused = true)]
async fn no_size_means_no_limit() {
    let options = HubOptions {
        http: HttpOptions {
            transport_max_buffer_size: 0,
            application_max_buffer_size: 0,
            ..HttpOptions::default()
        },
        ..HubOptions::default()
    };
    let server = Server::with(options);
    let mut client = server.connect_narrow(100_000).await;
    let all = server.handle().clients();
    for _ in 0..50 {
        all.all().said(&"x".repeat(100_000)).await.unwrap();
    }
    client.send(upload("1", "Sip", r#"["gate"]"#, r#"["s"]"#)).await;
    client.send_all((0..1000).map(|n| item("s", &n.to_string()))).await;
    client.send(call("2", "Add", "[1,2]")).await;
    while client.next().await != result("2", "3") {}
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_small_messages_does_not_hold_up_the_answers() {
    let server = Server::new();
    let (mut flood, mut other) = (server.connect().await, server.connect().await);
    flood.send(call("1", "Add", "[1,2]")).await;
    flood.send_all((0..50_000).map(|_| client::PING)).await;
    other.goes_on().await;
    assert_eq!(flood.next().await, result("1", "3"));
}
