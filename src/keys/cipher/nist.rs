//! NIST's GCM vectors (CAVP `gcmtestvectors`) for the parameters we use: a nonce of 12 bytes, a tag
//! of 16, with and without associated data. The files come from the package `cryptography-vectors`
//! at test time: `scripts/test-rust` fetches it and sets `TDC_NIST_VECTORS` to its
//! `ciphers/AES/GCM` folder.

use std::collections::HashMap;

use super::{Aead, Failed};
use crate::payload::Slices;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The cases of a response file: its sections' parameters and each case's fields, as text.
fn cases(file: &str) -> Vec<HashMap<String, String>> {
    let folder = std::env::var("TDC_NIST_VECTORS").expect("scripts/test-rust sets TDC_NIST_VECTORS");
    let text = std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
    let (mut section, mut case, mut cases) = (HashMap::new(), HashMap::new(), Vec::new());
    for line in text.lines().map(str::trim).chain([""]) {
        if let Some((name, value)) =
            line.strip_prefix('[').and_then(|line| line.strip_suffix(']')?.split_once(" = "))
        {
            section.insert(name.to_owned(), value.to_owned());
        } else if line == "FAIL" {
            case.insert("FAIL".to_owned(), String::new());
        } else if let Some((name, value)) = line.split_once('=') {
            case.insert(name.trim().to_owned(), value.trim().to_owned());
        } else if line.is_empty() && case.contains_key("Key") {
            let whole = section.clone().into_iter().chain(std::mem::take(&mut case));
            cases.push(whole.collect());
        }
    }
    let ours = |case: &HashMap<String, String>| case["IVlen"] == "96" && case["Taglen"] == "128";
    cases.retain(ours);
    assert!(cases.len() >= 50, "{file} has {} cases of our form", cases.len());
    cases
}

fn check<A: Aead>() {
    for case in cases("gcmEncryptExtIV256.rsp") {
        let cipher = A::new(&hex(&case["Key"]).try_into().unwrap());
        let plaintext = hex(&case["PT"]);
        let mut out = vec![0; plaintext.len() + 16];
        let (head, tail) = plaintext.split_at(plaintext.len() / 2);
        let nonce = hex(&case["IV"]).try_into().unwrap();
        cipher.seal(nonce, &hex(&case["AAD"]), Slices { head, tail }, &mut out).unwrap();
        assert_eq!(out, [hex(&case["CT"]), hex(&case["Tag"])].concat());
    }
    let mut refused = 0;
    for case in cases("gcmDecrypt256.rsp") {
        let cipher = A::new(&hex(&case["Key"]).try_into().unwrap());
        let sealed = [hex(&case["CT"]), hex(&case["Tag"])].concat();
        let mut out = vec![0; sealed.len() - 16];
        let nonce = hex(&case["IV"]).try_into().unwrap();
        let opened = cipher.open(nonce, &hex(&case["AAD"]), &sealed, &mut out);
        if case.contains_key("FAIL") {
            refused += 1;
            assert_eq!(opened, Err(Failed));
        } else {
            assert_eq!(opened, Ok(()));
            assert_eq!(out, hex(&case["PT"]));
        }
    }
    assert!(refused > 0);
}

#[test]
#[ignore = "needs NIST's files: scripts/test-rust fetches them and runs this"]
#[cfg(feature = "aws-lc")]
fn aws_lc_agrees_with_nist() {
    check::<super::aws_lc::Aes256Gcm>();
}

#[test]
#[ignore = "needs NIST's files: scripts/test-rust fetches them and runs this"]
#[cfg(feature = "portable")]
fn rust_crypto_agrees_with_nist() {
    check::<super::rust_crypto::Aes256Gcm>();
}
