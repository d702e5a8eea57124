//! Single flight: however many ask for one key at once, the work is done once and all get its result.
//!
//! The work runs as a task of its own, so that it goes on when everybody who waited has given up (D-22): whoever asks next
//! finds it finished.
use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use strictmx_io::task::Tasks;
use tokio::sync::watch;

/// The work under way, by key.
pub(crate) struct Flights<K, V> {
    name: &'static str,
    tasks: Tasks,
    under_way: Arc<Mutex<HashMap<K, watch::Receiver<Option<V>>>>>,
}

impl<K, V> Flights<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// No work yet; `name` is what its tasks are called.
    pub(crate) fn new(name: &'static str, tasks: Tasks) -> Self {
        Self { name, tasks, under_way: Arc::default() }
    }

    /// Joins the work under way for `key`, or starts `work`. `None`: the work ended without a result (it panicked, or the
    /// program is stopping).
    pub(crate) async fn join<W>(&self, key: &K, work: impl FnOnce() -> W) -> Option<V>
    where
        W: Future<Output = V> + Send + 'static,
    {
        let mut result = self.board(key, work);
        let seen = result.wait_for(Option::is_some).await.ok()?;
        seen.clone()
    }

    /// Starts `work` unless work for `key` is under way; waits for nothing.
    pub(crate) fn start<W>(&self, key: &K, work: impl FnOnce() -> W)
    where
        W: Future<Output = V> + Send + 'static,
    {
        drop(self.board(key, work));
    }

    /// How many keys are being worked on.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn board<W>(&self, key: &K, work: impl FnOnce() -> W) -> watch::Receiver<Option<V>>
    where
        W: Future<Output = V> + Send + 'static,
    {
        let mut under_way = self.lock();
        if let Some(result) = under_way.get(key) {
            return result.clone();
        }
        let (landed, result) = watch::channel(None);
        under_way.insert(key.clone(), result.clone());
        drop(under_way);
        let slot = Slot { key: key.clone(), under_way: Arc::clone(&self.under_way) };
        let work = work();
        self.tasks.spawn(self.name, async move {
            let value = work.await;
            // The slot goes before the result is told: who asks after that finds the cache filled, not a flight that is over.
            drop(slot);
            landed.send_replace(Some(value));
        });
        result
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, watch::Receiver<Option<V>>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the key off the list when the work ends, however it ends.
struct Slot<K: Eq + Hash, V> {
    key: K,
    under_way: Arc<Mutex<HashMap<K, watch::Receiver<Option<V>>>>>,
}

impl<K: Eq + Hash, V> Drop for Slot<K, V> {
    fn drop(&mut self) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
