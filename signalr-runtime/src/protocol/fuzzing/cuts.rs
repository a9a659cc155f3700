//! However the bytes of a peer are cut, the same records come of them.

use std::ops::ControlFlow;

use crate::protocol::ProtocolError;
use crate::protocol::framing::{Framing, RecordReader};

/// The records of a stream, in one piece: what is allocated for them must not drown what the reader allocates.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Records {
    fn push(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.ends.push(self.bytes.len());
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| &self.bytes[std::mem::replace(&mut start, end)..end])
    }
}

/// The records of a stream, and how it ended.
type Outcome = (Records, Result<(), ProtocolError>);

/// Cuts `data` into records in every way there is, and gives them once. The first two bytes say how large a message may
/// be, and how it arrives.
pub(super) fn records(framing: Framing, data: &[u8]) -> Outcome {
    let Some(([limit, size], stream)) = data.split_first_chunk() else { return (Records::default(), Ok(())) };
    let limit = limit.checked_sub(1).map(|limit| usize::from(limit) * 4);
    let whole = read(framing, limit, [stream]);
    let pieces = usize::from(*size) + 1;
    assert_eq!(read(framing, limit, stream.chunks(1)), whole, "byte by byte");
    assert_eq!(read(framing, limit, stream.chunks(pieces)), whole, "in pieces of {pieces} bytes");
    assert_eq!(read_one_by_one(framing, limit, stream.chunks(pieces)), whole, "with pauses");
    look_ahead(framing, limit, stream.chunks(pieces), &whole);
    whole
}

fn reader(framing: Framing, limit: Option<usize>) -> RecordReader {
    let mut reader = RecordReader::new(limit);
    reader.switch(framing, limit);
    reader
}

fn read<'a>(framing: Framing, limit: Option<usize>, chunks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut reader = reader(framing, limit);
    let mut records = Records::default();
    for chunk in chunks {
        let pushed = reader.push(chunk, |record| {
            records.push(record);
            ControlFlow::<()>::Continue(())
        });
        if let Err(error) = pushed {
            return (records, Err(error));
        }
        held(&reader, limit);
    }
    (records, reader.end())
}

/// Pauses after each record.
fn read_one_by_one<'a>(
    framing: Framing,
    limit: Option<usize>,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome {
    let mut reader = reader(framing, limit);
    let mut records = Records::default();
    for chunk in chunks {
        let mut chunk = chunk;
        loop {
            let pushed = reader.push(std::mem::take(&mut chunk), |record| {
                records.push(record);
                ControlFlow::Break(())
            });
            match pushed {
                Ok(ControlFlow::Break(())) => {}
                Ok(ControlFlow::Continue(())) => break,
                Err(error) => return (records, Err(error)),
            }
        }
        held(&reader, limit);
    }
    (records, reader.end())
}

/// A reader that has handed on all it can keeps less than one message, or less than its length.
fn held(reader: &RecordReader, limit: Option<usize>) {
    const LENGTH: usize = 5;
    let most = limit.map_or(usize::MAX, |limit| limit.max(LENGTH - 1));
    assert!(reader.kept() <= most, "{} bytes are kept of a message of at most {most}", reader.kept());
}

/// A reader that keeps what comes shows all of it ahead, and hands it on one by one.
fn look_ahead<'a>(
    framing: Framing,
    limit: Option<usize>,
    chunks: impl IntoIterator<Item = &'a [u8]>,
    (whole, end): &Outcome,
) {
    let mut reader = reader(framing, limit);
    let (mut seen, mut handed_on) = (Records::default(), Records::default());
    let mut looked = Ok(());
    for chunk in chunks {
        reader.keep(chunk);
        looked = reader.look_ahead(|record| seen.push(record));
        if looked.is_err() {
            break;
        }
        let resumed = reader.resume(|record| {
            handed_on.push(record);
            ControlFlow::Break(())
        });
        assert!(resumed.is_ok(), "what was looked at is sound");
    }
    assert_eq!(&seen, whole, "looked at ahead");
    assert_eq!(looked.err(), end.clone().err().filter(|error| *error != ProtocolError::Truncated));
    reader.cut();
    let resumed = reader.resume(|record| {
        handed_on.push(record);
        ControlFlow::<()>::Continue(())
    });
    assert!(resumed.is_ok(), "what is whole is sound");
    assert_eq!(&handed_on, whole, "kept");
    assert_eq!(reader.end(), Ok(()), "what was cut is forgotten");
}
