//! Ids and instants as types, so that a mix-up stops compiling. Used by every other room; depends on none.
//!
//! Ids order as their bytes do (big-endian), because sled sorts keys as bytes.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A job's id (the protocol's `persistentId`): 48 bits of Unix milliseconds, then 96 random bits.
///
/// The store hands ids out in strictly ascending order, so the order of ids is the order of submission,
/// and yet one id does not tell the next. Text form: 36 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub(crate) [u8; JobId::LEN]);

impl JobId {
    /// Bytes of an id.
    pub(crate) const LEN: usize = 18;
    const RANDOM_BITS: u32 = 96;

    /// The least id above `last` that still looks drawn at `now`: the clock's milliseconds with the given random
    /// bits, or, when `last` is not below that (same millisecond, or the clock went back), `last` plus a random step.
    pub(crate) fn following(last: Option<JobId>, now: UnixMillis, random: u128) -> JobId {
        let fresh = (
            now.get() & 0xffff_ffff_ffff,
            random >> (128 - Self::RANDOM_BITS),
        );
        let (millis, random) = match last.map(JobId::split) {
            Some((millis, drawn)) if (millis, drawn) >= fresh => {
                // 80 random bits a step keep the id unguessable; about 2^17 steps fit before the carry.
                let stepped = drawn + 1 + (random >> (128 - 80));
                let carry = (stepped >> Self::RANDOM_BITS) as u64;
                (millis + carry, stepped & ((1 << Self::RANDOM_BITS) - 1))
            }
            _ => fresh,
        };
        let mut bytes = [0; Self::LEN];
        bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&random.to_be_bytes()[4..]);
        JobId(bytes)
    }

    fn split(self) -> (u64, u128) {
        let (mut millis, mut random) = ([0; 8], [0; 16]);
        millis[2..].copy_from_slice(&self.0[..6]);
        random[4..].copy_from_slice(&self.0[6..]);
        (u64::from_be_bytes(millis), u128::from_be_bytes(random))
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<JobId> {
        bytes.try_into().ok().map(JobId)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobId({self})")
    }
}

/// The text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct ParseIdError {
    text: String,
    expected: &'static str,
}

impl FromStr for JobId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let wrong = || ParseIdError {
            text: text.to_owned(),
            expected: "a job id: 36 lower-case hexadecimal digits",
        };
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        if text.len() != 2 * Self::LEN {
            return Err(wrong());
        }
        let mut bytes = [0; Self::LEN];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0])
                .zip(digit(pair[1]))
                .map(|(high, low)| high << 4 | low)
                .ok_or_else(wrong)?;
        }
        Ok(JobId(bytes))
    }
}

impl Serialize for JobId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for JobId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// An instant of wall time, in milliseconds since 1970-01-01 UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixMillis(u64);

impl UnixMillis {
    /// The instant that many milliseconds after 1970.
    pub const fn new(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// This instant and `duration` more; stays at the end of time rather than wrapping.
    pub fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)),
        )
    }

    /// How long `earlier` lies back; zero when it does not.
    pub fn since(self, earlier: UnixMillis) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which command of a job: 0 for the text before the first `;`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemIndex(pub u32);

impl fmt::Display for ItemIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which jobs go first: rank 0 to 255. A rank is worth a minute of waiting: a job is served before those of the next
/// rank that came up to a minute earlier, so what matters less comes late and not never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Priority(u8);

impl Priority {
    /// The priority of that rank.
    pub const fn new(rank: u8) -> Self {
        Self(rank)
    }

    /// 0 matters most, 255 least.
    pub const fn rank(self) -> u8 {
        self.0
    }
}

impl Default for Priority {
    /// Rank 100: room on both sides.
    fn default() -> Self {
        Self(100)
    }
}

/// Who runs a job, for people who read the store: host, process, thread.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(String);

impl WorkerId {
    /// A worker of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of an owed notification. Never given twice in the life of a store, so a receiver can recognise a repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeliveryId(pub(crate) u64);

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for DeliveryId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let wrong = || ParseIdError {
            text: text.to_owned(),
            expected: "a delivery id: a decimal number",
        };
        text.parse().map(Self).map_err(|_| wrong())
    }
}

/// A message owed on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub(crate) u64);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_id_reads_back_from_its_text() {
        let id = JobId::following(None, UnixMillis::new(0x0123_4567_89ab), u128::MAX);
        assert_eq!(id.to_string(), "0123456789abffffffffffffffffffffffff");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(
            serde_json::from_str::<JobId>(&serde_json::to_string(&id).unwrap()).unwrap(),
            id
        );
    }

    #[test]
    fn what_is_not_a_job_id_is_refused() {
        let id = "0123456789abffffffffffffffffffffffff";
        let cases = [
            ("empty", String::new()),
            ("one digit short", id[1..].to_owned()),
            ("one digit long", format!("{id}0")),
            ("upper case", id.to_uppercase()),
            ("a sign", format!("+{}", &id[1..])),
            ("two bytes that are one letter", format!("é{}", &id[2..])),
        ];
        for (name, text) in cases {
            assert!(text.parse::<JobId>().is_err(), "{name}: {text:?}");
        }
    }

    #[test]
    fn ids_ascend_whatever_the_clock_and_the_dice_do() {
        let full = u128::MAX;
        let cases = [
            ("time went on", 10, 0, 11, 0),
            ("same millisecond, higher draw", 10, 5 << 64, 10, 6 << 64),
            ("same millisecond, lower draw", 10, full >> 1, 10, 0),
            ("same millisecond, same draw", 10, 7 << 64, 10, 7 << 64),
            ("the clock went back", 10, 0, 3, full),
            (
                "the random part is used up: the millisecond carries",
                10,
                full,
                10,
                full,
            ),
        ];
        for (name, first_at, first_draw, next_at, next_draw) in cases {
            let first = JobId::following(None, UnixMillis::new(first_at), first_draw);
            let next = JobId::following(Some(first), UnixMillis::new(next_at), next_draw);
            assert!(next > first, "{name}: {first} then {next}");
        }
    }
}
