//! What stays in memory after hostile input in many threads, and what one such call takes at its
//! peak: both are bounded, whatever the input asks for.
//!
//! A program of its own with one test, because it reads what the kernel says of the whole process.
//! (`memory.rs` counts allocations, and does not see those of the C libraries.)

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests say what they expect by panicking"
)]

use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Barrier};

use sha2::{Digest as _, Sha256};
use tdc::{Answer, Call, Code, DataConverter, Error, References};

const THREADS: usize = 16;
const MIB: usize = 1 << 20;

/// `max_decoded_bytes`.
const LIMIT: usize = 8 * MIB;

/// What a thread may keep: the vectors of its scratch memory, and a context for each codec and
/// direction.
const KEPT_BY_A_THREAD: usize = 6 * MIB;

/// What one call may take at its peak beside its input: a layer, the layer that it is opened to,
/// and the answer.
const PEAK_OF_A_CALL: usize = 3 * LIMIT;

/// For what the process itself takes meanwhile: stacks, code that is paged in.
const SLACK: usize = 8 * MIB;

#[derive(Clone, Copy, Debug)]
enum Direction {
    Encode,
    Decode,
    FromPayload,
    ToPayload,
    /// The input is a stored object, and a reference to it is decoded.
    Stored,
    /// In any of its forms.
    History,
    EncodeFailure,
    DecodeFailure,
    EncodeFailureJson,
    DecodeFailureJson,
    /// From the host.
    Descriptors,
}

impl Direction {
    const ALL: [Self; 11] = [
        Self::Encode,
        Self::Decode,
        Self::FromPayload,
        Self::ToPayload,
        Self::Stored,
        Self::History,
        Self::EncodeFailure,
        Self::DecodeFailure,
        Self::EncodeFailureJson,
        Self::DecodeFailureJson,
        Self::Descriptors,
    ];
}

struct Attack {
    name: String,
    direction: Direction,
    input: Vec<u8>,
    /// `None`: the call succeeds.
    fails: Option<Code>,
}

impl Attack {
    fn run(&self, converter: &DataConverter) {
        let result: Result<Vec<u8>, Error> = match self.direction {
            Direction::Encode => converter.encode(&[], &self.input),
            Direction::Decode => converter.decode(&[], &self.input),
            Direction::FromPayload => converter.from_payload(&[], &self.input),
            Direction::ToPayload => converter.to_payload(&[], &self.input),
            Direction::Stored => self.decode_stored(converter),
            Direction::History => converter.decode_history(&[], &self.input),
            Direction::EncodeFailure => converter.encode_failure(&[], &self.input),
            Direction::DecodeFailure => converter.decode_failure(&[], &self.input),
            Direction::EncodeFailureJson => converter.encode_failure_json(&[], &self.input),
            Direction::DecodeFailureJson => converter.decode_failure_json(&[], &self.input),
            Direction::Descriptors => converter.provide_descriptor(&self.input).map(|()| Vec::new()),
        };
        let found = result.as_ref().err().map(Error::code);
        assert_eq!(found, self.fails, "{}: {:?}", self.name, result.err());
    }

    fn decode_stored(&self, converter: &DataConverter) -> Result<Vec<u8>, Error> {
        let hash: String = Sha256::digest(&self.input).iter().map(|byte| format!("{byte:02x}")).collect();
        let reference = format!(
            r#"{{"driverName":"s3","claimData":{{"bucket":"abc","key":"v0/d/a","hash_algorithm":"sha256","hash_value":"{hash}"}}}}"#
        );
        let entry =
            [field(1, b"messageType"), field(2, b"temporal.api.sdk.v1.ExternalStorageReference")].concat();
        let reference = [field(1, &entry), payload("json/protobuf", reference.as_bytes())].concat();
        let reference = list(&[reference]);
        let mut call = Call::default().with_references(References::Fetch(1));
        let asked = converter.decode(call.at(&[]), &reference).unwrap_err();
        assert_eq!(asked.code(), Code::Requests);
        let (id, _) = call.requests().next().unwrap();
        converter.answer(&mut call, &[(id, Answer::Object(&self.input))])?;
        converter.decode(call.at(&[]), &reference)
    }

    /// Writes it to a folder of attacks, as the one of this number.
    fn write(&self, folder: &Path, index: usize) {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join(format!("{index:02}.input")), &self.input).unwrap();
        let fails = self.fails.map_or(0, |code| code as u32);
        let about = format!("{:?}|{fails}|{}", self.direction, self.name);
        std::fs::write(folder.join(format!("{index:02}.about")), about).unwrap();
    }

    fn read_all(folder: &Path) -> Vec<Self> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let inputs = entries.filter(|path| path.extension().is_some_and(|extension| extension == "input"));
        inputs.map(|path| Self::read(&path)).collect()
    }

    fn read(path: &Path) -> Self {
        let about = std::fs::read_to_string(path.with_extension("about")).unwrap();
        let [direction, fails, name] = *about.split('|').collect::<Vec<_>>() else { panic!("{about}") };
        let named = |known: &Direction| format!("{known:?}") == direction;
        let direction = Direction::ALL.into_iter().find(named).unwrap();
        let fails = Some(Code::from_number(fails.parse().unwrap()).unwrap()).filter(|code| *code != Code::Ok);
        Self { name: name.to_owned(), direction, input: std::fs::read(path).unwrap(), fails }
    }
}

/// Tells a process that this test starts what to measure, and where it is.
const CHILD: &str = "TDC_MEMORY_THREADS";

/// Each measurement has a process of its own: the allocator keeps what others left.
#[test]
fn what_threads_keep_and_what_a_call_takes_is_bounded() {
    if let Ok(folder) = std::env::var(CHILD) {
        return measure(Path::new(&folder));
    }
    let folder = std::env::temp_dir().join(format!("tdc-memory-{}", std::process::id()));
    let attacks: Vec<_> = attacks().into_iter().enumerate().collect();
    for few in attacks.chunks(2) {
        std::thread::scope(|scope| {
            for (index, attack) in few {
                let alone = folder.join(index.to_string());
                attack.write(&alone, 0);
                attack.write(&folder.join("all"), *index);
                scope.spawn(move || child(&alone));
            }
        });
    }
    child(&folder.join("all"));
    std::fs::remove_dir_all(folder).unwrap();
}

fn child(folder: &Path) {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "what_threads_keep_and_what_a_call_takes_is_bounded", "--nocapture"])
        .env(CHILD, folder)
        // Freed memory goes back at once: what the allocator would keep of it is not the library's.
        .env("MALLOC_MMAP_THRESHOLD_", "131072")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter(|line| line.contains(" KiB ")).for_each(|line| println!("{line}"));
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
}

fn measure(folder: &Path) {
    let converter = Arc::new(converter("zstd: { level: 19 }"));
    // What is linked and planned at first use is not the attacks'.
    for direction in [Direction::Encode, Direction::Decode, Direction::FromPayload, Direction::ToPayload] {
        let input = list(&[payload("json/plain", b"1")]);
        Attack { name: "none".to_owned(), direction, input, fails: None }.run(&converter);
    }
    converter.decode_history(&[], br#"{"events":[]}"#).unwrap();
    converter.encode_failure(&[], b"").unwrap();
    let attacks = Arc::new(Attack::read_all(folder));
    if let [attack] = attacks.as_slice() {
        measure_call(&converter, attack)
    } else {
        measure_threads(converter, &attacks)
    }
}

fn measure_call(converter: &DataConverter, attack: &Attack) {
    let before = resident();
    reset_peak();
    attack.run(converter);
    let (name, taken, input) = (&attack.name, peak().saturating_sub(before), attack.input.len());
    println!("{name}: {} KiB at its peak, beside {} KiB of input", taken >> 10, input >> 10);
    let allowed = PEAK_OF_A_CALL + input + SLACK;
    assert!(taken <= allowed, "{name}: one call took {taken} bytes, allowed are {allowed}");
}

fn measure_threads(converter: Arc<DataConverter>, attacks: &Arc<Vec<Attack>>) {
    let before = resident();
    // Three times: all have called, all have let go of the handle, the memory was measured.
    let barrier = Arc::new(Barrier::new(THREADS + 1));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (converter, attacks, barrier) =
                (Arc::clone(&converter), Arc::clone(attacks), Arc::clone(&barrier));
            std::thread::spawn(move || {
                for attack in attacks.iter() {
                    attack.run(&converter);
                }
                barrier.wait();
                drop(converter);
                barrier.wait();
                barrier.wait();
            })
        })
        .collect();
    barrier.wait();
    let with_handle = resident().saturating_sub(before);
    barrier.wait();
    drop(Arc::into_inner(converter).unwrap());
    let without_handle = resident().saturating_sub(before);
    barrier.wait();
    for thread in threads {
        thread.join().unwrap();
    }
    println!(
        "{THREADS} threads kept {} KiB with the handle, {} KiB without",
        with_handle >> 10,
        without_handle >> 10
    );
    let allowed = THREADS * KEPT_BY_A_THREAD + SLACK;
    for (kept, when) in [(with_handle, "with"), (without_handle, "without")] {
        assert!(kept <= allowed, "{when} the handle {kept} bytes stayed, allowed are {allowed}");
    }
}

fn attacks() -> Vec<Attack> {
    use Direction::{Decode, Encode, FromPayload, Stored, ToPayload};
    let attack = |name: &str, direction, item: Vec<u8>, fails| Attack {
        name: name.to_owned(),
        direction,
        input: list(&[item]),
        fails,
    };
    let zeros = |size| payload("binary/plain", &vec![0; size]);
    let compressed = |codec: &str, item: &[u8]| {
        let mut answer = converter(codec).encode(&[], &list(&[item.to_vec()])).unwrap();
        answer.drain(..head_len(&answer));
        answer
    };
    // As large as the limit lets through, and one that is larger.
    let (largest, larger) = (zeros(LIMIT - 1024), zeros(2 * LIMIT));
    let mut attacks = Vec::new();
    for codec in ["zlib", "gzip", "snappy", "zstd"] {
        attacks.push(attack(codec, Decode, compressed(codec, &largest), None));
        let name = format!("{codec} beyond the limit");
        attacks.push(attack(&name, Decode, compressed(codec, &larger), Some(Code::Limit)));
    }
    let half = compressed("zlib", &zeros(LIMIT / 2 - 1024));
    let many = list(&[half.clone(), half.clone(), compressed("snappy", &zeros(MIB))]);
    let array = [&b"\xdd\x00\x10\x00\x00"[..], &vec![0xc0; MIB]].concat();
    let text = |repeated: &str, count: usize| format!("[{}0]", repeated.repeat(count)).into_bytes();
    let list_value = |data: &[u8]| {
        let entry = [field(1, b"messageType"), field(2, b"google.protobuf.ListValue")].concat();
        [field(1, &entry), payload("json/protobuf", data)].concat()
    };
    attacks.extend([
        attack(
            "zstd without a content size",
            Decode,
            payload("binary/zstd", &zstd_bomb()),
            Some(Code::Limit),
        ),
        attack("zstd in zlib", Decode, compressed("zlib", &compressed("zstd", &zeros(LIMIT - 8192))), None),
        Attack { name: "many payloads".to_owned(), direction: Decode, input: many, fails: Some(Code::Limit) },
        attack("zlib that is encrypted", Decode, compressed("encrypt", &half), None),
        attack("a large encrypted payload", Decode, compressed("encrypt", &zeros(LIMIT / 2)), None),
        attack("MessagePack", Decode, payload("binary/msgpack", &array), None),
        attack(
            "a large value at a high level",
            Encode,
            payload("json/plain", &text("\"tea\",1,", 1 << 15)),
            None,
        ),
        attack(
            "a large array of JSON",
            ToPayload,
            payload("json/plain", &text("[{\"b\":1,\"a\":2}],", 1 << 15)),
            None,
        ),
        attack("a large array of protobuf", FromPayload, list_value(&text("1,", 1 << 15)), None),
    ]);
    let whole =
        |name: &str, input: Vec<u8>, fails| Attack { name: name.to_owned(), direction: Stored, input, fails };
    let envelope = |data_key: usize| {
        let entry = |key: &str, value: &[u8]| field(1, &[field(1, key.as_bytes()), field(2, value)].concat());
        let data_key = entry("encryption-dek", &vec![b'A'; data_key]);
        [entry("encryption-key-id", b"kek"), data_key, payload("binary/encrypted", &[0; 40])].concat()
    };
    attacks.extend([
        whole("a stored object", largest, None),
        whole("a stored object that grows", compressed("zlib", &zeros(LIMIT - 16384)), None),
        whole("a stored object that grows beyond the limit", compressed("zlib", &larger), Some(Code::Limit)),
        whole("a stored object beyond the limit", larger, Some(Code::Limit)),
        attack("an envelope with a large data key", Decode, envelope(LIMIT), Some(Code::Ciphertext)),
    ]);
    attacks.extend(histories_and_failures(&half));
    attacks.extend(descriptors());
    attacks
}

/// `half` is a payload that decodes to half of the limit.
fn histories_and_failures(half: &[u8]) -> Vec<Attack> {
    use Direction::{DecodeFailure, DecodeFailureJson, EncodeFailure, EncodeFailureJson, History};
    let attack = |name: &str, direction, input: Vec<u8>, fails| Attack {
        name: name.to_owned(),
        direction,
        input,
        fails,
    };
    // WorkflowExecutionStarted.input, and ActivityTaskFailed.failure
    let of_event = |number, inner: &[u8]| field(1, &[b"\x08\x01", &field(number, inner)[..]].concat());
    let started = |payloads: &[Vec<u8>]| of_event(6, &field(6, &list(payloads)));
    // Failure: a message, encoded attributes, and a cause.
    let failure = |attributes: &[u8], depth: usize| {
        let wrap = |cause: Vec<u8>, _| {
            let cause = if cause.is_empty() { cause } else { field(4, &cause) };
            [field(1, b"no"), field(20, attributes), cause].concat()
        };
        (0..depth).fold(Vec::new(), wrap)
    };
    let failed = |failure: &[u8]| of_event(18, &field(1, failure));
    let payload_json = |payload: &[u8]| {
        let body = tdc::payload::json::print(&list(&[payload.to_vec()])).unwrap();
        let payload = String::from_utf8(body).unwrap();
        payload[payload.find('[').unwrap() + 1..payload.rfind(']').unwrap()].to_owned()
    };
    let started_json = |payloads: &str| {
        format!(
            "{{\"events\":[{{\"workflowExecutionStartedEventAttributes\":{{\"input\":{{\"payloads\":[{payloads}]}}}}}}]}}"
        )
        .into_bytes()
    };
    let half_json = payload_json(half);
    let nested = |count: usize, inner: &str| {
        format!("{}{{{inner}}}{}", "{\"message\":\"no\",\"cause\":".repeat(count), "}".repeat(count))
            .into_bytes()
    };
    let attributes_json = format!("\"encodedAttributes\":{half_json}");
    let text =
        |escape: &str| format!("{{\"message\":\"{}\"}}", escape.repeat(MIB / escape.len())).into_bytes();
    let events =
        |event: &str| format!("{{\"events\":[{}{{}}]}}", event.repeat(MIB / event.len())).into_bytes();
    let halves = |count: usize| vec![half.to_vec(); count];
    vec![
        attack("a history of many events", History, field(1, b"\x08\x01").repeat(MIB / 4), None),
        attack("a history of many payloads", History, started(&vec![Vec::new(); 200_000]), Some(Code::Limit)),
        attack("a history that grows", History, started(&halves(1)), None),
        attack("a history that grows beyond the limit", History, started(&halves(3)), Some(Code::Limit)),
        attack("a history of failures", History, failed(&failure(half, 1)), None),
        attack(
            "a history of failures beyond the limit",
            History,
            failed(&failure(half, 90)),
            Some(Code::Limit),
        ),
        attack(
            "a history that is cut",
            History,
            field(1, &vec![0; MIB])[..MIB / 2].to_vec(),
            Some(Code::Type),
        ),
        attack("JSON: many events", History, events("{},"), None),
        attack(
            "JSON: many events of one name",
            History,
            events("{\"eventId\":\"1\",\"eventId\":\"1\"},"),
            None,
        ),
        attack("JSON: a history that grows", History, started_json(&half_json), None),
        attack(
            "JSON: a history that grows beyond the limit",
            History,
            started_json(&[half_json.as_str(); 3].join(",")),
            Some(Code::Limit),
        ),
        attack("JSON: many payloads", History, started_json(&["{}"; 200_000].join(",")), Some(Code::Limit)),
        attack("JSON: open lists", History, events("[")[..MIB].to_vec(), Some(Code::Limit)),
        attack(
            "JSON: a text that does not end",
            History,
            [b"{\"events", &vec![b'x'; MIB][..]].concat(),
            Some(Code::Json),
        ),
        attack("a failure that grows", DecodeFailure, failure(half, 1), None),
        attack("a failure that grows beyond the limit", DecodeFailure, failure(half, 90), Some(Code::Limit)),
        attack("a failure with many causes", DecodeFailure, failure(b"", 10_000), Some(Code::Limit)),
        attack("a failure to hide, with many causes", EncodeFailure, failure(b"", 10_000), Some(Code::Limit)),
        attack("a failure to hide, with a long message", EncodeFailure, field(1, &vec![b'x'; MIB / 4]), None),
        attack(
            "a failure to hide, in many parts",
            EncodeFailure,
            field(4, &field(1, b"x")).repeat(MIB / 8),
            Some(Code::Limit),
        ),
        attack("JSON: a failure that grows", DecodeFailureJson, nested(0, &attributes_json), None),
        attack("JSON: a failure with many causes", DecodeFailureJson, nested(10_000, ""), Some(Code::Limit)),
        attack("JSON: a failure with many escapes", EncodeFailureJson, text("\\u20ac"), None),
        attack(
            "JSON: a failure to hide, with many causes",
            EncodeFailureJson,
            nested(10_000, ""),
            Some(Code::Limit),
        ),
    ]
}

fn descriptors() -> Vec<Attack> {
    let attack = |name: &str, input: Vec<u8>, fails| Attack {
        name: format!("descriptors: {name}"),
        direction: Direction::Descriptors,
        input,
        fails,
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
        varint(&mut number, index + 20_000);
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

/// A frame of 32 KiB that holds a GiB of zeros, names no content size and asks for a window of 128
/// MiB.
fn zstd_bomb() -> Vec<u8> {
    const BLOCK: u32 = 128 << 10;
    let block = |last: u32| [&(last | 1 << 1 | BLOCK << 3).to_le_bytes()[..3], b"\0"].concat();
    [b"\x28\xb5\x2f\xfd\x00\x88".to_vec(), block(0).repeat(8191), block(1)].concat()
}

fn converter(codec: &str) -> DataConverter {
    let document = format!(
        "version: 1\nkeys: {{ primary: k, ring: {{ k: {{ insecure_inline: \
         dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= }}, kek: {{ envelope: true, insecure_inline: \
         MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE= }} }} }}\nfailures: {{ encode_common_attributes: true }}\nstorage: {{ unscoped: true, stores: {{ s3: \
         {{ s3: {{ region: r }}, buckets: [abc] }} }} }}\nconverters: [json: {{ canonical: true }}]\n\
         codecs: [{}]\nlimits: {{ max_decoded_bytes: {LIMIT} }}\n",
        if codec.contains(':') { format!("{{ {codec} }}") } else { codec.to_owned() }
    );
    DataConverter::parse(&document, Path::new(""), "").unwrap()
}

fn payload(encoding: &str, data: &[u8]) -> Vec<u8> {
    let entry = [&field(1, b"encoding")[..], &field(2, encoding.as_bytes())].concat();
    [field(1, &entry), field(2, data)].concat()
}

fn list(payloads: &[Vec<u8>]) -> Vec<u8> {
    payloads.iter().flat_map(|payload| field(1, payload)).collect()
}

/// Bytes before the first payload of a `Payloads` message.
fn head_len(payloads: &[u8]) -> usize {
    1 + payloads[1..].iter().take_while(|byte| **byte >= 0x80).count() + 1
}

fn field(number: u8, contents: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    varint(&mut bytes, usize::from(number) << 3 | 2);
    varint(&mut bytes, contents.len());
    bytes.extend_from_slice(contents);
    bytes
}

fn varint(bytes: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
}

/// Bytes of the process that are in memory.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * page_size()
}

/// In bytes; `/proc/self/smaps` says it in KiB of every mapping.
fn page_size() -> usize {
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let line = maps.lines().find(|line| line.starts_with("KernelPageSize:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

/// The most that were, since [`reset_peak`].
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

fn reset_peak() {
    std::fs::OpenOptions::new().write(true).open("/proc/self/clear_refs").unwrap().write_all(b"5").unwrap();
}
