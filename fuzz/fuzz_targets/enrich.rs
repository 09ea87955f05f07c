#![no_main]

#[path = "../bodies/enrich.rs"]
mod enrich;

libfuzzer_sys::fuzz_target!(|data: &[u8]| enrich::record(data));
