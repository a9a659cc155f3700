//! The test hub on a real socket, and a client's handlers.

use std::sync::Arc;

use signalr_runtime::client::{HubConnection, HubConnectionBuilder};
use signalr_runtime::server::{HubHandle, HubRouterExt, HubService};
use signalr_runtime::{HubError, HubResult};
use signalr_tests::test_hub::{TestClient, TestHubContract, TestHubServer};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A running server. It ends with its test.
pub(super) struct Server {
    pub(super) url: String,
    pub(super) hub: HubHandle<TestHubContract>,
}

impl Server {
    pub(super) async fn start() -> Self {
        let service = HubService::<TestHubServer>::new(TestHubServer::new);
        let hub = service.handle();
        let app: axum::Router = axum::Router::new().hub("/hub", service);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hub", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, hub }
    }

    pub(super) fn client(&self) -> HubConnectionBuilder<TestHubContract> {
        HubConnection::builder(&*self.url)
    }
}

/// Handlers that note what comes, and answer questions with `yes, `, or with an error when they are asked to fail.
pub(super) struct Ui {
    messages: mpsc::UnboundedSender<(String, String)>,
}

impl Ui {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<(String, String)>) {
        let (messages, received) = mpsc::unbounded_channel();
        (Self { messages }, received)
    }
}

impl TestClient for Ui {
    async fn message(&self, sender: &str, text: &str) {
        let _ = self.messages.send((sender.to_owned(), text.to_owned()));
    }

    async fn confirm(&self, question: &str) -> HubResult<String> {
        if question == "fail" { Err(HubError::new("no answer")) } else { Ok(format!("yes, {question}")) }
    }
}

/// A value that a handler is given after it was made: its own connection.
pub(super) type Later<T> = Arc<std::sync::OnceLock<T>>;
