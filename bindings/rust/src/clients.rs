//! The built-in clients of key services, which wrap and unwrap data keys.

use std::sync::LazyLock;

use tdc::{Call, Code, DataConverter, Request};
use tdc_keys::KeyServices;

/// The clients, of which a process has one set. Nothing is connected before the first request.
pub(crate) static KEY_SERVICES: LazyLock<KeyServices> =
    LazyLock::new(|| KeyServices::new(tdc_keys::Options::default()));

/// Whether a key service is asked for something.
pub(crate) fn asks_key_services(call: &Call) -> bool {
    call.requests().any(|(_, request)| matches!(request, Request::Wrap(_) | Request::Unwrap(_)))
}

/// Has key services answer all requests that are theirs. Blocks.
///
/// # Errors
/// Those of [`DataConverter::answer`].
pub(crate) fn answer_by_key_services(converter: &DataConverter, call: &mut Call) -> Result<(), tdc::Error> {
    let answers = KEY_SERVICES.answer(call.requests_message()).map_err(|cause| {
        tdc::Error::new(Code::Protobuf, format!("the requests to key services are malformed: {cause}"))
    })?;
    converter.answer_message(call, &answers)
}
