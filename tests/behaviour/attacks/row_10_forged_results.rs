//! An answer counts from whom was asked, once, and if it is of the right type.

use super::victim::Victim;
use super::wire::Socket;

/// Asks a client, as the server: its question's id, and the answer to come.
async fn asked(
    victim: &Victim,
    client: &mut Socket,
) -> (String, tokio::task::JoinHandle<Result<String, String>>) {
    let answer = client.call("id", "ConnectionId", "[]").await;
    let connection: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let asked = victim.hub.clients().client(connection["result"].as_str().expect(&answer));
    let answer = tokio::spawn(async move { asked.confirm("?").await.map_err(|error| error.to_string()) });
    let question: serde_json::Value = serde_json::from_str(&client.next().await).unwrap();
    (question["invocationId"].as_str().unwrap().to_owned(), answer)
}

fn result(id: &str, value: &str) -> String {
    format!(r#"{{"type":3,"invocationId":"{id}","result":{value}}}"#)
}

#[tokio::test]
async fn somebody_else_answers() {
    let victim = Victim::new().await;
    let (mut honest, mut forger) = (victim.connect().await, victim.connect().await);
    let (id, answer) = asked(&victim, &mut honest).await;
    forger.send(&result(&id, "\"forged\"")).await;
    let (said, _) = forger.end().await;
    assert_eq!(said, [r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#]);
    assert_eq!(victim.hits("forged_result"), 1);
    honest.send(&result(&id, "\"true\"")).await;
    assert_eq!(answer.await.unwrap(), Ok("true".to_owned()));
}

#[tokio::test]
async fn answers_that_nobody_waits_for() {
    let victim = Victim::with(signalr_runtime::server::HubOptions {
        enable_detailed_errors: true,
        ..Default::default()
    })
    .await;
    let mut client = victim.connect().await;
    let (id, answer) = asked(&victim, &mut client).await;
    client.send(&result(&id, "\"first\"")).await;
    assert_eq!(answer.await.unwrap(), Ok("first".to_owned()));
    // Twice, late, and to questions that were never put.
    for id in [&*id, "s999999", "x"] {
        client.send(&result(id, "\"second\"")).await;
    }
    let (id, answer) = asked(&victim, &mut client).await;
    client.send(&result(&id, r#"{"of":"another type"}"#)).await;
    assert!(answer.await.unwrap().is_err());
    let (id, answer) = asked(&victim, &mut client).await;
    client.send(&result(&id, "\"third\"")).await;
    assert_eq!(answer.await.unwrap(), Ok("third".to_owned()));
}
