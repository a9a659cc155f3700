//! The place of a parameter among those of its method, as a type: its decimal digits, `(P1, P2)` for the twelfth after the
//! first.
//!
//! Numbers would be constant expressions, and the compiler checks each of these as a function of its own.

/// The digit 0.
pub enum P0 {}

/// The digit 1.
pub enum P1 {}

/// The digit 2.
pub enum P2 {}

/// The digit 3.
pub enum P3 {}

/// The digit 4.
pub enum P4 {}

/// The digit 5.
pub enum P5 {}

/// The digit 6.
pub enum P6 {}

/// The digit 7.
pub enum P7 {}

/// The digit 8.
pub enum P8 {}

/// The digit 9.
pub enum P9 {}
