//! `tdc failure encode` and `tdc failure decode`: a failure as proto3 JSON in, another out.

use std::path::Path;

use tdc::{DataConverter, Error};

use crate::{rounds, stdio};

/// Which way the failure goes.
#[derive(Clone, Copy)]
pub(crate) enum Direction {
    Encode,
    Decode,
}

pub(crate) fn run(
    direction: Direction,
    config: &Path,
    namespace: &str,
    file: Option<&Path>,
) -> Result<(), Error> {
    let converter = DataConverter::open(config, namespace)?;
    let failure = stdio::read(file)?;
    let mut answer = rounds::settle(&converter, |converter| match direction {
        Direction::Encode => converter.encode_failure_json(&[], &failure),
        Direction::Decode => converter.decode_failure_json(&[], &failure),
    })?;
    if !answer.ends_with(b"\n") {
        answer.push(b'\n');
    }
    stdio::write(&answer)
}
