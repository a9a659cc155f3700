//! UTF-8 that comes in pieces.

/// Checks text piece by piece: a character may be cut anywhere.
#[derive(Debug, Default)]
pub(super) struct Utf8 {
    /// The beginning of a character whose end has not come yet.
    cut: [u8; 4],
    len: usize,
}

/// A byte that cannot follow those before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotUtf8 {
    /// How many bytes of the piece come before it.
    pub(super) good: usize,
}

impl Utf8 {
    pub(super) fn check(&mut self, piece: &[u8]) -> Result<(), NotUtf8> {
        let mut good = 0;
        let mut rest = piece;
        while self.len > 0 {
            let Some((&next, behind)) = rest.split_first() else { return Ok(()) };
            self.push(next).map_err(|()| NotUtf8 { good })?;
            rest = behind;
            good += 1;
        }
        let Err(fault) = std::str::from_utf8(rest) else { return Ok(()) };
        good += fault.valid_up_to();
        for &byte in rest.get(fault.valid_up_to()..).unwrap_or_default() {
            self.push(byte).map_err(|()| NotUtf8 { good })?;
            good += 1;
        }
        Ok(())
    }

    /// Whether the text may end here.
    pub(super) fn is_whole(&self) -> bool {
        self.len == 0
    }

    fn push(&mut self, byte: u8) -> Result<(), ()> {
        let len = self.len + 1;
        *self.cut.get_mut(self.len).ok_or(())? = byte;
        self.len = match std::str::from_utf8(self.cut.get(..len).ok_or(())?) {
            Ok(_) => 0,
            Err(fault) if fault.error_len().is_none() => len,
            Err(_) => return Err(()),
        };
        Ok(())
    }
}
