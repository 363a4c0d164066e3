//! Chance that can be repeated: the same seed, the same throws.

use std::env;

/// SplitMix64.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `sides`, which is not 0.
    pub fn below(&mut self, sides: usize) -> usize {
        (self.next() % sides as u64) as usize
    }
}

/// How often, how many: `TORTURE=long`, or `TORTURE="cuts=500 kills=50"` for one or the other. Without it the short
/// form, which is part of every test run.
pub fn size(name: &str, short: usize, long: usize) -> usize {
    let asked = env::var("TORTURE").unwrap_or_default();
    let given = asked
        .split([' ', ','])
        .filter_map(|word| word.split_once('='))
        .find(|(key, _)| *key == name);
    match given {
        Some((_, number)) => number
            .parse()
            .unwrap_or_else(|_| panic!("TORTURE: {name}={number} is not a number")),
        None if asked.split([' ', ',']).any(|word| word == "long") => long,
        None => short,
    }
}

/// Where chance begins; `TORTURE="seed=7"` takes others. The threads of a child take turns as they like all the same.
pub fn seed() -> u64 {
    size("seed", 1, 1) as u64
}
