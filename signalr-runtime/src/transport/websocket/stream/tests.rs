use std::collections::VecDeque;
use std::io::ErrorKind;
use std::time::Duration;

use proptest::prelude::*;
use tungstenite::Message;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::Frame as RawFrame;
use tungstenite::protocol::frame::coding::{Data, OpCode};

use super::line::{Line, context, done, fault, receive};
use super::wire::Wire;
use super::*;
use crate::connection::rate::Rate;
use crate::transport::websocket::socket::Socket;

#[test]
fn a_connection_that_waits_costs_little() {
    assert!(size_of::<WebSocket<Socket>>() <= 272, "{}", size_of::<WebSocket<Socket>>());
}

#[test]
fn bytes_go_both_ways() {
    for mut line in Line::both() {
        line.peer.send(Message::text("to us")).unwrap();
        let (data, received) = line.receive();
        assert_eq!((data.as_slice(), done(received)), (&b"to us"[..], Received::Some));
        assert!(line.receive().1.is_pending());
        line.push("to you");
        done(line.send());
        assert_eq!(line.peer_reads(), [Message::text("to you")]);
    }
}

#[test]
fn a_batch_goes_out_in_one_write() {
    let long = "x".repeat(5000);
    for (mut line, expected) in
        Line::both().into_iter().zip([vec!["a", "b", &long, "c"], vec![&*format!("ab{long}c")]])
    {
        for text in ["a", "b", &long, "c"] {
            line.push(text);
        }
        line.peer.send(Message::Ping(Bytes::from_static(b"?"))).unwrap();
        line.receive_all();
        done(line.send());
        assert_eq!(line.ours.io.outgoing().writes, 1);
        let mut messages = line.peer_reads();
        assert_eq!(messages.remove(0), Message::Pong(Bytes::from_static(b"?")));
        assert_eq!(messages, expected.into_iter().map(Message::text).collect::<Vec<_>>());
        // Nothing is written where nothing is queued.
        done(line.send());
        assert_eq!(line.ours.io.outgoing().writes, 1);
    }
}

#[test]
fn little_is_read_at_once_from_a_peer_that_sends_control_frames_only() {
    let (a, mut b) = Wire::pair();
    let mut ours = WebSocket::server(a, &[]).limited(FREE_FRAGMENTS, None);
    let pings = [0x89, 0x80, 0, 0, 0, 0].repeat(30_000);
    io::Write::write_all(&mut b, &pings).unwrap();
    let mut left = pings.len();
    let mut reads = Vec::new();
    while receive(&mut ours).1.is_ready() {
        let before = std::mem::replace(&mut left, b.outgoing().bytes.len());
        reads.push(before - left);
    }
    assert!(reads[0] <= READ && reads[1..].iter().all(|read| *read <= LITTLE), "{reads:?}");
    // Data is read as ever, from the next read on.
    let mut message = vec![0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0];
    message.resize(message.len() + 0xffff, 0);
    io::Write::write_all(&mut b, &message).unwrap();
    assert!(receive(&mut ours).1.is_ready());
    assert!(receive(&mut ours).0.len() > LITTLE);
}

#[test]
fn each_message_of_a_client_has_a_mask_of_its_own() {
    let mut line = Line::to_server();
    let masks: Vec<Vec<u8>> = (0..3)
        .map(|_| {
            line.push("hello");
            done(line.send());
            let frame: Vec<u8> = line.peer.get_ref().incoming().bytes.drain(..).collect();
            assert_eq!(frame[..2], [0x81, 0x85]);
            frame[2..6].to_vec()
        })
        .collect();
    assert!(masks[0] != masks[1] && masks[1] != masks[2], "{masks:x?}");
}

#[test]
fn what_came_with_the_handshake_is_received_first() {
    let (a, mut b) = Wire::pair();
    let mut early = vec![0x82, 127];
    early.extend_from_slice(&100_000_u64.to_be_bytes());
    early.resize(100_010, b'e');
    let mut ours = WebSocket::client(a, &early, HubProtocol::Json);
    io::Write::write_all(&mut b, b"\x81\x04late").unwrap();
    let mut all = Vec::new();
    while let (data, Poll::Ready(Ok(Received::Some))) = receive(&mut ours) {
        all.extend(data);
    }
    assert_eq!(all, [vec![b'e'; 100_000], b"late".to_vec()].concat());
}

#[test]
fn one_connection_may_be_read_while_another_hands_on_what_it_read() {
    let (mut outer, mut inner) = (Line::to_client(), Line::to_client());
    outer.peer.send(Message::text("outer")).unwrap();
    inner.peer.send(Message::text("inner")).unwrap();
    let mut seen = Vec::new();
    let received = outer.ours.poll_receive(&mut context(), &mut |data| {
        seen.push(receive(&mut inner.ours).0);
        seen.push(data.to_vec());
    });
    assert_eq!(done(received), Received::Some);
    assert_eq!(seen, [b"inner", b"outer"]);
}

#[test]
fn nothing_is_taken_from_the_queue_while_a_batch_is_stuck() {
    for mut line in Line::both() {
        line.ours.io.outgoing().room = 10;
        line.push(&"1".repeat(100));
        assert!(line.send().is_pending());
        line.push(&"2".repeat(100));
        assert!(line.send().is_pending());
        let mut left = VecDeque::new();
        line.queue.take(&mut left);
        assert_eq!(left.len(), 1, "the second frame still counts against the queue's limit");
    }
}

#[test]
fn control_frames_stand_between_frames() {
    for mut line in Line::both() {
        let texts: Vec<String> = (0..5).map(|i| i.to_string().repeat(2000 * i + 5)).collect();
        for text in &texts {
            line.push(text);
        }
        line.ours.io.outgoing().room = 7;
        assert!(line.send().is_pending());
        line.peer.send(Message::Ping(Bytes::from_static(b"?"))).unwrap();
        line.receive_all();
        let mut messages = Vec::new();
        while line.send().is_pending() {
            messages.extend(line.peer_reads());
        }
        while line.is_pending(End::Normal) {
            messages.extend(line.peer_reads());
        }
        let text: String = messages
            .iter()
            .filter(|message| message.is_text())
            .map(|message| message.to_text().unwrap())
            .collect();
        assert_eq!(text, texts.concat());
        let control: Vec<_> = messages.iter().filter(|message| !message.is_text()).collect();
        assert!(matches!(control[..], [Message::Pong(_), Message::Close(_)]), "{control:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_is_answered_with_the_newest() {
    for mut line in Line::both() {
        line.ours.io.outgoing().room = 3;
        for i in 0..10_000_u32 {
            line.peer.send(Message::Ping(Bytes::copy_from_slice(&i.to_be_bytes()))).unwrap();
            line.receive_all();
            assert!(line.send().is_pending());
        }
        line.ours.io.outgoing().room = usize::MAX;
        done(line.send());
        let pong = |i: u32| Message::Pong(Bytes::copy_from_slice(&i.to_be_bytes()));
        assert_eq!(line.peer_reads(), [pong(0), pong(9_999)], "the one that was stuck, and the newest");
        let mut answered = Vec::new();
        for i in 0..100_u32 {
            line.peer.send(Message::Ping(Bytes::copy_from_slice(&i.to_be_bytes()))).unwrap();
            line.receive_all();
            done(line.send());
            answered.extend(line.peer_reads());
        }
        assert_eq!(answered, (0..30).map(pong).collect::<Vec<_>>(), "as many at once as may be");
        tokio::time::sleep(Duration::from_millis(999)).await;
        done(line.send());
        assert_eq!(line.peer_reads(), []);
        tokio::time::sleep(Duration::from_millis(1)).await;
        done(line.send());
        assert_eq!(line.peer_reads(), [pong(99)], "a second later, the newest");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_pings_twice_a_second_is_answered_each_time() {
    for mut line in Line::both() {
        for _ in 0..1_000 {
            line.peer.send(Message::Ping(Bytes::from_static(b"?"))).unwrap();
            line.receive_all();
            done(line.send());
            assert_eq!(line.peer_reads(), [Message::Pong(Bytes::from_static(b"?"))]);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn frames_without_data_come_at_a_pace_or_not_at_all() {
    let frames = [
        Message::Ping(Bytes::new()),
        Message::Pong(Bytes::new()),
        Message::text(""),
        Message::binary(vec![]),
    ];
    for frame in frames {
        let mut line = Line::to_client();
        line.ours = line.ours.limited(64, Some(Rate::per_second(10)));
        for _ in 0..3 {
            for _ in 0..10 {
                line.peer.send(frame.clone()).unwrap();
            }
            line.receive_all();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        for _ in 0..11 {
            line.peer.send(frame.clone()).unwrap();
        }
        let fault = loop {
            match line.receive().1 {
                Poll::Ready(Err(fault)) => break fault,
                Poll::Ready(Ok(Received::Some)) => {}
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(fault.to_string(), "too many frames came that carry no data");
        assert!(line.is_pending(End::Normal));
        let last = line.peer_reads().pop();
        let Some(Message::Close(Some(close))) = last else { panic!("{last:?}") };
        assert_eq!(close.code, CloseCode::Policy);
    }
}

#[test]
fn we_close_and_the_peer_answers() {
    for (end, code) in [(End::Normal, CloseCode::Normal), (End::Fault, CloseCode::Error)] {
        for mut line in Line::both() {
            line.push("last words");
            done(line.send());
            assert!(line.is_pending(end));
            // What comes before the peer's answer is thrown away, and pings are not answered any more.
            line.peer.send(Message::text("too late")).unwrap();
            line.peer.send(Message::Ping(Bytes::new())).unwrap();
            assert!(line.is_pending(end));
            line.push("nothing follows a close frame");
            done(line.send());
            assert_eq!(
                line.peer_reads(),
                [Message::text("last words"), Message::Close(Some(CloseFrame { code, reason: "".into() }))]
            );
            done(line.close(end));
            assert_eq!(line.ours.peer_close().map(PeerClose::code), Some(code.into()));
            assert!(line.ours.io.outgoing().ended);
            done(line.close(end));
        }
    }
}

#[test]
fn the_peer_closes_and_we_answer() {
    for mut line in Line::both() {
        line.peer.send(Message::text("bye")).unwrap();
        line.peer.close(Some(CloseFrame { code: CloseCode::Away, reason: "leaving".into() })).unwrap();
        let (data, received) = line.receive();
        assert_eq!((data.as_slice(), done(received)), (&b"bye"[..], Received::End));
        assert_eq!(done(line.receive().1), Received::End, "and again");
        let close = line.ours.peer_close().unwrap();
        assert_eq!((close.code(), close.reason(), close.is_normal()), (1001, "leaving", false));
        assert_eq!(close.status().to_string(), "EndpointUnavailable");
        // The peer has not closed the other direction.
        line.push("one more thing");
        done(line.send());
        done(line.close(End::Normal));
        let sent: Vec<u8> = line.peer.get_ref().incoming().bytes.iter().copied().collect();
        let close_frame = if matches!(line.ours.sender, Sender::Server) { 4 } else { 8 };
        assert_eq!(sent[sent.len() - close_frame], 0x88);
        assert!(line.ours.io.outgoing().ended);
    }
}

#[test]
fn an_end_without_a_close_frame_is_a_loss() {
    for mut line in Line::both() {
        line.peer.send(Message::text("cut")).unwrap();
        line.ours.io.incoming().ended = true;
        let (data, received) = line.receive();
        assert_eq!((data.as_slice(), done(received)), (&b"cut"[..], Received::Some));
        assert_eq!(fault(line.receive().1), ErrorKind::UnexpectedEof);
        assert_eq!(fault(line.receive().1), ErrorKind::UnexpectedEof, "and again");
        assert_eq!(line.ours.peer_close(), None);
        done(line.close(End::Normal));
        assert_eq!(line.ours.io.outgoing().writes, 0, "there is nobody left to say good-bye to");
    }
}

#[test]
fn a_peer_that_hangs_up_instead_of_answering_our_close_is_a_loss() {
    for mut line in Line::both() {
        assert!(line.is_pending(End::Normal));
        line.ours.io.incoming().ended = true;
        assert_eq!(fault(line.close(End::Normal)), ErrorKind::UnexpectedEof);
        done(line.close(End::Normal));
    }
}

#[test]
fn faults_of_the_socket_are_passed_on() {
    for mut line in Line::both() {
        line.ours.io.incoming().fault = Some(ErrorKind::ConnectionReset);
        assert_eq!(fault(line.receive().1), ErrorKind::ConnectionReset);
        done(line.close(End::Normal));
    }
}

#[test]
fn a_peer_that_does_not_listen_may_have_said_why() {
    for mut line in Line::both() {
        line.peer.close(Some(CloseFrame { code: CloseCode::Error, reason: "".into() })).unwrap();
        line.ours.io.outgoing().fault = Some(ErrorKind::BrokenPipe);
        line.push("hello?");
        assert_eq!(fault(line.send()), ErrorKind::BrokenPipe);
        assert_eq!(done(line.receive().1), Received::End);
        assert_eq!(line.ours.peer_close().unwrap().status().to_string(), "InternalServerError");
        done(line.close(End::Normal));
    }
}

#[test]
fn a_violation_is_answered_with_its_status() {
    for (frame, code) in [
        (&b"\x81\x01a"[..], CloseCode::Protocol),
        (&b"\x81\x81\0\0\0\0\xff"[..], CloseCode::Invalid),
        (&b"\x82\x80\0\0\0\0\x83\x80\0\0\0\0"[..], CloseCode::Protocol),
    ] {
        let mut line = Line::to_client();
        io::Write::write_all(line.peer.get_mut(), frame).unwrap();
        assert_eq!(fault(line.receive().1), ErrorKind::InvalidData);
        assert_eq!(fault(line.receive().1), ErrorKind::InvalidData, "and again");
        // The peer is read to its end, whatever it still sends, so that the close frame is not lost.
        io::Write::write_all(line.peer.get_mut(), &[0xff; 100]).unwrap();
        assert!(line.is_pending(End::Normal));
        assert!(line.ours.io.outgoing().ended && line.ours.io.incoming().bytes.is_empty());
        assert_eq!(line.peer.read().unwrap(), Message::Close(Some(CloseFrame { code, reason: "".into() })));
        line.ours.io.incoming().ended = true;
        done(line.close(End::Normal));
    }
}

/// What the peer does in the differential test.
#[derive(Clone, Debug)]
enum Act {
    Text(String),
    Binary(Vec<u8>),
    /// One message in several frames, with a ping behind the first.
    Fragments(Vec<String>),
    Ping(Vec<u8>),
    Pong,
    /// Our end sends a frame.
    Send(String),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        ".{0,300}".prop_map(Act::Text),
        prop::collection::vec(any::<u8>(), 0..3000).prop_map(Act::Binary),
        prop::collection::vec(".{0,80}", 2..6).prop_map(Act::Fragments),
        prop::collection::vec(any::<u8>(), 0..=125).prop_map(Act::Ping),
        Just(Act::Pong),
        "[a-zé]{1,3000}".prop_map(Act::Send),
    ]
}

proptest! {
    #[test]
    fn tungstenite_understands_us_and_we_understand_it(
        acts in prop::collection::vec(act(), 0..40),
        per_read in 1usize..500,
        room in 1usize..500,
    ) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        let _inside = runtime.enter();
        for mut line in Line::both() {
            line.ours.io.incoming().per_read = per_read;
            line.ours.io.outgoing().room = room;
            let (mut expected, mut received) = (Vec::new(), Vec::new());
            let (mut expected_back, mut received_back) = (String::new(), String::new());
            let (mut pings, mut pongs) = (Vec::new(), Vec::new());
            let mut back = |messages: Vec<Message>| for message in messages {
                match message {
                    Message::Text(text) => received_back.push_str(&text),
                    Message::Pong(payload) => pongs.push(payload.to_vec()),
                    other => panic!("{other:?}"),
                }
            };
            for act in &acts {
                match act {
                    Act::Text(text) => {
                        expected.extend_from_slice(text.as_bytes());
                        line.peer.send(Message::text(text)).unwrap();
                    }
                    Act::Binary(bytes) => {
                        expected.extend_from_slice(bytes);
                        line.peer.send(Message::binary(bytes.clone())).unwrap();
                    }
                    Act::Fragments(parts) => {
                        for (i, part) in parts.iter().enumerate() {
                            let opcode = OpCode::Data(if i == 0 { Data::Text } else { Data::Continue });
                            let frame = RawFrame::message(part.clone(), opcode, i + 1 == parts.len());
                            expected.extend_from_slice(part.as_bytes());
                            line.peer.send(Message::Frame(frame)).unwrap();
                            if i == 0 {
                                pings.push(part.as_bytes()[..part.len().min(125)].to_vec());
                                line.peer.send(Message::Ping(pings.last().unwrap().clone().into())).unwrap();
                            }
                        }
                    }
                    Act::Ping(payload) => {
                        pings.push(payload.clone());
                        line.peer.send(Message::Ping(payload.clone().into())).unwrap();
                    }
                    Act::Pong => line.peer.send(Message::Pong(Bytes::new())).unwrap(),
                    Act::Send(text) => {
                        expected_back.push_str(text);
                        line.push(text);
                    }
                }
                received.extend(line.receive_all());
                let _ = line.send();
                back(line.peer_reads());
            }
            while line.send().is_pending() {
                back(line.peer_reads());
            }
            back(line.peer_reads());
            // A ping too soon after another one is answered later.
            runtime.block_on(tokio::time::advance(Duration::from_secs(1)));
            while line.send().is_pending() {
                back(line.peer_reads());
            }
            back(line.peer_reads());
            prop_assert_eq!(received, expected);
            prop_assert_eq!(received_back, expected_back);
            // Each pong answers a ping, in order; the last ping is always answered.
            let mut unanswered = pings.iter();
            for pong in &pongs {
                prop_assert!(unanswered.any(|ping| ping == pong));
            }
            prop_assert_eq!(pongs.last(), pings.last());
        }
    }

    #[test]
    fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..400), per_read in 1usize..50) {
        for mut line in Line::both() {
            io::Write::write_all(line.peer.get_mut(), &bytes).unwrap();
            line.ours.io.incoming().per_read = per_read;
            line.ours.io.incoming().ended = true;
            while let (_, Poll::Ready(Ok(Received::Some))) = line.receive() {}
            let _ = line.send();
            prop_assert!(line.close(End::Normal).is_ready());
        }
    }
}
