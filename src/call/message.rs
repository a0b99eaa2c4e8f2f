//! Requests and answers as bytes: `proto/tdc/host.proto`.

use std::time::Duration;

use tdc_formats::wire::{Cursor, Value, push_bytes, push_head, push_varint, varint_len};

use super::{Answer, Pending, Request};
use crate::codec::remote::HttpRequest;
use crate::error::{Code, Error};
use crate::keys::{Fault, KeyService};
use crate::storage::{Object, ObjectFault};

/// The numbers of the kinds, which a request and its answer share.
const KEY: u8 = 2;
const RELOAD: u8 = 3;
const DESCRIPTOR: u8 = 4;
const HTTP: u8 = 5;
const WRAP: u8 = 6;
const UNWRAP: u8 = 7;
const KEY_SERVICE_FAILURE: u8 = 8;
const UNKNOWN: u8 = 9;

/// The request for a stored object, and its answers.
const OBJECT_REQUEST: u8 = 8;
const OBJECT: u8 = 10;
const OBJECT_FAILURE: u8 = 11;
const RETRIEVED: u8 = 12;

/// Most answers in one message: more than one try can ask for.
const MAX_ANSWERS: usize = 1024;

/// A serialised `Requests`. It never reallocates while it grows, so no copy is left behind.
pub(super) fn requests(pending: &[Pending]) -> Vec<u8> {
    let len = |pending: &Pending| field_len(request_len(pending));
    let mut out = Vec::with_capacity(pending.iter().map(len).sum());
    for pending in pending {
        push_head(&mut out, 1, request_len(pending));
        push_number(&mut out, 1, pending.id);
        match &pending.request {
            Request::Key(id) => push_message(&mut out, KEY, id.as_bytes()),
            Request::Reload => push_head(&mut out, RELOAD, 0),
            Request::Descriptor(name) => push_message(&mut out, DESCRIPTOR, name.as_bytes()),
            Request::Http(request) => {
                push_head(&mut out, HTTP, http_len(request));
                push_http(&mut out, request);
            }
            Request::Wrap(wrap) => push_key_service(&mut out, WRAP, wrap.service(), wrap.data_key()),
            Request::Unwrap(unwrap) => {
                push_key_service(&mut out, UNWRAP, unwrap.service(), unwrap.wrapped());
            }
            Request::Object(object) => {
                push_head(&mut out, OBJECT_REQUEST, object_len(object));
                push_object(&mut out, object);
            }
        }
    }
    out
}

fn request_len(pending: &Pending) -> usize {
    let body = match &pending.request {
        Request::Key(text) | Request::Descriptor(text) => field_len(text.len()),
        Request::Reload => 0,
        Request::Http(request) => http_len(request),
        Request::Wrap(wrap) => key_service_len(wrap.service(), wrap.data_key()),
        Request::Unwrap(unwrap) => key_service_len(unwrap.service(), unwrap.wrapped()),
        Request::Object(object) => object_len(object),
    };
    number_len(pending.id) + field_len(body)
}

/// A message with one string field, as a field.
fn push_message(out: &mut Vec<u8>, number: u8, text: &[u8]) {
    push_head(out, number, field_len(text.len()));
    push_bytes(out, 1, text);
}

/// A `Wrap` or `Unwrap`: the service's key, and the data key.
fn push_key_service(out: &mut Vec<u8>, number: u8, service: Option<&KeyService>, data_key: &[u8]) {
    push_head(out, number, key_service_len(service, data_key));
    if let Some(service) = service {
        push_head(out, 1, service_len(service));
        push_bytes(out, 1, service.uri.as_bytes());
        for earlier in &*service.earlier {
            push_bytes(out, 2, earlier.as_bytes());
        }
        push_number(out, 3, milliseconds(service.timeout));
    }
    push_bytes(out, 2, data_key);
}

fn key_service_len(service: Option<&KeyService>, data_key: &[u8]) -> usize {
    service.map_or(0, |service| field_len(service_len(service))) + field_len(data_key.len())
}

fn service_len(service: &KeyService) -> usize {
    let earlier = service.earlier.iter().map(|earlier| field_len(earlier.len()));
    field_len(service.uri.len()) + earlier.sum::<usize>() + number_len(milliseconds(service.timeout))
}

fn push_object(out: &mut Vec<u8>, object: &Object) {
    push_bytes(out, 1, object.store().name.as_bytes());
    push_bytes(out, 2, object.bucket().unwrap_or_default().as_bytes());
    push_bytes(out, 3, object.key().as_bytes());
    push_number(out, 4, object.max_bytes() as u64);
    push_number(out, 5, milliseconds(object.timeout()));
    for (name, value) in object.claim() {
        push_head(out, 6, entry_len(name, &value));
        push_bytes(out, 1, name.as_bytes());
        push_bytes(out, 2, value.as_bytes());
    }
}

fn object_len(object: &Object) -> usize {
    let claim = object.claim();
    let claim = claim.iter().map(|(name, value)| field_len(entry_len(name, value)));
    field_len(object.store().name.len())
        + field_len(object.bucket().unwrap_or_default().len())
        + field_len(object.key().len())
        + number_len(object.max_bytes() as u64)
        + number_len(milliseconds(object.timeout()))
        + claim.sum::<usize>()
}

const METHOD: &str = "POST";

fn push_http(out: &mut Vec<u8>, request: &HttpRequest) {
    push_bytes(out, 1, METHOD.as_bytes());
    push_bytes(out, 2, request.url().as_bytes());
    for (name, value) in request.headers() {
        push_head(out, 3, entry_len(name, value));
        push_bytes(out, 1, name.as_bytes());
        push_bytes(out, 2, value.as_bytes());
    }
    push_bytes(out, 4, request.body());
    push_number(out, 5, milliseconds(request.timeout()));
    push_number(out, 6, request.max_response_bytes() as u64);
}

fn http_len(request: &HttpRequest) -> usize {
    let headers = request.headers().map(|(name, value)| field_len(entry_len(name, value)));
    field_len(METHOD.len())
        + field_len(request.url().len())
        + headers.sum::<usize>()
        + field_len(request.body().len())
        + number_len(milliseconds(request.timeout()))
        + number_len(request.max_response_bytes() as u64)
}

/// The size of a message with a name and a value.
fn entry_len(name: &str, value: &str) -> usize {
    field_len(name.len()) + field_len(value.len())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The size of a field with `len` bytes of contents. Every field number here has a tag of one byte.
fn field_len(len: usize) -> usize {
    1 + varint_len(len) + len
}

fn number_len(value: u64) -> usize {
    let mut len = 2;
    let mut rest = value >> 7;
    while rest > 0 {
        (len, rest) = (len + 1, rest >> 7);
    }
    len
}

fn push_number(out: &mut Vec<u8>, number: u8, value: u64) {
    out.push(number << 3);
    push_varint(out, value);
}

/// Reads a serialised `Answers`: each answer with the id of its request.
///
/// # Errors
/// [`Code::Protobuf`], and [`Code::Argument`] for an empty answer.
pub(super) fn answers(message: &[u8]) -> Result<Vec<(u64, Answer<'_>)>, Error> {
    let mut answers = Vec::new();
    let mut cursor = Cursor::new(message);
    while let Some(field) = cursor.field().map_err(malformed)? {
        if let (1, Value::Bytes(bytes)) = (field.number, field.value) {
            if answers.len() == MAX_ANSWERS {
                return Err(Error::new(
                    Code::Argument,
                    format!("the message has more than {MAX_ANSWERS} answers, more than were asked for"),
                ));
            }
            answers.push(answer(bytes)?);
        }
    }
    Ok(answers)
}

fn answer(message: &[u8]) -> Result<(u64, Answer<'_>), Error> {
    let (mut id, mut answer) = (0, None);
    let mut cursor = Cursor::new(message);
    while let Some(field) = cursor.field().map_err(malformed)? {
        match (u8::try_from(field.number), field.value) {
            (Ok(1), Value::Varint(value)) => id = value,
            (Ok(KEY), Value::Bytes(key)) => answer = Some(Answer::Key(key)),
            (Ok(RELOAD), Value::Bytes(_)) => answer = Some(Answer::Done),
            (Ok(DESCRIPTOR), Value::Bytes(set)) => answer = Some(Answer::Descriptor(set)),
            (Ok(HTTP), Value::Bytes(response)) => answer = Some(http(response)?),
            (Ok(WRAP), Value::Bytes(wrapped)) => answer = Some(Answer::Wrapped(wrapped)),
            (Ok(UNWRAP), Value::Bytes(data_key)) => answer = Some(Answer::DataKey(data_key)),
            (Ok(KEY_SERVICE_FAILURE), Value::Bytes(failure)) => answer = Some(key_service_failure(failure)?),
            (Ok(OBJECT), Value::Bytes(bytes)) => answer = Some(Answer::Object(bytes)),
            (Ok(RETRIEVED), Value::Bytes(payload)) => answer = Some(Answer::Retrieved(payload)),
            (Ok(OBJECT_FAILURE), Value::Bytes(failure)) => answer = Some(object_failure(failure)?),
            (Ok(UNKNOWN), Value::Bytes(_)) => answer = Some(Answer::Unknown),
            _ => {}
        }
    }
    let answer = answer
        .ok_or_else(|| Error::new(Code::Argument, format!("the answer to request {id} says nothing")))?;
    Ok((id, answer))
}

fn key_service_failure(message: &[u8]) -> Result<Answer<'_>, Error> {
    let (mut refused, mut invalid, mut reason) = (false, false, &[][..]);
    let mut cursor = Cursor::new(message);
    while let Some(field) = cursor.field().map_err(malformed)? {
        match (field.number, field.value) {
            (1, Value::Varint(value)) => refused = value != 0,
            (2, Value::Varint(value)) => invalid = value != 0,
            (3, Value::Bytes(bytes)) => reason = bytes,
            _ => {}
        }
    }
    let fault = match (refused, invalid) {
        (_, true) => Fault::Invalid,
        (true, false) => Fault::Refused,
        (false, false) => Fault::Unavailable,
    };
    let reason = core::str::from_utf8(reason).unwrap_or("its reason is not UTF-8");
    Ok(Answer::KeyServiceFailed { fault, reason })
}

fn object_failure(message: &[u8]) -> Result<Answer<'_>, Error> {
    let (mut missing, mut reason) = (false, &[][..]);
    let mut cursor = Cursor::new(message);
    while let Some(field) = cursor.field().map_err(malformed)? {
        match (field.number, field.value) {
            (1, Value::Varint(value)) => missing = value != 0,
            (2, Value::Bytes(bytes)) => reason = bytes,
            _ => {}
        }
    }
    let fault = if missing { ObjectFault::Missing } else { ObjectFault::Unavailable };
    let reason = core::str::from_utf8(reason).unwrap_or("its reason is not UTF-8");
    Ok(Answer::NoObject { fault, reason })
}

fn http(message: &[u8]) -> Result<Answer<'_>, Error> {
    let (mut status, mut body) = (0, &[][..]);
    let mut cursor = Cursor::new(message);
    while let Some(field) = cursor.field().map_err(malformed)? {
        match (field.number, field.value) {
            // A status out of range becomes one that is refused as an answer.
            (1, Value::Varint(value)) => status = u32::try_from(value).unwrap_or(u32::MAX),
            (2, Value::Bytes(bytes)) => body = bytes,
            _ => {}
        }
    }
    Ok(Answer::Http { status, body })
}

#[cold]
fn malformed(cause: tdc_formats::wire::Malformed) -> Error {
    Error::new(Code::Protobuf, format!("the answers are not a tdc.host.v1.Answers message: {cause}"))
}
