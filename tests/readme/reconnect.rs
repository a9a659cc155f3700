//! A connection that is made again.

use std::time::Duration;

use crate::chat_contract::ChatHubContract;
use signalr_runtime::client::{ConnectError, HubConnection};

/// Connects, and again whenever the connection has ended, until the hub refuses.
pub async fn stay(url: &str) -> ConnectError {
    loop {
        let connection = HubConnection::<ChatHubContract>::builder(url).connect().await;
        match connection {
            Ok(connection) => {
                // A new connection is in no group: join again, here.
                if let Some(lost) = connection.closed().await {
                    eprintln!("the connection is lost: {lost}");
                }
            }
            Err(refused) if is_final(&refused) => return refused,
            Err(error) => eprintln!("{error}"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Whether trying again changes nothing.
fn is_final(refused: &ConnectError) -> bool {
    matches!(refused.status().map(|status| status.as_u16()), Some(401 | 403 | 404))
}
