//! What a message had in the clear where the SDKs do not use their codecs.

use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use crate::error::Error;

/// The payloads of headers, and of other places where the SDKs write them plain, in the order of
/// the message. An interceptor may have encoded some of them. If the message is decoded and encoded
/// again, those must not stay in the clear.
#[derive(Debug, Default)]
pub struct PlainPlaces {
    hasher: RandomState,
    hashes: Vec<u64>,
}

impl PlainPlaces {
    /// Those that `walk` shows the visitor of [`Task::Visit`](super::Task::Visit).
    pub(crate) fn seen_by(
        walk: impl FnOnce(&dyn Fn(&[u8], bool)) -> Result<Vec<u8>, Error>,
    ) -> Result<Self, Error> {
        let places = RefCell::new(Self::default());
        walk(&|payload, is_encoded| {
            if !is_encoded {
                let mut places = places.borrow_mut();
                let hash = places.hasher.hash_one(payload);
                places.hashes.push(hash);
            }
        })?;
        Ok(places.into_inner())
    }

    /// Whether it was this payload at this place, from 0: then it was not decoded since.
    pub(crate) fn had(&self, place: usize, payload: &[u8]) -> bool {
        self.hashes.get(place) == Some(&self.hasher.hash_one(payload))
    }
}
