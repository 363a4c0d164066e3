//! Keys of the trees. Big-endian throughout, because sled sorts keys as bytes: the first key of a scan is then the
//! next job to claim, the next instant to come due, the first part of a document.

use crate::id::{DeliveryId, ItemIndex, JobId, MessageId, Priority, UnixMillis};

/// How long a step of priority is worth: a job waits at most so much longer than one of the next better rank that came
/// at the same time, so nothing waits for ever.
const STEP_MILLIS: u64 = 60_000;

/// When it is a job's turn: the time it was due, moved back by its rank. Old jobs thus overtake new ones that matter more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Turn(u64);

impl Turn {
    pub(crate) fn of(priority: Priority, due: UnixMillis) -> Turn {
        Turn(
            due.get()
                .saturating_add(u64::from(priority.rank()) * STEP_MILLIS),
        )
    }
}

/// Key of an available job in `ready`: the first one of each lane is the next of that lane to be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadyKey<'a> {
    /// Without NUL, which ends it in the key.
    pub(crate) lane: &'a str,
    pub(crate) turn: Turn,
    /// Ids ascend with submission, so equal turns are served first come, first served.
    pub(crate) job: JobId,
}

impl<'a> ReadyKey<'a> {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.lane.len() + 1 + 8 + JobId::LEN);
        key.extend_from_slice(self.lane.as_bytes());
        key.push(0);
        key.extend_from_slice(&self.turn.0.to_be_bytes());
        key.extend_from_slice(&self.job.0);
        key
    }

    pub(crate) fn decode(key: &'a [u8]) -> Option<ReadyKey<'a>> {
        let end = key.iter().position(|byte| *byte == 0)?;
        let (turn, job) = key.get(end + 1..)?.split_first_chunk::<8>()?;
        Some(ReadyKey {
            lane: std::str::from_utf8(&key[..end]).ok()?,
            turn: Turn(u64::from_be_bytes(*turn)),
            job: JobId::from_bytes(job)?,
        })
    }

    /// A key after every one of this lane and before every one of the next.
    pub(crate) fn after_lane(&self) -> Vec<u8> {
        [self.lane.as_bytes(), &[1]].concat()
    }
}

/// The key of an available job in a store from before there were lanes; the next start replaces it.
pub(crate) fn ready_without_lanes(priority: Priority, due: UnixMillis, job: JobId) -> [u8; 27] {
    let mut key = [0; 27];
    key[0] = priority.rank();
    key[1..9].copy_from_slice(&due.get().to_be_bytes());
    key[9..].copy_from_slice(&job.0);
    key
}

/// Key of a job in `due`, `expiry` and `finished`: when, then which.
pub(crate) fn job_at(at: UnixMillis, job: JobId) -> [u8; 26] {
    let mut key = [0; 26];
    key[..8].copy_from_slice(&at.get().to_be_bytes());
    key[8..].copy_from_slice(&job.0);
    key
}

/// When and which, of a key that [`job_at`] made.
pub(crate) fn read_job_at(key: &[u8]) -> Option<(UnixMillis, JobId)> {
    let (at, job) = key.split_first_chunk::<8>()?;
    Some((
        UnixMillis::new(u64::from_be_bytes(*at)),
        JobId::from_bytes(job)?,
    ))
}

/// Key of an object in `gone`: when its time is over, then which.
pub(crate) fn object_at(at: UnixMillis, entry: &str) -> Vec<u8> {
    [&at.get().to_be_bytes(), entry.as_bytes()].concat()
}

/// When and which, of a key that [`object_at`] made.
pub(crate) fn read_object_at(key: &[u8]) -> Option<(UnixMillis, &str)> {
    let (at, entry) = key.split_first_chunk::<8>()?;
    Some((
        UnixMillis::new(u64::from_be_bytes(*at)),
        std::str::from_utf8(entry).ok()?,
    ))
}

/// Key of a delivery in `outbox`.
pub(crate) fn delivery(id: DeliveryId) -> [u8; 8] {
    id.0.to_be_bytes()
}

/// Which delivery, of a key that [`delivery`] made.
pub(crate) fn read_delivery(key: &[u8]) -> Option<DeliveryId> {
    let id = key.try_into().ok()?;
    Some(DeliveryId(u64::from_be_bytes(id)))
}

/// Key of a delivery in `outbox_due`: when, then which.
pub(crate) fn delivery_at(at: UnixMillis, id: DeliveryId) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&at.get().to_be_bytes());
    key[8..].copy_from_slice(&id.0.to_be_bytes());
    key
}

/// When and which, of a key that [`delivery_at`] made.
pub(crate) fn read_delivery_at(key: &[u8]) -> Option<(UnixMillis, DeliveryId)> {
    let (at, id) = key.split_first_chunk::<8>()?;
    Some((
        UnixMillis::new(u64::from_be_bytes(*at)),
        DeliveryId(u64::from_be_bytes(id.try_into().ok()?)),
    ))
}

/// Key of a delivery in `owed`: the job that owes it, then which.
pub(crate) fn owed(job: JobId, id: DeliveryId) -> [u8; 26] {
    let mut key = [0; 26];
    key[..JobId::LEN].copy_from_slice(&job.0);
    key[JobId::LEN..].copy_from_slice(&id.0.to_be_bytes());
    key
}

/// Which delivery, of a key that [`owed`] made.
pub(crate) fn read_owed(key: &[u8]) -> Option<DeliveryId> {
    let id = key.get(JobId::LEN..)?.try_into().ok()?;
    Some(DeliveryId(u64::from_be_bytes(id)))
}

/// What the keys of an item's parts begin with.
pub(crate) fn item(job: JobId, index: ItemIndex) -> [u8; 22] {
    let mut key = [0; 22];
    key[..JobId::LEN].copy_from_slice(&job.0);
    key[JobId::LEN..].copy_from_slice(&index.0.to_be_bytes());
    key
}

/// Key of a job in `following`: whom it follows, then itself.
pub(crate) fn following(leader: JobId, job: JobId) -> Vec<u8> {
    [leader.0, job.0].concat()
}

/// Leader and job, of a key that [`following`] made.
pub(crate) fn read_following(key: &[u8]) -> Option<(JobId, JobId)> {
    let (leader, job) = key.split_at_checked(JobId::LEN)?;
    Some((JobId::from_bytes(leader)?, JobId::from_bytes(job)?))
}

/// What the keys of a message's parts begin with.
pub(crate) fn message(id: MessageId) -> [u8; 8] {
    id.0.to_be_bytes()
}

/// Key of a message in `messages_due`: when, then which.
pub(crate) fn message_at(at: UnixMillis, id: MessageId) -> [u8; 16] {
    delivery_at(at, DeliveryId(id.0))
}

/// When and which, of a key that [`message_at`] made.
pub(crate) fn read_message_at(key: &[u8]) -> Option<(UnixMillis, MessageId)> {
    read_delivery_at(key).map(|(at, DeliveryId(id))| (at, MessageId(id)))
}

/// Key of one part of a document.
pub(crate) fn part(document: &[u8], number: u16) -> Vec<u8> {
    [document, &number.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> UnixMillis {
        UnixMillis::new(millis)
    }

    #[test]
    fn the_next_job_of_a_lane_sorts_first() {
        let key = |lane, rank, due, job| {
            ReadyKey {
                lane,
                turn: Turn::of(Priority::new(rank), at(due)),
                job: JobId([job; 18]),
            }
            .encode()
        };
        let rows = [
            ("the better rank", key("b", 1, 9, 9), key("b", 2, 0, 0)),
            (
                "one that waited long",
                key("b", 2, 0, 9),
                key("b", 1, 60_001, 0),
            ),
            (
                "then the time it was due",
                key("b", 1, 255, 9),
                key("b", 1, 256, 0),
            ),
            ("then submission", key("b", 1, 1, 1), key("b", 1, 1, 2)),
            ("lanes stay together", key("b", 9, 9, 9), key("ba", 0, 0, 0)),
        ];
        for (name, first, second) in &rows {
            assert!(first < second, "{name}");
        }
        let written = key("b", 1, 2, 3);
        let read = ReadyKey::decode(&written).unwrap();
        assert_eq!((read.lane, read.job), ("b", JobId([3; 18])));
        let between = read.after_lane();
        assert!(key("b", 255, u64::MAX, 255) < between && between < key("ba", 0, 0, 0));
        assert_eq!(ReadyKey::decode(b"no end"), None);
    }

    #[test]
    fn keys_read_back() {
        let (job, id) = (JobId([7; 18]), DeliveryId(300));
        assert_eq!(read_job_at(&job_at(at(5), job)), Some((at(5), job)));
        assert_eq!(read_delivery_at(&delivery_at(at(5), id)), Some((at(5), id)));
        assert_eq!(read_owed(&owed(job, id)), Some(id));
        assert_eq!(read_job_at(b"short"), None);
        assert_eq!(read_delivery_at(&job_at(at(5), job)), None);
    }

    #[test]
    fn parts_of_a_document_follow_each_other() {
        let document = item(JobId([7; 18]), ItemIndex(1));
        assert!(part(&document, 255) < part(&document, 256));
        assert!(part(&document, u16::MAX) < part(&item(JobId([7; 18]), ItemIndex(2)), 0));
    }
}
