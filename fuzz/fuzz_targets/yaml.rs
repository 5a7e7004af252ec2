#![no_main]

#[path = "../bodies/links.rs"]
mod links;

libfuzzer_sys::fuzz_target!(|data: &[u8]| links::links(tokenward_files::links::Format::Yaml, data));
