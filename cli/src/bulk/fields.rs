//! Exports, their items and histories are alike: what they have is in field 1, as messages.

use tdc_formats::wire::{Cursor, Field, Value};

/// The messages in field 1: items, a history, events. It ends where a message is malformed.
pub(super) fn inner(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    all(message).filter(|field| field.number == 1).filter_map(bytes)
}

/// The last field of this number, a message or text.
pub(super) fn last(message: &[u8], number: u32) -> Option<&[u8]> {
    all(message).filter(|field| field.number == number).last().and_then(bytes)
}

/// How many fields are beside the histories of an export with one item.
pub(super) fn beside_histories(export: &[u8]) -> u64 {
    inner(export).map(|item| all(item).filter(|field| field.number != 1).count() as u64).sum()
}

fn all(message: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut cursor = Cursor::new(message);
    std::iter::from_fn(move || cursor.field().ok()?)
}

fn bytes(field: Field<'_>) -> Option<&[u8]> {
    match field.value {
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}
