#![no_main]

use libfuzzer_sys::fuzz_target;
use signalr_runtime::fuzzing::token;

fuzz_target!(|data: &[u8]| token(data));
