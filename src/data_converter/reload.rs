//! Reloads the files: because the host asks for it, or because a call found an unknown key.
//!
//! ```text
//! calls with the same unknown key ──> `should_search`: the files behind their configuration may be old
//!            ├── asked to reload, all of them ──────────> `reload` ──┐
//!            └── call again, with what was read <── one read for all that came before it began
//! ```
//! Whether a call asks for a reload depends only on the configuration that it used: concurrent
//! calls decide alike, and a call that uses a configuration which was just reloaded does not ask
//! again.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;

use super::{DataConverter, Source};
use crate::config::Config;
use crate::error::{Code, Error};
use crate::lock::Lock;
use crate::sys::CoarseInstant;

/// Minimum time between two searches for unknown keys, so that they do not make a worker read files
/// all the time.
const SEARCH_INTERVAL: Duration = Duration::from_secs(1);

/// Reads that several callers share.
#[derive(Default)]
pub(super) struct Reads {
    begun: AtomicU64,
    /// The last finished read: its number and result. Locked while a read is running.
    ended: Lock<(u64, Option<ReadError>)>,
    /// Why the last read failed, for those who do not wait for one.
    failure: ArcSwapOption<String>,
}

/// A new error is created for each caller.
type ReadError = (Code, String);

impl Reads {
    /// The state when a caller arrives: the number of the last read that may be too old for it.
    fn come(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    /// Reads, unless a read that started after the caller `came` has finished meanwhile: then its
    /// result is used.
    fn share(&self, came: u64, read: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        self.ended.write(|ended| {
            if ended.0 <= came {
                let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
                let outcome = read().err().map(|error| (error.code(), error.message().to_owned()));
                self.failure.store(outcome.as_ref().map(|(_, message)| Arc::new(message.clone())));
                *ended = (number, outcome);
            }
            match &ended.1 {
                None => Ok(()),
                Some((code, message)) => Err(Error::new(*code, message.clone())),
            }
        })
    }
}

/// A configuration, from when it was read until the next replaces it, and for calls in flight until
/// they end.
pub(super) struct Current {
    config: Config,
    search: Search,
    /// How many were read before.
    generation: u64,
}

impl Current {
    pub(super) fn new(config: Config) -> Self {
        Self { config, search: Search::default(), generation: 0 }
    }

    /// The number of this configuration among those of its handle.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }
}

impl Deref for Current {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.config
    }
}

/// What a configuration knows about searches for unknown keys.
#[derive(Default)]
struct Search(Lock<Searched>);

#[derive(Clone, Copy, Default)]
struct Searched {
    /// Whether a call was told to request a reload that has not happened yet.
    asked: bool,
    /// When the files were last reloaded because a call requested it.
    last: Option<CoarseInstant>,
}

impl Searched {
    /// After the files were read at `now`. A read that no call requested is not a search.
    fn read(self, now: CoarseInstant) -> Self {
        Self { asked: false, last: if self.asked { Some(now) } else { self.last } }
    }
}

impl Search {
    /// Whether a call that finds an unknown key should request a reload.
    fn ask(&self, now: CoarseInstant) -> bool {
        self.0.write(|searched| {
            let due = searched.last.is_none_or(|last| now.saturating_duration_since(last) >= SEARCH_INTERVAL);
            searched.asked |= due;
            due
        })
    }

    /// The state for the configuration that was read at `now`.
    fn next(&self, now: CoarseInstant) -> Self {
        Self(Lock::new(self.0.read(|searched| searched.read(now)), Clone::clone))
    }

    /// The files could not be read: this configuration stays in use.
    fn fail(&self, now: CoarseInstant) {
        self.0.write(|searched| *searched = searched.read(now));
    }
}

impl DataConverter {
    /// Reads the file, and every key and descriptor set that it names, again. Keys from the host
    /// are dropped, so that a withdrawn key disappears; descriptors stay. Concurrent callers share
    /// a read that started after they called.
    ///
    /// # Errors
    /// As [`DataConverter::open`]; then nothing changes.
    pub fn reload(&self) -> Result<(), Error> {
        self.reads.share(self.reads.come(), || self.read())
    }

    fn read(&self) -> Result<(), Error> {
        let before = self.config.load_full();
        let read = self.source.read().and_then(|config| {
            let mut config = config;
            config.descriptors.adopt(&before.descriptors)?;
            config.keyring.adopt(&before.keyring);
            Ok(config)
        });
        let now = CoarseInstant::now();
        let config = read.inspect_err(|_| before.search.fail(now))?;
        let (search, generation) = (before.search.next(now), before.generation + 1);
        self.config.store(Arc::new(Current { config, search, generation }));
        Ok(())
    }

    /// The error of a call that lacks a key, which may be in files that could not be read.
    pub(super) fn and_why_not_reloaded(&self, error: Error) -> Error {
        match &*self.reads.failure.load() {
            Some(cause) if error.code() == Code::KeyUnknown => {
                error.and(&format!("; the last reload failed: {cause}"))
            }
            _ => error,
        }
    }

    /// Whether the files should be reloaded for a key that the call's configuration does not have.
    pub(super) fn should_search(&self, config: &Current, now: CoarseInstant) -> bool {
        matches!(self.source, Source::File(_)) && config.search.ask(now)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn callers_share_a_read_that_began_after_they_came() {
        let (reads, count) = (Reads::default(), Cell::new(0));
        let read = || {
            count.set(count.get() + 1);
            if count.get() == 2 { Err(Error::new(Code::Config, "not now")) } else { Ok(()) }
        };
        let (one, another) = (reads.come(), reads.come());
        assert!(reads.share(one, read).is_ok() && reads.share(another, read).is_ok());
        assert_eq!(count.get(), 1);
        let (one, another) = (reads.come(), reads.come());
        for came in [one, another] {
            let error = reads.share(came, read).unwrap_err();
            assert_eq!((error.code(), error.message()), (Code::Config, "not now"));
        }
        assert_eq!(count.get(), 2);
        // A caller that arrives during a read waits for the next one.
        let mut late = 0;
        reads
            .share(reads.come(), || {
                late = reads.come();
                read()
            })
            .unwrap();
        reads.share(late, read).unwrap();
        assert_eq!(count.get(), 4);
    }

    struct File(PathBuf);

    impl File {
        fn new(name: &str) -> Self {
            let file = Self(std::env::temp_dir().join(format!("tdc-{}-{name}.yaml", std::process::id())));
            file.write("version: 1\n");
            file
        }

        fn write(&self, text: &str) {
            std::fs::write(&self.0, text).unwrap();
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn calls_with_the_same_configuration_are_told_the_same() {
        let file = File::new("searched");
        let converter = DataConverter::open(&file.0, "").unwrap();
        let begin = CoarseInstant::now();
        let first = converter.config.load_full();
        // The first caller does not use up the permission for the others.
        assert!(converter.should_search(&first, begin) && converter.should_search(&first, begin));
        converter.reload().unwrap();
        let second = converter.config.load_full();
        assert!(!converter.should_search(&second, begin), "the files were just searched");
        assert!(converter.should_search(&first, begin), "a call in flight has not seen what was found");
        // It reloads late, which does not count as another search and does not allow one early.
        converter.reload().unwrap();
        let third = converter.config.load_full();
        assert!(!Arc::ptr_eq(&second, &third) && !converter.should_search(&third, begin));
        let later = CoarseInstant::now() + SEARCH_INTERVAL;
        assert!(converter.should_search(&third, later));
        // A search in vain is one. The clock is exact to some milliseconds.
        std::thread::sleep(Duration::from_millis(30));
        file.write("nonsense: true\n");
        converter.reload().unwrap_err();
        assert!(Arc::ptr_eq(&third, &converter.config.load()));
        assert!(!converter.should_search(&third, later));
    }

    #[test]
    fn a_call_without_its_key_says_why_the_files_were_not_read() {
        let file = File::new("unreadable");
        let key = "insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=";
        let config = |id: &str| {
            format!(
                "version: 1\nkeys: {{ primary: {id}, ring: {{ {id}: {{ {key} }} }} }}\ncodecs: [encrypt]\n"
            )
        };
        let newer = DataConverter::parse(&config("newer"), std::path::Path::new(""), "").unwrap();
        let encoded = newer.encode(&[], b"\x0a\x03\x12\x01x").unwrap();
        file.write(&config("older"));
        let converter = DataConverter::open(&file.0, "").unwrap();
        let message = || {
            let mut call = crate::Call::default();
            loop {
                let error = converter.decode(call.at(&[]), &encoded).unwrap_err();
                if error.code() != Code::Requests {
                    assert_eq!(error.code(), Code::KeyUnknown);
                    return error.message().to_owned();
                }
                let _ = converter.reload();
                let answers: Vec<_> = call.requests().map(|(id, _)| (id, crate::Answer::Done)).collect();
                converter.answer(&mut call, &answers).unwrap();
            }
        };
        let plain = message();
        assert!(plain.starts_with("the key \"newer\" is not in the keyring"), "{plain}");
        file.write("nonsense: true\n");
        let reason = converter.reload().unwrap_err().message().to_owned();
        assert_eq!(message(), format!("{plain}; the last reload failed: {reason}"));
        file.write(&config("older"));
        converter.reload().unwrap();
        assert_eq!(message(), plain);
    }

    #[test]
    fn a_reload_that_no_call_asked_for_is_no_search() {
        let file = File::new("not-searched");
        let converter = DataConverter::open(&file.0, "").unwrap();
        converter.reload().unwrap();
        assert!(converter.should_search(&converter.config.load(), CoarseInstant::now()));
        let document = DataConverter::parse("version: 1\n", std::path::Path::new(""), "").unwrap();
        assert!(!document.should_search(&document.config.load(), CoarseInstant::now()), "there are no files");
    }
}
