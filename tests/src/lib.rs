//! What the tests of the workspace share.

pub mod log_scan;
pub mod secure_hub;
pub mod test_hub;
pub mod values_hub;
