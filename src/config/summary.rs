//! What a configuration does, for people who check it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Config, Pattern, Profile};
use crate::error::Error;
use crate::keys::{Access, Fingerprint};

/// What happens to the payloads of some namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamespaceSummary {
    /// The namespaces; `None` if the configuration has no such list and the entry covers all of
    /// them.
    pub pattern: Option<Pattern>,
    /// The names of the codecs, in the order in which encode applies them.
    pub codecs: Vec<&'static str>,
    /// The key that encode encrypts with, if it encrypts.
    pub encrypts_with: Option<Arc<str>>,
    /// The key of each namespace that has one, if each encrypts with its own: then `encrypts_with`
    /// is the template, such as `tenant-{namespace}`.
    pub tenants: Option<BTreeMap<Box<str>, Arc<str>>>,
    /// The ids of the keys that decrypt payloads here, sorted, without those that only the host
    /// has.
    pub keys: Vec<Arc<str>>,
    /// Whether the entry names its keys.
    pub has_own_keys: bool,
    /// A key that also decrypts payloads of an earlier entry.
    pub shared: Option<SharedKey>,
}

/// A key shared by two entries: a client that can decode for one can decrypt payloads of the other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedKey {
    /// Its id in this entry.
    pub key: Arc<str>,
    /// Its id in the other entry. Another id with the same bytes is the same key.
    pub other_key: Arc<str>,
    /// The index of the other entry.
    pub with: usize,
}

/// The identity of a key.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    Bytes(Fingerprint),
    /// The host has the key, so only its id is known.
    Id(Arc<str>),
}

impl Config {
    /// A summary of each entry of `namespaces`; without that list, one summary for all namespaces.
    pub(crate) fn summary(&self) -> Vec<NamespaceSummary> {
        let Some(namespaces) = &self.namespaces else {
            return vec![self.summary_of(None, &self.everywhere, &self.everywhere.access)];
        };
        let mut owners: HashMap<Identity, (usize, Arc<str>)> = HashMap::new();
        let mut summaries = Vec::with_capacity(namespaces.len());
        for (index, (pattern, profile)) in namespaces.iter().enumerate() {
            let mut summary = self.summary_of(Some(pattern), profile, &profile.access);
            for key in profile.access.ids(&self.keyring) {
                let identity =
                    self.keyring.fingerprint(&key).map_or_else(|| Identity::Id(key.clone()), Identity::Bytes);
                let (with, other_key) =
                    owners.entry(identity).or_insert_with(|| (index, key.clone())).clone();
                if with != index && summary.shared.is_none() {
                    summary.shared = Some(SharedKey { key, other_key, with });
                }
            }
            summaries.push(summary);
        }
        summaries
    }

    /// The summary of what applies to one namespace, without `shared`.
    pub(crate) fn summary_for(&self, namespace: &str) -> Result<NamespaceSummary, Error> {
        let (pattern, profile) = self.entry(namespace)?;
        Ok(self.summary_of(pattern, profile, profile.access(namespace)))
    }

    fn summary_of(&self, pattern: Option<&Pattern>, profile: &Profile, access: &Access) -> NamespaceSummary {
        let mut keys = access.ids(&self.keyring);
        keys.retain(|key| self.keyring.contains(key));
        NamespaceSummary {
            pattern: pattern.cloned(),
            codecs: profile.codecs.clone(),
            encrypts_with: access.primary_id().filter(|_| profile.chain.encrypts()).cloned(),
            tenants: access.tenants(),
            keys,
            has_own_keys: access.is_limited(),
            shared: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const KEY_A: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const KEY_B: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn summary(document: &str) -> Vec<NamespaceSummary> {
        Config::read(document, Path::new(""), "").unwrap().summary()
    }

    fn ring(rest: &str) -> String {
        format!(
            "version: 1\nkeys:\n  primary: a\n  host: true\n  ring:\n    a: {{ insecure_inline: {KEY_A} }}\n    \
             b: {{ insecure_inline: {KEY_B} }}\n    a2: {{ insecure_inline: {KEY_A} }}\ncodecs: [zstd, encrypt]\n{rest}"
        )
    }

    fn shared(summary: &NamespaceSummary) -> Option<(&str, &str, usize)> {
        summary.shared.as_ref().map(|shared| (&*shared.key, &*shared.other_key, shared.with))
    }

    #[test]
    fn without_namespaces_there_is_one_summary() {
        let all = summary(&ring(""));
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].pattern.as_ref(), all[0].shared.as_ref()), (None, None));
        assert_eq!(all[0].codecs, ["zstd", "encrypt"]);
        assert_eq!(all[0].encrypts_with.as_deref(), Some("a"));
        assert_eq!(all[0].keys.iter().map(|key| &**key).collect::<Vec<_>>(), ["a", "a2", "b"]);
        let plain = summary("version: 1\ncodecs: [zlib]\n");
        assert_eq!((plain[0].encrypts_with.as_ref(), plain[0].keys.len()), (None, 0));
    }

    #[test]
    fn a_key_of_two_namespaces_is_found_by_id_and_by_bytes() {
        let all = summary(&ring(
            "namespaces:\n  - { match: one, keys: { primary: a } }\n  - { match: two, keys: { primary: b } }\n  \
             - { match: three, keys: { primary: b, decrypt: [a2] } }\n  - { match: four, keys: { primary: far } }\n  \
             - { match: five, keys: { primary: far }, codecs: [zlib] }\n",
        ));
        assert_eq!(
            all.iter().map(shared).collect::<Vec<_>>(),
            [None, None, Some(("a2", "a", 0)), None, Some(("far", "far", 3))]
        );
        assert_eq!((all[4].has_own_keys, all[4].encrypts_with.as_ref()), (true, None));
    }

    #[test]
    fn entries_without_keys_of_their_own_share_all_of_them() {
        let all = summary(&ring("namespaces:\n  - { match: one }\n  - { match: two }\n"));
        assert_eq!(all.iter().map(shared).collect::<Vec<_>>(), [None, Some(("a", "a", 0))]);
        assert!(!all[0].has_own_keys);
    }

    #[test]
    fn a_tenant_has_its_own_key() {
        let document = format!(
            "version: 1\nkeys:\n  ring:\n    key-a: {{ insecure_inline: {KEY_A} }}\n    key-b: {{ insecure_inline: {KEY_B} }}\n\
             codecs: [encrypt]\nnamespaces:\n  - {{ match: \"*\", keys: {{ primary: \"key-{{namespace}}\" }} }}\n"
        );
        let config = Config::read(&document, Path::new(""), "").unwrap();
        let [all] = &config.summary()[..] else { panic!() };
        assert_eq!((all.encrypts_with.as_deref(), all.keys.len()), (Some("key-{namespace}"), 2));
        let tenants = BTreeMap::from([("a".into(), "key-a".into()), ("b".into(), "key-b".into())]);
        assert_eq!(all.tenants, Some(tenants));
        let b = config.summary_for("b").unwrap();
        assert_eq!((b.encrypts_with.as_deref(), b.tenants), (Some("key-b"), None));
        assert_eq!(b.keys.iter().map(|key| &**key).collect::<Vec<_>>(), ["key-b"]);
        assert_eq!(config.namespace("b").unwrap().encrypts_with.as_deref(), Some("key-b"));
    }
}
