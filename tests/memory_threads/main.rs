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

mod attack;
mod descriptors;
mod histories;
mod message;
mod payloads;
mod process;

use std::path::Path;
use std::sync::{Arc, Barrier};

use tdc::DataConverter;

use attack::{Attack, Direction};
use message::{list, payload};
use process::{peak, reset_peak, resident};

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
        Attack::new("none", direction, input, None).run(&converter);
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
    let half = payloads::half_of_the_limit();
    let all = [payloads::attacks(&half), histories::attacks(&half), descriptors::attacks()];
    all.into_iter().flatten().collect()
}

fn converter(codec: &str) -> DataConverter {
    let document = format!(
        "version: 1\nkeys: {{ primary: k, ring: {{ k: {{ insecure_inline: \
         dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= }}, kek: {{ envelope: true, insecure_inline: \
         MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE= }} }} }}\n\
         failures: {{ encode_common_attributes: true }}\n\
         storage: {{ unscoped: true, stores: {{ s3: {{ s3: {{ region: r }}, buckets: [abc] }} }} }}\n\
         converters: [json: {{ canonical: true }}]\n\
         codecs: [{}]\nlimits: {{ max_decoded_bytes: {LIMIT} }}\n",
        if codec.contains(':') { format!("{{ {codec} }}") } else { codec.to_owned() }
    );
    DataConverter::parse(&document, Path::new(""), "").unwrap()
}
