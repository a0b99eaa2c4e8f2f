//! The configuration: turns a YAML or JSON document into the state of a handle.
//!
//! `docs/CONFIGURATION.md` describes the vocabulary, `docs/tdc.schema.json` is its JSON Schema.
//! Everything is checked when the document is read, so that no call fails because of a bad
//! configuration. Errors name line, column and path, and say what to do.

mod converters;
mod descriptors;
pub(crate) mod document;
mod key_source;
mod loosening;
mod pattern;
mod ring;
mod schema;
mod summary;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::codec::encrypt::binding::Fields;
use crate::codec::{self, Chain, Entry, chain};
use crate::converter::Converters;
use crate::descriptors::Store;
use crate::error::{Code, Error, text};
use crate::keys::{Access, Keyring};
use crate::limits::Limits;
use crate::storage::{self, Rules, Stores};
pub use document::read_file;
pub use document::{ByteSize, Span};
use document::{Node, Problem};
pub use pattern::Pattern;
use schema::{Document, Malformed};
pub use summary::{NamespaceSummary, SharedKey};

/// The section of the codec server.
const SERVER: &str = "server";

/// A document, prepared for calls. It is immutable: a reload creates a new one.
pub(crate) struct Config {
    pub(crate) keyring: Keyring,
    pub(crate) descriptors: Store,
    pub(crate) limits: Limits,
    pub(crate) stores: Stores,
    pub(crate) converters: Converters,
    /// Whether `converters` has the order of every SDK's default converter.
    pub(crate) has_default_converters: bool,
    pub(crate) encode_common_attributes: bool,
    /// Whether decode keeps encoded attributes that cannot be read.
    pub(crate) keeps_malformed: bool,
    /// The key files that the document names.
    pub(crate) key_files: Vec<PathBuf>,
    /// The `server` section, which only the codec server understands.
    server: Option<Node>,
    /// The name of the document in errors.
    source: String,
    everywhere: Profile,
    namespaces: Option<Vec<(Pattern, Profile)>>,
    /// The most bytes that a binding adds to a payload.
    binding_overhead: usize,
}

/// The settings for the payloads of a namespace.
pub(crate) struct Profile {
    pub(crate) chain: Chain,
    /// The same chain for readers that are not workers: `required` does not apply to them.
    pub(crate) lenient_chain: Chain,
    /// The stored objects that these namespaces may read.
    pub(crate) objects: Rules,
    access: Access,
    /// The names of the codecs, in the order in which encode applies them.
    codecs: Vec<&'static str>,
}

impl Profile {
    fn new(chain: Chain, access: Access, codecs: &[Entry], objects: Rules) -> Self {
        let codecs = codecs.iter().map(|entry| entry.codec().name).collect();
        Self { lenient_chain: chain.without_required(), chain, objects, access, codecs }
    }

    /// The keys of a namespace.
    pub(crate) fn access(&self, namespace: &str) -> &Access {
        self.access.of(namespace)
    }
}

/// What a configuration says about a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamespaceSettings {
    /// The pattern that matched; `None` if the configuration has no namespaces.
    pub pattern: Option<Arc<str>>,
    /// The key that encode encrypts with, if it encrypts.
    pub encrypts_with: Option<Arc<str>>,
}

impl Config {
    /// Reads the document in a file, and the keys that it names.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let text = text_of(path).map_err(|cause| {
            let shown = text::absolute_path(path);
            Error::new(Code::Config, format!("cannot read the configuration {shown}: {cause}"))
        })?;
        Self::read(&text, path.parent().unwrap_or_else(|| Path::new("")), &text::path(path))
    }

    /// Reads a document and the keys that it names. `source` is the file's name for errors, or
    /// empty.
    pub(crate) fn read(text: &str, base_dir: &Path, source: &str) -> Result<Self, Error> {
        let read = || {
            let node = document::read(text)?;
            let document = Document::deserialize(&node)?;
            let config = Self::build(&document, base_dir).map_err(|problem| problem.located(&node))?;
            Ok(Self { server: node.into_field(SERVER), source: source.to_owned(), ..config })
        };
        read().map_err(|problem: Problem| problem.into_error(source))
    }

    /// The `server` section by the schema of the codec server.
    pub(crate) fn server_section<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        let read = |node| T::deserialize(node).map_err(|problem: Problem| problem.inside(SERVER));
        self.server.as_ref().map(read).transpose().map_err(|problem| problem.into_error(&self.source))
    }

    /// The settings for the payloads of `namespace` (empty: unknown).
    pub(crate) fn profile(&self, namespace: &str) -> Result<&Profile, Error> {
        self.entry(namespace).map(|(_, profile)| profile)
    }

    /// Whether payloads of some namespace go to a codec server.
    pub(crate) fn has_remote(&self) -> bool {
        self.profiles().any(|profile| profile.chain.remote().is_some())
    }

    /// The most bytes by which a payload grows in any chain, with the current data keys.
    pub(crate) fn overhead(&self) -> usize {
        codec::overhead(&self.keyring) + self.binding_overhead
    }

    fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.namespaces.iter().flatten().map(|(_, profile)| profile).chain([&self.everywhere])
    }

    /// The settings of a namespace in the form of the public API.
    pub(crate) fn namespace(&self, namespace: &str) -> Result<NamespaceSettings, Error> {
        let (pattern, profile) = self.entry(namespace)?;
        let primary = profile.access(namespace).primary_id();
        let encrypts_with = primary.filter(|_| profile.chain.encrypts()).cloned();
        Ok(NamespaceSettings { pattern: pattern.map(|pattern| pattern.as_str().into()), encrypts_with })
    }

    fn entry(&self, namespace: &str) -> Result<(Option<&Pattern>, &Profile), Error> {
        let Some(namespaces) = &self.namespaces else { return Ok((None, &self.everywhere)) };
        namespaces
            .iter()
            .find(|(pattern, _)| !namespace.is_empty() && pattern.matches(namespace))
            .map(|(pattern, profile)| (Some(pattern), profile))
            .ok_or_else(|| {
                let (said, advice) = if namespace.is_empty() {
                    ("no namespace was given".to_owned(), "give one at open or in the serialization context")
                } else if namespace.len() > 255 {
                    (format!("a namespace of {} bytes", namespace.len()), "no entry can match it")
                } else {
                    (
                        format!("the namespace {} matches no entry", text::quoted(namespace)),
                        "add one to namespaces",
                    )
                };
                Error::new(Code::Namespace, format!("{said}, and the configuration has namespaces: {advice}"))
            })
    }

    fn build(document: &Document, base_dir: &Path) -> Result<Self, Problem> {
        if document.version != 1 {
            let found = document.version;
            return Err(Problem::new(format!("expected version 1, found {found}")).inside("version"));
        }
        let keyring = ring::keyring(document, base_dir).map_err(|problem| problem.inside("keys"))?;
        let stores = document
            .storage
            .as_ref()
            .map(|options| Stores::build(options, base_dir).map_err(|problem| problem.inside("storage")))
            .transpose()?
            .unwrap_or_default();
        let everywhere = Profile::new(
            chain(&document.codecs, base_dir).map_err(|problem| problem.inside("codecs"))?,
            ring::access_everywhere(&keyring, document),
            &document.codecs,
            stores.rules.clone(),
        );
        let namespaces = document
            .namespaces
            .as_ref()
            .map(|list| {
                let profile = |(index, entry)| {
                    namespace(document, &keyring, &stores, entry, base_dir)
                        .map_err(|problem| problem.inside(index).inside("namespaces"))
                };
                list.iter().enumerate().map(profile).collect::<Result<Vec<_>, _>>()
            })
            .transpose()?;
        if namespaces.is_none() && everywhere.chain.encrypts() && !everywhere.access.has_primary() {
            return Err(without_key());
        }
        let mut limits = Limits::default();
        let set = &document.limits;
        limits.max_input_bytes = set.max_input_bytes.map_or(limits.max_input_bytes, |size| size.0);
        limits.max_payloads = set.max_payloads.unwrap_or(limits.max_payloads);
        limits.max_decoded_bytes = set.max_decoded_bytes.map_or(limits.max_decoded_bytes, |size| size.0);
        let converters = converters::converters(document.converters.as_deref())
            .map_err(|problem| problem.inside("converters"))?;
        let sources = document.keys.iter().flat_map(|keys| keys.ring.values());
        let key_files =
            sources.filter_map(|source| source.file.as_ref()).map(|file| base_dir.join(file)).collect();
        let descriptors = descriptors::load(&document.descriptors, base_dir)
            .map_err(|problem| problem.inside("descriptors"))?;
        let config = Self {
            keyring,
            descriptors,
            limits,
            stores,
            converters,
            has_default_converters: converters::is_default(document.converters.as_deref()),
            key_files,
            server: None,
            source: String::new(),
            encode_common_attributes: document.failures.encode_common_attributes,
            keeps_malformed: document.failures.malformed == Malformed::Keep,
            everywhere,
            namespaces,
            binding_overhead: 0,
        };
        let bindings = config.profiles().filter_map(|profile| profile.chain.binding());
        let binding_overhead = bindings.map(Fields::overhead).max().unwrap_or(0);
        Ok(Self { binding_overhead, ..config })
    }
}

fn text_of(path: &Path) -> Result<String, String> {
    String::from_utf8(read_file(path, document::MAX_LEN)?)
        .map_err(|cause| format!("it is not UTF-8 at byte {}", cause.utf8_error().valid_up_to()))
}

fn namespace(
    document: &Document,
    keyring: &Keyring,
    stores: &Stores,
    entry: &schema::Namespace,
    base_dir: &Path,
) -> Result<(Pattern, Profile), Problem> {
    if entry.pattern.is_empty() {
        return Err(Problem::new("expected a namespace, or a pattern such as \"orders-*\"").inside("match"));
    }
    let codecs = entry.codecs.as_ref().unwrap_or(&document.codecs);
    let chain = chain(codecs, base_dir).map_err(|problem| problem.inside("codecs"))?;
    let access = match &entry.keys {
        None => ring::access_everywhere(keyring, document),
        Some(keys) => ring::access(keyring, keys).map_err(|problem| problem.inside("keys"))?,
    };
    if chain.encrypts() && !access.has_primary() {
        return Err(without_key());
    }
    let objects = storage::options::rules(
        entry.objects_of.as_deref().unwrap_or(&stores.rules.objects_of),
        entry.unscoped.unwrap_or(stores.rules.unscoped),
    )?;
    Ok((Pattern::new(&entry.pattern), Profile::new(chain, access, codecs, objects)))
}

fn without_key() -> Problem {
    Problem::new("encrypt needs a key: set keys.primary, and keys.ring or keys.host").inside("codecs")
}

#[cfg(test)]
mod tests;
