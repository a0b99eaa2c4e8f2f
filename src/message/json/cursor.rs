//! A cursor over validated JSON text: it finds where values begin and end, and copies nothing. The
//! text cannot be malformed, so nothing fails.

use tdc_formats::json::{MAX_DEPTH, Reader};

/// A position in a validated text.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(Reader<'a>);

/// A member of an object.
pub(super) struct Member<'a> {
    /// Between the quotes; a name with escapes matches no field of a message.
    pub(super) name: &'a str,
    /// Where the member begins, at its name's quote.
    pub(super) start: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor at byte `at` of a text.
    pub(super) fn new(text: &'a str, at: usize) -> Self {
        let mut reader = Reader::new(text);
        reader.go_to(at);
        Self(reader)
    }

    /// Where the next token begins.
    pub(super) fn position(&mut self) -> usize {
        self.peek();
        self.0.position()
    }

    /// The first byte of the next token; 0 at the end.
    pub(super) fn peek(&mut self) -> u8 {
        let before = self.here();
        let byte = self.0.peek();
        count(self.here() - before + 1);
        byte
    }

    /// Takes the next token if it is this byte.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        self.peek();
        self.0.take(byte)
    }

    /// The position of the cursor: after the last token taken.
    pub(super) fn here(&self) -> usize {
        self.0.position()
    }

    /// The text from `start` to the end of the last token taken.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.0.since(start)
    }

    /// Takes the next member's name and its colon. At the end of the object, takes the brace and
    /// returns `None`.
    pub(super) fn member(&mut self) -> Option<Member<'a>> {
        self.take(b',');
        if self.take(b'}') {
            return None;
        }
        let start = self.here();
        let name = self.0.string().ok()?.raw();
        count(name.len());
        self.take(b':');
        Some(Member { name, start })
    }

    /// Goes to the next element. At the end of the array, takes the bracket and returns `false`.
    pub(super) fn element(&mut self) -> bool {
        self.take(b',');
        !self.take(b']') && self.peek() != 0
    }

    /// Skips a value; returns its text.
    pub(super) fn skip(&mut self) -> &'a str {
        let start = self.position();
        if self.0.skip(MAX_DEPTH).is_err() {
            // Only in text that was not validated; the visit ends there.
            self.0.go_to(self.0.whole().len());
        }
        count(self.here() - start);
        self.since(start)
    }
}

#[cfg(test)]
thread_local! {
    /// Bytes that the cursors of this thread have read.
    pub(in crate::message) static LOOKED_AT: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

#[inline]
fn count(_bytes: usize) {
    #[cfg(test)]
    LOOKED_AT.set(LOOKED_AT.get() + _bytes);
}
