//! Descriptor sets: of the host, and of files; and messages of types that only they describe.

use std::fs;

use tdc::DataConverter;

use super::{Texts, field, number, payloads, plain};

pub(super) fn raise(texts: &mut Texts) {
    let file = |fields: &[Vec<u8>]| field(1, fields.concat());
    let named = |name: &str| field(1, name);
    let of_type = |field_name: &str, kind: u64, type_name: &str| {
        let of =
            [field(1, field_name), number(3, 1), number(4, 1), number(5, kind), field(6, type_name)].concat();
        field(4, [field(1, "M"), field(2, of)].concat())
    };
    let mut deep = field(1, "M");
    for _ in 0..64 {
        deep = [field(1, "M"), field(3, deep)].concat();
    }
    let sets: Vec<(&str, Vec<u8>)> = vec![
        ("that is no set", b"\x0a\x05a".to_vec()),
        ("without files", vec![]),
        ("with a file without a name", file(&[field(2, "a")])),
        ("of an edition", file(&[named("a.proto"), field(12, "editions")])),
        ("with an import that is not there", file(&[named("a.proto"), field(3, "b.proto")])),
        ("with a type that is not there", file(&[named("a.proto"), of_type("f", 11, ".B")])),
        ("that is deep", file(&[named("a.proto"), field(4, deep)])),
        ("that is long", vec![0; (64 << 20) + 1]),
        ("that declares too much", file(&[named("a.proto"), field(4, b"").repeat(1 << 19)])),
        ("with a cycle", file(&[named("a.proto"), field(3, "a.proto")])),
        ("with an import twice", file(&[named("a.proto"), field(3, "b.proto"), field(3, "b.proto")])),
        ("with a public import of none", file(&[named("a.proto"), number(10, 1)])),
        ("with a package of many names", file(&[named("a.proto"), field(2, "a.".repeat(101))])),
        ("with a name that is none", file(&[named("a.proto"), field(4, field(1, "A.B"))])),
        (
            "with two files of one name",
            [file(&[named("a.proto"), field(2, "a")]), file(&[named("a.proto"), field(2, "b")])].concat(),
        ),
    ];
    for (what, set) in &sets {
        texts.add(&format!("a set of the host {what}"), plain().provide_descriptor(set));
    }
    let converter = plain();
    converter.provide_descriptor(&file(&[named("a.proto"), field(2, "a")])).unwrap();
    let another = file(&[named("a.proto"), field(2, "b")]);
    texts.add("another file of the host's", converter.provide_descriptor(&another));

    for (what, set) in &sets {
        fs::write(texts.folder.join("a.pb"), set).unwrap();
        let opened = DataConverter::parse("version: 1\ndescriptors: [a.pb]\n", &texts.folder, "");
        texts.add(&format!("a set in a file {what}"), opened);
    }
    fs::write(texts.folder.join("b.pb"), another).unwrap();
    fs::write(texts.folder.join("a.pb"), file(&[named("a.proto"), field(2, "a")])).unwrap();
    texts.add(
        "two sets that differ",
        DataConverter::parse("version: 1\ndescriptors: [a.pb, b.pb]\n", &texts.folder, ""),
    );

    // proto2: a required field, an enum, and a map with every kind of key.
    let required = [field(1, "r"), number(3, 1), number(4, 2), number(5, 5)].concat();
    let message = [field(1, "Required"), field(2, required)].concat();
    let key = [field(1, "key"), number(3, 1), number(4, 1), number(5, 8)].concat();
    let value = [field(1, "value"), number(3, 2), number(4, 1), number(5, 9)].concat();
    let entry = [field(1, "MEntry"), field(2, key), field(2, value), field(7, number(7, 1))].concat();
    let map = [field(1, "m"), number(3, 1), number(4, 3), number(5, 11), field(6, ".Map.MEntry")].concat();
    let with_map = [field(1, "Map"), field(2, map), field(3, entry)].concat();
    let converter = plain();
    converter.provide_descriptor(&file(&[named("t.proto"), field(4, message), field(4, with_map)])).unwrap();
    let to = |name: &str, wire: &[u8]| {
        converter.to_payload(b"", &payloads(&[("encoding", "binary/protobuf"), ("messageType", name)], wire))
    };
    let from = |name: &str, json: &str| {
        converter.from_payload(b"", &payloads(&[("encoding", "json/protobuf"), ("messageType", name)], json))
    };
    texts.add("a message without a required field", to("Required", b""));
    texts.add("JSON without a required field", from("Required", "{}"));
    texts.add("JSON with a wrong key of a map", from("Map", "{\"m\":{\"yes\":\"\"}}"));
    texts.add("JSON with a key of a map twice", from("Map", "{\"m\":{\"true\":\"\",\"true\":\"\"}}"));
    texts.add("JSON with a map that is a list", from("Map", "{\"m\":[]}"));
    texts.add("a value of a map that is not UTF-8", to("Map", &field(1, field(2, b"\xff"))));
}
