//! `tdc failure encode` and `tdc failure decode`: a failure as proto3 JSON in, another out.

use std::path::Path;

use tdc::{DataConverter, Error};

use crate::configuration::Configuration;
use crate::task::Task;
use crate::{host, stdio};

pub(crate) fn run(task: Task, configuration: &Configuration, file: Option<&Path>) -> Result<(), Error> {
    let converter = configuration.open()?;
    write(task, &converter, &stdio::read(file)?)
}

/// Converts a failure and writes it.
pub(crate) fn write(task: Task, converter: &DataConverter, failure: &[u8]) -> Result<(), Error> {
    let mut answer = convert(task, converter, failure)?;
    if !answer.ends_with(b"\n") {
        answer.push(b'\n');
    }
    stdio::write(&answer)
}

pub(crate) fn convert(task: Task, converter: &DataConverter, failure: &[u8]) -> Result<Vec<u8>, Error> {
    host::settle(converter, |call| match task {
        Task::Encode => converter.encode_failure_json(call.at(&[]), failure),
        Task::Decode => converter.decode_failure_json(call.at(&[]), failure),
        Task::Rewrap => converter.rewrap_failure_json(call.at(&[]), failure),
    })
}
