//! From the types of a contract to values: what the generated functions call for each parameter and result.
//!
//! Everything here is generic over the type that states the signature ([`Param`] and its
//! kin), never over the user's types themselves; see [`Method`](super::hub::Method) for why.

use super::arguments::{ArgumentList, ArgumentWriter};
use super::hub::{Param, SliceParam};
use super::value::{ValueError, WireValue};

impl ArgumentWriter<'_> {
    /// Appends parameter `P` of the method.
    pub fn param<C: Param<P>, P>(&mut self, value: &C::Owned) -> Result<(), ValueError> {
        self.push_with(|encoding, out| value.encode(encoding, out))
    }

    /// Appends parameter `P` of the method, which is a slice.
    pub fn slice<C: SliceParam<P>, P>(&mut self, value: &[C::Element]) -> Result<(), ValueError> {
        self.push_with(|encoding, out| C::Element::encode_list(value, encoding, out))
    }
}

/// The arguments of a call: how many, and what writes them.
pub fn arguments<F>(count: usize, write: F) -> ArgumentList<F>
where
    F: Fn(&mut ArgumentWriter<'_>) -> Result<(), ValueError>,
{
    ArgumentList(count, write)
}
