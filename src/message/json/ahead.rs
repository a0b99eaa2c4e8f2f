//! Looks ahead, because the member that decides how to read an object may come last in it: the
//! texts of a failure, the type of an `Any`, the endpoint of a Nexus operation.
//!
//! One pass over the outermost such object notes these members of every object in it, however deep
//! they nest. Looking at each object separately would read the innermost of a chain of causes once
//! for each cause.

use super::cursor::Cursor;

/// A member to look for. Two names are the proto3 JSON name and the proto name of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sought {
    Message,
    StackTrace,
    EncodedAttributes,
    Type,
    Endpoint,
}

impl Sought {
    /// The member named `name`, between its quotes.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "message" => Self::Message,
            "stackTrace" | "stack_trace" => Self::StackTrace,
            "encodedAttributes" | "encoded_attributes" => Self::EncodedAttributes,
            "@type" => Self::Type,
            "endpoint" => Self::Endpoint,
            _ => return None,
        })
    }
}

/// The members found in the last scanned object, and in those inside it.
#[derive(Default)]
pub(super) struct Ahead<'a> {
    /// Grouped by object, in text order.
    notes: Vec<Note<'a>>,
    /// How far the text has been scanned.
    end: usize,
}

struct Note<'a> {
    /// Where its object begins.
    object: usize,
    member: Sought,
    value: &'a str,
}

/// A container that has not ended.
struct Open {
    start: usize,
    is_object: bool,
    /// The note that it is the value of.
    note: Option<usize>,
}

impl<'a> Ahead<'a> {
    /// The wanted members of the object at the cursor, in order, with the text of their values.
    /// Calls must come in text order.
    pub(super) fn members(&mut self, mut cursor: Cursor<'a>) -> impl Iterator<Item = (Sought, &'a str)> {
        let start = cursor.position();
        if start >= self.end {
            self.look_through(&mut cursor);
            self.end = cursor.here();
        }
        let first = self.notes.partition_point(|note| note.object < start);
        let found = self.notes.get(first..).unwrap_or_default();
        found.iter().take_while(move |note| note.object == start).map(|note| (note.member, note.value))
    }

    fn look_through(&mut self, cursor: &mut Cursor<'a>) {
        self.notes.clear();
        let mut open: Vec<Open> = Vec::new();
        let mut note = None;
        loop {
            let start = cursor.position();
            match cursor.peek() {
                first @ (b'{' | b'[') => {
                    cursor.take(first);
                    open.push(Open { start, is_object: first == b'{', note: note.take() });
                }
                _ => {
                    let value = cursor.skip();
                    self.set(note.take(), value);
                }
            }
            // Moves to the next value, leaving the containers that end here.
            loop {
                let Some(inner) = open.last() else {
                    self.notes.sort_by_key(|note| note.object);
                    return;
                };
                let goes_on = match inner.is_object {
                    false => cursor.element(),
                    true => match cursor.member() {
                        None => false,
                        Some(name) => {
                            if let Some(member) = Sought::named(name.name) {
                                note = Some(self.notes.len());
                                self.notes.push(Note { object: inner.start, member, value: "" });
                            }
                            true
                        }
                    },
                };
                if goes_on {
                    break;
                }
                if let Some(ended) = open.pop() {
                    self.set(ended.note, cursor.since(ended.start));
                }
            }
        }
    }

    fn set(&mut self, note: Option<usize>, value: &'a str) {
        if let Some(note) = note.and_then(|note| self.notes.get_mut(note)) {
            note.value = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_for_every_object_by_one_pass() {
        let text = r#" {"a":[1,{"message":"x"}],"cause": {"message" : "in" ,"cause":{}, "endpoint":{"@type":[2]}},
            "stack_trace":null,"message":"out"}, {"message":"next"}"#;
        let mut ahead = Ahead::default();
        let mut at = |start: usize| ahead.members(Cursor::new(text, start)).collect::<Vec<_>>();
        assert_eq!(at(0), [(Sought::StackTrace, "null"), (Sought::Message, "\"out\"")]);
        let nested = |name: &str| text.find(name).unwrap() + name.len();
        assert_eq!(at(nested("[1,")), [(Sought::Message, "\"x\"")]);
        let cause = nested("\"cause\":");
        assert_eq!(at(cause), [(Sought::Message, "\"in\""), (Sought::Endpoint, r#"{"@type":[2]}"#)]);
        assert_eq!(at(nested("\"endpoint\":")), [(Sought::Type, "[2]")]);
        assert_eq!(at(nested("\"out\"},")), [(Sought::Message, "\"next\"")]);
    }
}
