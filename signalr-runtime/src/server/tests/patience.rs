//! How long those who send to a client wait for it.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::*;
use crate::connection::slow_consumer::SlowConsumer;
use crate::server::Limits;

/// A hub in whose queues four messages wait, and then senders for five seconds.
fn server(slow_consumer: SlowConsumer) -> Server {
    let limits = Limits { slow_consumer, queued_messages: 4, ..Limits::default() };
    Server::with(HubOptions { limits, ..HubOptions::default() })
}

fn said(text: &str) -> String {
    format!(r#"{{"type":1,"target":"Said","arguments":["{text}"]}}"#)
}

fn send(server: &Server, text: &str) -> JoinHandle<()> {
    let (clients, text) = (server.handle().clients(), text.to_owned());
    tokio::spawn(async move { clients.all().said(&text).await.unwrap() })
}

/// Sends `0` to `4`: the line takes the first, and then the queue is full.
async fn fill(server: &Server) {
    for n in 0..5 {
        send(server, &n.to_string()).await.unwrap();
        settle().await;
    }
}

async fn milliseconds(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

/// A client that reads nothing.
async fn slow(server: &Server) -> Client {
    server.connect_narrow(40).await
}

#[tokio::test(start_paused = true)]
async fn senders_wait_for_five_seconds_and_then_the_policy_decides() {
    for (policy, left) in [
        (SlowConsumer::Disconnect, [""; 0].as_slice()),
        (SlowConsumer::DropNewest, &["0", "1", "2", "3", "4"]),
        (SlowConsumer::DropOldest, &["0", "4", "first", "second", "third"]),
    ] {
        let server = server(policy);
        let mut client = slow(&server).await;
        fill(&server).await;
        let first = send(&server, "first");
        milliseconds(4_000).await;
        let second = send(&server, "second");
        milliseconds(900).await;
        assert!(!first.is_finished() && !second.is_finished());
        milliseconds(200).await;
        assert!(
            first.is_finished() && second.is_finished(),
            "{policy:?}: it is the client's patience, not the call's"
        );
        timeout(Duration::from_millis(1), send(&server, "third"))
            .await
            .expect("nobody waits any more")
            .unwrap();
        if policy == SlowConsumer::Disconnect {
            assert_eq!(client.rest().await.0, [said("0"), CLOSE_ERROR.to_owned()]);
            continue;
        }
        let mut received = Vec::new();
        for _ in left {
            received.push(client.next().await);
        }
        assert_eq!(received, left.iter().map(|text| said(text)).collect::<Vec<_>>());
        assert_eq!(client.so_far().await, [""; 0]);
        // It has caught up: there is a new patience.
        fill(&server).await;
        let next = send(&server, "next");
        milliseconds(4_900).await;
        assert!(!next.is_finished());
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_a_little_at_a_time_has_one_patience() {
    let server = server(SlowConsumer::Disconnect);
    let mut client = slow(&server).await;
    fill(&server).await;
    let began = Instant::now();
    let clients = server.handle().clients();
    let sending = tokio::spawn(async move {
        for n in 0..1_000 {
            clients.all().said(&n.to_string()).await.unwrap();
        }
        began.elapsed().as_secs()
    });
    while !sending.is_finished() {
        client.next().await;
        seconds(1).await;
    }
    assert_eq!(sending.await.unwrap(), 5);
}

/// Nobody else is held up: all of them together may take as long as it takes.
#[tokio::test(start_paused = true)]
async fn who_sends_to_one_client_only_waits_anew_for_each_call() {
    for policy in [SlowConsumer::Disconnect, SlowConsumer::DropNewest, SlowConsumer::DropOldest] {
        let server = server(policy);
        let mut client = slow(&server).await;
        let clients = server.handle().clients();
        let sending = tokio::spawn(async move {
            for n in 0..100 {
                clients.client("c1").said(&n.to_string()).await.unwrap();
            }
        });
        for n in 0..100 {
            assert_eq!(client.next().await, said(&n.to_string()), "{policy:?}");
            milliseconds(500).await;
        }
        sending.await.unwrap();
        assert_eq!(server.handle().connection_count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn who_sends_to_one_client_only_waits_five_seconds_for_a_call() {
    for (policy, ends) in [
        (SlowConsumer::Disconnect, true),
        (SlowConsumer::DropNewest, false),
        (SlowConsumer::DropOldest, false),
    ] {
        let server = server(policy);
        let _client = slow(&server).await;
        fill(&server).await;
        let clients = server.handle().clients();
        let sending = tokio::spawn(async move { clients.client("c1").said("last").await.unwrap() });
        milliseconds(4_900).await;
        assert!(!sending.is_finished());
        milliseconds(200).await;
        assert!(sending.is_finished(), "{policy:?}");
        seconds(3).await;
        assert_eq!(server.handle().connection_count() == 0, ends, "{policy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_catches_up_in_time_is_waited_for_again_and_again() {
    for resuming in [false, true] {
        let server = server(SlowConsumer::DropNewest);
        let mut client = if resuming { server.resuming_narrow(40).await } else { slow(&server).await };
        let mut arrived = 0;
        for _ in 0..10 {
            fill(&server).await;
            let waiting = send(&server, "waiting");
            milliseconds(4_500).await;
            assert!(!waiting.is_finished());
            for text in ["0", "1", "2", "3", "4", "waiting"] {
                assert_eq!(client.next().await, said(text));
                arrived += 1;
            }
            if resuming {
                client.send(format!(r#"{{"type":8,"sequenceId":{arrived}}}"#)).await;
            }
            settle().await;
        }
        assert_eq!(server.log(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_may_come_back_is_disconnected_before_it_misses_anything() {
    for policy in [SlowConsumer::DropNewest, SlowConsumer::DropOldest] {
        let server = server(policy);
        let mut client = server.resuming_narrow(40).await;
        fill(&server).await;
        let waiting = send(&server, "never");
        milliseconds(5_100).await;
        assert!(waiting.is_finished());
        assert_eq!(client.rest().await.0, [said("0"), CLOSE_ERROR.to_owned()]);
    }
}

#[tokio::test(start_paused = true)]
async fn there_may_be_no_patience_at_all_or_no_end_to_it() {
    for (send_patience, waits) in [(Duration::ZERO, false), (Duration::MAX, true)] {
        let limits = Limits { send_patience, queued_messages: 4, ..Limits::default() };
        let http =
            HttpOptions { transport_send_timeout: Duration::from_secs(3600), ..HttpOptions::default() };
        let server = Server::with(HubOptions { http, limits, ..HubOptions::default() });
        let _client = slow(&server).await;
        fill(&server).await;
        let waiting = send(&server, "waiting");
        seconds(if waits { 600 } else { 0 }).await;
        settle().await;
        assert_eq!(waiting.is_finished(), !waits);
    }
}

/// It is the connection's own affair: whoever asks waits for this client and for nobody else.
#[tokio::test(start_paused = true)]
async fn a_question_waits_as_long_as_its_client_reads_on() {
    let server = server(SlowConsumer::DropNewest);
    let mut client = slow(&server).await;
    fill(&server).await;
    let clients = server.handle().clients();
    let asking = tokio::spawn(async move { clients.client("c1").confirm("really?").await });
    for n in 0..5 {
        seconds(9).await;
        assert_eq!(client.next().await, said(&n.to_string()));
    }
    let question: serde_json::Value = serde_json::from_str(&client.next().await).unwrap();
    client.send(result(question["invocationId"].as_str().unwrap(), r#""yes""#)).await;
    // The rest of it goes out.
    client.so_far().await;
    assert_eq!(asking.await.unwrap().unwrap(), "yes");
}

/// An answer that takes minutes to write is none that is stuck.
#[tokio::test(start_paused = true)]
async fn a_client_gets_its_answers_however_slowly_it_reads_as_long_as_it_does() {
    let server = server(SlowConsumer::Disconnect);
    let mut client = server.connect_narrow(1_000).await;
    client.send(call("1", "Echo", &format!(r#"["{}"]"#, "x".repeat(20_000)))).await;
    let began = Instant::now();
    let answer = async {
        loop {
            seconds(5).await;
            if let Ok(answer) = timeout(Duration::ZERO, client.next()).await {
                return answer;
            }
        }
    };
    assert!(answer.await.len() > 20_000);
    assert!(began.elapsed() > Duration::from_secs(60));
    client.send(stream("2", "Flood", "[20000]")).await;
    seconds(11).await;
    assert!(server.log().last().unwrap().ends_with("A write took longer than it may."));
}

/// What a method sends to its own caller holds up nobody else.
#[tokio::test(start_paused = true)]
async fn a_method_waits_for_its_own_caller_as_long_as_that_reads_on() {
    let server = server(SlowConsumer::DropNewest);
    let mut client = slow(&server).await;
    // What does not fit into the line goes out while the client reads.
    client.send_all((0..10).map(|n| call(&n.to_string(), "Send", &format!(r#"["caller",[],"{n}"]"#)))).await;
    for n in 0..10 {
        seconds(4).await;
        assert_eq!(client.next().await, said(&n.to_string()));
        seconds(4).await;
        assert_eq!(client.next().await, result(&n.to_string(), "null"));
    }
}
