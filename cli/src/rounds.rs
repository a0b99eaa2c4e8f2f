//! What a call's status asks for, and the call again.
//!
//! A binding asks its host for keys; a command line has no host, so it says that the host knows
//! none of them. What a codec server is to be asked it asks itself.

use tdc::{Code, DataConverter, Error};

use crate::remote;

/// Rounds before the call is given up: far more than any honest input needs.
const MAX_ROUNDS: usize = 64;

/// Makes `call` until it succeeds or fails for good.
pub(crate) fn settle<T>(
    converter: &DataConverter,
    call: impl Fn(&DataConverter) -> Result<T, Error>,
) -> Result<T, Error> {
    without_host(converter, |converter| with_reload(converter, |converter| with_remote(converter, &call)))
}

/// Makes `call`, and again with what a codec server answers. It ends: each answer is about other
/// payloads of the call, which are bounded.
pub(crate) fn with_remote<T>(
    converter: &DataConverter,
    call: impl Fn(&DataConverter) -> Result<T, Error>,
) -> Result<T, Error> {
    loop {
        match call(converter) {
            Err(error) if error.code() == Code::RemoteNeeded => remote::answer(converter, &error)?,
            settled => return settled,
        }
    }
}

/// Makes `call`, and again without the keys that it asks of a host program.
pub(crate) fn without_host<T>(
    converter: &DataConverter,
    call: impl Fn(&DataConverter) -> Result<T, Error>,
) -> Result<T, Error> {
    for _ in 0..MAX_ROUNDS {
        match call(converter) {
            Err(error) if error.code() == Code::KeyNeeded => {
                for id in error.key_ids() {
                    converter.reject_key(id.as_bytes())?;
                }
            }
            // That files may be worth another look is the caller's business: the answer to this one
            // is that no one here has the key.
            Err(error)
                if converter.has_host_keys()
                    && [Code::KeyUnknown, Code::ReloadNeeded].contains(&error.code()) =>
            {
                return Err(without_provider(&error));
            }
            settled => return settled,
        }
    }
    Err(Error::new(Code::KeyUnknown, "the input names too many unknown keys: split it"))
}

/// The error for a key that only a key provider may have.
fn without_provider(error: &Error) -> Error {
    let unknown = error.message();
    // What the library says of the key, without its advice: that is for programs that have no
    // provider by mistake.
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

/// Makes `call`, and once more after a reload if it asks for one. That it asks for keys is an
/// answer too.
pub(crate) fn with_reload<T>(
    converter: &DataConverter,
    call: impl Fn(&DataConverter) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut answer = call(converter);
    if answer.as_ref().is_err_and(|error| error.code() == Code::ReloadNeeded) {
        // A file that cannot be read now leaves the keys as they were, and the call says again what
        // it misses.
        let _ = converter.reload();
        answer = call(converter);
    }
    answer.map_err(|error| match error.code() {
        Code::ReloadNeeded => again(&error, Code::KeyUnknown, ""),
        Code::Namespace => again(&error, Code::Namespace, "; on the command line, use --namespace"),
        _ => error,
    })
}

/// The same error with another code and more to its sentence.
fn again(error: &Error, code: Code, more: &str) -> Error {
    let last = Error::new(code, format!("{}{more}", error.message()));
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
        let error = settle(&converter, |converter| converter.decode(&[], &payload)).unwrap_err();
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
        let error = settle(&converter, |converter| converter.decode(&[], &payload)).unwrap_err();
        assert_eq!((error.code(), error.payload_index()), (Code::KeyUnknown, Some(0)));
    }

    #[test]
    fn host_keys_are_rejected_however_many_the_payloads_name() {
        let text = format!("{}\n", config(&["one"])).replace("keys:\n", "keys:\n  host: true\n");
        let converter = DataConverter::parse(&text, std::path::Path::new(""), "").unwrap();
        let payloads: Vec<u8> =
            (0..100).flat_map(|n| encrypted_under(&format!("key-{n}"), &[0; 28])).collect();
        let error = settle(&converter, |converter| converter.decode(&[], &payloads)).unwrap_err();
        assert_eq!((error.code(), error.payload_index()), (Code::KeyProvider, Some(0)));
        assert_eq!(
            error.message(),
            "the key \"key-0\" is not in the keyring; keys.host leaves it to a key provider, which tdc does not \
             have: use a program that has it, or a configuration with this key in keys.ring"
        );
    }
}
