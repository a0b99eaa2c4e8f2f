//! `tdc inspect`: what payloads show from outside. Nothing is decoded.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;
use tdc::{Code, DataConverter, Error, Inspection};

use crate::configuration::Configuration;
use crate::input::{Form, Payloads};
use crate::tree::{self, Tree};
use crate::{body, history, host, stdio};

/// One payload, as `--json` prints it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    index: usize,
    /// Where it is in a history or a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// `null` if there is none, or if it is not text.
    encoding: Option<String>,
    /// The codec of the outermost layer; `null` if it is none of ours, in which case decode leaves
    /// the payload as it is.
    codec: Option<&'static str>,
    key_id: Option<String>,
    /// Only with a configuration.
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
    /// The host program has to be asked.
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

pub(crate) fn run(configuration: &Configuration, json: bool, file: Option<&Path>) -> Result<(), Error> {
    let (converter, note) = converter(configuration)?;
    let found = payloads(stdio::read(file)?)?;
    let mut rows = Vec::with_capacity(found.len());
    for (index, (path, payload)) in found.into_iter().enumerate() {
        let place = |error: Error| match &path {
            Some(path) => tree::at(path, &error),
            None => error.at_payload(index),
        };
        let seen = tdc::inspect(&payload).map_err(place)?;
        let key = match (&converter, &seen.key_id) {
            (Some(converter), Some(id)) => Some(key_state(converter, id).map_err(place)?),
            _ => None,
        };
        rows.push(Row::new(index, path, seen, key));
    }
    let report = Report { payloads: rows };
    stdio::write(
        if json { as_json(&report)? } else { table(&report.payloads, converter.is_some()) }.as_bytes(),
    )?;
    if let Some(note) = note {
        stdio::note(&note);
    }
    Ok(())
}

/// The configuration to look keys up in. If the default one is not usable, the column is left out,
/// with a note.
fn converter(configuration: &Configuration) -> Result<(Option<DataConverter>, Option<String>), Error> {
    let usable = |converter: DataConverter| {
        let namespace = configuration.namespace.as_str();
        let completed = host::complete(&converter, |_| converter.namespace_settings(namespace));
        completed.map(|_| Some(converter))
    };
    let opened = configuration.open_if_any().and_then(|opened| opened.map_or(Ok(None), usable));
    match opened {
        Err(error) if !configuration.is_named() && configuration.namespace.is_empty() => {
            Ok((None, Some(format!("the column KEY is omitted: {error}"))))
        }
        opened => opened.map(|converter| (converter, None)),
    }
}

/// A serialised payload, with its path if it has one.
type Found = (Option<String>, Vec<u8>);

/// The payloads of the input, with their paths if the input is more than a plain list.
fn payloads(input: Vec<u8>) -> Result<Vec<Found>, Error> {
    let form = Form::of(&input);
    let text = match form {
        Form::Body | Form::Payload | Form::List => {
            let list = body::find(Payloads::read(form, &input)?.list)?;
            return Ok(list.into_iter().map(|payload| (None, payload.to_vec())).collect());
        }
        Form::Failure => input,
        Form::History => history::as_json(input)?,
    };
    let found = Tree::parse(&text)?.payloads()?;
    Ok(found.into_iter().map(|(path, payload)| (Some(path), payload)).collect())
}

impl Row {
    fn new(index: usize, path: Option<String>, seen: Inspection, key: Option<KeyState>) -> Self {
        Self {
            index,
            path,
            encoding: seen.encoding,
            codec: seen.codec,
            key_id: seen.key_id,
            key,
            payload_bytes: seen.payload_len,
            data_bytes: seen.data_len,
        }
    }
}

/// Whether `converter` would find the key `id`: it decodes a made-up ciphertext that names the key
/// and cannot authenticate, and the kind of error tells. So the payload itself is never decrypted,
/// and a namespace's own list of keys is respected.
fn key_state(converter: &DataConverter, id: &str) -> Result<KeyState, Error> {
    let probe = body::encrypted_under(id, &[0; NONCE_AND_TAG]);
    match host::complete_except_keys(converter, |call| converter.decode(call.at(&[]), &probe)) {
        (_, true) => Ok(KeyState::Host),
        // Without any key, encrypted payloads are left as they are.
        (Ok(_), _) => Ok(KeyState::Missing),
        (Err(error), _) => match error.code() {
            Code::Authentication => Ok(KeyState::Here),
            Code::KeyUnknown => Ok(KeyState::Missing),
            _ => Err(error),
        },
    }
}

/// Length of the shortest ciphertext, in bytes.
const NONCE_AND_TAG: usize = 12 + 16;

fn as_json(report: &Report) -> Result<String, Error> {
    serde_json::to_string(report)
        .map(|text| text + "\n")
        .map_err(|cause| Error::new(Code::Json, format!("cannot print the answer: {cause}")))
}

/// Columns are as wide as their widest cell; numbers are right-aligned.
fn table(rows: &[Row], with_keys: bool) -> String {
    let with_paths = rows.iter().any(|row| row.path.is_some());
    let mut lines =
        vec![["#", "ENCODING", "OPENED BY", "KEY ID", "KEY", "PAYLOAD", "DATA", "PATH"].map(str::to_owned)];
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
            row.path.clone().unwrap_or_else(dash),
        ]
    }));
    let widths: [usize; 8] = core::array::from_fn(|column| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    });
    let mut out = String::new();
    for line in &lines {
        let mut cells = String::new();
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            // Writing to a string cannot fail.
            let _ = match column {
                4 if !with_keys => Ok(()),
                7 if !with_paths => Ok(()),
                0 | 5 | 6 => write!(cells, "{cell:>width$}  "),
                _ => write!(cells, "{cell:<width$}  "),
            };
        }
        out.push_str(cells.trim_end());
        out.push('\n');
    }
    out
}
