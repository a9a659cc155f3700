//! Who gets in, and what becomes of the token.

mod requests;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jwt_chat::chat::{ChatClient, ChatHubContract, Message};
use jwt_chat::tokens::{Claims, Role, Tokens};
use requests::{log_in, post};
use signalr_runtime::HubError;
use signalr_runtime::client::{ConnectionState, HubConnection};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

const LIFETIME: Duration = Duration::from_secs(300);

/// Starts a chat of its own.
async fn start(tokens: &Arc<Tokens>) -> SocketAddr {
    // Before anything is logged: what a test without a log meets first, no log hears any more.
    LazyLock::force(&LOG);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = jwt_chat::app(tokens, jwt_chat::chat::hub());
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn start_with_tokens() -> (SocketAddr, Arc<Tokens>) {
    let tokens = Arc::new(Tokens::new(LIFETIME));
    (start(&tokens).await, tokens)
}

/// What the server calls on a client.
struct Ears(mpsc::UnboundedSender<String>);

impl ChatClient for Ears {
    async fn said(&self, message: &Message) {
        self.0.send(format!("{}: {}", message.from, message.text)).ok();
    }

    async fn cleared(&self, by: &str) {
        self.0.send(format!("cleared by {by}")).ok();
    }
}

struct Guest {
    connection: HubConnection<ChatHubContract>,
    heard: mpsc::UnboundedReceiver<String>,
}

impl Guest {
    /// Connects with the token in the header, as programs do.
    async fn connect(address: SocketAddr, token: String) -> Self {
        let (ears, heard) = mpsc::unbounded_channel();
        let connection = HubConnection::builder(format!("http://{address}/chat"))
            .access_token(move || std::future::ready(Ok(token.clone())))
            .handlers(Ears(ears))
            .connect()
            .await
            .unwrap();
        Self { connection, heard }
    }

    /// Connects with the token in the query, as browsers do.
    async fn connect_by_query(address: SocketAddr, token: &str) -> Self {
        let (ears, heard) = mpsc::unbounded_channel();
        let url = format!("http://{address}/chat?access_token={token}");
        let connection = HubConnection::builder(url).handlers(Ears(ears)).connect().await.unwrap();
        Self { connection, heard }
    }

    async fn hear(&mut self) -> String {
        timeout(Duration::from_secs(10), self.heard.recv()).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_password_gets_a_token_and_a_token_gets_the_next_one() {
    let (address, tokens) = start_with_tokens().await;
    let (head, issued) = log_in(address, "ada", "lovelace").await;
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert_eq!((&issued["name"], &issued["expiresInSeconds"]), (&"ada".into(), &300.into()));
    let claims = tokens.verify(issued["token"].as_str().unwrap()).unwrap();
    assert_eq!((claims.sub.as_str(), claims.role), ("ada", Role::Moderator));

    let bearer = format!("Authorization: Bearer {}\r\n", issued["token"].as_str().unwrap());
    let (head, renewed) = post(address, "/renew", &bearer, "").await;
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    let renewed: serde_json::Value = serde_json::from_str(&renewed).unwrap();
    let renewed = tokens.verify(renewed["token"].as_str().unwrap()).unwrap();
    assert_eq!((renewed.sub.as_str(), renewed.auth_time), ("ada", claims.auth_time));

    for (name, password) in [("ada", "builder"), ("ada", ""), ("", ""), ("eve", "lovelace")] {
        let (head, _) = log_in(address, name, password).await;
        assert!(head.starts_with("http/1.1 401 ") && head.contains("www-authenticate: bearer"), "{head}");
    }
}

#[tokio::test]
async fn nobody_renews_for_ever() {
    let (address, tokens) = start_with_tokens().await;
    let token = tokens.issue("ada".to_owned(), Role::Moderator, 1_000_000_000).unwrap();
    let (head, _) = post(address, "/renew", &format!("Authorization: Bearer {token}\r\n"), "").await;
    assert!(head.starts_with("http/1.1 401 "), "{head}");
}

#[tokio::test]
async fn the_hub_negotiates_with_those_who_have_signed_in() {
    let (address, tokens) = start_with_tokens().await;
    let ours = tokens.issue("bob".to_owned(), Role::Member, 0).unwrap();
    let foreign = Tokens::new(LIFETIME).issue("bob".to_owned(), Role::Member, 0).unwrap();
    let ended = tokens
        .sign(&Claims { sub: "bob".to_owned(), role: Role::Member, auth_time: 0, exp: 1_000_000_000 })
        .unwrap();
    let bearer = |token: &str| format!("Authorization: Bearer {token}\r\n");
    let negotiate = "/chat/negotiate?negotiateVersion=1";
    let in_query = format!("{negotiate}&access_token={ours}");
    let none = "www-authenticate: bearer\r\n";
    let invalid = r#"www-authenticate: bearer error="invalid_token""#;
    let cases = [
        (negotiate, String::new(), "401", none),
        (negotiate, "Authorization: Basic YTpi\r\n".to_owned(), "401", none),
        (negotiate, bearer(&foreign), "401", invalid),
        (negotiate, bearer(&ended), "401", invalid),
        (negotiate, bearer(&format!("{ours}x")), "401", invalid),
        (negotiate, bearer("x"), "401", invalid),
        (negotiate, bearer(&ours), "200", ""),
        (&in_query, String::new(), "200", ""),
    ];
    for (path, headers, status, challenge) in cases {
        let (head, body) = post(address, path, &headers, "").await;
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{headers} {head}");
        assert!(format!("{head}\r\n").contains(challenge), "{headers} {head}");
        assert_eq!(body.contains("connectionToken"), status == "200", "{body}");
    }
}

#[tokio::test]
async fn only_moderators_clear_the_conversation() {
    let (address, tokens) = start_with_tokens().await;
    let mut ada = Guest::connect(address, tokens.issue("ada".to_owned(), Role::Moderator, 0).unwrap()).await;
    let bob = Guest::connect(address, tokens.issue("bob".to_owned(), Role::Member, 0).unwrap()).await;
    bob.connection.hub().say("hello".to_owned()).await.unwrap();
    assert_eq!(ada.hear().await, "bob: hello");
    let refused: HubError = bob.connection.hub().clear().await.unwrap_err();
    assert!(
        refused.to_string().contains("Failed to invoke 'Clear' because user is unauthorized"),
        "{refused}"
    );
    ada.connection.hub().clear().await.unwrap();
    assert_eq!(ada.hear().await, "cleared by ada");
}

#[tokio::test]
async fn a_connection_ends_with_its_token() {
    let (address, tokens) = start_with_tokens().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = Claims { sub: "ada".to_owned(), role: Role::Member, auth_time: now, exp: now + 2 };
    let ada = Guest::connect(address, tokens.sign(&claims).unwrap()).await;
    ada.connection.hub().say("still here".to_owned()).await.unwrap();
    let mut state = ada.connection.state();
    let closed = state.wait_for(|state| *state == ConnectionState::Disconnected);
    timeout(Duration::from_secs(10), closed).await.unwrap().unwrap();
    assert!(SystemTime::now() >= claims.expiry());
}

/// What all tests of this file log, at the most verbose level.
static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    log
});

/// A log that can be read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn neither_a_token_in_the_query_nor_a_connection_token_is_in_a_log() {
    let (address, tokens) = start_with_tokens().await;
    let token = tokens.issue("ada".to_owned(), Role::Moderator, 0).unwrap();
    let mut ada = Guest::connect_by_query(address, &token).await;
    ada.connection.hub().say("hello".to_owned()).await.unwrap();
    assert_eq!(ada.hear().await, "ada: hello");
    ada.connection.stop().await;

    let log = String::from_utf8(LOG.0.lock().unwrap().clone()).unwrap();
    for line in [r#"uri="/chat/negotiate?negotiateVersion=1""#, r#"uri="/chat?id=***""#] {
        assert!(log.contains(line), "{line} is not in {log}");
    }
    assert!(!log.contains(&token) && !log.contains("access_token"), "{log}");
    // Nor is the connection token, which is as good as an access token while the connection lives.
    assert!(!log.replace("id=***", "").contains("id="), "{log}");
}
