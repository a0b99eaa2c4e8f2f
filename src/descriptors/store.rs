//! The descriptors behind a handle: Temporal's API, the sets that the configuration names, and
//! those from the host.
//!
//! A file is identified by its name, and the first source that has it takes precedence: the
//! configuration (so that it can supply a newer Temporal API), the built-in set, the host. The host
//! may pass the same file any number of times, but never a different one with the same name: two
//! versions of one file in a process are a mistake that must be reported. Everything is linked
//! again and then swapped atomically.

mod files;
mod imports;
mod size;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use prost_reflect::DescriptorPool;
use prost_reflect::prost_types::FileDescriptorProto;

use tdc_formats::descriptors::Descriptors;

use crate::error::{Code, Error, text};
use crate::lock::Lock;
use imports::Public;
use size::Size;

/// Most bytes of descriptor sets, for one file of the configuration and for everything from the
/// host together.
pub(crate) const MAX_SET_LEN: usize = 64 << 20;

/// What to do about a set that has more.
pub(crate) const SHORTER: &str =
    "buf build --exclude-source-info leaves out comments; otherwise give it as several sets";

/// Where options are defined. Only the built-in file is used: options are decoded as this file
/// says, and prost-reflect panics if they come to something else than it knows.
const OPTIONS: &str = "google/protobuf/descriptor.proto";

/// Files by name, reduced to what determines how messages are read.
type Files = BTreeMap<String, FileDescriptorProto>;

/// The message types that one handle knows.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// What the host provided.
    host: Lock<Host>,
    /// The public imports of the configuration's files: the linked ones have none. (Nor has
    /// Temporal's API.)
    public: Public,
    /// `None`: only Temporal's API.
    linked: ArcSwapOption<Descriptors>,
}

#[derive(Clone, Debug, Default)]
struct Host {
    files: Files,
    public: Public,
    size: Size,
}

impl Store {
    /// Links the sets of the configuration, each given as its source, for errors, and its bytes.
    ///
    /// # Errors
    /// [`Code::Descriptor`].
    pub(crate) fn new(sets: &[(String, Vec<u8>)]) -> Result<Self, Error> {
        if sets.is_empty() {
            return Ok(Self::default());
        }
        let mut files = Files::new();
        let mut sources: BTreeMap<String, &str> = BTreeMap::new();
        for (source, bytes) in sets {
            let refused = |cause: String| refused(&format!("{source}: {cause}"));
            let mut size = Size::default();
            for file in files::decode(bytes).map_err(refused)? {
                size = Size::of(&file).and_then(|more| size.plus(more)).map_err(refused)?;
                let name = file.name().to_owned();
                sources.entry(name.clone()).or_insert(source);
                if files.insert(name.clone(), file.clone()).is_some_and(|known| known != file) {
                    let name = text::words(&name);
                    return Err(refused(format!("another set has a different {name}: keep one of them")));
                }
            }
        }
        let shown = |name: &str| {
            let source = sources.get(name).map(|source| format!("{source}: ")).unwrap_or_default();
            source + &text::words(name)
        };
        let built_in = super::temporal_pool()?.file_descriptor_protos();
        for file in built_in.filter(|file| !file.name().is_empty()) {
            if file.name() == OPTIONS {
                files.insert(OPTIONS.to_owned(), file.clone());
            } else {
                files.entry(file.name().to_owned()).or_insert_with(|| file.clone());
            }
        }
        let Linked { descriptors, public, .. } =
            link(DescriptorPool::new(), files, &[], Size::default(), &shown)?;
        Ok(Self { host: Lock::default(), public, linked: ArcSwapOption::from_pointee(descriptors) })
    }

    /// The current message types. A call keeps those it started with.
    ///
    /// # Errors
    /// As [`temporal_api`](super::temporal_api).
    pub(crate) fn current(&self) -> Result<Arc<Descriptors>, Error> {
        match self.linked.load_full() {
            Some(linked) => Ok(linked),
            None => super::temporal_api().cloned(),
        }
    }

    /// Takes a `FileDescriptorSet` from the host: imports that it does not contain must already be
    /// known.
    ///
    /// # Errors
    /// [`Code::Descriptor`]; then nothing changes.
    pub(crate) fn provide(&self, set: &[u8]) -> Result<(), Error> {
        let files = files::decode(set).map_err(|cause| refused(&cause))?;
        self.host.write(|host| self.add(host, files))
    }

    fn add(&self, host: &mut Host, files: Vec<FileDescriptorProto>) -> Result<(), Error> {
        let current = self.current()?;
        let mut new = Files::new();
        for file in files {
            let known = host.files.get(file.name()).or_else(|| new.get(file.name()));
            match known {
                Some(known) if *known == file => {}
                Some(_) => {
                    let text =
                        format!("{} was provided before with other contents", text::words(file.name()));
                    return Err(refused(&text));
                }
                None if current.pool().get_file_by_name(file.name()).is_some() => {}
                None => {
                    new.insert(file.name().to_owned(), file);
                }
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let linked = self.link(&current, host, new)?;
        self.linked.store(Some(Arc::new(linked)));
        Ok(())
    }

    /// Takes over the descriptors that the host passed to `before`. If they no longer fit, the host
    /// is asked again.
    pub(crate) fn adopt(&self, before: &Self) -> Result<(), Error> {
        before.host.read(|before| self.take(before))
    }

    fn take(&self, before: &Host) -> Result<(), Error> {
        if before.files.is_empty() {
            // The case of most handles: a reload must not link Temporal's API again.
            return Ok(());
        }
        let current = self.current()?;
        let known = |name: &String| current.pool().get_file_by_name(name).is_some();
        let files: Files = before
            .files
            .iter()
            .filter(|(name, _)| !known(name))
            .map(|(name, file)| (name.clone(), file.clone()))
            .collect();
        let mut taken = Host::default();
        if !files.is_empty()
            && let Ok(linked) = self.link(&current, &mut taken, files)
        {
            self.linked.store(Some(Arc::new(linked)));
            self.host.write(|host| *host = taken);
        }
        Ok(())
    }

    /// Links new files to what is known, and adds them to the host's.
    fn link(&self, known: &Descriptors, host: &mut Host, mut new: Files) -> Result<Descriptors, Error> {
        let mut size = host.size;
        for file in new.values() {
            size = Size::of(file).and_then(|more| size.plus(more)).map_err(|cause| refused(&cause))?;
        }
        let known_public = [&self.public, &host.public];
        let mut linked = link(known.pool().clone(), new.clone(), &known_public, size, &text::words)?;
        host.files.append(&mut new);
        host.public.append(&mut linked.public);
        host.size = linked.size;
        Ok(linked.descriptors)
    }
}

struct Linked {
    descriptors: Descriptors,
    /// The public imports of the new files.
    public: Public,
    /// With what public imports add.
    size: Size,
}

/// Links files to those in `pool`, whose public imports are `known`. Errors have a file's name as
/// `shown` writes it.
fn link(
    mut pool: DescriptorPool,
    files: Files,
    known: &[&Public],
    size: Size,
    shown: &dyn Fn(&str) -> String,
) -> Result<Linked, Error> {
    let refused = |cause: String| refused(&cause);
    let public = imports::public(&files, shown).map_err(refused)?;
    let known = [known, &[&public]].concat();
    let (files, size) = imports::resolve(files, &known, size, shown).map_err(refused)?;
    pool.add_file_descriptor_protos(files).map_err(|cause| {
        refused(format!("the descriptors do not link: {}", text::words(&cause.to_string())))
    })?;
    Ok(Linked { descriptors: Descriptors::new(pool), public, size })
}

#[cold]
fn refused(text: &str) -> Error {
    Error::new(Code::Descriptor, text)
}

#[cfg(test)]
mod tests;
