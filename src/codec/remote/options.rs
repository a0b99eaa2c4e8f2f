//! The options of `remote` → a codec server.
//!
//! Headers with credentials are read here, when the document is read: a reload reads them again.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::{CODEC, Header, Remote, Url};
use crate::codec::draft::Draft;
use crate::codec::list::AddToChain;
use crate::config::document::secret::{self, InlineKey, Permissions};
use crate::config::document::{ByteSize, Problem, Span};
use crate::error::text;

/// The longest value of a header.
const MAX_VALUE_LEN: usize = 16 << 10;

/// Headers in a request: more than any server needs.
const MAX_HEADERS: usize = 32;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_REQUEST_BYTES: usize = 1 << 20;

/// Headers that the library or the HTTP client sets.
const RESERVED: [&str; 9] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "transfer-encoding",
    "upgrade",
];

/// Headers whose values are credentials.
const CREDENTIALS: [&str; 4] = ["authorization", "authorization-extras", "cookie", "proxy-authorization"];

/// Options of `remote`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "RemoteOptions"))]
#[serde(deny_unknown_fields)]
pub(in crate::codec) struct Options {
    /// Where the codec server is, without the operation at the end: https, or http on loopback.
    /// `{namespace}` in its path stands for the namespace.
    url: String,
    /// Headers of every request, besides Content-Type and X-Namespace.
    #[serde(default)]
    headers: BTreeMap<String, HeaderValue>,
    /// How long the server has to answer. Default 10 s.
    #[serde(default)]
    timeout: Option<Span>,
    /// Payloads of a call go into one request as long as its body stays below. Default 1 MiB.
    #[serde(default)]
    max_request_bytes: Option<ByteSize>,
}

/// The value of a header: text, or where a credential is found.
#[derive(Debug)]
pub(crate) enum HeaderValue {
    Text(String),
    Secret(HeaderSecret),
}

/// Where the value of a header is found. Exactly one of `file`, `env` and `insecure_inline`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct HeaderSecret {
    /// What stands in front of it, such as "Bearer ".
    #[serde(default)]
    prefix: String,
    /// A file; whitespace around its text does not count.
    #[serde(default)]
    file: Option<PathBuf>,
    /// With `file`: who else may read or write it. By default nobody.
    #[serde(default)]
    permissions: Permissions,
    /// An environment variable.
    #[serde(default)]
    env: Option<String>,
    /// The value itself, in the open. For tests and demonstrations.
    #[serde(default)]
    insecure_inline: Option<InlineKey>,
}

impl<'de> Deserialize<'de> for HeaderValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrSecret;
        impl<'de> Visitor<'de> for TextOrSecret {
            type Value = HeaderValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, or { file: … } or { env: … }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<HeaderValue, E> {
                Ok(HeaderValue::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<HeaderValue, A::Error> {
                let map = serde::de::value::MapAccessDeserializer::new(map);
                Deserialize::deserialize(map).map(HeaderValue::Secret)
            }
        }
        deserializer.deserialize_any(TextOrSecret)
    }
}

impl AddToChain for Options {
    fn add(&self, chain: &mut Draft, base_dir: &Path) -> Result<(), Problem> {
        chain.set_remote(remote(self, base_dir).map_err(|problem| problem.inside(CODEC.name))?);
        Ok(())
    }
}

fn remote(options: &Options, base_dir: &Path) -> Result<Remote, Problem> {
    let url = Url::parse(&options.url).map_err(|why| Problem::new(why).inside("url"))?;
    let timeout =
        Span::timeout(options.timeout, DEFAULT_TIMEOUT).map_err(|problem| problem.inside("timeout"))?;
    let max_request_bytes = ByteSize::some(options.max_request_bytes, DEFAULT_REQUEST_BYTES)
        .map_err(|problem| problem.inside("max_request_bytes"))?;
    let headers = headers(options, base_dir).map_err(|problem| problem.inside("headers"))?;
    Ok(Remote { url, headers, timeout, max_request_bytes })
}

fn headers(options: &Options, base_dir: &Path) -> Result<Vec<Header>, Problem> {
    if options.headers.len() > MAX_HEADERS {
        return Err(Problem::new(format!(
            "{} headers, expected at most {MAX_HEADERS}",
            options.headers.len()
        )));
    }
    let mut headers: Vec<Header> = Vec::new();
    for (name, value) in &options.headers {
        let inside = |problem: Problem| problem.inside(name.as_str());
        check_name(name).map_err(inside)?;
        if headers.iter().any(|other| other.name.eq_ignore_ascii_case(name)) {
            return Err(inside(Problem::new(
                "this header is listed twice; remove one (case does not matter in header names)",
            )));
        }
        let value = match value {
            HeaderValue::Text(_) if is_one_of(name, &CREDENTIALS) => {
                return Err(inside(Problem::new(
                    "a credential must not be written in the configuration: use { file: … } or { env: … }",
                )));
            }
            HeaderValue::Text(text) => Zeroizing::new(text.clone()),
            HeaderValue::Secret(source) => load(source, base_dir).map_err(inside)?,
        };
        check_value(&value).map_err(inside)?;
        headers.push(Header { name: name.clone(), value });
    }
    Ok(headers)
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|other| name.eq_ignore_ascii_case(other))
}

fn check_name(name: &str) -> Result<(), Problem> {
    // A token of RFC 9110.
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || name.len() > 128 || !name.bytes().all(fits) {
        return Err(Problem::new("expected a header name"));
    }
    if is_one_of(name, &RESERVED) {
        return Err(Problem::new("this header is set by the library or the HTTP client; remove it"));
    }
    Ok(())
}

fn check_value(value: &str) -> Result<(), Problem> {
    let fits = |byte: u8| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t';
    if value.is_empty() || value.len() > MAX_VALUE_LEN || value.trim() != value || !value.bytes().all(fits) {
        return Err(Problem::new(format!(
            "expected a header value: 1 to {MAX_VALUE_LEN} ASCII characters on one line, without leading or trailing spaces"
        )));
    }
    Ok(())
}

fn load(source: &HeaderSecret, base_dir: &Path) -> Result<Zeroizing<String>, Problem> {
    if source.permissions == Permissions::Any && source.file.is_none() {
        return Err(Problem::new("permissions only applies to file; remove it").inside("permissions"));
    }
    let text = match (&source.file, &source.env, &source.insecure_inline) {
        (Some(file), None, None) => {
            let path = base_dir.join(file);
            secret::from_file(&path, source.permissions, "header file", MAX_VALUE_LEN)
                .and_then(|contents| {
                    core::str::from_utf8(&contents).map(|text| Zeroizing::new(text.to_owned())).map_err(
                        |_| {
                            Problem::with_key(format!(
                                "the header file {} is not text",
                                text::absolute_path(&path)
                            ))
                        },
                    )
                })
                .map_err(|problem| problem.inside("file"))?
        }
        (None, Some(name), None) => {
            secret::from_variable(name, "text").map_err(|problem| problem.inside("env"))?
        }
        (None, None, Some(text)) => Zeroizing::new(text.0.clone()),
        _ => return Err(Problem::new("expected exactly one of file, env and insecure_inline")),
    };
    Ok(Zeroizing::new(format!("{}{}", source.prefix, text.trim())))
}
