//! Two things that cargo cannot say by itself: the name of the shared library in the system's
//! loader, and where Temporal's descriptors are.

use std::path::PathBuf;
use std::{env, error, fs};

use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet, MessageOptions,
};

fn main() -> Result<(), Box<dyn error::Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    name_shared_library();
    write_temporal_descriptors()
}

/// Programs linked to the shared library ask for `libtdc.so.0`, whatever it is called on disk; on
/// macOS for the name below their run path, and not for where it was built.
fn name_shared_library() {
    let major = env::var("CARGO_PKG_VERSION_MAJOR").unwrap_or_default();
    let arguments = match env::var("CARGO_CFG_TARGET_OS").unwrap_or_default().as_str() {
        "linux" => vec![format!("-Wl,-soname,libtdc.so.{major}")],
        "macos" => vec!["-install_name".to_owned(), format!("@rpath/libtdc.{major}.dylib")],
        _ => Vec::new(),
    };
    for argument in arguments {
        println!("cargo:rustc-cdylib-link-arg={argument}");
    }
}

/// Writes `temporal-api.binpb`, which `src/descriptors.rs` includes: what the build script of the
/// crate `temporalio-protos` compiled, without comments, and without what belongs to the Rust SDK
/// alone.
fn write_temporal_descriptors() -> Result<(), Box<dyn error::Error>> {
    let compiled = env::var("DEP_TEMPORALIO_PROTOS_DESCRIPTOR_PATH")?;
    println!("cargo:rerun-if-changed={compiled}");
    let mut set = FileDescriptorSet::decode(fs::read(&compiled)?.as_slice())?;
    let foreign = ["temporal.api.testservice", "coresdk", "grpc", "openapi", "protoc"];
    set.file.retain(|file| {
        !foreign.iter().any(|package| file.package().starts_with(package))
            && !file.name().starts_with("protoc")
    });
    for file in &mut set.file {
        file.source_code_info = None;
        file.dependency.retain(|name| !name.starts_with("protoc"));
        file.public_dependency.clear();
        file.weak_dependency.clear();
    }
    for file in [export(), external_storage()] {
        if !set.file.iter().any(|known| known.name() == file.name()) {
            set.file.push(file);
        }
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("temporal-api.binpb"), set.encode_to_vec())?;
    Ok(())
}

/// `temporal/api/export/v1/message.proto`, which the crate does not compile.
fn export() -> FileDescriptorProto {
    let history = field("history", 1, Label::Optional, ".temporal.api.history.v1.History");
    let items = field("items", 1, Label::Repeated, ".temporal.api.export.v1.WorkflowExecution");
    FileDescriptorProto {
        name: Some("temporal/api/export/v1/message.proto".into()),
        package: Some("temporal.api.export.v1".into()),
        syntax: Some("proto3".into()),
        dependency: vec!["temporal/api/history/v1/message.proto".into()],
        message_type: vec![
            message("WorkflowExecution", vec![history]),
            message("WorkflowExecutions", vec![items]),
        ],
        ..Default::default()
    }
}

/// `temporal/api/sdk/v1/external_storage.proto`, which the crate does not compile.
fn external_storage() -> FileDescriptorProto {
    let reference = "ExternalStorageReference";
    let entry = format!(".temporal.api.sdk.v1.{reference}.ClaimDataEntry");
    let mut claim_data = message(
        reference,
        vec![
            text("driver_name", "driverName", 1),
            FieldDescriptorProto {
                json_name: Some("claimData".into()),
                ..field("claim_data", 2, Label::Repeated, &entry)
            },
        ],
    );
    claim_data.nested_type = vec![DescriptorProto {
        options: Some(MessageOptions { map_entry: Some(true), ..Default::default() }),
        ..message("ClaimDataEntry", vec![text("key", "key", 1), text("value", "value", 2)])
    }];
    FileDescriptorProto {
        name: Some("temporal/api/sdk/v1/external_storage.proto".into()),
        package: Some("temporal.api.sdk.v1".into()),
        syntax: Some("proto3".into()),
        message_type: vec![claim_data],
        ..Default::default()
    }
}

fn message(name: &str, field: Vec<FieldDescriptorProto>) -> DescriptorProto {
    DescriptorProto { name: Some(name.into()), field, ..Default::default() }
}

fn field(name: &str, number: i32, label: Label, type_name: &str) -> FieldDescriptorProto {
    FieldDescriptorProto {
        name: Some(name.into()),
        json_name: Some(name.into()),
        number: Some(number),
        label: Some(label.into()),
        r#type: Some(Type::Message.into()),
        type_name: Some(type_name.into()),
        ..Default::default()
    }
}

fn text(name: &str, json_name: &str, number: i32) -> FieldDescriptorProto {
    FieldDescriptorProto {
        name: Some(name.into()),
        json_name: Some(json_name.into()),
        number: Some(number),
        label: Some(Label::Optional.into()),
        r#type: Some(Type::String.into()),
        ..Default::default()
    }
}
