//! The processes that serve a hub, and how its connection ids name them.

use std::fmt;
use std::sync::OnceLock;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::connection::ConnectionId;

/// One process that serves hubs, among several that share their clients. Every [`ConnectionId`] begins with that of the
/// node that gave it out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// A number that no other node has.
    pub fn new(number: u32) -> Self {
        Self(number)
    }

    /// A random number, the same as long as the process lives.
    pub fn of_this_process() -> Self {
        static ID: OnceLock<u32> = OnceLock::new();
        Self(*ID.get_or_init(rand::random))
    }

    /// The number.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl Default for NodeId {
    fn default() -> Self {
        Self::of_this_process()
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({:08x})", self.0)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

const NODE_BYTES: usize = 4;
const ID_BYTES: usize = 16;

impl ConnectionId {
    /// A new id: 22 characters for 128 bits, of which 96 are random.
    pub(crate) fn random(node: NodeId) -> Self {
        let mut bytes: [u8; ID_BYTES] = rand::random();
        bytes[..NODE_BYTES].copy_from_slice(&node.0.to_be_bytes());
        Self::new(&BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The node that has given this id out: the one that the client negotiated with or, if it did not, that it is
    /// connected to. `None` for a client of negotiate version 0, whose id is its token.
    pub fn node(&self) -> Option<NodeId> {
        let mut bytes = [0; ID_BYTES];
        let length = BASE64_URL_SAFE_NO_PAD.decode_slice(self.as_str(), &mut bytes).ok()?;
        let (node, _) = bytes.split_first_chunk::<NODE_BYTES>()?;
        (length == ID_BYTES).then(|| NodeId(u32::from_be_bytes(*node)))
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
