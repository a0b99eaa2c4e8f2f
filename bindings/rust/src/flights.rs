//! Requests to the program's own functions. Callers that ask the same thing at the same time share
//! one request and its answer.
//!
//! A request belongs to none of its callers: it goes on for as long as one of them waits, and is
//! dropped with the last one.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

/// A request in flight, for one of its callers.
pub(crate) type Flight<A> = Shared<BoxFuture<'static, A>>;

/// The requests in flight: questions `Q` with answers `A`.
pub(crate) struct Flights<Q, A>(Arc<Mutex<Table<Q, A>>>);

struct Table<Q, A> {
    last_number: u64,
    entries: Vec<Entry<Q, A>>,
}

struct Entry<Q, A> {
    number: u64,
    question: Q,
    flight: WeakShared<BoxFuture<'static, A>>,
}

impl<Q, A> Default for Flights<Q, A> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Table { last_number: 0, entries: Vec::new() })))
    }
}

impl<Q: Clone + PartialEq + Send + 'static, A: Clone + Send + Sync + 'static> Flights<Q, A> {
    /// Joins the request for this question, or makes it: `ask` runs when the flight is first
    /// polled.
    pub(crate) fn ask<F>(&self, question: &Q, ask: impl FnOnce(Q) -> F + Send + 'static) -> Flight<A>
    where
        F: Future<Output = A> + Send + 'static,
    {
        let mut table = lock(&self.0);
        let mut equal = table.entries.iter().filter(|entry| entry.question == *question);
        if let Some(flight) = equal.find_map(|entry| entry.flight.upgrade()) {
            return flight;
        }
        table.last_number += 1;
        let number = table.last_number;
        let landing = Landing { flights: Arc::clone(&self.0), number };
        let asked = question.clone();
        let asking = async move {
            let _landing = landing;
            ask(asked).await
        };
        let flight = asking.boxed().shared();
        if let Some(weak) = flight.downgrade() {
            table.entries.push(Entry { number, question: question.clone(), flight: weak });
        }
        flight
    }
}

/// Removes a flight from the table when it ends, however it ends: a question can hold a data key.
struct Landing<Q, A> {
    flights: Arc<Mutex<Table<Q, A>>>,
    number: u64,
}

impl<Q, A> Drop for Landing<Q, A> {
    fn drop(&mut self) {
        lock(&self.flights).entries.retain(|entry| entry.number != self.number);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::{pending, ready};

    use super::*;

    #[test]
    fn equal_questions_share_an_answer_and_a_later_one_is_asked_again() {
        let flights = Flights::<&str, usize>::default();
        let asked = Arc::new(AtomicUsize::new(0));
        let ask = || {
            let asked = Arc::clone(&asked);
            move |_| ready(asked.fetch_add(1, Ordering::Relaxed))
        };
        let (one, two, other) =
            (flights.ask(&"a", ask()), flights.ask(&"a", ask()), flights.ask(&"b", ask()));
        assert_eq!(lock(&flights.0).entries.len(), 2);
        assert_eq!(
            (one.now_or_never(), two.now_or_never(), other.now_or_never()),
            (Some(0), Some(0), Some(1))
        );
        assert_eq!(flights.ask(&"a", ask()).now_or_never(), Some(2));
        assert!(lock(&flights.0).entries.is_empty());
    }

    #[test]
    fn flight_without_a_waiter_leaves_nothing() {
        let flights = Flights::<&str, usize>::default();
        let (one, two) = (flights.ask(&"a", |_| pending()), flights.ask(&"a", |_| pending()));
        assert_eq!(one.clone().now_or_never(), None);
        drop(one);
        assert_eq!(lock(&flights.0).entries.len(), 1);
        drop(two);
        assert!(lock(&flights.0).entries.is_empty());
    }
}
