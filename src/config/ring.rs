//! `keys`: the key ring, and who may use which of its keys.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::document::{Problem, did_you_mean};
use super::key_source;
use super::schema::{CacheSize, DataKeySettings, Document, KeySource, Keys, NamespaceKeys};
use crate::keys::{
    Access, CacheOptions, DataKeyOptions, Keeper, Kek, Key, KeyService, Keyring, LocalKek, MAX_MESSAGES,
    is_service_id, key_id,
};

/// The placeholder in a namespace's `primary`; the full namespace replaces it.
const NAMESPACE: &str = "{namespace}";

/// How long one attempt at a key service may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Reads the keys that the document names.
pub(super) fn keyring(document: &Document, base_dir: &Path) -> Result<Keyring, Problem> {
    let Some(keys) = &document.keys else { return Ok(Keyring::default()) };
    let (mut ring, mut keks) = (HashMap::new(), Vec::new());
    for (name, source) in &keys.ring {
        entry(name, source, base_dir, &mut ring, &mut keks)
            .map_err(|problem| problem.inside(name.as_str()).inside("ring"))?;
    }
    check_ids(&ring, &keks)?;
    let cache = cache(keys).map_err(|problem| problem.inside("cache"))?;
    let keyring = Keyring::new(ring, keys.host).with_keks(keks, cache);
    if let Some(primary) = &keys.primary {
        check_reference(&keyring, primary).map_err(|problem| problem.inside("primary"))?;
    }
    Ok(keyring)
}

fn entry(
    name: &str,
    source: &KeySource,
    base_dir: &Path,
    ring: &mut HashMap<Arc<str>, Arc<Key>>,
    keks: &mut Vec<(Arc<Kek>, Vec<String>)>,
) -> Result<(), Problem> {
    check_key_id(name)?;
    let is_kek = source.service.is_some() || source.envelope;
    if !is_kek {
        let unused = [
            ("also", !source.also.is_empty()),
            ("earlier", !source.earlier.is_empty()),
            ("timeout", source.timeout.is_some()),
            ("data_key", source.data_key.is_some()),
        ];
        if let Some((field, _)) = unused.into_iter().find(|(_, is_set)| *is_set) {
            let problem =
                Problem::new(format!("{field} only applies to service and to envelope: true; remove it"));
            return Err(problem.inside(field));
        }
        let key = key_source::load(source, base_dir)?;
        ring.insert(Arc::from(name), Arc::new(Key::new(name, key.bytes())));
        return Ok(());
    }
    for (index, id) in source.also.iter().enumerate() {
        if !is_service_id(id.as_bytes()) {
            return Err(not_an_id(id).inside(index).inside("also"));
        }
    }
    let options = data_key_options(source.data_key.as_ref()).map_err(|problem| problem.inside("data_key"))?;
    let (id, keeper) = match &source.service {
        Some(uri) => (uri.as_str(), service(uri, source)?),
        None => {
            for (field, is_set) in
                [("earlier", !source.earlier.is_empty()), ("timeout", source.timeout.is_some())]
            {
                if is_set {
                    let problem = Problem::new(format!("{field} only applies to service; remove it"));
                    return Err(problem.inside(field));
                }
            }
            (name, Keeper::Local(LocalKek::new(key_source::load(source, base_dir)?.bytes())))
        }
    };
    keks.push((Arc::new(Kek::new(name, id, keeper, options)), source.also.clone()));
    Ok(())
}

fn service(uri: &str, source: &KeySource) -> Result<Keeper, Problem> {
    if source.file.is_some() || source.env.is_some() || source.insecure_inline.is_some() || source.envelope {
        return Err(Problem::new(
            "a key of a key service has neither file, env, insecure_inline nor envelope: remove them, or remove service",
        ));
    }
    if !is_service_id(uri.as_bytes()) {
        return Err(not_an_id(uri).inside("service"));
    }
    if !uri.contains("://") {
        return Err(Problem::new(
            "expected the URI of a key, such as awskms://alias/orders?region=eu-central-1 or hashivault://orders",
        )
        .inside("service"));
    }
    let timeout = source.timeout.map_or(TIMEOUT, |span| span.0);
    if timeout.is_zero() {
        return Err(Problem::new("expected more than 0").inside("timeout"));
    }
    Ok(Keeper::Service(KeyService::new(uri, &source.earlier, timeout)))
}

fn data_key_options(settings: Option<&DataKeySettings>) -> Result<DataKeyOptions, Problem> {
    let mut options = DataKeyOptions::default();
    let Some(settings) = settings else { return Ok(options) };
    if let Some(lifetime) = settings.lifetime {
        if lifetime.0 < Duration::from_secs(1) {
            return Err(Problem::new("expected at least 1 s").inside("lifetime"));
        }
        options.lifetime = lifetime.0;
        options.renew_before = options.renew_before.min(lifetime.0 / 4);
    }
    if let Some(messages) = settings.messages {
        if !(1..=MAX_MESSAGES).contains(&messages) {
            let problem = format!(
                "expected 1 to {MAX_MESSAGES}, found {messages}: no AES-256-GCM key may encrypt more"
            );
            return Err(Problem::new(problem).inside("messages"));
        }
        options.messages = messages;
    }
    if let Some(before) = settings.renew_before {
        if before.0 >= options.lifetime {
            return Err(Problem::new("expected less than lifetime").inside("renew_before"));
        }
        options.renew_before = before.0;
    }
    Ok(options)
}

fn cache(keys: &Keys) -> Result<CacheOptions, Problem> {
    let mut options = CacheOptions::default();
    let CacheSize { entries, lifetime } = &keys.cache;
    if let Some(entries) = *entries {
        if entries == 0 {
            return Err(Problem::new("expected more than 0, found 0").inside("entries"));
        }
        options.entries = entries;
    }
    if let Some(lifetime) = lifetime {
        if lifetime.0.is_zero() {
            return Err(Problem::new("expected more than 0").inside("lifetime"));
        }
        options.lifetime = lifetime.0;
    }
    Ok(options)
}

/// Refuses two entries with the same id in payloads, and a key that is used both as a KEK and as a
/// data key.
fn check_ids(ring: &HashMap<Arc<str>, Arc<Key>>, keks: &[(Arc<Kek>, Vec<String>)]) -> Result<(), Problem> {
    let mut ids: HashMap<&str, &str> = HashMap::new();
    let inside = |problem: Problem, name: &str| problem.inside(name).inside("ring");
    for (kek, also) in keks {
        for id in also.iter().map(String::as_str).chain([&*kek.id]) {
            if let Some(other) = ids.insert(id, &kek.name) {
                let problem =
                    format!("the entry \"{other}\" has the same id: payloads could not say which is meant");
                return Err(inside(Problem::new(problem), &kek.name));
            }
        }
        let same = ring.iter().find(|(_, key)| kek.is_local_key(key));
        if let Some((other, _)) = same {
            let problem = format!(
                "the entry \"{other}\" has the same 32 bytes: one key must not both wrap data keys and encrypt payloads"
            );
            return Err(inside(Problem::new(problem), &kek.name));
        }
    }
    Ok(())
}

fn not_an_id(id: &str) -> Problem {
    Problem::new(format!(
        "this is not an id ({} bytes): expected 1 to 2048 printable ASCII characters without spaces",
        id.len()
    ))
}

/// The access of all namespaces, if the document has no rules for them.
pub(super) fn access_everywhere(keyring: &Keyring, document: &Document) -> Access {
    Access::new(keyring, document.keys.as_ref().and_then(|keys| keys.primary.as_deref()), None)
}

/// The access of an entry of `namespaces`.
pub(super) fn access(keyring: &Keyring, keys: &NamespaceKeys) -> Result<Access, Problem> {
    for (index, id) in keys.decrypt.iter().enumerate() {
        check_reference(keyring, id).map_err(|problem| problem.inside(index).inside("decrypt"))?;
    }
    let decrypt: HashSet<Arc<str>> = keys.decrypt.iter().map(|id| Arc::from(id.as_str())).collect();
    let Some((before, after)) = keys.primary.split_once(NAMESPACE) else {
        check_reference(keyring, &keys.primary).map_err(|problem| problem.inside("primary"))?;
        let allowed = decrypt.into_iter().chain([Arc::from(keys.primary.as_str())]).collect();
        return Ok(Access::new(keyring, Some(&keys.primary), Some(allowed)));
    };
    let rest = [before, after].concat();
    if !rest.is_empty() && key_id(rest.as_bytes()).is_none() || rest.contains(['{', '}']) {
        return Err(Problem::new(
            "expected the name of a key with {namespace} in it once, such as \"tenant-{namespace}\"",
        )
        .inside("primary"));
    }
    let of_namespace = |name: &Arc<str>| {
        let namespace = name.strip_prefix(before)?.strip_suffix(after).filter(|name| !name.is_empty())?;
        let allowed = decrypt.iter().cloned().chain([Arc::clone(name)]).collect();
        Some((Box::from(namespace), Access::new(keyring, Some(name), Some(allowed))))
    };
    let by_namespace = keyring.ids().filter_map(of_namespace).collect();
    Ok(Access::new(keyring, None, Some(decrypt.clone())).by_namespace(&keys.primary, by_namespace))
}

pub(super) fn check_key_id(id: &str) -> Result<(), Problem> {
    match key_id(id.as_bytes()) {
        Some(_) => Ok(()),
        None => Err(Problem::new(format!(
            "this is not a key id ({} bytes): expected 1 to 128 characters of A-Z a-z 0-9 . _ : / -",
            id.len()
        ))),
    }
}

pub(super) fn check_reference(keyring: &Keyring, id: &str) -> Result<(), Problem> {
    check_key_id(id)?;
    if keyring.contains(id) || keyring.has_host() {
        return Ok(());
    }
    let meant = did_you_mean(id, keyring.ids().map(|id| &**id));
    Err(Problem::new(format!(
        "the key \"{id}\" is not in keys.ring: add it there, or set keys.host to true if the host program provides it{meant}"
    )))
}
