//! Bodies that are being read. They are read before a request takes a permit (`permits`), so that a
//! client that sends slowly, or not at all, blocks no other. Their cost is bounded in bytes and in
//! number.
//!
//! One connection, or one person, gets a share of these bounds. When all is in use, the request
//! that has been read for the longest is refused: an honest client sends its body within
//! milliseconds.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use prost::bytes::{Bytes, BytesMut};
use tokio::sync::Notify;

use super::client::{Client, Share};
use super::options::ServerLimits;
use super::refusal::Refusal;

/// Number of bodies that are read at the same time.
const MAX_COUNT: usize = 4096;
/// The part of all that one connection or person may have.
const SHARE: usize = 4;

/// What reading may cost.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    count: usize,
    bytes: usize,
    /// The limit of one body. A share is at least this.
    body: usize,
}

impl Bounds {
    fn of(limits: &ServerLimits) -> Self {
        let body = limits.max_body_bytes.0;
        Self { count: MAX_COUNT, bytes: limits.concurrency.saturating_mul(body), body }
    }
}

/// The bodies that are being read.
#[derive(Debug, Default)]
pub(super) struct Readers(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    next: u64,
    used: Used,
    /// In order of arrival.
    all: BTreeMap<u64, Reader>,
    shares: HashMap<Share, Used>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Used {
    count: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Reader {
    bytes: usize,
    shares: Vec<Share>,
    /// Wakes the reader so that it ends; `None` once the body is read.
    end: Option<Arc<Notify>>,
}

/// One of the bodies, until its request has its permit.
#[derive(Debug)]
pub(super) struct Reading {
    readers: Arc<Readers>,
    bounds: Bounds,
    number: u64,
    end: Arc<Notify>,
}

/// Reads a body of at most `server.limits.max_body_bytes`.
pub(super) async fn read(
    readers: &Arc<Readers>,
    client: &Client,
    headers: &HeaderMap,
    body: &mut Body,
    limits: &ServerLimits,
) -> Result<(Bytes, Reading), Refusal> {
    let max = limits.max_body_bytes.0;
    let too_large = || {
        let text =
            format!("the body has more than {max} bytes, the limit set by server.limits.max_body_bytes");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "body too large", text)
    };
    let said = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|len| len > max) {
        return Err(too_large());
    }
    let reading = Readers::enter(readers, client.shares(), Bounds::of(limits))?;
    let mut read = Bytes::new();
    let mut more = BytesMut::new();
    loop {
        let frame = tokio::select! {
            biased;
            () = reading.end.notified() => {
                return Err(Refusal::busy("the body took longer than those of others"));
            }
            frame = body.frame() => frame,
        };
        let Some(frame) = frame else { break };
        let Ok(frame) = frame else {
            let text = "the body ended before it was complete";
            return Err(Refusal::bad_request("body cut off", text));
        };
        let Ok(data) = frame.into_data() else { continue };
        if read.len() + more.len() + data.len() > max {
            return Err(too_large());
        }
        reading.grow(data.len())?;
        // Most arrive in one chunk, which need not be copied.
        if read.is_empty() && more.is_empty() {
            read = data;
        } else {
            if more.is_empty() {
                more.extend_from_slice(&std::mem::take(&mut read));
            }
            more.extend_from_slice(&data);
        }
    }
    reading.is_read();
    let read = if more.is_empty() { read } else { more.freeze() };
    Ok((read, reading))
}

/// Only JSON, unencoded: a foreign web page can send other content types without a preflight.
pub(super) fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let said = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
    let essence = said(CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::bad_type("not JSON", "the body must be application/json"));
    }
    if headers.contains_key(CONTENT_ENCODING) && !said(CONTENT_ENCODING).eq_ignore_ascii_case("identity") {
        return Err(compressed());
    }
    Ok(())
}

/// The same for a body without a content encoding.
pub(super) fn check_start(body: &[u8]) -> Result<(), Refusal> {
    if body.starts_with(&[0x1f, 0x8b]) { Err(compressed()) } else { Ok(()) }
}

fn compressed() -> Refusal {
    let text = "the body is compressed: send plain JSON, without Content-Encoding";
    Refusal::bad_type("compressed body", text)
}

impl Readers {
    /// How many bodies are being read.
    pub(super) fn count(&self) -> usize {
        self.table(|table| table.used.count)
    }

    fn enter(self: &Arc<Self>, shares: Vec<Share>, bounds: Bounds) -> Result<Reading, Refusal> {
        let end = Arc::new(Notify::new());
        let number = self.table(|table| {
            if table.is_over_share(&shares, 1, 0, bounds) {
                return Err(Refusal::too_many("share of bodies"));
            }
            if table.used.count >= bounds.count && !table.end_oldest(None) {
                return Err(Refusal::busy("too many bodies"));
            }
            let number = table.next;
            table.next += 1;
            let reader = Reader { bytes: 0, shares, end: Some(Arc::clone(&end)) };
            table.account(&reader.shares, |used| used.count += 1);
            table.all.insert(number, reader);
            Ok(number)
        })?;
        Ok(Reading { readers: Arc::clone(self), bounds, number, end })
    }

    fn table<T>(&self, work: impl FnOnce(&mut Table) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Reading {
    /// So many bytes more.
    fn grow(&self, bytes: usize) -> Result<(), Refusal> {
        self.readers.table(|table| {
            let Some(reader) = table.all.get(&self.number) else {
                return Err(Refusal::busy("the body took longer than those of others"));
            };
            let shares = reader.shares.clone();
            if table.is_over_share(&shares, 0, bytes, self.bounds) {
                return Err(Refusal::too_many("share of bodies"));
            }
            while table.used.bytes.saturating_add(bytes) > self.bounds.bytes {
                if !table.end_oldest(Some(self.number)) {
                    return Err(Refusal::busy("too many bodies"));
                }
            }
            table.account(&shares, |used| used.bytes += bytes);
            if let Some(reader) = table.all.get_mut(&self.number) {
                reader.bytes += bytes;
            }
            Ok(())
        })
    }

    /// The body is complete and waits for a permit: it is not evicted for others.
    fn is_read(&self) {
        self.readers.table(|table| {
            if let Some(reader) = table.all.get_mut(&self.number) {
                reader.end = None;
            }
        });
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.readers.table(|table| table.remove(self.number));
    }
}

impl Table {
    fn is_over_share(&self, shares: &[Share], count: usize, bytes: usize, bounds: Bounds) -> bool {
        let max_count = (bounds.count / SHARE).max(1);
        let max_bytes = (bounds.bytes / SHARE).max(bounds.body);
        shares.iter().any(|share| {
            let used = self.shares.get(share).copied().unwrap_or_default();
            used.count.saturating_add(count) > max_count || used.bytes.saturating_add(bytes) > max_bytes
        })
    }

    /// Evicts the one that has been read for the longest, other than `except`, if any.
    fn end_oldest(&mut self, except: Option<u64>) -> bool {
        let oldest =
            self.all.iter().find(|(number, reader)| reader.end.is_some() && Some(**number) != except);
        let Some((number, end)) = oldest.map(|(number, reader)| (*number, reader.end.clone())) else {
            return false;
        };
        self.remove(number);
        if let Some(end) = end {
            end.notify_one();
        }
        true
    }

    fn remove(&mut self, number: u64) {
        let Some(reader) = self.all.remove(&number) else { return };
        self.account(&reader.shares, |used| {
            used.count -= 1;
            used.bytes -= reader.bytes;
        });
    }

    fn account(&mut self, shares: &[Share], change: impl Fn(&mut Used)) {
        change(&mut self.used);
        for share in shares {
            let used = self.shares.entry(share.clone()).or_default();
            change(used);
            if *used == Used::default() {
                self.shares.remove(share);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { count: 8, bytes: 400, body: 100 };

    fn enter(readers: &Arc<Readers>, connection: u64) -> Result<Reading, Refusal> {
        readers.enter(vec![Share::Connection(connection)], BOUNDS)
    }

    fn is_ended(reading: &Reading) -> bool {
        reading.readers.table(|table| !table.all.contains_key(&reading.number))
    }

    #[test]
    fn a_connection_has_a_share_of_bodies_and_of_bytes() {
        let readers = Arc::<Readers>::default();
        let two = [enter(&readers, 1).unwrap(), enter(&readers, 1).unwrap()];
        assert_eq!(enter(&readers, 1).unwrap_err().status, StatusCode::TOO_MANY_REQUESTS);
        let other = enter(&readers, 2).unwrap();
        two[0].grow(60).unwrap();
        two[1].grow(40).unwrap();
        assert_eq!(two[1].grow(1).unwrap_err().status, StatusCode::TOO_MANY_REQUESTS);
        other.grow(100).unwrap();
        drop(two);
        enter(&readers, 1).unwrap().grow(100).unwrap();
        drop(other);
        assert_eq!(readers.table(|table| (table.used, table.shares.len())), (Used::default(), 0));
    }

    #[test]
    fn the_one_that_is_read_for_the_longest_ends_for_the_next() {
        let readers = Arc::<Readers>::default();
        let slow: Vec<_> = (0..8).map(|connection| enter(&readers, connection).unwrap()).collect();
        slow[0].is_read();
        let next = enter(&readers, 9).unwrap();
        assert!(!is_ended(&slow[0]), "it is read");
        assert!(is_ended(&slow[1]) && !is_ended(&slow[2]) && !is_ended(&next));
        // The same for bytes.
        for reading in &slow[2..6] {
            reading.grow(100).unwrap();
        }
        next.grow(50).unwrap();
        assert!(is_ended(&slow[2]) && !is_ended(&slow[3]));
        assert!(slow[2].grow(1).is_err());
        assert_eq!(readers.count(), 7);
        drop(slow);
        assert_eq!(readers.count(), 1);
    }

    #[test]
    fn where_none_can_end_the_next_is_told_to_come_back() {
        let readers = Arc::<Readers>::default();
        let read: Vec<_> = (0..8).map(|connection| enter(&readers, connection).unwrap()).collect();
        read.iter().for_each(Reading::is_read);
        assert_eq!(enter(&readers, 9).unwrap_err().status, StatusCode::SERVICE_UNAVAILABLE);
    }
}
