//! Stateful reconnect: a client that loses its line, comes back, and has missed nothing.

mod any_cut;
mod limits;
#[cfg(feature = "axum")]
mod over_tcp;
mod unacknowledged;

use std::ops::{Deref, DerefMut};

use super::client::PING;
use super::*;
use crate::endpoint::resume::resumable::Resumable;
use crate::endpoint::resume::seat::ResumeRefused;

/// A client that was granted stateful reconnect.
struct Resuming {
    client: Client,
    seat: Arc<Seat>,
    ended: Arc<Mutex<Option<crate::connection::duplex::End>>>,
}

impl Deref for Resuming {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Resuming {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Server {
    fn open_resuming(&self, capacity: usize) -> Resuming {
        let options = &self.service.shared.endpoint().options;
        let seat = Seat::new(self.service.shared.endpoint().limits.resumes_per_minute);
        let (near, far) = memory::pair(capacity);
        let ended = Arc::new(Mutex::new(None));
        let transport = Resumable::new(
            Box::new(Watched { end: far, ended: Arc::clone(&ended) }),
            Arc::clone(&seat),
            self.service.shared.endpoint().connections.absentees.clone(),
            options.disconnect_timeout,
        );
        self.accept(Box::new(transport), Some(Arc::clone(&seat)));
        Resuming { client: Client::new(near, Arc::clone(&ended)), seat, ended }
    }

    /// A client that may come back, over a line that holds `capacity` bytes in each direction.
    pub(super) async fn resuming_narrow(&self, capacity: usize) -> Client {
        let mut client = self.open_resuming(capacity);
        client.shake_hands_as(2).await;
        client.client
    }

    async fn connect_resuming(&self) -> Resuming {
        let mut client = self.open_resuming(1 << 20);
        client.shake_hands_as(2).await;
        client
    }

    /// Tells one client something, and waits until it is queued.
    async fn tell(&self, client: &str, text: &str) {
        self.handle().clients().client(client).said(text).await.unwrap();
    }
}

impl Resuming {
    async fn shake_hands_as(&mut self, version: i32) {
        self.send(format!(r#"{{"protocol":"json","version":{version}}}"#)).await;
        assert_eq!(self.next().await, "{}");
    }

    /// Loses the line, and lets the server notice.
    async fn lose(&self) {
        self.line().cut();
        settle().await;
    }

    /// Brings a new line.
    fn come_back(&mut self) -> Result<(), ResumeRefused> {
        self.come_back_narrow(1 << 20)
    }

    fn come_back_narrow(&mut self, capacity: usize) -> Result<(), ResumeRefused> {
        self.seat.admit()?;
        let (near, far) = memory::pair(capacity);
        self.seat.hand_in(Box::new(Watched { end: far, ended: Arc::clone(&self.ended) }));
        self.client.continue_on(near);
        Ok(())
    }

    /// What comes next that is no acknowledgement.
    async fn next_message(&mut self) -> String {
        loop {
            let record = self.next().await;
            if !record.starts_with(r#"{"type":8"#) {
                return record;
            }
        }
    }
}

fn ack(id: i64) -> String {
    format!(r#"{{"type":8,"sequenceId":{id}}}"#)
}

fn sequence(id: i64) -> String {
    format!(r#"{{"type":9,"sequenceId":{id}}}"#)
}

fn said(text: &str) -> String {
    format!(r#"{{"type":1,"target":"Said","arguments":["{text}"]}}"#)
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_back_has_missed_nothing() {
    let server = Server::new();
    let mut client = server.connect_resuming().await;
    client.send_all([call("1", "Join", r#"["g"]"#), call("2", "Id", "[]")]).await;
    assert_eq!(client.next().await, result("1", "null"));
    assert_eq!(client.next().await, result("2", r#""c1""#));
    client.send(stream("3", "Ticks", r#"["tick"]"#)).await;
    settle().await;
    client.lose().await;
    // The connection goes on.
    server.tell("c1", "first").await;
    server.world.open("tick");
    settle().await;
    server.handle().clients().group("g").said("second").await.unwrap();
    assert_eq!(server.handle().connection_count(), 1);

    client.come_back().unwrap();
    client.send(sequence(4)).await;
    // Nothing was acknowledged: everything comes again, and then what was new.
    for expected in [
        sequence(1),
        result("1", "null"),
        result("2", r#""c1""#),
        said("first"),
        item("3", "0"),
        said("second"),
    ] {
        assert_eq!(client.next_message().await, expected);
    }
    server.world.open("tick");
    assert_eq!(client.next_message().await, item("3", "1"));
    client.send(call("4", "Id", "[]")).await;
    assert_eq!(client.next_message().await, result("4", r#""c1""#));
    assert_eq!(server.log(), [""; 0], "the hub has noticed nothing");
}

#[tokio::test(start_paused = true)]
async fn what_was_acknowledged_does_not_come_again() {
    let server = Server::new();
    let mut client = server.connect_resuming().await;
    for text in ["a", "b", "c"] {
        server.tell("c1", text).await;
        client.next().await;
    }
    client.send(ack(2)).await;
    settle().await;
    client.lose().await;
    client.come_back().unwrap();
    assert_eq!(client.next().await, sequence(3));
    assert_eq!(client.next().await, said("c"));
    client.send_all([sequence(1), ack(3)]).await;
    settle().await;
    client.lose().await;
    client.come_back().unwrap();
    // Nothing is left: the number is that of the next message.
    assert_eq!(client.next().await, sequence(4));
    client.send(sequence(1)).await;
    server.tell("c1", "d").await;
    assert_eq!(client.next().await, said("d"));
    client.lose().await;
    client.come_back().unwrap();
    assert_eq!(client.so_far().await, [sequence(4), said("d")]);
}

#[tokio::test(start_paused = true)]
async fn the_server_acknowledges_what_it_has_about_once_a_second() {
    let server = Server::new();
    let mut client = server.connect_resuming().await;
    client.send(PING).await;
    seconds(5).await;
    assert_eq!(client.so_far().await, [""; 0], "nothing has arrived");
    // An unknown type, a ping, an acknowledgement and a sequence have no number.
    client.send_all([call("1", "Nothing", "[]"), PING.into(), r#"{"type":99}"#.into(), ack(0)]).await;
    assert_eq!(client.so_far().await, [result("1", "null")]);
    client
        .send_all([item("unknown", "1"), done("unknown"), cancel("unknown"), stream("2", "Count", "[0]")])
        .await;
    assert_eq!(client.so_far().await, [done("2")]);
    tokio::time::sleep(std::time::Duration::from_millis(900)).await;
    assert_eq!(client.so_far().await, [""; 0], "not yet");
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(client.so_far().await, [ack(5)]);
    seconds(10).await;
    assert_eq!(client.so_far().await, [""; 0], "nothing new has arrived");
    client.send(call("3", "Nothing", "[]")).await;
    seconds(2).await;
    assert_eq!(client.so_far().await, [result("3", "null"), ack(6)]);
}

#[tokio::test(start_paused = true)]
async fn what_the_client_sends_again_is_handled_once() {
    let server = Server::new();
    let mut client = server.connect_resuming().await;
    let sent = [
        call("1", "Echo", r#"["one"]"#),
        // Neither of the next ones can be bound, or belongs to anything: they are counted all the same.
        call("2", "Echo", "[1]"),
        call("3", "Unknown", "[]"),
        item("unknown", "1"),
        upload("4", "Sum", "[]", r#"["s"]"#),
        item("s", r#""not a number""#),
        item("s", "1"),
        call("5", "Echo", r#"["two"]"#),
    ];
    client.send_all(&sent).await;
    settle().await;
    client.lose().await;
    client.come_back().unwrap();
    client.send(sequence(1)).await;
    client.send_all(&sent).await;
    client.send(call("6", "Echo", r#"["three"]"#)).await;
    settle().await;
    assert_eq!(server.log(), ["echo one", "echo two", "echo three"]);
    // It has sent again what had arrived, so it was not told: it is told once more.
    let acks = |records: Vec<String>| -> Vec<String> {
        records.into_iter().filter(|record| record.starts_with(r#"{"type":8"#)).collect()
    };
    seconds(2).await;
    assert_eq!(acks(client.so_far().await), [ack(9)]);
    client.lose().await;
    client.come_back().unwrap();
    client.send_all([sequence(9), call("6", "Echo", r#"["three"]"#)]).await;
    seconds(2).await;
    assert_eq!(acks(client.so_far().await), [ack(9)], "the acknowledgement may have been lost");
    assert_eq!(server.log().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_client_may_go_on_behind_what_has_arrived_before() {
    let server = Server::new();
    let mut client = server.connect_resuming().await;
    let sent = ["one", "two", "three"].map(|text| call(text, "Echo", &format!(r#"["{text}"]"#)));
    client.send_all(&sent).await;
    settle().await;
    client.lose().await;
    // It sends again what it was not told of, and is cut off when it has been told but is not through with that.
    client.come_back().unwrap();
    client.send_all([&sequence(1), &sent[0]]).await;
    seconds(2).await;
    assert!(client.so_far().await.contains(&ack(3)));
    client.lose().await;
    client.come_back().unwrap();
    client.send_all([sequence(4), call("four", "Echo", r#"["four"]"#)]).await;
    settle().await;
    assert_eq!(server.log(), ["echo one", "echo two", "echo three", "echo four"]);
}

#[tokio::test(start_paused = true)]
async fn half_a_message_is_lost_with_its_line() {
    let server = Server::new();
    let mut client = server.connect_resuming().await;
    client
        .send_bytes(format!("{}\u{1E}{{\"type\":1,\"inv", call("1", "Echo", r#"["one"]"#)).as_bytes())
        .await;
    settle().await;
    client.lose().await;
    client.come_back().unwrap();
    client.send_all([sequence(2), call("2", "Echo", r#"["two"]"#)]).await;
    settle().await;
    assert_eq!(server.log(), ["echo one", "echo two"]);
}

#[tokio::test(start_paused = true)]
async fn a_sequence_beyond_what_has_arrived_ends_the_connection() {
    let text = "Sequence ID greater than amount of messages we've received.";
    for (server, close) in [
        (Server::new(), CLOSE_ERROR.to_owned()),
        (
            Server::detailed(),
            format!(
                r#"{{"type":7,"error":"Connection closed with an error. InvalidOperationException: {text}","allowReconnect":true}}"#
            ),
        ),
    ] {
        let mut client = server.connect_resuming().await;
        client.send(call("1", "Nothing", "[]")).await;
        assert_eq!(client.next().await, result("1", "null"));
        client.lose().await;
        client.come_back().unwrap();
        client.send(sequence(3)).await;
        assert_eq!(client.next().await, sequence(1));
        assert_eq!(client.next().await, result("1", "null"));
        client.expect_last(&close).await;
        settle().await;
        assert_eq!(server.log()[0], format!("c1 disconnected: InvalidOperationException: {text}"));
        assert_eq!(client.come_back(), Err(ResumeRefused::Closing));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_come_back_in_time_has_gone() {
    let server = Server::new();
    let mut client = server.connect_resuming().await;
    client.lose().await;
    tokio::time::sleep(std::time::Duration::from_millis(14_900)).await;
    assert_eq!(server.log(), [""; 0]);
    seconds(1).await;
    assert_eq!(server.log(), ["c1 disconnected", "c1 dropped"]);
    assert_eq!(client.come_back(), Err(ResumeRefused::Closing));
    assert_eq!(server.handle().connection_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_time_begins_anew_with_each_loss() {
    let server = Server::new();
    let mut client = server.connect_resuming().await;
    for _ in 0..5 {
        client.lose().await;
        seconds(14).await;
        client.come_back().unwrap();
        assert_eq!(client.next().await, sequence(1));
        client.send(sequence(1)).await;
        settle().await;
    }
    assert_eq!(server.log(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn silence_counts_while_the_client_is_away() {
    let server = Server::new();
    let mut client = server.connect_resuming().await;
    client.send(PING).await;
    seconds(20).await;
    client.lose().await;
    seconds(9).await;
    assert_eq!(server.log(), [""; 0]);
    seconds(2).await;
    let text = "Client hasn't sent a message/ping within the configured ClientTimeoutInterval.";
    assert_eq!(
        server.log(),
        [format!("c1 disconnected: OperationCanceledException: {text}"), "c1 dropped".into()]
    );
    assert_eq!(client.come_back(), Err(ResumeRefused::Closing));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_know_how_cannot_come_back() {
    let server = Server::new();
    let mut client = server.open_resuming(1 << 20);
    assert_eq!(client.come_back(), Err(ResumeRefused::NotResumable), "before the handshake");
    client.shake_hands_as(1).await;
    client.send_all([call("1", "Nothing", "[]"), ack(100), sequence(100)]).await;
    assert_eq!(client.next().await, result("1", "null"));
    seconds(5).await;
    assert_eq!(client.so_far().await, [""; 0], "nothing is acknowledged");
    assert_eq!(client.come_back(), Err(ResumeRefused::NotResumable));
    client.lose().await;
    assert_eq!(server.log(), ["c1 disconnected", "c1 dropped"]);
    assert_eq!(client.come_back(), Err(ResumeRefused::Closing));
}

#[tokio::test(start_paused = true)]
async fn without_the_servers_consent_the_version_means_nothing() {
    let server = Server::new();
    let mut client = server.open();
    client.send(r#"{"protocol":"json","version":2}"#).await;
    assert_eq!(client.next().await, "{}");
    client.send_all([call("1", "Nothing", "[]"), sequence(100), ack(100)]).await;
    seconds(5).await;
    assert_eq!(client.so_far().await, [result("1", "null")]);
    client.line().cut();
    settle().await;
    assert_eq!(server.log(), ["c1 disconnected", "c1 dropped"]);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_on_purpose_does_not_come_back() {
    for how in ["close", "leave", "abort", "abort from outside", "shutdown", "error"] {
        let server = Server::new();
        let mut client = server.connect_resuming().await;
        match how {
            "close" => client.send(CLOSE).await,
            "leave" => client.leave().await,
            "abort" => client.send(call("1", "Abort", "[]")).await,
            "abort from outside" => server.handle().abort("c1"),
            "shutdown" => {
                let handle = server.handle();
                drop(tokio::spawn(async move { handle.shut_down().await }));
            }
            _ => client.send("junk").await,
        }
        settle().await;
        assert!(server.log().first().is_some_and(|line| line.starts_with("c1 disconnected")), "{how}");
        client.lose().await;
        assert_eq!(client.come_back(), Err(ResumeRefused::Closing), "{how}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_client_is_away_can_be_ended() {
    for how in ["abort", "shutdown"] {
        let server = Server::new();
        let mut client = server.connect_resuming().await;
        client.lose().await;
        match how {
            "abort" => server.handle().abort("c1"),
            _ => {
                server.handle().shut_down().await;
            }
        }
        settle().await;
        assert_eq!(server.log(), ["c1 disconnected", "c1 dropped"], "{how}");
        assert_eq!(client.come_back(), Err(ResumeRefused::Closing), "{how}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_line_takes_the_place_of_one_that_is_believed_to_be_alive() {
    let server = Server::new();
    let mut client = server.connect_resuming().await;
    server.tell("c1", "a").await;
    assert_eq!(client.next().await, said("a"));
    // The server's end of the old line is full, and would never be read.
    let old = client.line();
    client.come_back().unwrap();
    assert_eq!(client.so_far().await, [sequence(1), said("a")]);
    client.send_all([sequence(1), call("1", "Id", "[]")]).await;
    assert_eq!(client.next().await, result("1", r#""c1""#));
    // What becomes of the old one does not matter.
    old.cut();
    settle().await;
    client.send(call("2", "Id", "[]")).await;
    assert_eq!(client.next_message().await, result("2", r#""c1""#));
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_stuck_can_be_replaced() {
    let server = Server::new();
    let mut client = server.open_resuming(50);
    client.shake_hands_as(2).await;
    for n in 0..10 {
        server.tell("c1", &n.to_string()).await;
    }
    seconds(5).await;
    client.come_back().unwrap();
    assert_eq!(client.next().await, sequence(1));
    for n in 0..10 {
        assert_eq!(client.next().await, said(&n.to_string()));
    }
}

#[tokio::test(start_paused = true)]
async fn no_write_is_late_while_the_client_is_away() {
    let server = Server::new();
    let mut client = server.connect_resuming().await;
    client.lose().await;
    server.tell("c1", "a").await;
    // Longer than a write may take.
    seconds(14).await;
    client.come_back().unwrap();
    assert_eq!(client.next().await, sequence(1));
    assert_eq!(client.next().await, said("a"));
}

#[tokio::test(start_paused = true)]
async fn a_client_may_come_back_while_it_is_being_welcomed() {
    let connected = world::hook(async |cx, world: Arc<World>| {
        cx.clients().caller().said("welcome").await?;
        world.pass("door").await;
        Ok(())
    });
    let server = Server::of(World { connected, ..World::default() }, |service| service);
    let mut client = server.connect_resuming().await;
    assert_eq!(client.next().await, said("welcome"));
    client.send(call("1", "Id", "[]")).await;
    client.lose().await;
    client.come_back().unwrap();
    assert_eq!(client.so_far().await, [sequence(1), said("welcome")]);
    client.send_all([sequence(1), call("1", "Id", "[]")]).await;
    server.world.open("door");
    assert_eq!(client.next_message().await, result("1", r#""c1""#));
    assert_eq!(client.so_far().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_client_may_come_back_while_its_hub_is_being_made() {
    let connected = world::passing("connect");
    let server = Server::of(World { connected, ..World::default() }, |service| service);
    let mut client = server.connect_resuming().await;
    client.send(call("1", "Echo", r#"["a"]"#)).await;
    client.send_bytes(br#"{"type":1,"invocationId":"2","tar"#).await;
    settle().await;
    client.lose().await;
    client.come_back().unwrap();
    assert_eq!(client.next().await, sequence(1));
    // Everything once more, because nothing was acknowledged.
    client.send_all([sequence(1), call("1", "Echo", r#"["a"]"#), call("2", "Echo", r#"["b"]"#)]).await;
    settle().await;
    server.world.open("connect");
    assert_eq!(client.next_message().await, result("1", r#""a""#));
    assert_eq!(client.next_message().await, result("2", r#""b""#));
    assert_eq!(server.log(), ["echo a", "echo b"]);
}
