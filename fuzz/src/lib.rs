//! What the fuzz targets share.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Runs `parse`, and makes sure that what it allocates is in proportion to what it was given, whatever lengths that
/// declares.
///
/// # Panics
///
/// If it allocates more than 64 KiB and 512 bytes for each byte.
pub fn bounded(data: &[u8], parse: fn(&[u8])) {
    let region = Region::new(ALLOCATOR);
    parse(data);
    let allocated = region.change().bytes_allocated;
    let most = 64 * 1024 + data.len() * 512;
    assert!(allocated <= most, "{allocated} bytes are allocated for {} that were received", data.len());
}
