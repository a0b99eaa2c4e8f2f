//! `tdc inspect`: what payloads show from outside. Nothing of theirs is opened.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;
use tdc::{Code, DataConverter, Error, Inspection};

use crate::{body, rounds, stdio};

/// One payload, as `--json` prints it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    index: usize,
    /// `null` where there is none, or none that is text.
    encoding: Option<String>,
    /// The codec that opens the outermost layer; `null`: none of ours, decode leaves the payload as it is.
    codec: Option<&'static str>,
    key_id: Option<String>,
    /// Only with `--config`.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<KeyState>,
    payload_bytes: usize,
    data_bytes: usize,
}

/// Whether the configuration has a key.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum KeyState {
    Here,
    Missing,
    /// The host program is to be asked.
    Host,
}

impl KeyState {
    fn name(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Missing => "missing",
            Self::Host => "ask the host",
        }
    }
}

#[derive(Serialize)]
struct Report {
    payloads: Vec<Row>,
}

pub(crate) fn run(
    config: Option<&Path>,
    namespace: &str,
    json: bool,
    file: Option<&Path>,
) -> Result<(), Error> {
    let converter = config.map(|config| DataConverter::open(config, namespace)).transpose()?;
    let payloads = body::find(body::parse(&stdio::read(file)?)?)?;
    let row = |(index, payload): (usize, &prost::bytes::Bytes)| {
        let seen = tdc::inspect(payload)?;
        let key = match (&converter, &seen.key_id) {
            (Some(converter), Some(id)) => Some(key_state(converter, id)?),
            _ => None,
        };
        Ok(Row::new(index, seen, key))
    };
    let rows = payloads
        .iter()
        .enumerate()
        .map(|(index, payload)| row((index, payload)).map_err(|error: Error| error.at_payload(index)));
    let report = Report { payloads: rows.collect::<Result<_, _>>()? };
    stdio::write(if json { as_json(&report)? } else { table(&report.payloads, config.is_some()) }.as_bytes())
}

impl Row {
    fn new(index: usize, seen: Inspection, key: Option<KeyState>) -> Self {
        Self {
            index,
            encoding: seen.encoding,
            codec: seen.codec,
            key_id: seen.key_id,
            key,
            payload_bytes: seen.payload_len,
            data_bytes: seen.data_len,
        }
    }
}

/// Whether `converter` would find the key `id`: it is given a ciphertext of our own that names the key and cannot authenticate, and how it fails is
/// the answer. So the payload itself stays closed, and a namespace's own list of keys counts.
fn key_state(converter: &DataConverter, id: &str) -> Result<KeyState, Error> {
    let probe = body::encrypted_under(id, &[0; NONCE_AND_TAG]);
    match rounds::with_reload(converter, |converter| converter.decode(&[], &probe)) {
        // Without any key source it is left as it is.
        Ok(_) => Ok(KeyState::Missing),
        Err(error) => match error.code() {
            Code::Authentication => Ok(KeyState::Here),
            Code::KeyUnknown => Ok(KeyState::Missing),
            Code::KeyNeeded => Ok(KeyState::Host),
            _ => Err(error),
        },
    }
}

/// Bytes of the shortest ciphertext.
const NONCE_AND_TAG: usize = 12 + 16;

fn as_json(report: &Report) -> Result<String, Error> {
    serde_json::to_string(report)
        .map(|text| text + "\n")
        .map_err(|cause| Error::new(Code::Json, format!("cannot print the answer: {cause}")))
}

/// Columns as wide as their widest cell; numbers to the right.
fn table(rows: &[Row], with_keys: bool) -> String {
    let mut lines =
        vec![["#", "ENCODING", "OPENED BY", "KEY ID", "KEY", "PAYLOAD", "DATA"].map(str::to_owned)];
    let dash = || "-".to_owned();
    lines.extend(rows.iter().map(|row| {
        [
            row.index.to_string(),
            row.encoding.clone().unwrap_or_else(dash),
            row.codec.map_or_else(dash, str::to_owned),
            row.key_id.clone().unwrap_or_else(dash),
            row.key.map_or_else(dash, |key| key.name().to_owned()),
            format!("{} B", row.payload_bytes),
            format!("{} B", row.data_bytes),
        ]
    }));
    let widths: [usize; 7] = core::array::from_fn(|column| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    });
    let mut out = String::new();
    for line in &lines {
        let mut cells = String::new();
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            // Writing to a text cannot fail.
            let _ = match column {
                4 if !with_keys => Ok(()),
                0 | 5.. => write!(cells, "{cell:>width$}  "),
                _ => write!(cells, "{cell:<width$}  "),
            };
        }
        out.push_str(cells.trim_end());
        out.push('\n');
    }
    out
}
