//! The hub protocol `messagepack` from outside.

mod faults;
mod hostile;
mod reference;
mod round_trip;
mod values;
mod vectors;

use serde_json::Value;

use super::model::read_whole_in;
use super::tree::Tree;
use crate::contract::value::HubProtocol;

const MESSAGEPACK: HubProtocol = HubProtocol::MessagePack;

/// Reads a record that is one value, given as in the vectors.
fn read_tree(tree: &Tree) -> Result<Option<Value>, String> {
    read_whole_in(MESSAGEPACK, &tree.to_bytes()).map_err(|error| error.to_string())
}
