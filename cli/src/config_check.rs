//! `tdc config check`: opens everything that a configuration names, encodes and decodes a test
//! payload for every namespace, and shows what is protected.
//!
//! What the server needs is opened by the server's own code.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tdc::{Call, Code, DataConverter, Error, NamespaceSummary, Store, StoreKind};

use crate::key_services::KEY_SERVICES;
use crate::serve::options::ServerOptions;
use crate::{body, host, serve, stdio, terminal};

/// Bytes of text in the test payload: enough for compression to show.
const TEST_TEXT_LEN: usize = 4096;
/// The workflow id of the test payload, and its namespace if any will do: payloads can be bound to
/// both.
const TEST_NAME: &str = "tdc-config-check";
/// The exit status for a configuration that is valid but probably not what was intended.
const WARNED: u8 = 2;

pub(crate) fn run(file: &Path, namespace: &str) -> Result<ExitCode, Error> {
    let converter = DataConverter::open(file, namespace)?;
    let has_server = ServerOptions::read(&converter, file)? != ServerOptions::default();
    let server = if has_server { Some(serve::check(file)?) } else { None };
    let all = converter.summary();
    let mut rows =
        Rows { with_namespaces: all.iter().any(|entry| entry.pattern.is_some()), lines: Vec::new() };
    let mut warnings = key_service_warnings(&converter, &all)?;
    let is_asked_about = |index: &usize| namespace.is_empty() || matching(&all, namespace) == Some(*index);
    let asked: Vec<usize> = (0..all.len()).filter(is_asked_about).collect();
    if asked.is_empty() {
        // The library knows what to say of it.
        converter.namespace_settings(namespace)?;
    }
    for index in asked {
        let Some(entry) = all.get(index) else { continue };
        let name = if namespace.is_empty() { a_name(&all, index) } else { Some(namespace.to_owned()) };
        match name {
            Some(name) => {
                let by_host = try_out(&converter, entry, &name)?;
                let of_namespace =
                    if namespace.is_empty() { entry.clone() } else { converter.summary_for(namespace)? };
                rows.describe(&of_namespace, by_host, converter.encodes_common_attributes());
            }
            None => warnings.push(format!("{} is never used, {}", place(entry, index), why_unused(entry))),
        }
        warnings.extend(own_warnings(entry, index));
    }
    let stores = converter.stores();
    rows.end(converter.has_host_keys(), &stores);
    warnings.extend(stores.iter().filter_map(|store| store_warning(store)));
    warnings.extend(common_warnings(&converter, &all));
    warnings.extend(server.iter().filter_map(|server| server.warning).map(str::to_owned));

    let mut text = format!("{} is valid\n\n{}", terminal::path(file), rows.table());
    if let Some(server) = &server {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "\ntdc serve can start: {}", server.summary);
    }
    stdio::write(text.as_bytes())?;
    for warning in &warnings {
        stdio::note(&format!("warning: {warning}"));
    }
    Ok(if warnings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(WARNED) })
}

/// The configuration entry that applies to a namespace.
fn matching(all: &[NamespaceSummary], namespace: &str) -> Option<usize> {
    all.iter().position(|entry| entry.pattern.as_ref().is_none_or(|pattern| pattern.matches(namespace)))
}

/// A namespace that this entry applies to, if one can be found; empty if the configuration has
/// none.
fn a_name(all: &[NamespaceSummary], index: usize) -> Option<String> {
    let entry = all.get(index)?;
    let Some(pattern) = &entry.pattern else { return Some(String::new()) };
    let decides = |name: &String| !name.is_empty() && matching(all, name) == Some(index);
    if let Some(tenants) = &entry.tenants {
        // Only namespaces that have a key can be encoded for.
        return tenants.keys().map(|name| String::from(&**name)).find(decides);
    }
    let fillings = ["", "a", TEST_NAME, "x0"];
    fillings.iter().map(|filling| pattern.as_str().replace('*', filling)).find(decides)
}

fn why_unused(entry: &NamespaceSummary) -> String {
    match (&entry.tenants, &entry.encrypts_with) {
        (Some(_), Some(key)) => {
            format!("because keys.ring has no key {key} for a namespace that it matches: add one")
        }
        _ => "because an earlier entry matches the same names: move it up".to_owned(),
    }
}

/// Encodes and decodes a payload in a namespace. Returns whether only the host program has the key,
/// so that the check was not possible here.
fn try_out(converter: &DataConverter, entry: &NamespaceSummary, namespace: &str) -> Result<bool, Error> {
    // The codec server would receive the namespace, and may not know it.
    let is_any = namespace.is_empty() && !entry.codecs.contains(&"remote");
    let namespace = if is_any { TEST_NAME } else { namespace };
    let (context, payload) = (body::workflow_context(namespace, TEST_NAME), body::json_text(TEST_TEXT_LEN));
    let encode = |call: &mut Call| converter.encode(call.at(&context), &payload);
    let (encoded, is_the_hosts) = host::complete_except_keys(converter, encode);
    if is_the_hosts {
        return Ok(true);
    }
    let encoded = encoded?;
    if host::complete(converter, |call| converter.decode(call.at(&context), &encoded))? != payload {
        return Err(Error::new(
            Code::Config,
            "a test payload was encoded and decoded, and the result differs: please report this bug",
        ));
    }
    Ok(false)
}

/// A missing directory has no objects. Other stores are not asked.
fn store_warning(store: &Store) -> Option<String> {
    match &store.kind {
        StoreKind::Directory { path } if !path.is_dir() => {
            let name = &store.name;
            Some(format!(
                "storage.stores.{name}: there is no directory {}: create it, or correct its path",
                path.display()
            ))
        }
        _ => None,
    }
}

/// The name of an entry in a sentence.
fn place(entry: &NamespaceSummary, index: usize) -> String {
    let pattern = entry.pattern.as_ref().map_or("", |pattern| pattern.as_str());
    format!("namespaces[{index}] ({pattern})")
}

fn own_warnings(entry: &NamespaceSummary, index: usize) -> Vec<String> {
    let mut warnings = Vec::new();
    if entry.has_own_keys && !is_protected(entry) {
        warnings.push(format!(
            "{} has keys, but its payloads are not encrypted: add encrypt to its codecs",
            place(entry, index)
        ));
    }
    if let Some(shared) = &entry.shared {
        let key = if shared.key == shared.other_key {
            format!("the key {}", shared.key)
        } else {
            format!("a key ({} and {} are the same bytes)", shared.key, shared.other_key)
        };
        warnings.push(format!(
            "{} and namespaces[{}] share {key}, so anyone who can read one can decrypt payloads of the other: give each its own keys",
            place(entry, index),
            shared.with,
        ));
    }
    warnings
}

fn common_warnings(converter: &DataConverter, all: &[NamespaceSummary]) -> Vec<String> {
    let mut warnings = Vec::new();
    let any_protected = all.iter().any(is_protected);
    if converter.has_keys() && !any_protected {
        warnings.push("there are keys, but no payload is encrypted: add encrypt to codecs".to_owned());
    }
    if any_protected && !converter.encodes_common_attributes() {
        warnings.push(
            "messages and stack traces of failures are stored unencrypted: set failures: { encode_common_attributes: true }"
                .to_owned(),
        );
    }
    warnings
}

/// What the URIs of keys show, without a request to any service.
///
/// # Errors
/// If a key encrypts and its payloads would later stop decrypting.
fn key_service_warnings(converter: &DataConverter, all: &[NamespaceSummary]) -> Result<Vec<String>, Error> {
    let mut warnings = Vec::new();
    for (name, key) in converter.key_services() {
        let seals = all.iter().any(|entry| may_encrypt_with(entry, &name));
        if let Err(failure) = KEY_SERVICES.look_at(&key.uri, false) {
            warnings.push(format!(
                "keys.ring.{name}: {failure}; only a program with a key service of its own can use it"
            ));
        } else if seals && let Err(failure) = KEY_SERVICES.look_at(&key.uri, true) {
            return Err(Error::new(
                Code::Config,
                format!("keys.ring.{name}: {failure}: add the version to the URI of a key that encrypts"),
            ));
        }
    }
    Ok(warnings)
}

/// Whether an entry encrypts with the key of this name in some namespace.
fn may_encrypt_with(entry: &NamespaceSummary, name: &str) -> bool {
    match &entry.tenants {
        None => entry.encrypts_with.as_deref() == Some(name),
        Some(tenants) => tenants.values().any(|key| **key == *name),
    }
}

/// Whether payloads are stored in a form that only a key, or a codec server, can open.
fn is_protected(entry: &NamespaceSummary) -> bool {
    entry.encrypts_with.is_some() || entry.codecs.contains(&"remote")
}

/// The rows of the table: namespace, what is stored, and how.
struct Rows {
    with_namespaces: bool,
    lines: Vec<[String; 3]>,
}

impl Rows {
    /// Patterns and names are the configuration's, and go to a terminal.
    fn push(&mut self, namespace: &str, what: &str, stored: &str) {
        self.lines.push([namespace, what, stored].map(terminal::escaped));
    }

    fn describe(&mut self, entry: &NamespaceSummary, by_host: bool, encodes_failures: bool) {
        let namespace = entry.pattern.as_ref().map_or("", |pattern| pattern.as_str());
        let stored = stored(entry, by_host);
        self.push(namespace, "payloads: inputs, results, signals, queries, updates, memo values", &stored);
        let failures = if encodes_failures { &stored } else { "readable" };
        self.push(namespace, "messages and stack traces of failures", failures);
        let others = entry.keys.iter().filter(|key| !may_encrypt_with(entry, key));
        let others: Vec<&str> = others.map(|key| &**key).collect();
        if !others.is_empty() {
            self.push(namespace, "older payloads", &format!("opened with {}", others.join(", ")));
        }
    }

    /// What holds for all.
    fn end(&mut self, has_host_keys: bool, stores: &[Arc<Store>]) {
        let all = "every namespace";
        if has_host_keys {
            self.push(all, "keys that are not in keys.ring", "requested from the program's key provider");
        }
        if !stores.is_empty() {
            let names: Vec<&str> = stores.iter().map(|store| store.name.as_str()).collect();
            self.push(
                all,
                "references to stored objects",
                &format!("readable; followed into {}", names.join(", ")),
            );
        }
        self.push(
            all,
            "search attributes, memo keys, ids, names of types, signals and queues",
            "readable, always",
        );
        self.push(all, "headers", "readable, unless the SDK is told to encode them");
    }

    fn table(&self) -> String {
        let mut lines = vec![["NAMESPACE", "WHAT", "STORED"].map(str::to_owned)];
        lines.extend(self.lines.iter().cloned());
        let width = |column: usize| {
            lines
                .iter()
                .filter_map(|line| line.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let (first, second) = (width(0), width(1));
        let mut out = String::new();
        for [namespace, what, stored] in &lines {
            if self.with_namespaces {
                let _ = write!(out, "{namespace:<first$}  ");
            }
            let _ = writeln!(out, "{what:<second$}  {stored}");
        }
        out
    }
}

/// How the payloads of an entry are stored.
fn stored(entry: &NamespaceSummary, by_host: bool) -> String {
    let mut steps: Vec<String> = Vec::new();
    for codec in &entry.codecs {
        steps.push(match (*codec, &entry.encrypts_with) {
            ("encrypt", Some(key)) if by_host => format!("encrypted with {key}, from the key provider"),
            ("encrypt", Some(key)) => format!("encrypted with {key}"),
            ("remote", _) => "encoded by the codec server".to_owned(),
            (other, _) => other.to_owned(),
        });
    }
    match (steps.as_slice(), is_protected(entry)) {
        ([], _) => "readable".to_owned(),
        (steps, true) => steps.join(", then "),
        (steps, false) => format!("readable ({})", steps.join(", then ")),
    }
}
