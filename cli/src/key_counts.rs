//! Counts payloads by the key id that they show from outside.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use tdc::Error;

/// A reminder of what cannot be changed, and what rewrapping does not cover.
pub(crate) const REMINDER: &str = "histories on a server cannot be changed: keep a key until the retention of every \
                                   namespace that used it, and the longest running workflow, have ended";

/// Counts of payloads, by what their outermost layer shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyCounts {
    pub(crate) payloads: u64,
    by_key: BTreeMap<Shown, u64>,
    /// Payloads of a codec that has no keys, by its name.
    by_codec: BTreeMap<&'static str, u64>,
}

/// What encrypts. Every other codec has no keys.
const ENCRYPT: &str = "encrypt";

/// The encoding of an encrypted payload, and its key id if that may be shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shown {
    key_id: Option<String>,
    encoding: String,
}

/// One row of a report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row<'a> {
    /// `null` if the id is the key itself, which is not shown.
    pub(crate) key_id: Option<&'a str>,
    pub(crate) encoding: &'a str,
    pub(crate) payloads: u64,
}

/// One row of a report about every codec.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CodecRow<'a> {
    /// `null` for payloads that no codec of ours encoded.
    codec: Option<&'a str>,
    /// `null` for other codecs than `encrypt`, and if the id is the key itself.
    key_id: Option<&'a str>,
    payloads: u64,
}

impl KeyCounts {
    pub(crate) fn add(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.payloads += 1;
        let seen = tdc::inspect(payload)?;
        match seen.codec {
            Some(ENCRYPT) => {
                let shown = Shown { key_id: seen.key_id, encoding: seen.encoding.unwrap_or_default() };
                *self.by_key.entry(shown).or_default() += 1;
            }
            Some(codec) => *self.by_codec.entry(codec).or_default() += 1,
            None => {}
        }
        Ok(())
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.payloads += other.payloads;
        for (shown, payloads) in other.by_key {
            *self.by_key.entry(shown).or_default() += payloads;
        }
        for (codec, payloads) in other.by_codec {
            *self.by_codec.entry(codec).or_default() += payloads;
        }
    }

    /// Payloads by codec, those of `encrypt` by key.
    pub(crate) fn by_codec(&self) -> Vec<CodecRow<'_>> {
        let mut rows: Vec<CodecRow<'_>> = self
            .by_codec
            .iter()
            .map(|(codec, payloads)| CodecRow { codec: Some(codec), key_id: None, payloads: *payloads })
            .collect();
        let mut by_key: BTreeMap<Option<&str>, u64> = BTreeMap::new();
        for (shown, payloads) in &self.by_key {
            *by_key.entry(shown.key_id.as_deref()).or_default() += payloads;
        }
        rows.extend(by_key.into_iter().map(|(key_id, payloads)| CodecRow {
            codec: Some(ENCRYPT),
            key_id,
            payloads,
        }));
        let encoded: u64 = rows.iter().map(|row| row.payloads).sum();
        if self.payloads > encoded {
            rows.push(CodecRow { codec: None, key_id: None, payloads: self.payloads - encoded });
        }
        rows
    }

    /// How many are encrypted.
    pub(crate) fn encrypted(&self) -> u64 {
        self.by_key.values().sum()
    }

    pub(crate) fn rows(&self) -> Vec<Row<'_>> {
        let rows = self.by_key.iter();
        rows.map(|(Shown { key_id, encoding }, payloads)| Row {
            key_id: key_id.as_deref(),
            encoding,
            payloads: *payloads,
        })
        .collect()
    }

    /// A table for people: the number of payloads by encoding and key.
    pub(crate) fn table(&self) -> String {
        let encrypted = self.encrypted();
        let mut lines = vec![["PAYLOADS".to_owned(), "ENCODING".to_owned(), "KEY ID".to_owned()]];
        lines.extend(self.rows().iter().map(|row| {
            let key = row.key_id.unwrap_or("(not shown: the id is the key itself)");
            [row.payloads.to_string(), row.encoding.to_owned(), key.to_owned()]
        }));
        lines.push([
            (self.payloads - encrypted).to_string(),
            "-".to_owned(),
            "not encrypted outside".to_owned(),
        ]);
        let width = |column: usize| {
            lines.iter().filter_map(|line| line.get(column)).map(String::len).max().unwrap_or_default()
        };
        let (first, second) = (width(0), width(1));
        let mut table = String::new();
        for [payloads, encoding, key] in &lines {
            // Writing to a string cannot fail.
            let _ = writeln!(table, "{payloads:>first$}  {encoding:second$}  {key}");
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{encrypted_under, find, json_text};

    fn only(list: Vec<u8>) -> Vec<u8> {
        find(list).unwrap().pop().unwrap().to_vec()
    }

    #[test]
    fn ids_that_are_a_key_are_counted_and_not_shown() {
        let mut counts = KeyCounts::default();
        for id in ["a", "b", "a", "base64key:c2VjcmV0"] {
            counts.add(&only(encrypted_under(id, &[0; 28]))).unwrap();
        }
        counts.add(&only(json_text(4))).unwrap();
        let table = counts.table();
        assert!(!table.contains("c2VjcmV0"), "{table}");
        assert_eq!(
            table,
            "PAYLOADS  ENCODING          KEY ID\n       1  binary/encrypted  (not shown: the id is the key itself)\n       \
             2  binary/encrypted  a\n       1  binary/encrypted  b\n       1  -                 not encrypted outside\n"
        );
    }
}
