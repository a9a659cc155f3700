#![no_main]

use libfuzzer_sys::fuzz_target;
use signalr_fuzz::bounded;
use signalr_runtime::fuzzing::messagepack_frames;

fuzz_target!(|data: &[u8]| bounded(data, messagepack_frames));
