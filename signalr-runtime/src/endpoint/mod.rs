//! Connections over HTTP, and what is known of them, whatever lives on them: a hub, or a handler of bytes.

pub(crate) mod access_token;
pub(crate) mod admission;
pub(crate) mod authentication_refresh;
pub(crate) mod blocking_detector;
pub(crate) mod connection_id;
pub(crate) mod connection_meter;
pub(crate) mod deadline;
pub(crate) mod http;
pub(crate) mod identity;
#[cfg(feature = "test-util")]
pub(crate) mod in_memory;
pub(crate) mod limits;
pub(crate) mod metrics;
pub(crate) mod network;
pub(crate) mod node;
pub(crate) mod open_connections;
pub(crate) mod origin;
pub(crate) mod origin_policy;
pub(crate) mod path_case;
pub(crate) mod peer_address;
pub(crate) mod query;
pub(crate) mod resume;
pub(crate) mod user_id;
