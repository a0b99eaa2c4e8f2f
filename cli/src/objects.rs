//! Fetches the stored objects that a call asks for: from a directory, or by the clients of the key
//! services, with the same credentials.

mod directory;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use tdc::{Answer, Object, ObjectFault, StoreKind};
use tdc_keys::{Bytes, FailureKind, ObjectStore, StoredObject};

use crate::key_services::KEY_SERVICES;

/// What was fetched for a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Fetches {
    /// The stores that were asked, by their names in the configuration.
    pub(crate) stores: BTreeSet<String>,
    /// How many objects were found.
    pub(crate) count: usize,
    /// Their bytes.
    pub(crate) bytes: usize,
}

/// What this process fetched, for the report of a command.
static COUNT: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// The objects that this process found so far, and their bytes.
pub(crate) fn total() -> (u64, u64) {
    (COUNT.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed))
}

/// Most objects that are fetched at the same time.
const MAX_CONCURRENT: usize = 4;

/// The result of fetching an object.
pub(crate) enum Fetched {
    Bytes(Bytes),
    None(ObjectFault, String),
}

impl Fetched {
    fn outcome(&self) -> &'static str {
        match self {
            Self::Bytes(_) => "ok",
            Self::None(ObjectFault::Missing, _) => "missing",
            Self::None(..) => "unavailable",
        }
    }

    pub(crate) fn as_answer(&self) -> Answer<'_> {
        match self {
            Self::Bytes(bytes) => Answer::Object(bytes),
            Self::None(fault, reason) => Answer::NoObject { fault: *fault, reason },
        }
    }
}

/// Fetches all of them; stops once they have more than `max_bytes`, the most that a call accepts.
pub(crate) fn fetch_all(
    objects: &[(u64, &Object)],
    max_bytes: usize,
    count: &mut Fetches,
) -> Vec<(u64, Fetched)> {
    count.stores.extend(objects.iter().map(|(_, object)| object.store().name.clone()));
    let (next, total) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let fetched = Mutex::new(Vec::with_capacity(objects.len()));
    let work = || {
        while total.load(Ordering::Relaxed) <= max_bytes
            && let Some((id, object)) = objects.get(next.fetch_add(1, Ordering::Relaxed))
        {
            let found = fetch(object);
            let (store, outcome) = (object.store().name.clone(), found.outcome());
            metrics::counter!("tdc_stored_objects_total", "store" => store, "outcome" => outcome)
                .increment(1);
            if let Fetched::Bytes(bytes) = &found {
                total.fetch_add(bytes.len(), Ordering::Relaxed);
            }
            fetched.lock().unwrap_or_else(PoisonError::into_inner).push((*id, found));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..objects.len().min(MAX_CONCURRENT) {
            // Without other threads, this one does everything.
            let _ = std::thread::Builder::new().name("tdc-objects".to_owned()).spawn_scoped(scope, work);
        }
        work();
    });
    let fetched = fetched.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (_, found) in &fetched {
        if let Fetched::Bytes(bytes) = found {
            count.count += 1;
            count.bytes += bytes.len();
            COUNT.fetch_add(1, Ordering::Relaxed);
            BYTES.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        }
    }
    fetched
}

fn fetch(object: &Object) -> Fetched {
    let store = match &object.store().kind {
        StoreKind::Directory { path } => {
            return directory::read(path, object)
                .unwrap_or_else(|(fault, reason)| Fetched::None(fault, reason));
        }
        StoreKind::S3 { region, endpoint, path_style } => {
            ObjectStore::S3 { region, endpoint: endpoint.as_deref(), path_style: *path_style }
        }
        StoreKind::Gcs { endpoint } => ObjectStore::Gcs { endpoint: endpoint.as_deref() },
        _ => return Fetched::None(ObjectFault::Unavailable, "tdc has no client of such a store".to_owned()),
    };
    let wanted = StoredObject {
        bucket: object.bucket().unwrap_or_default(),
        key: object.key(),
        max_bytes: object.max_bytes(),
        timeout: object.timeout(),
    };
    match KEY_SERVICES.fetch(store, &wanted) {
        Ok(bytes) => Fetched::Bytes(bytes),
        Err(failure) => {
            let is_missing = failure.kind() == FailureKind::Invalid;
            let fault = if is_missing { ObjectFault::Missing } else { ObjectFault::Unavailable };
            Fetched::None(fault, failure.reason().to_owned())
        }
    }
}
