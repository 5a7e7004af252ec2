//! A process that does nothing: the floor that the start-up benchmark divides by.

fn main() {}
