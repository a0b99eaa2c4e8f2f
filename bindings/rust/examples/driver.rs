//! Encodes or decodes a file through the SDK's payload codec, for the conformance matrix
//! (`scripts/driver-rust`): `driver --codec tdc --config PATH encode|decode IN OUT`. IN and OUT
//! hold one serialised `temporal.api.common.v1.Payloads`.

use std::error::Error;

use prost::Message as _;
use temporal_tdc::Tdc;
use temporalio_common::data_converters::{PayloadCodec as _, SerializationContextData};
use temporalio_common::protos::temporal::api::common::v1::Payloads;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ["--codec", "tdc", "--config", config, operation, input, output] = arguments[..] else {
        return Err("usage: driver --codec tdc --config PATH encode|decode IN OUT".into());
    };
    let codec = Tdc::open(config)?.payload_codec();
    let Payloads { payloads } = Payloads::decode(std::fs::read(input)?.as_slice())?;
    let payloads = match operation {
        "encode" => codec.encode(&SerializationContextData::None, payloads).await?,
        _ => codec.decode(&SerializationContextData::None, payloads).await?,
    };
    std::fs::write(output, Payloads { payloads }.encode_to_vec())?;
    Ok(())
}
