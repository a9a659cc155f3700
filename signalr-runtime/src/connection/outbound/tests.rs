use std::pin::pin;
use std::sync::Arc;
use std::task::Wake;

use super::*;

const ROOM_FOR_ONE: QueueLimit = QueueLimit { bytes: usize::MAX, frames: 1 };

/// Waits, and does not want to know for what.
struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

fn push(queue: &Outbound, bytes: usize) {
    queue.push_bytes(TransferFormat::Text, &vec![b'x'; bytes]);
}

#[test]
fn whoever_waits_no_longer_leaves_nothing_behind() {
    let queue = Outbound::new(FrameHeader::None, ROOM_FOR_ONE);
    push(&queue, 1);
    let sender = Arc::new(Nobody);
    for _ in 0..100 {
        let waker = Arc::clone(&sender).into();
        let polled = pin!(queue.room()).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
    }
    assert_eq!(Arc::strong_count(&sender), 1);
}

#[tokio::test]
async fn all_who_wait_are_told_when_there_is_room_and_when_there_will_be_none() {
    let queue = Arc::new(Outbound::new(FrameHeader::None, ROOM_FOR_ONE));
    for ends in [false, true] {
        push(&queue, 1);
        let waiting: Vec<_> = (0..10_000)
            .map(|_| {
                let queue = Arc::clone(&queue);
                tokio::spawn(async move { queue.room().await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(waiting.iter().all(|task| !task.is_finished()));
        if ends {
            queue.refuse();
        } else {
            queue.take(&mut VecDeque::new());
        }
        let expected = if ends { Err(Refused::Closed) } else { Ok(()) };
        for task in waiting {
            assert_eq!(task.await.unwrap(), expected);
        }
    }
}

#[test]
fn what_is_being_written_is_charged_until_it_is_written() {
    let budget = MemoryBudget::new(10_000_000);
    let queue = Outbound::new(FrameHeader::None, QueueLimit { bytes: usize::MAX, frames: usize::MAX })
        .charged_to(Some(budget.clone()));
    let mut batch = VecDeque::new();
    let mut cx = Context::from_waker(Waker::noop());
    push(&queue, 8192);
    queue.take(&mut batch);
    assert_eq!(budget.held(), 8192);
    // The transport is stuck with it, and the next batch waits.
    assert!(queue.sleep(Writing::Stuck, &mut cx));
    push(&queue, 4096);
    assert_eq!(budget.held(), 12_288);
    // All of the first has gone out, and then of the second.
    batch.clear();
    queue.take(&mut batch);
    assert_eq!(budget.held(), 4096);
    batch.clear();
    assert!(queue.sleep(Writing::Free, &mut cx));
    assert_eq!(budget.held(), 0);
    // Whoever is given up is not to blame any more.
    push(&queue, 8192);
    queue.take(&mut batch);
    queue.give_up();
    assert_eq!(budget.held(), 0);
}
