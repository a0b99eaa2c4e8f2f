//! Attacks by sets of descriptors from the host.

use tdc::Code;
use tdc_formats::wire::push_varint;

use crate::MIB;
use crate::attack::{Attack, Direction};
use crate::message::field;

pub(crate) fn attacks() -> Vec<Attack> {
    let attack = |name: &str, set, fails| {
        Attack::new(&format!("descriptors: {name}"), Direction::Descriptors, set, fails)
    };
    let file = |name: &str, contents: &[u8]| field(1, &[&field(1, name.as_bytes())[..], contents].concat());
    let invalid = Some(Code::Descriptor);
    let numbered = |number: u8, count: usize, inner: &dyn Fn(usize) -> Vec<u8>| -> Vec<u8> {
        (0..count).flat_map(|index| field(number, &inner(index))).collect()
    };
    let named = |index: usize| field(1, format!("M{index}").as_bytes());
    // An int32 of a number of its own.
    let member = |index: usize| {
        let mut number = vec![0x18];
        push_varint(&mut number, index as u64 + 20_000);
        [named(index), number, b"\x20\x01\x28\x05".to_vec()].concat()
    };
    let message = |contents: &[u8]| field(4, &[&field(1, b"M")[..], contents].concat());
    let package = |name: &str| field(2, name.as_bytes());
    let types = |count: usize| numbered(4, count, &named);
    // Imports the earlier of so many files, all of them publicly.
    let importing = |index: usize, imports: std::ops::Range<usize>| {
        let public: Vec<u8> = (0..imports.len()).flat_map(|at| [0x50, u8::try_from(at).unwrap()]).collect();
        let imports: Vec<u8> =
            imports.flat_map(|import| field(3, format!("public{import}").as_bytes())).collect();
        file(&format!("public{index}"), &[imports, public].concat())
    };
    let public: Vec<u8> = (0..30).flat_map(|index| importing(index, 0..index)).collect();
    // Nearly every number is reserved, in each of a thousand ranges: 2 million clashes.
    let reserved =
        [numbered(2, 2000, &member), field(9, b"\x08\x01\x10\xff\xff\xff\x7f").repeat(1000)].concat();
    vec![
        attack("many files", field(1, b"").repeat(MIB), invalid),
        attack("many types", file("types", &field(4, b"").repeat(MIB)), invalid),
        attack("many fields", file("fields", &message(&field(2, b"").repeat(MIB))), invalid),
        attack("many imports", file("imports", &field(3, b"").repeat(MIB)), invalid),
        attack("many names", file("names", &numbered(4, 10_000, &named)), None),
        attack("many members", file("members", &message(&numbered(2, 10_000, &member))), None),
        attack("a long name", file(&"x".repeat(MIB), b"\x62\x01x"), invalid),
        attack("open types", vec![0x22; MIB], invalid),
        attack("an import of itself", importing(100, 100..101), invalid),
        attack("public imports", public, None),
        attack(
            "a long package",
            file("long", &[package(&"x".repeat(50_000)), types(10_000)].concat()),
            invalid,
        ),
        attack("a deep package", file("deep", &package(&"a.".repeat(20_000))), invalid),
        attack("a package of 1 KiB", file("1k", &[package(&"y".repeat(1024)), types(500)].concat()), None),
        attack("reserved numbers", file("reserved", &[package("r"), message(&reserved)].concat()), None),
        attack(
            "types after a tag of six bytes",
            field(1, &[&b"\xf8\x80\x80\x80\x80\x00\x00"[..], &field(4, b"").repeat(MIB)].concat()),
            invalid,
        ),
    ]
}
