//! What one method allows, beyond what holds for all of them.

use std::time::Duration;

use super::*;
use crate::contract::hub::MethodName;
use crate::server::{Invocation, MethodOptions, Next, Reply};

/// A server whose clients may make many calls at once, so that nothing but the options of the method holds them up.
fn limited(options: &MethodOptions) -> Server {
    let hub = HubOptions { maximum_parallel_invocations_per_client: 20, ..HubOptions::default() };
    Server::of(World::default(), |service| {
        service.options(hub).method_options(&[ProbeHubContract::WAIT], options)
    })
}

fn wait(gate: &str) -> String {
    call(gate, "Wait", &format!(r#"["{gate}"]"#))
}

fn server(methods: &[MethodName<ProbeHubContract>], options: &MethodOptions) -> Server {
    Server::of(World::default(), |service| service.method_options(methods, options))
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_is_dropped() {
    let options = MethodOptions { timeout: Some(Duration::from_secs(2)), ..MethodOptions::default() };
    let server = server(&[ProbeHubContract::WAIT], &options);
    let mut client = server.connect().await;
    client.send_all([call("1", "Wait", r#"["never"]"#), call("2", "Add", "[1,2]")]).await;
    let text = "An unexpected error occurred invoking 'Wait' on the server. \
                HubException: The call took longer than it may.";
    let before = tokio::time::Instant::now();
    assert_eq!(client.next().await, error("1", text));
    assert_eq!(before.elapsed().as_secs(), 2);
    assert_eq!(client.next().await, result("2", "3"));
}

#[tokio::test(start_paused = true)]
async fn calls_of_all_clients_share_its_places() {
    let options = MethodOptions { maximum_concurrency: Some(1), ..MethodOptions::default() };
    let server = server(&[ProbeHubContract::WAIT, ProbeHubContract::TICKS], &options);
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    one.send(call("1", "Wait", r#"["a"]"#)).await;
    settle().await;
    two.send_all([call("1", "Wait", r#"["b"]"#), stream("2", "Ticks", r#"["t"]"#)]).await;
    server.world.open("b");
    settle().await;
    assert_eq!(two.so_far().await, [""; 0], "another method has a place of its own, this one does not");
    server.world.open("a");
    assert_eq!(one.next().await, result("1", r#""a""#));
    assert_eq!(two.next().await, result("1", r#""b""#));
    // A stream has its place until it ends.
    one.send(stream("2", "Ticks", r#"["u"]"#)).await;
    server.world.open("u");
    settle().await;
    assert_eq!(one.so_far().await, [""; 0]);
    two.send(r#"{"type":5,"invocationId":"2"}"#).await;
    assert_eq!(two.next().await, r#"{"type":3,"invocationId":"2"}"#);
    assert!(one.next().await.starts_with(r#"{"type":2,"invocationId":"2""#));
}

#[tokio::test(start_paused = true)]
async fn one_client_has_a_share_of_its_places() {
    let cases = [
        (Some(1), None, 1),
        (Some(2), None, 1),
        (Some(5), None, 2),
        (Some(8), None, 4),
        (Some(8), Some(0), 1),
        (Some(8), Some(7), 7),
        (Some(8), Some(usize::MAX), 8),
        (None, Some(3), 3),
        (None, None, 12),
    ];
    for (maximum_concurrency, maximum_concurrency_per_client, begun) in cases {
        let options =
            MethodOptions { maximum_concurrency, maximum_concurrency_per_client, ..MethodOptions::default() };
        let server = limited(&options);
        let mut client = server.connect().await;
        client.send_all((0..12).map(|n| wait(&n.to_string()))).await;
        settle().await;
        let expected: Vec<String> = (0..begun).map(|n| format!("{n} begins")).collect();
        assert_eq!(server.log(), expected, "{options:?}");
        // The others are not lost.
        for n in 0..12 {
            server.world.open(&n.to_string());
            assert_eq!(client.next().await, result(&n.to_string(), &format!(r#""{n}""#)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_with_many_calls_holds_up_nobody_else() {
    let options = MethodOptions { maximum_concurrency: Some(4), ..MethodOptions::default() };
    let server = limited(&options);
    let mut greedy = server.connect().await;
    greedy.send_all((0..12).map(|n| wait(&n.to_string()))).await;
    settle().await;
    let mut others = [server.connect().await, server.connect().await, server.connect().await];
    for (client, gate) in others.iter_mut().zip(["a", "b", "c"]) {
        client.send(wait(gate)).await;
        settle().await;
    }
    assert_eq!(server.log(), ["0 begins", "1 begins", "a begins", "b begins"]);
    // The third stands before all the calls that the greedy one has left.
    server.world.open("0");
    settle().await;
    assert_eq!(server.log()[4..], ["0 ends", "c begins"]);
    server.world.open("1");
    settle().await;
    assert_eq!(server.log()[6..], ["1 ends", "2 begins"]);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_or_cancels_gives_up_his_place_in_the_line() {
    for how in ["leaves", "cancels"] {
        let options = MethodOptions { maximum_concurrency: Some(1), ..MethodOptions::default() };
        let server = limited(&options);
        let (mut first, mut second, mut third) =
            (server.connect().await, server.connect().await, server.connect().await);
        for (client, gate) in [(&mut first, "a"), (&mut second, "b"), (&mut third, "c")] {
            client.send_all([wait(gate), wait(&format!("{gate}{gate}"))]).await;
            settle().await;
        }
        if how == "leaves" {
            second.leave().await;
        } else {
            second.send_all([cancel("b"), cancel("bb")]).await;
        }
        settle().await;
        server.world.open("a");
        settle().await;
        let log = server.log();
        assert_eq!(
            (&*log[0], &*log[log.len() - 2], &*log[log.len() - 1]),
            ("a begins", "a ends", "c begins")
        );
        for gate in ["c", "aa", "cc"] {
            server.world.open(gate);
        }
        settle().await;
        assert!(!server.log().iter().any(|line| line.starts_with('b')), "{how}: {:?}", server.log());
        assert!(server.log().contains(&"cc ends".to_owned()), "{how}: {:?}", server.log());
    }
}

/// Nobody is in the way of them.
#[tokio::test(start_paused = true)]
async fn calls_of_a_client_that_has_left_start_where_there_is_a_place() {
    let options = MethodOptions { maximum_concurrency: Some(1), ..MethodOptions::default() };
    let server = server(&[ProbeHubContract::ECHO], &options);
    let mut client = server.connect().await;
    client.send_all([wait("a"), call("2", "Echo", r#"["b"]"#)]).await;
    settle().await;
    client.leave().await;
    settle().await;
    server.world.open("a");
    settle().await;
    assert_eq!(server.log(), ["a begins", "c1 disconnected", "a ends", "echo b", "c1 dropped"]);
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_a_place_is_part_of_the_time() {
    let options = MethodOptions {
        timeout: Some(Duration::from_secs(4)),
        maximum_concurrency: Some(1),
        ..MethodOptions::default()
    };
    let server = limited(&options);
    let mut clients = [server.connect().await, server.connect().await, server.connect().await];
    let before = tokio::time::Instant::now();
    for (client, gate) in clients.iter_mut().zip(["a", "b", "c"]) {
        client.send(wait(gate)).await;
        seconds(1).await;
    }
    for (client, after) in clients.iter_mut().zip([4, 5, 6]) {
        assert!(client.next().await.contains("The call took longer than it may."));
        assert_eq!(before.elapsed().as_secs(), after);
    }
}

#[tokio::test(start_paused = true)]
async fn filters_are_part_of_the_time() {
    let options = MethodOptions { timeout: Some(Duration::from_secs(2)), ..MethodOptions::default() };
    let server = Server::of(World::default(), |service| {
        service
            .method_options(&[ProbeHubContract::ECHO], &options)
            .filter(async |_: Invocation, _: Next| -> Reply { std::future::pending().await })
    });
    let mut client = server.connect().await;
    client.send(call("1", "Echo", r#"["a"]"#)).await;
    let before = tokio::time::Instant::now();
    assert!(client.next().await.contains("The call took longer than it may."));
    assert_eq!(before.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn arguments_that_are_too_large_are_not_looked_at() {
    let options = MethodOptions { maximum_arguments_size: Some(5), ..MethodOptions::default() };
    let server = server(&[ProbeHubContract::ECHO], &options);
    let mut client = server.connect().await;
    client
        .send_all([call("1", "echo", r#"["a"]"#), call("2", "echo", r#"["ab"]"#), call("3", "Id", "[]")])
        .await;
    let text = "Failed to invoke 'Echo' due to an error on the server. \
                HubException: The arguments are larger than this method takes.";
    let answers = [client.next().await, client.next().await, client.next().await];
    assert!(answers.contains(&result("1", r#""a""#)) && answers.contains(&error("2", text)), "{answers:?}");
    assert_eq!(server.log(), ["echo a"]);
}
