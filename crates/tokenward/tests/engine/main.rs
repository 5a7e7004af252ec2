//! The engine over the real store and the real codec, against the sandbox.

mod calls;
mod client;
mod codes;
mod doctor;
mod doubt;
mod failing;
mod fallback;
mod faults;
mod links;
mod login;
mod race;
mod store;
mod surroundings;
mod trips;
mod world;
