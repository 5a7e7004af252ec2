//! Providers that behave as a test tells them to, byte by byte.

use std::future::Future;

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

/// Serves every connection by a function; the address is its answer.
pub(crate) async fn upstream<F, Served>(serve: F) -> String
where
    F: Fn(TcpStream) -> Served + Send + 'static,
    Served: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    format!("http://{address}")
}

/// Reads the head of a request.
pub(crate) async fn head(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => read.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(read).unwrap()
}

/// gzip with the bytes stored as they are (RFC 1951 §3.2.4).
pub(crate) fn packed(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(text);
    out.extend([0; 8]);
    out
}

/// The token that a request brought.
pub(crate) fn token_of(head: &str) -> String {
    let field = head.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization:"));
    field.expect("a token").rsplit(' ').next().unwrap().to_owned()
}
