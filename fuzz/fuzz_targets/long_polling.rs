#![no_main]

use libfuzzer_sys::fuzz_target;
use signalr_runtime::fuzzing::long_polling;

fuzz_target!(|data: &[u8]| long_polling(data));
