//! What stands in generated code for something that does not compile.

/// The body of a method that has been refused: what calls it is checked, and never runs.
pub fn refused<T>() -> T {
    unreachable!("a method that does not compile was called")
}
