//! The example of the README, as it stands there: compiled, and run.

#![allow(missing_docs, unreachable_pub, reason = "three crates stand here as three modules")]

#[path = "authentication.rs"]
mod authentication;
#[path = "chat_client.rs"]
mod chat_client;
#[allow(dead_code, reason = "a program of its own in the README")]
#[path = "chat_client_main.rs"]
mod chat_client_main;
#[path = "chat_contract.rs"]
mod chat_contract;
#[path = "chat_server.rs"]
mod chat_server;
#[allow(dead_code, reason = "a program of its own in the README")]
#[path = "chat_server_main.rs"]
mod chat_server_main;
#[path = "chat_test.rs"]
mod chat_test;
#[path = "reconnect.rs"]
mod reconnect;
#[path = "typed_errors.rs"]
mod typed_errors;

use chat_contract::ChatHubContract;
use signalr_runtime::client::HubConnection;

const README: &str = include_str!("../../README.md");

/// The code of a file as the README shows it: without the line that documents the module here, with the contract as a
/// crate of its own, and with what stands in the same file of a reader.
fn shown(file: &str) -> String {
    let code: String = file.lines().skip(2).flat_map(|line| [line, "\n"]).collect();
    code.replace("use crate::chat_contract::", "use chat_contract::")
        .replace("use crate::chat_server::app;\n\n", "")
        .replace("use crate::chat_client::run;\n\n", "")
        .replace("use crate::chat_server::chat;", "use crate::chat;")
}

#[test]
fn the_readme_shows_the_code_that_is_tested() {
    for (name, file) in [
        ("chat_contract.rs", include_str!("chat_contract.rs")),
        ("chat_server.rs", include_str!("chat_server.rs")),
        ("chat_server_main.rs", include_str!("chat_server_main.rs")),
        ("chat_client.rs", include_str!("chat_client.rs")),
        ("chat_client_main.rs", include_str!("chat_client_main.rs")),
        ("chat_test.rs", include_str!("chat_test.rs")),
        ("typed_errors.rs", include_str!("typed_errors.rs")),
        ("reconnect.rs", include_str!("reconnect.rs")),
    ] {
        assert!(README.contains(&shown(file)), "the README does not show {name} as it is:\n{}", shown(file));
    }
}

#[test]
fn the_readme_shows_the_authentication_that_is_tested() {
    let (_, file) =
        include_str!("authentication.rs").split_once("// What the README shows:\n").expect("it begins");
    let (shown, _) = file.split_once("// To here.\n").expect("it ends");
    assert!(README.contains(shown), "the README does not show authentication.rs as it is:\n{shown}");
}

/// Serves on a port of its own, and gives the hub's URL.
async fn serve(app: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}/chat", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

#[tokio::test]
async fn the_example_works() {
    let url = serve(chat_server::app()).await;
    chat_client::run(&url).await.expect("the client gets its answers");
}

#[tokio::test]
async fn the_authentication_works() {
    let url = serve(authentication::app()).await;
    let connect = |token: &'static str| {
        HubConnection::<ChatHubContract>::builder(&url)
            .access_token(move || std::future::ready(Ok(token.to_owned())))
            .connect()
    };
    for stranger in ["", "eve"] {
        let refused = connect(stranger).await.map(drop).expect_err("strangers stay outside");
        assert_eq!(refused.status().map(|status| status.as_u16()), Some(401));
    }
    let paste = async |name| {
        let connection = connect(name).await.expect("who has a token may come in");
        connection.hub().join("lobby").await.expect("and join");
        connection.hub().paste("lobby", futures_util::stream::empty()).await
    };
    assert_eq!(paste("ada").await.ok(), Some(0));
    let refused = paste("bob").await.expect_err("only moderators paste");
    assert_eq!(refused.message(), "Failed to invoke 'Paste' because user is unauthorized");
}

#[test]
fn a_typed_error_is_the_same_on_both_sides() {
    use signalr_runtime::HubError;
    use typed_errors::JoinError;

    let received = |sent: HubError| {
        let text = "An unexpected error occurred invoking 'Join' on the server. HubException: ";
        JoinError::from(HubError::new(format!("{text}{sent}")))
    };
    let full = HubError::from(JoinError::RoomFull { places: 10 });
    assert_eq!(full.message(), r#"The room is full: it has 10 places. [RoomFull {"places":10}]"#);
    assert!(matches!(received(full), JoinError::RoomFull { places: 10 }));
    assert!(matches!(received(HubError::new("something else")), JoinError::Call(_)));
}

#[tokio::test]
async fn a_client_comes_back_until_it_is_refused() {
    let app = axum::Router::new();
    let refused = reconnect::stay(&serve(app).await).await;
    assert_eq!(refused.status().map(|status| status.as_u16()), Some(404));
}
