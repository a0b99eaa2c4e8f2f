//! The `server` section of a configuration: what `tdc serve` is to do.
//!
//! The library knows the section by its name only, and reads it with this schema, so that an error
//! has line and column. What the values mean together (whether an address may be served without
//! rules, for example) is judged where they are used.

#[cfg(test)]
mod json_schema;
mod limits;
#[cfg(test)]
mod tests;

pub(crate) use limits::ServerLimits;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use tdc::{DataConverter, Error as TdcError, Pattern};

/// The codec server.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerOptions {
    /// Address and port. By default 127.0.0.1:8081.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) listen: Option<SocketAddr>,
    /// Without rules: names besides those of loopback that a request's Host may have.
    pub(crate) hosts: Vec<String>,
    /// With rules: a proxy in front ends TLS, so that an address off loopback may be served without
    /// it.
    pub(crate) behind_proxy: bool,
    /// HTTPS.
    pub(crate) tls: Option<TlsOptions>,
    /// Which web pages may call.
    pub(crate) cors: CorsOptions,
    /// Who may call. By default anybody, and then on loopback only.
    pub(crate) auth: Option<AuthOptions>,
    /// Where the line for each request goes.
    pub(crate) audit: AuditOutput,
    /// Prometheus metrics.
    pub(crate) metrics: MetricsOptions,
    /// OpenTelemetry traces. By default there are none.
    pub(crate) traces: Option<TracesOptions>,
    /// What requests may cost.
    pub(crate) limits: ServerLimits,
}

impl ServerOptions {
    /// The section of a configuration that was read from `file`; the default where there is none.
    pub(crate) fn read(converter: &DataConverter, file: &Path) -> Result<Self, TdcError> {
        let mut options: Self = converter.server_section()?.unwrap_or_default();
        options.resolve(file.parent().unwrap_or_else(|| Path::new("")));
        Ok(options)
    }

    /// Makes the paths relative to `base_dir`.
    fn resolve(&mut self, base_dir: &Path) {
        let resolve = |path: &mut PathBuf| *path = base_dir.join(&path);
        if let Some(tls) = &mut self.tls {
            [&mut tls.cert, &mut tls.key].into_iter().chain(&mut tls.client_ca).for_each(resolve);
        }
        for issuer in self.auth.iter_mut().flat_map(|auth| &mut auth.issuers) {
            if let JwksSource::File(path) = &mut issuer.jwks {
                resolve(path);
            }
        }
        if let AuditOutput::File(path) = &mut self.audit {
            resolve(path);
        }
    }
}

/// HTTPS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsOptions {
    /// The certificate chain, as PEM.
    pub(crate) cert: PathBuf,
    /// Its private key, as PEM.
    pub(crate) key: PathBuf,
    /// Authorities, as PEM: clients must show a certificate that one of them signed.
    #[serde(default)]
    pub(crate) client_ca: Option<PathBuf>,
}

/// Which web pages may call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CorsOptions {
    /// Their origins, such as `https://cloud.temporal.io`; `*` stands for one label of the host.
    pub(crate) origins: Vec<String>,
    /// Whether browsers may send cookies along.
    pub(crate) credentials: bool,
}

/// Who may call.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthOptions {
    /// Whose tokens are believed.
    pub(crate) issuers: Vec<Issuer>,
    /// The first that matches decides; where none does, the request is refused.
    pub(crate) rules: Vec<Rule>,
}

/// A provider of tokens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the configuration calls it so")]
pub(crate) struct Issuer {
    /// The token's `iss`, to the letter.
    pub(crate) issuer: String,
    /// What its `aud` must be or hold.
    pub(crate) audience: String,
    /// Where its keys are: a URL, or `{ file: … }`.
    pub(crate) jwks: JwksSource,
    /// The algorithms that a token may be signed with. By default those with public keys.
    #[serde(default)]
    pub(crate) algorithms: Option<Vec<Algorithm>>,
}

/// Where the keys of an issuer are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JwksSource {
    /// A URL.
    Url(String),
    /// A file.
    File(PathBuf),
}

/// An algorithm of signatures. None of them has a shared secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[allow(missing_docs, reason = "RFC 7518 and RFC 8037 name them")]
pub(crate) enum Algorithm {
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
    pub(crate) const ALL: &'static [Self] = &[
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
pub(crate) struct Rule {
    /// What the audit log calls it. By default its place in the list, from 0.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// The issuer whose tokens it is about. With more than one issuer it must be said.
    #[serde(default)]
    pub(crate) issuer: Option<String>,
    /// Operations that are done.
    #[serde(default)]
    pub(crate) allow: Vec<Operation>,
    /// Operations that are answered with the payloads as they came, still encoded.
    #[serde(default)]
    pub(crate) pass_through: Vec<Operation>,
    /// The namespaces that it is about; `*` stands for any run of characters. By default all.
    #[cfg_attr(test, schemars(with = "Option<Vec<json_schema::PatternSchema>>"))]
    #[serde(default)]
    pub(crate) namespaces: Option<Vec<Pattern>>,
    /// What the token must claim, by the literal name of the claim.
    #[serde(default)]
    pub(crate) claims: BTreeMap<String, ClaimPatterns>,
}

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Operation {
    /// Payloads as a worker sends them.
    Encode,
    /// Payloads as a person reads them.
    Decode,
    /// The payloads in stored objects, in the places of references to them.
    Download,
}

/// Patterns of a claim, one of which its value, or one of its values, must match: a text, or a list
/// of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimPatterns(pub(crate) Vec<Pattern>);

/// Where the line for each request goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuditOutput {
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
pub(crate) struct MetricsOptions {
    /// Another address for `/metrics`. By default it is on the address of the server.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) listen: Option<SocketAddr>,
}

/// OpenTelemetry traces: one for each request, with what it did and never with what it held.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct TracesOptions {
    /// Where they go, as OTLP over HTTP in protobuf: the whole URL, such as `http://localhost:4318/v1/traces`.
    pub(crate) endpoint: String,
    /// The share of requests that is traced, from 0 to 1. By default all.
    #[serde(default = "all")]
    pub(crate) ratio: f64,
}

fn all() -> f64 {
    1.0
}

impl<'de> Deserialize<'de> for JwksSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UrlOrFile;
        impl<'de> Visitor<'de> for UrlOrFile {
            type Value = JwksSource;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a URL, or { file: … }")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<JwksSource, E> {
                Ok(JwksSource::Url(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<JwksSource, A::Error> {
                #[derive(Deserialize)]
                #[serde(deny_unknown_fields)]
                struct InFile {
                    file: PathBuf,
                }
                let InFile { file } =
                    Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(JwksSource::File(file))
            }
        }
        deserializer.deserialize_any(UrlOrFile)
    }
}

impl<'de> Deserialize<'de> for ClaimPatterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = ClaimPatterns;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a pattern, or a list of patterns")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<ClaimPatterns, E> {
                Ok(ClaimPatterns(vec![Pattern::new(text)]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ClaimPatterns, A::Error> {
                let mut patterns = Vec::new();
                while let Some(pattern) = list.next_element()? {
                    patterns.push(pattern);
                }
                Ok(ClaimPatterns(patterns))
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
}
