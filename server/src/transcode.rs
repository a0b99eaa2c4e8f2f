//! `tdc encode`, `decode`, `to-payload` and `from-payload`: a codec server's JSON body in, another out.

use std::path::Path;

use tdc::{DataConverter, Error};

use crate::{body, rounds, stdio};

/// What happens to the payloads.
#[derive(Clone, Copy)]
pub(crate) enum Direction {
    Encode,
    Decode,
    ToPayload,
    FromPayload,
}

pub(crate) fn run(
    direction: Direction,
    config: &Path,
    namespace: &str,
    file: Option<&Path>,
) -> Result<(), Error> {
    let converter = DataConverter::open(config, namespace)?;
    let payloads = body::parse(&stdio::read(file)?)?;
    let answer = rounds::settle(&converter, |converter| match direction {
        Direction::Encode => converter.encode(&[], &payloads),
        Direction::Decode => converter.decode(&[], &payloads),
        Direction::ToPayload => converter.to_payload(&[], &payloads),
        Direction::FromPayload => converter.from_payload(&[], &payloads),
    })?;
    stdio::write(&body::print(answer)?)
}
