//! Which objects a namespace may read. Official drivers begin the key of an object with the
//! namespace that stored it:
//!
//! ```text
//! v0/ns/<namespace>/wt/<type>/wi/<workflow id>/ri/<run id>/d/sha256/<hex>
//! v0/d/sha256/<hex>                                                          without a namespace
//! ```

use std::sync::Arc;

use tdc_formats::percent_encoded;

use super::claim::wrong;
use super::options::StoreKind;
use crate::error::{Error, text};

/// The longest key of an object: that of Amazon S3 and of Google Cloud Storage.
const MAX_KEY: usize = 1024;

/// How the keys of a namespace's objects begin.
const PREFIX: &str = "v0/ns/";

/// Which objects a namespace may read, besides its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// Namespaces whose objects it may read as well.
    pub(crate) objects_of: Arc<[String]>,
    /// Whether it may read objects whose keys name no namespace.
    pub(crate) unscoped: bool,
}

impl Rules {
    /// Checks that `namespace` may read the object with this key.
    ///
    /// # Errors
    /// [`Code::Reference`](crate::Code::Reference).
    pub(super) fn check(&self, namespace: &str, kind: &StoreKind, key: &str) -> Result<(), Error> {
        check_form(key)?;
        let Some(rest) = key.strip_prefix(PREFIX) else {
            // Where both name one folder, the object is a namespace's.
            if matches!(kind, StoreKind::Directory { .. }) && may_name_the_same_folder(key) {
                return Err(wrong("its key begins with v0/ns/ in another spelling, such as other case"));
            }
            return if self.unscoped {
                Ok(())
            } else {
                Err(wrong("its key names no namespace, and the configuration does not say unscoped: true"))
            };
        };
        let mut allowed = core::iter::once(namespace).chain(self.objects_of.iter().map(String::as_str));
        if allowed.any(|namespace| is_below(rest, namespace, kind)) {
            return Ok(());
        }
        Err(if namespace.is_empty() {
            wrong("its object belongs to a namespace, and the call names none")
        } else {
            let namespace = text::quoted(namespace);
            wrong(&format!(
                "its object does not belong to the namespace {namespace}; objects_of can allow others"
            ))
        })
    }

    /// Whether a namespace may read more by these rules than by `before`.
    pub(crate) fn allow_more_than(&self, before: &Self) -> bool {
        (self.unscoped && !before.unscoped)
            || self.objects_of.iter().any(|namespace| !before.objects_of.contains(namespace))
    }
}

/// Whether a key (without `v0/ns/`) is in the folder of a namespace. A namespace that is not known
/// has none: drivers write `null` for it, which can be a namespace too.
fn is_below(rest: &str, namespace: &str, kind: &StoreKind) -> bool {
    if namespace.is_empty() {
        return false;
    }
    let is_in = |folder: String| rest.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'));
    match kind {
        StoreKind::S3 { .. } => is_in(percent_encoded(namespace, is_safe_in_s3)),
        StoreKind::Gcs { .. } => is_in(percent_encoded(namespace, is_safe_in_gcs)),
        // It can be a copy of either. Both escapes say the same text only for the same namespace.
        StoreKind::Directory { .. } => {
            is_in(percent_encoded(namespace, is_safe_in_s3))
                || is_in(percent_encoded(namespace, is_safe_in_gcs))
        }
    }
}

/// Whether a file system could take the start of a key for `v0/ns`. Some ignore case, others also
/// dots and spaces at the end of a name, or characters without a width.
fn may_name_the_same_folder(key: &str) -> bool {
    let is = |segment: &str, name: &str| {
        segment.to_uppercase().chars().filter(|character| character.is_alphanumeric()).eq(name.chars())
    };
    let mut segments = key.split('/');
    segments.next().is_some_and(|first| is(first, "V0"))
        && segments.next().is_some_and(|second| is(second, "NS"))
}

/// Keys with `.` and `..` segments could leave their folder on the way: by the client, a proxy or a
/// file system.
fn check_form(key: &str) -> Result<(), Error> {
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(wrong(&format!("its key has {} bytes, expected 1 to {MAX_KEY}", key.len())));
    }
    if key.chars().any(char::is_control) {
        return Err(wrong("its key has control characters"));
    }
    if key.split(['/', '\\']).any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(wrong("its key has an empty segment, or one that is . or .."));
    }
    Ok(())
}

/// What the drivers for Amazon S3 leave as it is.
fn is_safe_in_s3(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!-_.*'()".contains(&byte)
}

/// What the drivers for Google Cloud Storage leave as it is.
fn is_safe_in_gcs(byte: u8) -> bool {
    !byte.is_ascii_control() && !b"#[]*?:\"<>|/%".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn kinds() -> [StoreKind; 3] {
        let endpoint = String::new();
        [
            StoreKind::S3 { region: String::new(), endpoint: None, path_style: false },
            StoreKind::Gcs { endpoint: Some(endpoint) },
            StoreKind::Directory { path: "x".into() },
        ]
    }

    #[test]
    fn a_namespace_reads_its_own_objects_and_no_others() {
        let rules = Rules::default();
        for kind in kinds() {
            rules.check("orders", &kind, "v0/ns/orders/wt/t/wi/w/ri/r/d/sha256/ab").unwrap();
            for key in [
                "v0/ns/orders-eu/d/sha256/ab",
                "v0/ns/order/d/sha256/ab",
                "v0/ns/orders",
                "v0/ns/null/d/sha256/ab",
                "v0/d/sha256/ab",
                "v1/ns/orders/d",
                "v0/ns/orders/../payments/d/sha256/ab",
                "v0/ns/orders/./d",
                "v0/ns/orders//d",
                "/v0/ns/orders/d",
                "v0/ns/orders/d\0",
                "v0/ns/orders/..\\x",
                "",
            ] {
                let error = rules.check("orders", &kind, key).unwrap_err();
                assert_eq!(error.code(), Code::Reference, "{key}");
            }
            assert!(rules.check("", &kind, "v0/ns/null/d/sha256/ab").is_err());
            assert!(rules.check("", &kind, "v0/ns//d/sha256/ab").is_err());
        }
    }

    #[test]
    fn rules_add_other_namespaces_and_keys_without_one() {
        let [s3, gcs, directory] = kinds();
        let rules = Rules { objects_of: ["payments".to_owned()].into(), unscoped: true };
        for kind in [&s3, &gcs, &directory] {
            rules.check("orders", kind, "v0/ns/payments/d/sha256/ab").unwrap();
            rules.check("", kind, "v0/d/sha256/ab").unwrap();
            assert!(rules.check("orders", kind, "v0/ns/others/d/sha256/ab").is_err());
        }
        // A folder of a file system that ignores case.
        for key in ["V0/NS/others/d", "v0/Ns/payments/d", "v0/n\u{17f}/a/d", "v0./ns /a/d", "v0/n\u{200c}s/a"]
        {
            rules.check("orders", &s3, key).unwrap();
            rules.check("orders", &gcs, key).unwrap();
            let error = rules.check("orders", &directory, key).unwrap_err();
            assert!(error.message().ends_with("in another spelling, such as other case"), "{error}");
        }
        assert!(rules.allow_more_than(&Rules::default()) && !Rules::default().allow_more_than(&rules));
    }

    #[test]
    fn namespaces_are_escaped_as_each_driver_does() {
        let [s3, gcs, directory] = kinds();
        let rules = Rules::default();
        let s3_key = "v0/ns/a%3Ab%2F%C3%BC~/d".replace('~', "%7E");
        rules.check("a:b/ü~", &s3, &s3_key).unwrap();
        rules.check("a:b/ü~", &gcs, "v0/ns/a%3Ab%2Fü~/d").unwrap();
        rules.check("a:b/ü~", &directory, &s3_key).unwrap();
        rules.check("a:b/ü~", &directory, "v0/ns/a%3Ab%2Fü~/d").unwrap();
        assert!(rules.check("a:b/ü~", &gcs, &s3_key).is_err());
    }
}
