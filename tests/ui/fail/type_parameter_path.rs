use std::path::Path;

use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Files {
    async fn open(&self, path: &Path) -> HubResult;
}

fn main() {}
