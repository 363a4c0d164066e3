//! One change of an object (or of a block of an upload) at a time: putting its file in place and noting what is known of it
//! are two steps, and nobody else may come between them.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher, Hash};

use tokio::sync::{Mutex, MutexGuard};

/// Locks; two names share one by chance alone.
const COUNT: usize = 1024;

/// A lock for every name.
pub(crate) struct EntryLocks(Vec<Mutex<()>>);

impl Default for EntryLocks {
    fn default() -> Self {
        Self((0..COUNT).map(|_| Mutex::new(())).collect())
    }
}

impl EntryLocks {
    /// Waits until nobody else changes what this names.
    pub async fn lock(&self, entry: &impl Hash) -> MutexGuard<'_, ()> {
        self.0[place(entry)].lock().await
    }

    /// The same for two objects, whoever else waits for both.
    pub async fn lock_both(
        &self,
        one: &impl Hash,
        other: &impl Hash,
    ) -> (MutexGuard<'_, ()>, Option<MutexGuard<'_, ()>>) {
        let (first, last) = (place(one).min(place(other)), place(one).max(place(other)));
        let first_held = self.0[first].lock().await;
        let last_held = match first == last {
            true => None,
            false => Some(self.0[last].lock().await),
        };
        (first_held, last_held)
    }
}

fn place(entry: &impl Hash) -> usize {
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    hasher.hash_one(entry) as usize % COUNT
}
