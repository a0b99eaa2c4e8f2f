//! `tdc encode`, `decode`, `to-payload` and `from-payload`: payloads in, payloads out, in the same
//! form.

use std::path::Path;

use tdc::{Code, Error};

use crate::configuration::Configuration;
use crate::input::{Form, Payloads};
use crate::task::Task;
use crate::{documents, failure, history, host, stdio, text};

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
    let document = match (direction, form) {
        (Direction::Codec(Task::Encode), Form::Failure) => {
            Err(another("a failure", "use `tdc failure encode`"))
        }
        (Direction::Codec(Task::Encode), Form::History) => {
            Err(another("a history", "use `tdc history encode`"))
        }
        (Direction::Codec(task), _) => {
            documents::convert(task, &converter, &[], &input, &history::now_and_then())
        }
        (_, Form::Failure) => Err(another("a failure", "expected payloads, {\"payloads\":[…]}")),
        (_, Form::History) => Err(another("a history", "expected payloads, {\"payloads\":[…]}")),
        (Direction::ToPayload, _) => documents::convert_list(form, &input, |payloads| {
            host::complete(&converter, |call| converter.to_payload(call.at(&[]), payloads))
        }),
        (Direction::FromPayload, _) => documents::convert_list(form, &input, |payloads| {
            host::complete(&converter, |call| converter.from_payload(call.at(&[]), payloads))
        }),
    };
    stdio::write(&document?)
}

/// `tdc decode --text`
pub(crate) fn decode_as_text(
    task: Task,
    configuration: &Configuration,
    file: Option<&Path>,
) -> Result<(), Error> {
    let converter = configuration.open()?;
    let input = stdio::read(file)?;
    let reader = text::Reader::new(&converter);
    let form = Form::of(&input);
    let lines = match form {
        Form::Body | Form::Payload | Form::List => {
            let payloads = Payloads::read(form, &input)?;
            reader.lines(documents::convert_payloads(task, &converter, &[], &payloads.list)?)?
        }
        Form::Failure => reader.document(&failure::convert(task, &converter, &[], &input)?)?,
        Form::History => {
            let decoded = history::convert(task, &converter, &[], &input, &history::now_and_then())?;
            reader.document(&history::as_json(decoded)?)?
        }
    };
    stdio::write(lines.as_bytes())
}

fn another(found: &str, advice: &str) -> Error {
    Error::new(Code::Argument, format!("the input is {found}: {advice}"))
}
