//! The SDK's failure converter, which hides messages and stack traces if the configuration says so.

use std::sync::Arc;

use temporalio_common::data_converters::{
    CommonAttributes, DefaultFailureConverter, FailureConverter, GenericPayloadConverter as _,
    PayloadConversionError, PayloadConverter, SerializationContext, SerializationContextData,
};
use temporalio_common::error::{IncomingError, OutgoingError};
use temporalio_common::protos::temporal::api::failure::v1::Failure;

use crate::requests::Host;

/// The SDK's [`DefaultFailureConverter`], with `failures: { encode_common_attributes: true }` of
/// the configuration: message and stack trace become a payload, which the codecs encode. It follows
/// a reload, and reads failures of both kinds.
///
/// A workflow that passes on the failure of an activity keeps its message: the SDK's converter
/// (1.1) hides the hidden text of a cause a second time, and loses the first.
#[derive(Clone, Debug)]
pub struct Failures {
    host: Arc<Host>,
}

impl Failures {
    pub(crate) fn new(host: Arc<Host>) -> Self {
        Self { host }
    }

    fn converter(&self) -> DefaultFailureConverter {
        DefaultFailureConverter::new(self.host.converter.encodes_common_attributes())
    }
}

impl FailureConverter for Failures {
    fn to_failure(
        &self,
        error: OutgoingError,
        payload_converter: &PayloadConverter,
        context: &SerializationContextData,
    ) -> Failure {
        self.converter().to_failure(error, payload_converter, context)
    }

    fn to_error(
        &self,
        failure: Failure,
        payload_converter: &PayloadConverter,
        context: &SerializationContextData,
    ) -> Result<IncomingError, PayloadConversionError> {
        let mut failure = failure;
        if self.host.converter.encodes_common_attributes() {
            restore(&mut failure, payload_converter, context);
        }
        self.converter().to_error(failure, payload_converter, context)
    }
}

/// Moves hidden attributes back, those of causes too, so that they are hidden once if the workflow
/// fails with this failure. What cannot be read stays.
fn restore(failure: &mut Failure, payload_converter: &PayloadConverter, context: &SerializationContextData) {
    let mut next = Some(failure);
    while let Some(failure) = next {
        let context = SerializationContext::new(context, payload_converter);
        let hidden = failure.encoded_attributes.clone();
        let read =
            hidden.and_then(|it| payload_converter.from_payload::<CommonAttributes>(&context, it).ok());
        if let Some(attributes) = read {
            failure.encoded_attributes = None;
            failure.message = attributes.message;
            failure.stack_trace = attributes.stack_trace;
        }
        next = failure.cause.as_deref_mut();
    }
}
