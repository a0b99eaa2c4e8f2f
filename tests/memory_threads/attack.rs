//! One attack: an input, the call that gets it, and how the call ends.

use std::path::Path;

use sha2::{Digest as _, Sha256};
use tdc::{Answer, Call, Code, DataConverter, Error, References};

use crate::message::{field, list, payload};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Direction {
    Encode,
    Decode,
    FromPayload,
    ToPayload,
    /// The input is a stored object, and a reference to it is decoded.
    Stored,
    /// In any of its forms.
    History,
    EncodeFailure,
    DecodeFailure,
    EncodeFailureJson,
    DecodeFailureJson,
    /// From the host.
    Descriptors,
}

impl Direction {
    const ALL: [Self; 11] = [
        Self::Encode,
        Self::Decode,
        Self::FromPayload,
        Self::ToPayload,
        Self::Stored,
        Self::History,
        Self::EncodeFailure,
        Self::DecodeFailure,
        Self::EncodeFailureJson,
        Self::DecodeFailureJson,
        Self::Descriptors,
    ];
}

pub(crate) struct Attack {
    pub(crate) name: String,
    pub(crate) direction: Direction,
    pub(crate) input: Vec<u8>,
    /// `None`: the call succeeds.
    pub(crate) fails: Option<Code>,
}

impl Attack {
    pub(crate) fn new(name: &str, direction: Direction, input: Vec<u8>, fails: Option<Code>) -> Self {
        Self { name: name.to_owned(), direction, input, fails }
    }

    pub(crate) fn run(&self, converter: &DataConverter) {
        let result: Result<Vec<u8>, Error> = match self.direction {
            Direction::Encode => converter.encode(&[], &self.input),
            Direction::Decode => converter.decode(&[], &self.input),
            Direction::FromPayload => converter.from_payload(&[], &self.input),
            Direction::ToPayload => converter.to_payload(&[], &self.input),
            Direction::Stored => self.decode_stored(converter),
            Direction::History => converter.decode_history(&[], &self.input),
            Direction::EncodeFailure => converter.encode_failure(&[], &self.input),
            Direction::DecodeFailure => converter.decode_failure(&[], &self.input),
            Direction::EncodeFailureJson => converter.encode_failure_json(&[], &self.input),
            Direction::DecodeFailureJson => converter.decode_failure_json(&[], &self.input),
            Direction::Descriptors => converter.provide_descriptor(&self.input).map(|()| Vec::new()),
        };
        let found = result.as_ref().err().map(Error::code);
        assert_eq!(found, self.fails, "{}: {:?}", self.name, result.err());
    }

    fn decode_stored(&self, converter: &DataConverter) -> Result<Vec<u8>, Error> {
        let hash: String = Sha256::digest(&self.input).iter().map(|byte| format!("{byte:02x}")).collect();
        let reference = format!(
            r#"{{"driverName":"s3","claimData":{{"bucket":"abc","key":"v0/d/a","hash_algorithm":"sha256","hash_value":"{hash}"}}}}"#
        );
        let entry =
            [field(1, b"messageType"), field(2, b"temporal.api.sdk.v1.ExternalStorageReference")].concat();
        let reference = [field(1, &entry), payload("json/protobuf", reference.as_bytes())].concat();
        let reference = list(&[reference]);
        let mut call = Call::default().with_references(References::Fetch(1));
        let asked = converter.decode(call.at(&[]), &reference).unwrap_err();
        assert_eq!(asked.code(), Code::Requests);
        let (id, _) = call.requests().next().unwrap();
        converter.answer(&mut call, &[(id, Answer::Object(&self.input))])?;
        converter.decode(call.at(&[]), &reference)
    }

    /// Writes it to a folder of attacks, as the one of this number.
    pub(crate) fn write(&self, folder: &Path, index: usize) {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join(format!("{index:02}.input")), &self.input).unwrap();
        let fails = self.fails.map_or(0, |code| code as u32);
        let about = format!("{:?}|{fails}|{}", self.direction, self.name);
        std::fs::write(folder.join(format!("{index:02}.about")), about).unwrap();
    }

    pub(crate) fn read_all(folder: &Path) -> Vec<Self> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let inputs = entries.filter(|path| path.extension().is_some_and(|extension| extension == "input"));
        inputs.map(|path| Self::read(&path)).collect()
    }

    fn read(path: &Path) -> Self {
        let about = std::fs::read_to_string(path.with_extension("about")).unwrap();
        let [direction, fails, name] = *about.split('|').collect::<Vec<_>>() else { panic!("{about}") };
        let named = |known: &Direction| format!("{known:?}") == direction;
        let direction = Direction::ALL.into_iter().find(named).unwrap();
        let fails = Some(Code::from_number(fails.parse().unwrap()).unwrap()).filter(|code| *code != Code::Ok);
        Self { name: name.to_owned(), direction, input: std::fs::read(path).unwrap(), fails }
    }
}
