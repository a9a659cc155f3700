//! A hub under test: the real hub and real clients in one process, without a socket, on a clock that does not wait.

use std::time::Duration;

use signalr_runtime::server::{Hub, HubContext, HubService};
use signalr_runtime::test::TestServer;
use signalr_runtime::{HubError, HubResult, client_proxy, hub};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

#[hub(client = Player)]
trait Quiz {
    async fn ask_me(&self) -> HubResult<String>;
}

#[client_proxy]
trait Player {
    async fn answer(&self, question: &str) -> HubResult<u32>;
}

struct Round(HubContext<QuizContract>);
impl Hub for Round {
    type Contract = QuizContract;
}

impl Quiz for Round {
    async fn ask_me(&self) -> HubResult<String> {
        let player = self.0.clients().caller();
        let answer = timeout(Duration::from_secs(30), player.answer("6 times 7?")).await;
        match answer.map_err(|_| HubError::new("your time is up"))?? {
            42 => Ok("right".to_owned()),
            other => Ok(format!("{other} is wrong")),
        }
    }
}

/// A player who answers what comes out of a channel, and who thinks until then.
struct Thinker(tokio::sync::Mutex<mpsc::Receiver<u32>>);

impl Player for Thinker {
    async fn answer(&self, _question: &str) -> HubResult<u32> {
        self.0.lock().await.recv().await.ok_or_else(|| HubError::new("no idea"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_player_has_thirty_seconds() {
    let server = TestServer::new(HubService::<Round>::new(Round));
    let (answers, thoughts) = mpsc::channel(1);
    let client = server.client().handlers(Thinker(thoughts.into())).connect().await.unwrap();

    answers.send(42).await.unwrap();
    assert_eq!(client.hub().ask_me().await.unwrap(), "right");

    let begun = Instant::now();
    let error = client.hub().ask_me().await.unwrap_err();
    assert_eq!(error.detail(), "your time is up");
    // Exactly: when everybody waits, a paused clock jumps to the next moment at which something happens.
    assert_eq!(begun.elapsed(), Duration::from_secs(30));
}
