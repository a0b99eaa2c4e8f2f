//! The configuration's own `converters`, between the SDK's payload converter and the codecs: they
//! may need descriptors, and workflow code cannot wait for these.

use std::sync::Arc;

use temporalio_common::protos::temporal::api::common::v1::Payload;

use crate::errors::Error;
use crate::payloads::{Operation, convert};
use crate::requests::Host;

/// Values as the SDK's converter makes them become what the configuration's converters make of
/// them.
pub(crate) async fn to_payloads(
    host: &Arc<Host>,
    context: &'static [u8],
    payloads: Vec<Payload>,
) -> Result<Vec<Payload>, Error> {
    let is_raw = |payload: &Payload| match encoding(payload) {
        b"binary/null" | b"binary/plain" | b"json/plain" => true,
        // The SDK's `ProstSerializable` does not say which message it is.
        b"binary/protobuf" => payload.metadata.contains_key("messageType"),
        _ => false,
    };
    some(host, |tdc, scope, values| tdc.to_payload(scope, values), context, payloads, is_raw).await
}

/// What the SDK's converter cannot read becomes what it can: MessagePack JSON, and a message as
/// JSON its bytes.
pub(crate) async fn from_payloads(
    host: &Arc<Host>,
    context: &'static [u8],
    payloads: Vec<Payload>,
) -> Result<Vec<Payload>, Error> {
    let is_foreign = |payload: &Payload| matches!(encoding(payload), b"binary/msgpack" | b"json/protobuf");
    some(host, |tdc, scope, payloads| tdc.from_payload(scope, payloads), context, payloads, is_foreign).await
}

/// Converts some of the payloads; the others are another converter's, and stay.
async fn some(
    host: &Arc<Host>,
    operation: Operation,
    context: &'static [u8],
    payloads: Vec<Payload>,
    is_ours: impl Fn(&Payload) -> bool,
) -> Result<Vec<Payload>, Error> {
    let mut all = payloads;
    let (places, ours): (Vec<usize>, Vec<Payload>) = all
        .iter_mut()
        .enumerate()
        .filter(|(_, payload)| is_ours(payload))
        .map(|(place, payload)| (place, std::mem::take(payload)))
        .unzip();
    if ours.is_empty() {
        return Ok(all);
    }
    let converted = convert(host, operation, context, ours).await;
    let converted = converted.map_err(|error| error.moved(|index| places.get(index).copied()))?;
    for (place, payload) in places.into_iter().zip(converted) {
        if let Some(it) = all.get_mut(place) {
            *it = payload;
        }
    }
    Ok(all)
}

fn encoding(payload: &Payload) -> &[u8] {
    payload.metadata.get("encoding").map_or(b"", Vec::as_slice)
}
