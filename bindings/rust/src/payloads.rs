//! The SDK's payloads, through an operation of the library on their bytes.

use std::sync::Arc;

use prost::Message as _;
use tdc::{Code, DataConverter, Scope};
use temporalio_common::protos::temporal::api::common::v1::{Payload, Payloads};

use crate::errors::Error;
use crate::requests::Host;

/// An operation on a serialised `Payloads`, which keeps count and order.
pub(crate) type Operation = fn(&DataConverter, Scope<'_>, &[u8]) -> Result<Vec<u8>, tdc::Error>;

pub(crate) async fn convert(
    host: &Arc<Host>,
    operation: Operation,
    context: &'static [u8],
    payloads: Vec<Payload>,
) -> Result<Vec<Payload>, Error> {
    let count = payloads.len();
    let message = Payloads { payloads }.encode_to_vec();
    let len = message.len();
    let work = move |converter: &DataConverter, call: &mut tdc::Call| {
        operation(converter, call.at(context), &message)
    };
    let converted = host.repeat(len, work).await?;
    match Payloads::decode(converted.as_slice()) {
        Ok(Payloads { payloads }) if payloads.len() == count => Ok(payloads),
        _ => Err(Error::new(Code::Protobuf, "a decoded payload is not a message that the SDK can read")),
    }
}
