//! Reads any value: passes it to a [`Sink`] token by token, or skips it. A loop, not recursion, so
//! depth costs no stack.

use super::Reader;
use crate::json::fault::Fault;
use crate::json::nesting::{Container, Nesting};
use crate::json::{Number, Sink, Text};

impl Reader<'_> {
    /// Skips any value, which may nest `max_depth` levels.
    ///
    /// # Errors
    /// If the text is not JSON, or nests deeper.
    pub fn skip(&mut self, max_depth: usize) -> Result<(), Fault> {
        match self.peek() {
            b'"' => self.rest_of_string().map(drop),
            b'-' | b'0'..=b'9' => self.rest_of_number().map(drop),
            _ => self.walk(&mut Ignored, max_depth),
        }
    }

    /// Reads any value and passes its tokens to `sink`.
    #[inline]
    pub(crate) fn walk<E: From<Fault>, S: Sink<E>>(
        &mut self,
        sink: &mut S,
        max_depth: usize,
    ) -> Result<(), E> {
        // A local copy, so that the position stays in a register.
        let mut reader = *self;
        let walked = reader.tokens(sink, max_depth);
        *self = reader;
        walked
    }

    #[inline(always)]
    fn tokens<E: From<Fault>, S: Sink<E>>(&mut self, sink: &mut S, max_depth: usize) -> Result<(), E> {
        let mut open = Nesting::new(max_depth);
        'value: loop {
            match self.peek() {
                b'"' => sink.text(self.rest_of_string()?)?,
                b'-' | b'0'..=b'9' => sink.number(self.rest_of_number()?)?,
                b'{' => {
                    self.enter(&mut open, Container::Object)?;
                    sink.begin_object()?;
                    if !self.take(b'}') {
                        sink.key(self.name()?)?;
                        continue 'value;
                    }
                    sink.end_object()?;
                    open.leave();
                }
                b'[' => {
                    self.enter(&mut open, Container::Array)?;
                    sink.begin_array()?;
                    if !self.take(b']') {
                        continue 'value;
                    }
                    sink.end_array()?;
                    open.leave();
                }
                b't' => {
                    self.word("true")?;
                    sink.boolean(true)?;
                }
                b'f' => {
                    self.word("false")?;
                    sink.boolean(false)?;
                }
                b'n' => {
                    self.word("null")?;
                    sink.null()?;
                }
                _ => return Err(self.expected("a value").into()),
            }
            // A value ended: its container continues, or ends as well.
            loop {
                match open.innermost() {
                    None => return Ok(()),
                    Some(Container::Array) => match self.peek() {
                        b',' => {
                            self.at += 1;
                            continue 'value;
                        }
                        b']' => {
                            self.at += 1;
                            sink.end_array()?;
                        }
                        _ => return Err(self.expected("a comma or ]").into()),
                    },
                    Some(Container::Object) => match self.peek() {
                        b',' => {
                            self.at += 1;
                            sink.key(self.name()?)?;
                            continue 'value;
                        }
                        b'}' => {
                            self.at += 1;
                            sink.end_object()?;
                        }
                        _ => return Err(self.expected("a comma or }").into()),
                    },
                }
                open.leave();
            }
        }
    }

    /// Takes the first byte of a container.
    #[inline]
    fn enter(&mut self, open: &mut Nesting, container: Container) -> Result<(), Fault> {
        self.at += 1;
        if open.enter(container) { Ok(()) } else { Err(Fault::too_deep(open.max(), self.at)) }
    }
}

/// What is passed over.
struct Ignored;

impl Sink<Fault> for Ignored {
    fn null(&mut self) -> Result<(), Fault> {
        Ok(())
    }
    fn boolean(&mut self, _: bool) -> Result<(), Fault> {
        Ok(())
    }
    fn number(&mut self, _: Number<'_>) -> Result<(), Fault> {
        Ok(())
    }
    fn text(&mut self, _: Text<'_>) -> Result<(), Fault> {
        Ok(())
    }
    fn key(&mut self, _: Text<'_>) -> Result<(), Fault> {
        Ok(())
    }
    fn begin_array(&mut self) -> Result<(), Fault> {
        Ok(())
    }
    fn end_array(&mut self) -> Result<(), Fault> {
        Ok(())
    }
    fn begin_object(&mut self) -> Result<(), Fault> {
        Ok(())
    }
    fn end_object(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}
