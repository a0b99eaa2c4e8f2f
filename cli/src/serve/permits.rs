//! Permits for requests in progress, `server.limits.concurrency` of them. One connection, or one
//! person, gets at most half of them, whatever they are used for: a response that its client does
//! not read keeps its permit too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::client::{Client, Share};
use super::refusal::Refusal;

/// How long a request waits for a permit. Most requests take a few milliseconds; a page of the Web
/// UI asks for many payloads at once.
const PATIENCE: Duration = Duration::from_millis(250);
/// Number of shares at which unused ones are removed.
const MIN_SHARES: usize = 64;

#[derive(Debug)]
pub(super) struct Permits {
    count: usize,
    all: Arc<Semaphore>,
    shares: Mutex<Shares>,
}

#[derive(Debug, Default)]
struct Shares {
    known: HashMap<Share, Weak<Semaphore>>,
    /// With so many, the unused ones are removed.
    tidy_at: usize,
}

/// A permit, until it is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    _all: OwnedSemaphorePermit,
    _shares: Vec<OwnedSemaphorePermit>,
}

impl Permits {
    pub(super) fn new(count: usize) -> Self {
        let count = count.min(Semaphore::MAX_PERMITS);
        Self { count, all: Arc::new(Semaphore::new(count)), shares: Mutex::default() }
    }

    pub(super) fn taken(&self) -> usize {
        self.count.saturating_sub(self.all.available_permits())
    }

    /// A permit for a request of `client`. Waits briefly.
    pub(super) async fn take(&self, client: &Client) -> Result<Permit, Refusal> {
        let mut shares = Vec::new();
        for share in client.shares() {
            let permit = wait(self.share(share)).await;
            shares.push(permit.map_err(|()| Refusal::too_many("share of permits"))?);
        }
        let all = wait(Arc::clone(&self.all)).await.map_err(|()| Refusal::busy("no permit"))?;
        Ok(Permit { _all: all, _shares: shares })
    }

    fn share(&self, share: Share) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shares.known.get(&share).and_then(Weak::upgrade) {
            return known;
        }
        if shares.known.len() >= shares.tidy_at {
            shares.known.retain(|_, known| known.strong_count() > 0);
            shares.tidy_at = (2 * shares.known.len()).max(MIN_SHARES);
        }
        let semaphore = Arc::new(Semaphore::new((self.count / 2).max(1)));
        shares.known.insert(share, Arc::downgrade(&semaphore));
        semaphore
    }
}

async fn wait(semaphore: Arc<Semaphore>) -> Result<OwnedSemaphorePermit, ()> {
    let permit = tokio::time::timeout(PATIENCE, semaphore.acquire_owned()).await;
    permit.map_err(|_| ())?.map_err(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(number: u64) -> Client {
        Client { connection: Some(number), person: None }
    }

    #[tokio::test]
    async fn one_connection_or_person_gets_half_of_the_permits() {
        let permits = Permits::new(4);
        let person =
            |connection| Client { connection: Some(connection), person: Some(("i".into(), "s".into())) };
        let two = [permits.take(&person(1)).await.unwrap(), permits.take(&person(2)).await.unwrap()];
        assert_eq!(permits.take(&person(3)).await.unwrap_err().status.as_u16(), 429);
        let others =
            [permits.take(&connection(4)).await.unwrap(), permits.take(&connection(4)).await.unwrap()];
        assert_eq!(permits.taken(), 4);
        assert_eq!(permits.take(&connection(5)).await.unwrap_err().status.as_u16(), 503);
        drop((two, others));
        assert_eq!(permits.taken(), 0);
        permits.take(&person(3)).await.unwrap();
    }

    #[tokio::test]
    async fn a_place_that_gets_free_meanwhile_is_taken() {
        let permits = Permits::new(1);
        let one = permits.take(&connection(1)).await.unwrap();
        let other = connection(2);
        let (two, ()) = tokio::join!(permits.take(&other), async { drop(one) });
        two.unwrap();
    }

    #[tokio::test]
    async fn unused_shares_are_removed() {
        let permits = Permits::new(4);
        for number in 0..10_000 {
            permits.take(&connection(number)).await.unwrap();
        }
        assert!(permits.shares.lock().unwrap().known.len() <= 2 * MIN_SHARES);
    }
}
