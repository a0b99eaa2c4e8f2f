//! JSON → protobuf. The bytes come from anywhere: nothing panics on them, and memory stays a small factor
//! of the input, because each payload is serialised before the next is read.

use std::borrow::Cow;

use tdc_formats::base64;
use tdc_formats::json::{self, MAX_DEPTH, Reader, Text, is_number, without_mark};
use tdc_formats::wire::{push_head, push_varint, varint_len};

use super::place::Place;
use super::problem::Problem;
use crate::error::{Code, Error};

type Parsed<T> = Result<T, Box<Problem>>;

/// Reads a body into a serialised `Payloads`.
///
/// # Errors
/// [`Code::Json`], with line and column; nothing of the input's values is in it. [`Code::Limit`] where
/// it nests too deep.
pub fn parse(body: &[u8]) -> Result<Vec<u8>, Error> {
    parse_at_most(body, usize::MAX)
}

/// The same for a list that may have `max_payloads`: the first one past them ends the reading, whatever
/// comes after it.
///
/// # Errors
/// As [`parse`], and [`Code::Limit`].
pub fn parse_at_most(body: &[u8], max_payloads: usize) -> Result<Vec<u8>, Error> {
    read(body, max_payloads, Parser::body)
}

/// Reads an array of payloads, without an object around it, into a serialised `Payloads`.
///
/// # Errors
/// As [`parse`].
pub fn parse_list(list: &[u8]) -> Result<Vec<u8>, Error> {
    read(list, usize::MAX, Parser::list)
}

/// Reads one payload, without a list around it, into a serialised `Payloads` that has it alone.
///
/// # Errors
/// As [`parse`].
pub fn parse_single(payload: &[u8]) -> Result<Vec<u8>, Error> {
    read(payload, 1, |parser| parser.payload(true))
}

/// Reads one payload into its protobuf, without a list around it.
///
/// # Errors
/// As [`parse`].
pub fn parse_payload(json: &str) -> Result<Vec<u8>, Error> {
    let mut parser = Parser::new(json, 1);
    let read = parser.payload(false).and_then(|()| Ok(parser.reader.end()?));
    match read {
        Ok(()) => Ok(parser.out),
        Err(problem) => Err(problem.in_payload(json)),
    }
}

/// Reads a whole text into the list that `payloads` fills.
fn read<'j>(
    input: &'j [u8],
    max_payloads: usize,
    payloads: impl Fn(&mut Parser<'j>) -> Parsed<()>,
) -> Result<Vec<u8>, Error> {
    let input = without_mark(input)?;
    if input.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::new(Code::Json, "the input is empty, expected {\"payloads\":[…]}"));
    }
    let text = core::str::from_utf8(input).map_err(|cause| {
        Error::new(Code::Json, format!("byte {} of the input is not UTF-8", cause.valid_up_to()))
    })?;
    let mut parser = Parser::new(text, max_payloads);
    let read = payloads(&mut parser).and_then(|()| Ok(parser.reader.end()?));
    match read {
        Ok(()) => Ok(parser.out),
        Err(problem) => Err(problem.in_input(text, parser.index, max_payloads)),
    }
}

struct Parser<'j> {
    reader: Reader<'j>,
    max_payloads: usize,
    /// The payload that is being read, for errors.
    index: Option<usize>,
    out: Vec<u8>,
    /// What was read of the current payload.
    metadata: Vec<Entry<'j>>,
    /// The values of the metadata, one after the other.
    values: Vec<u8>,
    data: Option<Text<'j>>,
    sizes: Vec<i64>,
}

struct Entry<'j> {
    key: Cow<'j, str>,
    /// Its value's place in [`Parser::values`].
    start: usize,
    end: usize,
}

impl<'j> Parser<'j> {
    fn new(text: &'j str, max_payloads: usize) -> Self {
        Self {
            reader: Reader::new(text),
            max_payloads,
            index: None,
            out: Vec::with_capacity(text.len() / 4 * 3 + 16),
            metadata: Vec::new(),
            values: Vec::new(),
            data: None,
            sizes: Vec::new(),
        }
    }

    /// `{"payloads": …}`
    fn body(&mut self) -> Parsed<()> {
        let start = self.expect(b'{', Place::Body)?;
        let (mut is_known, mut is_unknown) = (false, false);
        let mut object = self.reader.object()?;
        while let Some(name) = self.reader.member(&mut object)? {
            if name.lossy() == "payloads" {
                is_known = true;
                self.list()?;
            } else {
                is_unknown = true;
                self.reader.skip(MAX_DEPTH)?;
            }
        }
        if is_unknown && !is_known {
            let expected = "the member \"payloads\"";
            return Err(Problem::refused(start, &Place::Body.name(), expected, "others only"));
        }
        Ok(())
    }

    /// `[payload, …]` or null
    fn list(&mut self) -> Parsed<()> {
        self.out.clear();
        if self.null()? {
            return Ok(());
        }
        self.expect(b'[', Place::Payloads)?;
        let mut list = self.reader.array()?;
        for index in 0..self.max_payloads {
            self.index = Some(index);
            if !self.reader.element(&mut list)? {
                self.index = None;
                return Ok(());
            }
            self.payload(true)?;
        }
        self.index = None;
        if self.reader.element(&mut list)? { Err(Box::new(Problem::TooMany)) } else { Ok(()) }
    }

    /// `{"metadata": …, "data": …, "externalPayloads": …}`; `in_list` says whether the payload is written
    /// as a field of `Payloads`.
    fn payload(&mut self, in_list: bool) -> Parsed<()> {
        let start = self.expect(b'{', Place::Payload)?;
        self.metadata.clear();
        self.values.clear();
        self.sizes.clear();
        self.data = None;
        let (mut is_known, mut is_unknown) = (false, false);
        let mut object = self.reader.object()?;
        while let Some(name) = self.reader.member(&mut object)? {
            let known = match &*name.lossy() {
                "metadata" => self.metadata().map(|()| true)?,
                "data" => self.data().map(|()| true)?,
                "externalPayloads" | "external_payloads" => self.external_payloads().map(|()| true)?,
                _ => self.reader.skip(MAX_DEPTH).map(|()| false)?,
            };
            is_known |= known;
            is_unknown |= !known;
        }
        if is_unknown && !is_known {
            let place = Place::Payload;
            return Err(Problem::refused(start, &place.name(), place.expects(), "an object with neither"));
        }
        self.write(in_list)
    }

    /// `{"encoding": base64, …}` or null
    fn metadata(&mut self) -> Parsed<()> {
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
                // The name of an encoding happens to be base64, too, of bytes that name none.
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
    fn data(&mut self) -> Parsed<()> {
        let before = self.data.take();
        self.data = self.base64(Place::Data)?;
        match before {
            // It does not count, and is judged all the same.
            Some(text) if !base64::decode(text.lossy().as_bytes(), &mut Vec::new()) => {
                Err(not_base64(text, Place::Data))
            }
            _ => Ok(()),
        }
    }

    /// `[{"sizeBytes": …}, …]` or null
    fn external_payloads(&mut self) -> Parsed<()> {
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

    /// A number, or one as text; null is 0. Java and Python take a plus sign in text.
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
                    Problem::refused(text.at(), &place.name(), place.expects(), "text that is no such number")
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

    /// A string, not yet decoded; `None` for null, which the `temporal` command writes for a value that Go
    /// left nil.
    fn base64(&mut self, place: Place<'_>) -> Parsed<Option<Text<'j>>> {
        match self.reader.peek() {
            b'"' => Ok(Some(self.reader.string()?)),
            b'n' => Ok(self.reader.null().map(|()| None)?),
            _ => Err(self.refused(place, place.expects())),
        }
    }

    /// Takes null, if it comes next.
    fn null(&mut self) -> Parsed<bool> {
        let found = self.reader.peek() == b'n';
        if found {
            self.reader.null()?;
        }
        Ok(found)
    }

    /// Where the next value begins, which must begin with this byte.
    #[inline]
    fn expect(&mut self, first: u8, place: Place<'_>) -> Parsed<usize> {
        match self.reader.peek() == first {
            true => Ok(self.reader.position()),
            false => Err(self.refused(place, place.expects())),
        }
    }

    /// The error for a value that its place does not take.
    #[cold]
    fn refused(&mut self, place: Place<'_>, expected: &str) -> Box<Problem> {
        let found = match self.reader.peek() {
            b'[' => "a list",
            b'{' => "an object",
            first => {
                // It may be no value at all.
                if let Err(fault) = Reader::skip(&mut self.reader.clone(), MAX_DEPTH) {
                    return fault.into();
                }
                match first {
                    b'"' => "text",
                    b'n' => "null",
                    b't' | b'f' => "true or false",
                    _ => "a number",
                }
            }
        };
        Problem::refused(self.reader.position(), &place.name(), expected, found)
    }

    /// Appends the payload that was read.
    fn write(&mut self, in_list: bool) -> Parsed<()> {
        // The last entry of a key counts: the sort keeps their order.
        if !self.metadata.is_sorted_by(|one, other| one.key < other.key) {
            self.metadata.reverse();
            self.metadata.sort_by(|one, other| one.key.cmp(&other.key));
            self.metadata.dedup_by(|one, other| one.key == other.key);
        }
        let start = self.out.len();
        let text = self.data.map(Text::lossy).unwrap_or_default();
        let likely_len = base64::decoded_len(text.as_bytes());
        self.write_head(likely_len, in_list);
        let data = self.out.len();
        if !base64::decode(text.as_bytes(), &mut self.out) {
            return match self.data {
                Some(text) => Err(not_base64(text, Place::Data)),
                None => Ok(()),
            };
        }
        if self.out.len() - data != likely_len {
            // There was whitespace in it.
            let decoded = self.out.split_off(data);
            self.out.truncate(start);
            self.write_head(decoded.len(), in_list);
            self.out.extend_from_slice(&decoded);
        }
        for size in &self.sizes {
            let size = size.cast_unsigned();
            push_head(&mut self.out, 3, size_len(size));
            if size != 0 {
                self.out.push(0x08);
                push_varint(&mut self.out, size);
            }
        }
        Ok(())
    }

    /// Appends what comes before the contents of `data`, which have `data_len` bytes.
    fn write_head(&mut self, data_len: usize, in_list: bool) {
        let entry_len = |entry: &Entry<'_>| field_len(entry.key.len()) + field_len(entry.end - entry.start);
        if in_list {
            let metadata: usize = self.metadata.iter().map(|entry| message_len(entry_len(entry))).sum();
            let sizes: usize =
                self.sizes.iter().map(|size| message_len(size_len(size.cast_unsigned()))).sum();
            push_head(&mut self.out, 1, metadata + field_len(data_len) + sizes);
        }
        for entry in &self.metadata {
            push_head(&mut self.out, 1, entry_len(entry));
            push_field(&mut self.out, 1, entry.key.as_bytes());
            push_field(&mut self.out, 2, self.values.get(entry.start..entry.end).unwrap_or_default());
        }
        if data_len > 0 {
            push_head(&mut self.out, 2, data_len);
        }
    }
}

#[cold]
fn not_base64(text: Text<'_>, place: Place<'_>) -> Box<Problem> {
    Problem::refused(text.at(), &place.name(), place.expects(), "text that is not base64")
}

/// Bytes of an `ExternalPayloadDetails`.
fn size_len(size: u64) -> usize {
    match size {
        0 => 0,
        size => 1 + (u64::BITS - size.leading_zeros()).div_ceil(7) as usize,
    }
}

/// Bytes of a length-delimited field, which is there even if it is empty.
fn message_len(len: usize) -> usize {
    1 + varint_len(len) + len
}

/// Bytes of a length-delimited field, which is not there if it is empty.
fn field_len(len: usize) -> usize {
    if len == 0 { 0 } else { message_len(len) }
}

fn push_field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    if !bytes.is_empty() {
        push_head(out, number, bytes.len());
        out.extend_from_slice(bytes);
    }
}
