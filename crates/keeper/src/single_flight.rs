//! One task for many callers of one process who wish the same (design/0000-charter.md §5, step 1).
//!
//! Enters: what the task is about (a grant, a name), the wish of its caller, which is everything that the task depends on, and the task.
//! Leaves: what the one task came to, for all who joined it. The task is detached: a caller that goes away changes nothing; one that panics
//! leaves the way free for the next. A crash is the task's own affair.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokenward_core::Code;
use tokio::sync::watch;

use crate::{Error, KeptState};

/// The tasks under way in this process, each with the wish that it is for.
pub(crate) struct Flights<K, W, T> {
    running: Arc<Running<K, W, T>>,
    /// Says that a task ended without a word.
    lost: fn(&K),
}

/// A task that a caller waits for.
pub(crate) enum Joining<T> {
    /// It is for the same wish: what it comes to is the caller's.
    Same(Outcome<T>),
    /// It is for another wish: only its end matters.
    Other(Outcome<T>),
}

/// What a task comes to, in time.
pub(crate) struct Outcome<T>(Published<T>);

impl<K, W, T> Flights<K, W, T>
where
    K: Hash + Eq + Clone + Send + 'static,
    W: PartialEq + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// None yet. `lost` says that a task ended without a word: it panicked, or its runtime ended under it.
    pub(crate) fn new(lost: fn(&K)) -> Self {
        Self { running: Arc::default(), lost }
    }

    /// Joins the task under way for the same wish, or starts one beside those for others.
    pub(crate) fn join<F>(&self, key: &K, wish: W, task: impl FnOnce() -> F) -> Outcome<T>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let mut running = lock(&self.running);
        let flights = running.entry(key.clone()).or_default();
        match flights.iter().find(|flight| flight.wish == wish) {
            Some(flight) => Outcome(flight.outcome.clone()),
            None => Outcome(self.start(flights, key, wish, task())),
        }
    }

    /// The same where one task at a time is under way for a key: another's is waited for.
    pub(crate) fn join_alone<F>(&self, key: &K, wish: W, task: impl FnOnce() -> F) -> Joining<T>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let mut running = lock(&self.running);
        let flights = running.entry(key.clone()).or_default();
        match flights.first() {
            Some(flight) if flight.wish == wish => Joining::Same(Outcome(flight.outcome.clone())),
            Some(flight) => Joining::Other(Outcome(flight.outcome.clone())),
            None => Joining::Same(Outcome(self.start(flights, key, wish, task()))),
        }
    }

    fn start<F>(&self, flights: &mut Vec<Flight<W, T>>, key: &K, wish: W, task: F) -> Published<T>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let (publish, outcome) = watch::channel(None);
        flights.push(Flight { wish, outcome: outcome.clone() });
        let mut left = FlightGuard {
            running: Arc::clone(&self.running),
            key: key.clone(),
            outcome: outcome.clone(),
            lost: Some(self.lost),
        };
        tokio::spawn(async move {
            let result = task.await;
            left.lost = None;
            // Whoever comes from here on starts anew, with what is in the vault now.
            drop(left);
            let _ = publish.send(Some(result));
        });
        outcome
    }
}

impl<T: Clone> Outcome<T> {
    /// Waits for the task's end.
    ///
    /// # Errors
    /// The task's own; [`Code::Internal`] where it ended without a word.
    pub(crate) async fn wait(mut self) -> Result<T, Error> {
        match self.0.wait_for(Option::is_some).await {
            Ok(result) => result.clone().unwrap_or_else(|| Err(Error::new(Code::Internal, KeptState::Everything))),
            Err(_) => Err(Error::with_detail(Code::Internal, KeptState::Record, "the task ended without a word")),
        }
    }
}

type Running<K, W, T> = Mutex<HashMap<K, Vec<Flight<W, T>>>>;

type Published<T> = watch::Receiver<Option<Result<T, Error>>>;

struct Flight<W, T> {
    wish: W,
    outcome: Published<T>,
}

/// Takes a task off the list, also when it panics or its runtime ends under it.
struct FlightGuard<K: Hash + Eq, W, T> {
    running: Arc<Running<K, W, T>>,
    key: K,
    outcome: Published<T>,
    /// Nothing once the task is done.
    lost: Option<fn(&K)>,
}

impl<K: Hash + Eq, W, T> Drop for FlightGuard<K, W, T> {
    fn drop(&mut self) {
        if let Some(lost) = self.lost {
            lost(&self.key);
        }
        let mut running = lock(&self.running);
        if let Some(flights) = running.get_mut(&self.key) {
            flights.retain(|flight| !flight.outcome.same_channel(&self.outcome));
            if flights.is_empty() {
                running.remove(&self.key);
            }
        }
    }
}

fn lock<K, W, T>(running: &Running<K, W, T>) -> std::sync::MutexGuard<'_, HashMap<K, Vec<Flight<W, T>>>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    fn flights() -> Flights<u8, &'static str, u32> {
        Flights::new(|_| {})
    }

    #[tokio::test]
    async fn who_wishes_the_same_joins_and_who_wishes_else_flies_beside() {
        let flights = flights();
        let (go, wait) = oneshot::channel::<()>();
        let first = flights.join(&1, "red", || async move {
            let _ = wait.await;
            Ok(1)
        });
        let same = flights.join(&1, "red", || async { Ok(2) });
        let beside = flights.join(&1, "blue", || async { Ok(3) });
        let elsewhere = flights.join(&2, "red", || async { Ok(4) });
        assert_eq!((beside.wait().await.unwrap(), elsewhere.wait().await.unwrap()), (3, 4));
        go.send(()).unwrap();
        assert_eq!((first.wait().await.unwrap(), same.wait().await.unwrap()), (1, 1));
        // It is over: whoever comes now starts anew.
        assert_eq!(flights.join(&1, "red", || async { Ok(5) }).wait().await.unwrap(), 5);
        assert!(lock(&flights.running).is_empty());
    }

    #[tokio::test]
    async fn alone_another_wish_waits_for_the_end() {
        let flights = flights();
        let (go, wait) = oneshot::channel::<()>();
        let first = flights.join_alone(&1, "red", || async move {
            let _ = wait.await;
            Ok(1)
        });
        assert!(matches!(first, Joining::Same(_)));
        let other = flights.join_alone(&1, "blue", || async { Ok(2) });
        go.send(()).unwrap();
        let Joining::Other(other) = other else { panic!("joined another's task") };
        assert_eq!(other.wait().await.unwrap(), 1);
        let Joining::Same(own) = flights.join_alone(&1, "blue", || async { Ok(2) }) else { panic!("nobody is there") };
        assert_eq!(own.wait().await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_task_that_panics_leaves_the_way_free() {
        let flights = flights();
        let panicked = flights.join(&1, "red", || async { panic!("on purpose") });
        assert_eq!(panicked.wait().await.unwrap_err().code(), Code::Internal);
        assert_eq!(flights.join(&1, "red", || async { Ok(2) }).wait().await.unwrap(), 2);
    }
}
