//! What came first under each key, for as long as the run is: a copy of it shares all but what is added later.

use rpds::RedBlackTreeMapSync;

/// The first value of each key.
#[derive(Clone)]
pub(super) struct Firsts<K: Ord, V>(RedBlackTreeMapSync<K, V>);

impl<K: Ord, V> Default for Firsts<K, V> {
    fn default() -> Self {
        Self(RedBlackTreeMapSync::new_sync())
    }
}

impl<K: Ord + Clone, V: Clone> Firsts<K, V> {
    /// The value that came first.
    pub(super) fn of(&self, key: &K) -> Option<&V> {
        self.0.get(key)
    }

    /// The value that came first, which is `value` where none had come.
    pub(super) fn or_insert(&mut self, key: K, value: V) -> V {
        if let Some(first) = self.0.get(&key) {
            return first.clone();
        }
        self.0.insert_mut(key, value.clone());
        value
    }
}
