use std::future::poll_fn;
use std::time::Duration;

use tokio::time::timeout;

use super::*;
use crate::connection::frame::Frame;
use crate::connection::frame::FrameHeader;
use crate::connection::outbound::QueueLimit;
use crate::connection::slow_consumer::Sender;
use crate::contract::value::HubProtocol;

fn queue(texts: &[&str]) -> Outbound {
    let queue = Outbound::new(FrameHeader::None, QueueLimit { bytes: 1 << 20, frames: 1024 });
    for text in texts {
        queue
            .offer(
                &Frame::new(HubProtocol::Json, |frame| frame.extend_from_slice(text.as_bytes())),
                Sender::Own,
            )
            .expect("there is room");
    }
    queue
}

async fn send(end: &mut Memory, texts: &[&str]) -> io::Result<()> {
    let queue = queue(texts);
    poll_fn(|cx| end.poll_send(cx, &queue)).await
}

/// What one read brings; `None` at the end.
async fn receive(end: &mut Memory) -> io::Result<Option<String>> {
    let mut data = Vec::new();
    let received = poll_fn(|cx| end.poll_receive(cx, &mut |part| data.extend_from_slice(part))).await?;
    Ok((received == Received::Some).then(|| String::from_utf8(data).unwrap()))
}

async fn close(end: &mut Memory) -> io::Result<()> {
    poll_fn(|cx| end.poll_close(cx, End::Normal)).await
}

/// For what would wait for ever. Time is paused, so that nobody really waits.
const EVER: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn bytes_go_both_ways_bare_and_in_order() {
    let (mut a, mut b) = pair(100);
    send(&mut a, &["one", "two"]).await.unwrap();
    send(&mut b, &["back"]).await.unwrap();
    assert_eq!(receive(&mut b).await.unwrap().unwrap(), "onetwo");
    assert_eq!(receive(&mut a).await.unwrap().unwrap(), "back");
}

#[tokio::test(start_paused = true)]
async fn a_receiver_is_woken() {
    let (mut a, mut b) = pair(100);
    let receiver = tokio::spawn(async move { receive(&mut b).await.unwrap() });
    tokio::time::sleep(Duration::from_secs(1)).await;
    send(&mut a, &["hello"]).await.unwrap();
    assert_eq!(receiver.await.unwrap().unwrap(), "hello");
}

#[tokio::test(start_paused = true)]
async fn who_sends_more_than_there_is_room_for_waits() {
    let (mut a, mut b) = pair(4);
    let queue = queue(&["0123", "456789"]);
    let mut stuck = poll_fn(|cx| a.poll_send(cx, &queue));
    assert!(timeout(EVER, &mut stuck).await.is_err());
    let receiver = async {
        let mut all = String::new();
        while all.len() < 10 {
            all += &receive(&mut b).await.unwrap().unwrap();
        }
        all
    };
    let (sent, all) = timeout(EVER, async { tokio::join!(stuck, receiver) }).await.unwrap();
    sent.unwrap();
    assert_eq!(all, "0123456789");
}

#[tokio::test(start_paused = true)]
async fn a_good_end_is_seen_behind_the_last_bytes_and_waits_for_the_other_end() {
    let (mut a, mut b) = pair(100);
    send(&mut a, &["last"]).await.unwrap();
    assert!(timeout(EVER, close(&mut a)).await.is_err(), "the other end has not closed yet");
    assert_eq!(receive(&mut b).await.unwrap().unwrap(), "last");
    assert_eq!(receive(&mut b).await.unwrap(), None);
    send(&mut b, &["nobody reads this"]).await.unwrap();
    let (a, b) = tokio::join!(close(&mut a), close(&mut b));
    a.unwrap();
    b.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_dropped_is_lost_behind_the_last_bytes() {
    let (mut a, mut b) = pair(100);
    send(&mut a, &["last"]).await.unwrap();
    drop(a);
    assert_eq!(receive(&mut b).await.unwrap().unwrap(), "last");
    assert_eq!(receive(&mut b).await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(send(&mut b, &["hello?"]).await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    let (a, mut b) = pair(100);
    drop(a);
    assert_eq!(close(&mut b).await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

#[tokio::test(start_paused = true)]
async fn a_cut_line_is_lost_for_both_ends_with_all_that_is_on_its_way() {
    let (mut a, mut b) = pair(4);
    send(&mut a, &["lost"]).await.unwrap();
    let line = a.line();
    let sender = tokio::spawn(async move { send(&mut a, &["stuck"]).await.unwrap_err().kind() });
    tokio::time::sleep(Duration::from_secs(1)).await;
    line.cut();
    assert_eq!(sender.await.unwrap(), ErrorKind::BrokenPipe);
    assert_eq!(receive(&mut b).await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
}
