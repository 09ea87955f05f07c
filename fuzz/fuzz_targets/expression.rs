#![no_main]

#[path = "../bodies/reading.rs"]
#[allow(dead_code, reason = "each target uses one of the bodies")]
mod reading;

libfuzzer_sys::fuzz_target!(|data: &[u8]| reading::expression(data));
