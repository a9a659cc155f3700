//! The example of the README, as it stands there: compiled, and run.

#![allow(missing_docs, unreachable_pub, reason = "three crates stand here as three modules")]

#[path = "chat_client.rs"]
mod chat_client;
#[path = "chat_contract.rs"]
mod chat_contract;
#[path = "chat_server.rs"]
mod chat_server;

const README: &str = include_str!("../../README.md");

/// The code of a file as the README shows it: without the line that documents the module here, and with the contract
/// as a crate of its own.
fn shown(file: &str) -> String {
    let code: String = file.lines().skip(2).flat_map(|line| [line, "\n"]).collect();
    code.replace("use crate::chat_contract::", "use chat_contract::")
}

#[test]
fn the_readme_shows_the_code_that_is_tested() {
    for (name, file) in [
        ("chat_contract.rs", include_str!("chat_contract.rs")),
        ("chat_server.rs", include_str!("chat_server.rs")),
        ("chat_client.rs", include_str!("chat_client.rs")),
    ] {
        assert!(README.contains(&shown(file)), "the README does not show {name} as it is:\n{}", shown(file));
    }
}

#[tokio::test]
async fn the_example_works() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}/chat", listener.local_addr().expect("it is bound"));
    let server = tokio::spawn(async move { axum::serve(listener, chat_server::app()).await });
    chat_client::run(&url).await.expect("the client gets its answers");
    server.abort();
}
