//! Writes log lines in the background. Each destination has a thread, so that no thread that serves
//! requests waits for a disk, or for a reader of standard error.
//!
//! The queue is bounded: a line that does not fit is refused. Every line starts on a new line, even
//! after one that was cut off because a disk was full, or because a process that shares the file
//! was killed.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Seek, SeekFrom, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// Lines that wait.
const MAX_QUEUED: usize = 1024;
/// Number of lines that are written together.
const MAX_BATCH: usize = 128;

/// Where lines go.
#[derive(Debug)]
pub(super) struct Lines {
    queue: SyncSender<Job>,
}

enum Job {
    /// Created by the writing thread.
    Line(Box<dyn FnOnce() -> Vec<u8> + Send>, Option<oneshot::Sender<Result<(), Error>>>),
    Flush(SyncSender<()>),
}

/// The queue is full.
#[derive(Debug)]
pub(super) struct Full;

impl Lines {
    /// A thread that writes to `sink` until this is dropped and all lines are written.
    pub(super) fn to(sink: Arc<Mutex<Sink>>, name: &str) -> Result<Self, Error> {
        let (queue, jobs) = sync_channel(MAX_QUEUED);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || write_all(&jobs, &sink))?;
        Ok(Self { queue })
    }

    /// Queues a line, which must end with a line feed.
    pub(super) fn push(&self, make: impl FnOnce() -> Vec<u8> + Send + 'static) -> Result<(), Full> {
        self.send(Job::Line(Box::new(make), None))
    }

    /// The same; the value returned tells whether the line was written.
    pub(super) fn push_confirmed(
        &self,
        make: impl FnOnce() -> Vec<u8> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<(), Error>>, Full> {
        let (confirm, confirmed) = oneshot::channel();
        self.send(Job::Line(Box::new(make), Some(confirm)))?;
        Ok(confirmed)
    }

    /// Waits until all earlier lines are written, for `patience` at most.
    pub(super) fn flush(&self, patience: Duration) {
        let start = Instant::now();
        let (done, is_done) = sync_channel(1);
        // The queue may be full because standard error is not read.
        while self.send(Job::Flush(done.clone())).is_err() {
            if start.elapsed() >= patience {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = is_done.recv_timeout(patience.saturating_sub(start.elapsed()));
    }

    fn send(&self, job: Job) -> Result<(), Full> {
        self.queue.try_send(job).map_err(|(TrySendError::Full(_) | TrySendError::Disconnected(_))| Full)
    }
}

fn write_all(jobs: &Receiver<Job>, sink: &Mutex<Sink>) {
    while let Ok(first) = jobs.recv() {
        let mut text = Vec::new();
        let mut confirms = Vec::new();
        let mut flushes = Vec::new();
        for job in std::iter::once(first).chain(jobs.try_iter().take(MAX_BATCH - 1)) {
            match job {
                Job::Line(make, confirm) => {
                    text.extend(make());
                    confirms.extend(confirm.map(|confirm| (text.len(), confirm)));
                }
                Job::Flush(done) => flushes.push(done),
            }
        }
        let (written, outcome) = sink.lock().unwrap_or_else(PoisonError::into_inner).write(&text);
        for (end, confirm) in confirms {
            let outcome = match &outcome {
                Err(error) if end > written => Err(Error::new(error.kind(), error.to_string())),
                _ => Ok(()),
            };
            // The request may have given up.
            let _ = confirm.send(outcome);
        }
        for done in flushes {
            let _ = done.try_send(());
        }
    }
}

/// A file, or standard error.
pub(super) struct Sink {
    write: Box<dyn Write + Send>,
    /// To see how the file ends, whichever process wrote that end. `None` if it is not a file or
    /// cannot be read.
    file: Option<File>,
    /// Whether the last write of this process ended with a complete line.
    at_line_start: bool,
}

impl Sink {
    /// Standard error, which all parts of the process share.
    pub(super) fn stderr() -> Arc<Mutex<Self>> {
        static STDERR: OnceLock<Arc<Mutex<Sink>>> = OnceLock::new();
        let open = || Arc::new(Mutex::new(Self::new(Box::new(std::io::stderr()), None)));
        Arc::clone(STDERR.get_or_init(open))
    }

    pub(super) fn new(write: Box<dyn Write + Send>, file: Option<File>) -> Self {
        Self { write, file, at_line_start: true }
    }

    /// Writes lines. Returns how many bytes were written, and the error if that is not all.
    fn write(&mut self, lines: &[u8]) -> (usize, Result<(), Error>) {
        if lines.is_empty() {
            return (0, Ok(()));
        }
        // One write each: lines of several processes that share a file do not mix.
        let begin: &[u8] = if self.is_at_line_start() { b"" } else { b"\n" };
        let text = [begin, lines].concat();
        let mut written = 0;
        let outcome = loop {
            match self.write.write(text.get(written..).unwrap_or_default()) {
                Ok(0) => break Err(ErrorKind::WriteZero.into()),
                Ok(more) => written += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
            if written >= text.len() {
                break Ok(());
            }
        };
        if let Some(last) = written.checked_sub(1) {
            self.at_line_start = text.get(last) == Some(&b'\n');
        }
        (written.saturating_sub(begin.len()), outcome)
    }

    fn is_at_line_start(&self) -> bool {
        self.file.as_ref().and_then(|file| ends_with_line(file).ok()).unwrap_or(self.at_line_start)
    }
}

fn ends_with_line(mut file: &File) -> Result<bool, Error> {
    let Some(last) = file.metadata()?.len().checked_sub(1) else { return Ok(true) };
    let mut byte = [0];
    // Where the file is read makes no difference to what is appended to it.
    file.seek(SeekFrom::Start(last))?;
    file.read_exact(&mut byte)?;
    Ok(byte == *b"\n")
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Job")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A disk with so much room.
    #[derive(Clone, Default)]
    struct Disk {
        room: Arc<AtomicUsize>,
        text: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
            let len = bytes.len().min(self.room.load(Ordering::SeqCst));
            if len == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            self.room.fetch_sub(len, Ordering::SeqCst);
            self.text.lock().unwrap().extend(&bytes[..len]);
            Ok(len)
        }

        fn flush(&mut self) -> Result<(), Error> {
            Ok(())
        }
    }

    #[test]
    fn a_line_after_one_that_was_written_in_part_begins_a_line() {
        let disk = Disk::default();
        let mut sink = Sink::new(Box::new(disk.clone()), None);
        disk.room.store(6, Ordering::SeqCst);
        let (written, outcome) = sink.write(b"one\ntwo\n");
        assert_eq!((written, outcome.unwrap_err().kind()), (6, ErrorKind::StorageFull));
        assert!(sink.write(b"three\n").1.is_err());
        disk.room.store(100, Ordering::SeqCst);
        assert_eq!(sink.write(b"four\n").0, 5);
        assert_eq!(sink.write(b"five\n").0, 5);
        assert_eq!(*disk.text.lock().unwrap(), b"one\ntw\nfour\nfive\n");
    }

    #[test]
    fn how_a_file_ends_decides_and_not_who_wrote_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::fs::write(&path, "cut off").unwrap();
        let file = File::options().append(true).read(true).open(&path).unwrap();
        let mut sink = Sink::new(Box::new(file.try_clone().unwrap()), Some(file));
        sink.write(b"one\n").1.unwrap();
        File::options().append(true).open(&path).unwrap().write_all(b"of another").unwrap();
        sink.write(b"two\n").1.unwrap();
        std::fs::write(&path, "").unwrap();
        sink.write(b"three\n").1.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"three\n");
    }

    /// A sink that blocks until it is released.
    struct Stuck(std::sync::mpsc::Receiver<()>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> Result<(), Error> {
            Ok(())
        }
    }

    #[test]
    fn a_stuck_sink_blocks_no_caller() {
        let (go, wait) = sync_channel(0);
        let lines = Lines::to(Arc::new(Mutex::new(Sink::new(Box::new(Stuck(wait)), None))), "test").unwrap();
        let first = lines.push_confirmed(|| b"line\n".to_vec()).unwrap();
        let taken = (0..3 * MAX_QUEUED).filter(|_| lines.push(|| b"line\n".to_vec()).is_ok()).count();
        assert!((MAX_QUEUED - 1..2 * MAX_QUEUED).contains(&taken), "{taken}");
        lines.flush(Duration::from_millis(50));
        drop(go);
        first.blocking_recv().unwrap().unwrap();
        lines.flush(Duration::from_secs(30));
        lines.push(|| b"line\n".to_vec()).unwrap();
    }
}
