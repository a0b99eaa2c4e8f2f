//! Whether one configuration gives more access than another.
//!
//! A codec server reloads a changed file on its own, and a file may be cut off in the middle. So it
//! checks first: could a namespace decrypt payloads that it could not decrypt before, or would data
//! that was encrypted so far be written in the clear?

use super::{Config, Profile};
use crate::keys::Keyring;

impl Config {
    /// The part that gives more access than `before`, if any. A key that `before` did not have
    /// decrypts no earlier payload, so a namespace may get it.
    pub(crate) fn loosens(&self, before: &Self) -> Option<&'static str> {
        if self.stores.open_more_than(&before.stores) {
            return Some("storage");
        }
        let loosens = |after, was| profile_loosens(after, was, &before.keyring);
        match (&self.namespaces, &before.namespaces) {
            (None, Some(_)) => Some("namespaces"),
            (None, None) => loosens(&self.everywhere, &before.everywhere),
            (Some(after), None) => after.iter().find_map(|(_, profile)| loosens(profile, &before.everywhere)),
            (Some(after), Some(was)) => {
                // The first match decides, so an entry that is inserted, moved or missing changes
                // what others get. Only the last entries may be removed.
                let same_patterns = after.len() <= was.len()
                    && after.iter().zip(was).all(|((pattern, _), (was, _))| pattern == was);
                if !same_patterns {
                    return Some("namespaces");
                }
                after.iter().zip(was).find_map(|((_, profile), (_, was))| loosens(profile, was))
            }
        }
    }
}

fn profile_loosens(after: &Profile, was: &Profile, keyring: &Keyring) -> Option<&'static str> {
    if was.chain.encrypts() && !after.chain.encrypts() {
        return Some("codecs");
    }
    if after.objects.allow_more_than(&was.objects) {
        return Some("storage");
    }
    after.access.opens_more_than(&was.access, keyring).then_some("namespaces")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(rest: &str) -> Config {
        let inline = "insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=";
        let ring = ["a", "b", "new"].map(|id| format!("    {id}: {{ {inline} }}\n"));
        let ring = if rest.contains("new") { ring.concat() } else { ring[..2].concat() };
        let document = format!("version: 1\nkeys:\n  primary: a\n  ring:\n{ring}{rest}");
        Config::read(&document, Path::new(""), "").unwrap()
    }

    #[test]
    fn stores_and_rules_that_let_more_be_read_are_noticed() {
        let stores = "storage: { stores: { s: { s3: { region: r }, buckets: [one, two] } } }\n";
        let with = |rest: &str| stores.replace("} } }", &format!("}} }}{rest} }}"));
        let namespaces = |rest: &str| {
            format!(
                "codecs: [encrypt]\n{stores}namespaces: [{{ match: pay, keys: {{ primary: b }}{rest} }}]\n"
            )
        };
        for (before, after, loosens) in [
            ("", stores, true),
            (stores, "", false),
            (stores, stores, false),
            (stores, &stores.replace("[one, two]", "[two]"), false),
            (stores, &stores.replace("[one, two]", "[two, three]"), true),
            (stores, &stores.replace("region: r", "region: other"), true),
            (stores, &stores.replace(" s: ", " t: "), true),
            (stores, &with(", timeout: 1 s, max_object_bytes: 1 B"), false),
            (stores, &with(", sealed_after_storing: true"), true),
            (stores, &with(", unscoped: true"), true),
            (&with(", unscoped: true"), stores, false),
            (stores, &with(", objects_of: [a]"), true),
            (&with(", objects_of: [a, b]"), &with(", objects_of: [b]"), false),
            (&namespaces(""), &namespaces(", objects_of: [a]"), true),
            (&namespaces(", unscoped: true"), &namespaces(""), false),
        ] {
            let found = read(after).loosens(&read(before));
            assert_eq!(found, loosens.then_some("storage"), "{before}\nthen\n{after}");
        }
    }

    #[test]
    fn what_a_cut_or_changed_file_opens_is_noticed() {
        let whole = "codecs: [zlib, encrypt]\n";
        let list = "codecs: [encrypt]\nnamespaces:\n  - { match: pay, keys: { primary: b } }\n  - { match: \"*\", keys: { primary: a } }\n";
        for (before, after, expected) in [
            (whole, whole, None),
            (whole, "codecs: [zlib]\n", Some("codecs")),
            (whole, "", Some("codecs")),
            ("codecs: [zlib]\n", "", None),
            (whole, "codecs: [encrypt]\nlimits: { max_payloads: 1 }\n# new\n", None),
            (whole, list, None),
            (list, list, None),
            (list, whole, Some("namespaces")),
            (list, "codecs: [encrypt]\nnamespaces:\n  - { match: pay, keys: { primary: b } }\n", None),
            (list, "codecs: [encrypt]\nnamespaces:\n  - { match: pay }\n", Some("namespaces")),
            (
                list,
                "codecs: [encrypt]\nnamespaces:\n  - { match: \"*\", keys: { primary: a } }\n",
                Some("namespaces"),
            ),
            (list, &list.replace("primary: a", "primary: a, decrypt: [b]"), Some("namespaces")),
            (list, &list.replace("primary: a", "primary: new, decrypt: [a]"), None),
            (list, &list.replace("primary: b", "primary: b, decrypt: [new]"), None),
            (list, &list.replace("match: pay", "match: p*"), Some("namespaces")),
            (list, &format!("{list}  - {{ match: other, keys: {{ primary: a }} }}\n"), Some("namespaces")),
            (list, &list.replace("[encrypt]", "[]"), Some("codecs")),
        ] {
            assert_eq!(read(after).loosens(&read(before)), expected, "{before}\nthen\n{after}");
        }
    }
}
