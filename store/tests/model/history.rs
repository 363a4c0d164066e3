//! The life of each job, from the answers of the store alone: enqueued once, claimed any number of times by one worker
//! at a time, finished once; a redrive begins another life.

use std::collections::{BTreeMap, BTreeSet};

use opmill_store::{ItemIndex, JobId, Lease};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waits,
    Runs { fence: u64 },
    Ended,
}

#[derive(Debug)]
struct Life {
    stage: Stage,
    fence: u64,
    recorded: BTreeSet<ItemIndex>,
}

#[derive(Debug, Default)]
pub struct History {
    lives: BTreeMap<JobId, Life>,
}

impl History {
    pub fn enqueued(&mut self, id: JobId) {
        let life = Life {
            stage: Stage::Waits,
            fence: 0,
            recorded: BTreeSet::new(),
        };
        assert!(self.lives.insert(id, life).is_none(), "{id} enqueued twice");
    }

    pub fn claimed(&mut self, lease: &Lease) {
        let life = self.life(lease.job);
        assert_eq!(life.stage, Stage::Waits, "{lease:?} claimed");
        assert!(lease.fence > life.fence, "{lease:?} after {}", life.fence);
        life.fence = lease.fence;
        life.stage = Stage::Runs { fence: lease.fence };
    }

    pub fn recorded(&mut self, lease: &Lease, index: ItemIndex) {
        let life = self.runs(lease);
        assert!(life.recorded.insert(index), "{lease:?} {index:?} twice");
    }

    pub fn finished(&mut self, lease: &Lease, is_final: bool) {
        let life = self.runs(lease);
        life.stage = if is_final { Stage::Ended } else { Stage::Waits };
    }

    pub fn cancelled(&mut self, id: JobId) {
        let life = self.life(id);
        assert_eq!(life.stage, Stage::Waits, "{id} cancelled at once");
        life.stage = Stage::Ended;
    }

    pub fn redriven(&mut self, id: JobId, forget: &[ItemIndex]) {
        let life = self.life(id);
        assert_eq!(life.stage, Stage::Ended, "{id} redriven");
        life.stage = Stage::Waits;
        life.recorded.retain(|index| !forget.contains(index));
    }

    pub fn rescued(&mut self, ids: &[JobId]) {
        for id in ids {
            let life = self.life(*id);
            assert!(matches!(life.stage, Stage::Runs { .. }), "{id} rescued");
            life.stage = Stage::Waits;
        }
    }

    /// The process ended: whatever ran is given back.
    pub fn reopened(&mut self) {
        for life in self.lives.values_mut() {
            if let Stage::Runs { .. } = life.stage {
                life.stage = Stage::Waits;
            }
        }
    }

    /// Only what ended may go, and nothing comes from nowhere.
    pub fn kept(&mut self, ids: &[JobId]) {
        let kept: BTreeSet<_> = ids.iter().collect();
        assert!(ids.iter().all(|id| self.lives.contains_key(id)));
        self.lives.retain(|id, life| {
            let is_kept = kept.contains(id);
            assert!(
                is_kept || life.stage == Stage::Ended,
                "{id} is gone: {life:?}"
            );
            is_kept
        });
    }

    fn runs(&mut self, lease: &Lease) -> &mut Life {
        let life = self.life(lease.job);
        let fence = lease.fence;
        assert_eq!(life.stage, Stage::Runs { fence }, "by {lease:?}");
        life
    }

    fn life(&mut self, id: JobId) -> &mut Life {
        self.lives.get_mut(&id).unwrap()
    }
}
