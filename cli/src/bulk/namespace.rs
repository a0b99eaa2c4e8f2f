//! The namespace of an exported file: an export does not say it, but the path that Temporal Cloud
//! writes it to does.
//!
//! ```text
//! temporal-workflow-history/export/NAMESPACE/2026/11/30/02/40/…
//! ```

use std::path::Path;

use tdc::{Code, Error};

use crate::buckets;

const BEFORE: [&str; 2] = ["temporal-workflow-history", "export"];

/// The namespace in a path or in the address of an object. What is read may be named from within
/// that folder, so a path is made absolute first; an address is.
///
/// # Errors
/// [`Code::Namespace`] if the path has none.
pub(super) fn of(path: &Path) -> Result<String, Error> {
    let absolute = if buckets::is_address(path) {
        path.to_owned()
    } else {
        std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
    };
    let names: Vec<&str> = absolute.iter().filter_map(|name| name.to_str()).collect();
    let found = names.windows(4).rev().find_map(|names| match names {
        // The last is a folder of the namespace, or the file itself.
        [root, export, namespace, _] if [*root, *export] == BEFORE => Some((*namespace).to_owned()),
        _ => None,
    });
    found.ok_or_else(|| {
        Error::new(
            Code::Namespace,
            format!(
                "the path {} has no namespace: expected {}/NAMESPACE/…, or use --namespace",
                path.display(),
                BEFORE.join("/")
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespace_is_behind_the_folder_of_exports() {
        for (path, expected) in [
            (
                "/data/temporal-workflow-history/export/orders.a1b2c/2026/11/30/02/40/x.proto",
                Some("orders.a1b2c"),
            ),
            ("temporal-workflow-history/export/orders/x", Some("orders")),
            ("s3://bucket/temporal-workflow-history/export/orders.a1b2c/2026/x", Some("orders.a1b2c")),
            ("gs://bucket/export/orders/x", None),
            ("temporal-workflow-history/export/x", None),
            ("/data/export/orders/2026/x", None),
        ] {
            assert_eq!(of(Path::new(path)).ok().as_deref(), expected, "{path}");
        }
        let error = of(Path::new("exports/x")).unwrap_err();
        assert_eq!(error.code(), Code::Namespace);
    }
}
