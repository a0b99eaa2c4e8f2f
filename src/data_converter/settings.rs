//! The settings of the configuration, for bindings, the command line and the codec server.

use std::path::PathBuf;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::DataConverter;
use crate::config::{NamespaceSettings, NamespaceSummary};
use crate::error::Error;
use crate::keys::KeyService;
use crate::limits::Limits;
use crate::storage::Store;

impl DataConverter {
    /// Whether the failure converter moves message and stack trace into the encoded attributes.
    #[must_use]
    pub fn encodes_common_attributes(&self) -> bool {
        self.config.load().encode_common_attributes
    }

    /// Whether the configuration's `converters` differ from every SDK's default converter.
    #[must_use]
    pub fn has_own_converters(&self) -> bool {
        !self.config.load().has_default_converters
    }

    /// Whether the host may be asked for keys.
    #[must_use]
    pub fn has_host_keys(&self) -> bool {
        self.config.load().keyring.has_host()
    }

    /// Whether the host may be asked to have data keys wrapped and unwrapped by a key service.
    #[must_use]
    pub fn has_key_services(&self) -> bool {
        self.config.load().keyring.has_key_services()
    }

    /// The keys of key services that the configuration names: the name in the ring, and the key.
    #[must_use]
    pub fn key_services(&self) -> Vec<(Arc<str>, KeyService)> {
        let config = self.config.load();
        let mut services: Vec<_> = config
            .keyring
            .keks()
            .filter_map(|kek| Some((Arc::clone(&kek.name), kek.service()?.clone())))
            .collect();
        services.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        services
    }

    /// The `server` section, by the caller's schema: the library only knows that it may be there.
    ///
    /// # Errors
    /// [`Code::Config`](crate::Code::Config), with line, column and path.
    pub fn server_section<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        self.config.load().server_section()
    }

    /// What one call may cost.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.config.load().limits
    }

    /// The key files that the configuration names: when one changes, the configuration should be
    /// reloaded.
    #[must_use]
    pub fn key_files(&self) -> Vec<PathBuf> {
        self.config.load().key_files.clone()
    }

    /// What the configuration says about a namespace.
    ///
    /// # Errors
    /// [`Code::Namespace`](crate::Code::Namespace).
    pub fn namespace_settings(&self, namespace: &str) -> Result<NamespaceSettings, Error> {
        self.config.load().namespace(namespace)
    }

    /// The part of this configuration, if any, that gives more access than `before`: a namespace
    /// that may use more of the existing keys, or that no longer encrypts.
    #[must_use]
    pub fn loosens(&self, before: &Self) -> Option<&'static str> {
        self.config.load().loosens(&before.config.load())
    }

    /// Whether there is any key, or the host may be asked for one.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.config.load().keyring.has_keys()
    }

    /// What the configuration does to payloads, for each entry of `namespaces`; without that list,
    /// one summary for all namespaces.
    #[must_use]
    pub fn summary(&self) -> Vec<NamespaceSummary> {
        self.config.load().summary()
    }

    /// The summary of what applies to one namespace: with its own key, if it has one. `shared` is
    /// not looked for.
    ///
    /// # Errors
    /// [`Code::Namespace`](crate::Code::Namespace) if no entry matches.
    pub fn summary_for(&self, namespace: &str) -> Result<NamespaceSummary, Error> {
        self.config.load().summary_for(namespace)
    }

    /// Whether the configuration names stores: references to stored objects can then be followed.
    #[must_use]
    pub fn has_stores(&self) -> bool {
        !self.config.load().stores.is_empty()
    }

    /// Whether references to stored objects may be under codecs' layers.
    #[must_use]
    pub fn seals_after_storing(&self) -> bool {
        self.config.load().stores.sealed_after_storing
    }

    /// The stores that references to stored objects may name, by name.
    #[must_use]
    pub fn stores(&self) -> Vec<Arc<Store>> {
        self.config.load().stores.all().cloned().collect()
    }

    /// Whether the host may be asked to send requests to a codec server.
    #[must_use]
    pub fn has_remote(&self) -> bool {
        self.config.load().has_remote()
    }
}
