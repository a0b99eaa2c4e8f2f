//! The configuration's vocabulary, as serde reads it. `docs/tdc.schema.json` is generated from
//! these types.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::document::secret::{InlineKey, Permissions};
use super::document::{ByteSize, Span};
use crate::codec::Entry;
use crate::storage::StorageOptions;

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
    /// Payload converters, in order: the first that accepts a value makes its payload. By default
    /// null, bytes, json-protobuf, json.
    #[serde(default)]
    pub(super) converters: Option<Vec<ConverterEntry>>,
    /// Files with a serialised `google.protobuf.FileDescriptorSet`, for `json-protobuf`: protobuf
    /// types that are not Temporal's own, or a newer version of Temporal's.
    #[serde(default)]
    pub(super) descriptors: Vec<PathBuf>,
    /// Payload codecs, in the order in which encode applies them. Decode follows each payload.
    #[serde(default)]
    pub(super) codecs: Vec<Entry>,
    /// The failure converter.
    #[serde(default)]
    pub(super) failures: Failures,
    /// What one call may cost.
    #[serde(default)]
    pub(super) limits: LimitOptions,
    /// The stores that references to stored objects may name. Workers need none: storing and
    /// fetching are the SDK's.
    #[serde(default)]
    pub(super) storage: Option<StorageOptions>,
    /// Settings by namespace; the first match decides. With this list, a namespace that matches
    /// nothing is an error.
    #[serde(default)]
    pub(super) namespaces: Option<Vec<Namespace>>,
    /// The codec server, `tdc serve`, which knows what may be in it.
    #[cfg_attr(test, schemars(with = "()"))]
    #[expect(dead_code, reason = "only its name is known here")]
    #[serde(default)]
    pub(super) server: Option<IgnoredAny>,
}

/// The keys of the `encrypt` codec.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    /// The id of the key that encrypts; the others only decrypt.
    #[serde(default)]
    pub(super) primary: Option<String>,
    /// Key id (1 to 128 of A-Z a-z 0-9 . _ : / -) to where its 32 bytes are found, or to a key of a
    /// key service.
    #[serde(default)]
    pub(super) ring: BTreeMap<String, KeySource>,
    /// Unwrapped data keys.
    #[serde(default)]
    pub(super) cache: CacheSize,
    /// Whether the host program provides keys that are not in the ring.
    #[serde(default)]
    pub(super) host: bool,
}

/// Where a key is found. Exactly one of `file`, `env` and `insecure_inline`, each of which holds 32
/// bytes as base64 text, and `service`.
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
    /// The URI of a key in a key service: `awskms://`, `gcpkms://`, `azurekeyvault://`,
    /// `hashivault://`. It wraps the data keys that encrypt, and never leaves the service.
    #[serde(default)]
    pub(super) service: Option<String>,
    /// Whether the 32 bytes wrap data keys, as a key service does: for development and tests.
    #[serde(default)]
    pub(super) envelope: bool,
    /// What else payloads call this key: other spellings of its URI.
    #[serde(default)]
    pub(super) also: Vec<String>,
    /// With `service`: keys that an alias of AWS named earlier, which still open what they wrapped.
    #[serde(default)]
    pub(super) earlier: Vec<String>,
    /// With `service`: how long one attempt may take. Default 5 s.
    #[serde(default)]
    pub(super) timeout: Option<Span>,
    /// How long a data key encrypts.
    #[serde(default)]
    pub(super) data_key: Option<DataKeySettings>,
}

/// How long a data key encrypts: whatever comes first.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct DataKeySettings {
    /// Default 1 h.
    pub(super) lifetime: Option<Span>,
    /// Payloads; at most 4294967296. Default 1048576.
    pub(super) messages: Option<u64>,
    /// How long before the end of its lifetime the next one is made. Default 5 min, or a quarter of
    /// a short lifetime.
    pub(super) renew_before: Option<Span>,
}

/// How many unwrapped data keys are kept, and how long.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct CacheSize {
    /// Default 1000.
    pub(super) entries: Option<usize>,
    /// How long a revoked key still opens what was open. Default 5 min.
    pub(super) lifetime: Option<Span>,
}

/// A payload converter: its name, or its name with options.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ConverterEntry {
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
    /// Whether fields and enum names that the type does not have are left out when JSON is read. By
    /// default they are an error.
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

/// The failure converter.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Failures {
    /// Whether message and stack trace of a failure move into its encoded attributes, and so
    /// through the codecs.
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
    pub(super) codecs: Option<Vec<Entry>>,
    /// Other namespaces whose stored objects these may read. By default those of `storage`.
    #[serde(default)]
    pub(super) objects_of: Option<Vec<String>>,
    /// Whether these may read stored objects whose keys name no namespace. By default as `storage`
    /// says.
    #[serde(default)]
    pub(super) unscoped: Option<bool>,
}

/// The keys of a namespace.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct NamespaceKeys {
    /// The id of the key that encrypts (and decrypts). `{namespace}` in it stands for the whole
    /// namespace.
    pub(super) primary: String,
    /// Ids of the keys that only decrypt.
    #[serde(default)]
    pub(super) decrypt: Vec<String>,
}
