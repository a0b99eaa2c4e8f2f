//! `tdc history encode` and `tdc history decode`: an exported history in, a history of the same
//! form out.
//!
//! Work that takes more than a second reports its progress on standard error.

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use tdc::{DataConverter, Error};

use crate::configuration::Configuration;
use crate::task::Task;
use crate::{body, host, stdio};

/// How often the command reports progress.
const INTERVAL: Duration = Duration::from_secs(1);

pub(crate) fn run(
    task: Task,
    configuration: &Configuration,
    always_say: bool,
    file: Option<&Path>,
) -> Result<(), Error> {
    let converter = configuration.open()?;
    stdio::write(&convert(task, &converter, &stdio::read(file)?, always_say)?)
}

pub(crate) fn convert(
    task: Task,
    converter: &DataConverter,
    history: &[u8],
    always_say: bool,
) -> Result<Vec<u8>, Error> {
    let last = Cell::new(Instant::now());
    let say = |payloads: usize| {
        if last.get().elapsed() >= INTERVAL {
            last.set(Instant::now());
            stdio::note(&format!("{payloads} payloads so far"));
        }
    };
    let answer = host::settle_with(task.references(), converter, |call| match task {
        Task::Encode => converter.encode_history_and_say(call.at(&[]), history, &say),
        Task::Decode | Task::DecodeStored => converter.decode_history_and_say(call.at(&[]), history, &say),
        Task::Rewrap => converter.rewrap_history_and_say(call.at(&[]), history, &say),
    })?;
    if always_say {
        stdio::note(&format!("{} bytes in, {} bytes out", history.len(), answer.len()));
    }
    Ok(answer)
}

/// A history as JSON, in any of its forms.
pub(crate) fn as_json(history: Vec<u8>) -> Result<Vec<u8>, Error> {
    match tdc::binary_history_type(&history) {
        Some(name) => body::message_as_json(name, history),
        None => Ok(history),
    }
}
