//! A serialised descriptor set, measured before it is decoded: decoding recurses, and a type that
//! takes two bytes comes to 240 bytes of memory.

use prost_reflect::prost::Message as _;
use prost_reflect::prost_types::FileDescriptorProto;

use tdc_formats::wire::{Cursor, Value};

use super::size::{DECLARATION, MAX_WEIGHT, TYPE, too_much};
use super::{MAX_SET_LEN, SHORTER};

/// How deep message types may nest: as in protoc.
const MAX_NESTING: usize = 32;

/// `FileDescriptorProto.source_code_info`: places and comments, many and unused.
const SOURCE_CODE_INFO: u32 = 9;

const MALFORMED: &str = "this is not a google.protobuf.FileDescriptorSet (protoc --include_imports \
                         --descriptor_set_out makes one)";

/// Decodes the files of a set, without their source code info.
///
/// # Errors
/// The set is malformed, or there is too much of something.
pub(super) fn decode(set: &[u8]) -> Result<Vec<FileDescriptorProto>, String> {
    if set.len() > MAX_SET_LEN {
        return Err(format!("the set has more than {MAX_SET_LEN} bytes: {SHORTER}"));
    }
    weigh(set)?;
    let mut files = Vec::new();
    let mut cursor = Cursor::new(set);
    while let Ok(Some(field)) = cursor.field() {
        if let (1, Value::Bytes(file)) = (field.number, field.value) {
            let file = FileDescriptorProto::decode(&*without_source_code_info(file));
            files.push(file.map_err(|_| MALFORMED)?);
        }
    }
    Ok(files)
}

fn without_source_code_info(file: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(file.len());
    let mut cursor = Cursor::new(file);
    let mut rest = file;
    while let Ok(Some(field)) = cursor.field() {
        let (bytes, after) = rest.split_at(rest.len() - cursor.remaining());
        if field.number != SOURCE_CODE_INFO {
            kept.extend_from_slice(bytes);
        }
        rest = after;
    }
    kept
}

/// The messages of `google/protobuf/descriptor.proto`, and what else is listed in them.
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
    OptionName,
    Import,
    /// A reserved range or name.
    Reserved,
}

impl Part {
    /// What a field of this number is, if it is one of these.
    fn field(self, number: u32) -> Option<Self> {
        Some(match (self, number) {
            (Self::Set, 1) => Self::File,
            (Self::File, 3) => Self::Import,
            (Self::File, 4) | (Self::Message, 3) => Self::Message,
            (Self::File, 5) | (Self::Message, 4) => Self::Enum,
            (Self::File, 6) => Self::Service,
            (Self::File, 7) | (Self::Message, 2 | 6) => Self::Field,
            (Self::Message, 5) => Self::ExtensionRange,
            (Self::Message, 8) => Self::Oneof,
            (Self::Message, 9 | 10) | (Self::Enum, 4 | 5) => Self::Reserved,
            (Self::Enum, 2) => Self::EnumValue,
            (Self::Service, 2) => Self::Method,
            (Self::File | Self::Field, 8)
            | (Self::Message, 7)
            | (Self::Enum | Self::EnumValue | Self::Service | Self::ExtensionRange, 3)
            | (Self::Oneof, 2)
            | (Self::Method, 4) => Self::Options,
            (Self::Options, 999) => Self::UninterpretedOption,
            (Self::UninterpretedOption, 2) => Self::OptionName,
            _ => return None,
        })
    }

    /// What is stored in place of its outer message weighs nothing, and an import costs as much to
    /// link as a declaration.
    fn weight(self) -> usize {
        match self {
            Self::Options => 0,
            Self::OptionName | Self::Reserved => 1,
            Self::Message => TYPE,
            _ => DECLARATION,
        }
    }

    /// Whether there is nothing to look for in it, which may be a name.
    fn is_leaf(self) -> bool {
        matches!(self, Self::Import | Self::Reserved)
    }
}

/// # Errors
/// As of [`decode`].
fn weigh(set: &[u8]) -> Result<usize, String> {
    let mut weight = 0;
    // The open messages: the rest of each, what it is, and how many message types it is in.
    let mut open = vec![(Cursor::new(set), Part::Set, 0)];
    while let Some((cursor, part, nesting)) = open.last_mut() {
        let (part, nesting) = (*part, *nesting);
        match cursor.field() {
            Ok(Some(field)) => {
                let Value::Bytes(inner) = field.value else { continue };
                let Some(found) = part.field(field.number) else { continue };
                weight += found.weight();
                let nesting = nesting + usize::from(found == Part::Message);
                if nesting > MAX_NESTING {
                    return Err(format!(
                        "a message type of the set nests deeper than {MAX_NESTING}, which protoc refuses too"
                    ));
                }
                if !found.is_leaf() {
                    open.push((Cursor::new(inner), found, nesting));
                }
            }
            Ok(None) => drop(open.pop()),
            // Decoding might read on: it accepts more than the cursor does.
            Err(_) => return Err(MALFORMED.to_owned()),
        }
        if weight > MAX_WEIGHT {
            return Err(too_much());
        }
    }
    Ok(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declaration_counts_wherever_it_is() {
        const COUNT: usize = 20;
        // The numbers of the fields that lead to it, and its own; and its weight.
        for (path, weight) in [
            (&[1][..], DECLARATION),
            (&[1, 3], DECLARATION),
            (&[1, 4], TYPE),
            (&[1, 5], DECLARATION),
            (&[1, 6], DECLARATION),
            (&[1, 7], DECLARATION),
            (&[1, 4, 2], DECLARATION),
            (&[1, 4, 3], TYPE),
            (&[1, 4, 4], DECLARATION),
            (&[1, 4, 5], DECLARATION),
            (&[1, 4, 6], DECLARATION),
            (&[1, 4, 8], DECLARATION),
            (&[1, 4, 9], 1),
            (&[1, 4, 10], 1),
            (&[1, 4, 4, 2], DECLARATION),
            (&[1, 4, 4, 4], 1),
            (&[1, 4, 3, 3, 3, 10], 1),
            (&[1, 6, 2], DECLARATION),
            (&[1, 4, 2, 8], 0),
            (&[1, 6, 2, 4], 0),
            (&[1, 9, 1], 0),
        ] {
            let (last, start) = path.split_last().unwrap();
            let declared = [last << 3 | 2, 0].repeat(COUNT);
            let set = start.iter().rev().fold(declared, |inner, number| {
                [&[number << 3 | 2, u8::try_from(inner.len()).unwrap()][..], &inner].concat()
            });
            let found = weigh(&set).unwrap();
            assert!(
                (weight * COUNT..weight * COUNT + path.len() * TYPE).contains(&found),
                "{path:?}: {found}"
            );
        }
    }
}
