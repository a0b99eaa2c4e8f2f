//! The sizes in `external_payloads`, for the outside of an encoded payload.

use tdc_formats::wire::{Cursor, Malformed, Value, push_bytes, push_varint};

use super::Slices;

/// The `external_payloads` of a payload as whole fields, each with only its `size_bytes`.
///
/// The server adds these sizes up and cannot look inside an encoded payload. Fields that a later
/// version of the API may add might be sensitive, so they stay inside.
pub(crate) fn external_sizes(payload: Slices<'_>) -> Result<Vec<u8>, Malformed> {
    let mut fields = Vec::new();
    let mut cursor = Cursor::with_tail(payload.head, payload.tail);
    while let Some(field) = cursor.field()? {
        if let (3, Value::Bytes(details)) = (field.number, field.value) {
            let mut size = Vec::new();
            match size_bytes(details)? {
                0 => {}
                bytes => {
                    size.push(0x08);
                    push_varint(&mut size, bytes);
                }
            }
            push_bytes(&mut fields, 3, &size);
        }
    }
    Ok(fields)
}

/// The last of them counts, as for every field that is not repeated.
pub(super) fn size_bytes(details: &[u8]) -> Result<u64, Malformed> {
    let (mut size, mut cursor) = (0, Cursor::new(details));
    while let Some(field) = cursor.field()? {
        if let (1, Value::Varint(value)) = (field.number, field.value) {
            size = value;
        }
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_taken_and_nothing_else() {
        let sizes = |bytes| external_sizes(Slices::one(bytes)).unwrap();
        assert_eq!(sizes(b"\x12\x01x\x1a\x02\x08\x05\x0a\x00"), b"\x1a\x02\x08\x05");
        // Two sizes, an unknown field between them, a longer form than needed; and none at all.
        assert_eq!(sizes(b"\x1a\x09\x08\x07\x12\x01u\x08\x85\x80\x00\x1a\x00"), b"\x1a\x02\x08\x05\x1a\x00");
        assert_eq!(sizes(b"\x12\x01x"), b"");
    }

    #[test]
    fn what_comes_out_is_never_longer() {
        let negative = b"\x1a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
        assert_eq!(external_sizes(Slices::one(negative)).unwrap(), negative);
    }
}
