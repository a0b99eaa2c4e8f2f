//! Documents of every form, processed as a whole: the user does not have to say which form it is.

use std::path::Path;

use tdc::{DataConverter, Error, Limits, PlainPlaces};

use crate::input::{Form, Payloads};
use crate::task::Task;
use crate::{body, failure, history, host};

/// Applies `task` to every payload of a document and returns a document of the same form. `context`
/// is the library's, and `say` is called now and then with the number of payloads so far.
pub(crate) fn convert(
    task: Task,
    converter: &DataConverter,
    context: &[u8],
    document: &[u8],
    say: &dyn Fn(usize),
) -> Result<Vec<u8>, Error> {
    let form = Form::of(document);
    match form {
        Form::Body | Form::Payload | Form::List => {
            convert_list(form, document, |payloads| convert_payloads(task, converter, context, payloads))
        }
        Form::Failure => failure::convert(task, converter, context, document),
        Form::History => history::convert(task, converter, context, document, say),
    }
}

/// Converts the payloads of a list and prints them in the form of that list.
pub(crate) fn convert_list(
    form: Form,
    document: &[u8],
    convert: impl Fn(&[u8]) -> Result<Vec<u8>, Error>,
) -> Result<Vec<u8>, Error> {
    let payloads = Payloads::read(form, document)?;
    payloads.print(&convert(&payloads.list)?)
}

/// Applies `task` to a serialised list of payloads.
pub(crate) fn convert_payloads(
    task: Task,
    converter: &DataConverter,
    context: &[u8],
    payloads: &[u8],
) -> Result<Vec<u8>, Error> {
    host::complete_with(task.references(), converter, |call| match task {
        Task::Encode | Task::EncodeStored => converter.encode(call.at(context), payloads),
        Task::Decode | Task::DecodeStored => converter.decode(call.at(context), payloads),
        Task::Rewrap => converter.rewrap(call.at(context), payloads),
    })
}

/// Inspects the payloads of documents without decoding them.
pub(crate) struct Viewer {
    converter: DataConverter,
}

impl Viewer {
    /// With the limits of the configuration that opens the documents.
    pub(crate) fn new(limits: &Limits) -> Result<Self, Error> {
        let Limits { max_input_bytes, max_payloads, max_decoded_bytes, .. } = limits;
        let document = format!(
            "{{version: 1, limits: {{max_input_bytes: {max_input_bytes} B, max_payloads: {max_payloads}, \
             max_decoded_bytes: {max_decoded_bytes} B}}}}"
        );
        Ok(Self { converter: DataConverter::parse(&document, Path::new(""), "")? })
    }

    /// Calls `visit` with every payload of a document, and stops at its first error.
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

    /// What a history has where the SDKs write payloads plain.
    pub(crate) fn plain_places(&self, history: &[u8]) -> Result<PlainPlaces, Error> {
        self.converter.plain_places(history)
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
