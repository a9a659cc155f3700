#![no_main]

use libfuzzer_sys::fuzz_target;
use signalr_runtime::fuzzing::connection;

fuzz_target!(|data: &[u8]| connection(data));
