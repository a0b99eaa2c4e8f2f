//! What tests of values share.

#![allow(dead_code, unreachable_pub, reason = "each test file uses some of it")]

use temporal_tdc::Error;
use temporalio_common::data_converters::{
    DataConverter, PayloadConversionError, SerializationContextData, TemporalDeserializable,
};
use temporalio_common::protos::temporal::api::common::v1::Payload;

pub const NONE: SerializationContextData = SerializationContextData::None;

pub async fn encode(converter: &DataConverter, text: &str) -> Result<Payload, Error> {
    converter.to_payload(&NONE, &text.to_owned()).await.map_err(own)
}

pub async fn decode<T: TemporalDeserializable + 'static>(
    converter: &DataConverter,
    payload: &Payload,
) -> Result<T, Error> {
    converter.from_payload(&NONE, payload.clone()).await.map_err(own)
}

/// The error inside of the SDK's.
pub fn own(error: PayloadConversionError) -> Error {
    match error {
        PayloadConversionError::EncodingError(error) => *error.downcast().unwrap(),
        other => panic!("{other}"),
    }
}
