//! What a client that may come back can make a server hold.

use std::time::Duration;

use tokio::time::timeout;

use super::*;
use crate::server::{AbsenceBudget, Limits};

/// A hub that keeps `bytes` for a client.
fn keeping(bytes: usize) -> Server {
    let limits = Limits { send_patience: Duration::MAX, ..Limits::default() };
    Server::with(HubOptions { stateful_reconnect_buffer_size: bytes, limits, ..HubOptions::default() })
}

/// A text that makes a message of exactly `bytes` bytes.
fn text_for(bytes: usize) -> String {
    "x".repeat(bytes - said("").len() - 1)
}

/// Tells `client` something in a task of its own.
fn tell(server: &Server, client: &str, text: &str) -> tokio::task::JoinHandle<()> {
    let (clients, client, text) = (server.handle().clients(), client.to_owned(), text.to_owned());
    tokio::spawn(async move {
        let _ = clients.client(&client).said(&text).await;
    })
}

#[tokio::test(start_paused = true)]
async fn who_sends_waits_while_more_is_kept_than_may_be() {
    let server = keeping(1000);
    let mut client = server.connect_resuming().await;
    // At the limit is not beyond it.
    server.tell("c1", &text_for(1000)).await;
    server.tell("c1", &text_for(100)).await;
    let third = tell(&server, "c1", "third");
    let fourth = tell(&server, "c1", "fourth");
    seconds(4).await;
    assert!(!third.is_finished() && !fourth.is_finished());
    assert_eq!(client.so_far().await, [said(&text_for(1000)), said(&text_for(100))]);
    client.send(ack(1)).await;
    settle().await;
    assert!(third.is_finished() && fourth.is_finished());
    assert_eq!(client.so_far().await, [said("third"), said("fourth")]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_client_that_is_away_goes_on_when_it_is_back() {
    let server = keeping(1000);
    let mut client = server.connect_resuming().await;
    client.lose().await;
    server.tell("c1", &text_for(1001)).await;
    let second = tell(&server, "c1", "second");
    settle().await;
    assert!(!second.is_finished());
    client.come_back().unwrap();
    assert_eq!(client.so_far().await, [sequence(1), said(&text_for(1001)), said("second")]);
    assert!(second.is_finished());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_connection_that_ends() {
    for how in ["abort", "close", "leave", "away too long", "shutdown"] {
        let server = keeping(100);
        let mut client = server.connect_resuming().await;
        server.tell("c1", &text_for(200)).await;
        let waiting = tell(&server, "c1", "never");
        settle().await;
        assert!(!waiting.is_finished());
        match how {
            "abort" => server.handle().abort("c1"),
            "close" => client.send(CLOSE).await,
            "leave" => client.leave().await,
            "shutdown" => {
                let handle = server.handle();
                drop(tokio::spawn(async move { handle.shut_down().await }));
            }
            _ => {
                client.lose().await;
                seconds(16).await;
            }
        }
        settle().await;
        assert!(waiting.is_finished(), "{how}");
        assert_eq!(server.log()[0], "c1 disconnected", "{how}");
        if how == "abort" || how == "close" {
            // The last message does not wait.
            assert_eq!(client.next().await, said(&text_for(200)));
            client.expect_last(CLOSE).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pings_go_on_while_nothing_else_does() {
    let keep_alive_interval = Duration::from_secs(3);
    let options =
        HubOptions { stateful_reconnect_buffer_size: 100, keep_alive_interval, ..HubOptions::default() };
    let server = Server::with(options);
    let mut client = server.connect_resuming().await;
    server.tell("c1", &text_for(200)).await;
    client.next().await;
    seconds(4).await;
    assert_eq!(client.next_or_ping().await, PING);
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_are_found_behind_calls_that_wait() {
    let server = keeping(1000);
    let mut client = server.connect_resuming().await;
    // The call that runs waits for an acknowledgement, and so many wait for it that nothing more is read.
    let big = text_for(900);
    client.send(call("big", "Send", &format!(r#"["caller",[],"{big}"]"#))).await;
    client.send(call("bigger", "Send", &format!(r#"["caller",[],"{big}"]"#))).await;
    client.send(call("stuck", "Send", r#"["caller",[],"at last"]"#)).await;
    client.send_all((0..200).map(|n| call(&n.to_string(), "Add", &format!("[{n},1]")))).await;
    settle().await;
    assert_eq!(client.next_message().await, said(&big));
    assert_eq!(client.next_message().await, result("big", "null"));
    assert_eq!(client.next_message().await, said(&big));
    assert_eq!(client.next_message().await, result("bigger", "null"));
    let mut arrived = 4;
    client.send(ack(arrived)).await;
    assert_eq!(client.next_message().await, said("at last"));
    assert_eq!(client.next_message().await, result("stuck", "null"));
    arrived += 2;
    for n in 0..200 {
        assert_eq!(client.next_message().await, result(&n.to_string(), &(n + 1).to_string()), "{n}");
        arrived += 1;
        client.send(ack(arrived)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn answers_do_not_pile_up_for_a_client_that_acknowledges_nothing() {
    let server = keeping(1000);
    let mut client = server.connect_resuming().await;
    client.send_all((0..500).map(|n| call(&n.to_string(), "Echo", r#"["hello"]"#))).await;
    settle().await;
    let answered = server.log().len();
    // Those that were read before the first answer.
    assert!(answered <= 101, "{answered}");
    client.send(ack(i64::try_from(answered).unwrap())).await;
    settle().await;
    assert!(server.log().len() > answered);
}

#[tokio::test(start_paused = true)]
async fn who_sends_and_sends_and_acknowledges_nothing_is_cut_off() {
    let server = keeping(1000);
    let mut client = server.connect_resuming().await;
    let text = "x".repeat(20_000);
    for n in 0..50 {
        client.send(call(&n.to_string(), "Echo", &format!(r#"["{text}"]"#))).await;
        settle().await;
    }
    assert!(server.handle().connection_count() == 1, "{:?}", server.log().last());
    for n in 50..60 {
        client.send(call(&n.to_string(), "Echo", &format!(r#"["{text}"]"#))).await;
        settle().await;
    }
    let text = "c1 disconnected: Exception: The peer sends without acknowledging what it receives.";
    assert_eq!(server.log().last().unwrap(), text);
    assert_eq!(server.handle().connection_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_welcome_may_be_longer_than_what_is_kept() {
    let connected = world::hook(async |cx, _| {
        for _ in 0..10 {
            cx.clients().caller().said(&text_for(900)).await?;
        }
        Ok(())
    });
    let options = HubOptions { stateful_reconnect_buffer_size: 1000, ..HubOptions::default() };
    let server = Server::of(World { connected, ..World::default() }, |service| service.options(options));
    let mut client = server.connect_resuming().await;
    for n in 1..=10 {
        assert_eq!(client.next().await, said(&text_for(900)));
        client.send(ack(n)).await;
    }
    client.send(call("1", "Id", "[]")).await;
    assert_eq!(client.next_message().await, result("1", r#""c1""#));
}

#[tokio::test(start_paused = true)]
async fn a_stream_leaves_room_for_others() {
    let server = keeping(10_000);
    let mut client = server.connect_resuming().await;
    client.send(stream("1", "Flood", "[100]")).await;
    settle().await;
    timeout(Duration::from_millis(1), server.tell("c1", "in between")).await.unwrap();
    let records = client.so_far().await;
    assert!(records.contains(&said("in between")));
    // The stream goes on when what it has sent was received.
    client.send(ack(i64::try_from(records.len()).unwrap())).await;
    assert!(client.so_far().await.len() > 10);
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_that_cannot_be_mean_nothing() {
    let server = keeping(1000);
    let mut client = server.connect_resuming().await;
    server.tell("c1", "a").await;
    server.tell("c1", "b").await;
    server.tell("c1", &text_for(1000)).await;
    let waiting = tell(&server, "c1", "d");
    settle().await;
    for junk in [4, 5, i64::MAX, 0, -1, i64::MIN] {
        client.send(ack(junk)).await;
        settle().await;
        assert!(!waiting.is_finished(), "{junk}");
    }
    client.send_all([ack(2), ack(1), ack(2)]).await;
    settle().await;
    assert!(waiting.is_finished());
    client.lose().await;
    client.come_back().unwrap();
    assert_eq!(client.so_far().await, [sequence(3), said(&text_for(1000)), said("d")]);
}

#[tokio::test(start_paused = true)]
async fn sequences_that_make_no_sense_harm_only_who_sends_them() {
    let server = Server::new();
    let mut client = server.connect_resuming().await;
    client.send(call("1", "Echo", r#"["one"]"#)).await;
    // Without a loss, more than once, and before the beginning: all of that only makes what follows a repetition.
    client.send_all([sequence(2), sequence(1), sequence(1), sequence(i64::MIN)]).await;
    client.send(call("2", "Echo", r#"["two"]"#)).await;
    client.send(sequence(i64::MIN + 1)).await;
    seconds(2).await;
    assert_eq!(server.log(), ["echo one"]);
    client.send_all([sequence(2), call("2", "Echo", r#"["two"]"#)]).await;
    settle().await;
    assert_eq!(server.log(), ["echo one", "echo two"]);
    client.send(sequence(4)).await;
    settle().await;
    assert!(server.log()[2].starts_with("c1 disconnected: "), "{:?}", server.log());
}

#[tokio::test(start_paused = true)]
async fn a_client_comes_back_ten_times_in_a_minute() {
    let server = Server::new();
    let mut client = server.connect_resuming().await;
    for _ in 0..10 {
        client.lose().await;
        client.come_back().unwrap();
        seconds(1).await;
    }
    client.lose().await;
    let Err(ResumeRefused::TooOften(wait)) = client.come_back() else { panic!("it comes back again") };
    assert_eq!(wait.as_secs(), 49, "until a minute after the first time");
    assert_eq!(server.log(), [""; 0], "it has some time left");
    let server = Server::new();
    let mut client = server.connect_resuming().await;
    for _ in 0..60 {
        client.lose().await;
        client.come_back().unwrap();
        seconds(6).await;
    }
}

#[tokio::test(start_paused = true)]
async fn those_of_the_absent_are_given_up_first_for_whom_most_is_kept() {
    let limits = Limits { kept_for_absent_clients: AbsenceBudget::new(10_000), ..Limits::default() };
    let server = Server::with(HubOptions { limits, ..HubOptions::default() });
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(server.connect_resuming().await);
    }
    // One holds a lot, and is there.
    server.tell("c1", &text_for(50_000)).await;
    for n in [3, 1, 2, 4] {
        clients[n].lose().await;
        seconds(1).await;
    }
    for (n, bytes) in [(4, 200), (2, 3000), (3, 4000), (5, 2500)] {
        server.tell(&format!("c{n}"), &text_for(bytes)).await;
        settle().await;
    }
    assert_eq!(server.log(), [""; 0], "9700 bytes");
    server.tell("c5", &text_for(400)).await;
    settle().await;
    assert_eq!(
        server.log(),
        ["c3 disconnected", "c3 dropped"],
        "not the longest absent, and not the last drop"
    );
    // Of equals, those go who have been away for longest.
    server.tell("c5", &text_for(1100)).await;
    server.tell("c2", &text_for(1000)).await;
    settle().await;
    server.tell("c4", &text_for(2500)).await;
    settle().await;
    assert_eq!(server.log()[2..], ["c2 disconnected", "c2 dropped"]);
    for (n, back) in [(1, false), (2, false), (3, true), (4, true)] {
        assert_eq!(clients[n].come_back().is_ok(), back, "c{}", n + 1);
    }
    clients[4].lose().await;
    server.tell("c5", &text_for(10_000)).await;
    settle().await;
    assert_eq!(server.log()[4..], ["c5 disconnected", "c5 dropped"], "even if it is the only one");
    assert_eq!(server.handle().connection_count(), 2);
}

#[tokio::test(start_paused = true)]
async fn hubs_share_what_they_keep_for_absent_clients() {
    let budget = AbsenceBudget::new(10_000);
    let [one, two] = [(); 2].map(|()| {
        let limits = Limits { kept_for_absent_clients: budget.clone(), ..Limits::default() };
        Server::with(HubOptions { limits, ..HubOptions::default() })
    });
    for (server, bytes) in [(&one, 6000), (&two, 5000)] {
        server.connect_resuming().await.lose().await;
        server.tell("c1", &text_for(bytes)).await;
        settle().await;
    }
    assert_eq!(one.log(), ["c1 disconnected", "c1 dropped"]);
    assert_eq!((two.log(), budget.held()), (Vec::<String>::new(), 5000));
    // Unless they are told otherwise, those of the whole process do.
    let options = [(); 2].map(|()| HubOptions::default().limits.kept_for_absent_clients);
    assert!(options[0].shares_with(&options[1]));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_of_what_was_acknowledged() {
    let server = Server::new();
    let mut client = server.connect_resuming().await;
    let connection = server.service.shared.core.registry.get("c1").unwrap();
    for n in 1..=100 {
        server.tell("c1", &"x".repeat(n * 100)).await;
        client.next().await;
        client.send(ack(i64::try_from(n).unwrap())).await;
        settle().await;
        assert_eq!(connection.shared.outbound.kept_bytes(), 0);
    }
    server.tell("c1", "last").await;
    client.send(CLOSE).await;
    settle().await;
    assert_eq!(connection.shared.outbound.kept_bytes(), 0, "the connection is over");
}
