//! Text of others in a configuration: whatever it says, and whether it is refused or shown,
//! nothing that is said of it steers a terminal. `tests/foreign_text.rs` does the same without the
//! command line, and with long texts.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::folder::Folder;
use crate::places;

/// A line break, a terminal's escape, one of a single character, and a change of direction.
const HOSTILE: &str = "x\n\x1b[31m\u{9b}2J\u{202e}";

/// How it looks where it is shown.
const SHOWN: &str = r"x\n\u{1b}[31m\u{9b}2J\u{202e}";

/// Places of the codec server that take any text.
const ACCEPTED: &[&str] = &[
    "server.audit.file",
    "server.auth.issuers[].audience",
    "server.auth.issuers[].issuer",
    "server.auth.rules[].claims",
    "server.auth.rules[].claims.*",
    "server.auth.rules[].claims.*!",
    "server.auth.rules[].claims.*[]",
    "server.auth.rules[].namespaces",
    "server.auth.rules[].namespaces[]",
    "server.hosts",
    "server.hosts[]",
];

/// Runs the check; returns its exit status and all that it said.
fn check(folder: &Folder, document: &Value) -> (Option<i32>, String) {
    folder.write("tdc.yaml", &document.to_string());
    let output = folder.run(&["config", "check", "tdc.yaml"], "");
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    // Nor does its line break end a line.
    assert!(!said.contains(steers) && !said.contains("\n\\u{1b}[31m"), "{document}: {said:?}");
    (output.status.code(), said)
}

#[test]
fn every_place_of_a_configuration() {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/tdc.schema.json")).unwrap();
    let folder = Folder::new();
    // The certificate and its key are in one file, which is its own authority, too.
    let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    folder.write("a", &format!("{}{}", signed.cert.pem(), signed.signing_key.serialize_pem()));
    let (mut accepted, mut shown, mut of_the_server) = (BTreeSet::new(), BTreeSet::new(), 0);
    for place in places::all(&schema) {
        let is_of_the_server = place.name.starts_with("server");
        for document in place.documents(HOSTILE) {
            let (status, said) = check(&folder, &document);
            if is_of_the_server && status != Some(1) {
                accepted.insert(place.name.clone());
            }
            if status != Some(1) && said.contains(SHOWN) {
                shown.insert(place.name.clone());
            }
        }
        if is_of_the_server {
            of_the_server += 1;
            let (status, said) = check(&folder, &place.accepted());
            // Then the text is all that is wrong, but for a file that is none of keys.
            let is_none_of_keys = said.contains("a is not a JSON Web Key Set");
            assert!(status != Some(1) || is_none_of_keys, "{}: {said}", place.name);
        }
    }
    assert!(of_the_server >= 45, "{of_the_server} places");
    // What the table shows.
    let table = ["namespaces[].match", "storage.stores.*!", "storage.stores.*.directory"];
    assert_eq!(shown, table.map(str::to_owned).into());
    assert_eq!(accepted, ACCEPTED.iter().map(|name| (*name).to_owned()).collect());
}
