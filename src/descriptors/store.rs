//! The descriptors behind a handle: Temporal's API, the sets that the configuration names, and
//! those from the host.
//!
//! A file is identified by its name, and the first source that has it takes precedence: the
//! configuration (so that it can supply a newer Temporal API), the built-in set, the host. The host
//! may pass the same file any number of times, but never a different one with the same name: two
//! versions of one file in a process are a mistake that must be reported. Everything is linked
//! again and then swapped atomically.

mod size;

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use prost_reflect::DescriptorPool;
use prost_reflect::prost::Message;
use prost_reflect::prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumOptions, FieldDescriptorProto, FieldOptions,
    FileDescriptorProto, FileDescriptorSet, MessageOptions,
};

use tdc_formats::descriptors::Descriptors;

use crate::error::{Code, Error, text};
use crate::lock::Lock;
use size::Size;

/// Most bytes of descriptor sets, for one file of the configuration and for everything from the
/// host together.
pub(crate) const MAX_SET_LEN: usize = 64 << 20;

/// Files by name, reduced to what determines how messages are read.
type Files = BTreeMap<String, FileDescriptorProto>;

/// The message types that one handle knows.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// What the host handed in.
    host: Lock<Host>,
    /// `None`: only Temporal's API.
    linked: ArcSwapOption<Descriptors>,
}

#[derive(Clone, Debug, Default)]
struct Host {
    files: Files,
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
        for (source, bytes) in sets {
            let (read, _) = decode(bytes).map_err(|cause| refused(&format!("{source}: {cause}")))?;
            for file in read {
                let name = file.name().to_owned();
                if files.insert(name.clone(), file.clone()).is_some_and(|known| known != file) {
                    let text = format!(
                        "{source}: another set has a different {}: keep one of them",
                        text::words(&name)
                    );
                    return Err(refused(&text));
                }
            }
        }
        let built_in = super::temporal_pool()?.file_descriptor_protos();
        for file in built_in.filter(|file| !file.name().is_empty()) {
            files.entry(file.name().to_owned()).or_insert_with(|| file.clone());
        }
        let mut pool = DescriptorPool::new();
        pool.add_file_descriptor_protos(files.into_values()).map_err(|cause| {
            refused(&format!("the sets do not link: {}", text::words(&cause.to_string())))
        })?;
        Ok(Self { host: Lock::default(), linked: ArcSwapOption::from_pointee(Descriptors::new(pool)) })
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
        let (files, size) = decode(set).map_err(|cause| refused(&cause))?;
        self.host.write(|host| self.add(host, files, size))
    }

    fn add(&self, host: &mut Host, files: Vec<FileDescriptorProto>, size: Size) -> Result<(), Error> {
        let size = host.size.plus(size).map_err(|cause| refused(&cause))?;
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
        self.linked.store(Some(Arc::new(link(&current, &new)?)));
        host.files.append(&mut new);
        host.size = size;
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
        if !files.is_empty()
            && let Ok(linked) = link(&current, &files)
        {
            self.linked.store(Some(Arc::new(linked)));
            self.host.write(|host| *host = Host { files, size: before.size });
        }
        Ok(())
    }
}

fn link(known: &Descriptors, files: &Files) -> Result<Descriptors, Error> {
    let mut pool = known.pool().clone();
    pool.add_file_descriptor_protos(files.values().cloned()).map_err(|cause| {
        refused(&format!("the descriptors do not link: {}", text::words(&cause.to_string())))
    })?;
    Ok(Descriptors::new(pool))
}

fn decode(set: &[u8]) -> Result<(Vec<FileDescriptorProto>, Size), String> {
    let size = Size::of(set)?;
    let set = FileDescriptorSet::decode(set)
        .map_err(|_| "this is not a google.protobuf.FileDescriptorSet (protoc --include_imports --descriptor_set_out makes one)")?;
    if set.file.is_empty() {
        return Err("the set has no files".to_owned());
    }
    for file in &set.file {
        if file.name().is_empty() {
            return Err("a file of the set has no name".to_owned());
        }
        if let Some(syntax) =
            file.syntax.as_deref().filter(|syntax| !matches!(*syntax, "" | "proto2" | "proto3"))
        {
            return Err(format!(
                "{} is written in {}, expected proto2 or proto3",
                text::words(file.name()),
                text::words(syntax)
            ));
        }
    }
    Ok((set.file.into_iter().map(essence).collect(), size))
}

/// The part of a file that defines messages. Comments, options and derived names differ between
/// protoc's output and what the languages' runtimes keep of it.
fn essence(mut file: FileDescriptorProto) -> FileDescriptorProto {
    file.source_code_info = None;
    file.options = None;
    file.service.clear();
    file.message_type.iter_mut().for_each(message_essence);
    file.extension.iter_mut().for_each(field_essence);
    file.enum_type.iter_mut().for_each(enum_essence);
    if file.syntax.as_deref() == Some("proto2") {
        file.syntax = None;
    }
    file
}

/// Messages nest no deeper than the protobuf parser allowed.
fn message_essence(message: &mut DescriptorProto) {
    message.options = message
        .options
        .as_ref()
        .filter(|options| options.map_entry())
        .map(|_| MessageOptions { map_entry: Some(true), ..MessageOptions::default() });
    message.field.iter_mut().chain(&mut message.extension).for_each(field_essence);
    message.nested_type.iter_mut().for_each(message_essence);
    message.oneof_decl.iter_mut().for_each(|oneof| oneof.options = None);
    message.extension_range.iter_mut().for_each(|range| range.options = None);
    message.enum_type.iter_mut().for_each(enum_essence);
}

fn enum_essence(descriptor: &mut EnumDescriptorProto) {
    descriptor.options = descriptor
        .options
        .as_ref()
        .filter(|options| options.allow_alias())
        .map(|_| EnumOptions { allow_alias: Some(true), ..EnumOptions::default() });
    descriptor.value.iter_mut().for_each(|value| value.options = None);
}

fn field_essence(field: &mut FieldDescriptorProto) {
    let packed = field.options.as_ref().and_then(|options| options.packed);
    field.options = packed.map(|packed| FieldOptions { packed: Some(packed), ..FieldOptions::default() });
    if field.json_name.is_none() {
        field.json_name = Some(json_name(field.name()));
    }
}

/// The JSON name that protoc derives from a field's name.
fn json_name(name: &str) -> String {
    let mut after_underscore = false;
    let mut camel = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '_' => {}
            _ if after_underscore => camel.push(letter.to_ascii_uppercase()),
            _ => camel.push(letter),
        }
        after_underscore = letter == '_';
    }
    camel
}

#[cold]
fn refused(text: &str) -> Error {
    Error::new(Code::Descriptor, text)
}

#[cfg(test)]
mod tests;
