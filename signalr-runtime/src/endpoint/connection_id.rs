//! The names of connections, each of which names the node that has given it out.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::node::NodeId;

const NODE_BYTES: usize = 4;
const ID_BYTES: usize = 16;

/// The public name of a connection: not a secret, and good for addressing one client.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(Arc<str>);

impl ConnectionId {
    pub(crate) fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A new id: 22 characters for 128 bits, of which 96 are random.
    pub(crate) fn random(node: NodeId) -> Self {
        let mut bytes: [u8; ID_BYTES] = rand::random();
        bytes[..NODE_BYTES].copy_from_slice(&node.number().to_be_bytes());
        Self::new(&BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The node that has given this id out: the one that the client negotiated with or, if it did not, that it is
    /// connected to. `None` for a client of negotiate version 0, whose id is its token.
    pub fn node(&self) -> Option<NodeId> {
        let mut bytes = [0; ID_BYTES];
        let length = BASE64_URL_SAFE_NO_PAD.decode_slice(self.as_str(), &mut bytes).ok()?;
        let (node, _) = bytes.split_first_chunk::<NODE_BYTES>()?;
        (length == ID_BYTES).then(|| NodeId::new(u32::from_be_bytes(*node)))
    }
}

impl std::ops::Deref for ConnectionId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for ConnectionId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for ConnectionId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<ConnectionId> for String {
    fn from(id: ConnectionId) -> Self {
        id.as_str().to_owned()
    }
}

impl From<&ConnectionId> for String {
    fn from(id: &ConnectionId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{ConnectionId, NodeId};

    #[test]
    fn an_id_names_its_node() {
        let (node, other) = (NodeId::new(0x0102_0304), NodeId::of_this_process());
        let (one, two) = (ConnectionId::random(node), ConnectionId::random(node));
        assert!(one != two && one.len() == 22 && one.starts_with("AQIDB"), "{one} {two}");
        assert_eq!((one.node(), two.node()), (Some(node), Some(node)));
        assert_eq!(ConnectionId::random(other).node(), Some(NodeId::default()));
        assert_eq!(node.to_string(), "01020304");
        for text in ["", "c1", "AQIDB", "AQIDBAAAAAAAAAAAAAAAAAAAAAAA", "!!!!!!!!!!!!!!!!!!!!!!"] {
            assert_eq!(ConnectionId::new(text).node(), None, "{text}");
        }
    }
}
