use prost_reflect::prost_types::SourceCodeInfo;
use prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
use prost_reflect::prost_types::source_code_info::Location;

use super::*;

/// `app/NAME.proto` with the message `app.NAME`, which has one field of the given type.
fn set(name: &str, field: &str, type_name: Option<&str>, dependency: &[&str]) -> Vec<u8> {
    let field = FieldDescriptorProto {
        name: Some(field.into()),
        number: Some(1),
        label: Some(Label::Optional.into()),
        r#type: Some(if type_name.is_some() { Type::Message } else { Type::String }.into()),
        type_name: type_name.map(str::to_owned),
        ..FieldDescriptorProto::default()
    };
    let message =
        DescriptorProto { name: Some(name.into()), field: vec![field], ..DescriptorProto::default() };
    let file = FileDescriptorProto {
        name: Some(format!("app/{name}.proto")),
        package: Some("app".into()),
        syntax: Some("proto3".into()),
        dependency: dependency.iter().map(|&name| name.to_owned()).collect(),
        message_type: vec![message],
        ..FileDescriptorProto::default()
    };
    FileDescriptorSet { file: vec![file] }.encode_to_vec()
}

fn knows(store: &Store, name: &str) -> bool {
    store.current().unwrap().pool().get_message_by_name(name).is_some()
}

#[test]
fn host_hands_in_files_and_may_repeat_them() {
    let store = Store::default();
    assert!(!knows(&store, "app.Order"));
    let order = set("Order", "customer_id", None, &[]);
    store.provide(&order).unwrap();
    store.provide(&order).unwrap();
    let item = set("Item", "order", Some(".app.Order"), &["app/Order.proto"]);
    let before = store.current().unwrap();
    store.provide(&item).unwrap();
    assert!(knows(&store, "app.Order") && knows(&store, "app.Item"));
    assert!(
        before.pool().get_message_by_name("app.Item").is_none(),
        "what a call began with does not change"
    );
    assert!(knows(&store, "temporal.api.common.v1.Payload"));
}

#[test]
fn contradictions_and_what_does_not_link_are_refused_and_change_nothing() {
    let store = Store::default();
    store.provide(&set("Order", "id", None, &[])).unwrap();
    let refusal = |bytes: &[u8]| {
        let error = store.provide(bytes).unwrap_err();
        assert_eq!(error.code(), Code::Descriptor);
        error.message().to_owned()
    };
    let other = refusal(&set("Order", "number", None, &[]));
    assert_eq!(other, "app/Order.proto was provided before with other contents");
    assert!(
        refusal(&set("Item", "order", Some(".app.Nope"), &[])).starts_with("the descriptors do not link: ")
    );
    assert!(refusal(b"\xff").starts_with("this is not a google.protobuf.FileDescriptorSet"));
    assert_eq!(refusal(b""), "the set has no files");
    assert!(!knows(&store, "app.Item"));
    // A name that another file already uses.
    let mut file = FileDescriptorSet::decode(&*set("Order", "id", None, &[])).unwrap();
    file.file[0].name = Some("other.proto".into());
    assert!(refusal(&file.encode_to_vec()).starts_with("the descriptors do not link: "));
    file.file[0].syntax = Some("editions".into());
    assert_eq!(
        refusal(&file.encode_to_vec()),
        "other.proto is written in editions, expected proto2 or proto3"
    );
}

#[test]
fn files_that_are_built_in_stay_as_they_are() {
    let store = Store::default();
    let mut file = FileDescriptorSet::decode(&*set("Order", "id", None, &[])).unwrap();
    file.file[0].name = Some("temporal/api/common/v1/message.proto".into());
    store.provide(&file.encode_to_vec()).unwrap();
    assert!(!knows(&store, "app.Order"));
}

#[test]
fn sets_of_the_configuration_come_first_and_the_hosts_survive_a_reload() {
    let configured = |field| Store::new(&[("app.binpb".into(), set("Order", field, None, &[]))]).unwrap();
    let store = configured("id");
    store.provide(&set("Order", "number", None, &[])).unwrap();
    let pool = store.current().unwrap().pool().clone();
    assert!(pool.get_message_by_name("app.Order").unwrap().get_field_by_name("id").is_some());
    store.provide(&set("Item", "order", Some(".app.Order"), &["app/Order.proto"])).unwrap();
    let reloaded = configured("number");
    reloaded.adopt(&store).unwrap();
    assert!(knows(&reloaded, "app.Item"));
    let error = Store::new(&[
        ("a.binpb".into(), set("Order", "a", None, &[])),
        ("b.binpb".into(), set("Order", "b", None, &[])),
    ])
    .unwrap_err();
    assert_eq!(error.message(), "b.binpb: another set has a different app/Order.proto: keep one of them");
}

#[test]
fn what_sets_declare_is_bounded_alone_and_together() {
    let too_many = "more than 524288 types, fields and values are declared";
    let store = Store::default();
    let refusal = |bytes: &[u8]| store.provide(bytes).unwrap_err().message().to_owned();
    // Types without a name do not link; more of them are not even decoded.
    let types = |count: usize| {
        let file = FileDescriptorProto::decode(&*b"\x22\x00".repeat(count)).unwrap();
        FileDescriptorSet { file: vec![file] }.encode_to_vec()
    };
    assert_eq!(refusal(&types(1000)), "a file of the set has no name");
    assert_eq!(refusal(&types(1 << 19)), too_many);
    // Each of these is allowed.
    let with_comments = |name: &str| {
        let leading_detached_comments = vec![String::new(); 9 << 18];
        let location = vec![Location { leading_detached_comments, ..Location::default() }];
        let file = FileDescriptorProto {
            name: Some(name.to_owned()),
            source_code_info: Some(SourceCodeInfo { location }),
            ..FileDescriptorProto::default()
        };
        FileDescriptorSet { file: vec![file] }.encode_to_vec()
    };
    store.provide(&with_comments("a.proto")).unwrap();
    store.provide(&set("Order", "id", None, &[])).unwrap();
    assert_eq!(refusal(&with_comments("b.proto")), too_many);
}
