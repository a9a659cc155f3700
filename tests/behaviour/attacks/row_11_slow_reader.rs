//! A client that does not read what it is sent.

use std::time::{Duration, Instant};

use signalr_runtime::server::{HubOptions, Limits, MemoryBudget, SlowConsumer};

use super::victim::{PATIENCE, Victim, impatience};
use super::wire::{Socket, call};

const MESSAGE: usize = 16 * 1024;

/// Sends to everybody until the server has done something about who does not read. Gives the most that was held.
async fn send_until(victim: &Victim, budget: &MemoryBudget, done: impl Fn() -> bool) -> usize {
    send_texts_until(victim, budget, MESSAGE, done).await
}

async fn send_texts_until(
    victim: &Victim,
    budget: &MemoryBudget,
    size: usize,
    done: impl Fn() -> bool,
) -> usize {
    let text = "x".repeat(size);
    let mut most = 0;
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE);
        // Others are not delayed by the slow one; whoever awaits it would be.
        let all = victim.hub.clients().all();
        let _ = tokio::time::timeout(Duration::from_millis(20), all.message("", &text)).await;
        most = most.max(budget.held());
        tokio::task::yield_now().await;
    }
    most
}

/// A hub with a client that reads nothing, for which others wait with this patience.
async fn attacked(send_patience: Duration, slow_consumer: SlowConsumer) -> (Victim, MemoryBudget, Socket) {
    let budget = MemoryBudget::new(1 << 30);
    let limits = Limits { send_patience, slow_consumer, memory: Some(budget.clone()), ..Limits::default() };
    let victim = Victim::with(HubOptions { limits, http: impatience(), ..HubOptions::default() }).await;
    let slow = victim.connect().await;
    (victim, budget, slow)
}

/// What is kept of the request of one client.
const REQUEST: usize = 2 * 1024;

/// The most that is held for one client: its request, the queue, the message that makes it full, and the one whose sender
/// waits.
const BOUND: usize = REQUEST + 64 * 1024 + 2 * MESSAGE + 1024;

#[tokio::test]
async fn a_write_that_nobody_takes_ends_the_connection() {
    let (victim, budget, _slow) = attacked(Duration::MAX, SlowConsumer::Disconnect).await;
    let most = send_until(&victim, &budget, || victim.hits("write_time") > 0).await;
    assert!(most <= BOUND, "{most}");
    victim.forgets_everybody().await;
    super::until(|| budget.held() == 0).await;
}

#[tokio::test]
async fn calls_are_dropped_and_the_queue_stays_as_it_is() {
    for policy in [SlowConsumer::DropNewest, SlowConsumer::DropOldest] {
        let (victim, budget, _slow) = attacked(Duration::ZERO, policy).await;
        let most = send_until(&victim, &budget, || victim.hits("slow_consumer") > 10).await;
        assert!(most <= BOUND, "{most}");
        victim.serves_others().await;
        // A client that takes nothing at all is still given up.
        super::until(|| victim.hits("write_time") > 0).await;
        victim.forgets_everybody().await;
    }
}

#[tokio::test]
async fn the_client_is_disconnected() {
    let (victim, budget, _slow) = attacked(Duration::ZERO, SlowConsumer::Disconnect).await;
    let most = send_until(&victim, &budget, || victim.hits("slow_consumer") > 0).await;
    assert!(most <= BOUND, "{most}");
    // What waited for it is given back before it has gone, but for the message that was being written.
    assert!(budget.held() <= REQUEST + MESSAGE + 1024, "{budget:?}");
    super::until(|| victim.hub.connection_count() == 0 && budget.held() == 0).await;
}

#[tokio::test]
async fn many_of_them_hold_no_more_than_a_quarter_of_the_memory() {
    let budget = MemoryBudget::new(1_000_000);
    let limits = Limits { memory: Some(budget.clone()), ..Limits::default() };
    let victim = Victim::limited(limits).await;
    let mut crowd = Vec::new();
    for _ in 0..20 {
        crowd.push(victim.connect().await);
    }
    // Each of them has a copy of texts that are so short.
    let most = send_texts_until(&victim, &budget, 900, || victim.hits("slow_readers") > 3).await;
    assert!(most <= 20 * BOUND, "{most}");
    super::until(|| budget.held() <= 250_000).await;
}

#[tokio::test]
async fn a_client_that_takes_no_answers_is_not_read() {
    let (victim, budget, mut slow) = attacked(Duration::MAX, SlowConsumer::Disconnect).await;
    let text = "x".repeat(MESSAGE);
    let asking = async {
        for n in 0_u64.. {
            slow.send(&call(&n.to_string(), "Echo", &format!("[\"{text}\"]"))).await;
        }
    };
    tokio::select! {
        () = asking => {}
        // The buffers of the system take a lot before it is felt.
        () = super::until(|| victim.hits("unsent_answers") > 0 && victim.hits("write_time") > 0) => {}
    }
    // The calls that were read with the one whose answer was too much are answered as well.
    assert!(budget.held() <= 2 * BOUND, "{}", budget.held());
    victim.forgets_everybody().await;
}
