//! The length before each record of the binary framing: seven bits per byte, the lowest first, and the highest bit of
//! each byte says whether another one follows.

use super::ProtocolError;

/// The length of a record, and of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prefix {
    /// How many bytes it takes: five at the most.
    pub(crate) len: usize,
    /// How many bytes come behind it: 2 GiB less one at the most.
    pub(crate) record: usize,
}

const MORE: u8 = 0x80;
const BITS: u32 = 7;

impl Prefix {
    /// Reads the prefix that `bytes` begin with. `None` when it is not complete. It may be longer than it has to be.
    pub(crate) fn read<'a>(bytes: impl IntoIterator<Item = &'a u8>) -> Result<Option<Self>, ProtocolError> {
        let mut record = 0;
        for (place, byte) in (0..5).zip(bytes) {
            record |= u64::from(byte & !MORE) << (BITS * place);
            if byte & MORE == 0 {
                let record = i32::try_from(record).ok().and_then(|record| usize::try_from(record).ok());
                let record = record.ok_or(ProtocolError::LengthOverflow)?;
                return Ok(Some(Self { len: place as usize + 1, record }));
            }
            if place == 4 {
                return Err(ProtocolError::LengthOverflow);
            }
        }
        Ok(None)
    }

    /// The prefix of a record that is short enough for one of a single byte.
    pub(crate) fn of_one_byte(record: usize) -> Option<u8> {
        u8::try_from(record).ok().filter(|byte| byte & MORE == 0)
    }

    /// The prefix of a record of `record` bytes. Knows its own length, so that it can be put in place at once.
    pub(crate) fn write(record: usize) -> impl ExactSizeIterator<Item = u8> {
        let mut prefix = [0; 5];
        let mut rest = record;
        let mut len = 0;
        for byte in &mut prefix {
            let [low, ..] = rest.to_le_bytes();
            rest >>= BITS;
            len += 1;
            if rest == 0 {
                *byte = low & !MORE;
                break;
            }
            *byte = low | MORE;
        }
        prefix.into_iter().take(len)
    }
}

#[cfg(test)]
mod tests {
    use super::{Prefix, ProtocolError};

    #[test]
    fn lengths_have_one_to_five_bytes() {
        for (record, bytes) in [
            (0, &[0][..]),
            (1, &[1]),
            (127, &[0x7F]),
            (128, &[0x80, 0x01]),
            (16_383, &[0xFF, 0x7F]),
            (16_384, &[0x80, 0x80, 0x01]),
            (2_097_152, &[0x80, 0x80, 0x80, 0x01]),
            (268_435_456, &[0x80, 0x80, 0x80, 0x80, 0x01]),
            (0x7FFF_FFFF, &[0xFF, 0xFF, 0xFF, 0xFF, 0x07]),
        ] {
            assert_eq!(Prefix::write(record).collect::<Vec<_>>(), bytes);
            assert_eq!(Prefix::of_one_byte(record), bytes.first().copied().filter(|_| bytes.len() == 1));
            assert_eq!(Prefix::read(bytes), Ok(Some(Prefix { len: bytes.len(), record })));
            for end in 0..bytes.len() {
                assert_eq!(Prefix::read(&bytes[..end]), Ok(None));
            }
        }
    }

    #[test]
    fn lengths_may_be_longer_than_they_have_to_be() {
        for bytes in [&[0x81, 0x00][..], &[0x81, 0x80, 0x00], &[0x81, 0x80, 0x80, 0x80, 0x00]] {
            assert_eq!(Prefix::read(bytes), Ok(Some(Prefix { len: bytes.len(), record: 1 })));
        }
    }

    #[test]
    fn lengths_end_at_two_gibibytes() {
        for bytes in
            [[0xFF, 0xFF, 0xFF, 0xFF, 0x08], [0x80, 0x80, 0x80, 0x80, 0x08], [0x80, 0x80, 0x80, 0x80, 0x80]]
        {
            let error = Prefix::read(&bytes).expect_err("too long");
            assert_eq!(error, ProtocolError::LengthOverflow);
            assert_eq!(error.to_string(), "Messages over 2GB in size are not supported.");
            assert_eq!(error.name(), "FormatException");
        }
    }
}
