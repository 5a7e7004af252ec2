//! The short way of `tokenward token`: a token that is good now, out of the sealed [hand-out file](../../docs/adr/0004-hand-out-file.md).
//!
//! Most calls of the command ask for a token that is there. For them it builds no runtime, no argument parser and no engine, because half of
//! the time budget of design/0000-charter.md §10 is what the operating system takes to start a process. The command takes this way first; and
//! where packages install it, a program that can do nothing else (`main.rs`) stands in front of the command and starts it for all the rest.
//!
//! Enters: the words of the command line, the environment, the clock. Leaves: the line to print, or `None` where the long way decides; so
//! nothing here needs an error. The hand-out file is a copy of what was durable before it was written (I2), sealed, and checked by its dates.
//! Nothing is written and nothing sent (I8).

mod installed_tree;
mod short_way;
mod token_line;
mod token_request;

pub use installed_tree::{command_of, launcher_of};
pub use short_way::token;
pub use token_line::{TokenLine, USER_VARIABLE, assignment, dotenv_line};
pub use token_request::TokenRequest;
