use prost_reflect::prost::Message as _;
use prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
use prost_reflect::prost_types::source_code_info::Location;
use prost_reflect::prost_types::{
    DescriptorProto, FieldDescriptorProto, FieldOptions, FileDescriptorSet, SourceCodeInfo,
};

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

const TOO_MUCH: &str = "the descriptors declare too much: at most 524288 fields, values and imports, \
                        where a type counts as two and a long name as more; give them as several sets in \
                        `descriptors`";

/// A file of this name with empty types of these names.
fn file(name: &str, types: impl IntoIterator<Item = String>) -> FileDescriptorProto {
    let named = |name| DescriptorProto { name: Some(name), ..DescriptorProto::default() };
    FileDescriptorProto {
        name: Some(name.to_owned()),
        message_type: types.into_iter().map(named).collect(),
        ..FileDescriptorProto::default()
    }
}

/// A file without types that imports others, and all of them publicly.
fn importing(name: &str, imports: &[&str]) -> FileDescriptorProto {
    FileDescriptorProto {
        dependency: imports.iter().map(|&import| import.to_owned()).collect(),
        public_dependency: (0..).take(imports.len()).collect(),
        ..file(name, [])
    }
}

fn encoded(files: &[FileDescriptorProto]) -> Vec<u8> {
    FileDescriptorSet { file: files.to_vec() }.encode_to_vec()
}

/// A set from a file and a set from the host are refused for the same reason.
fn refusal(set: &[u8]) -> String {
    let host = Store::default().provide(set).unwrap_err().message().to_owned();
    let file = Store::new(&[("a.binpb".to_owned(), set.to_vec())]).unwrap_err();
    assert!(file.message().ends_with(&host), "{host} {}", file.message());
    host
}

#[test]
fn imports_that_protoc_refuses_are_refused() {
    let itself = encoded(&[importing("a.proto", &["a.proto"])]);
    assert_eq!(refusal(&itself), "a.proto imports itself");
    // What leads to a cycle is not to blame for it.
    let through = encoded(&[
        importing("a.proto", &["b.proto"]),
        importing("b.proto", &["c.proto"]),
        importing("c.proto", &["d.proto", "b.proto"]),
        file("d.proto", []),
    ]);
    assert_eq!(refusal(&through), "b.proto imports itself through c.proto");
    let halves = [("a", "b"), ("b", "a")].map(|(name, other)| {
        let one = importing(&format!("{name}.proto"), &[&format!("{other}.proto")]);
        (format!("{name}.binpb"), encoded(&[one]))
    });
    let error = Store::new(&halves).unwrap_err();
    assert_eq!(error.message(), "a.binpb: a.proto imports itself through b.proto");
    let twice = encoded(&[importing("a.proto", &["b.proto", "b.proto"]), file("b.proto", [])]);
    assert_eq!(refusal(&twice), "a.proto imports b.proto twice");
    let mut unlisted = importing("a.proto", &["b.proto"]);
    for index in [1, -1] {
        unlisted.public_dependency = vec![index];
        let set = encoded(&[unlisted.clone(), file("b.proto", [])]);
        assert_eq!(refusal(&set), "a.proto has a public import that it does not list");
    }
}

#[test]
fn public_imports_lead_on_in_a_set_and_across_sets() {
    let user = |name: &str, import: &str| {
        let mut set = FileDescriptorSet::decode(&*set(name, "m", Some(".M"), &[import])).unwrap();
        set.file.remove(0)
    };
    let chain = [
        file("a.proto", ["M".to_owned()]),
        importing("b.proto", &["a.proto"]),
        importing("c.proto", &["b.proto"]),
    ];
    let whole = encoded(&[&chain[..], &[user("User", "c.proto")]].concat());
    let store = Store::default();
    store.provide(&whole).unwrap();
    assert!(knows(&store, "app.User"));
    let later = encoded(&[user("Later", "c.proto")]);
    store.provide(&later).unwrap();
    assert!(knows(&store, "app.Later"));

    let configured = Store::new(&[("chain.binpb".to_owned(), encoded(&chain))]).unwrap();
    configured.provide(&later).unwrap();
    let reloaded = Store::new(&[("chain.binpb".to_owned(), encoded(&chain[..2]))]).unwrap();
    reloaded.adopt(&store).unwrap();
    assert!(knows(&configured, "app.Later") && knows(&reloaded, "app.Later"));

    let mut private = chain;
    private[2].public_dependency.clear();
    let store = Store::default();
    store.provide(&encoded(&private)).unwrap();
    let error = store.provide(&later).unwrap_err();
    assert!(error.message().contains("is not defined"), "{error}");
}

#[test]
fn public_imports_do_not_multiply_without_limit() {
    // Each file reaches every earlier one, by one import or by all of them.
    let name = |index: usize| format!("{index}.proto");
    let files = |count: usize, imports: &dyn Fn(usize) -> std::ops::Range<usize>| {
        let file = |index| {
            let imports: Vec<String> = imports(index).map(name).collect();
            importing(&name(index), &imports.iter().map(String::as_str).collect::<Vec<_>>())
        };
        encoded(&(0..count).map(file).collect::<Vec<_>>())
    };
    let one = |index: usize| index.saturating_sub(1)..index;
    Store::default().provide(&files(200, &one)).unwrap();
    Store::default().provide(&files(200, &|index| 0..index)).unwrap();
    assert_eq!(refusal(&files(1100, &one)), TOO_MUCH);
}

#[test]
fn what_sets_declare_is_bounded_alone_and_together() {
    // Types without a name do not link; more of them are not even decoded.
    let types = |count: usize| {
        let file = FileDescriptorProto::decode(&*b"\x22\x00".repeat(count)).unwrap();
        FileDescriptorSet { file: vec![file] }.encode_to_vec()
    };
    assert_eq!(refusal(&types(1000)), "a file of the set has no name");
    assert_eq!(refusal(&types(1 << 19)), TOO_MUCH);
    let long = refusal(&vec![0; MAX_SET_LEN + 1]);
    assert_eq!(long, format!("the set has more than 67108864 bytes: {SHORTER}"));
    // Decoding would read on after the first field of this file.
    let padded = [&b"\xf8\x80\x80\x80\x80\x00\x00"[..], &b"\x22\x00".repeat(1 << 20)].concat();
    let mut set = b"\x0a".to_vec();
    tdc_formats::wire::push_varint(&mut set, padded.len() as u64);
    assert!(refusal(&[set, padded].concat()).starts_with("this is not a google.protobuf"));

    // Long enough names that two of these are too much.
    let long = |letter: &str| {
        let package = Some(letter.repeat(2000));
        encoded(&[FileDescriptorProto {
            package,
            ..file(letter, (0..20_000).map(|index| format!("T{index}")))
        }])
    };
    let (store, a) = (Store::default(), long("a"));
    store.provide(&a).unwrap();
    assert_eq!(store.provide(&long("b")).unwrap_err().message(), TOO_MUCH);
    // What is known already costs nothing, and what is left is the others'.
    store.provide(&a).unwrap();
    let repeated = FileDescriptorSet::decode(&*a).unwrap().file.remove(0);
    store.provide(&encoded(&[repeated, file("c", ["C".to_owned()])])).unwrap();
    assert!(knows(&store, "C"));
    let reloaded = Store::new(&[("a.binpb".to_owned(), a)]).unwrap();
    reloaded.adopt(&store).unwrap();
    assert!(knows(&reloaded, "C"));
    reloaded.provide(&long("b")).unwrap();
}

#[test]
fn comments_count_for_nothing() {
    let leading_detached_comments = vec![String::new(); 1 << 22];
    let location = vec![Location { leading_detached_comments, ..Location::default() }];
    let mut commented = file("a.proto", ["A".to_owned()]);
    commented.source_code_info = Some(SourceCodeInfo { location });
    let store = Store::default();
    store.provide(&encoded(&[commented])).unwrap();
    assert!(knows(&store, "A"));
    store.provide(&encoded(&[file("a.proto", ["A".to_owned()])])).unwrap();
}

#[test]
fn long_names_and_deep_packages_count_wherever_they_are() {
    let types = || (0..20_000).map(|index| format!("T{index}"));
    let long = "x".repeat(50_000);
    let in_package = FileDescriptorProto { package: Some(long.clone()), ..file("a.proto", types()) };
    assert_eq!(refusal(&encoded(std::slice::from_ref(&in_package))), TOO_MUCH);
    assert_eq!(refusal(&encoded(&[file(&long, types())])), TOO_MUCH);
    let mut outer = file("a.proto", [long]);
    outer.message_type[0].nested_type = file("", types()).message_type;
    assert_eq!(refusal(&encoded(&[outer])), TOO_MUCH);
    // The package and the name may come last, and more than once.
    let bytes = in_package.encode_to_vec();
    let named = |name: &str| [&[0x0a, 7][..], name.as_bytes()].concat();
    let start = named("a.proto").len() + 4 + 50_000;
    let moved = [&named("b.proto")[..], b"\x12\x01b", &bytes[start..], &bytes[..start]].concat();
    let mut set = b"\x0a".to_vec();
    tdc_formats::wire::push_varint(&mut set, moved.len() as u64);
    assert_eq!(refusal(&[set, moved].concat()), TOO_MUCH);

    let package = |dots| FileDescriptorProto {
        package: Some(format!("a{}", ".a".repeat(dots))),
        ..file("a.proto", ["A".to_owned()])
    };
    Store::default().provide(&encoded(&[package(100)])).unwrap();
    assert_eq!(refusal(&encoded(&[package(101)])), "the package of a.proto has more than 100 dots");
    assert_eq!(refusal(&encoded(&[file("a.proto", ["A.B".to_owned()])])), "A.B is not a name: it has a dot");
}

#[test]
fn syntax_may_be_empty() {
    let store = Store::default();
    let syntax = Some(String::new());
    store.provide(&encoded(&[FileDescriptorProto { syntax, ..file("a.proto", ["A".to_owned()]) }])).unwrap();
    assert!(knows(&store, "A"));
}

/// Options are decoded as `descriptor.proto` describes them, and prost-reflect panics if that is
/// not what it knows.
#[test]
fn a_set_does_not_say_what_options_are() {
    let pool = crate::descriptors::temporal_pool().unwrap();
    let mut options =
        pool.get_file_by_name("google/protobuf/descriptor.proto").unwrap().file_descriptor_proto().clone();
    let of_fields = options.message_type.iter_mut().find(|message| message.name() == "FieldOptions").unwrap();
    let packed = of_fields.field.iter_mut().find(|field| field.name() == "packed").unwrap();
    packed.set_label(Label::Repeated);
    packed.set_type(Type::Int32);
    packed.default_value = None;
    packed.options = Some(FieldOptions { packed: Some(true), ..FieldOptions::default() });
    let of_the_set = encoded(&[options.clone()]);
    let store = Store::new(&[("a.binpb".to_owned(), of_the_set.clone())]).unwrap();
    let linked = store.current().unwrap();
    let packed = linked.pool().get_message_by_name("google.protobuf.FieldOptions").unwrap();
    assert!(!packed.get_field_by_name("packed").unwrap().is_list());
    store.provide(&of_the_set).unwrap();
    options.name = Some("a.proto".to_owned());
    let error = Store::new(&[("a.binpb".to_owned(), encoded(&[options]))]).unwrap_err();
    assert!(error.message().contains("is already defined"), "{error}");
}

/// Some 300,000 fields with the names that Google's APIs have, two of five of them of a message.
#[test]
fn a_large_set_is_no_attack() {
    let package = "google.ads.googleads.v17.services";
    let field = |index: i32| FieldDescriptorProto {
        name: Some(format!("campaign_budget_name_{index}")),
        json_name: Some(format!("campaignBudgetName{index}")),
        type_name: (index % 5 < 2).then(|| ".google.ads.googleads.v17.resources.CampaignBudget".to_owned()),
        ..FieldDescriptorProto::default()
    };
    let mut one = file("google/ads/googleads/v17/services/campaign_service_1234.proto", []);
    one.package = Some(package.to_owned());
    one.dependency =
        (0..5).map(|index| format!("google/ads/googleads/v17/resources/r{index}.proto")).collect();
    let types = ["Request", "Response", "Operation", "Result", "Error"];
    one.message_type = file("", types.map(|kind| format!("MutateCampaigns{kind}"))).message_type;
    one.message_type.iter_mut().for_each(|message| message.field = (0..10).map(field).collect());
    let size = Size::of(&one).unwrap();
    (0..6000).try_fold(Size::default(), |sum, _| sum.plus(size)).unwrap();
}
