//! The arguments of `api`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use http::{HeaderName, HeaderValue, Method};

use super::path_check::behind_at;
use super::values::{BadValue, Identity, duration};

/// `api`.
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Api {
    /// GET, POST, PUT, PATCH, DELETE or HEAD; default: GET, or POST with a body
    #[arg(value_name = "METHOD", value_parser = method)]
    pub(crate) method: Option<Method>,
    /// Path such as /open-apis/authen/v1/user_info, or a full URL on one of the app's hosts
    #[arg(value_name = "PATH", value_parser = target)]
    pub(crate) target: String,
    /// Query parameter; repeatable
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) query: Vec<(String, String)>,
    /// Body: JSON, @FILE, or - for stdin
    #[arg(short, long, value_name = "JSON|@FILE|-", allow_hyphen_values = true, value_parser = data)]
    pub(crate) data: Option<String>,
    /// Field of a multipart form; @FILE as the value uploads a file; repeatable
    #[arg(short = 'F', long, value_name = "NAME=VALUE", value_parser = part, conflicts_with = "data")]
    pub(crate) form: Vec<(String, String)>,
    /// Header; repeatable
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = header)]
    pub(crate) header: Vec<(HeaderName, HeaderValue)>,
    /// Identity of the token: user, app or tenant
    #[arg(long = "as", value_name = "user|app|tenant", value_enum, default_value_t = Identity::User, hide_possible_values = true)]
    pub(crate) identity: Identity,
    /// Fetch all pages of a list and print them as one document
    #[arg(long)]
    pub(crate) page_all: bool,
    /// Print the items of a list, one per line, as the pages arrive
    #[arg(long, requires = "page_all")]
    pub(crate) ndjson: bool,
    /// Stop with an error after this many pages
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, requires = "page_all", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_pages: u32,
    /// Filter the response with a jq expression; strings are printed without quotes
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) jq: Option<String>,
    /// Show status and headers on stderr, and the body of an error response
    #[arg(short, long)]
    pub(crate) include: bool,
    /// Write the response body to this file; an incomplete response creates no file
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["page_all", "jq"])]
    pub(crate) output: Option<PathBuf>,
    /// Declare the call safe to repeat (it changes nothing, or has a client_token): retry it if the response is lost, as with GET
    #[arg(long)]
    pub(crate) repeatable: bool,
    /// Timeout for the response to begin, and for each further part
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// Total time to wait when rate limited
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = duration)]
    pub(crate) patience: Duration,
    /// Print only data and errors
    // `-q` is the query here, so the argument that every command takes stands here without its letter.
    #[arg(id = "quiet", long = "quiet", global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub(crate) hushed: bool,
}

fn method(text: &str) -> Result<Method, BadValue> {
    let known = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD];
    known.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text)).ok_or(BadValue::Method)
}

/// A path or a URL; whether its host is the app's is known once the app is.
fn target(text: &str) -> Result<String, BadValue> {
    let lower = text.to_ascii_lowercase();
    let usable = lower.starts_with('/') || lower.starts_with("http://") || lower.starts_with("https://");
    if usable { Ok(text.to_owned()) } else { Err(BadValue::Target) }
}

fn pair(text: &str) -> Result<(String, String), BadValue> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(BadValue::Pair),
    }
}

/// A pair whose value may be a file.
fn part(text: &str) -> Result<(String, String), BadValue> {
    let (name, value) = pair(text)?;
    behind_at(&value)?;
    Ok((name, value))
}

fn data(text: &str) -> Result<String, BadValue> {
    behind_at(text)?;
    Ok(text.to_owned())
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), BadValue> {
    let (name, value) = text.split_once(':').ok_or(BadValue::Header)?;
    let name = name.trim().parse().map_err(|_| BadValue::Header)?;
    Ok((name, value.trim().parse().map_err(|_| BadValue::Header)?))
}
