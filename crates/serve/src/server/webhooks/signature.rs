//! The signature of a message, as Standard Webhooks has it
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
//!
//! Enters: id, time and body of a message, and secrets. Leaves: the three headers. Whoever has one of the secrets knows that the message is ours
//! and not an old one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;
use tokenward_core::SecretBytes;

/// The headers of a message that is sent at a second of unix time.
pub(super) fn headers(id: &str, second: i64, body: &[u8], secrets: &[SecretBytes]) -> HeaderMap {
    let second = second.to_string();
    let signatures: Vec<_> = secrets.iter().map(|secret| signature(id, &second, body, secret)).collect();
    let named = [("webhook-id", id), ("webhook-timestamp", &second), ("webhook-signature", &signatures.join(" "))];
    // All of them are visible ASCII.
    let header =
        |(name, value): (&'static str, &str)| Some((HeaderName::from_static(name), HeaderValue::from_str(value).ok()?));
    named.into_iter().filter_map(header).collect()
}

fn signature(id: &str, second: &str, body: &[u8], secret: &SecretBytes) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.expose()) else { return String::new() };
    for part in [id.as_bytes(), b".", second.as_bytes(), b".", body] {
        mac.update(part);
    }
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn a_message_is_signed_as_the_specification_says() {
        let secret = SecretBytes::new(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let other = SecretBytes::new(vec![7; 24]);
        let headers =
            headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#, &[secret, other]);
        let signatures = headers["webhook-signature"].to_str().unwrap();
        assert!(signatures.starts_with("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,"), "{signatures}");
        assert_eq!(headers["webhook-id"], "msg_p5jXN8AQM9LWM0D4loKWxJek");
        assert_eq!(headers["webhook-timestamp"], "1614265330");
    }
}
