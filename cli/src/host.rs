//! Answers the host requests of a call when the host is this program.
//!
//! A binding asks its program for keys; the command line has no such program and reports that there
//! is no key. It reloads the configuration, has key services wrap and unwrap data keys, fetches
//! stored objects, and sends requests to a codec server itself.

use axum::body::Bytes;
use tdc::{Answer, Call, Code, DataConverter, Error, References, Request};

use crate::key_services::KEY_SERVICES;
use crate::objects::{self, Fetched};
use crate::remote;

/// Retries a call until it succeeds or fails permanently.
pub(crate) fn complete<T>(
    converter: &DataConverter,
    attempt: impl Fn(&mut Call) -> Result<T, Error>,
) -> Result<T, Error> {
    complete_with(References::Keep, converter, attempt)
}

/// The same for a call that does this with references to stored objects.
pub(crate) fn complete_with<T>(
    references: References,
    converter: &DataConverter,
    attempt: impl Fn(&mut Call) -> Result<T, Error>,
) -> Result<T, Error> {
    for_a_command(complete_except(converter, references, |_| false, attempt).result)
}

/// The same, but a key that only a host program can supply is not an error: the second value
/// returned is true in that case.
pub(crate) fn complete_except_keys<T>(
    converter: &DataConverter,
    attempt: impl Fn(&mut Call) -> Result<T, Error>,
) -> (Result<T, Error>, bool) {
    let is_key = |request: &Request| matches!(request, Request::Key(_));
    let completed = complete_except(converter, References::Keep, is_key, attempt);
    (for_a_command(completed.result), completed.left)
}

/// A call that has ended.
pub(crate) struct Completed<T> {
    pub(crate) result: Result<T, Error>,
    /// Whether there was a request that was not to be answered.
    pub(crate) left: bool,
    /// The stored objects that were fetched.
    pub(crate) objects: objects::Fetches,
}

/// The same, but requests that `leaves` selects are not answered, so the call fails if it asks for
/// nothing else.
pub(crate) fn complete_except<T>(
    converter: &DataConverter,
    references: References,
    leaves: impl Fn(&Request) -> bool,
    attempt: impl Fn(&mut Call) -> Result<T, Error>,
) -> Completed<T> {
    let mut call = Call::default().with_references(references);
    let (mut left, mut objects) = (false, objects::Fetches::default());
    let result = loop {
        match attempt(&mut call) {
            Err(error) if error.code() == Code::Requests => {
                if let Err(error) = ask_key_services(converter, &mut call) {
                    break Err(error);
                }
                let asked: Vec<(u64, &Request)> = call
                    .requests()
                    .filter(|(_, request)| {
                        let is_left = leaves(request);
                        left |= is_left;
                        !is_left
                    })
                    .collect();
                let own = answer_all(converter, &asked, &mut objects);
                let answers: Vec<(u64, Answer<'_>)> =
                    own.iter().map(|(id, own)| (*id, own.as_answer())).collect();
                if let Err(error) = converter.answer(&mut call, &answers) {
                    break Err(error);
                }
            }
            Err(error) if error.code() == Code::KeyUnknown && converter.has_host_keys() => {
                break Err(without_provider(&error));
            }
            result => {
                // The next data key. If this fails, the first call after the old key expires
                // reports it.
                let _ = ask_key_services(converter, &mut call);
                break result;
            }
        }
    };
    Completed { result, left, objects }
}

/// Answers all requests to key services together.
fn ask_key_services(converter: &DataConverter, call: &mut Call) -> Result<(), Error> {
    let is_theirs = |request: &Request| matches!(request, Request::Wrap(_) | Request::Unwrap(_));
    if !call.requests().any(|(_, request)| is_theirs(request)) {
        return Ok(());
    }
    let answers = KEY_SERVICES.answer(call.requests_message()).map_err(|cause| {
        Error::new(Code::Protobuf, format!("the requests to key services are malformed: {cause}"))
    })?;
    converter.answer_message(call, &answers)
}

/// An answer that owns its bytes.
enum Own {
    Unknown,
    Done,
    Http(u32, Bytes),
    Object(Fetched),
}

impl Own {
    fn as_answer(&self) -> Answer<'_> {
        match self {
            Self::Unknown => Answer::Unknown,
            Self::Done => Answer::Done,
            Self::Http(status, body) => Answer::Http { status: *status, body },
            Self::Object(fetched) => fetched.as_answer(),
        }
    }
}

/// Answers requests, those for stored objects together.
fn answer_all(
    converter: &DataConverter,
    asked: &[(u64, &Request)],
    count: &mut objects::Fetches,
) -> Vec<(u64, Own)> {
    let mut stored = Vec::new();
    let mut own = Vec::new();
    for (id, request) in asked {
        match request {
            Request::Object(object) => stored.push((*id, object)),
            request => own.push((*id, answer(converter, request))),
        }
    }
    let fetched = objects::fetch_all(&stored, converter.limits().max_decoded_bytes, count);
    own.extend(fetched.into_iter().map(|(id, fetched)| (id, Own::Object(fetched))));
    own
}

fn answer(converter: &DataConverter, request: &Request) -> Own {
    match request {
        Request::Reload => {
            // If a file cannot be read now, the keys stay as they were, and the call reports again
            // which key is missing.
            let _ = converter.reload();
            Own::Done
        }
        Request::Http(request) => match remote::send(request) {
            Ok((status, body)) => Own::Http(u32::from(status), body),
            Err(reason) => Own::Http(0, reason.into()),
        },
        _ => Own::Unknown,
    }
}

/// For a command, the error names the option that sets the namespace.
fn for_a_command<T>(result: Result<T, Error>) -> Result<T, Error> {
    result.map_err(|error| match error.code() {
        Code::Namespace => {
            let text = format!("{}; on the command line, use --namespace", error.message());
            let last = Error::new(Code::Namespace, text);
            match error.payload_index() {
                Some(index) => last.at_payload(index),
                None => last,
            }
        }
        _ => error,
    })
}

/// The error for a key that only a key provider can supply.
fn without_provider(error: &Error) -> Error {
    let unknown = error.message();
    // The library's text about the key, without its advice: that is for programs that forgot to set
    // a provider.
    let key = unknown.rsplit_once(": ").map_or(unknown, |(key, _)| key);
    let last = Error::new(
        Code::KeyProvider,
        format!(
            "{key}; keys.host leaves it to a key provider, which tdc does not have: use a program that has it, or a \
             configuration with this key in keys.ring"
        ),
    );
    match error.payload_index() {
        Some(index) => last.at_payload(index),
        None => last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::encrypted_under;

    const KEY: &str = "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=";

    fn config(ids: &[&str]) -> String {
        let entries: Vec<String> =
            ids.iter().map(|id| format!("    {id}: {{ insecure_inline: {KEY} }}\n")).collect();
        format!("version: 1\nkeys:\n  primary: one\n  ring:\n{}codecs: [encrypt]\n", entries.concat())
    }

    #[test]
    fn key_that_was_added_to_the_file_meanwhile_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tdc.yaml");
        std::fs::write(&path, config(&["one"])).unwrap();
        let converter = DataConverter::open(&path, "").unwrap();
        std::fs::write(&path, config(&["one", "two"])).unwrap();

        let payload = encrypted_under("two", &[0; 28]);
        let error = complete(&converter, |call| converter.decode(call.at(&[]), &payload)).unwrap_err();
        assert_eq!(error.code(), Code::Authentication, "the key is there: {error}");
    }

    #[test]
    fn key_that_stays_away_is_unknown_even_when_the_file_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tdc.yaml");
        std::fs::write(&path, config(&["one"])).unwrap();
        let converter = DataConverter::open(&path, "").unwrap();
        std::fs::remove_file(&path).unwrap();

        let payload = encrypted_under("two", &[0; 28]);
        let error = complete(&converter, |call| converter.decode(call.at(&[]), &payload)).unwrap_err();
        assert_eq!((error.code(), error.payload_index()), (Code::KeyUnknown, Some(0)));
    }

    #[test]
    fn host_keys_are_rejected_however_many_the_payloads_name() {
        let text = format!("{}\n", config(&["one"])).replace("keys:\n", "keys:\n  host: true\n");
        let converter = DataConverter::parse(&text, std::path::Path::new(""), "").unwrap();
        let payloads: Vec<u8> =
            (0..100).flat_map(|n| encrypted_under(&format!("key-{n}"), &[0; 28])).collect();
        let error = complete(&converter, |call| converter.decode(call.at(&[]), &payloads)).unwrap_err();
        assert_eq!((error.code(), error.payload_index()), (Code::KeyProvider, Some(0)));
        assert_eq!(
            error.message(),
            "the key \"key-0\" is not in the keyring; keys.host leaves it to a key provider, which tdc does not have: use a program that has it, \
             or a configuration with this key in keys.ring"
        );
    }
}
