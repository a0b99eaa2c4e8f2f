//! Many threads find unknown keys at once: every key that is in the files is found, and the files
//! are not read too often.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests say what they expect by panicking")]

use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use tdc::{Answer, Call, Code, DataConverter, Request};

const THREADS: u32 = 8;

fn config(primary: &str, ids: &[&str]) -> String {
    let ring: Vec<String> = ids
        .iter()
        .map(|id| format!("{id}: {{ insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= }}"))
        .collect();
    format!(
        "version: 1\nkeys: {{ primary: {primary}, ring: {{ {} }} }}\ncodecs: [encrypt]\n",
        ring.join(", ")
    )
}

fn sealed(id: &str) -> Vec<u8> {
    let writer = DataConverter::parse(&config(id, &[id]), Path::new(""), "").unwrap();
    writer.encode(&[], b"\x0a\x03\x12\x01a").unwrap()
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Does what the call asks for.
fn reload(converter: &DataConverter, call: &mut Call) {
    let requests: Vec<_> = call.requests().collect();
    let [(id, Request::Reload)] = requests[..] else { panic!("{requests:?}") };
    converter.reload().unwrap();
    converter.answer(call, &[(id, Answer::Done)]).unwrap();
}

#[test]
fn a_key_that_threads_meet_at_the_same_time_is_found_for_all_of_them() {
    let payloads = sealed("new");
    for _ in 0..50 {
        let path = file("reload-found.yaml", &config("old", &["old"]));
        let converter = DataConverter::open(&path, "").unwrap();
        std::fs::write(&path, config("new", &["old", "new"])).unwrap();
        let begin = Barrier::new(THREADS as usize);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    begin.wait();
                    let mut call = Call::default();
                    let mut decoded = converter.decode(call.at(&[]), &payloads);
                    if let Err(error) = &decoded {
                        assert_eq!(error.code(), Code::Requests, "{error}");
                        reload(&converter, &mut call);
                        decoded = converter.decode(call.at(&[]), &payloads);
                    }
                    assert_eq!(decoded.unwrap(), b"\x0a\x03\x12\x01a");
                });
            }
        });
    }
}

#[test]
fn a_key_that_nobody_has_is_looked_for_once_in_a_while_however_many_ask() {
    const CALLS: u32 = 200;
    let payloads = sealed("lost");
    let converter = DataConverter::open(&file("reload-lost.yaml", &config("old", &["old"])), "").unwrap();
    let (told, begin) = (AtomicU32::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..CALLS {
                    let mut call = Call::default();
                    match converter.decode(call.at(&[]), &payloads).unwrap_err().code() {
                        Code::KeyUnknown => {}
                        Code::Requests => {
                            told.fetch_add(1, Ordering::Relaxed);
                            reload(&converter, &mut call);
                            let error = converter.decode(call.at(&[]), &payloads).unwrap_err();
                            assert_eq!(error.code(), Code::KeyUnknown, "once for each call");
                        }
                        other => panic!("{other:?}"),
                    }
                }
            });
        }
    });
    let (told, seconds) = (told.into_inner(), u32::try_from(begin.elapsed().as_secs()).unwrap_or(u32::MAX));
    assert!(told >= 1 && told <= THREADS * seconds.saturating_add(2), "{told} in {seconds} seconds");
}
