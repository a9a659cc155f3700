//! What is written is read again, however the bytes are cut on the way.

use std::ops::ControlFlow;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use super::generate::message;
use super::model::{Described, read_whole_in};
use crate::contract::value::HubProtocol;
use crate::protocol::framing::{Framing, RECORD_SEPARATOR, RecordReader};
use crate::protocol::{ProtocolError, write};

/// Reads messages that come in pieces, each of which ends at a cut.
pub(super) fn read_in_pieces(
    protocol: HubProtocol,
    bytes: &[u8],
    cuts: &[Index],
) -> Vec<Result<Option<Value>, ProtocolError>> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    let mut reader = RecordReader::new(None);
    reader.switch(Framing::of(protocol), None);
    let mut messages = Vec::new();
    for cut in cuts.windows(2) {
        let flow = reader.push(&bytes[cut[0]..cut[1]], |record| {
            messages.push(read_whole_in(protocol, record));
            ControlFlow::<()>::Continue(())
        });
        assert_eq!(flow, Ok(ControlFlow::Continue(())));
    }
    assert_eq!(reader.end(), Ok(()));
    messages
}

proptest! {
    #[test]
    fn messages_survive_the_wire(
        messages in prop::collection::vec(message(), 1..6),
        cuts in prop::collection::vec(any::<Index>(), 0..8),
    ) {
        let mut bytes = Vec::new();
        for model in &messages {
            let start = bytes.len();
            write(HubProtocol::Json, &Described::new(model).message(), &mut bytes);
            let end = bytes[start..].iter().position(|byte| *byte == RECORD_SEPARATOR);
            prop_assert_eq!(end, Some(bytes.len() - start - 1), "one record per message");
        }

        let sent: Vec<_> = messages.into_iter().map(|model| Ok(Some(model))).collect();
        prop_assert_eq!(read_in_pieces(HubProtocol::Json, &bytes, &cuts), sent);
    }

    /// What was read and written again is the same message: nothing is escaped twice or lost.
    #[test]
    fn writing_is_stable(model in message()) {
        let mut once = Vec::new();
        write(HubProtocol::Json, &Described::new(&model).message(), &mut once);
        let record = &once[..once.len() - 1];
        let message = crate::protocol::read(HubProtocol::Json, record).expect("sound").expect("known");
        let mut twice = Vec::new();
        write(HubProtocol::Json, &message, &mut twice);
        prop_assert_eq!(String::from_utf8(once), String::from_utf8(twice));
    }
}
