//! However the bytes of a peer are cut, the same records come of them.

use std::ops::ControlFlow;

use crate::protocol::ProtocolError;
use crate::protocol::framing::{Framing, RecordReader};

/// The records of a stream, and how it ended.
type Records = (Vec<Vec<u8>>, Result<(), ProtocolError>);

/// Cuts `data` into records in every way there is, and gives them once. The first two bytes say how large a message may
/// be, and how it arrives.
pub(super) fn records(framing: Framing, data: &[u8]) -> Records {
    let Some(([limit, size], stream)) = data.split_first_chunk() else { return (Vec::new(), Ok(())) };
    let limit = limit.checked_sub(1).map(|limit| usize::from(limit) * 4);
    let whole = read(framing, limit, [stream]);
    let pieces = usize::from(*size) + 1;
    assert_eq!(read(framing, limit, stream.chunks(1)), whole, "byte by byte");
    assert_eq!(read(framing, limit, stream.chunks(pieces)), whole, "in pieces of {pieces} bytes");
    assert_eq!(read_one_by_one(framing, limit, stream.chunks(pieces)), whole, "with pauses");
    look_ahead(framing, limit, stream, &whole);
    whole
}

fn reader(framing: Framing, limit: Option<usize>) -> RecordReader {
    let mut reader = RecordReader::new(limit);
    reader.switch(framing, limit);
    reader
}

fn read<'a>(framing: Framing, limit: Option<usize>, chunks: impl IntoIterator<Item = &'a [u8]>) -> Records {
    let mut reader = reader(framing, limit);
    let mut records = Vec::new();
    for chunk in chunks {
        let pushed = reader.push(chunk, |record| {
            records.push(record.to_vec());
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
) -> Records {
    let mut reader = reader(framing, limit);
    let mut records = Vec::new();
    for chunk in chunks {
        let mut chunk = chunk;
        loop {
            let pushed = reader.push(std::mem::take(&mut chunk), |record| {
                records.push(record.to_vec());
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

/// A reader that keeps everything shows the same, and still has it.
fn look_ahead(framing: Framing, limit: Option<usize>, stream: &[u8], (whole, end): &Records) {
    let mut reader = reader(framing, limit);
    let mut seen = Vec::new();
    let mut looked = Ok(());
    for chunk in stream.chunks(stream.len() / 2 + 1) {
        reader.keep(chunk);
        looked = reader.look_ahead(|record| seen.push(record.to_vec()));
        if looked.is_err() {
            break;
        }
    }
    assert_eq!(&seen, whole, "looked at ahead");
    assert_eq!(looked.err(), end.clone().err().filter(|error| *error != ProtocolError::Truncated));
    reader.cut();
    let mut records = Vec::new();
    let resumed = reader.resume(|record| {
        records.push(record.to_vec());
        ControlFlow::<()>::Continue(())
    });
    assert!(resumed.is_ok(), "what is whole is sound");
    assert_eq!(&records, whole, "kept");
    assert_eq!(reader.end(), Ok(()), "what was cut is forgotten");
}
