//! Answers and token sets as the bytes that get sealed.
//!
//! Enters and leaves: core's types. The text form exists only in buffers that are wiped. An answer's head is JSON, its body
//! follows as it came: a body is any bytes at all (I3).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokenward_core::rotation_policy::{Change, Rotation};
use tokenward_core::{Access, AccessToken, RawAnswer, RefreshToken, Scopes, SecretBytes, Subject, TokenApi, TokenSet};
use zeroize::Zeroizing;

/// Bytes that are wiped on drop.
pub(crate) type Wiped = Zeroizing<Vec<u8>>;

#[derive(Serialize, Deserialize)]
struct AnswerHead {
    status: u16,
    content_type: Option<String>,
    log_id: Option<String>,
    date: Option<String>,
    retry_after: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    whole: bool,
    received: i64,
}

/// An answer as bytes, with at most `body_limit` bytes of its body; a cut answer says so.
pub(crate) fn answer_to_bytes(answer: &RawAnswer, body_limit: usize) -> Wiped {
    let body = answer.body.expose();
    let kept = body.get(..body_limit).unwrap_or(body);
    let head = AnswerHead {
        status: answer.status,
        content_type: answer.content_type.as_deref().map(shortened),
        log_id: answer.log_id.as_deref().map(shortened),
        date: answer.date.as_deref().map(shortened),
        retry_after: answer.retry_after,
        location: answer.location.as_deref().map(shortened),
        whole: answer.whole && kept.len() == body.len(),
        received: answer.received.as_millisecond(),
    };
    let head = serde_json::to_vec(&head).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(4 + head.len() + kept.len()));
    bytes.extend_from_slice(&u32::try_from(head.len()).unwrap_or(0).to_le_bytes());
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(kept);
    bytes
}

/// The answer from its bytes, if they are such.
pub(crate) fn answer_from_bytes(bytes: &[u8]) -> Option<RawAnswer> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (head, body) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    let head: AnswerHead = serde_json::from_slice(head).ok()?;
    Some(RawAnswer {
        status: head.status,
        content_type: head.content_type,
        log_id: head.log_id,
        date: head.date,
        retry_after: head.retry_after,
        location: head.location,
        body: SecretBytes::new(body.to_vec()),
        whole: head.whole,
        received: instant(head.received)?,
    })
}

/// A set that was parked, as bytes borrow it.
#[derive(Serialize)]
struct SetOut<'a> {
    access: Option<(&'a str, i64, i64)>,
    refresh: Option<&'a str>,
    refresh_expires: Option<i64>,
    scopes: Option<&'a Scopes>,
    subject: Option<&'a Subject>,
    issued_by: TokenApi,
    obtained: i64,
}

#[derive(Deserialize)]
struct SetIn {
    access: Option<(Zeroizing<String>, i64, i64)>,
    refresh: Option<Zeroizing<String>>,
    refresh_expires: Option<i64>,
    scopes: Option<Scopes>,
    subject: Option<Subject>,
    issued_by: TokenApi,
    obtained: i64,
}

/// A rotation that lost its race, as bytes.
pub(crate) fn rotation_to_bytes(rotation: &Rotation) -> Wiped {
    to_bytes(&SetOut {
        access: new(&rotation.access).map(access_out),
        refresh: new(&rotation.refresh).map(RefreshToken::expose),
        refresh_expires: rotation.refresh_expires.map(Timestamp::as_millisecond),
        scopes: rotation.scopes.as_ref(),
        subject: rotation.subject.as_ref(),
        issued_by: rotation.issued_by,
        obtained: rotation.obtained.as_millisecond(),
    })
}

/// A set after a rotation, as bytes.
pub(crate) fn rotated_to_bytes(set: &TokenSet, rotation: &Rotation) -> Wiped {
    let kept_end = set.refresh_expires.filter(|_| matches!(rotation.refresh, Change::Keep));
    to_bytes(&SetOut {
        access: rotated(&rotation.access, set.access.as_ref()).map(access_out),
        refresh: rotated(&rotation.refresh, set.refresh.as_ref()).map(RefreshToken::expose),
        refresh_expires: rotation.refresh_expires.or(kept_end).map(Timestamp::as_millisecond),
        scopes: rotation.scopes.as_ref().or(set.scopes.as_ref()),
        subject: rotation.subject.as_ref().or(set.subject.as_ref()),
        issued_by: rotation.issued_by,
        obtained: rotation.obtained.as_millisecond(),
    })
}

/// A set as bytes.
pub(crate) fn set_to_bytes(set: &TokenSet) -> Wiped {
    to_bytes(&SetOut {
        access: set.access.as_ref().map(access_out),
        refresh: set.refresh.as_ref().map(RefreshToken::expose),
        refresh_expires: set.refresh_expires.map(Timestamp::as_millisecond),
        scopes: set.scopes.as_ref(),
        subject: set.subject.as_ref(),
        issued_by: set.issued_by,
        obtained: set.obtained.as_millisecond(),
    })
}

/// The set from its bytes, if they are such.
pub(crate) fn set_from_bytes(bytes: &[u8]) -> Option<TokenSet> {
    let set: SetIn = serde_json::from_slice(bytes).ok()?;
    let access = match set.access {
        Some((token, obtained, expires)) => Some(Access {
            token: AccessToken::parse(token.as_str()).ok()?,
            obtained: instant(obtained)?,
            expires: instant(expires)?,
        }),
        None => None,
    };
    Some(TokenSet {
        access,
        refresh: set.refresh.map(|token| RefreshToken::parse(token.as_str())).transpose().ok()?,
        refresh_expires: optional_instant(set.refresh_expires)?,
        scopes: set.scopes,
        subject: set.subject,
        issued_by: set.issued_by,
        obtained: instant(set.obtained)?,
    })
}

/// An instant from stored milliseconds.
pub(crate) fn instant(millis: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(millis).ok()
}

/// An instant that may be missing; the outer `None` means damage.
#[expect(clippy::option_option, reason = "missing and damaged are two things")]
pub(crate) fn optional_instant(millis: Option<i64>) -> Option<Option<Timestamp>> {
    millis.map_or(Some(None), |millis| instant(millis).map(Some))
}

fn new<T>(change: &Change<T>) -> Option<&T> {
    match change {
        Change::Replace(value) => Some(value),
        Change::Keep | Change::Drop => None,
    }
}

fn rotated<'a, T>(change: &'a Change<T>, old: Option<&'a T>) -> Option<&'a T> {
    match change {
        Change::Replace(value) => Some(value),
        Change::Keep => old,
        Change::Drop => None,
    }
}

fn access_out(access: &Access) -> (&str, i64, i64) {
    (access.token.expose(), access.obtained.as_millisecond(), access.expires.as_millisecond())
}

fn to_bytes(set: &SetOut<'_>) -> Wiped {
    let room = set.access.map_or(0, |(token, ..)| token.len()) + set.refresh.map_or(0, str::len);
    // Large enough that the buffer never grows and leaves a copy behind: beside the tokens there are scopes (at most 50,
    // reference/feishu.md §3.1) and a subject.
    let mut bytes = Zeroizing::new(Vec::with_capacity(room + 16 * 1024));
    serde_json::to_writer(&mut *bytes, set).expect("strings and numbers can always be written to memory");
    bytes
}

/// A header's text, cut to a length that leaves a rescue slot's room to the body.
fn shortened(text: &str) -> String {
    text.chars().take(128).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(body: Vec<u8>) -> RawAnswer {
        RawAnswer {
            status: 200,
            content_type: Some("application/json; charset=utf-8".to_owned()),
            log_id: Some("02abc".to_owned()),
            date: None,
            retry_after: Some(3),
            location: None,
            body: SecretBytes::new(body),
            whole: true,
            received: Timestamp::from_millisecond(1_800_000_000_123).unwrap(),
        }
    }

    proptest! {
        #[test]
        fn an_answer_comes_back_as_it_was(body: Vec<u8>) {
            let answer = answer(body);
            prop_assert_eq!(answer_from_bytes(&answer_to_bytes(&answer, usize::MAX)), Some(answer));
        }

        #[test]
        fn garbage_is_no_answer_and_no_set(bytes: Vec<u8>) {
            prop_assert!(answer_from_bytes(&bytes).is_none());
            prop_assert!(set_from_bytes(&bytes).is_none());
        }
    }

    #[test]
    fn a_cut_answer_says_so() {
        let short = answer_from_bytes(&answer_to_bytes(&answer(b"0123456789".to_vec()), 4)).unwrap();
        assert_eq!(short.body.expose(), b"0123");
        assert!(!short.whole);
    }
}
