//! The hub protocol `messagepack`: one array per record, and the length of the record before it.

mod read;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;

use super::ProtocolError;

/// What the first element of a message says.
mod kind {
    pub(super) const INVOCATION: i32 = 1;
    pub(super) const STREAM_ITEM: i32 = 2;
    pub(super) const COMPLETION: i32 = 3;
    pub(super) const STREAM_INVOCATION: i32 = 4;
    pub(super) const CANCEL_INVOCATION: i32 = 5;
    pub(super) const PING: i32 = 6;
    pub(super) const CLOSE: i32 = 7;
    pub(super) const ACK: i32 = 8;
    pub(super) const SEQUENCE: i32 = 9;
}

/// What a completion says about its last element.
mod result_kind {
    pub(super) const ERROR: i32 = 1;
    pub(super) const VOID: i32 = 2;
    pub(super) const RESULT: i32 = 3;
}

/// Makes sure that a record which [`read()`] accepted is sound inside its values too.
///
/// Always true: the length of a record is known before it is read, so that a broken value in it ends the call that
/// it belongs to, as one of the wrong type does, and nothing behind it is misread. Its extent and depth are known
/// to [`read()`], which hands on what does not decode as something that will not.
#[expect(clippy::unnecessary_wraps, reason = "another protocol finds faults here")]
pub(crate) fn validate(_: &[u8]) -> Result<(), ProtocolError> {
    Ok(())
}
