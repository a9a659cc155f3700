//! When a collection gives back its room.

/// Room for so few is kept.
const FEW: usize = 8;

/// Whether something with room for `capacity` has had far more than the `len` that are left.
pub(crate) fn is_roomy(len: usize, capacity: usize) -> bool {
    capacity > len.max(FEW).saturating_mul(4)
}
