//! Documents of every form that people hold, worked on whole: the command does not ask which it is.

use std::path::Path;

use tdc::{DataConverter, Error};

use crate::input::{Form, Payloads};
use crate::task::Task;
use crate::transcode::{self, Direction};
use crate::{body, failure, history};

/// Does `task` to every payload of a document, and gives back one of the same form.
pub(crate) fn convert(task: Task, converter: &DataConverter, document: &[u8]) -> Result<Vec<u8>, Error> {
    let form = Form::of(document);
    match form {
        Form::Body | Form::Payload | Form::List => {
            let payloads = Payloads::read(form, document)?;
            payloads.print(&transcode::list(Direction::Codec(task), converter, &payloads.list)?)
        }
        Form::Failure => failure::convert(task, converter, document),
        Form::History => history::convert(task, converter, document, false),
    }
}

/// Looks at the payloads of documents, and opens none of them.
pub(crate) struct Viewer {
    converter: DataConverter,
}

impl Viewer {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self { converter: DataConverter::parse("{version: 1}", Path::new(""), "")? })
    }

    /// Shows every payload of a document to `visit`, whose first error is the answer.
    pub(crate) fn visit(
        &self,
        document: &[u8],
        mut visit: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut first = Ok(());
        self.each(document, &mut |payload| {
            let result = visit(payload);
            if first.is_ok() {
                first = result;
            }
        })?;
        first
    }

    fn each(&self, document: &[u8], visit: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let form = Form::of(document);
        match form {
            Form::Body | Form::Payload | Form::List => {
                body::find(Payloads::read(form, document)?.list)?.iter().for_each(|payload| visit(payload));
                Ok(())
            }
            Form::Failure => self.converter.visit_failure_json(document, visit),
            Form::History => self.converter.visit_history(document, visit),
        }
    }
}
