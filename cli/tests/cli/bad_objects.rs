//! `--storage` over exports in binary: references that are not followed, and stores that fail, are
//! failures of their files, each with its place, and the other files go on.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::folder::{Folder, SAMPLE_CONFIG};
use crate::references::{PREFIX, claim, object, payload, referring, stored};

/// An object whose 4 KB become 4 MiB; its hash.
fn bomb(folder: &Folder) -> String {
    let zip = Folder::with_config("version: 1\ncodecs: [zlib]\n");
    let data = BASE64_STANDARD.encode(vec![0; 4 << 20]);
    let list =
        format!(r#"{{"payloads":[{{"metadata":{{"encoding":"YmluYXJ5L3BsYWlu"}},"data":"{data}"}}]}}"#);
    let encoded: Value = serde_json::from_str(&zip.succeeds(&["encode"], &list)).unwrap();
    let encoded = &encoded["payloads"][0];
    let bytes = |value: &Value| BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap();
    let encoding = String::from_utf8(bytes(&encoded["metadata"]["encoding"])).unwrap();
    stored(folder, &payload(&[("encoding", &encoding)], &bytes(&encoded["data"])))
}

/// A store that sends every request to `elsewhere`, except those for keys that end with `f`: these
/// it never answers.
fn far(elsewhere: SocketAddr) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut waiting: Vec<TcpStream> = Vec::new();
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(&stream);
            let mut line = String::new();
            let _ = reader.read_line(&mut line);
            if line.contains("f HTTP") {
                waiting.push(stream);
                continue;
            }
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {}
            let head = format!("HTTP/1.1 302 Found\r\nLocation: http://{elsewhere}/");
            let _ = write!(&stream, "{head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    port
}

#[test]
fn each_bad_reference_is_a_failure_of_its_file() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let folder = Folder::with_config(&format!(
        "{SAMPLE_CONFIG}limits: {{ max_decoded_bytes: 3 MiB }}\nstorage:\n  timeout: 1 s\n  max_object_bytes: 8 KiB\n  stores:\n    near: {{ directory: objects }}\n    \
         far: {{ s3: {{ region: r, endpoint: \"http://127.0.0.1:{}\", path_style: true }}, buckets: [bucket] }}\n",
        far(elsewhere.local_addr().unwrap())
    ));
    let (good, long) = (object(&folder, b"1"), object(&folder, &[b'a'; 10_000]));
    let of = |prefix: &str, hash: &str| claim(&format!("{prefix}/{hash}"), hash);
    let zeros = "0".repeat(64);
    let mut other_bucket = of(PREFIX, &zeros);
    other_bucket["bucket"] = json!("other");
    let mut with_endpoint = of(PREFIX, &good);
    with_endpoint["endpoint"] = json!("http://127.0.0.1:1");
    fs::create_dir(folder.path("in")).unwrap();
    let cases = [
        ("bomb", "near", of(PREFIX, &bomb(&folder)), "TDC_ERR_LIMIT"),
        ("bucket", "far", other_bucket, "TDC_ERR_REFERENCE"),
        ("dots", "near", of("v0/ns/orders/../orders/d/sha256", &good), "TDC_ERR_REFERENCE"),
        ("hash", "near", claim(&format!("{PREFIX}/{good}"), &zeros), "TDC_ERR_REFERENCE"),
        ("large", "near", of(PREFIX, &long), "TDC_ERR_LIMIT"),
        ("nowhere", "nobody", of(PREFIX, &good), "TDC_ERR_REFERENCE"),
        ("prefix", "near", of("v0/ns/orders-eu/d/sha256", &good), "TDC_ERR_REFERENCE"),
        ("redirect", "far", of(PREFIX, &zeros), "TDC_ERR_STORAGE"),
        ("slow", "far", of(PREFIX, &"f".repeat(64)), "TDC_ERR_STORAGE"),
        ("unhashed", "near", json!({ "key": format!("{PREFIX}/{good}") }), "TDC_ERR_REFERENCE"),
    ];
    for (name, driver, claim, _) in &cases {
        fs::write(folder.path(&format!("in/{name}")), referring(driver, &[of(PREFIX, &good), claim.clone()]))
            .unwrap();
    }
    // An endpoint in a claim says nothing, and one object is fetched once.
    fs::write(folder.path("in/good"), referring("near", &vec![with_endpoint; 60_000])).unwrap();

    let mut command = folder.command(&[
        "history",
        "decode",
        "--namespace",
        "orders",
        "--storage",
        "-o",
        "out",
        "--report",
        "r.json",
        "in",
    ]);
    let output = command.envs([("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report: Value = serde_json::from_str(&folder.read("r.json")).unwrap();
    assert_eq!(
        report["files"],
        json!({"done": 1, "skipped": 0, "failed": cases.len(), "left": 0}),
        "{report:#}"
    );
    let failures = report["failures"].as_array().unwrap();
    for (name, _, _, code) in cases {
        let file = format!("in/{name}");
        let found = failures.iter().find(|failure| failure["file"] == file.as_str()).unwrap();
        assert_eq!(found["code"], code, "{found}");
        assert_eq!((&found["history"], &found["event"]), (&json!(0), &json!(1)), "{found}");
        assert!(!folder.path(&format!("out/{name}")).exists());
    }
    assert!(folder.path("out/good").exists());
    assert!(elsewhere.accept().is_err(), "the redirect was followed");
}
