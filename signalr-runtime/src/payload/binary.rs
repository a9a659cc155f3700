//! Bytes that can be an argument or a result as they are.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::byte_array;

/// .NET's `byte[]`: bytes, written as [`byte_array`] says, where no attribute can say so.
///
/// ```
/// use signalr_runtime::payload::ByteArray;
/// use signalr_runtime::{HubResult, Stream, hub};
///
/// #[hub]
/// pub trait Pictures {
///     async fn turn(&self, picture: ByteArray) -> HubResult<ByteArray>;
///     async fn store(&self, parts: impl Stream<Item = HubResult<ByteArray>>) -> HubResult<u64>;
///     async fn thumbnail(&self, name: &str) -> HubResult<Option<ByteArray>>;
///     async fn hash(&self, name: &str) -> HubResult<ByteArray<[u8; 32]>>;
/// }
///
/// async fn upside_down(pictures: &impl Pictures, picture: Vec<u8>) -> HubResult<Vec<u8>> {
///     let ByteArray(turned) = pictures.turn(ByteArray(picture)).await?;
///     Ok(turned)
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteArray<T = Vec<u8>>(pub T);

impl<T: AsRef<[u8]>> Serialize for ByteArray<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        byte_array::serialize(&self.0, serializer)
    }
}

impl<'de, T: TryFrom<Vec<u8>>> Deserialize<'de> for ByteArray<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        byte_array::deserialize(deserializer).map(Self)
    }
}
