use std::time::Duration;

use super::super::inbox::Inbox;
use super::*;
use crate::server::HttpOptions;
use crate::server::connection::ConnectionId;
use crate::server::http::connections::{Connections, Live};
use crate::server::http::token::Claim;
use crate::server::limits::Limits;
use crate::server::node::NodeId;

/// A request may find a connection right before it is given up, and come with its transport right after.
#[tokio::test(start_paused = true)]
async fn a_connection_that_was_given_up_gets_no_transport() {
    let connections = Arc::new(Connections::new(&HttpOptions::default(), &Limits::default()));
    let expiry = tokio::time::Instant::now() + Duration::from_secs(15);
    let claim = Claim { id: ConnectionId::random(NodeId::new(1)), expiry, stateful: false, is_public: false };
    let made = connections.enter(claim.clone(), |entry| {
        let connection = Arc::new(RequestConnection::new(
            entry.id().clone(),
            Place::new(Some(entry), None),
            None,
            None,
            Inbox::new(100),
        ));
        (Live::Requests(Arc::clone(&connection)), connection)
    });
    let Some(Ok(connection)) = made else { panic!("it is new") };
    connection.abandon();
    assert!(connections.find(&claim).is_none());
    assert!(matches!(connection.attach(Attached::Events, None), Err(Attached::Nothing)));
    assert!(connection.inbox().turn(0).await.unwrap().write(b"x", 0).await.is_err());
}
