//! A cursor over JSON text that was checked before: it finds where values begin and end, and copies
//! nothing.

use crate::json::plain_len;

/// A place in a checked text.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

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
        Self { text, at }
    }

    /// Where the next token begins.
    pub(super) fn position(&mut self) -> usize {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.at
    }

    /// The first byte of the next token; 0 at the end.
    pub(super) fn peek(&mut self) -> u8 {
        self.position();
        self.byte().unwrap_or_default()
    }

    /// Takes the next token if it is this byte.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    /// Where the cursor stands: behind what was taken last.
    pub(super) fn here(&self) -> usize {
        self.at
    }

    /// The text from `start` to what was taken last.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Takes the next member's name and its colon. `None` at the end of the object, which is taken.
    pub(super) fn member(&mut self) -> Option<Member<'a>> {
        self.take(b',');
        if self.take(b'}') || self.peek() != b'"' {
            return None;
        }
        let start = self.at;
        self.skip();
        let name = self.text.get(start + 1..self.at - 1).unwrap_or_default();
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
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                b'"' => self.string(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                b',' | b':' => self.at += 1,
                0 => break,
                _ => {
                    while self.byte().is_some_and(|byte| !b",]} \t\n\r".contains(&byte)) {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                break;
            }
        }
        self.since(start)
    }

    fn string(&mut self) {
        self.at += 1;
        loop {
            let plain = plain_len(self.text.as_bytes().get(self.at..).unwrap_or_default());
            count(plain);
            self.at += plain;
            let Some(byte) = self.byte() else { break };
            self.at += 1 + usize::from(byte == b'\\');
            if byte == b'"' {
                break;
            }
        }
    }

    fn byte(&self) -> Option<u8> {
        count(1);
        self.text.as_bytes().get(self.at).copied()
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
