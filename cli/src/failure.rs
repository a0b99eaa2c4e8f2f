//! `tdc failure encode` and `tdc failure decode`: a failure as proto3 JSON in, another out.

use std::path::Path;

use tdc::{DataConverter, Error};

use crate::configuration::Configuration;
use crate::task::Task;
use crate::{host, stdio};

pub(crate) fn run(task: Task, configuration: &Configuration, file: Option<&Path>) -> Result<(), Error> {
    let converter = configuration.open()?;
    stdio::write(&convert(task, &converter, &[], &stdio::read(file)?)?)
}

/// Converts a failure; the output ends with a line feed.
pub(crate) fn convert(
    task: Task,
    converter: &DataConverter,
    context: &[u8],
    failure: &[u8],
) -> Result<Vec<u8>, Error> {
    let mut answer = host::complete_with(task.references(), converter, |call| match task {
        Task::Encode | Task::EncodeStored => converter.encode_failure_json(call.at(context), failure),
        Task::Decode | Task::DecodeStored => converter.decode_failure_json(call.at(context), failure),
        Task::Rewrap => converter.rewrap_failure_json(call.at(context), failure),
    })?;
    if !answer.ends_with(b"\n") {
        answer.push(b'\n');
    }
    Ok(answer)
}
