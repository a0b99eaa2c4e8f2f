//! How much a serialised descriptor set declares, told before it is decoded: decoding and linking
//! recurse, and a type that takes two bytes comes to 1.4 KiB of memory.
//!
//! Malformed sets are ignored here; decoding reports them.

use tdc_formats::wire::{Cursor, Value};

use super::MAX_SET_LEN;

/// How deep message types may nest: as in protoc.
const MAX_NESTING: usize = 32;

/// The most names, for one file of the configuration and for everything from the host together:
/// some hundred thousand fields, and less than a GiB of memory.
const MAX_NAMES: usize = 1 << 22;

/// A declaration counts as much as so many names.
const DECLARATION: usize = 8;

/// What a set takes, as far as it is allowed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    bytes: usize,
    names: usize,
}

impl Size {
    /// # Errors
    /// What there is too much of.
    pub(super) fn of(set: &[u8]) -> Result<Self, String> {
        Ok(Self { bytes: set.len(), names: names(set)? })
    }

    /// The size of both.
    ///
    /// # Errors
    /// As of [`Self::of`].
    pub(super) fn plus(self, other: Self) -> Result<Self, String> {
        let both = Self {
            bytes: self.bytes.saturating_add(other.bytes),
            names: self.names.saturating_add(other.names),
        };
        if both.bytes > MAX_SET_LEN {
            return Err(format!("the host has provided more than {MAX_SET_LEN} bytes of descriptors"));
        }
        if both.names > MAX_NAMES { Err(too_many()) } else { Ok(both) }
    }
}

#[cold]
fn too_many() -> String {
    format!("more than {} types, fields and values are declared", MAX_NAMES / DECLARATION)
}

/// The messages of `google/protobuf/descriptor.proto` that have messages in them, and the others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Set,
    File,
    Message,
    Field,
    Enum,
    EnumValue,
    Oneof,
    ExtensionRange,
    Service,
    Method,
    Options,
    UninterpretedOption,
    SourceCodeInfo,
    Location,
    OptionName,
}

impl Part {
    /// What a field of this number is, if it is a message.
    fn field(self, number: u32) -> Option<Self> {
        Some(match (self, number) {
            (Self::Set, 1) => Self::File,
            (Self::File, 4) | (Self::Message, 3) => Self::Message,
            (Self::File, 5) | (Self::Message, 4) => Self::Enum,
            (Self::File, 6) => Self::Service,
            (Self::File, 7) | (Self::Message, 2 | 6) => Self::Field,
            (Self::File, 9) => Self::SourceCodeInfo,
            (Self::Message, 5) => Self::ExtensionRange,
            (Self::Message, 8) => Self::Oneof,
            (Self::Enum, 2) => Self::EnumValue,
            (Self::Service, 2) => Self::Method,
            (Self::File | Self::Field, 8)
            | (Self::Message, 7)
            | (Self::Enum | Self::EnumValue | Self::Service | Self::ExtensionRange, 3)
            | (Self::Oneof, 2)
            | (Self::Method, 4) => Self::Options,
            (Self::Options, 999) => Self::UninterpretedOption,
            (Self::UninterpretedOption, 2) => Self::OptionName,
            (Self::SourceCodeInfo, 1) => Self::Location,
            _ => return None,
        })
    }

    /// A place in a file is small, and there are many.
    fn names(self) -> usize {
        if matches!(self, Self::Location | Self::OptionName) { 1 } else { DECLARATION }
    }
}

fn names(set: &[u8]) -> Result<usize, String> {
    let mut names = 0;
    // The open messages: the rest of each, what it is, and how many message types it is in.
    let mut open = vec![(Cursor::new(set), Part::Set, 0)];
    while let Some((cursor, part, nesting)) = open.last_mut() {
        let (part, nesting) = (*part, *nesting);
        match cursor.field() {
            Ok(Some(field)) => {
                let Value::Bytes(inner) = field.value else { continue };
                let Some(found) = part.field(field.number) else {
                    // Linking makes much of an import.
                    let is_import = part == Part::File && field.number == 3;
                    names += if is_import { DECLARATION } else { 1 };
                    continue;
                };
                names += found.names();
                let nesting = nesting + usize::from(found == Part::Message);
                if nesting > MAX_NESTING {
                    return Err(format!(
                        "a message type of the set nests deeper than {MAX_NESTING}, which protoc refuses too"
                    ));
                }
                open.push((Cursor::new(inner), found, nesting));
            }
            Ok(None) | Err(_) => drop(open.pop()),
        }
        if names > MAX_NAMES {
            return Err(too_many());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declaration_counts_wherever_it_is() {
        const COUNT: usize = 20;
        // The numbers of the fields that lead to it, and its own.
        for path in [
            &[1][..],
            &[1, 3],
            &[1, 4],
            &[1, 5],
            &[1, 6],
            &[1, 7],
            &[1, 4, 2],
            &[1, 4, 3],
            &[1, 4, 4],
            &[1, 4, 5],
            &[1, 4, 6],
            &[1, 4, 8],
            &[1, 4, 10],
            &[1, 4, 2, 8],
            &[1, 4, 4, 2],
            &[1, 4, 3, 3, 3, 10],
            &[1, 6, 2],
            &[1, 6, 2, 4],
            &[1, 9, 1],
            &[1, 9, 1, 6],
        ] {
            let (last, start) = path.split_last().unwrap();
            let declared = [last << 3 | 2, 0].repeat(COUNT);
            let set = start.iter().rev().fold(declared, |inner, number| {
                [&[number << 3 | 2, u8::try_from(inner.len()).unwrap()][..], &inner].concat()
            });
            let found = Size::of(&set).unwrap().names;
            assert!(found >= COUNT && found < (COUNT + path.len()) * DECLARATION, "{path:?}: {found}");
            let is_name = matches!(path, [1, 4, 10] | [1, 4, 3, 3, 3, 10] | [1, 9, ..]);
            assert_eq!(found < COUNT * DECLARATION, is_name, "{path:?}: {found}");
        }
    }
}
