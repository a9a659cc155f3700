//! The lengths before the records of the binary framing.

use super::cuts;
use crate::protocol::ProtocolError;
use crate::protocol::framing::Framing;
use crate::protocol::prefix::Prefix;

/// Reads `data` as records after their lengths, and every four bytes of it as a length.
///
/// # Panics
///
/// If the records depend on how the bytes arrive, or a length is another one after it was written.
pub fn varint(data: &[u8]) {
    let (records, _) = cuts::records(Framing::Binary, data);
    let mut frames = Vec::new();
    for record in records.iter() {
        frames.extend(Prefix::write(record.len()));
        frames.extend_from_slice(record);
    }
    // No limit, and in large pieces: only what is written matters here.
    let mut again = vec![0, u8::MAX];
    again.extend(frames);
    assert_eq!(cuts::records(Framing::Binary, &again), (records, Ok(())));
    data.windows(5).take(64).for_each(length);
}

fn length(bytes: &[u8]) {
    match Prefix::read(bytes) {
        Ok(Some(prefix)) => {
            assert!(prefix.len <= bytes.len() && prefix.record <= 0x7FFF_FFFF);
            let shortest: Vec<u8> = Prefix::write(prefix.record).collect();
            assert!(shortest.len() <= prefix.len);
            let again = Prefix { len: shortest.len(), record: prefix.record };
            assert_eq!(Prefix::read(&shortest), Ok(Some(again)));
            // No part of it is a length.
            for end in 0..prefix.len {
                assert_eq!(Prefix::read(&bytes[..end]), Ok(None));
            }
        }
        Ok(None) => panic!("five bytes decide"),
        Err(error) => assert_eq!(error, ProtocolError::LengthOverflow),
    }
}
