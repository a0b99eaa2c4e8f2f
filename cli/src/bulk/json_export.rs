//! Reads an export as JSON, `{"items":[{"history":…}]}`, one history after the other, as
//! [`super::export`] reads one in binary.
//!
//! Whether a document is an export shows where its items begin. Until then nothing is made of it,
//! so that another document can still be read as a whole.

use std::io::BufRead;

use tdc::{Code, Error};
use tdc_formats::json::{Fault, MAX_DEPTH, Reader};

use super::json_values::{Trouble, Values};

/// A part of an export, as it is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// An item with a history, and its number among all items, from 0.
    Item(usize),
    /// What is between histories.
    Between,
}

/// Why there is no other part.
#[derive(Debug)]
pub(super) enum Stop {
    /// It is another document, or malformed before its items: the reader of whole documents says
    /// why.
    NotAnExport,
    /// A failure, and the number of the item, if it is in one.
    Failed(Error, Option<usize>),
}

/// The place in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    /// Before a member of the document.
    Member {
        is_first: bool,
    },
    /// Before an item.
    Item {
        is_first: bool,
    },
    /// At an item, whose comma was read.
    AtItem,
    End,
}

/// The parts of an export, in order.
pub(super) struct JsonExport<R> {
    values: Values<R>,
    /// How many bytes the file has.
    len: u64,
    /// Most bytes of one part.
    max: usize,
    state: State,
    has_items: bool,
    /// The number of the next item.
    index: usize,
    /// How many members beside the histories are set, which are newer than this program.
    newer: u64,
}

impl<R: BufRead> JsonExport<R> {
    pub(super) fn new(input: R, len: u64, max: usize) -> Self {
        let values = Values::new(input, max);
        Self { values, len, max, state: State::Start, has_items: false, index: 0, newer: 0 }
    }

    pub(super) fn newer(&self) -> u64 {
        self.newer
    }

    pub(super) fn into_inner(self) -> R {
        self.values.into_inner()
    }

    /// Reads the next part into `text`; `None` at the end.
    ///
    /// # Errors
    /// [`Stop`]; its failures are [`Code::Json`], [`Code::Limit`] and [`Code::Io`].
    pub(super) fn next(&mut self, text: &mut Vec<u8>) -> Result<Option<Part>, Stop> {
        text.clear();
        loop {
            match self.state {
                State::Start => {
                    self.token(b'{', "an object", text)?;
                    self.state = State::Member { is_first: true };
                }
                State::Member { is_first } => self.member(is_first, text)?,
                State::Item { is_first } => {
                    if self.space(text)? == Some(b']') {
                        self.byte(text)?;
                        self.state = State::Member { is_first: false };
                        continue;
                    }
                    if !is_first {
                        self.token(b',', "a comma or ]", text)?;
                        self.space(text)?;
                    }
                    self.state = State::AtItem;
                    return Ok(Some(Part::Between));
                }
                State::AtItem => {
                    let index = self.index;
                    let has_history = self.item(text)?;
                    self.index += 1;
                    self.state = State::Item { is_first: false };
                    return Ok(Some(if has_history { Part::Item(index) } else { Part::Between }));
                }
                State::End => {
                    if self.space(text)?.is_some() {
                        return Err(self.expected("the end"));
                    }
                    return Ok((!text.is_empty()).then_some(Part::Between));
                }
            }
        }
    }

    /// Reads a member of the document, or its end.
    fn member(&mut self, is_first: bool, text: &mut Vec<u8>) -> Result<(), Stop> {
        if self.space(text)? == Some(b'}') {
            self.byte(text)?;
            self.state = State::End;
            return if self.has_items { Ok(()) } else { Err(Stop::NotAnExport) };
        }
        if !is_first {
            self.token(b',', "a comma or }", text)?;
            self.space(text)?;
        }
        self.state = State::Member { is_first: false };
        let name = self.value(text, |reader| reader.string().map(|name| name.lossy().into_owned()))?;
        self.token(b':', "a colon", text)?;
        let next = self.space(text)?;
        match &*name {
            "items" => {
                self.has_items |= next == Some(b'[');
                self.token(b'[', "an array", text)?;
                self.state = State::Item { is_first: true };
                Ok(())
            }
            // The other forms of a history. Both in one would be ambiguous.
            "events" | "history" if self.has_items => Err(self.failed(Error::new(
                Code::Json,
                format!("this is an export and has \"{name}\" beside its items: expected one of them"),
            ))),
            "events" | "history" => Err(Stop::NotAnExport),
            _ => {
                // A member that is null is not set.
                self.newer += u64::from(next != Some(b'n'));
                self.value(text, |reader| reader.skip(MAX_DEPTH))
            }
        }
    }

    /// Reads an item. Whether it has a history; what has none is kept as it is.
    fn item(&mut self, text: &mut Vec<u8>) -> Result<bool, Stop> {
        match self.space(text)? {
            Some(b'{') => {}
            Some(_) => return Err(self.not_an_item()),
            None => return Err(self.stopped(Trouble::CutOff)),
        }
        let found = self.value(text, Item::read)?;
        if found.is_other {
            return Err(self.not_an_item());
        }
        self.newer += found.newer;
        Ok(found.has_history)
    }

    fn space(&mut self, text: &mut Vec<u8>) -> Result<Option<u8>, Stop> {
        self.values.space(text).map_err(|trouble| self.stopped(trouble))
    }

    fn byte(&mut self, text: &mut Vec<u8>) -> Result<(), Stop> {
        self.values.byte(text).map_err(|trouble| self.stopped(trouble))
    }

    /// Appends the value that begins here to `text`, and reads it.
    fn value<T>(
        &mut self,
        text: &mut Vec<u8>,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, Fault>,
    ) -> Result<T, Stop> {
        let (start, at) = (text.len(), self.values.offset());
        self.values.value(text).map_err(|trouble| self.stopped(trouble))?;
        let found = Reader::of_bytes(text.get(start..).unwrap_or_default()).and_then(|mut reader| {
            let found = read(&mut reader)?;
            reader.end()?;
            Ok(found)
        });
        found.map_err(|fault| self.malformed(&fault, at))
    }

    /// Takes this byte, after whitespace.
    fn token(&mut self, byte: u8, what: &str, text: &mut Vec<u8>) -> Result<(), Stop> {
        match self.space(text)? {
            Some(found) if found == byte => self.byte(text),
            Some(_) => Err(self.expected(what)),
            None => Err(self.stopped(Trouble::CutOff)),
        }
    }

    /// The number of the item, in one or before it.
    fn item_here(&self) -> Option<usize> {
        matches!(self.state, State::Item { .. } | State::AtItem).then_some(self.index)
    }

    #[cold]
    fn failed(&self, error: Error) -> Stop {
        if self.has_items { Stop::Failed(error, self.item_here()) } else { Stop::NotAnExport }
    }

    #[cold]
    fn expected(&self, what: &str) -> Stop {
        self.expected_at(self.values.offset(), what)
    }

    #[cold]
    fn expected_at(&self, at: u64, what: &str) -> Stop {
        let text = format!("the JSON is malformed at byte {at} of {}: expected {what}", self.len);
        self.failed(Error::new(Code::Json, text))
    }

    /// `at` is where the text begins that has the fault.
    #[cold]
    fn malformed(&self, fault: &Fault, at: u64) -> Stop {
        let at = at + fault.at() as u64;
        let Some(what) = fault.what() else {
            let text = format!("the JSON nests deeper than {MAX_DEPTH} levels at byte {at} of {}", self.len);
            return self.failed(Error::new(Code::Limit, text));
        };
        self.expected_at(at, what)
    }

    #[cold]
    fn not_an_item(&self) -> Stop {
        let text =
            format!("items[{}] is not an item of an export: expected {{\"history\":{{…}}}}", self.index);
        Stop::Failed(Error::new(Code::Json, text), Some(self.index))
    }

    #[cold]
    fn stopped(&self, trouble: Trouble) -> Stop {
        let what = self
            .item_here()
            .map_or_else(|| "what is beside its items".to_owned(), |index| format!("items[{index}]"));
        match trouble {
            Trouble::Unreadable(cause) => {
                Stop::Failed(Error::new(Code::Io, format!("cannot read {what}: {cause}")), self.item_here())
            }
            Trouble::CutOff => self.failed(Error::new(
                Code::Json,
                format!(
                    "the export ends within {what}, at byte {}: it was cut off, so fetch it again",
                    self.len
                ),
            )),
            Trouble::TooLong => self.failed(Error::new(
                Code::Limit,
                format!(
                    "{what} has more bytes than the {} that limits.max_input_bytes allows: raise the limit",
                    self.max
                ),
            )),
        }
    }
}

/// What an item shows.
struct Item {
    has_history: bool,
    /// It has a member that would be kept without being decoded.
    is_other: bool,
    newer: u64,
}

impl Item {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut item = Self { has_history: false, is_other: false, newer: 0 };
        let mut members = reader.object()?;
        while let Some(name) = reader.member(&mut members)? {
            let is_set = reader.peek() != b'n';
            match &*name.lossy() {
                // Two are decoded both, as protobuf would merge them.
                "history" => item.has_history |= is_set,
                "items" | "events" => item.is_other = true,
                _ => item.newer += u64::from(is_set),
            }
            reader.skip(MAX_DEPTH)?;
        }
        Ok(item)
    }
}

#[cfg(test)]
mod tests;
