//! What a WebSocket brings to the caller, watched for the token.
//!
//! Enters: the bytes of the provider's side, frame by frame (RFC 6455 §5.2). Leaves: the same bytes, until the token stands in a
//! message or in what a control frame carries; there it breaks off before the piece that ends it (I4). Extensions were
//! not offered, so that nothing is packed, and a server masks nothing (RFC 6455 §5.1): what looks otherwise could not be read, and
//! ends the connection as well. A message may come in several frames with others between; both are followed.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokenward::Echo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The provider's side of a connection.
pub(super) struct Watched<Side> {
    side: Side,
    frames: Frames,
}

impl<Side> Watched<Side> {
    /// Two lookouts for the token: one for messages, one for what stands between their frames.
    pub(super) const fn new(side: Side, messages: Echo, asides: Echo) -> Self {
        Self { side, frames: Frames { messages, asides, head: Vec::new(), left: 0, is_aside: false } }
    }
}

impl<Side: AsyncRead + Unpin> AsyncRead for Watched<Side> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.side).poll_read(context, buffer))?;
        if let Err(reason) = self.frames.take(&buffer.filled()[before..]) {
            buffer.set_filled(before);
            return Poll::Ready(Err(io::Error::other(reason)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<Side: AsyncWrite + Unpin> AsyncWrite for Watched<Side> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.side).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.side).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.side).poll_shutdown(context)
    }
}

/// Follows frames through however many pieces.
struct Frames {
    messages: Echo,
    asides: Echo,
    /// The head of a frame, as far as it has come.
    head: Vec<u8>,
    /// How much of the frame's content is to come.
    left: u64,
    /// Whether it is a control frame's.
    is_aside: bool,
}

impl Frames {
    fn take(&mut self, mut bytes: &[u8]) -> Result<(), &'static str> {
        while let [first, rest @ ..] = bytes {
            if self.left == 0 {
                self.head.push(*first);
                bytes = rest;
                if let Some(left) = length(&self.head)? {
                    (self.left, self.is_aside) = (left, self.head[0] & 8 != 0);
                    self.head.clear();
                }
                continue;
            }
            let most = usize::try_from(self.left).unwrap_or(usize::MAX);
            let (content, rest) = bytes.split_at(bytes.len().min(most));
            let echo = if self.is_aside { &mut self.asides } else { &mut self.messages };
            if echo.ends_in(content) {
                return Err("the token was in it");
            }
            self.left -= content.len() as u64;
            bytes = rest;
        }
        Ok(())
    }
}

/// How long a frame's content is, once its head is whole.
fn length(head: &[u8]) -> Result<Option<u64>, &'static str> {
    match head {
        [first, ..] if first & 0x70 != 0 => Err("it uses an extension that was not offered"),
        [_, second, ..] if second & 0x80 != 0 => Err("the provider masks what it sends"),
        [_, 127, length @ ..] => Ok(length.try_into().ok().map(u64::from_be_bytes)),
        [_, 126, length @ ..] => Ok(length.try_into().ok().map(|length| u64::from(u16::from_be_bytes(length)))),
        [_, length] => Ok(Some(u64::from(*length))),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_frame_says_how_long_it_is() {
        assert_eq!(length(&[0x81]), Ok(None));
        assert_eq!(length(&[0x81, 0]), Ok(Some(0)));
        assert_eq!(length(&[0x81, 125]), Ok(Some(125)));
        assert_eq!((length(&[0x82, 126, 1]), length(&[0x82, 126, 1, 2])), (Ok(None), Ok(Some(258))));
        assert_eq!(length(&[2, 127, 0, 0, 0, 1, 0, 0, 0]), Ok(None));
        assert_eq!(length(&[2, 127, 0, 0, 0, 1, 0, 0, 0, 3]), Ok(Some((1 << 32) + 3)));
        assert!(length(&[0xc1]).is_err() && length(&[0x81, 0x85]).is_err());
    }
}
