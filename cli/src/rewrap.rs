//! `tdc rewrap`: moves files from old keys to the key that encrypts now.
//!
//! ```text
//! a new wrap   the data keys of envelopes are unwrapped and wrapped again; no payload is decrypted
//! --to FILE    the payloads are decoded, and encoded by another configuration
//! ```
//! Files, folders and their report are the same as for `tdc history decode`: see [`bulk`].

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::Path;
use std::process::ExitCode;

use tdc::{Code, DataConverter, Error, Limits};

use crate::bulk::{self, Counts, Made, Options};
use crate::configuration::Configuration;
use crate::documents::{self, Viewer};
use crate::history;
use crate::input::Form;
use crate::key_counts::{KeyCounts, REMINDER};
use crate::stdio;
use crate::task::Task;

/// With `to`, `decode` says whether stored objects are decoded as well.
pub(crate) fn run(
    decode: Task,
    configuration: &Configuration,
    to: Option<&Path>,
    options: &Options,
) -> Result<ExitCode, Error> {
    let work = Rewrapper::open(decode, configuration, to)?;
    let report = bulk::run(options, false, &work)?;
    if options.output.is_some() {
        stdio::write(report.after.as_ref().unwrap_or(&KeyCounts::default()).table().as_bytes())?;
    }
    let (changed, all, files) = (report.changed.unwrap_or_default(), report.before.payloads, report.files);
    report.note(&format!("{changed} of {all} payloads changed in {files} file(s)"));
    stdio::note(work.reminder());
    stdio::note(REMINDER);
    Ok(report.status())
}

/// How documents are made.
struct Rewrapper {
    decode: Task,
    converter: DataConverter,
    /// Another configuration, which encodes what this one decodes.
    to: Option<DataConverter>,
    viewer: Viewer,
    hasher: RandomState,
}

impl bulk::Work for Rewrapper {
    fn convert(&self, context: &[u8], document: &mut Vec<u8>, say: &dyn Fn(usize)) -> Result<Made, Error> {
        let is_history = Form::of(document) == Form::History;
        let Seen { counts: before, hashes, references } = self.look(document)?;
        let made = match &self.to {
            None => documents::convert(Task::Rewrap, &self.converter, context, document, say)?,
            Some(to) => {
                let plain = is_history.then(|| self.viewer.plain_places(document)).transpose()?;
                let decoded = documents::convert(self.decode, &self.converter, context, document, say)?;
                // A third document in memory would exceed the documented bound.
                drop(std::mem::take(document));
                self.all_opened(&decoded, &references)?;
                match &plain {
                    Some(plain) => history::encode_again(to, context, &decoded, plain, say)?,
                    None => documents::convert(Task::EncodeStored, to, context, &decoded, say)?,
                }
            }
        };
        let Seen { counts: after, hashes: new, .. } = self.look(&made)?;
        self.no_failure_opened(&before, &after)?;
        let changed = hashes.iter().zip(&new).filter(|(before, after)| before != after).count() as u64;
        Ok(Made {
            document: made,
            counts: Counts { before, after: Some(after), changed: Some(changed) },
            is_history,
        })
    }

    fn limits(&self) -> Limits {
        self.converter.limits()
    }
}

impl Rewrapper {
    fn open(decode: Task, configuration: &Configuration, to: Option<&Path>) -> Result<Self, Error> {
        let to = to.map(|path| DataConverter::open(path, &configuration.namespace)).transpose()?;
        let converter = configuration.open()?;
        let viewer = Viewer::new(&converter.limits())?;
        Ok(Self { decode, converter, to, viewer, hasher: RandomState::new() })
    }

    fn reminder(&self) -> &'static str {
        match self.to {
            None => "a new wrap does not help against anyone who already has a data key: for that, use --to",
            Some(_) => {
                "the files that were read still open with the old keys: delete them where that must end"
            }
        }
    }

    fn look(&self, document: &[u8]) -> Result<Seen, Error> {
        let mut seen = Seen::default();
        self.viewer.visit(document, |payload| {
            let hash = self.hasher.hash_one(payload);
            seen.hashes.push(hash);
            if tdc::is_reference(payload) {
                seen.references.insert(hash);
            }
            seen.counts.add(payload)
        })?;
        Ok(seen)
    }

    /// Checks that no failure that was encoded has become readable because the new configuration
    /// encrypts payloads only.
    fn no_failure_opened(&self, before: &KeyCounts, after: &KeyCounts) -> Result<(), Error> {
        let readable = before.encrypted().saturating_sub(after.encrypted());
        if readable == 0 || !self.to.as_ref().is_some_and(encrypts_payloads_only) {
            return Ok(());
        }
        Err(Error::new(
            Code::NotEncrypted,
            format!(
                "message and stack trace of {readable} failure(s) are encrypted and would be readable: set \
                 failures: {{ encode_common_attributes: true }} in the new configuration"
            ),
        ))
    }

    /// Checks that every payload was decoded, because one that was not would be encoded a second
    /// time, and that every reference was one before: `references`. Encode leaves them readable,
    /// and from then on they may be followed.
    fn all_opened(&self, decoded: &[u8], references: &HashSet<u64>) -> Result<(), Error> {
        let seen = self.look(decoded)?;
        // The old configuration says what was inside; the new one would follow whatever is there.
        if !self.converter.seals_after_storing() && !seen.references.is_subset(references) {
            return Err(Error::new(
                Code::Reference,
                "a payload that was encoded is a reference to a stored object: if a proxy encodes after storing, set \
                 storage: { sealed_after_storing: true } in both configurations",
            ));
        }
        let Some(row) = seen.counts.rows().into_iter().next() else { return Ok(()) };
        let key = row.key_id.map_or_else(|| "a key".to_owned(), |id| format!("the key \"{id}\""));
        Err(Error::new(
            Code::KeyUnknown,
            format!(
                "{} payload(s) stay encrypted under {key}, which the configuration does not name: add it to keys.ring",
                row.payloads
            ),
        ))
    }
}

fn encrypts_payloads_only(to: &DataConverter) -> bool {
    let encrypts = to.summary().iter().any(|summary| summary.encrypts_with.is_some());
    encrypts && !to.encodes_common_attributes()
}

/// What the payloads of a document show.
#[derive(Default)]
struct Seen {
    counts: KeyCounts,
    /// A hash that identifies each.
    hashes: Vec<u64>,
    /// The hashes of references to stored objects.
    references: HashSet<u64>,
}
