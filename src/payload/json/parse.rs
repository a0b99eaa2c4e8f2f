//! JSON → protobuf. Input is untrusted: nothing panics on it, and memory stays within a small
//! factor of the input, because each payload is serialised before the next is read.

mod members;
mod write;

use std::borrow::Cow;

use tdc_formats::json::{MAX_DEPTH, Reader, Text, without_mark};

use super::place::Place;
use super::problem::Problem;
use crate::error::{Code, Error};

type Parsed<T> = Result<T, Box<Problem>>;

/// Reads a body into a serialised `Payloads`.
///
/// # Errors
/// [`Code::Json`], with line and column, but without any value of the input. [`Code::Limit`] if it
/// nests too deep.
pub fn parse(body: &[u8]) -> Result<Vec<u8>, Error> {
    parse_at_most(body, usize::MAX)
}

/// The same for a list of at most `max_payloads`: reading stops at the first payload beyond the
/// limit.
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

/// Reads one payload, without a list around it, into a serialised `Payloads` with only this
/// payload.
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
    /// The values of the metadata, concatenated.
    values: Vec<u8>,
    data: Option<Text<'j>>,
    sizes: Vec<i64>,
}

struct Entry<'j> {
    key: Cow<'j, str>,
    /// The position of its value in [`Parser::values`].
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

    /// `{"metadata": …, "data": …, "externalPayloads": …}`; `in_list` says whether the payload is
    /// written as a field of `Payloads`.
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

    /// Takes null, if it comes next.
    fn null(&mut self) -> Parsed<bool> {
        let found = self.reader.peek() == b'n';
        if found {
            self.reader.null()?;
        }
        Ok(found)
    }

    /// The start of the next value, whose first byte must be this one.
    #[inline]
    fn expect(&mut self, first: u8, place: Place<'_>) -> Parsed<usize> {
        match self.reader.peek() == first {
            true => Ok(self.reader.position()),
            false => Err(self.refused(place, place.expects())),
        }
    }

    /// The error for a value that is not allowed in its position.
    #[cold]
    fn refused(&mut self, place: Place<'_>, expected: &str) -> Box<Problem> {
        let found = match self.reader.peek() {
            b'[' => "a list",
            b'{' => "an object",
            first => {
                // It may not be a value at all.
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
}
