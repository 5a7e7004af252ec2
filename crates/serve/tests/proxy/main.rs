//! The proxy between real clients and the sandbox.

mod door;
mod limits;
mod packed;
mod secrets;
mod streams;
mod tokens;
mod upstream;
mod world;
