#![no_main]

use libfuzzer_sys::fuzz_target;
use signalr_fuzz::bounded;
use signalr_runtime::fuzzing::varint;

fuzz_target!(|data: &[u8]| bounded(data, varint));
