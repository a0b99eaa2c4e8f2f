//! `tdc failure encode` and `tdc failure decode`: a failure as proto3 JSON in, another out.

use std::path::Path;

use tdc::{DataConverter, Error};

use crate::configuration::Configuration;
use crate::{host, stdio};

/// Which way the failure goes.
#[derive(Clone, Copy)]
pub(crate) enum Direction {
    Encode,
    Decode,
}

pub(crate) fn run(
    direction: Direction,
    configuration: &Configuration,
    file: Option<&Path>,
) -> Result<(), Error> {
    let converter = configuration.open()?;
    write(direction, &converter, &stdio::read(file)?)
}

/// Converts a failure and writes it.
pub(crate) fn write(direction: Direction, converter: &DataConverter, failure: &[u8]) -> Result<(), Error> {
    let mut answer = convert(direction, converter, failure)?;
    if !answer.ends_with(b"\n") {
        answer.push(b'\n');
    }
    stdio::write(&answer)
}

pub(crate) fn convert(
    direction: Direction,
    converter: &DataConverter,
    failure: &[u8],
) -> Result<Vec<u8>, Error> {
    host::settle(converter, |call| match direction {
        Direction::Encode => converter.encode_failure_json(call.at(&[]), failure),
        Direction::Decode => converter.decode_failure_json(call.at(&[]), failure),
    })
}
