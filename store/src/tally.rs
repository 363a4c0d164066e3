//! Whether a tree holds what it should, told without holding either in memory: a sum over the hashes of all entries,
//! which does not depend on their order. Opening a long queue thus costs two scans and no more memory than a short one.

use std::hash::{BuildHasher as _, RandomState};

/// Sums up entries. Its hashes are drawn anew in each process, so nobody can make entries that look like others.
pub(crate) struct Tallier {
    hashes: [RandomState; 2],
}

/// Entries, summed up. Two that are equal stand for the same entries: a mistake has a chance of 2^-128.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    entries: u64,
    sums: [u64; 2],
}

impl Tallier {
    pub(crate) fn new() -> Tallier {
        Tallier {
            hashes: [RandomState::new(), RandomState::new()],
        }
    }

    pub(crate) fn add(&self, tally: &mut Tally, key: &[u8], value: &[u8]) {
        tally.entries += 1;
        for (sum, hash) in tally.sums.iter_mut().zip(&self.hashes) {
            // The hash of a pair of slices covers their lengths too.
            *sum = sum.wrapping_add(hash.hash_one((key, value)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_entries_are_equal() {
        let tallier = Tallier::new();
        let of = |entries: &[(&str, &str)]| {
            let mut tally = Tally::default();
            for (key, value) in entries {
                tallier.add(&mut tally, key.as_bytes(), value.as_bytes());
            }
            tally
        };
        let wanted = of(&[("a", "1"), ("b", "2")]);
        for (row, entries, same) in [
            (
                "in another order",
                [("b", "2"), ("a", "1")].as_slice(),
                true,
            ),
            ("one is missing", &[("a", "1")], false),
            ("one too many", &[("a", "1"), ("b", "2"), ("c", "3")], false),
            ("another key", &[("a", "1"), ("c", "2")], false),
            ("another value", &[("a", "1"), ("b", "3")], false),
            ("values changed places", &[("a", "2"), ("b", "1")], false),
            ("one twice", &[("a", "1"), ("a", "1")], false),
            ("cut elsewhere", &[("a1", ""), ("b", "2")], false),
        ] {
            assert_eq!(of(entries) == wanted, same, "{row}");
        }
    }
}
