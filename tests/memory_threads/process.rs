//! What the kernel says of the memory of this process.

use std::io::Write as _;

/// Bytes of the process that are in memory.
pub(crate) fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * page_size()
}

/// In bytes; `/proc/self/smaps` says it in KiB of every mapping.
pub(crate) fn page_size() -> usize {
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let line = maps.lines().find(|line| line.starts_with("KernelPageSize:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

/// The most that were, since [`reset_peak`].
pub(crate) fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

pub(crate) fn reset_peak() {
    std::fs::OpenOptions::new().write(true).open("/proc/self/clear_refs").unwrap().write_all(b"5").unwrap();
}
