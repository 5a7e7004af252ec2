//! A message to a receiver that an operator named.
//!
//! Enters: an address, headers, a body. Leaves: the status and how long it asks to wait; nothing else of the answer is kept, and no more than a
//! little of it is read. Sent once, by no redirect, and to no address but one of the open internet, unless the operator said that the
//! receiver is in a network of his own: what a name means is looked at by the rules of [`Fetcher`].

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::RETRY_AFTER;
use url::Url;

use crate::http::Options;
use crate::picture_fetch::{FetchFault, Fetcher, NamedHost};

/// Sends messages to one receiver.
#[derive(Debug)]
pub struct MessageSender {
    fetcher: Fetcher,
    url: Url,
}

/// What a receiver said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageAnswer {
    /// The status.
    pub status: u16,
    /// How long it asks to wait, in seconds.
    pub retry_after: Option<u64>,
}

impl MessageSender {
    /// To this address; each try may take so long.
    pub fn new(url: Url, patience: Duration, allow_private: bool) -> Self {
        let options = Options { connect_timeout: patience, ..Options::default() };
        let host = url.host_str().unwrap_or_default();
        let host = url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let named = NamedHost::parse(&host).filter(|_| allow_private);
        Self { fetcher: Fetcher::new(options, patience).also_from(named), url }
    }

    /// Sends a message, once.
    ///
    /// # Errors
    /// Why there is no answer. Whether the receiver has read the message is not known then.
    pub async fn send(&self, headers: HeaderMap, body: Bytes) -> Result<MessageAnswer, FetchFault> {
        let (status, headers) = self.fetcher.post(&self.url, headers, body, MOST_READ).await?;
        let retry_after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        Ok(MessageAnswer { status, retry_after: retry_after.and_then(|seconds| seconds.trim().parse().ok()) })
    }
}

/// So much of an answer is read, so that the connection can be used again.
const MOST_READ: usize = 16 << 10;
