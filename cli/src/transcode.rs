//! `tdc encode`, `decode`, `to-payload` and `from-payload`: payloads in, payloads out, in the form
//! that they came in.

use std::path::Path;

use tdc::{Code, DataConverter, Error};

use crate::configuration::Configuration;
use crate::input::{Form, Payloads};
use crate::task::Task;
use crate::{failure, history, host, stdio, text};

/// What happens to the payloads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Codec(Task),
    ToPayload,
    FromPayload,
}

pub(crate) fn run(
    direction: Direction,
    configuration: &Configuration,
    file: Option<&Path>,
) -> Result<(), Error> {
    let converter = configuration.open()?;
    let input = stdio::read(file)?;
    let form = Form::of(&input);
    match (direction, form) {
        (_, Form::Body | Form::Payload | Form::List) => {
            let payloads = Payloads::read(form, &input)?;
            let list = list(direction, &converter, &payloads.list)?;
            stdio::write(&payloads.print(&list)?)
        }
        (Direction::Codec(Task::Encode), Form::Failure) => {
            Err(another("a failure", "use `tdc failure encode`"))
        }
        (Direction::Codec(Task::Encode), Form::History) => {
            Err(another("a history", "use `tdc history encode`"))
        }
        (Direction::Codec(task), Form::Failure) => failure::write(task, &converter, &input),
        (Direction::Codec(task), Form::History) => {
            stdio::write(&history::convert(task, &converter, &input, false)?)
        }
        (Direction::ToPayload | Direction::FromPayload, Form::Failure) => {
            Err(another("a failure", "expected payloads, {\"payloads\":[…]}"))
        }
        (Direction::ToPayload | Direction::FromPayload, Form::History) => {
            Err(another("a history", "expected payloads, {\"payloads\":[…]}"))
        }
    }
}

/// `tdc decode --text`
pub(crate) fn decode_as_text(configuration: &Configuration, file: Option<&Path>) -> Result<(), Error> {
    let converter = configuration.open()?;
    let input = stdio::read(file)?;
    let reader = text::Reader::new(&converter);
    let form = Form::of(&input);
    let lines = match form {
        Form::Body | Form::Payload | Form::List => {
            let list = list(Direction::Codec(Task::Decode), &converter, &Payloads::read(form, &input)?.list)?;
            reader.lines(list)?
        }
        Form::Failure => reader.document(&failure::convert(Task::Decode, &converter, &input)?)?,
        Form::History => {
            let decoded = history::convert(Task::Decode, &converter, &input, false)?;
            reader.document(&history::as_json(decoded)?)?
        }
    };
    stdio::write(lines.as_bytes())
}

pub(crate) fn list(
    direction: Direction,
    converter: &DataConverter,
    payloads: &[u8],
) -> Result<Vec<u8>, Error> {
    host::settle(converter, |call| match direction {
        Direction::Codec(Task::Encode) => converter.encode(call.at(&[]), payloads),
        Direction::Codec(Task::Decode) => converter.decode(call.at(&[]), payloads),
        Direction::ToPayload => converter.to_payload(call.at(&[]), payloads),
        Direction::FromPayload => converter.from_payload(call.at(&[]), payloads),
        Direction::Codec(Task::Rewrap) => converter.rewrap(call.at(&[]), payloads),
    })
}

fn another(found: &str, advice: &str) -> Error {
    Error::new(Code::Argument, format!("the input is {found}: {advice}"))
}
