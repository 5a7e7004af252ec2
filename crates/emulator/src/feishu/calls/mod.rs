//! Business calls of the `open` host (reference/feishu.md §11, §12): one gate for all, a table of routes, a file per
//! service.
//!
//! Enters: a request whose path and method are in the table. Leaves: the answer. The gate looks at the token first, then at
//! the app's state, the kinds of token the call takes, the app's scopes, the user's scopes and the rate limits; only then is
//! the request itself read.

mod authorized_call;
mod docx;
mod edits;
mod gate;
mod imports;
mod media_upload;
mod multipart;
mod paging;
mod routes;
mod test_only_calls;
mod wiki;

pub(crate) use gate::answer;
pub(crate) use routes::{Route, find};
