//! A store with the protocols of Amazon S3 and of Google Cloud Storage, over loopback.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

/// Objects of a page, so that every listing has several.
const PAGE: usize = 2;

type Objects = BTreeMap<String, (Vec<u8>, u64)>;

pub(crate) struct Store {
    address: String,
    /// Bytes and version of each key.
    objects: Arc<Mutex<Objects>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Store {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let store = Self { address, objects: Arc::default(), asked: Arc::default() };
        let (objects, asked) = (Arc::clone(&store.objects), Arc::clone(&store.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (objects, asked) = (Arc::clone(&objects), Arc::clone(&asked));
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    while let Some(head) = read_head(&mut stream) {
                        asked.lock().unwrap().push(head.lines().next().unwrap().to_owned());
                        let answer = answer(&objects.lock().unwrap(), &head);
                        if stream.write_all(&answer).is_err() {
                            break;
                        }
                    }
                });
            }
        });
        store
    }

    pub(crate) fn put(&self, key: &str, bytes: &[u8]) {
        let mut objects = self.objects.lock().unwrap();
        let version = objects.get(key).map_or(1, |(_, version)| version + 1);
        objects.insert(key.to_owned(), (bytes.to_vec(), version));
    }

    /// What was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Sets the variables by which a command finds it.
    pub(crate) fn found_by<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("AWS_ENDPOINT_URL_S3", &self.address)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "testtest")
            .env("STORAGE_EMULATOR_HOST", &self.address)
    }
}

fn read_head(stream: &mut TcpStream) -> Option<String> {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while !text.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        text.push(byte[0]);
    }
    String::from_utf8(text).ok()
}

fn answer(objects: &Objects, head: &str) -> Vec<u8> {
    let target = head.split(' ').nth(1).unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let value = |name: &str| {
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(decoded)
    };
    let google = path.strip_prefix("/storage/v1/b/");
    let (bucket, rest) = google.unwrap_or(&path[1..]).split_once('/').unwrap();
    if bucket == "closed" {
        return response("403 Forbidden", b"<Error><Code>AccessDenied</Code></Error>");
    }
    if bucket == "only-open" && value("prefix").is_some_and(|prefix| !prefix.starts_with("open/")) {
        return response("403 Forbidden", b"<Error><Code>AccessDenied</Code></Error>");
    }
    if let Some(prefix) = value("prefix") {
        let after = value("continuation-token").or(value("pageToken")).unwrap_or_default();
        let asked = value("max-keys").or(value("maxResults")).unwrap().parse().unwrap();
        let body = page(objects, &prefix, &after, PAGE.min(asked), google.is_some());
        return response("200 OK", body.as_bytes());
    }
    let key = decoded(if google.is_some() { rest.strip_prefix("o/").unwrap() } else { rest });
    let Some((bytes, version)) = objects.get(&key) else { return response("404 Not Found", b"") };
    let lower = head.to_ascii_lowercase();
    let header = |name: &str| lower.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let is_same = match google {
        Some(_) => value("generation") == Some(version.to_string()),
        None => header("if-match:") == Some(&format!("\"v{version}\"")),
    };
    if !is_same {
        return response("412 Precondition Failed", b"");
    }
    let (first, last) = header("range:").unwrap().strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    response("206 Partial Content", &bytes[first.parse().unwrap()..=last.parse().unwrap()])
}

fn response(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The objects after the key `after`, which is also what continues a listing.
fn page(objects: &Objects, prefix: &str, after: &str, count: usize, is_google: bool) -> String {
    let left: Vec<_> = objects.iter().filter(|(key, _)| key.starts_with(prefix) && &***key > after).collect();
    let next = left.get(count - 1).filter(|_| left.len() > count).map(|(key, _)| key);
    let items = left.iter().take(count).map(|(key, (bytes, version))| {
        let len = bytes.len();
        if is_google {
            let name = serde_json::to_string(key).unwrap();
            return format!(r#"{{"name":{name},"size":"{len}","generation":"{version}"}}"#);
        }
        let key = encoded(key);
        format!("<Contents><Key>{key}</Key><ETag>&#34;v{version}&#34;</ETag><Size>{len}</Size></Contents>")
    });
    let items: Vec<String> = items.collect();
    if is_google {
        let next = next.map(|key| format!(",\"nextPageToken\":{}", serde_json::to_string(key).unwrap()));
        return format!("{{\"items\":[{}]{}}}", items.join(","), next.unwrap_or_default());
    }
    let token = next.map(|key| format!("<NextContinuationToken>{key}</NextContinuationToken>"));
    format!(
        "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{}</IsTruncated>{}{}</ListBucketResult>",
        next.is_some(),
        token.unwrap_or_default(),
        items.concat()
    )
}

fn encoded(text: &str) -> String {
    tdc_formats::percent_encoded(text, |byte| byte.is_ascii_alphanumeric() || b"/.-_".contains(&byte))
}

fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}
