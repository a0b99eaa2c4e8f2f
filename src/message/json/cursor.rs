//! A cursor over JSON text that was checked before: it finds where values begin and end, and copies
//! nothing. What it reads cannot be malformed, so nothing fails.

use tdc_formats::json::{MAX_DEPTH, Reader};

/// A place in a checked text.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(Reader<'a>);

/// A member of an object.
pub(super) struct Member<'a> {
    /// Between the quotes; a name with escapes in it is none that a message has.
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

    /// Where the cursor stands: behind what was taken last.
    pub(super) fn here(&self) -> usize {
        self.0.position()
    }

    /// The text from `start` to what was taken last.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.0.since(start)
    }

    /// Takes the next member's name and its colon. `None` at the end of the object, which is taken.
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

    /// Goes to the next element. `false` at the end of the array, which is taken.
    pub(super) fn element(&mut self) -> bool {
        self.take(b',');
        !self.take(b']') && self.peek() != 0
    }

    /// Skips a value; gives back its text.
    pub(super) fn skip(&mut self) -> &'a str {
        let start = self.position();
        if self.0.skip(MAX_DEPTH).is_err() {
            // Only text that was not checked; the walk ends there.
            self.0.go_to(self.0.whole().len());
        }
        count(self.here() - start);
        self.since(start)
    }
}

#[cfg(test)]
thread_local! {
    /// Bytes that the cursors of this thread have looked at.
    pub(in crate::message) static LOOKED_AT: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

#[inline]
fn count(_bytes: usize) {
    #[cfg(test)]
    LOOKED_AT.set(LOOKED_AT.get() + _bytes);
}
