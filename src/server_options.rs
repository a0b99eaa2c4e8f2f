//! The `server` section of a configuration: what `tdc serve` is to do.
//!
//! The library reads it, so that one document holds for every program and a slip in it is found everywhere, with line and column. Only
//! the codec server acts on it; what the values mean together (whether an address may be served without rules, for example) is judged
//! there.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::config::Pattern;

/// The codec server.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ServerOptions {
    /// Address and port. By default 127.0.0.1:8081.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub listen: Option<SocketAddr>,
    /// Without rules: names besides those of loopback that a request's Host may have.
    pub hosts: Vec<String>,
    /// With rules: a proxy in front ends TLS, so that an address off loopback may be served without it.
    pub behind_proxy: bool,
    /// HTTPS.
    pub tls: Option<Tls>,
    /// Which web pages may call.
    pub cors: Cors,
    /// Who may call. By default anybody, and then on loopback only.
    pub auth: Option<Auth>,
    /// Where the line for each request goes.
    pub audit: Audit,
    /// Prometheus metrics.
    pub metrics: Metrics,
    /// OpenTelemetry traces. By default there are none.
    pub traces: Option<Traces>,
}

/// HTTPS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Tls {
    /// The certificate chain, as PEM.
    pub cert: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
    /// Authorities, as PEM: clients must show a certificate that one of them signed.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
}

/// Which web pages may call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Cors {
    /// Their origins, such as `https://cloud.temporal.io`; `*` stands for one label of the host.
    pub origins: Vec<String>,
    /// Whether browsers may send cookies along.
    pub credentials: bool,
}

/// Who may call.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Auth {
    /// Whose tokens are believed.
    pub issuers: Vec<Issuer>,
    /// The first that matches decides; where none does, the request is refused.
    pub rules: Vec<Rule>,
}

/// A provider of tokens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Issuer {
    /// The token's `iss`, to the letter.
    pub issuer: String,
    /// What its `aud` must be or hold.
    pub audience: String,
    /// Where its keys are: a URL, or `{ file: … }`.
    pub jwks: Jwks,
    /// The algorithms that a token may be signed with. By default those with public keys.
    #[serde(default)]
    pub algorithms: Option<Vec<Algorithm>>,
}

/// Where the keys of an issuer are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Jwks {
    /// A URL.
    Url(String),
    /// A file.
    File(PathBuf),
}

/// An algorithm of signatures. None of them has a shared secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[allow(missing_docs, reason = "RFC 7518 and RFC 8037 name them")]
#[non_exhaustive]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

impl Algorithm {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::EdDSA,
    ];
}

/// What the tokens that it matches may do.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rule {
    /// What the audit log calls it. By default its place in the list, from 0.
    #[serde(default)]
    pub name: Option<String>,
    /// The issuer whose tokens it is about. With more than one issuer it must be said.
    #[serde(default)]
    pub issuer: Option<String>,
    /// Operations that are done.
    #[serde(default)]
    pub allow: Vec<Operation>,
    /// Operations that are answered with the payloads as they came, still encoded.
    #[serde(default)]
    pub pass_through: Vec<Operation>,
    /// The namespaces that it is about; `*` stands for any run of characters. By default all.
    #[serde(default)]
    pub namespaces: Option<Vec<Pattern>>,
    /// What the token must claim, by the literal name of the claim.
    #[serde(default)]
    pub claims: BTreeMap<String, Claim>,
}

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[allow(clippy::exhaustive_enums, reason = "the protocol has two")]
pub enum Operation {
    /// Payloads as a worker sends them.
    Encode,
    /// Payloads as a person reads them.
    Decode,
}

/// Patterns of a claim, one of which its value, or one of its values, must match: a text, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim(pub Vec<Pattern>);

/// Where the line for each request goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Audit {
    /// Standard error.
    #[default]
    Stderr,
    /// The end of a file.
    File(PathBuf),
}

/// Prometheus metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Metrics {
    /// Another address for `/metrics`. By default it is on the address of the server.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub listen: Option<SocketAddr>,
}

/// OpenTelemetry traces: one for each request, with what it did and never with what it held.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Traces {
    /// Where they go, as OTLP over HTTP in protobuf: the whole URL, such as `http://localhost:4318/v1/traces`.
    pub endpoint: String,
    /// The share of requests that is traced, from 0 to 1. By default all.
    #[serde(default = "all")]
    pub ratio: f64,
}

fn all() -> f64 {
    1.0
}

/// The limits that only a server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerLimits {
    /// Bytes of a request's body. Default 16 MiB.
    pub max_body_bytes: usize,
    /// Payloads of a request: the library's own limit.
    pub max_payloads: usize,
    /// How long a request may take. Default 10 seconds.
    pub timeout: Duration,
    /// Requests that are worked on at once; the next is told to come back. Default 64.
    pub concurrency: usize,
}

/// All that a configuration says to a codec server.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServerSettings {
    /// The `server` section; its paths are absolute, or relative to the working directory.
    pub options: ServerOptions,
    /// The limits.
    pub limits: ServerLimits,
    /// The key files that the configuration names: when one changes it is to be read again.
    pub key_files: Vec<PathBuf>,
}

/// The contents of a file that a configuration names. Anything but a regular file, such as a pipe or a
/// device, is refused, and so is a file of more than `max_len` bytes.
///
/// # Errors
/// What is wrong with the file, without its name.
pub fn read_file(path: &Path, max_len: usize) -> Result<Vec<u8>, String> {
    crate::config::read_file(path, max_len)
}

impl ServerOptions {
    /// Makes the paths relative to `base_dir`.
    pub(crate) fn resolve(&mut self, base_dir: &Path) {
        let resolve = |path: &mut PathBuf| *path = base_dir.join(&path);
        if let Some(tls) = &mut self.tls {
            [&mut tls.cert, &mut tls.key].into_iter().chain(&mut tls.client_ca).for_each(resolve);
        }
        for issuer in self.auth.iter_mut().flat_map(|auth| &mut auth.issuers) {
            if let Jwks::File(path) = &mut issuer.jwks {
                resolve(path);
            }
        }
        if let Audit::File(path) = &mut self.audit {
            resolve(path);
        }
    }
}

impl<'de> Deserialize<'de> for Jwks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UrlOrFile;
        impl<'de> Visitor<'de> for UrlOrFile {
            type Value = Jwks;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a URL, or { file: … }")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Jwks, E> {
                Ok(Jwks::Url(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Jwks, A::Error> {
                #[derive(Deserialize)]
                #[serde(deny_unknown_fields)]
                struct InFile {
                    file: PathBuf,
                }
                let InFile { file } =
                    Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Jwks::File(file))
            }
        }
        deserializer.deserialize_any(UrlOrFile)
    }
}

impl<'de> Deserialize<'de> for Claim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Claim;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a pattern, or a list of patterns")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Claim, E> {
                Ok(Claim(vec![Pattern::new(text)]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Claim, A::Error> {
                let mut patterns = Vec::new();
                while let Some(pattern) = list.next_element()? {
                    patterns.push(pattern);
                }
                Ok(Claim(patterns))
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
}
