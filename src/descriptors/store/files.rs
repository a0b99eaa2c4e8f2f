//! Files of a serialised set, reduced to what determines how messages are read.

use prost_reflect::prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumOptions, FieldDescriptorProto, FieldOptions,
    FileDescriptorProto, MessageOptions,
};

use super::wire;
use crate::error::text;

/// # Errors
/// The set is too large, malformed, or in a syntax that is not supported.
pub(super) fn decode(set: &[u8]) -> Result<Vec<FileDescriptorProto>, String> {
    let files = wire::decode(set)?;
    if files.is_empty() {
        return Err("the set has no files".to_owned());
    }
    for file in &files {
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
    Ok(files.into_iter().map(essence).collect())
}

/// The part of a file that defines messages. Comments, options and derived names differ between
/// protoc's output and what the languages' runtimes keep of it.
///
/// Defaults and what is reserved have no influence on JSON, and linking compares each with every
/// value of an enum or field of a message.
fn essence(mut file: FileDescriptorProto) -> FileDescriptorProto {
    file.options = None;
    file.weak_dependency.clear();
    file.service.clear();
    file.message_type.iter_mut().for_each(message_essence);
    file.extension.iter_mut().for_each(field_essence);
    file.enum_type.iter_mut().for_each(enum_essence);
    // prost-reflect panics at an empty syntax.
    if matches!(file.syntax.as_deref(), Some("" | "proto2")) {
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
    message.reserved_range.clear();
    message.reserved_name.clear();
}

fn enum_essence(descriptor: &mut EnumDescriptorProto) {
    descriptor.options = descriptor
        .options
        .as_ref()
        .filter(|options| options.allow_alias())
        .map(|_| EnumOptions { allow_alias: Some(true), ..EnumOptions::default() });
    descriptor.value.iter_mut().for_each(|value| value.options = None);
    descriptor.reserved_range.clear();
    descriptor.reserved_name.clear();
}

fn field_essence(field: &mut FieldDescriptorProto) {
    field.default_value = None;
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
