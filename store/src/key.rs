//! Keys of the trees. Big-endian throughout, because sled sorts keys as bytes: the first key of a scan is then the
//! next job to claim, the next instant to come due, the first part of a document.

use crate::id::{DeliveryId, ItemIndex, JobId, Priority, UnixMillis};

/// Key of an available job in `ready`: the first one is the next to be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadyKey {
    pub(crate) priority: Priority,
    pub(crate) due: UnixMillis,
    /// Ids ascend with submission, so equal dues are served first come, first served.
    pub(crate) job: JobId,
}

impl ReadyKey {
    pub(crate) fn encode(&self) -> [u8; 27] {
        let mut key = [0; 27];
        key[0] = self.priority.rank();
        key[1..9].copy_from_slice(&self.due.get().to_be_bytes());
        key[9..].copy_from_slice(&self.job.0);
        key
    }

    pub(crate) fn job(key: &[u8]) -> Option<JobId> {
        JobId::from_bytes(key.get(9..)?)
    }
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

/// Key of a delivery in `outbox`.
pub(crate) fn delivery(id: DeliveryId) -> [u8; 8] {
    id.0.to_be_bytes()
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
    fn the_next_job_to_claim_sorts_first() {
        let key = |rank, due, job| {
            ReadyKey {
                priority: Priority::new(rank),
                due: at(due),
                job: JobId([job; 18]),
            }
            .encode()
        };
        let rows = [
            ("priority before all", key(1, 9, 9), key(2, 0, 0)),
            ("then the time it was due", key(1, 255, 9), key(1, 256, 0)),
            ("then submission", key(1, 1, 1), key(1, 1, 2)),
        ];
        for (name, first, second) in rows {
            assert!(first < second, "{name}");
        }
        assert_eq!(ReadyKey::job(&key(1, 2, 3)), Some(JobId([3; 18])));
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
