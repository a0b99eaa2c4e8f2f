//! The open connections, and which of them is closed to make room for the next.
//!
//! File descriptors are the one resource that clients use up by doing nothing. So the limit of the
//! process is raised as far as allowed, and some descriptors are reserved for files and for the
//! server's own requests. When all others are in use, the connection that has been idle for the
//! longest is closed; if none is idle, the one that has been sending its request for the longest.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use super::answer::Waiting;
use crate::system::raise_descriptor_limit;

/// Connections that may be open at once; most are idle browser connections. Each costs some ten
/// kilobytes.
const MAX: usize = 4096;
/// Descriptors reserved for everything but client connections: files, logs, requests to providers,
/// and connections that are just being closed.
const KEPT_BACK: usize = 96;

/// Raises the descriptor limit as far as allowed. Returns how many connections there is room for.
pub(super) fn room() -> usize {
    let limit = raise_descriptor_limit();
    MAX.min(limit - KEPT_BACK.min(limit / 2))
}

/// The connection that a request arrived on.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) peer: SocketAddr,
    pub(super) activity: Arc<Activity>,
}

/// The connections of one listener.
#[derive(Debug)]
pub(super) struct Connections {
    max: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    open: BTreeMap<u64, Arc<Activity>>,
}

/// What a connection is doing.
#[derive(Debug)]
pub(super) struct Activity {
    pub(super) number: u64,
    /// Its responses that the client has not read yet.
    pub(super) waiting: Arc<Waiting>,
    close: Notify,
    doing: Mutex<Doing>,
}

#[derive(Clone, Copy, Debug)]
struct Doing {
    /// Requests that are not answered yet, and how many of them are still being read.
    requests: usize,
    reading: usize,
    since: Instant,
}

/// How readily a connection is closed to make room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Idle,
    Reading,
    Working,
}

/// A connection, until it is closed.
#[derive(Debug)]
pub(super) struct Open {
    connections: Arc<Connections>,
    pub(super) activity: Arc<Activity>,
}

impl Connections {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, table: Mutex::default() })
    }

    /// Adds a connection. If there are too many, another one is closed.
    pub(super) fn enter(self: &Arc<Self>) -> Open {
        if self.table(|table| table.open.len()) >= self.max {
            self.close_one();
        }
        let activity = self.table(|table| {
            let number = table.next;
            table.next += 1;
            let doing = Mutex::new(Doing { requests: 0, reading: 0, since: Instant::now() });
            let activity =
                Arc::new(Activity { number, waiting: Arc::default(), close: Notify::new(), doing });
            table.open.insert(number, Arc::clone(&activity));
            activity
        });
        Open { connections: Arc::clone(self), activity }
    }

    /// Closes the connection that is missed least, but none with a request that is being processed.
    pub(super) fn close_one(&self) {
        let closed = self.table(|table| {
            let all = table.open.values().map(|activity| (activity.rank(), activity));
            let (_, activity) =
                all.filter(|((rank, _), _)| *rank < Rank::Working).min_by_key(|(rank, _)| *rank)?;
            let number = activity.number;
            table.open.remove(&number)
        });
        if let Some(activity) = closed {
            activity.close.notify_one();
            metrics::counter!("tdc_connections_closed_total").increment(1);
        }
    }

    fn table<T>(&self, work: impl FnOnce(&mut Table) -> T) -> T {
        work(&mut self.table.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Activity {
    /// Completes when the connection has to make room.
    pub(super) async fn is_to_close(&self) {
        self.close.notified().await;
    }

    /// A request in flight, until this is dropped.
    pub(super) fn request(self: &Arc<Self>) -> Counted {
        self.counted(|doing| &mut doing.requests)
    }

    /// A request whose body is being read, until this is dropped.
    pub(super) fn reading(self: &Arc<Self>) -> Counted {
        self.counted(|doing| &mut doing.reading)
    }

    fn counted(self: &Arc<Self>, count: fn(&mut Doing) -> &mut usize) -> Counted {
        self.change(|doing| *count(doing) += 1);
        Counted { activity: Arc::clone(self), count }
    }

    fn rank(&self) -> (Rank, Instant) {
        let doing = self.change(|doing| *doing);
        let rank = if !self.waiting.is_empty() || doing.requests > doing.reading {
            Rank::Working
        } else if doing.requests > 0 {
            Rank::Reading
        } else {
            Rank::Idle
        };
        (rank, doing.since)
    }

    fn change<T>(&self, work: impl FnOnce(&mut Doing) -> T) -> T {
        work(&mut self.doing.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Counts for as long as it lives.
#[derive(Debug)]
pub(super) struct Counted {
    activity: Arc<Activity>,
    count: fn(&mut Doing) -> &mut usize,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.activity.change(|doing| {
            *(self.count)(doing) -= 1;
            doing.since = Instant::now();
        });
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.connections.table(|table| table.open.remove(&self.activity.number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_open(open: &Open) -> bool {
        open.connections.table(|table| table.open.contains_key(&open.activity.number))
    }

    #[test]
    fn the_one_that_is_idle_for_the_longest_goes_first_and_then_the_slowest_to_ask() {
        let connections = Connections::new(4);
        let [working, reading, idle, fresh] = [(); 4].map(|()| connections.enter());
        let requests = [working.activity.request(), reading.activity.request()];
        let read = reading.activity.reading();
        drop(idle.activity.request());
        drop(fresh.activity.request());
        let more = [(); 3].map(|()| {
            let open = connections.enter();
            let request = open.activity.request();
            (open, request)
        });
        assert!(!is_open(&idle) && !is_open(&fresh) && !is_open(&reading) && is_open(&working));
        // All have requests that are being processed: none is closed.
        let last = connections.enter();
        assert!(more.iter().all(|(open, _)| is_open(open)) && is_open(&working) && is_open(&last));
        drop((requests, read));
        assert_eq!(connections.table(|table| table.open.len()), 5);
    }
}
