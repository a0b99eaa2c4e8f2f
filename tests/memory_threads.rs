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
        let direction = match direction {
            "Encode" => Direction::Encode,
            "Decode" => Direction::Decode,
            "FromPayload" => Direction::FromPayload,
            "Stored" => Direction::Stored,
            _ => Direction::ToPayload,
        };
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
    let attacks = attacks();
    for (index, attack) in attacks.iter().enumerate() {
        let alone = folder.join(index.to_string());
        attack.write(&alone, 0);
        attack.write(&folder.join("all"), index);
        child(&alone);
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
    attacks
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
         MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE= }} }} }}\nstorage: {{ unscoped: true, stores: {{ s3: \
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
    let mut bytes = vec![number << 3 | 2];
    let mut len = contents.len();
    while len > 0x7f {
        bytes.push(u8::try_from(len & 0x7f).unwrap() | 0x80);
        len >>= 7;
    }
    bytes.push(u8::try_from(len).unwrap());
    bytes.extend_from_slice(contents);
    bytes
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
