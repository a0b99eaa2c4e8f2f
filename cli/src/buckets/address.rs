//! `s3://BUCKET/KEY`, where the key may be a folder or a pattern.

use glob::{MatchOptions, Pattern};
use tdc::{Code, Error};

/// How files match patterns when they are listed: `*` stays within a name.
pub(crate) const AS_LISTED: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Whether the text has a wildcard of patterns.
pub(crate) fn has_wildcard(text: &str) -> bool {
    text.contains(WILDCARDS)
}

const WILDCARDS: [char; 3] = ['*', '?', '['];

/// How a key is named that has such a character in it.
pub(super) const BRACKETS: &str = "in a key that has *, ? or [ itself, write [*], [?] or [[] for it";

/// The kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    S3,
    Gs,
}

impl Scheme {
    pub(super) fn of(text: &str) -> Option<Self> {
        [Self::S3, Self::Gs].into_iter().find(|scheme| text.starts_with(scheme.text()))
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::S3 => "s3://",
            Self::Gs => "gs://",
        }
    }

    /// What copies a file from and to it.
    pub(super) fn copies(self) -> &'static str {
        match self {
            Self::S3 => "aws s3 cp",
            Self::Gs => "gcloud storage cp",
        }
    }

    /// What copies a folder from and to it.
    pub(super) fn synchronizes(self) -> &'static str {
        match self {
            Self::S3 => "aws s3 sync",
            Self::Gs => "gcloud storage rsync -r",
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    pub(super) scheme: Scheme,
    pub(super) bucket: &'a str,
    /// Without the first slash; may be empty.
    pub(super) key: &'a str,
}

impl<'a> Address<'a> {
    /// # Errors
    /// [`Code::Argument`] if this is not the address of a bucket.
    pub(super) fn parse(text: &'a str) -> Result<Self, Error> {
        let wrong = || {
            let text = format!(
                "{text} is not the address of a bucket: expected s3://BUCKET/FOLDER or gs://BUCKET/FOLDER"
            );
            Error::new(Code::Argument, text)
        };
        let scheme = Scheme::of(text).ok_or_else(wrong)?;
        let rest = text.get(scheme.text().len()..).unwrap_or_default();
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        // The name becomes a part of a host or of a path.
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let is_bucket = (3..=222).contains(&bucket.len())
            && bucket.bytes().all(is_letter)
            && !bucket.starts_with(['.', '-'])
            && !bucket.contains("..");
        if is_bucket { Ok(Self { scheme, bucket, key }) } else { Err(wrong()) }
    }

    /// The pattern, if the key is one.
    ///
    /// # Errors
    /// [`Code::Argument`] if it is malformed.
    pub(super) fn pattern(&self) -> Result<Option<KeyPattern<'a>>, Error> {
        let Some(wildcard) = self.key.find(WILDCARDS) else { return Ok(None) };
        let pattern = Pattern::new(self.key).map_err(|cause| {
            Error::new(Code::Argument, format!("the pattern {}: {}; {BRACKETS}", self.key, cause.msg))
        })?;
        let prefix = self.key.get(..wildcard).unwrap_or_default();
        let folder = prefix.rfind('/').map_or(0, |slash| slash + 1);
        Ok(Some(KeyPattern { prefix, folder, pattern }))
    }
}

/// Keys with wildcards.
#[derive(Debug)]
pub(super) struct KeyPattern<'a> {
    /// What all keys begin with.
    pub(super) prefix: &'a str,
    /// Bytes of the folders before the first wildcard: names of outputs begin after them.
    pub(super) folder: usize,
    pattern: Pattern,
}

impl KeyPattern<'_> {
    /// Whether it matches a key or a folder that the key is in, as it would match files.
    pub(super) fn matches(&self, key: &str) -> bool {
        let folders = key.match_indices('/').filter_map(|(slash, _)| key.get(..slash));
        folders.chain([key]).any(|text| self.pattern.matches_with(text, AS_LISTED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_a_bucket_and_a_folder() {
        for (text, scheme, bucket, key) in [
            ("s3://exports", Scheme::S3, "exports", ""),
            ("s3://exports/", Scheme::S3, "exports", ""),
            ("gs://ex.ports_1/a/b c/", Scheme::Gs, "ex.ports_1", "a/b c/"),
        ] {
            assert_eq!(Address::parse(text).unwrap(), Address { scheme, bucket, key });
        }
        for text in [
            "s3://",
            "s3:///a",
            "s3://ab",
            "s3://a..b/c",
            "s3://user@host/a",
            "s3://127.0.0.1:9000/a",
            "s3://ex%2fports/a",
            "s3://arn:aws:s3:eu-central-1:1:accesspoint/a",
            "s3://exports?x/a",
            "s4://exports/a",
        ] {
            assert_eq!(Address::parse(text).unwrap_err().code(), Code::Argument, "{text}");
        }
    }

    #[test]
    fn patterns_match_keys_as_they_match_files() {
        let pattern = |key| Address { scheme: Scheme::S3, bucket: "b", key }.pattern().unwrap();
        assert!(pattern("export/orders").is_none());
        for (text, prefix, folder, key, expected) in [
            ("export/*/2026/**", "export/", 7, "export/orders/2026/11/30/x", true),
            ("export/*/2026/**", "export/", 7, "export/orders/eu/2026/x", false),
            ("export/ord*/x", "export/ord", 7, "export/orders/x", true),
            ("export/ord*/x", "export/ord", 7, "export/orders/y", false),
            ("export/ord*", "export/ord", 7, "export/orders/deep/y", true),
            ("*.proto", "", 0, "a/b.proto", false),
            ("**/*.proto", "", 0, "a/b.proto", true),
            ("a/0[1-3]", "a/0", 2, "a/02/x", true),
            ("a/0[1-3]", "a/0", 2, "a/04/x", false),
            ("a/x[[]1].json", "a/x", 2, "a/x[1].json", true),
            ("a/x[[]1].json", "a/x", 2, "a/x1.json", false),
            ("a/[*][?]", "a/", 2, "a/*?", true),
            ("a/[*][?]", "a/", 2, "a/xy", false),
        ] {
            let found = pattern(text).unwrap();
            assert_eq!((found.prefix, found.folder), (prefix, folder), "{text}");
            assert_eq!(found.matches(key), expected, "{text} {key}");
        }
        let wrong = Address { scheme: Scheme::S3, bucket: "b", key: "a/[x" }.pattern();
        assert_eq!(wrong.unwrap_err().code(), Code::Argument);
    }
}
