//! `tdc history encode`, and `tdc history decode` of one document: an exported history in, a
//! history of the same form out.
//!
//! Work that takes more than a second reports its progress on standard error.

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use tdc::{DataConverter, Error, PlainPlaces};

use crate::configuration::Configuration;
use crate::task::Task;
use crate::{body, files, host, stdio};

/// How often the command reports progress.
const INTERVAL: Duration = Duration::from_secs(1);

pub(crate) fn run(
    task: Task,
    configuration: &Configuration,
    always_say: bool,
    file: Option<&Path>,
) -> Result<(), Error> {
    let converter = configuration.open()?;
    let history = files::read(file)?;
    let answer = convert(task, &converter, &[], &history, &now_and_then())?;
    if always_say {
        stdio::note(&format!("{} bytes in, {} bytes out", history.len(), answer.len()));
    }
    stdio::write(&answer)
}

/// Reports progress of one document.
pub(crate) fn now_and_then() -> impl Fn(usize) {
    let last = Cell::new(Instant::now());
    move |payloads| {
        if last.get().elapsed() >= INTERVAL {
            last.set(Instant::now());
            stdio::note(&format!("{payloads} payloads so far"));
        }
    }
}

/// Applies `task` to every payload of a history. `context` is the library's, and `say` is called
/// now and then with the number of payloads so far.
pub(crate) fn convert(
    task: Task,
    converter: &DataConverter,
    context: &[u8],
    history: &[u8],
    say: &dyn Fn(usize),
) -> Result<Vec<u8>, Error> {
    host::complete_with(task.references(), converter, |call| match task {
        Task::Encode | Task::EncodeStored => converter.encode_history_and_say(call.at(context), history, say),
        Task::Decode | Task::DecodeStored => converter.decode_history_and_say(call.at(context), history, say),
        Task::Rewrap => converter.rewrap_history_and_say(call.at(context), history, say),
    })
}

/// Encodes a history that was decoded, with the headers that were encoded before.
pub(crate) fn encode_again(
    converter: &DataConverter,
    context: &[u8],
    history: &[u8],
    before: &PlainPlaces,
    say: &dyn Fn(usize),
) -> Result<Vec<u8>, Error> {
    host::complete_with(Task::EncodeStored.references(), converter, |call| {
        converter.encode_history_again(call.at(context), history, before, say)
    })
}

/// A history as JSON, in any of its forms.
pub(crate) fn as_json(history: Vec<u8>) -> Result<Vec<u8>, Error> {
    match tdc::binary_history_type(&history) {
        Some(name) => Ok(body::MessagePrinter::new()?.print(name, history)?.to_vec()),
        None => Ok(history),
    }
}
