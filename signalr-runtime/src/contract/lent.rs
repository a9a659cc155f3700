//! Parameters that are lent to a method: `&T`, for a `T` that is decoded first.
//!
//! Nothing here asks `T` for a size, which only what can be lent has: `&Path` would be reported once as something that
//! cannot be lent, and once more for each size that is asked for.

use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::encoding::Encoding;
use super::value::{HubProtocol, ValueError};

/// Parameter `P` of a method is lent to the method.
pub trait LentParam<P> {
    /// What is decoded on the receiving side.
    type Owned: ?Sized + LentValue;
}

/// What can be lent to a method.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent through a hub",
    label = "not a type that can be sent",
    note = "what is sent must be `Send`, own all its data, and implement serde's `Serialize` and `Deserialize`",
    note = "if the type is yours, add `#[derive(serde::Serialize, serde::Deserialize)]` to it",
    note = "a type without a size of its own is taken in its owned form: `&PathBuf` for `&Path`, `Box<RawValue>` for \
            `&RawValue`; and a text as `&str`, not by another name for `str`"
)]
pub trait LentValue: 'static {
    #[doc(hidden)]
    type Kept: Deref<Target = Self> + Send + 'static;
    #[doc(hidden)]
    fn decode_lent(format: HubProtocol, input: &mut &[u8]) -> Result<Self::Kept, ValueError>;
    #[doc(hidden)]
    fn encode_lent(&self, encoding: Encoding, out: &mut Vec<u8>) -> Result<(), ValueError>;
}

#[diagnostic::do_not_recommend]
#[expect(clippy::needless_maybe_sized, reason = "a bound of its own would be reported beside the others")]
impl<T: ?Sized + Serialize + DeserializeOwned + Send + 'static> LentValue for T {
    type Kept = Kept<T>;

    fn decode_lent(format: HubProtocol, input: &mut &[u8]) -> Result<Kept<T>, ValueError> {
        format.read_front(input).map(Kept)
    }

    fn encode_lent(&self, encoding: Encoding, out: &mut Vec<u8>) -> Result<(), ValueError> {
        encoding.write(self, out)
    }
}

/// A value that is lent to the method.
pub struct Kept<T>(T);

impl<T> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
