//! `tdc config check`: opens a configuration with every key that it names, and sends a test payload through it.

use std::path::Path;

use tdc::{Code, DataConverter, Error};

use crate::{body, rounds, stdio};

/// Bytes of text in the test payload: enough that compression shows.
const TEST_TEXT_LEN: usize = 4096;

pub(crate) fn run(file: &Path, namespace: &str) -> Result<(), Error> {
    let converter = DataConverter::open(file, namespace)?;
    let mut lines = vec![format!("{} holds", file.display())];
    lines.push(test(&converter, namespace)?);
    lines.push(if converter.has_host_keys() {
        "keys that are not in its ring are asked of the host program".to_owned()
    } else {
        "every key comes from its ring".to_owned()
    });
    if converter.has_remote() {
        lines.push("a codec server has the last word on payloads: every worker needs it".to_owned());
    }
    lines.push(if converter.encodes_common_attributes() {
        "messages and stack traces of failures are encoded too".to_owned()
    } else {
        "messages and stack traces of failures stay readable: failures.encode_common_attributes encodes them"
            .to_owned()
    });
    stdio::write((lines.join("\n  ") + "\n").as_bytes())
}

/// Encodes and decodes a payload; says what happened to it.
fn test(converter: &DataConverter, namespace: &str) -> Result<String, Error> {
    let place = if namespace.is_empty() { String::new() } else { format!(" in the namespace {namespace}") };
    let payload = body::json_text(TEST_TEXT_LEN);
    let encoded = match rounds::with_reload(converter, |converter| {
        rounds::with_remote(converter, |converter| converter.encode(&[], &payload))
    }) {
        Ok(encoded) => encoded,
        Err(error) if error.code() == Code::KeyNeeded => {
            let ids = error.key_ids().join(", ");
            return Ok(format!("payloads{place} are encrypted with {ids}, which the host program has"));
        }
        Err(error) if error.code() == Code::Namespace && namespace.is_empty() => {
            return Ok("it has namespaces: --namespace NAME tries what holds for one".to_owned());
        }
        Err(error) => return Err(error),
    };
    if rounds::settle(converter, |converter| converter.decode(&[], &encoded))? != payload {
        return Err(Error::new(Code::Config, "a test payload was encoded, and came back changed"));
    }
    let [before, after] = [&payload, &encoded].map(|list| body::find(list.clone()));
    let (before, after) = (before?.concat(), after?.concat());
    let (was, now) = (tdc::inspect(&before)?, tdc::inspect(&after)?);
    Ok(if before == after {
        format!("payloads{place} stay as they are: no codec changes them")
    } else {
        let under = now.key_id.map_or_else(String::new, |id| format!(" with the key {id}"));
        format!(
            "a test payload{place} of {} bytes became {} bytes of {}{under}, and came back",
            was.payload_len,
            now.payload_len,
            now.encoding.unwrap_or_default()
        )
    })
}
