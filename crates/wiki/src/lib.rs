//! Puts a Markdown file into the Feishu or Lark wiki, once.

mod error;
mod front;
mod images;
mod place;
mod plan;
mod text;
mod tree;

pub use error::Error;
