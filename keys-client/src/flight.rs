//! Identical requests in flight are sent once: the first caller sends, the others wait, and all get
//! the same answer.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Questions in flight.
pub(crate) struct Flights<K, V> {
    flying: Mutex<HashMap<K, Arc<Flight<V>>>>,
}

struct Flight<V> {
    state: Mutex<State<V>>,
    landed: Condvar,
}

enum State<V> {
    Flying,
    Landed(V),
    /// The caller that sent it panicked.
    Lost,
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self { flying: Mutex::default() }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Flights<K, V> {
    /// Sends the request, or waits for the caller that already sent it. `None` if that caller
    /// panicked.
    pub(crate) fn ask(&self, key: K, ask: impl FnOnce() -> V) -> Option<V> {
        let flight =
            {
                let mut flying = self.flying.lock().unwrap_or_else(PoisonError::into_inner);
                match flying.entry(key.clone()) {
                    Entry::Occupied(other) => Err(Arc::clone(other.get())),
                    Entry::Vacant(free) => Ok(Arc::clone(free.insert(Arc::new(Flight {
                        state: Mutex::new(State::Flying),
                        landed: Condvar::new(),
                    })))),
                }
            };
        match flight {
            Ok(flight) => {
                let landing = Landing { flights: self, key, flight, value: None };
                Some(landing.with(ask()))
            }
            Err(flight) => flight.wait(),
        }
    }
}

impl<V: Clone> Flight<V> {
    fn wait(&self) -> Option<V> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match &*state {
                State::Flying => state = self.landed.wait(state).unwrap_or_else(PoisonError::into_inner),
                State::Landed(value) => return Some(value.clone()),
                State::Lost => return None,
            }
        }
    }
}

/// Ends a flight, however its sender ends.
struct Landing<'a, K: Eq + Hash, V> {
    flights: &'a Flights<K, V>,
    key: K,
    flight: Arc<Flight<V>>,
    value: Option<V>,
}

impl<K: Eq + Hash, V: Clone> Landing<'_, K, V> {
    fn with(mut self, value: V) -> V {
        self.value = Some(value.clone());
        value
    }
}

impl<K: Eq + Hash, V> Drop for Landing<'_, K, V> {
    fn drop(&mut self) {
        self.flights.flying.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        let end = self.value.take().map_or(State::Lost, State::Landed);
        *self.flight.state.lock().unwrap_or_else(PoisonError::into_inner) = end;
        self.flight.landed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn equal_questions_are_asked_once_and_others_each() {
        let flights = Flights::default();
        let asked = AtomicUsize::new(0);
        let (inside, is_inside) = mpsc::channel();
        let (go_on, wait) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let (flights, asked) = (&flights, &asked);
            let first = scope.spawn(move || {
                flights.ask("a", || {
                    inside.send(()).unwrap();
                    wait.recv().unwrap();
                    asked.fetch_add(1, Ordering::Relaxed)
                })
            });
            is_inside.recv().unwrap();
            assert_eq!(flights.ask("b", || 7), Some(7));
            let flight = Arc::clone(&flights.flying.lock().unwrap()["a"]);
            let second = scope.spawn(move || flights.ask("a", || 9));
            // The second caller holds the flight as well, once it waits.
            while Arc::strong_count(&flight) < 4 {
                std::thread::yield_now();
            }
            go_on.send(()).unwrap();
            assert_eq!((first.join().unwrap(), second.join().unwrap()), (Some(0), Some(0)));
        });
        assert_eq!(flights.ask("a", || 9), Some(9));
    }

    #[test]
    fn a_panic_lets_the_others_go() {
        let flights = Flights::<u8, u8>::default();
        let fell = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            flights.ask(1, || panic!("of the test"))
        }));
        assert!(fell.is_err());
        assert_eq!(flights.ask(1, || 2), Some(2));
    }
}
