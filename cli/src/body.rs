//! Request bodies as the library reads and prints them, and the payloads that commands build and
//! inspect themselves.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use prost::Message;
use prost::bytes::Bytes;
use tdc::{Code, DataConverter, Error};

pub(crate) use tdc::payload::count;
pub(crate) use tdc::payload::json::{parse_at_most, print};

/// Finds the payloads in a serialised list, without copying them.
pub(crate) fn find(list: Vec<u8>) -> Result<Vec<Bytes>, Error> {
    let list = Bytes::from(list);
    Ok(tdc::payload::find(&list)?.into_iter().map(|payload| list.slice_ref(payload)).collect())
}

/// A list of payloads.
#[derive(Clone, PartialEq, Message)]
struct Payloads {
    #[prost(message, repeated, tag = "1")]
    payloads: Vec<Payload>,
}

/// A payload. The map is sorted, so that it always serialises to the same bytes.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Payload {
    #[prost(btree_map = "string, bytes", tag = "1")]
    metadata: BTreeMap<String, Vec<u8>>,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) data: Bytes,
}

impl Payload {
    /// Reads a serialised payload.
    pub(crate) fn read(payload: &Bytes) -> Result<Self, Error> {
        Self::decode(payload.clone()).map_err(|cause| Error::new(Code::Protobuf, cause.to_string()))
    }

    /// `metadata["encoding"]`, or empty.
    pub(crate) fn encoding(&self) -> Cow<'_, str> {
        self.text("encoding")
    }

    /// `metadata["messageType"]`, or empty.
    pub(crate) fn message_type(&self) -> Cow<'_, str> {
        self.text("messageType")
    }

    fn text(&self, key: &str) -> Cow<'_, str> {
        self.metadata.get(key).map_or(Cow::Borrowed(""), |value| String::from_utf8_lossy(value))
    }
}

/// A list of one payload whose metadata says that `data` is encrypted with the key `id`.
pub(crate) fn encrypted_under(id: &str, data: &[u8]) -> Vec<u8> {
    list_of_one(&[("encoding", "binary/encrypted"), ("encryption-key-id", id)], data.to_vec())
}

/// A list of one payload: a JSON text of `len` bytes.
pub(crate) fn json_text(len: usize) -> Vec<u8> {
    let mut data = vec![b'a'; len];
    for quote in [0, len.saturating_sub(1)] {
        if let Some(byte) = data.get_mut(quote) {
            *byte = b'"';
        }
    }
    list_of_one(&[("encoding", "json/plain")], data)
}

/// The library's context of a namespace.
pub(crate) fn context(namespace: &str) -> Vec<u8> {
    workflow_context(namespace, "")
}

/// The library's context of a workflow.
pub(crate) fn workflow_context(namespace: &str, workflow_id: &str) -> Vec<u8> {
    #[derive(Clone, PartialEq, Message)]
    struct Context {
        #[prost(string, tag = "2")]
        namespace: String,
        #[prost(string, tag = "3")]
        workflow_id: String,
    }
    Context { namespace: namespace.to_owned(), workflow_id: workflow_id.to_owned() }.encode_to_vec()
}

/// A list of one payload, given as its serialised bytes.
pub(crate) fn list_of(payload: &[u8]) -> Vec<u8> {
    let mut list = Vec::with_capacity(payload.len() + 8);
    prost::encoding::encode_key(1, prost::encoding::WireType::LengthDelimited, &mut list);
    prost::encoding::encode_varint(payload.len() as u64, &mut list);
    list.extend_from_slice(payload);
    list
}

/// The JSON that `converter` renders for a `binary/protobuf` payload, if it knows the type and
/// supports JSON for messages.
pub(crate) fn protobuf_as_json(converter: &DataConverter, payload: &[u8]) -> Option<Bytes> {
    let json = converter.to_payload(&[], &list_of(payload)).ok()?;
    let json = Payload::read(&find(json).ok()?.pop()?).ok()?;
    (json.encoding() == "json/protobuf").then_some(json.data)
}

/// Prints messages of Temporal's API as JSON.
pub(crate) struct MessagePrinter(DataConverter);

impl MessagePrinter {
    pub(crate) fn new() -> Result<Self, Error> {
        // The messages are in memory already, so the limits of a call protect nothing.
        let document = "{version: 1, converters: [json-protobuf], limits: {max_input_bytes: 4 GiB, max_decoded_bytes: 4 GiB}}";
        Ok(Self(DataConverter::parse(document, Path::new(""), "")?))
    }

    /// The JSON of a message whose type has this full name.
    pub(crate) fn print(&self, name: &str, message: impl Into<Bytes>) -> Result<Bytes, Error> {
        let list = list_of_one(&[("encoding", "binary/protobuf"), ("messageType", name)], message.into());
        let json = self.0.to_payload(&[], &list)?;
        Ok(Payload::read(&find(json)?.pop().unwrap_or_default())?.data)
    }
}

fn list_of_one(metadata: &[(&str, &str)], data: impl Into<Bytes>) -> Vec<u8> {
    let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec()));
    let payload = Payload { metadata: metadata.collect(), data: data.into() };
    Payloads { payloads: vec![payload] }.encode_to_vec()
}
