//! Messages that carry another message as bytes: `google.protobuf.Any`, and the envelope of
//! Temporal's own Nexus endpoint.
//!
//! An operation of the endpoint `__temporal_system` has a request of Temporal's API as its input,
//! in a `binary/protobuf` payload. The payloads inside it go through the codecs. The envelope never
//! does, because the server reads it.

use tdc_formats::wire::{Cursor, Value};

use super::plan::Plan;
use super::walk::{Walk, malformed};
use crate::error::{Code, Error, text};

const SYSTEM_ENDPOINT: &[u8] = b"__temporal_system";

/// The two fields of an `Any`, and whether either occurred more than once.
#[derive(Default)]
struct Parts<'a> {
    name: &'a [u8],
    value: &'a [u8],
    /// Where the value's field begins and ends.
    field: (usize, usize),
    values: usize,
    names: usize,
}

impl<'a, 'c> Walk<'a, 'c> {
    /// An `Any`: 1 `type_url`, 2 `value`. An unknown type stays as it is.
    #[inline(never)]
    pub(super) fn any(&mut self, occurrences: &[&'a [u8]], depth: usize) -> Result<bool, Error> {
        let mut parts = Parts::default();
        for message in occurrences {
            let mut cursor = Cursor::new(message);
            let mut start = 0;
            while let Some(wire) = cursor.field().map_err(malformed)? {
                let end = message.len() - cursor.remaining();
                match (wire.number, wire.value) {
                    (1, Value::Bytes(name)) => {
                        parts.name = name;
                        parts.names += 1;
                    }
                    (2, Value::Bytes(value)) => {
                        parts.value = value;
                        parts.values += 1;
                        parts.field = (start, end);
                    }
                    _ => {}
                }
                start = end;
            }
        }
        let name = parts.name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let Some(Some(plan)) = core::str::from_utf8(name).ok().and_then(|name| self.plans.find(name)) else {
            return Ok(false);
        };
        match occurrences {
            [message] if parts.values <= 1 && parts.names <= 1 => {
                let (start, end) = parts.field;
                let run = message.get(..start).unwrap_or_default();
                let changed = self.nested(Some(plan), 2, run, &[parts.value], depth)?;
                if changed {
                    self.out.raw(message.get(end..).unwrap_or_default());
                }
                Ok(changed)
            }
            occurrences => self.split_any(plan, occurrences, &parts, depth),
        }
    }

    /// The last `type_url` and the last `value` count.
    #[inline(never)]
    fn split_any(
        &mut self,
        plan: &'c Plan,
        occurrences: &[&'a [u8]],
        parts: &Parts<'a>,
        depth: usize,
    ) -> Result<bool, Error> {
        if !self.work.writes() {
            return self.message(plan, &[parts.value], depth);
        }
        self.flush();
        self.out.field(1, &[parts.name]);
        if !self.nested(Some(plan), 2, &[], &[parts.value], depth)? {
            self.out.field(2, &[parts.value]);
        }
        for message in occurrences {
            let mut cursor = Cursor::new(message);
            let mut start = 0;
            while let Some(wire) = cursor.field().map_err(malformed)? {
                let end = message.len() - cursor.remaining();
                if !matches!((wire.number, wire.value), (1 | 2, Value::Bytes(_))) {
                    self.out.raw(message.get(start..end).unwrap_or_default());
                }
                start = end;
            }
        }
        Ok(true)
    }

    /// A Nexus operation whose field `endpoint` says whether its input is an envelope.
    #[inline(never)]
    pub(super) fn nexus_operation(
        &mut self,
        plan: &'c Plan,
        endpoint: u32,
        occurrences: &[&'a [u8]],
        depth: usize,
    ) -> Result<bool, Error> {
        let mut is_system = false;
        for message in occurrences {
            let mut cursor = Cursor::new(message);
            while let Some(wire) = cursor.field().map_err(malformed)? {
                if let Value::Bytes(name) = wire.value
                    && wire.number == endpoint
                {
                    is_system = name == SYSTEM_ENDPOINT;
                }
            }
        }
        let outer = core::mem::replace(&mut self.system_nexus, is_system);
        let changed = self.fields(plan, occurrences, depth);
        self.system_nexus = outer;
        changed
    }

    /// The input of an operation on Temporal's own endpoint.
    #[inline(never)]
    pub(super) fn envelope(
        &mut self,
        number: u32,
        run: &'a [u8],
        occurrences: &[&'a [u8]],
        depth: usize,
    ) -> Result<bool, Error> {
        let [payload] = occurrences else { return Err(bad_envelope("it is split into several parts")) };
        let envelope = Envelope::parse(payload)?;
        if envelope.encoding != b"binary/protobuf" {
            if self.work.encodes() {
                return Err(bad_envelope("its encoding is not binary/protobuf"));
            }
            // Earlier SDKs encoded it as a whole.
            return self.payload(number, run, occurrences);
        }
        if envelope.data_count > 1 {
            return Err(bad_envelope("it has more than one data field"));
        }
        let name = core::str::from_utf8(envelope.message_type).unwrap_or_default();
        let plan = match self.plans.find(name) {
            Some(Some(plan)) => plan,
            Some(None) => return Ok(false),
            None if self.work.encodes() => return Err(unknown_type(name)),
            None => return Ok(false),
        };
        let (start, end) = envelope.field;
        self.within(number, run, payload.len(), |walk| {
            let before = payload.get(..start).unwrap_or_default();
            let changed = walk.nested(Some(plan), 2, before, &[envelope.data], depth)?;
            if changed {
                walk.out.raw(payload.get(end..).unwrap_or_default());
            }
            Ok(changed)
        })
    }
}

/// The payload that carries an operation of Temporal's own endpoint.
#[derive(Default)]
struct Envelope<'a> {
    encoding: &'a [u8],
    message_type: &'a [u8],
    data: &'a [u8],
    /// Where the field of `data` begins and ends.
    field: (usize, usize),
    data_count: usize,
}

impl<'a> Envelope<'a> {
    fn parse(payload: &'a [u8]) -> Result<Self, Error> {
        let mut envelope = Self::default();
        let mut cursor = Cursor::new(payload);
        let mut start = 0;
        while let Some(wire) = cursor.field().map_err(malformed)? {
            let end = payload.len() - cursor.remaining();
            match (wire.number, wire.value) {
                (1, Value::Bytes(entry)) => envelope.entry(entry)?,
                (2, Value::Bytes(data)) => {
                    envelope.data = data;
                    envelope.field = (start, end);
                    envelope.data_count += 1;
                }
                _ => {}
            }
            start = end;
        }
        Ok(envelope)
    }

    fn entry(&mut self, entry: &'a [u8]) -> Result<(), Error> {
        let (mut key, mut value) = (&b""[..], &b""[..]);
        let mut cursor = Cursor::new(entry);
        while let Some(wire) = cursor.field().map_err(malformed)? {
            match (wire.number, wire.value) {
                (1, Value::Bytes(bytes)) => key = bytes,
                (2, Value::Bytes(bytes)) => value = bytes,
                _ => {}
            }
        }
        match key {
            b"encoding" => self.encoding = value,
            b"messageType" => self.message_type = value,
            _ => {}
        }
        Ok(())
    }
}

#[cold]
fn bad_envelope(why: &str) -> Error {
    Error::new(Code::Protobuf, format!("the envelope of a system Nexus operation is malformed: {why}"))
}

/// The error for a message type that no descriptor describes.
#[cold]
pub(crate) fn unknown_type(name: &str) -> Error {
    Error::new(
        Code::Type,
        format!(
            "the message type {} is unknown: expected the full name of a message of Temporal's API",
            text::quoted(name)
        ),
    )
}
