//! The configuration's vocabulary, as serde reads it. `docs/tdc.schema.json` is generated from these
//! types.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::server_options::ServerOptions;

/// One tdc configuration. Every relative path in it is relative to the file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// The version of this format: 1.
    pub(super) version: u32,
    /// The keys of the `encrypt` codec.
    #[serde(default)]
    pub(super) keys: Option<Keys>,
    /// Payload converters, in order: the first that accepts a value makes its payload. By default null,
    /// bytes, json-protobuf, json.
    #[serde(default)]
    pub(super) converters: Option<Vec<Converter>>,
    /// Files with a serialised `google.protobuf.FileDescriptorSet`, for `json-protobuf`: protobuf types that are
    /// not Temporal's own, or a newer version of Temporal's.
    #[serde(default)]
    pub(super) descriptors: Vec<PathBuf>,
    /// Payload codecs, in the order in which encode applies them. Decode follows each payload.
    #[serde(default)]
    pub(super) codecs: Vec<Codec>,
    /// The failure converter.
    #[serde(default)]
    pub(super) failures: Failures,
    /// What one call may cost.
    #[serde(default)]
    pub(super) limits: LimitOptions,
    /// Settings by namespace; the first match decides. With this list, a namespace that matches nothing
    /// is an error.
    #[serde(default)]
    pub(super) namespaces: Option<Vec<Namespace>>,
    /// The codec server, `tdc serve`.
    #[serde(default)]
    pub(super) server: Option<ServerOptions>,
}

/// The keys of the `encrypt` codec.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    /// The id of the key that encrypts; the others only decrypt.
    #[serde(default)]
    pub(super) primary: Option<String>,
    /// Key id (1 to 128 of A-Z a-z 0-9 . _ : / -) to where its 32 bytes are found.
    #[serde(default)]
    pub(super) ring: BTreeMap<String, KeySource>,
    /// Whether the host program hands in keys that are not in the ring.
    #[serde(default)]
    pub(super) host: bool,
}

/// Where a key is found. Exactly one of `file`, `env` and `insecure_inline`; each holds 32 bytes as
/// base64 text.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct KeySource {
    /// A file.
    #[serde(default)]
    pub(super) file: Option<PathBuf>,
    /// With `file`: who else may read or write it. By default nobody.
    #[serde(default)]
    pub(super) permissions: Permissions,
    /// An environment variable.
    #[serde(default)]
    pub(super) env: Option<String>,
    /// The key itself, in the open. For tests and demonstrations.
    #[serde(default)]
    pub(super) insecure_inline: Option<InlineKey>,
}

/// A key in the document; it is erased on drop and never shown.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(super) struct InlineKey(pub(super) String);

impl std::fmt::Debug for InlineKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InlineKey(redacted)")
    }
}

impl Drop for InlineKey {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

/// Who but its owner may read or write a key file.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(super) enum Permissions {
    /// Nobody.
    #[default]
    Private,
    /// Anybody: for mounted secrets, whose modes the platform decides.
    Any,
}

/// A payload converter: its name, or its name with options.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Converter {
    /// `binary/null`.
    Null,
    /// `binary/plain`.
    Bytes,
    /// `json/protobuf`.
    JsonProtobuf(JsonProtobufOptions),
    /// `binary/protobuf`.
    BinaryProtobuf,
    /// `json/plain`.
    Json(JsonOptions),
    /// `binary/msgpack`.
    Msgpack,
}

/// Options of `json-protobuf`.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct JsonProtobufOptions {
    /// Whether fields and enum names that the type does not have are left out when JSON is read. By default
    /// they are an error.
    pub(super) ignore_unknown_fields: bool,
}

/// Options of `json`.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct JsonOptions {
    /// Whether every value gets one text: sorted members, no whitespace, documented numbers.
    pub(super) canonical: bool,
}

/// A payload codec: its name, or its name with options.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Codec {
    /// RFC 1950, as Go's and Java's zlib codecs.
    Zlib(Deflate),
    /// Zstandard.
    Zstd(ZstdOptions),
    /// Snappy's block format.
    Snappy(SnappyOptions),
    /// RFC 1952.
    Gzip(Deflate),
    /// AES-256-GCM.
    Encrypt(EncryptOptions),
    /// JSON as MessagePack.
    Msgpack,
    /// JSON in its canonical form.
    Json(JsonOptions),
    /// A codec server, behind all others.
    Remote(RemoteOptions),
}

impl Codec {
    /// Its name in the document.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Zlib(_) => "zlib",
            Self::Zstd(_) => "zstd",
            Self::Snappy(_) => "snappy",
            Self::Gzip(_) => "gzip",
            Self::Encrypt(_) => "encrypt",
            Self::Msgpack => "msgpack",
            Self::Json(_) => "json",
            Self::Remote(_) => "remote",
        }
    }
}

/// Options of `remote`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RemoteOptions {
    /// Where the codec server is, without the operation at the end: https, or http on loopback. `{namespace}` in its path
    /// stands for the namespace.
    pub(super) url: String,
    /// Headers of every request, besides Content-Type and X-Namespace.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, HeaderValue>,
    /// How long the server has to answer. Default 10 s.
    #[serde(default)]
    pub(super) timeout: Option<Span>,
    /// Payloads of a call go into one request as long as its body stays below. Default 1 MiB.
    #[serde(default)]
    pub(super) max_request_bytes: Option<ByteSize>,
}

/// The value of a header: text, or where a credential is found.
#[derive(Debug)]
pub(super) enum HeaderValue {
    Text(String),
    Secret(HeaderSecret),
}

/// Where the value of a header is found. Exactly one of `file`, `env` and `insecure_inline`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderSecret {
    /// What stands in front of it, such as "Bearer ".
    #[serde(default)]
    pub(super) prefix: String,
    /// A file; whitespace around its text does not count.
    #[serde(default)]
    pub(super) file: Option<PathBuf>,
    /// With `file`: who else may read or write it. By default nobody.
    #[serde(default)]
    pub(super) permissions: Permissions,
    /// An environment variable.
    #[serde(default)]
    pub(super) env: Option<String>,
    /// The value itself, in the open. For tests and demonstrations.
    #[serde(default)]
    pub(super) insecure_inline: Option<InlineKey>,
}

impl<'de> Deserialize<'de> for HeaderValue {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = HeaderValue;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("text, or { file: … } or { env: … }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<HeaderValue, E> {
                Ok(HeaderValue::Text(text.to_owned()))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<HeaderValue, A::Error> {
                let map = serde::de::value::MapAccessDeserializer::new(map);
                Deserialize::deserialize(map).map(HeaderValue::Secret)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Options of `zlib` and `gzip`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Deflate {
    /// 1 (fast) to 9 (small).
    #[cfg_attr(test, schemars(range(min = 1, max = 9)))]
    pub(super) level: u32,
    /// Smaller payloads are left as they are.
    pub(super) min_size: ByteSize,
}

impl Default for Deflate {
    fn default() -> Self {
        Self { level: 6, min_size: ByteSize(0) }
    }
}

/// Options of `zstd`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct ZstdOptions {
    /// 1 (fast) to 19 (small).
    #[cfg_attr(test, schemars(range(min = 1, max = 19)))]
    pub(super) level: i32,
    /// Smaller payloads are left as they are.
    pub(super) min_size: ByteSize,
}

impl Default for ZstdOptions {
    fn default() -> Self {
        Self { level: 1, min_size: ByteSize(0) }
    }
}

/// Options of `snappy`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct SnappyOptions {
    /// Smaller payloads are left as they are.
    pub(super) min_size: ByteSize,
}

/// Options of `encrypt`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct EncryptOptions {
    /// The cipher; there is one.
    pub(super) cipher: CipherName,
    /// Whether decode refuses a payload that was not encrypted.
    pub(super) required: bool,
}

/// A cipher.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) enum CipherName {
    /// AES-256-GCM.
    #[default]
    #[serde(rename = "aes-256-gcm")]
    Aes256Gcm,
}

/// The failure converter.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Failures {
    /// Whether message and stack trace of a failure move into its encoded attributes, and so through the
    /// codecs.
    pub(super) encode_common_attributes: bool,
    /// What happens to encoded attributes that cannot be read.
    pub(super) malformed: Malformed,
}

/// What happens to encoded attributes that cannot be read.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(super) enum Malformed {
    /// They stay.
    #[default]
    Keep,
    /// The call fails.
    Error,
}

/// What one call may cost.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct LimitOptions {
    /// Bytes handed to one call. Default 256 MiB.
    pub(super) max_input_bytes: Option<ByteSize>,
    /// Payloads in one call. Default 100000.
    pub(super) max_payloads: Option<usize>,
    /// Bytes that all layers of all payloads of one call may decode to. Default 64 MiB.
    pub(super) max_decoded_bytes: Option<ByteSize>,
    /// Codec server: bytes of a request's body. Default 16 MiB.
    pub(super) max_body_bytes: Option<ByteSize>,
    /// Codec server: how long a request may take. Default 10 s.
    pub(super) timeout: Option<Span>,
    /// Codec server: requests that are worked on at once. Default 64.
    pub(super) concurrency: Option<usize>,
}

/// Settings of the namespaces that match.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Namespace {
    /// The whole name; `*` stands for any run of characters.
    #[serde(rename = "match")]
    pub(super) pattern: String,
    /// The keys of these namespaces; no other opens anything there. By default all.
    #[serde(default)]
    pub(super) keys: Option<NamespaceKeys>,
    /// The codecs of these namespaces. By default those of the document.
    #[serde(default)]
    pub(super) codecs: Option<Vec<Codec>>,
}

/// The keys of a namespace.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct NamespaceKeys {
    /// The id of the key that encrypts (and decrypts).
    pub(super) primary: String,
    /// Ids of the keys that only decrypt.
    #[serde(default)]
    pub(super) decrypt: Vec<String>,
}

/// A number of bytes: a number, or text with B, KiB, MiB or GiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ByteSize(pub(super) usize);

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = ByteSize;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number of bytes such as 1024 or \"64 MiB\"")
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<ByteSize, E> {
                usize::try_from(value)
                    .map(ByteSize)
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(value), &self))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ByteSize, E> {
                let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
                let unit: usize = match text.get(digits.len()..).unwrap_or_default().trim() {
                    "" | "B" => 1,
                    "KiB" => 1 << 10,
                    "MiB" => 1 << 20,
                    "GiB" => 1 << 30,
                    _ => return Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                };
                let number = digits.parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
                number.map(ByteSize).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A span of time: text with ms, s or min.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span(pub(super) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Span;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a span of time such as \"500 ms\", \"10 s\" or \"2 min\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Span, E> {
                let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
                let unit: u64 = match text.get(digits.len()..).unwrap_or_default().trim() {
                    "ms" => 1,
                    "s" => 1_000,
                    "min" => 60_000,
                    _ => return Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                };
                let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
                number
                    .map(|milliseconds| Span(Duration::from_millis(milliseconds)))
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
