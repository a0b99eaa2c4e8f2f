//! Exports with references to stored objects, and the objects in a directory.

use std::fs;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};
use tdc_formats::wire::push_bytes;

use crate::exports::{event, export, item};
use crate::folder::Folder;

/// Where the objects of the namespace `orders` are.
pub(crate) const PREFIX: &str = "v0/ns/orders/d/sha256";

pub(crate) fn payload(metadata: &[(&str, &str)], data: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    for (name, value) in metadata {
        let mut entry = Vec::new();
        push_bytes(&mut entry, 1, name.as_bytes());
        push_bytes(&mut entry, 2, value.as_bytes());
        push_bytes(&mut payload, 1, &entry);
    }
    push_bytes(&mut payload, 2, data);
    payload
}

/// An export of one history whose second event has the references.
pub(crate) fn referring(driver: &str, claims: &[Value]) -> Vec<u8> {
    let metadata =
        [("encoding", "json/protobuf"), ("messageType", "temporal.api.sdk.v1.ExternalStorageReference")];
    let mut payloads = Vec::new();
    for claim in claims {
        let data = json!({ "driverName": driver, "claimData": claim });
        push_bytes(&mut payloads, 1, &payload(&metadata, data.to_string().as_bytes()));
    }
    let mut attributes = Vec::new();
    push_bytes(&mut attributes, 2, &payloads);
    let mut history = Vec::new();
    push_bytes(&mut history, 1, &event(1, 1, 6, b""));
    push_bytes(&mut history, 1, &event(2, 26, 26, &attributes));
    export([item(&history)])
}

/// An object in the directory; its hash.
pub(crate) fn object(folder: &Folder, data: &[u8]) -> String {
    stored(folder, &payload(&[("encoding", "binary/plain")], data))
}

/// An object of these bytes; its hash.
pub(crate) fn stored(folder: &Folder, bytes: &[u8]) -> String {
    let hash: String = digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    fs::create_dir_all(folder.path(&format!("objects/{PREFIX}"))).unwrap();
    fs::write(folder.path(&format!("objects/{PREFIX}/{hash}")), bytes).unwrap();
    hash
}

/// A claim, for a store without buckets too.
pub(crate) fn claim(key: &str, hash: &str) -> Value {
    json!({ "bucket": "bucket", "key": key, "hash_algorithm": "sha256", "hash_value": hash })
}
