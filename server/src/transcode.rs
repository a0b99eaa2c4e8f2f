//! `tdc encode` and `tdc decode`: a codec server's JSON body in, another out.

use std::path::Path;

use tdc::{DataConverter, Error};

use crate::{body, rounds, stdio};

/// Which way the payloads go.
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
    let payloads = body::parse(&stdio::read(file)?)?;
    let answer = rounds::settle(&converter, |converter| match direction {
        Direction::Encode => converter.encode(&[], &payloads),
        Direction::Decode => converter.decode(&[], &payloads),
    })?;
    stdio::write(body::print(answer)?.as_bytes())
}
