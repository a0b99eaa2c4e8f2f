//! Finds the histories in an export as JSON, `{"items":[{"history":…}]}`.

use std::ops::Range;

use tdc_formats::json::{Fault, MAX_DEPTH, Reader};

/// What an export has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The items with a history.
    pub(super) items: Vec<Item>,
    /// How many members beside the histories are set, which are newer than this program.
    pub(super) newer: u64,
}

/// An item with a history.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Its number among all items, from 0.
    pub(super) index: usize,
    /// Where it is.
    pub(super) place: Range<usize>,
}

/// Why a document is not divided.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Not {
    /// It is another document, malformed, or ambiguous: the reader of whole documents says why.
    AnExport,
    /// The item of this number is no object with a history, and would be kept without being
    /// decoded.
    AnItem(usize),
}

impl From<Fault> for Not {
    fn from(_: Fault) -> Self {
        Self::AnExport
    }
}

/// The items in `text`. It stops at the first member that is another document's, so that a long
/// history is not read twice.
///
/// # Errors
/// If they are not to be processed one by one.
pub(super) fn find(text: &[u8]) -> Result<Found, Not> {
    let mut reader = Reader::of_bytes(text)?;
    let (mut found, mut has_items) = (Found::default(), false);
    let mut members = reader.object()?;
    while let Some(name) = reader.member(&mut members)? {
        match &*name.lossy() {
            "items" if !has_items => {
                has_items = true;
                found.list(&mut reader)?;
            }
            "items" | "events" | "history" => return Err(Not::AnExport),
            _ => found.newer(&mut reader)?,
        }
    }
    reader.end()?;
    if has_items { Ok(found) } else { Err(Not::AnExport) }
}

impl Found {
    fn list(&mut self, reader: &mut Reader<'_>) -> Result<(), Not> {
        let mut list = reader.array()?;
        let mut index = 0;
        while reader.element(&mut list)? {
            if reader.peek() != b'{' {
                return Err(Not::AnItem(index));
            }
            let start = reader.position();
            if self.item(reader, index)? {
                self.items.push(Item { index, place: start..reader.position() });
            }
            index += 1;
        }
        Ok(())
    }

    /// Whether an item has a history.
    fn item(&mut self, reader: &mut Reader<'_>, index: usize) -> Result<bool, Not> {
        let (mut has_history, mut seen) = (false, false);
        let mut members = reader.object()?;
        while let Some(name) = reader.member(&mut members)? {
            match &*name.lossy() {
                "history" if !seen => {
                    seen = true;
                    has_history = reader.peek() != b'n';
                    reader.skip(MAX_DEPTH)?;
                }
                "history" => return Err(Not::AnExport),
                "items" | "events" => return Err(Not::AnItem(index)),
                _ => self.newer(reader)?,
            }
        }
        Ok(has_history)
    }

    /// A member that is null is not set.
    fn newer(&mut self, reader: &mut Reader<'_>) -> Result<(), Fault> {
        self.newer += u64::from(reader.peek() != b'n');
        reader.skip(MAX_DEPTH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = r#"{"history":{"events":[{"eventId":"1"}]}}"#;

    #[test]
    fn histories_are_found_with_their_numbers() {
        let text = format!(
            r#"{{"newer":1, "unset":null, "items": [ {ITEM}, {{}}, {{"history":null}},{{"newer":[],"history":{{}}}}]}} "#
        );
        let found = find(text.as_bytes()).unwrap();
        let items: Vec<(usize, &str)> =
            found.items.iter().map(|item| (item.index, &text[item.place.clone()])).collect();
        assert_eq!(items, [(0, ITEM), (3, r#"{"newer":[],"history":{}}"#)]);
        assert_eq!(found.newer, 2);
        assert_eq!(find(br#"{"items":[]}"#), Ok(Found::default()));
    }

    #[test]
    fn other_documents_are_not_divided() {
        for other in [
            r#"{"events":[]}"#.to_owned(),
            r#"{"history":{}}"#.to_owned(),
            "[]".to_owned(),
            "{}".to_owned(),
            String::new(),
            format!(r#"{{"items":[{ITEM}],"items":[{ITEM}]}}"#),
            format!(r#"{{"items":[{ITEM}],"events":[]}}"#),
            format!(r#"{{"items":[{ITEM},{{]}}"#),
            format!(r#"{{"items":[{ITEM}"#),
            format!(r#"{{"items":[{ITEM}]}} x"#),
            format!(r#"{{"items":[{ITEM}]}}{{"items":[{ITEM}]}}"#),
            format!(r#"{{"items":[{ITEM},{{"history":{{}},"history":{{}}}}]}}"#),
        ] {
            assert_eq!(find(other.as_bytes()), Err(Not::AnExport), "{other}");
        }
    }

    #[test]
    fn items_that_would_stay_encoded_are_named() {
        for item in [
            "7".to_owned(),
            "null".to_owned(),
            format!("[{ITEM}]"),
            r#"{"events":[]}"#.to_owned(),
            format!(r#"{{"newer":{{}},"items":[{ITEM}]}}"#),
        ] {
            let text = format!(r#"{{"items":[{ITEM},{item}]}}"#);
            assert_eq!(find(text.as_bytes()), Err(Not::AnItem(1)), "{text}");
        }
    }
}
