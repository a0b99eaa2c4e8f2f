//! The codecs: the one list, from which the configuration, decode and the JSON Schema know them.

use std::fmt;
use std::path::Path;

#[cfg(test)]
use schemars::{JsonSchema as _, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, EnumAccess, Error as _, VariantAccess, Visitor};

use super::chain::Chain;
use super::draft::Draft;
use super::layer::Layer;
use crate::config::document::Problem;
use crate::limits::MAX_LAYERS;

/// What a codec's file says of it.
#[derive(Debug)]
pub(crate) struct Codec {
    /// Its name in the configuration.
    pub(crate) name: &'static str,
    /// One line for the JSON Schema.
    #[cfg_attr(not(test), expect(dead_code, reason = "the schema is made by a test"))]
    pub(crate) about: &'static str,
    /// Where it may be in a chain.
    pub(super) stage: Stage,
    /// The layers that it opens, if it makes one.
    pub(super) layers: &'static [&'static Layer],
}

/// Where a codec may be in a chain, which is in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Makes JSON of JSON.
    Json,
    /// Makes something else of JSON.
    Convert,
    Compress,
    Encrypt,
    Remote,
}

/// The options of a codec, as its entry in the configuration has them.
pub(super) trait AddToChain: fmt::Debug {
    /// Reads them: by default a map that may be left out.
    fn read<'de, A: VariantAccess<'de>>(entry: A) -> Result<Self, A::Error>
    where
        Self: Deserialize<'de>,
    {
        entry.newtype_variant()
    }

    /// Checks the options, and adds the codec to a chain. A problem is about the entry in the list.
    fn add(&self, chain: &mut Draft, base_dir: &Path) -> Result<(), Problem>;
}

/// An entry of `codecs`: the name of a codec, or its name with options.
#[derive(Debug)]
pub(crate) struct Entry {
    codec: &'static Codec,
    options: Box<dyn AddToChain>,
}

impl Entry {
    pub(crate) fn codec(&self) -> &'static Codec {
        self.codec
    }
}

/// Defines the schema and gives a reference to it.
#[cfg(test)]
pub(crate) type Refer = fn(&mut SchemaGenerator) -> Schema;

/// Makes everything of the list that must know every codec.
macro_rules! codecs {
    ($($file:ident),* $(,)?) => {
        /// Every codec.
        pub(super) static CODECS: &[&Codec] = &[$(&super::$file::CODEC),*];

        const NAMES: &[&str] = &[$(super::$file::CODEC.name),*];

        fn read<'de, A: VariantAccess<'de>>(name: &str, entry: A) -> Result<Entry, A::Error> {
            $(
                if name == super::$file::CODEC.name {
                    let options = <super::$file::Options as AddToChain>::read(entry)?;
                    return Ok(Entry { codec: &super::$file::CODEC, options: Box::new(options) });
                }
            )*
            Err(A::Error::unknown_variant(name, NAMES))
        }

        /// Each codec with the schema of its options, and what refers to that.
        #[cfg(test)]
        pub(crate) fn schemas(generator: &mut SchemaGenerator) -> Vec<(&'static Codec, Schema, Refer)> {
            vec![$((
                &super::$file::CODEC,
                super::$file::Options::json_schema(generator),
                SchemaGenerator::subschema_for::<super::$file::Options> as Refer,
            )),*]
        }
    };
}

codecs!(zlib, zstd, snappy, gzip, encrypt, msgpack, json, remote);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameWithOptions;

        impl<'de> Visitor<'de> for NameWithOptions {
            type Value = Entry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a codec, or its name with options")
            }

            fn visit_enum<A: EnumAccess<'de>>(self, entry: A) -> Result<Entry, A::Error> {
                let (name, entry) = entry.variant::<String>()?;
                read(&name, entry)
            }
        }

        deserializer.deserialize_enum("Codec", NAMES, NameWithOptions)
    }
}

/// The chain of a list; every relative path is relative to `base_dir`.
pub(crate) fn chain(entries: &[Entry], base_dir: &Path) -> Result<Chain, Problem> {
    if entries.len() > MAX_LAYERS {
        return Err(Problem::new(format!("{} codecs, expected at most {MAX_LAYERS}", entries.len())));
    }
    let mut draft = Draft::default();
    for (index, entry) in entries.iter().enumerate() {
        draft
            .enter(entry.codec.stage)
            .and_then(|()| entry.options.add(&mut draft, base_dir))
            .map_err(|problem| problem.inside(index))?;
    }
    Ok(draft.finish())
}
