//! BlueKing's four functions against the sandbox: what goes wrong with `bkoauth` (reference/blueking.md §1.6), and does
//! not here. Many processes, and those that are killed, are in `processes.rs`.

mod adoption;
mod calls;
mod counts;
#[path = "../../../files/tests/stores/database.rs"]
#[expect(dead_code, reason = "shared with the tests of the reader, which use the rest")]
mod database;
mod defects;
mod extractor;
#[path = "../engine/failing.rs"]
mod failing;
mod refused;
mod renewal;
mod store;
mod threads;
#[expect(dead_code, reason = "shared with `processes.rs`, which uses the rest")]
mod world;
