//! What the tests of the workspace share.

pub mod log_scan;
pub mod test_hub;
