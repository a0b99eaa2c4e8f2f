//! References: the payload that a history has in the place of a stored object.
//!
//! ```text
//! encoding: json/protobuf, messageType: temporal.api.sdk.v1.ExternalStorageReference
//!     {"driverName":"aws.s3driver","claimData":{"bucket":…,"key":…,"hash_algorithm":…,"hash_value":…}}
//! encoding: json/external-storage-reference     (legacy)
//!     {"driver_name":…,"driver_claim":{"claim_data":{…}}}
//! ```
//! Both are read in either style of names, with unknown members, in any order. The payload's
//! `external_payloads` are a hint for the server and the Web UI, and change nothing.

use std::collections::BTreeMap;

use tdc_formats::json::{Reader, write_text};
use tdc_formats::wire::push_bytes;

use crate::error::{Code, Error};
use crate::payload::{Parts, Slices, View, external_sizes, malformed};

const CURRENT: &[u8] = b"json/protobuf";
const LEGACY: &[u8] = b"json/external-storage-reference";
const MESSAGE_TYPE: &[u8] = b"temporal.api.sdk.v1.ExternalStorageReference";

/// Entries of a claim: the official drivers write four.
const MAX_ENTRIES: usize = 32;
/// How deep members that are not known may nest.
const MAX_DEPTH: usize = 32;

/// Where a stored object is: the store's driver, and what the driver wrote down of the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) driver: String,
    pub(super) claim: BTreeMap<String, String>,
    is_legacy: bool,
}

/// Whether a payload with this encoding can be a reference.
pub(crate) fn may_be_reference(encoding: Option<&[u8]>) -> bool {
    matches!(encoding, Some(CURRENT | LEGACY))
}

/// Whether a payload is a reference.
pub(crate) fn is_reference(payload: Slices<'_>) -> bool {
    matches!(Reference::of(payload), Ok(Some(_)))
}

impl Reference {
    /// The reference in a payload; `None` if it is another payload.
    ///
    /// # Errors
    /// [`Code::Reference`] if it says that it is a reference and is none.
    pub(super) fn of(payload: Slices<'_>) -> Result<Option<Self>, Error> {
        let view = View::parse(payload).map_err(malformed)?;
        if !may_be_reference(view.encoding) {
            return Ok(None);
        }
        let payload = payload.joined();
        let parts = Parts::parse(&payload)?;
        let is_legacy = parts.encoding() == Some(LEGACY);
        if !is_legacy && parts.message_type() != Some(MESSAGE_TYPE) {
            return Ok(None);
        }
        let Said { driver, claim } = Said::read(parts.data()).map_err(|why| not_a_reference(&why))?;
        if driver.is_empty() {
            return Err(not_a_reference("driverName is missing"));
        }
        Ok(Some(Self { driver, claim, is_legacy }))
    }

    /// The payload in today's form, if `payload` has the legacy one.
    pub(super) fn updated(&self, payload: Slices<'_>) -> Result<Option<Vec<u8>>, Error> {
        if !self.is_legacy {
            return Ok(None);
        }
        let mut out = Vec::new();
        for (key, value) in [(&b"encoding"[..], CURRENT), (b"messageType", MESSAGE_TYPE)] {
            let mut entry = Vec::new();
            push_bytes(&mut entry, 1, key);
            push_bytes(&mut entry, 2, value);
            push_bytes(&mut out, 1, &entry);
        }
        push_bytes(&mut out, 2, &self.json());
        out.extend(external_sizes(payload).map_err(malformed)?);
        Ok(Some(out))
    }

    /// The message as JSON, in the form that every SDK reads.
    fn json(&self) -> Vec<u8> {
        let mut out = b"{\"claimData\":{".to_vec();
        for (at, (key, value)) in self.claim.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_text(key, &mut out);
            out.push(b':');
            write_text(value, &mut out);
        }
        out.extend_from_slice(b"},\"driverName\":");
        write_text(&self.driver, &mut out);
        out.push(b'}');
        out
    }
}

/// What a reference says, in either form.
#[derive(Default)]
struct Said {
    driver: String,
    claim: BTreeMap<String, String>,
}

impl Said {
    /// Reads a message, to the end of the text.
    fn read(data: &[u8]) -> Result<Self, String> {
        let mut said = Self::default();
        let mut reader = Reader::of_bytes(data).map_err(fault)?;
        said.members(&mut reader)?;
        reader.end().map_err(fault)?;
        Ok(said)
    }

    /// The legacy form has the claim one level deeper.
    fn members(&mut self, reader: &mut Reader<'_>) -> Result<(), String> {
        let mut members = reader.object().map_err(fault)?;
        while let Some(name) = reader.member(&mut members).map_err(fault)? {
            match &*name.lossy() {
                // As in every message, null stands for a field that is not set.
                _ if reader.peek() == b'n' => skip(reader)?,
                "driverName" | "driver_name" => self.driver = text(reader)?,
                "claimData" | "claim_data" => self.claim = entries(reader)?,
                "driverClaim" | "driver_claim" => self.claim_of_driver(reader)?,
                _ => skip(reader)?,
            }
        }
        Ok(())
    }

    fn claim_of_driver(&mut self, reader: &mut Reader<'_>) -> Result<(), String> {
        let mut members = reader.object().map_err(fault)?;
        while let Some(name) = reader.member(&mut members).map_err(fault)? {
            match &*name.lossy() {
                "claimData" | "claim_data" if reader.peek() != b'n' => self.claim = entries(reader)?,
                _ => skip(reader)?,
            }
        }
        Ok(())
    }
}

/// A claim: a map of texts.
fn entries(reader: &mut Reader<'_>) -> Result<BTreeMap<String, String>, String> {
    let mut claim = BTreeMap::new();
    let mut members = reader.object().map_err(fault)?;
    while let Some(name) = reader.member(&mut members).map_err(fault)? {
        let name = name.unescaped().ok_or("a name in claimData is not Unicode")?.into_owned();
        claim.insert(name, text(reader)?);
        if claim.len() > MAX_ENTRIES {
            return Err(format!("claimData has more than {MAX_ENTRIES} entries"));
        }
    }
    Ok(claim)
}

fn text(reader: &mut Reader<'_>) -> Result<String, String> {
    let text = reader.string().map_err(fault)?;
    text.unescaped().map(String::from).ok_or_else(|| "a text in it is not Unicode".to_owned())
}

fn skip(reader: &mut Reader<'_>) -> Result<(), String> {
    reader.skip(MAX_DEPTH).map_err(fault)
}

fn fault(fault: impl Into<tdc_formats::Error>) -> String {
    fault.into().message().to_owned()
}

#[cold]
fn not_a_reference(why: &str) -> Error {
    Error::new(
        Code::Reference,
        format!("the payload says that it is a reference to a stored object, but {why}"),
    )
}
