//! The members of a payload in JSON: `metadata`, `data`, `externalPayloads`.

use tdc_formats::base64;
use tdc_formats::json::{self, MAX_DEPTH, Text, is_number};

use super::{Entry, Parsed, Parser};
use crate::payload::json::place::Place;
use crate::payload::json::problem::Problem;

impl<'j> Parser<'j> {
    /// `{"encoding": base64, …}` or null
    pub(super) fn metadata(&mut self) -> Parsed<()> {
        self.metadata.clear();
        self.values.clear();
        if self.null()? {
            return Ok(());
        }
        self.expect(b'{', Place::Metadata)?;
        let mut object = self.reader.object()?;
        while let Some(key) = self.reader.member(&mut object)? {
            let key = key.lossy();
            let start = self.values.len();
            if let Some(text) = self.base64(Place::MetadataValue(&key))? {
                let value = text.lossy();
                // The name of an encoding can be valid base64 too, but of bytes that name no
                // encoding.
                if key == "encoding" && (value.starts_with("json/") || value.starts_with("binary/")) {
                    let place = Place::MetadataValue(&key);
                    let found = "an encoding in plain text";
                    return Err(Problem::refused(text.at(), &place.name(), place.expects(), found));
                }
                if !base64::decode(value.as_bytes(), &mut self.values) {
                    return Err(not_base64(text, Place::MetadataValue(&key)));
                }
            }
            self.metadata.push(Entry { key, start, end: self.values.len() });
        }
        Ok(())
    }

    /// base64 or null. It is decoded at the end of the payload, straight into its place.
    pub(super) fn data(&mut self) -> Parsed<()> {
        let before = self.data.take();
        self.data = self.base64(Place::Data)?;
        match before {
            // It does not count, but is validated all the same.
            Some(text) if !base64::decode(text.lossy().as_bytes(), &mut Vec::new()) => {
                Err(not_base64(text, Place::Data))
            }
            _ => Ok(()),
        }
    }

    /// `[{"sizeBytes": …}, …]` or null
    pub(super) fn external_payloads(&mut self) -> Parsed<()> {
        self.sizes.clear();
        if self.null()? {
            return Ok(());
        }
        self.expect(b'[', Place::External)?;
        let mut list = self.reader.array()?;
        while self.reader.element(&mut list)? {
            if self.reader.peek() != b'{' {
                return Err(self.refused(Place::External, "an object with sizeBytes"));
            }
            let mut size = 0;
            let mut object = self.reader.object()?;
            while let Some(name) = self.reader.member(&mut object)? {
                match &*name.lossy() {
                    "sizeBytes" | "size_bytes" => size = self.size()?,
                    _ => self.reader.skip(MAX_DEPTH)?,
                }
            }
            self.sizes.push(size);
        }
        Ok(())
    }

    /// A number, or a number as a string; null is 0. Java and Python accept a plus sign in the
    /// string.
    fn size(&mut self) -> Parsed<i64> {
        let place = Place::SizeBytes;
        let integer = |digits: &str| json::integer(digits).and_then(|value| i64::try_from(value).ok());
        match self.reader.peek() {
            b'n' => self.reader.null().map(|()| Ok(0))?,
            b'"' => {
                let text = self.reader.string()?;
                let value = text.lossy();
                let digits = value.strip_prefix('+').filter(|rest| !rest.starts_with('-')).unwrap_or(&value);
                is_number(digits).then(|| integer(digits)).flatten().ok_or_else(|| {
                    Problem::refused(text.at(), &place.name(), place.expects(), "text that is not one")
                })
            }
            b'-' | b'0'..=b'9' => {
                let number = self.reader.number()?;
                integer(number.text).ok_or_else(|| {
                    let found = match number.integer {
                        true => "a number past 64 bits with sign",
                        false => "a number that is not an integer of 64 bits",
                    };
                    Problem::refused(number.at, &place.name(), place.expects(), found)
                })
            }
            _ => Err(self.refused(place, place.expects())),
        }
    }

    /// A string, not yet decoded; `None` for null, which the `temporal` command writes for a value
    /// that Go left nil.
    fn base64(&mut self, place: Place<'_>) -> Parsed<Option<Text<'j>>> {
        match self.reader.peek() {
            b'"' => Ok(Some(self.reader.string()?)),
            b'n' => Ok(self.reader.null().map(|()| None)?),
            _ => Err(self.refused(place, place.expects())),
        }
    }
}

#[cold]
pub(super) fn not_base64(text: Text<'_>, place: Place<'_>) -> Box<Problem> {
    Problem::refused(text.at(), &place.name(), place.expects(), "text that is not base64")
}
