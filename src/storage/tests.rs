//! References through whole calls. A map answers in the place of stores.

mod objects;
mod places;
mod references;

use std::collections::HashMap;
use std::path::Path;

use sha2::{Digest, Sha256};
use tdc_formats::wire::push_bytes;

use super::{ObjectFault, References};
use crate::call::{Answer, Call, Request};
use crate::data_converter::DataConverter;
use crate::error::{Code, Error};

const KEY: &str = "insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=";
const PLAIN: &[(&str, &str)] = &[("encoding", "json/plain")];
const MODERN: &[(&str, &str)] =
    &[("encoding", "json/protobuf"), ("messageType", "temporal.api.sdk.v1.ExternalStorageReference")];
const LEGACY: &[(&str, &str)] = &[("encoding", "json/external-storage-reference")];
const FETCH: References = References::Fetch(100);

fn payload(metadata: &[(&str, &str)], data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in metadata {
        let mut entry = Vec::new();
        push_bytes(&mut entry, 1, key.as_bytes());
        push_bytes(&mut entry, 2, value.as_bytes());
        push_bytes(&mut out, 1, &entry);
    }
    push_bytes(&mut out, 2, data);
    out
}

fn list(payloads: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    payloads.iter().for_each(|payload| push_bytes(&mut out, 1, payload));
    out
}

/// The objects of stores, and the keys that were asked for.
#[derive(Default)]
struct Stored(HashMap<String, Vec<u8>>, std::cell::RefCell<Vec<String>>);

impl Stored {
    /// Puts a payload into the store of the namespace `orders`, and gives its key and hash.
    fn put(&mut self, object: &[u8]) -> (String, String) {
        let hash: String = Sha256::digest(object).iter().map(|byte| format!("{byte:02x}")).collect();
        let key = format!("v0/ns/orders/wt/t/wi/w/ri/r/d/sha256/{hash}");
        self.0.insert(key.clone(), object.to_vec());
        (key, hash)
    }

    /// The same, and a reference to it.
    fn refer(&mut self, object: &[u8]) -> Vec<u8> {
        let (key, hash) = self.put(object);
        payload(MODERN, reference("s3", "bucket", &key, &hash).as_bytes())
    }

    fn decode(
        &self,
        converter: &DataConverter,
        references: References,
        payloads: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.run(references, |call| converter.decode(call.at(b"\x12\x06orders"), payloads), converter)
    }

    fn run(
        &self,
        references: References,
        attempt: impl Fn(&mut Call) -> Result<Vec<u8>, Error>,
        converter: &DataConverter,
    ) -> Result<Vec<u8>, Error> {
        let mut call = Call::default().with_references(references);
        loop {
            match attempt(&mut call) {
                Err(error) if error.code() == Code::Requests => {}
                result => return result,
            }
            let answers: Vec<(u64, Answer<'_>)> = call
                .requests()
                .map(|(id, request)| {
                    let Request::Object(object) = request else { panic!("{request:?}") };
                    self.1.borrow_mut().push(object.key().to_owned());
                    let missing = Answer::NoObject { fault: ObjectFault::Missing, reason: "none" };
                    (id, self.0.get(object.key()).map_or(missing, |bytes| Answer::Object(bytes)))
                })
                .collect();
            converter.answer(&mut call, &answers)?;
        }
    }
}

fn reference(driver: &str, bucket: &str, key: &str, hash: &str) -> String {
    format!(
        r#"{{"driverName":"{driver}","claimData":{{"bucket":"{bucket}","key":"{key}","hash_algorithm":"sha256","hash_value":"{hash}"}}}}"#
    )
}

fn open(rest: &str) -> DataConverter {
    open_with("", rest)
}

/// With `more` in the section `storage`.
fn open_with(more: &str, rest: &str) -> DataConverter {
    let stores = format!(
        "storage:\n{more}  stores: {{ s3: {{ s3: {{ region: eu-central-1 }}, buckets: [bucket] }} }}\n"
    );
    let keys = format!("keys: {{ primary: k, ring: {{ k: {{ {KEY} }} }} }}\n");
    DataConverter::parse(&format!("version: 1\n{keys}{stores}{rest}"), Path::new(""), "").unwrap()
}
