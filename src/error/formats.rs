//! Converts errors of the `formats` crate to this library's.

use tdc_formats::ErrorKind;

use super::{Code, Error};

impl From<tdc_formats::Error> for Error {
    #[cold]
    fn from(cause: tdc_formats::Error) -> Self {
        let code = match cause.kind() {
            ErrorKind::Json => Code::Json,
            ErrorKind::Value => Code::Value,
            ErrorKind::MessagePack => Code::MessagePack,
            ErrorKind::Protobuf => Code::Protobuf,
            ErrorKind::Depth => Code::Limit,
            ErrorKind::Length => {
                let message = format!("{}: raise limits.max_decoded_bytes", cause.message());
                return Self::new(Code::Limit, message);
            }
            ErrorKind::UnknownType => return Self::descriptor_needed(cause.type_name().to_owned()),
            ErrorKind::Misuse => Code::Panic,
        };
        Self::new(code, cause.message())
    }
}
