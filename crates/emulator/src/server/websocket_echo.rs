//! A WebSocket (RFC 6455) that says back what it hears: enough of the protocol for tests of what passes one through.
//!
//! Enters: an upgraded connection. Leaves: every text or binary message again, a pong for a ping, a close for a close. What
//! breaks the protocol ends the connection.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Talks until the other side closes or breaks off. Frames go back as they came, fragments as fragments.
pub(crate) async fn echo(mut line: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
    loop {
        let mut head = [0; 2];
        line.read_exact(&mut head).await?;
        let (operation, masked) = (head[0] & 0x0f, head[1] & 0x80 != 0);
        let length = match head[1] & 0x7f {
            126 => u64::from(line.read_u16().await?),
            127 => line.read_u64().await?,
            short => u64::from(short),
        };
        // A client must mask (RFC 6455 §5.1); reserved bits mean an extension that nobody agreed to (RFC 6455 §5.2).
        let sound = masked && head[0] & 0x70 == 0 && length <= LONGEST;
        let Some(length) = usize::try_from(length).ok().filter(|_| sound) else {
            line.write_all(&[0x88, 2, 0x03, 0xea]).await?;
            line.shutdown().await?;
            // Closing with unread bytes would reset the connection and take the answer along.
            return tokio::io::copy(&mut line, &mut tokio::io::sink()).await.map(drop);
        };
        let mut mask = [0; 4];
        line.read_exact(&mut mask).await?;
        let mut payload = vec![0; length];
        line.read_exact(&mut payload).await?;
        for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
        let first = match operation {
            PONG => continue,
            PING => 0x80 | PONG,
            _ => head[0],
        };
        let mut answer = vec![first];
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short @ ..126), _) => answer.push(short),
            (_, Ok(middle)) => {
                answer.push(126);
                answer.extend(middle.to_be_bytes());
            }
            _ => {
                answer.push(127);
                answer.extend(u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
            }
        }
        answer.extend(payload);
        line.write_all(&answer).await?;
        line.flush().await?;
        if operation == CLOSE {
            return line.shutdown().await;
        }
    }
}

const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const LONGEST: u64 = 16 << 20;
