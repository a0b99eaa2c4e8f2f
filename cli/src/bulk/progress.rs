//! How far the work is, on standard error.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::files::Input;
use crate::stdio;

/// How often it is said.
const INTERVAL: Duration = Duration::from_secs(1);

const MEBIBYTE: u64 = 1 << 20;

/// Jobs add to it concurrently.
pub(super) struct Progress {
    started: Instant,
    said: Mutex<Instant>,
    files: (AtomicUsize, usize),
    bytes: AtomicU64,
    /// Bytes of all files that are not skipped.
    all_bytes: AtomicU64,
}

impl Progress {
    pub(super) fn new(inputs: &[Input]) -> Self {
        let now = Instant::now();
        Self {
            started: now,
            said: Mutex::new(now),
            files: (AtomicUsize::new(0), inputs.len()),
            bytes: AtomicU64::new(0),
            all_bytes: AtomicU64::new(inputs.iter().map(|input| input.len).sum()),
        }
    }

    /// Part of a file was processed.
    pub(super) fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.say();
    }

    /// A file is finished: it was read, skipped, or failed.
    pub(super) fn file(&self) {
        self.files.0.fetch_add(1, Ordering::Relaxed);
        self.say();
    }

    /// A file is not read, which must not look like speed.
    pub(super) fn skip(&self, input: &Input) {
        self.all_bytes.fetch_sub(input.len, Ordering::Relaxed);
        self.file();
    }

    /// Says it, if it was not said for a second.
    pub(super) fn say(&self) {
        // Another job that holds it says the same.
        if let Ok(mut said) = self.said.try_lock()
            && said.elapsed() >= INTERVAL
        {
            *said = Instant::now();
            stdio::note(&self.sentence(self.started.elapsed()));
        }
    }

    /// What was done, and how fast, if that took long enough to know.
    pub(super) fn summary(&self) -> Option<String> {
        let (time, bytes) = (self.started.elapsed(), self.bytes.load(Ordering::Relaxed));
        (time >= INTERVAL).then(|| {
            format!("{} MiB in {}, {} MiB/s", mebibytes(bytes), seconds(time), mebibytes(rate(bytes, time)))
        })
    }

    fn sentence(&self, time: Duration) -> String {
        let (bytes, all) = (self.bytes.load(Ordering::Relaxed), self.all_bytes.load(Ordering::Relaxed));
        let rate = rate(bytes, time);
        let left = all.saturating_sub(bytes).checked_div(rate);
        let left =
            left.map_or_else(String::new, |left| format!(", {} left", seconds(Duration::from_secs(left))));
        format!(
            "{} of {} files, {} of {} MiB, {} MiB/s{left}",
            self.files.0.load(Ordering::Relaxed),
            self.files.1,
            mebibytes(bytes),
            mebibytes(all),
            mebibytes(rate)
        )
    }
}

/// Bytes a second.
fn rate(bytes: u64, time: Duration) -> u64 {
    let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    bytes.saturating_mul(1000) / milliseconds
}

/// With one decimal.
fn mebibytes(bytes: u64) -> String {
    format!("{}.{}", bytes / MEBIBYTE, bytes % MEBIBYTE * 10 / MEBIBYTE)
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_time_left_follow_from_the_files_that_are_read() {
        let input = |mebibytes: u64| Input {
            path: "x".into(),
            name: "x".into(),
            len: mebibytes * MEBIBYTE,
            object: None,
        };
        let inputs = [input(30), input(90), input(500)];
        let progress = Progress::new(&inputs);
        assert_eq!(progress.sentence(Duration::ZERO), "0 of 3 files, 0.0 of 620.0 MiB, 0.0 MiB/s");
        progress.skip(&inputs[2]);
        progress.add(30 << 20);
        progress.file();
        let said = progress.sentence(Duration::from_secs(20));
        assert_eq!(said, "2 of 3 files, 30.0 of 120.0 MiB, 1.5 MiB/s, 1 min 0 s left");
        assert_eq!(progress.summary(), None, "it took no time");
        assert_eq!(seconds(Duration::from_mins(121)), "2 h 1 min");
    }
}
