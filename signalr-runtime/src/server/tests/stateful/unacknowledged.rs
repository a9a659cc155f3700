//! A client that may come back, and does not say what it has received.

use super::*;

/// A hub that keeps 1000 bytes for a client, and may be come back to any number of times.
fn server() -> Server {
    let limits = crate::server::Limits {
        resumes_per_minute: 1000,
        send_patience: std::time::Duration::MAX,
        ..Default::default()
    };
    Server::with(HubOptions {
        stateful_reconnect_buffer_size: 1000,
        enable_detailed_errors: true,
        keep_alive_interval: std::time::Duration::from_secs(3),
        limits,
        ..HubOptions::default()
    })
}

/// More than is kept.
fn much() -> String {
    "x".repeat(1000)
}

/// Tells the client something in a task of its own.
fn tell(server: &Server, text: &str) -> tokio::task::JoinHandle<()> {
    let (clients, text) = (server.handle().clients(), text.to_owned());
    tokio::spawn(async move { drop(clients.client("c1").said(&text).await) })
}

async fn milliseconds(milliseconds: u64) {
    tokio::time::sleep(std::time::Duration::from_millis(milliseconds)).await;
}

const TEXT: &str = "OperationCanceledException: The peer does not acknowledge what it is sent.";

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_all_and_acknowledges_nothing_is_cut_off_after_five_seconds() {
    for stream_of_its_own in [false, true] {
        let server = server();
        let mut client = server.connect_resuming().await;
        client.send(PING).await;
        let waiting = if stream_of_its_own {
            client.send(stream("1", "Flood", "[100]")).await;
            settle().await;
            None
        } else {
            server.tell("c1", &much()).await;
            Some(tell(&server, "never"))
        };
        for _ in 0..4 {
            milliseconds(1_200).await;
            client.send(PING).await;
            client.so_far().await;
            assert_eq!(server.log(), [""; 0], "it is still waited for");
        }
        milliseconds(200).await;
        assert!(waiting.is_none_or(|waiting| waiting.is_finished()), "nobody waits any more");
        assert_eq!(server.log()[0], format!("c1 disconnected: {TEXT}"));
        let text = format!("Connection closed with an error. {TEXT}");
        client.expect_last(&format!(r#"{{"type":7,"error":"{text}","allowReconnect":true}}"#)).await;
        assert_eq!(client.come_back(), Err(ResumeRefused::Closing));
    }
}

#[tokio::test(start_paused = true)]
async fn only_an_acknowledgement_that_releases_something_begins_the_time_anew() {
    let server = server();
    let mut client = server.connect_resuming().await;
    // Each message alone fills what is kept.
    let told: Vec<_> = (0..6).map(|_| tell(&server, &much())).collect();
    for n in 1..=4 {
        seconds(4).await;
        client.send(ack(n)).await;
        settle().await;
        let done = told.iter().filter(|told| told.is_finished()).count();
        assert_eq!(i64::try_from(done).unwrap(), n + 1);
    }
    seconds(4).await;
    client.send_all([ack(4), ack(3), ack(6), ack(-1)]).await;
    seconds(2).await;
    assert_eq!(server.log()[0], format!("c1 disconnected: {TEXT}"));
}

#[tokio::test(start_paused = true)]
async fn the_time_runs_only_while_the_client_is_there() {
    let server = server();
    let mut client = server.connect_resuming().await;
    server.tell("c1", &much()).await;
    seconds(4).await;
    client.lose().await;
    seconds(14).await;
    client.come_back().unwrap();
    server.tell("c1", &much()).await;
    seconds(4).await;
    client.send(ack(2)).await;
    seconds(10).await;
    assert_eq!(server.log(), [""; 0]);
    server.tell("c1", &much()).await;
    seconds(6).await;
    assert_eq!(server.log()[0], format!("c1 disconnected: {TEXT}"));
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_last_acknowledgement_was_lost_gets_one_more_message_when_it_is_back() {
    let server = server();
    let mut client = server.connect_resuming().await;
    server.tell("c1", &much()).await;
    assert_eq!(client.next().await, said(&much()));
    let waiting = [tell(&server, "more"), tell(&server, "and more")];
    settle().await;
    assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
    // It has said so, but its line was lost with it.
    client.lose().await;
    client.come_back().unwrap();
    assert_eq!(client.next().await, sequence(1));
    assert_eq!(client.next().await, said(&much()));
    assert_eq!(client.next().await, said("more"));
    settle().await;
    assert_eq!(client.so_far().await, [""; 0], "one, and no more");
    // Only what is newer is acknowledged.
    client.send_all([sequence(1), ack(2)]).await;
    assert_eq!(client.next().await, said("and more"));
    settle().await;
    assert!(waiting.iter().all(tokio::task::JoinHandle::is_finished));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_back_again_and_again_is_not_sent_more_without_end() {
    let server = server();
    let mut client = server.connect_resuming().await;
    server.tell("c1", &much()).await;
    let told: Vec<_> = (0..50).map(|_| tell(&server, &much())).collect();
    for _ in 0..20 {
        client.lose().await;
        client.come_back().unwrap();
        settle().await;
    }
    assert_eq!(told.iter().filter(|told| told.is_finished()).count(), 10);
    client.send(ack(11)).await;
    settle().await;
    assert_eq!(told.iter().filter(|told| told.is_finished()).count(), 11);
}

/// The clock goes on while a method holds its thread. In real time, with a thread for the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_while_a_method_held_its_thread_is_read_before_silence_is_judged() {
    let limits = crate::server::Limits {
        queued_calls: 1,
        send_patience: std::time::Duration::MAX,
        ..Default::default()
    };
    let server = Server::with(HubOptions {
        stateful_reconnect_buffer_size: 1000,
        client_timeout_interval: std::time::Duration::from_millis(50),
        limits,
        ..HubOptions::default()
    });
    let mut client = server.connect_resuming().await;
    client.send_all([PING, &call("1", "BlockAfter", r#"["a"]"#), &call("2", "Nothing", "[]")]).await;
    server.world.hears("a begins").await;
    // Nothing but acknowledgements is handled while these two wait.
    server.tell("c1", &much()).await;
    let waiting = tell(&server, "then");
    assert_eq!(client.next().await, said(&much()));
    client.send(PING).await;
    server.world.open("a");
    server.world.hears("a blocks").await;
    client.send_all([PING, &ack(1)]).await;
    let mut silent = server.connect().await;
    silent.send(PING).await;
    silent.expect_last(super::CLOSE_ERROR).await;
    server.world.lift("a");
    assert_eq!(client.next().await, result("1", r#""a""#));
    // Who sends runs by himself: between these two there is no order.
    let mut others = [client.next().await, client.next().await];
    others.sort();
    assert_eq!(others, [said("then"), result("2", "null")]);
    waiting.await.unwrap();
}
