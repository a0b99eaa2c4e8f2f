//! The messages of `proto/tdc/host.proto` that concern key services: requests in, answers out.
//!
//! Requests come from libtdc, answers go back to it; both may contain a data key. Input is
//! borrowed, and an answer is written into memory of its final size, so that no copy is left
//! behind.

use std::time::Duration;

use tdc_formats::wire::{Cursor, Malformed, Value, push_bytes, push_head, push_varint, varint_len};
use zeroize::Zeroizing;

use crate::failure::{Failure, FailureKind};
use crate::http::timeout;

/// Most requests in one message: libtdc sends 16 at a time.
const MAX_REQUESTS: usize = 1024;

/// The field numbers.
const WRAP: u32 = 6;
const UNWRAP: u32 = 7;
const WRAPPED: u8 = 6;
const DATA_KEY: u8 = 7;
const FAILURE: u8 = 8;

/// A key of a key service, as the configuration names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeyService {
    /// Its URI.
    pub uri: String,
    /// Earlier targets of an AWS alias: key ARNs or ids, which unwrap tries too.
    pub earlier: Vec<String>,
    /// The timeout of one attempt; 0 means the default of 5 seconds.
    pub timeout_ms: u64,
}

impl KeyService {
    /// A key by its URI.
    #[must_use]
    pub fn new(uri: impl Into<String>) -> Self {
        Self { uri: uri.into(), ..Self::default() }
    }

    pub(crate) fn timeout(&self) -> Duration {
        timeout(self.timeout_ms)
    }
}

/// A request, and the id that its answer names.
pub(crate) struct Request<'a> {
    pub(crate) id: u64,
    pub(crate) service: KeyService,
    pub(crate) kind: Kind<'a>,
}

/// The request itself. The bytes are taken from the message unchecked.
pub(crate) enum Kind<'a> {
    Wrap(&'a [u8]),
    Unwrap(&'a [u8]),
}

/// What is answered.
pub(crate) enum Answer {
    Wrapped(Vec<u8>),
    DataKey(Zeroizing<Vec<u8>>),
    Failed(Failure),
}

/// The requests of a serialised `Requests` that a key service answers. Other kinds are left out.
pub(crate) fn read(message: &[u8]) -> Result<Vec<Request<'_>>, Malformed> {
    let mut requests = Vec::new();
    let mut cursor = Cursor::new(message);
    while let Some(field) = cursor.field()? {
        if let (1, Value::Bytes(bytes)) = (field.number, field.value)
            && let Some(request) = request(bytes)?
            && requests.len() < MAX_REQUESTS
        {
            requests.push(request);
        }
    }
    Ok(requests)
}

fn request(message: &[u8]) -> Result<Option<Request<'_>>, Malformed> {
    let (mut id, mut asked) = (0, None);
    let mut cursor = Cursor::new(message);
    while let Some(field) = cursor.field()? {
        match (field.number, field.value) {
            (1, Value::Varint(value)) => id = value,
            (WRAP, Value::Bytes(bytes)) => asked = Some((WRAP, bytes)),
            (UNWRAP, Value::Bytes(bytes)) => asked = Some((UNWRAP, bytes)),
            // If two kinds are present, the last one counts.
            (2..=5 | 8, Value::Bytes(_)) => asked = None,
            _ => {}
        }
    }
    let Some((number, bytes)) = asked else { return Ok(None) };
    let (mut service, mut key) = (KeyService::default(), &[][..]);
    let mut cursor = Cursor::new(bytes);
    while let Some(field) = cursor.field()? {
        match (field.number, field.value) {
            (1, Value::Bytes(bytes)) => service = key_service(bytes)?,
            (2, Value::Bytes(bytes)) => key = bytes,
            _ => {}
        }
    }
    let kind = if number == WRAP { Kind::Wrap(key) } else { Kind::Unwrap(key) };
    Ok(Some(Request { id, service, kind }))
}

fn key_service(message: &[u8]) -> Result<KeyService, Malformed> {
    let text = |bytes: &[u8]| core::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Malformed::Utf8);
    let mut service = KeyService::default();
    let mut cursor = Cursor::new(message);
    while let Some(field) = cursor.field()? {
        match (field.number, field.value) {
            (1, Value::Bytes(bytes)) => service.uri = text(bytes)?,
            (2, Value::Bytes(bytes)) => service.earlier.push(text(bytes)?),
            (3, Value::Varint(value)) => service.timeout_ms = value,
            _ => {}
        }
    }
    Ok(service)
}

/// A serialised `Answers`.
pub(crate) fn write(answers: &[(u64, Answer)]) -> Zeroizing<Vec<u8>> {
    let len = answers.iter().map(|(id, answer)| field_len(answer_len(*id, answer))).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(len));
    for (id, answer) in answers {
        push_head(&mut out, 1, answer_len(*id, answer));
        out.push(1 << 3);
        push_varint(&mut out, *id);
        match answer {
            Answer::Wrapped(bytes) => push_bytes(&mut out, WRAPPED, bytes),
            Answer::DataKey(bytes) => push_bytes(&mut out, DATA_KEY, bytes),
            Answer::Failed(failure) => {
                push_head(&mut out, FAILURE, failure_len(failure));
                match failure.kind() {
                    FailureKind::Refused => out.extend_from_slice(&[1 << 3, 1]),
                    FailureKind::Invalid => out.extend_from_slice(&[2 << 3, 1]),
                    FailureKind::Unavailable => {}
                }
                push_bytes(&mut out, 3, failure.reason().as_bytes());
            }
        }
    }
    debug_assert_eq!(out.len(), len);
    out
}

fn answer_len(id: u64, answer: &Answer) -> usize {
    let id_bits = u64::BITS - (id | 1).leading_zeros();
    let id_len = 1 + id_bits.div_ceil(7) as usize;
    id_len
        + field_len(match answer {
            Answer::Wrapped(bytes) => bytes.len(),
            Answer::DataKey(bytes) => bytes.len(),
            Answer::Failed(failure) => failure_len(failure),
        })
}

fn failure_len(failure: &Failure) -> usize {
    let flag = if failure.kind() == FailureKind::Unavailable { 0 } else { 2 };
    flag + field_len(failure.reason().len())
}

/// Size of a field with `len` bytes of contents; every tag here has one byte.
fn field_len(len: usize) -> usize {
    1 + varint_len(len) + len
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(parts: &[(u8, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        parts.iter().for_each(|(number, bytes)| push_bytes(&mut out, *number, bytes));
        out
    }

    fn with_id(id: u64, rest: &[u8]) -> Vec<u8> {
        let mut out = vec![8];
        push_varint(&mut out, id);
        out.extend_from_slice(rest);
        out
    }

    #[test]
    fn wraps_and_unwraps_are_read_and_other_requests_left_out() {
        let mut service = message(&[(1, b"awskms://alias/a"), (2, b"key-1"), (2, b"key-2")]);
        service.extend_from_slice(&[3 << 3, 0x90, 0x4e]);
        let wrap = with_id(300, &message(&[(6, &message(&[(1, &service), (2, &[7; 32])]))]));
        let unwrap =
            with_id(2, &message(&[(7, &message(&[(1, &message(&[(1, b"hashivault://b")])), (2, b"w")]))]));
        let key = with_id(3, &message(&[(2, &message(&[(1, b"some")]))]));
        let bytes = message(&[(1, &wrap), (1, &key), (1, &unwrap), (1, &with_id(4, &[]))]);
        let requests = read(&bytes).unwrap();
        assert_eq!(requests.iter().map(|request| request.id).collect::<Vec<_>>(), [300, 2]);
        assert_eq!(requests[0].service.earlier, ["key-1", "key-2"]);
        assert_eq!(requests[0].service.timeout(), Duration::from_secs(10));
        assert!(matches!(requests[0].kind, Kind::Wrap(key) if key == [7; 32]));
        assert_eq!(requests[1].service, KeyService::new("hashivault://b"));
        assert_eq!(requests[1].service.timeout(), Duration::from_secs(5));
        assert!(matches!(requests[1].kind, Kind::Unwrap(b"w")));
        for len in 1..bytes.len() {
            // A truncated message is either refused or a shorter list.
            let _ = read(&bytes[..len]).map(|requests| assert!(requests.len() <= 2));
        }
    }

    #[test]
    fn answers_have_the_bytes_of_the_schema() {
        let answers = [
            (1, Answer::Wrapped(b"w".to_vec())),
            (300, Answer::DataKey(Zeroizing::new(vec![7; 2]))),
            (2, Answer::Failed(Failure::refused("no"))),
            (3, Answer::Failed(Failure::invalid("no"))),
            (4, Answer::Failed(Failure::unavailable("no"))),
        ];
        let bytes = write(&answers);
        let expected: &[u8] = b"\x0a\x05\x08\x01\x32\x01w\
            \x0a\x07\x08\xac\x02\x3a\x02\x07\x07\
            \x0a\x0a\x08\x02\x42\x06\x08\x01\x1a\x02no\
            \x0a\x0a\x08\x03\x42\x06\x10\x01\x1a\x02no\
            \x0a\x08\x08\x04\x42\x04\x1a\x02no";
        assert_eq!(bytes.as_slice(), expected);
        assert_eq!(bytes.capacity(), bytes.len());
    }
}
