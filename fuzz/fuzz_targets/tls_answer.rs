#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| strictmx_fuzz::tls_answer(data));
