//! Walks over a tree past pages that do not read: the walk goes on with the first key behind such a page, which is
//! found by asking for later and later keys.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a walk finds next.
pub(crate) enum Step {
    Pair(sled::IVec, sled::IVec),
    /// Nothing reads between this key and the next one.
    Gap {
        after: Vec<u8>,
        reason: String,
    },
}

pub(crate) struct Walk {
    tree: sled::Tree,
    iter: Option<sled::Iter>,
    last: Vec<u8>,
}

impl Walk {
    /// From that key on.
    pub(crate) fn new(tree: sled::Tree, from: Vec<u8>) -> Walk {
        Walk {
            iter: Some(tree.range(&from[..]..)),
            tree,
            last: from,
        }
    }

    /// Goes on behind what does not read.
    fn skip(&mut self, reason: String) -> Step {
        let after = self.last.clone();
        let readable = |key: &[u8]| guarded(|| self.tree.range(key..).next().transpose()).is_ok();
        self.iter = behind(&after, readable).map(|key| {
            let iter = self.tree.range(&key[..]..);
            self.last = key;
            iter
        });
        Step::Gap { after, reason }
    }
}

impl Iterator for Walk {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let iter = self.iter.as_mut()?;
        match guarded(|| iter.next().transpose()) {
            Ok(Some((key, value))) => {
                self.last.clear();
                self.last.extend_from_slice(&key);
                Some(Step::Pair(key, value))
            }
            Ok(None) => {
                self.iter = None;
                None
            }
            Err(reason) => Some(self.skip(reason)),
        }
    }
}

/// sled reports some damage by panicking.
pub(crate) fn guarded<T>(read: impl FnOnce() -> sled::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err("the storage engine panicked".to_owned()),
    }
}

/// A key soon after `key` from which a tree reads again; `None` when it does not up to its end. Asks at growing
/// distances, then halves the last one.
fn behind(key: &[u8], readable: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    // Keys as long numbers; some bytes more, so that a step is smaller than the distance of any two keys.
    let mut base = key.to_vec();
    base.resize(key.len() + 4, 0);
    let bits = base.len() * 8;
    let mut near = base.clone();
    let mut far = vec![u8::MAX; base.len()];
    for key in (0..bits).filter_map(|bit| plus(&base, bit)) {
        if readable(&key) {
            far = key;
            break;
        }
        near = key;
    }
    if !readable(&far) {
        return None;
    }
    for bit in (0..bits).rev() {
        match plus(&near, bit).filter(|key| *key < far) {
            Some(key) if readable(&key) => far = key,
            Some(key) => near = key,
            None => {}
        }
    }
    // The key that is looked for may end in zeros of its own, and be shorter.
    while let Some((0, shorter)) = far.split_last()
        && readable(shorter)
    {
        far.pop();
    }
    Some(far)
}

/// The number and 2^bit more; `None` when that needs another byte.
fn plus(number: &[u8], bit: usize) -> Option<Vec<u8>> {
    let mut sum = number.to_vec();
    let mut place = sum.len().checked_sub(1 + bit / 8)?;
    let mut carry = 1u16 << (bit % 8);
    loop {
        carry += u16::from(sum[place]);
        sum[place] = carry as u8;
        carry >>= 8;
        if carry == 0 {
            return Some(sum);
        }
        place = place.checked_sub(1)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_behind_a_gap_is_found() {
        for (name, from, gap_ends) in [
            ("at once", vec![1, 2], vec![1, 2]),
            ("a step on", vec![1, 2], vec![1, 3]),
            ("far away", vec![1, 2, 3, 4], vec![200]),
            ("a longer key", vec![1], vec![1, 0, 0, 7]),
            ("a carry", vec![1, 255, 255], vec![2, 0, 0]),
        ] {
            let found = behind(&from, |key| key >= &gap_ends[..]).unwrap();
            let first = gap_ends.max([&from[..], &[0, 0, 0, 1]].concat());
            assert_eq!(found, first, "{name}: no key is left out");
        }
        assert_eq!(behind(&[7, 7], |_| false), None, "up to the end");
    }
}
