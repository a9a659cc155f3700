//! The handshake, in both directions.

use std::ops::ControlFlow;

use super::{check, cuts};
use crate::contract::value::HubProtocol;
use crate::protocol::framing::{Framing, RecordReader};
use crate::protocol::handshake::{HandshakeRefusal, HandshakeRequest, HandshakeResponse};
use crate::protocol::{ProtocolError, TransferFormat};

/// Reads each record of `data` as a request and as a response of the handshake.
///
/// # Panics
///
/// If one that was read is another one after it was written, or if a client that is refused is told what it has sent.
pub fn handshake(data: &[u8]) {
    for record in cuts::records(Framing::Text, data).0.iter() {
        request(record);
        response(record);
    }
}

fn request(record: &[u8]) {
    match HandshakeRequest::read(record) {
        Ok(request) => {
            let written = written(|out| request.write(out));
            assert_eq!(HandshakeRequest::read(&written), Ok(request.clone()));
            for transport in [&[TransferFormat::Text][..], &[TransferFormat::Text, TransferFormat::Binary]] {
                let accepted = request.accept(HubProtocol::ALL, transport);
                let known =
                    HubProtocol::ALL.iter().find(|known| request.protocol.eq_ignore_ascii_case(known.name()));
                let expected = known.filter(|known| {
                    request.version <= known.version() && transport.contains(&known.transfer_format())
                });
                assert_eq!(accepted.ok().as_ref(), expected);
            }
        }
        Err(error) => {
            check(&error, record);
            assert_eq!(
                HandshakeRefusal::from(error).to_string(),
                "An unexpected error occurred during connection handshake."
            );
        }
    }
}

fn response(record: &[u8]) {
    match HandshakeResponse::read(record) {
        Ok(response) => {
            let written = written(|out| response.write(out));
            assert_eq!(HandshakeResponse::read(&written), Ok(response));
        }
        Err(error) => check(&error, record),
    }
}

/// The one record that is written.
fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut frame = Vec::new();
    write(&mut frame);
    let mut records = Vec::new();
    let mut reader = RecordReader::new(None);
    let pushed: Result<ControlFlow<()>, ProtocolError> = reader.push(&frame, |record| {
        records.push(record.to_vec());
        ControlFlow::Continue(())
    });
    assert_eq!((pushed, reader.end(), records.len()), (Ok(ControlFlow::Continue(())), Ok(()), 1));
    records.remove(0)
}
